# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding


def test_a_finding_is_a_value() -> None:
    assert Finding("misplaced", "a", None, 1, 2) == Finding("misplaced", "a", None, 1, 2)
