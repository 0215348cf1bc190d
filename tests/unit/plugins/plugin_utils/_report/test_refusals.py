# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal


def test_a_refusal_has_its_code_its_host_and_its_values() -> None:
    assert make_refusal(RefusalCode.MAX_MESSAGES, host="a", messages=5, allowed=4) == {
        "code": "max_messages",
        "host": "a",
        "messages": 5,
        "allowed": 4,
    }
    assert make_refusal(RefusalCode.NO_SUCH_QUARANTINE, name="spam")["host"] is None
