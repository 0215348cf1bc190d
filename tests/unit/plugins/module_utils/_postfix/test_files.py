# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import files


def test_a_replaced_file_keeps_what_it_has(tmp_path: Path) -> None:
    path = tmp_path / "main.cf"
    path.write_bytes(b"a\xff\r\n")
    path.chmod(0o640)
    link = tmp_path / "link"
    link.symlink_to(path)
    text = files.read_text(str(link))
    assert text == "a\udcff\r\n"
    files.replace_text(str(link), text + "b")
    assert link.is_symlink()
    assert path.read_bytes() == b"a\xff\r\nb"
    assert path.stat().st_mode & 0o777 == 0o640
    # Postfix does not wait for it.
    assert path.stat().st_mtime < time.time() - 2
    assert sorted(os.listdir(str(tmp_path))) == ["link", "main.cf"]


def test_extended_attributes_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "main.cf"
    path.write_text("a")
    kept = {}
    monkeypatch.setattr(os, "listxattr", lambda _path: ["user.a"], raising=False)
    monkeypatch.setattr(os, "getxattr", lambda _path, name: name.encode(), raising=False)
    monkeypatch.setattr(os, "setxattr", lambda _file, name, value: kept.update({name: value}), raising=False)
    files.replace_text(str(path), "b")
    assert (path.read_text(), kept) == ("b", {"user.a": b"user.a"})


def test_a_new_file(tmp_path: Path) -> None:
    path = tmp_path / "table"
    for text in ("a", "b"):
        files.write_file(str(path), text, mode=0o644)
        assert (path.read_text(), path.stat().st_mode & 0o777) == (text, 0o644)


def test_what_cannot_be_written_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SystemRefusal, match="/none/x cannot be written: No such file or directory"):
        files.write_file(str(tmp_path / "none" / "x"), "a", mode=0o600)
    with pytest.raises(SystemRefusal, match="/none cannot be replaced: No such file or directory"):
        files.replace_text(str(tmp_path / "none"), "a")
    with pytest.raises(SystemRefusal, match="/none cannot be read: No such file or directory"):
        files.read_text(str(tmp_path / "none"))

    def fail(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(SystemRefusal, match="/x cannot be written: No space left on device"):
        files.write_file(str(tmp_path / "x"), "a", mode=0o600)
    assert os.listdir(str(tmp_path)) == []


@pytest.mark.parametrize("make_link", [os.link, os.symlink])
def test_nothing_is_written_through_a_link(tmp_path: Path, make_link: Callable[[str, str], None]) -> None:
    precious, path = tmp_path / "precious", tmp_path / "x"
    precious.write_text("a")
    make_link(str(precious), str(path) + ".mailops")
    files.write_file(str(path), "b", mode=0o644)
    assert (precious.read_text(), path.read_text(), path.is_symlink()) == ("a", "b", False)
    assert path.stat().st_ino != precious.stat().st_ino
    assert sorted(os.listdir(str(tmp_path))) == ["precious", "x"]


def test_what_an_interrupted_run_left(tmp_path: Path) -> None:
    (tmp_path / "main.cf.mailops").write_text("x")
    for _again in range(2):
        files.remove_unfinished(str(tmp_path / "main.cf"))
    assert os.listdir(str(tmp_path)) == []
