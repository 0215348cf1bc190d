# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import itertools
import os
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._spool import directory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

SHORT, LONG = "4A0F9AC", "3Vgspm0WfDz30Dy"


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def walked(made: MadeUpSpool, queue: str) -> list[str]:
    with Spool(str(made.path)) as spool:
        return sorted(found.name for found in spool.walk(queue))


def accessed(path: Path) -> int:
    return path.stat().st_atime_ns


# --- walking --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("depth", [0, 1, 2, 4, 16])
def test_files_are_found_at_any_hash_depth(made: MadeUpSpool, depth: int) -> None:
    for queue_id in (SHORT, LONG):
        made.put("deferred", queue_id, b"", depth=depth)
    assert walked(made, "deferred") == [LONG, SHORT]


def test_files_at_several_depths_are_found_together(made: MadeUpSpool) -> None:
    made.put("deferred", SHORT, b"", depth=0)
    made.put("deferred", LONG, b"", depth=2)
    assert walked(made, "deferred") == [LONG, SHORT]


def test_a_found_name_can_be_opened_where_it_stands(made: MadeUpSpool) -> None:
    made.put("deferred", SHORT, b"content", depth=2)
    with Spool(str(made.path)) as spool:
        for found in spool.walk("deferred"):
            with directory.open_file(found.name, found.directory) as descriptor:
                assert (found.queue, found.name, os.read(descriptor, 99)) == ("deferred", SHORT, b"content")


@pytest.mark.parametrize("number", [2, 3, 4])
@pytest.mark.parametrize("depth", [0, 1, 2])
def test_shares_make_the_whole_and_a_message_stays_in_its_share(made: MadeUpSpool, depth: int, number: int) -> None:
    names = ["%05X1234" % (step * 33333) for step in range(30)] + [LONG, "x", "g23", "%05x" % 47]
    for name in names:
        made.put("deferred", name, b"", depth=depth if len(name) > 5 else 0)
        made.put("active", name, b"", depth=0)
    with Spool(str(made.path)) as spool:
        shares = {
            queue: [sorted(found.name for found in spool.walk(queue, share=(which, number))) for which in range(number)]
            for queue in ("deferred", "active")
        }
    assert sorted(itertools.chain(*shares["active"])) == sorted(names)
    assert shares["deferred"] == shares["active"]
    assert all(shares["active"])


def test_what_is_no_directory_is_yielded_as_it_is(made: MadeUpSpool, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "SECRET0").write_bytes(b"")
    queue = made.path / "deferred"
    (queue / "F").symlink_to(outside)
    (queue / "A").write_bytes(b"")
    (queue / "SUBDIRECTORY").mkdir()
    assert walked(made, "deferred") == ["A", "F", "SUBDIRECTORY"]


def test_a_tree_that_is_too_deep_is_not_walked_to_its_end(made: MadeUpSpool) -> None:
    made.put("deferred", "A" * 30, b"", depth=20)
    assert walked(made, "deferred") == ["A"]


def test_a_queue_that_does_not_exist_is_empty(made: MadeUpSpool) -> None:
    assert walked(made, "saved") == []


def test_a_queue_that_is_no_directory_is_an_error(made: MadeUpSpool) -> None:
    (made.path / "hold").rmdir()
    (made.path / "hold").touch()
    with pytest.raises(MailopsError) as caught:
        walked(made, "hold")
    assert str(caught.value) == (
        "The queue hold in %s cannot be read: Not a directory. Put a directory there, then run this again." % made.path
    )


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE])
@pytest.mark.parametrize("call", ["open", "scandir"])
def test_a_hash_directory_that_cannot_be_read_is_named_or_passed_over(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, number: int, call: str
) -> None:
    made.put("deferred", SHORT, b"", depth=2)
    made.put("deferred", "B0F9AC", b"", depth=1)
    real_open, real_scandir, opened = os.open, os.scandir, []

    def open_or_fail(path: Any, *args: Any, **options: Any) -> int:
        if path == "A" and call == "open":
            raise OSError(number, os.strerror(number))
        descriptor = real_open(path, *args, **options)
        if path == "A":
            opened.append(descriptor)
        return descriptor

    def scan_or_fail(path: Any) -> Any:
        if path in opened:
            raise OSError(number, os.strerror(number))
        return real_scandir(path)

    monkeypatch.setattr(os, "open", open_or_fail)
    monkeypatch.setattr(os, "scandir", scan_or_fail)
    with pytest.raises(SystemRefusal) as caught:
        walked(made, "deferred")
    assert str(caught.value).startswith(
        "The directory deferred/4/A in %s cannot be read: %s. " % (made.path, os.strerror(number))
    )
    gaps: list[tuple[str, int | None]] = []
    with Spool(str(made.path)) as spool:
        opened.clear()
        names = [
            found.name
            for found in spool.walk("deferred", unreadable=lambda path, error: gaps.append((path, error.errno)))
        ]
    assert names == ["B0F9AC"]
    assert gaps == [("deferred/4/A", number)]


