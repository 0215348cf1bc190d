# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When files are requested, and which; what a scan makes of it is in test_scan.py."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import FIRST_READ, NEXT_READ
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import NO_FILE, QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.io_priority import LOWEST, get_priority
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.read_ahead import (
    MOST_REQUESTS,
    DiskUse,
    ReadAhead,
    disk_use,
    request_file,
)
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

FILES = 400
PAGE = 8


class Disk:
    """A disk that the thread waits for, or not: a clock that goes on with each file that is read."""

    def __init__(self, *, sleeps: int = 1, blocks: int = PAGE, files_at_once: int = 1) -> None:
        self.sleeps = sleeps
        self.blocks = blocks
        self.files_at_once = files_at_once
        self.read = 0
        self.use = DiskUse(0, 0)
        self.events: list[tuple[str, str, int]] = []

    def measure(self) -> DiskUse:
        return self.use

    def request(self, name: str, directory: int, _size: int) -> int:
        self.events.append(("request", name, directory))
        return os.open(os.devnull, os.O_RDONLY)

    def read_file(self, name: str) -> None:
        self.events.append(("read", name, -1))
        self.read += 1
        if self.read % self.files_at_once == 0:
            self.use = DiskUse(self.use.sleeps + self.sleeps, self.use.blocks + self.blocks)

    @property
    def requested(self) -> list[str]:
        return [name for what, name, _directory in self.events if what == "request"]

    @property
    def most_waiting(self) -> int:
        """The most requests whose files were not read yet."""
        waiting: set[str] = set()
        most = 0
        for what, name, directory in self.events:
            if what == "read":
                waiting = {key for key in waiting if not key.startswith(name + " ")}
            else:
                waiting.add("%s %d" % (name, directory))
            most = max(most, len(waiting))
        return most


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    for number in range(FILES):
        spool.put("hold", "%05X1234" % number, b"")
    return spool


@pytest.fixture
def spool(made: MadeUpSpool) -> Iterator[Spool]:
    with Spool(str(made.path)) as opened:
        yield opened


def read_queue(spool: Spool, ahead: ReadAhead, read: Callable[[str], object], queue: str = "hold") -> list[str]:
    names = []
    for found in spool.walk(queue, order=ahead.order):
        read(found.name)
        names.append(found.name)
    return names


def open_files(spool: Spool) -> int:
    """Return how many requested files and logs are open."""
    return len(spool.requested.files) + len(spool.requested.logs)


def with_disk(spool: Spool, disk: Disk, *, number: int = 1) -> ReadAhead:
    return ReadAhead(spool, number=number, measure=disk.measure, request=disk.request)


# --- when -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("disk", "starts"),
    [
        pytest.param(Disk(sleeps=1, blocks=PAGE), True, id="each file is waited for"),
        pytest.param(Disk(sleeps=1, blocks=PAGE, files_at_once=4), True, id="one file in four is waited for"),
        pytest.param(Disk(sleeps=1, blocks=PAGE, files_at_once=5), False, id="one file in five is waited for"),
        pytest.param(Disk(sleeps=0, blocks=0), False, id="all files are in memory"),
        pytest.param(Disk(sleeps=3, blocks=0), False, id="something other than the disk is waited for"),
        pytest.param(Disk(sleeps=0, blocks=PAGE), False, id="the disk is read but not waited for"),
    ],
)
def test_files_are_requested_only_if_the_disk_is_waited_for(spool: Spool, disk: Disk, starts: bool) -> None:
    with with_disk(spool, disk) as ahead:
        names = read_queue(spool, ahead, disk.read_file)
    assert sorted(names) == ["%05X1234" % number for number in range(FILES)]
    assert ahead.active is starts
    assert bool(disk.requested) is starts


def test_all_that_follows_is_requested_once_before_it_is_read(spool: Spool) -> None:
    disk = Disk()
    with with_disk(spool, disk) as ahead:
        names = read_queue(spool, ahead, disk.read_file)
    requested = disk.requested
    assert len(requested) == len(set(requested)) > FILES - 3 * MOST_REQUESTS
    assert requested == names[-len(requested) :]
    order = [event[:2] for event in disk.events]
    assert all(order.index(("request", name)) < order.index(("read", name)) for name in requested)


def test_it_stops_once_the_disk_is_not_read_any_more(spool: Spool) -> None:
    disk = Disk()
    with with_disk(spool, disk) as ahead:
        read_queue(spool, ahead, disk.read_file)
        disk.sleeps = disk.blocks = 0
        before = len(disk.requested)
        read_queue(spool, ahead, disk.read_file)
    assert not ahead.active
    assert 0 < len(disk.requested) - before < 4 * MOST_REQUESTS
    assert open_files(spool) == 0


