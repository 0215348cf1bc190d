# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import types
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_place import (
    are_together,
    check_name,
    check_place,
    default_base,
)
from tests.unit.support.quarantine import NAME, QuarantineHost


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def test_quarantines_are_beside_what_a_link_of_the_administrator_leads_to(tmp_path: Path) -> None:
    (tmp_path / "data" / "postfix").mkdir(parents=True)
    link = tmp_path / "spool"
    link.symlink_to(tmp_path / "data" / "postfix")
    assert are_together(str(tmp_path / "data" / "postfix"), str(tmp_path / "data"))
    assert default_base(str(link)) == str(tmp_path / "data" / "postfix.quarantine")
    assert default_base(str(tmp_path / "data" / "postfix") + "/") == str(tmp_path / "data" / "postfix.quarantine")


def test_a_missing_directory_does_not_separate_filesystems(tmp_path: Path) -> None:
    assert are_together(str(tmp_path / "missing"), str(tmp_path))
    assert not are_together("/proc", str(tmp_path))


@pytest.mark.parametrize(
    ("name", "valid"),
    [
        pytest.param("spam", True, id="letters"),
        pytest.param("2026-11-26_ticket.4711", True, id="digits and the other characters"),
        pytest.param("_", True, id="an underscore"),
        pytest.param("a" * 64, True, id="64 characters"),
        pytest.param("a" * 65, False, id="65 characters"),
        pytest.param("", False, id="nothing"),
        pytest.param(".hidden", False, id="a dot first"),
        pytest.param("-rf", False, id="a minus sign first"),
        pytest.param("..", False, id="the directory above"),
        pytest.param("a/b", False, id="a path"),
        pytest.param("a b", False, id="a blank"),
        pytest.param("a\n", False, id="a line end"),
        pytest.param("ü", False, id="not ASCII"),
    ],
)
def test_which_names_are_valid(name: str, valid: bool) -> None:
    if valid:
        check_name(name)
        return
    with pytest.raises(QuarantineError) as caught:
        check_name(name)
    assert str(caught.value) == (
        "name: %r cannot be the name of a quarantine. Use at most 64 letters, digits, and . _ -, and start with a letter, a digit or _."
        % name
    )


def test_only_directories_with_a_journal_are_quarantines(host: QuarantineHost) -> None:
    assert (quarantine_place.names(host.base), quarantine_place.exists(host.base, NAME)) == ([], False)
    host.quarantine().__exit__()
    for name in ("empty", "other", "zero", ".hidden"):
        (host.path.parent / name).mkdir()
    (host.path.parent / "other" / "journal").write_text("buy milk")
    (host.path.parent / "zero" / "journal").write_bytes(b"")
    (host.path.parent / "link").symlink_to(host.path.parent / "empty")
    assert quarantine_place.names(host.base) == [NAME]
    assert quarantine_place.exists(host.base, NAME)
    assert not quarantine_place.exists(host.base, "other")


def test_a_journal_that_cannot_be_read_counts(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.quarantine().__exit__()
    real = os.open

    def fail(path: Any, *args: Any, **options: Any) -> int:
        if str(path).endswith("/journal"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    assert quarantine_place.exists(host.base, NAME)


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777])
def test_a_directory_that_others_can_write_to_is_refused(host: QuarantineHost, mode: int) -> None:
    host.path.parent.mkdir()
    host.path.parent.chmod(mode)
    for ask in (lambda: quarantine_place.names(host.base), lambda: quarantine_place.exists(host.base, NAME)):
        with pytest.raises(QuarantineError) as caught:
            ask()
        assert str(caught.value).startswith("%s is not a directory that only root can write to: " % host.base)