def test_a_found_name_has_a_path(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("deferred", SHORT, b"", depth=2)
    made.put("hold", SHORT, b"", depth=0)
    with Spool(str(made.path)) as spool:
        paths = [spool.path_of(found) for queue in ("deferred", "hold") for found in spool.walk(queue)]
        assert paths == ["deferred/4/A/" + SHORT, "hold/" + SHORT]
        # Not all systems have proc(5).
        monkeypatch.delattr(os, "readlink")
        monkeypatch.setattr(os, "readlink", lambda _path: os.listdir("/nonexistent"), raising=False)
        assert [spool.path_of(found) for found in spool.walk("deferred")] == ["deferred/" + SHORT]


def test_no_descriptor_is_left_open(made: MadeUpSpool) -> None:
    before = open_descriptors()
    for number in range(50):
        made.put("deferred", "%05X1234" % (number * 20000), b"")
        made.put_defer_log("%05X1234" % (number * 20000), a="full")
    with Spool(str(made.path)) as spool:
        for found in spool.walk("deferred"):
            spool.read_defer_log(found.name)
        next(spool.walk("deferred"))
    assert open_descriptors() == before


def test_a_walk_that_is_given_up_closes_what_it_opened(made: MadeUpSpool) -> None:
    made.put("deferred", SHORT, b"")
    with Spool(str(made.path)) as spool:
        before = open_descriptors()
        walk = spool.walk("deferred")
        next(walk)
        walk.close()  # type: ignore[attr-defined]  # (it is a generator)
        assert open_descriptors() == before


def test_a_queue_directory_may_be_a_link_of_the_administrator(made: MadeUpSpool, tmp_path: Path) -> None:
    made.put("deferred", SHORT, b"")
    link = tmp_path / "elsewhere"
    link.symlink_to(made.path)
    with Spool(str(link)) as spool:
        assert [found.name for found in spool.walk("deferred")] == [SHORT]


def test_a_directory_that_is_none_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MailopsError) as caught:
        Spool(str(tmp_path / "absent"))
    assert str(caught.value) == (
        "The queue directory %s cannot be opened: No such file or directory. Check the path, then run this again."
        % (tmp_path / "absent")
    )


def test_has_and_readable(made: MadeUpSpool) -> None:
    with Spool(str(made.path)) as spool:
        assert spool.has("deferred")
        assert not spool.has("saved")
        assert spool.readable(("deferred", "saved"))