def test_it_goes_on_while_requests_read_the_disk_and_nothing_sleeps(spool: Spool) -> None:
    disk = Disk()
    with with_disk(spool, disk) as ahead:
        read_queue(spool, ahead, disk.read_file)
        disk.sleeps = 0
        read_queue(spool, ahead, disk.read_file)
        assert ahead.active


def test_a_small_queue_is_not_measured_to_the_end(made: MadeUpSpool) -> None:
    disk = Disk()
    made.put("deferred", "000001234", b"")
    with Spool(str(made.path)) as spool, with_disk(spool, disk) as ahead:
        assert read_queue(spool, ahead, disk.read_file, "deferred") == ["000001234"]
    assert not ahead.active


# --- how many, and which --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [1, 2, 4, 64])
def test_requests_are_bounded(spool: Spool, number: int) -> None:
    disk = Disk()
    with with_disk(spool, disk, number=number) as ahead:
        read_queue(spool, ahead, disk.read_file)
    assert disk.requested
    assert disk.most_waiting <= max(2, MOST_REQUESTS // number)


@pytest.mark.parametrize("keeps_open", [True, False])
def test_files_are_open_until_they_are_read(spool: Spool, keeps_open: bool) -> None:
    disk, before = Disk(), open_descriptors()
    opened = []

    def read(name: str) -> None:
        disk.read_file(name)
        opened.append(open_files(spool))

    with ReadAhead(spool, keeps_open=keeps_open, measure=disk.measure, request=disk.request) as ahead:
        read_queue(spool, ahead, read)
        assert open_files(spool) == 0
    assert max(opened) == (MOST_REQUESTS if keeps_open else 0)
    assert open_descriptors() == before


def test_files_are_closed_if_reading_ends_early(spool: Spool) -> None:
    disk = Disk()
    before = open_descriptors()
    with with_disk(spool, disk) as ahead:
        ahead.active = True
        walk = spool.walk("hold", order=ahead.order)
        next(walk)
        spool.requested.logs["4A0F9AC"] = 1, os.open(os.devnull, os.O_RDONLY)
        assert open_files(spool) == MOST_REQUESTS + 1
    assert open_files(spool) == 0
    del walk
    assert open_descriptors() == before


def test_a_file_that_was_removed_since_its_request_is_gone(made: MadeUpSpool) -> None:
    made.put("deferred", "4A0F9AC", b"x")
    made.put_defer_log("4A0F9AC", a="refused")
    before = open_descriptors()
    with Spool(str(made.path)) as spool:
        for found in spool.walk("deferred"):
            request_both(spool, found)
            made.file("deferred", "4A0F9AC").unlink()
            made.file("defer", "4A0F9AC").unlink()
            with pytest.raises(FileNotFoundError):
                SpoolMessage(spool, found)
            assert spool.read_defer_log("4A0F9AC") == b""
    assert open_descriptors() == before


def test_a_requested_file_is_read_by_its_descriptor(made: MadeUpSpool) -> None:
    made.put("deferred", "4A0F9AC", b"x" * 10)
    made.put_defer_log("4A0F9AC", a="refused" * 2000)
    before = open_descriptors()
    with Spool(str(made.path)) as spool:
        expected = spool.read_defer_log("4A0F9AC")
        for found in spool.walk("deferred"):
            request_both(spool, found)
            made.file("deferred", "4A0F9AC").rename(made.path / "elsewhere")
            made.file("defer", "4A0F9AC").rename(made.path / "the log")
            message = SpoolMessage(spool, found)
            assert (message.status.st_size, message.defer_log()) == (10, expected)
            assert open_files(spool) == 0
            message.close()
    assert len(expected) > FIRST_READ
    assert open_descriptors() == before


def request_both(spool: Spool, found: QueueEntry) -> None:
    """Request a file and its log."""
    spool.requested.files[found.name, found.directory] = request_file(found.name, found.directory, FIRST_READ)
    depth, logs = next(spool.defer_directories(found.name))
    spool.requested.logs[found.name] = depth, request_file(found.name, logs, NEXT_READ)
    assert open_files(spool) == 2


def test_files_are_read_in_the_order_of_their_inodes(made: MadeUpSpool, spool: Spool) -> None:
    disk = Disk()
    inodes = {path.name: path.stat().st_ino for path in made.path.glob("hold/*")}
    with with_disk(spool, disk) as ahead:
        ahead.active = True
        names = read_queue(spool, ahead, disk.read_file)
    assert names == sorted(inodes, key=inodes.__getitem__)


def test_only_wanted_files_are_requested(spool: Spool) -> None:
    disk = Disk()
    with ReadAhead(spool, wanted=lambda name: name < "000101234", measure=disk.measure, request=disk.request) as ahead:
        ahead.active = True
        assert len(read_queue(spool, ahead, disk.read_file)) == FILES
    assert sorted(disk.requested) == ["%05X1234" % number for number in range(16)]


def test_logs_are_requested_if_logs_are_read(made: MadeUpSpool) -> None:
    made.put_defer_log("000001234", a="refused")
    disk = Disk()
    with Spool(str(made.path)) as spool, with_disk(spool, disk) as ahead:

        def read_both(name: str) -> None:
            disk.read_file(name)
            spool.read_defer_log(name)

        names = read_queue(spool, ahead, read_both)
    last = [event[2] for event in disk.events if event[:2] == ("request", names[-1])]
    assert len(last) == len(set(last)) == 2
    assert disk.most_waiting <= MOST_REQUESTS


def test_logs_are_requested_from_the_first_that_is_read_on(made: MadeUpSpool, spool: Spool) -> None:
    for number in range(FILES):
        made.put_defer_log("%05X1234" % number, a="refused")
    disk = Disk()
    names: list[str] = []
    with with_disk(spool, disk) as ahead:

        def read_some_logs(name: str) -> None:
            disk.read_file(name)
            names.append(name)
            if FILES // 4 < len(names) < FILES // 2:
                spool.read_defer_log(name)

        assert len(read_queue(spool, ahead, read_some_logs)) == FILES
    twice = [disk.requested.count(name) == 2 for name in names]
    assert not any(twice[: FILES // 4])
    assert any(twice)
    assert not twice[-1]
    assert disk.most_waiting <= 2 * MOST_REQUESTS


# --- the kernel -----------------------------------------------------------------------------------------------------


def test_the_priority_is_lower_while_files_are_requested(spool: Spool) -> None:
    disk, before = Disk(), get_priority()
    with with_disk(spool, disk) as ahead:
        assert get_priority() == before
        read_queue(spool, ahead, disk.read_file)
        assert get_priority() == LOWEST
    assert get_priority() == before


def test_a_request_says_whether_there_is_a_file(made: MadeUpSpool, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(made.path / "hold" / "000001234")
    os.mkfifo(str(tmp_path / "pipe"))
    directory = os.open(str(tmp_path), os.O_RDONLY)
    hold = os.open(str(made.path / "hold"), os.O_RDONLY)
    for name, place in (("000001234", hold), ("pipe", directory)):
        descriptor = request_file(name, place, FIRST_READ)
        assert os.fstat(descriptor).st_ino == os.stat(name, dir_fd=place).st_ino
        os.close(descriptor)
    assert request_file("link", directory, FIRST_READ) == NO_FILE
    assert request_file("absent", directory, FIRST_READ) == NO_FILE
    os.close(directory)
    os.close(hold)


def _evict(directory: Path) -> None:
    """Drop the files of a directory from the page cache, if they are on a disk."""
    for path in directory.iterdir():
        descriptor = os.open(str(path), os.O_RDONLY)
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def test_on_a_real_disk_it_starts_if_the_disk_is_waited_for(tmp_path: Path) -> None:
    made = MadeUpSpool(tmp_path / "spool")
    for number in range(FILES):
        made.put("hold", "%05X5678" % number, b"x" * 5000)
    hold = made.path / "hold"
    requested: list[str] = []
    uses: list[DiskUse] = []

    def measure() -> DiskUse:
        uses.append(disk_use())
        return uses[-1]

    def request(name: str, directory: int, size: int) -> int:
        requested.append(name)
        return request_file(name, directory, size)

    def run() -> int:
        """Return the blocks that were read from a disk."""
        del requested[:], uses[:]
        before = disk_use().blocks
        with Spool(str(made.path)) as spool, ReadAhead(spool, measure=measure, request=request) as ahead:
            read_queue(spool, ahead, lambda name: len((hold / name).read_bytes()))
        return disk_use().blocks - before

    # A machine that is short of memory may read a program or a file again.
    assert any(run() == 0 and not requested for _attempt in range(5))
    _evict(hold)
    # In a file system in memory, nothing is ever read from a disk.
    assert bool(run()) is (_kind_of(tmp_path) != "tmpfs")
    # A fast disk on a busy machine can have answered before the thread goes to sleep. Then there is nothing to gain.
    steps = [(now.sleeps - last.sleeps, now.blocks - last.blocks) for last, now in zip(uses, uses[1:])]
    assert len(steps) >= FILES // 32
    assert bool(requested) is any(blocks > 0 and sleeps >= 8 for sleeps, blocks in steps)
    assert any(run() == 0 and not requested for _attempt in range(5))


def _kind_of(path: Path) -> str:
    """Return the type of the file system that a path is on."""
    device = os.stat(str(path)).st_dev
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        rows = [line.split(" - ") for line in mounts]
    wanted = "%d:%d" % (os.major(device), os.minor(device))
    return next((kind.split()[0] for mount, kind in rows if mount.split()[2] == wanted), "")
