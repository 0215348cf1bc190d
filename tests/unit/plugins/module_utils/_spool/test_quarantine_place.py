# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_place import are_together, default_base


def test_quarantines_are_beside_what_a_link_of_the_administrator_leads_to(tmp_path: Path) -> None:
    (tmp_path / "data" / "postfix").mkdir(parents=True)
    link = tmp_path / "spool"
    link.symlink_to(tmp_path / "data" / "postfix")
    assert are_together(str(tmp_path / "data" / "postfix"), str(tmp_path / "data"))
    assert default_base(str(link)) == str(tmp_path / "data" / "postfix.quarantine")
    assert default_base(str(tmp_path / "data" / "postfix") + "/") == str(tmp_path / "data" / "postfix.quarantine")