def test_a_queue_that_may_not_be_listed_is_not_readable(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    access = os.access

    def deny(name: str, mode: int, *, dir_fd: int) -> bool:
        return not (name == "hold" and mode & os.R_OK) and access(name, mode, dir_fd=dir_fd)

    monkeypatch.setattr(os, "access", deny)
    with Spool(str(made.path)) as spool:
        assert not spool.readable(("deferred", "hold"))
        assert spool.readable(("deferred",))


# --- opening --------------------------------------------------------------------------------------------------------


def make_link(path: Path) -> None:
    path.with_name("target").write_bytes(b"secret")
    path.symlink_to("target")


def make_socket(path: Path) -> None:
    directory_of_it = os.open(str(path.parent), os.O_RDONLY)
    with socket.socket(socket.AF_UNIX) as server:
        # The path of a socket has at most 107 bytes (sockaddr_un in unix(7)).
        server.bind("/proc/self/fd/%d/%s" % (directory_of_it, path.name))
    os.close(directory_of_it)


@pytest.mark.parametrize("make", [make_link, make_socket, Path.mkdir, os.mkfifo])
def test_only_files_are_opened(make: object, tmp_path: Path) -> None:
    assert callable(make)
    make(tmp_path / "file")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    before = open_descriptors()
    with pytest.raises(OSError, match=r"Too many levels|No such device|Is a directory|not a file"):
        directory.open_quickly("file", descriptor)
    with pytest.raises(OSError, match=r"Too many levels|No such device|not a file"), directory.open_file(
        "file", descriptor
    ):
        pass
    assert open_descriptors() == before
    os.close(descriptor)


def test_a_file_is_opened_with_its_status_and_head(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 9000)
    top = os.open(tmp_path, os.O_RDONLY)
    descriptor, status, head = directory.open_quickly("file", top)
    assert (status.st_size, head) == (9000, b"x" * 8192)
    assert directory.read_all(descriptor, 100) == b"x" * 100
    assert directory.read_all(descriptor, 10000) == b"x" * 708
    os.close(descriptor)
    os.close(top)


# --- defer logs -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("queue_id", [SHORT, LONG])
@pytest.mark.parametrize("depth", [0, 1, 2, 3, 4])
def test_a_defer_log_is_found_at_any_hash_depth(made: MadeUpSpool, queue_id: str, depth: int) -> None:
    path = made.put_defer_log(queue_id, depth=depth, a="full")
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(queue_id) == path.read_bytes()
        # Directories are remembered.
        assert spool.read_defer_log(queue_id) == path.read_bytes()


def test_no_defer_log(made: MadeUpSpool) -> None:
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(SHORT) == b""
        # Long by its form, but its microseconds cannot be read: it can stand at depth 0 only.
        assert spool.read_defer_log("3Vgspm0WAAz30Dy") == b""


def test_a_defer_log_that_is_a_link_is_not_read(made: MadeUpSpool, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"recipient=a\nreason=secret\n")
    path = made.file("defer", SHORT)
    path.parent.mkdir()
    path.symlink_to(tmp_path / "secret")
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(SHORT) == b""


def test_a_log_directory_that_is_a_link_is_not_entered(made: MadeUpSpool, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / SHORT).write_bytes(b"recipient=a\nreason=secret\n")
    (made.path / "defer" / SHORT[0]).symlink_to(outside)
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(SHORT) == b""


def test_a_log_is_read_up_to_a_bound(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "FIRST_READ", 8)
    monkeypatch.setattr(directory, "MAX_LOG", 10)
    made.put("defer", SHORT, b"x" * 100)
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(SHORT) == b"x" * 10


def test_log_directories_are_not_kept_without_end(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "_MAX_LOG_DIRECTORIES", 4)
    queue_ids = ["%05X1234" % (number * 65536) for number in range(16)]
    for queue_id in queue_ids:
        made.put_defer_log(queue_id, a=queue_id)
    with Spool(str(made.path)) as spool:
        before = open_descriptors()
        for queue_id in queue_ids * 2:
            assert queue_id.encode() in spool.read_defer_log(queue_id)
            assert len(open_descriptors()) <= len(before) + 5


# --- without a trace ------------------------------------------------------------------------------------------------


def test_reading_leaves_the_times_of_access_alone(made: MadeUpSpool) -> None:
    # An attempt that is yet to come, as deferred messages have it: relatime sets the time of access at each read then.
    coming = int(time.time()) + 3600
    paths = [made.put(queue, SHORT, b"content") for queue in ("deferred", "defer")]
    for path in (*paths, paths[0].parent, made.path):
        os.utime(path, (1, coming))
    with Spool(str(made.path)) as spool:
        for found in spool.walk("deferred"):
            descriptor, _status, head = directory.open_quickly(found.name, found.directory)
            os.close(descriptor)
            assert (head, spool.read_defer_log(SHORT)) == (b"content", b"content")
    assert [accessed(path) for path in (*paths, paths[0].parent, made.path)] == [10**9] * 4


def test_who_may_not_ask_for_that_reads_all_the_same(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("deferred", SHORT, b"content")
    open_ = os.open

    def open_of_others(name: str, flags: int, **options: Any) -> int:
        # open(2), where the file is somebody else's.
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return open_(name, flags, **options)

    monkeypatch.setattr(os, "open", open_of_others)
    assert walked(made, "deferred") == [SHORT]
    with Spool(str(made.path)) as spool:
        for found in spool.walk("deferred"):
            with directory.open_file(found.name, found.directory) as descriptor:
                assert os.read(descriptor, 99) == b"content"
