# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import name_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import (
    STALE_SECONDS,
    Entry,
    Finding,
    Orphans,
    Owner,
    Rules,
    look,
    set_owners,
    walk,
)
from tests.unit.support.spool import MadeUpSpool

NOW = 1800000000
OLD = NOW - STALE_SECONDS - 1


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def rules(**changes: Any) -> Rules:
    """Return the rules that Postfix ships."""
    values: dict[str, Any] = {
        "hash_names": frozenset(("deferred", "defer")),
        "hash_depth": 1,
        "long_queue_ids": False,
        "purging": True,
        "now": NOW,
        "owner": Owner(os.getuid(), os.getgid(), os.getgid()),
    }
    return Rules(**{**values, **changes})


def put(
    made: MadeUpSpool, queue: str = "deferred", *, suffix: str = "", mode: int = 0o700, below: str | None = None
) -> str:
    """Write a message under an ID that fits its inode, and return the ID."""
    path = made.path / queue / "new"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    path.chmod(mode)
    os.utime(str(path), (NOW, NOW))
    name = "4A0F9%X" % path.stat().st_ino
    place = made.path / queue / (("4" if queue in ("deferred", "defer") else "") if below is None else below)
    place.mkdir(parents=True, exist_ok=True)
    path.rename(place / (name + suffix))
    return name


def found(made: MadeUpSpool, *, orphan_seconds: int = 0, **changes: Any) -> list[tuple[str, str, str | None]]:
    """Return kind, path and detail of all findings."""
    with Spool(str(made.path)) as spool:
        findings = list(look(spool, rules(**changes), Orphans(spool, before=NOW - orphan_seconds)))
    return sorted((finding.kind, finding.path, finding.detail) for finding in findings)


def orphans_of(made: MadeUpSpool, *, before: int) -> list[str]:
    """Return the paths of logs without a message."""
    with Spool(str(made.path)) as spool:
        return sorted(entry.path for entry in Orphans(spool, before=before).entries(spool))


def test_what_is_in_order(made: MadeUpSpool) -> None:
    put(made)
    put(made, "hold")
    put(made, "incoming", mode=0o600)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW)
    assert found(made) == []


def test_names_and_places(made: MadeUpSpool) -> None:
    misplaced, deep = put(made, below=""), put(made, below="4/A")
    unfinished = put(made, suffix="#FIX")
    inode = made.put("hold", "4A0F91", b"").stat().st_ino
    made.put("hold", "4A0F92#FIX", b"", depth=0)
    made.put("hold", "4A0F9zz", b"")
    made.put("defer", "4A0F9AC", b"", mode=0o600, depth=0, mtime=NOW)
    made.put("defer", "4A0F9AD#FIX", b"", mode=0o600, depth=0, mtime=NOW)
    assert found(made) == sorted(
        [
            ("misplaced", "deferred/" + misplaced, "deferred/4/" + misplaced),
            ("misplaced", "deferred/4/A/" + deep, "deferred/4/" + deep),
            ("surplus_directories", "deferred/4/A", None),
            ("unfinished", "deferred/4/%s#FIX" % unfinished, "deferred/4/" + unfinished),
            ("misnamed", "hold/4A0F91", "4A0F9%X" % inode),
            ("bogus_names", "hold/4A0F92#FIX", "the name says no inode, or another one"),
            ("bogus_names", "hold/4A0F9zz", "the name says no inode, or another one"),
            ("misplaced", "defer/4A0F9AC", "defer/4/4A0F9AC"),
            ("unfinished", "defer/4A0F9AD#FIX", "defer/4/4A0F9AD"),
        ]
    )


def test_what_is_no_queue_file(made: MadeUpSpool) -> None:
    hold = made.path / "hold"
    (hold / "link").symlink_to(made.path)
    (hold / "A").symlink_to(made.path / "deferred")
    os.mkfifo(str(hold / "fifo"))
    (hold / "empty").mkdir()
    (hold / "full" / "x").mkdir(parents=True)
    (hold / "no.name").touch(mode=0o700)
    (made.path / "maildrop" / "A" / "x").mkdir(parents=True)
    assert found(made) == [
        ("alien_directories", "hold/empty", None),
        ("alien_directories", "hold/full", "it is not empty, and stays"),
        ("alien_directories", "maildrop/A", "it is not empty, and stays"),
        ("bogus_names", "hold/no.name", "no queue file has such a name"),
        ("not_files", "hold/A", None),
        ("not_files", "hold/fifo", None),
        ("not_files", "hold/link", None),
    ]


