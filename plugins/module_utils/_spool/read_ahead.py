# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Requesting files from the disk before they are read, while the disk is what the run waits for.

If a file is not in the page cache, reading it takes one or more round trips to the disk, and the run sleeps meanwhile. posix_fadvise(2)
with POSIX_FADV_WILLNEED lets the kernel start such a read without waiting for it, so many round trips happen at the same time. It
needs no thread, and takes less CPU time than a thread: nothing goes to sleep and is woken for each file.

What is read, and in which directory, does not depend on it. A file stays open from its request until it is read, so that it is not opened
twice. Its status is read when it is read. If it was removed in between, it counts as gone.
"""

from __future__ import annotations

import os
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import FIRST_READ, NEXT_READ
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import NO_FILE
from ansible_collections.mailops.postfix.plugins.module_utils._spool.io_priority import LowerPriority
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import OPEN_FILE, open_quietly

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

# The most files and logs that all processes of a run have requested and not read yet. So many are open, too. More do not make a run
# faster, and a mail server has to wait behind them.
MOST_REQUESTS = 32
# A fourth of them is made at a time: it takes the system less CPU time if several come shortly one after the other.
_BATCHES = 4
# So many names are sorted by inode number while files are requested. That is about the order of their blocks on the disk.
_SORTED = 4096
# It is looked at the disk once for so many files.
_SAMPLE = 32
# The run waits for the disk if it went to sleep for one file in so many ...
_FILES_FOR_A_SLEEP = 4
# ... and it does not if less than one page (8 blocks of 512 bytes) was read from the disk for so many files.
_FILES_FOR_A_PAGE = 8
_BLOCKS_IN_A_PAGE = 8


class DiskUse(NamedTuple):
    """What this thread has done so far (getrusage(2))."""

    sleeps: int
    """How often it waited for something: the voluntary context switches. Waiting for a core does not count."""
    blocks: int
    """The blocks of 512 bytes that were read from a disk for it."""


def disk_use() -> DiskUse:
    """Return what this thread has done so far."""
    # Small queues do not need it.
    import resource  # noqa: PLC0415

    used = resource.getrusage(getattr(resource, "RUSAGE_THREAD", resource.RUSAGE_SELF))
    return DiskUse(used.ru_nvcsw, used.ru_inblock)


def request_file(name: str, directory: int, size: int) -> int:
    """Let the kernel read the first bytes of a file, and do not wait for them. Return the open file, NO_FILE if there is none.

    size: how many bytes. The kernel reads no further than to the end of the file.
    """
    try:
        descriptor = open_quietly(name, OPEN_FILE, directory)
    except OSError:
        return NO_FILE
    try:
        os.posix_fadvise(descriptor, 0, size, os.POSIX_FADV_WILLNEED)
    except OSError:
        # It is no regular file. Who reads it finds that out.
        return descriptor
    return descriptor


class ReadAhead:
    """Finds out, while a queue is read, whether the disk is what the run waits for, and requests files then. A context manager.

    At first it only counts. When the thread goes to sleep for one file in four or more often, and the disk was read, it requests files.
    When hardly anything was read from the disk, it stops.
    """

    def __init__(
        self,
        spool: Spool,
        *,
        number: int = 1,
        wanted: Callable[[str], bool] | None = None,
        keeps_open: bool = True,
        measure: Callable[[], DiskUse] = disk_use,
        request: Callable[[str, int, int], int] = request_file,
    ) -> None:
        """number: so many processes read at the same time. wanted: request only files with these names.

        keeps_open: whether a file stays open until it is read. measure, request: what tests replace.
        """
        self._spool = spool
        self._wanted = wanted
        self._keeps_open = keeps_open
        self._measure = measure
        self._request = request
        self._most = max(2, MOST_REQUESTS // number)
        self._with_logs = False
        self._log_reads = 0
        self._files = 0
        self._last: DiskUse | None = None
        self._priority = LowerPriority()
        self.active = False
        """Whether files are requested now."""

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._spool.requested.close_all()
        self._priority.restore()

    def order(self, directory: int, entries: Iterator[os.DirEntry[str]]) -> Iterator[str]:
        """Yield the names of these entries of an open directory, and request their files before that, if it helps."""
        if self._last is None:
            self._last = self._measure()
        names = self._sort(entries)
        while True:
            if self.active:
                yield from self._request_ahead(directory, names)
            current = list(islice(names, _SAMPLE))
            if not current:
                return
            yield from current
            self._look(len(current))

    def _sort(self, entries: Iterator[os.DirEntry[str]]) -> Iterator[str]:
        """Yield the names, by inode number while files are requested."""
        for entry in entries:
            if self.active:
                block = [entry, *islice(entries, _SORTED - 1)]
                block.sort(key=_inode)
                for sorted_entry in block:
                    yield sorted_entry.name
            else:
                yield entry.name

    def _request_ahead(self, directory: int, names: Iterator[str]) -> Iterator[str]:
        """Yield the names, and request the files of those that follow meanwhile, until that does not help any more."""
        waiting: deque[str] = deque()
        while True:
            # A file and its log are two requests.
            most = self._most // 2 if self._with_logs else self._most
            for name in islice(names, max(0, most - len(waiting)) if self.active else 0):
                self._request_both(name, directory)
                waiting.append(name)
            if not waiting:
                return
            for _file in range(min(len(waiting), most // _BATCHES or 1)):
                yield waiting[0]
                self._spool.requested.close(waiting.popleft(), directory)
                self._look(1)

    def _request_both(self, name: str, directory: int) -> None:
        """Request a file, and its log if logs are read."""
        if self._wanted is not None and not self._wanted(name):
            return
        requested = self._spool.requested
        descriptor = self._request(name, directory, FIRST_READ)
        if descriptor != NO_FILE:
            requested.files[name, directory] = descriptor
        for depth, logs in self._spool.defer_directories(name) if self._with_logs else ():
            # Many logs are longer than what is read of them at first.
            descriptor = self._request(name, logs, NEXT_READ)
            if descriptor != NO_FILE:
                requested.logs[name] = depth, descriptor
                break
        if not self._keeps_open:
            requested.close(name, directory)

    def _look(self, files: int) -> None:
        """Find out, once for some files, whether to request files and logs from now on."""
        self._files += files
        if self._files < _SAMPLE or self._last is None:
            return
        files, self._files = self._files, 0
        log_reads = self._spool.log_reads
        # The rules of most runs need the logs of all messages or of none.
        self._with_logs = (log_reads - self._log_reads) * 2 > files
        self._log_reads = log_reads
        now = self._measure()
        sleeps, blocks = now.sleeps - self._last.sleeps, now.blocks - self._last.blocks
        self._last = now
        if self.active:
            self.active = blocks * _FILES_FOR_A_PAGE >= files * _BLOCKS_IN_A_PAGE
        elif blocks and sleeps * _FILES_FOR_A_SLEEP >= files:
            self.active = True
            self._priority.lower()


def _inode(entry: os.DirEntry[str]) -> int:
    return entry.inode()
