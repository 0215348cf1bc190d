# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools import changelog, project


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    monkeypatch.setattr(changelog, "changelog", lambda: "# Release Notes\n")
    return tmp_path / "CHANGELOG.md"


def test_the_file_is_written_and_then_up_to_date(path: Path) -> None:
    assert changelog.main(["--check"]) == 1
    assert changelog.main([]) == 0
    assert path.read_text() == "# Release Notes\n"
    assert changelog.main(["--check"]) == 0


def test_a_file_that_says_something_else_is_not_up_to_date(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_text("# Older Notes\n")
    assert changelog.main(["--check"]) == 1
    assert path.read_text() == "# Older Notes\n"
    assert capsys.readouterr().out.endswith("Run make changelog, and commit the file.\n")