def test_stale_files(made: MadeUpSpool) -> None:
    name = put(made, "incoming", mode=0o600)
    os.utime(str(made.path / "incoming" / name), (OLD, OLD))
    made.put("hold", "4A0F91", b"", mode=0o600, mtime=OLD)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=OLD)
    kinds = [(kind, path) for kind, path, _detail in found(made, orphan_seconds=10**9)]
    assert kinds == [("stale_files", "hold/4A0F91"), ("stale_files", "incoming/" + name)]
    # Where they are not to go, a wrong name counts.
    kinds = [(kind, path) for kind, path, _detail in found(made, orphan_seconds=10**9, purging=False)]
    assert kinds == [("misnamed", "hold/4A0F91"), ("stale_files", "incoming/" + name)]


def test_orphan_logs(made: MadeUpSpool) -> None:
    for kind in ("defer", "bounce", "trace"):
        made.put(kind, "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
        made.put(kind, "4A0F9AD", b"", mode=0o600, mtime=NOW - 10)
    made.put("corrupt", "4A0F9AE", b"")
    made.put("defer", "4A0F9AE", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "defer" / "4" / "4A0F9AF").symlink_to(made.path)
    made.put("hold", "4A0F9B0#FIX", b"", depth=0)
    made.put("defer", "4A0F9B0", b"", mode=0o600, mtime=NOW - 100)
    with Spool(str(made.path)) as spool:
        orphans = Orphans(spool, before=NOW - 50)
        paths = sorted(entry.path for entry in orphans.entries(spool))
        assert paths == ["bounce/4A0F9AC", "defer/4/4A0F9AC", "trace/4A0F9AC"]
        # Somebody writes to one of them meanwhile.
        os.utime(str(made.path / "bounce" / "4A0F9AC"), (NOW, NOW))
        assert list(orphans.remove(spool)) == []
    assert [path for path in orphans_of(made, before=NOW + 1) if "AC" in path] == ["bounce/4A0F9AC"]


def test_a_message_that_moves_meanwhile_is_seen(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    path = made.put("deferred", "4A0F9AC", b"")
    real_walk = Spool.walk

    def walk(spool: Spool, queue: str, **options: Any) -> Any:
        # The queue manager takes it just before its queue is read, and after the queue that it goes to was.
        if queue == "deferred" and path.exists():
            path.rename(made.path / "active" / "4A0F9AC")
        return real_walk(spool, queue, **options)

    monkeypatch.setattr(Spool, "walk", walk)
    assert orphans_of(made, before=NOW) == []


def test_what_goes_while_we_look(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    (made.path / "hold" / "empty").mkdir()
    put(made, "hold")
    real_stat, real_open = os.stat, os.open

    def gone(path: Any, *args: Any, **options: Any) -> Any:
        if str(path).startswith("4A0F9"):
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real_stat(path, *args, **options)

    def no_open(path: Any, *args: Any, **options: Any) -> Any:
        if path == "empty":
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "stat", gone)
    monkeypatch.setattr(os, "open", no_open)
    assert ("alien_directories", "hold/empty", None) in found(made)


# --- what cannot be read, and traps ---------------------------------------------------------------------------------


def fail(monkeypatch: pytest.MonkeyPatch, call: str, number: int, *names: str) -> None:
    """Have a call of the system fail for these names."""
    real = getattr(os, call)

    def failing(path: Any, *args: Any, **options: Any) -> Any:
        if path in names:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, call, failing)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.EMFILE])
