# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import eml
from ansible_collections.mailops.postfix.plugins.module_utils._spool.eml import EmlDirectory

ID = "4A0F9AC"


def write(path: Path, content: bytes = b"text", *, queue_id: str = ID, check_mode: bool = False) -> str:
    with EmlDirectory(str(path), check_mode=check_mode) as directory:
        return directory.write(queue_id, content)


def test_a_file_is_written_once(tmp_path: Path) -> None:
    path = tmp_path / "new"
    assert write(path, check_mode=True) == "written"
    assert not path.exists()
    assert write(path) == "written"
    assert (path / "4A0F9AC.eml").read_bytes() == b"text"
    assert [stat.S_IMODE(place.stat().st_mode) for place in (path, path / "4A0F9AC.eml")] == [0o700, 0o600]
    assert write(path) == write(path, check_mode=True) == "present"
    assert write(path, b"tex") == write(path, b"texts", check_mode=True) == "collisions"
    assert write(path, queue_id="4A0F9AD", check_mode=True) == "written"
    assert os.listdir(str(path)) == ["4A0F9AC.eml"]


def test_whether_the_directory_is_new(tmp_path: Path) -> None:
    for check_mode, created in ((True, True), (False, True), (True, False), (False, False)):
        with EmlDirectory(str(tmp_path / "new"), check_mode=check_mode) as directory:
            assert directory.created is created


@pytest.mark.parametrize("kind", ["link", "dangling", "directory", "fifo"])
def test_what_is_there_is_never_written_over(tmp_path: Path, kind: str) -> None:
    tmp_path.chmod(0o700)
    place = tmp_path / "4A0F9AC.eml"
    other = tmp_path / "other"
    if kind == "link":
        other.write_bytes(b"text")
    makers = {"directory": place.mkdir, "fifo": lambda: os.mkfifo(str(place))}
    makers.get(kind, lambda: place.symlink_to(other))()
    assert write(tmp_path) == "collisions"
    assert other.exists() is (kind == "link")


def test_what_came_meanwhile_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / "4A0F9AC.eml").write_bytes(b"other")
    monkeypatch.setattr(eml, "_exists", lambda _name, _directory: False)
    assert write(tmp_path) == "collisions"
    assert (tmp_path / "4A0F9AC.eml").read_bytes() == b"other"
    assert os.listdir(str(tmp_path)) == ["4A0F9AC.eml"]


def test_a_message_that_cannot_be_written_is_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    tmp_path.chmod(0o700)
    monkeypatch.setattr(eml, "_write", refuse)
    with EmlDirectory(str(tmp_path), check_mode=False) as directory:
        assert [directory.write(name, b"x") for name in ("4A0F9AC", "4A0F9AD")] == ["failed", "failed"]
    assert directory.problem == (
        "4A0F9AC.eml in %s cannot be written: No space left on device. Make room for data and inodes (df, df -i), then run this again."
        % tmp_path
    )


def test_what_an_interrupted_run_left_is_no_hindrance(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    (tmp_path / ".4A0F9AC.eml").write_bytes(b"te")
    assert write(tmp_path) == "written"
    assert os.listdir(str(tmp_path)) == ["4A0F9AC.eml"]


def test_a_name_that_is_no_queue_id_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(QueueIdError):
        write(tmp_path, queue_id="../x")


@pytest.mark.parametrize(
    ("place", "message"),
    [
        pytest.param("relative", "eml_directory relative is not an absolute path; write it from / on.", id="relative"),
        pytest.param(
            "{tmp}/no/such",
            "eml_directory {tmp}/no/such cannot be made: the directory above it does not exist. Make that first.",
            id="nothing above",
        ),
        pytest.param(
            "{tmp}/link",
            "eml_directory {tmp}/link is a link or no directory. Name a directory, or one that does not exist yet.",
            id="link",
        ),
        pytest.param(
            "{tmp}/open",
            "eml_directory {tmp}/open is open to others: it has mode 0711 and belongs to uid {uid}. Messages are private: give it to "
            "uid {uid} with mode 0700, or name one that does not exist yet.",
            id="open to others",
        ),
    ],
)
def test_a_directory_that_is_refused(tmp_path: Path, place: str, message: str) -> None:
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o711)
    (tmp_path / "link").symlink_to(tmp_path / "open")
    for check_mode in (True, False):
        with pytest.raises(MailopsError) as caught, EmlDirectory(place.format(tmp=tmp_path), check_mode=check_mode):
            pass
        assert str(caught.value) == message.format(tmp=tmp_path, uid=os.geteuid())
