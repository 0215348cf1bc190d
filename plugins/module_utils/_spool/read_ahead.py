# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Requesting files from the disk before they are read, while the disk is what the run waits for.

If a file is not in the page cache, reading it takes one or more round trips to the disk, and the run sleeps meanwhile. posix_fadvise(2)
with POSIX_FADV_WILLNEED lets the kernel start such a read without waiting for it, so many round trips happen at the same time. It
needs no thread, and takes less CPU time than a thread: nothing goes to sleep and is woken for each file.

It is only a hint. What is read, and in which directory, does not depend on it.
"""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import FIRST_READ
from ansible_collections.mailops.postfix.plugins.module_utils._spool.io_priority import LowerPriority
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import OPEN_FILE, open_quietly

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

# The most files and logs that all processes of a run have requested and not read yet. More do not make a run faster, and a mail
# server has to wait behind them.
MOST_REQUESTS = 32
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


def request_file(name: str, directory: int) -> bool:
    """Let the kernel read the first bytes of a file, and do not wait for them. Return whether there is such a file."""
    try:
        descriptor = open_quietly(name, OPEN_FILE, directory)
    except OSError:
        return False
    try:
        os.posix_fadvise(descriptor, 0, FIRST_READ, os.POSIX_FADV_WILLNEED)
    except OSError:
        pass
    finally:
        os.close(descriptor)
    return True


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
        measure: Callable[[], DiskUse] = disk_use,
        request: Callable[[str, int], bool] = request_file,
    ) -> None:
        """number: so many processes read at the same time. wanted: request only files with these names.

        measure, request: what tests replace.
        """
        self._spool = spool
        self._wanted = wanted
        self._measure = measure
        self._request = request
        # Two portions are under way: one that is read, and the next one.
        self._portion = max(1, MOST_REQUESTS // (2 * number))
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
        self._priority.restore()

    def order(self, directory: int, entries: Iterator[os.DirEntry[str]]) -> Iterator[str]:
        """Yield the names of these entries of an open directory, and request their files before that, if it helps."""
        if self._last is None:
            self._last = self._measure()
        names = self._sort(entries)
        current = self._take(names)
        if self.active:
            self._request_all(directory, current)
        while current:
            following = self._take(names)
            if self.active:
                self._request_all(directory, following)
            yield from current
            self._look(len(current))
            current = following

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

    def _take(self, names: Iterator[str]) -> Sequence[str]:
        # A file and its log are two requests.
        return list(islice(names, self._portion // 2 or 1 if self._with_logs else self._portion))

    def _request_all(self, directory: int, names: Iterable[str]) -> None:
        """Request files, and their logs if logs are read."""
        for name in names:
            if self._wanted is not None and not self._wanted(name):
                continue
            self._request(name, directory)
            if self._with_logs:
                any(self._request(name, logs) for _depth, logs in self._spool.defer_directories(name))

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