def test_a_directory_that_cannot_be_read_is_a_finding_and_the_others_go_on(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (made.path / "deferred" / "A").mkdir()
    misplaced = put(made, below="4/A")
    fail(monkeypatch, "open", number, "A")
    kinds = {(kind, path): detail for kind, path, detail in found(made)}
    assert kinds["unreadable", "deferred/A"] == os.strerror(number)
    assert kinds["unreadable", "deferred/4/A"] == os.strerror(number)
    assert not any(path.endswith(misplaced) for _kind, path in kinds)


def test_a_queue_that_cannot_be_opened_is_a_finding_with_the_remedy(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    misplaced = put(made, "hold", below="4")
    fail(monkeypatch, "open", errno.EIO, "defer")
    assert found(made) == [
        ("misplaced", "hold/4/" + misplaced, "hold/" + misplaced),
        ("surplus_directories", "hold/4", None),
        (
            "unreadable",
            "defer",
            "The queue defer in %s cannot be read: Input/output error. The disk has an error: look at the kernel log and check the "
            "disk, then run this again." % made.path,
        ),
    ]


def test_a_file_whose_status_cannot_be_read_is_a_finding(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    name = put(made)
    fail(monkeypatch, "stat", errno.EIO, name)
    assert found(made) == [("unreadable", "deferred/4/" + name, "Input/output error")]


@pytest.mark.parametrize("call", ["open", "scandir"])
def test_no_log_is_an_orphan_where_not_all_messages_can_be_read(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "deferred" / "B").mkdir()
    assert orphans_of(made, before=NOW) == ["defer/4/4A0F9AC"]
    if call == "open":
        fail(monkeypatch, "open", errno.EIO, "B")
    else:
        real_open, real_scandir, broken = os.open, os.scandir, []

        def remember(path: Any, *args: Any, **options: Any) -> int:
            descriptor = real_open(path, *args, **options)
            if path == "B":
                broken.append(descriptor)
            return descriptor

        def scandir(path: Any) -> Any:
            if path in broken:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real_scandir(path)

        monkeypatch.setattr(os, "open", remember)
        monkeypatch.setattr(os, "scandir", scandir)
    assert orphans_of(made, before=NOW) == []


def test_no_log_is_an_orphan_where_a_message_may_be_too_deep(made: MadeUpSpool) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "deferred").joinpath(*"A" * 17).mkdir(parents=True)
    assert orphans_of(made, before=NOW) == []


def test_a_log_that_cannot_be_removed_is_named_and_the_others_go(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("4A0F9AC", "4A0F9AD", "4A0F9AE"):
        made.put("defer", name, b"", mode=0o600, mtime=NOW - 100)
    fail(monkeypatch, "unlink", errno.EIO, "4A0F9AD")
    with Spool(str(made.path)) as spool:
        (failure,) = Orphans(spool, before=NOW).remove(spool)
    assert failure.path == "defer/4/4A0F9AD"
    assert failure.reason.startswith("Input/output error. The disk has an error")
    assert orphans_of(made, before=NOW) == ["defer/4/4A0F9AD"]


@pytest.mark.parametrize("kind", ["fifo", "link", "file"])
def test_a_hash_directory_that_is_swapped_while_we_look_is_not_entered(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "SECRET").touch()
    directory = made.path / "deferred" / "A"
    directory.mkdir()
    real_open = os.open

    def swap(path: Any, *args: Any, **options: Any) -> int:
        # Between the listing and the opening.
        if path == "A" and directory.is_dir() and not directory.is_symlink():
            directory.rmdir()
            if kind == "fifo":
                os.mkfifo(str(directory))
            elif kind == "link":
                directory.symlink_to(outside)
            else:
                directory.touch()
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    with Spool(str(made.path)) as spool:
        assert [entry.path for entry in walk(spool, "deferred") if isinstance(entry, Entry)] == ["deferred/A"]


def test_a_file_that_is_swapped_for_a_fifo_is_not_waited_for(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.put("hold", "4A0F9AC", b"")
    real_open = os.open

    def swap(name: Any, *args: Any, **options: Any) -> int:
        if name == "4A0F9AC":
            path.unlink()
            os.mkfifo(str(path))
        return real_open(name, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    other = Owner(os.getuid() + 1, os.getgid(), os.getgid())
    monkeypatch.setattr(os, "fchown", lambda *_args: None)
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, other)) == []
    assert stat.S_ISFIFO(path.stat().st_mode)


def test_a_deep_tree_is_bounded_and_named(made: MadeUpSpool) -> None:
    # Deeper than Python's stack, and than a path can be long.
    descriptor = os.open(str(made.path / "deferred"), os.O_RDONLY)
    for _depth in range(3000):
        os.mkdir("A", dir_fd=descriptor)
        below = os.open("A", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    deep = [(path, detail) for kind, path, detail in found(made) if kind == "too_deep"]
    assert deep == [
        ("deferred" + "/A" * 17, "this many hash directories are not looked into, and Postfix never makes them")
    ]
    with Spool(str(made.path)) as spool:
        assert [entry.name for entry in spool.walk("deferred")] == ["A"]


def test_a_name_of_one_character_and_several_bytes_is_no_hash_directory(made: MadeUpSpool) -> None:
    (made.path / "hold" / "\N{EURO SIGN}").mkdir()
    assert found(made) == [("alien_directories", "hold/\N{EURO SIGN}", None)]


def test_a_look_changes_no_time_of_access(made: MadeUpSpool) -> None:
    made.put("defer", "4A0F9AC", b"x", mode=0o600, mtime=NOW)
    put(made)
    (made.path / "hold" / "alien").mkdir()
    paths = [made.path, *made.path.rglob("*")]
    for path in paths:
        os.utime(str(path), (1000, path.stat().st_mtime))
    before = {path: os.lstat(str(path)).st_atime_ns for path in paths}
    assert found(made)
    assert {path: os.lstat(str(path)).st_atime_ns for path in paths} == before


# --- whose it is ----------------------------------------------------------------------------------------------------


def test_what_belongs_to_another_user_is_found(made: MadeUpSpool) -> None:
    made.put("hold", "4A0F9AC", b"")
    made.put("maildrop", "4A0F9AD", b"")
    os.mkfifo(str(made.path / "hold" / "fifo"))
    (made.path / "trace").mkdir()
    (made.path / "public").mkdir(mode=0o700)
    other = Owner(os.getuid() + 4321, os.getgid(), os.getgid() + 1)
    mine, wanted = name_of(os.getuid()), "user ID %d" % other.uid
    text = "it belongs to %s, and not to %s" % (mine, wanted)
    group = "its group is %d, and not setgid_group, which is %d" % (os.getgid(), other.submitters)
    paths = {path: detail for kind, path, detail in found(made, owner=other) if kind == "wrong_owner"}
    assert paths == {
        **dict.fromkeys(("defer", "incoming", "active", "deferred", "hold", "corrupt", "trace", "hold/4A0F9AC"), text),
        "maildrop": "%s; %s" % (text, group),
        "public": "%s; %s; its mode is 0700 and lacks 0710" % (text, group),
    }


def test_a_directory_that_its_owner_may_not_enter_is_found(made: MadeUpSpool) -> None:
    (made.path / "deferred").chmod(0o500)
    assert found(made) == [("wrong_owner", "deferred", "its mode is 0500 and lacks 0700")]
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, Owner(os.getuid(), os.getgid(), os.getgid()))) == []
    assert found(made) == []


def test_all_is_given_to_the_mail_owner_but_for_links_and_linked_files(
    made: MadeUpSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    made.put("hold", "4A0F9AC", b"")
    (made.path / "hold" / "4A0F9AD").symlink_to(outside)
    os.link(str(outside), str(made.path / "hold" / "4A0F9AE"))
    (made.path / "deferred" / "4").mkdir()
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(
        os,
        "fchown",
        lambda descriptor, uid, gid: given.update({os.readlink("/proc/self/fd/%d" % descriptor): (uid, gid)}),
    )
    other = Owner(os.getuid() + 4321, 11, 22)
    linked = [
        detail for kind, path, detail in found(made, owner=other) if path == "hold/4A0F9AE" and kind == "wrong_owner"
    ]
    assert linked == [
        "it belongs to %s, and not to user ID %d; it has 2 links, and stays" % (name_of(os.getuid()), other.uid)
    ]
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, other)) == []
    assert given.pop(str(made.path / "maildrop")) == (other.uid, 22)
    paths = ("defer", "incoming", "active", "deferred", "deferred/4", "hold", "hold/4A0F9AC", "corrupt")
    assert given == dict.fromkeys((str(made.path / path) for path in paths), (other.uid, 11))


def test_what_cannot_be_given_is_named_and_the_others_go_on(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("hold", "4A0F9AC", b"")

    def refuse(*_args: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    with Spool(str(made.path)) as spool:
        failures = list(set_owners(spool, Owner(os.getuid() + 4321, 11, 22)))
    reasons = {failure.path: failure.reason for failure in failures}
    assert reasons["hold/4A0F9AC"].startswith("Operation not permitted. ")
    assert [failure.path for failure in failures if "/" not in failure.path] == [
        "defer",
        "maildrop",
        "incoming",
        "active",
        "deferred",
        "hold",
        "corrupt",
    ]


def test_a_finding_is_a_value() -> None:
    assert Finding("misplaced", "a", None, 1, 2) == Finding("misplaced", "a", None, 1, 2)
