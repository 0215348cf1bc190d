# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.tools import pythons


def interpreter(directory: Path, minor: int, answer: str) -> Path:
    """Make a stand-in for an interpreter that answers a probe with a text."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / ("python3.%d" % minor)
    path.write_text("#!/bin/sh\necho '%s'\n" % answer)
    path.chmod(0o755)
    return path


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a directory for interpreters in which no other one is found."""
    monkeypatch.setenv("PATH", str(tmp_path / "first") + os.pathsep + str(tmp_path / "shims"))
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    return tmp_path


def test_the_first_usable_interpreter_is_found(place: Path) -> None:
    interpreter(place / "shims", 9, "cpython 3.9 True /shim")
    interpreter(place / "first", 9, "pypy 3.9 True /pypy")
    interpreter(place / "pyenv/versions/3.9.2/bin", 9, "cpython 3.9 True /older")
    interpreter(place / "pyenv/versions/3.9.18/bin", 9, "cpython 3.9 True /newer")
    assert pythons.find(9) == (9, Path("/newer"))
    interpreter(place / "first", 9, "cpython 3.9 True /path with blank")
    assert pythons.find(9) == (9, Path("/path with blank"))


@pytest.mark.parametrize("answer", ["cpython 3.10 True /x", "cpython 3.9 False /x"], ids=["version", "environment"])
def test_other_interpreters_are_not_taken(place: Path, answer: str) -> None:
    interpreter(place / "first", 9, answer)
    assert pythons.find(9) is None
    assert pythons.main([]) == 1


def test_a_broken_interpreter_is_not_taken(place: Path) -> None:
    interpreter(place / "first", 9, "").write_text("#!/bin/sh\nexit 1\n")
    assert pythons.find(9) is None


def test_the_paths_are_printed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for minor in (8, 11, 12):
        interpreter(place / "first", minor, "cpython 3.%d True /python3.%d" % (minor, minor))
    assert pythons.main([]) == 0
    assert capsys.readouterr().out == "/python3.8\n/python3.11\n/python3.12\n"
    assert pythons.main(["--environment"]) == 0
    assert capsys.readouterr().out == "/python3.12\n"
    assert pythons.find_all()[0].version == "3.8"
