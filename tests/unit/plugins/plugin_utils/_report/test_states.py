# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


def test_each_state_is_an_identifier() -> None:
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", state.value) for state in State)
    assert [state.name.lower() for state in State] == [state.value for state in State]