def test_a_directory_of_another_user_is_refused(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.path.parent.mkdir(mode=0o700)
    monkeypatch.setattr(quarantine_place, "OWNER", os.getuid() + 1)
    with pytest.raises(QuarantineError):
        quarantine_place.names(host.base)


@pytest.mark.parametrize(
    ("base", "name", "problem"),
    [
        pytest.param("{top}", "spool", "the queue directory {top}/spool is there", id="the queue directory"),
        pytest.param("/", "", "the queue directory {top}/spool is there", id="above it"),
        pytest.param("{top}/spool", "deferred", "that is one of Postfix's own directories", id="a queue"),
        pytest.param("{top}/spool/pid", "x", "that is one of Postfix's own directories", id="in pid"),
        pytest.param("{top}/spool", "etc", "that is one of Postfix's own directories", id="of a chroot"),
        pytest.param("{top}", "etc", "that is a configuration directory of Postfix", id="with a main.cf"),
        pytest.param("{top}", "data", "the data_directory {top}/data is there", id="the data directory"),
        pytest.param("{top}/spool", "quarantine", None, id="below the queue directory"),
        pytest.param("{top}", "spool.quarantine", None, id="next to it"),
    ],
)
def test_which_paths_belong_to_postfix(host: QuarantineHost, base: str, name: str, problem: str | None) -> None:
    top = str(host.made.path.parent)
    (host.made.path.parent / "etc").mkdir()
    (host.made.path.parent / "etc" / "main.cf").touch()
    base = base.format(top=top)
    others = {"config_directory": "", "data_directory": top + "/data"}
    if problem is None:
        check_place(base, name, queue_directory=str(host.made.path), others=others)
        return
    with pytest.raises(QuarantineError) as caught:
        check_place(base, name, queue_directory=str(host.made.path), others=others)
    assert str(caught.value) == (
        "%s cannot be a quarantine: %s. Nothing was touched. Use another name or directory."
        % (os.path.join(base, name), problem.format(top=top))
    )


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param({}, None, id="room"),
        pytest.param({"f_bfree": 0}, "No space left on device", id="no blocks"),
        pytest.param({"f_ffree": 0}, "No space left on device", id="no inodes"),
        pytest.param({"f_files": 0, "f_ffree": 0}, None, id="a filesystem that does not count inodes"),
        pytest.param({"f_flag": os.ST_RDONLY}, "Read-only file system", id="read-only"),
    ],
)
def test_room_for_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: dict[str, int], reason: str | None
) -> None:
    whole = {"f_flag": 0, "f_blocks": 10, "f_bfree": 5, "f_files": 10, "f_ffree": 5, **status}
    asked: list[str] = []

    def statvfs(path: str) -> types.SimpleNamespace:
        asked.append(path)
        return types.SimpleNamespace(**whole)

    monkeypatch.setattr(os, "statvfs", statvfs)
    path = str(tmp_path / "missing" / "directory")
    if reason is None:
        quarantine_place.check_room(path)
    else:
        with pytest.raises(SystemRefusal) as caught:
            quarantine_place.check_room(path)
        assert str(caught.value).startswith("No file can be written in %s: %s. " % (tmp_path, reason))
    assert asked == [str(tmp_path)]


@pytest.mark.parametrize(
    ("content", "adoptable"),
    [
        pytest.param({}, True, id="empty"),
        pytest.param({"journal": b""}, True, id="an empty journal"),
        pytest.param({"journal": b'0123abcd {"op":"ma'}, True, id="a cut first record"),
        pytest.param({"journal": b"buy milk"}, False, id="another file of that name"),
        pytest.param({"journal": b"", "notes": b""}, False, id="another file"),
    ],
)
def test_a_directory_that_a_killed_run_left_is_used_again(
    host: QuarantineHost, content: dict[str, bytes], adoptable: bool
) -> None:
    host.path.parent.mkdir(mode=0o700)
    host.path.mkdir(mode=0o700)
    for name, data in content.items():
        (host.path / name).write_bytes(data)
    assert quarantine_place.is_empty(host.base, NAME) is adoptable
    if adoptable:
        quarantine_place.check_adoptable(host.base, NAME)
        host.quarantine().__exit__()
        assert quarantine_place.names(host.base) == [NAME]
        return
    with pytest.raises(QuarantineError) as caught:
        host.quarantine()
    assert str(caught.value).startswith(
        "%s is not a quarantine and is not empty: it holds %s. Nothing was touched. " % (host.path, ", ".join(content))
    )


def test_directories_that_were_made_are_removed_after_an_error(host: QuarantineHost) -> None:
    def fail() -> None:
        with quarantine_place.make_directories(host.base, str(host.path)):
            assert host.path.is_dir()
            raise MailopsError("no room")

    with pytest.raises(MailopsError, match="no room"):
        fail()
    assert not host.path.parent.exists()
