# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError


def test_an_object_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    _files.write_json(path, {"a": "ä\udcff", "b": [1, None]}, what="The file")
    assert _files.read_json(path, most=100, what="The file") == {"a": "ä\udcff", "b": [1, None]}
    assert path.stat().st_mode & 0o777 == 0o600
    _files.write_json(path, {}, what="The file")
    assert path.read_bytes() == b"{}\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["x.json"]


def test_a_missing_file_can_be_removed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    _files.remove(path, what="The file")
    _files.remove(path, what="The file")
    assert not path.exists()


UNREADABLE: list[tuple[str, bytes, str]] = [
    (
        "large",
        b'{"a": "' + b"x" * 100 + b'"}',
        "has more than 64 bytes; nothing was touched. Check whether it is the right file.",
    ),
    (
        "not JSON",
        b"{",
        (
            "is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); nothing was touched. Check whether it "
            "is the right file."
        ),
    ),
    ("a list", b"[]", "has no JSON object; nothing was touched. Check whether it is the right file."),
]


@pytest.mark.parametrize(("data", "message"), [row[1:] for row in UNREADABLE], ids=[row[0] for row in UNREADABLE])
def test_a_file_without_the_content_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "x"
    path.write_bytes(data)
    with pytest.raises(FileError, match="^%s$" % re.escape("The plan: %s %s" % (path, message))):
        _files.read_json(path, most=64, what="The plan")


def test_deep_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("[" * 200_000, encoding="ascii")
    with pytest.raises(FileError, match=r"^The plan: \S+ is not JSON \("):
        _files.read_json(path, most=1_000_000, what="The plan")


def test_a_named_pipe_is_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    text = "The plan: %s is not a regular file; nothing was touched. Give a file." % path
    with pytest.raises(FileError, match="^%s$" % re.escape(text)):
        _files.read_bytes(path, most=64, what="The plan")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    text = "The plan: %s cannot be read: No such file or directory. Check the path, then run this again." % path
    with pytest.raises(FileError, match="^%s$" % re.escape(text)):
        _files.read_bytes(path, most=64, what="The plan")


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(FileError, match=r"^The plan: \S+ cannot be written: Is a directory\. "):
        _files.write_json(tmp_path / "x", {}, what="The plan")
    assert [entry.name for entry in tmp_path.iterdir()] == ["x"]
    with pytest.raises(FileError, match=r"^The plan: \S+ cannot be removed: Is a directory\. "):
        _files.remove(tmp_path / "x", what="The plan")


def test_the_remedy_for_a_missing_permission_is_one_for_the_controller(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    text = (
        "The plan: %s cannot be read: Permission denied. Give the user who runs Ansible access to it, then run this again."
        % (tmp_path / "x")
    )
    with pytest.raises(FileError, match="^%s$" % re.escape(text)):
        _files.read_bytes(tmp_path / "x", most=64, what="The plan")


def test_the_bytes_of_an_object_are_one_line() -> None:
    assert json.loads(_files.encode_json({"a": "é"})) == {"a": "é"}
    assert _files.encode_json({"a": "é"}) == b'{"a": "\\u00e9"}\n'
