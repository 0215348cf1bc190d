# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from tests.tools.archive import GENERATED, expected


def test_what_the_archive_must_hold() -> None:
    shipped = ["README.md", "plugins/modules/x.py", "changelogs/config.yaml", "extensions/eda/rulebooks/x.yml"]
    left_out = [
        "tests/unit/x.py",
        "Makefile",
        "changelogs/fragments/x.yml",
        "extensions/molecule/audit/x.yml",
        "plugins/.hidden",
        "docs/.cache/x",
    ]
    assert expected(map(Path, shipped + left_out)) == {*shipped, *GENERATED}
