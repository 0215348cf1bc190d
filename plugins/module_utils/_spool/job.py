# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What to read from queues, and what reading them gives: the values that scan.py takes and returns."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, fields
from operator import itemgetter
from typing import TYPE_CHECKING, Callable, Generic, Iterable, NamedTuple, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import Mergeable

_Result = TypeVar("_Result", bound="Mergeable")


@dataclass
class ScanCounts:
    """The numbers of files, by how they could be read. Files that were not read completely are never acted on."""

    files: int = 0
    """Queue files read."""
    vanished: int = 0
    """Files that were listed, but gone when they were opened: delivered or moved meanwhile."""
    unreadable: int = 0
    """Files that could not be opened or read, or not as far as a criterion needs."""
    incomplete: int = 0
    """Files that are still being written, or were left incomplete."""
    unparsed: int = 0
    """Damaged files: their content is not that of a queue file. Files whose envelope was not needed are not checked."""
    not_files: int = 0
    """Links, directories, devices, and names that no queue file has."""

    def merge(self, other: ScanCounts) -> None:
        """Add other counts."""
        for row in fields(self):
            setattr(self, row.name, getattr(self, row.name) + getattr(other, row.name))


class Gap(NamedTuple):
    """A queue file that is damaged or could not be read. Without a queue ID, a directory that could not be read."""

    queue: str
    queue_id: str
    size: int | None
    """The size of the file in bytes, None if it could not be opened."""
    problem: str


# The number of gaps that are kept by name.
MAX_GAPS = 20


def first_gaps(gaps: Iterable[Gap]) -> list[Gap]:
    """Return the gaps to keep. They do not depend on the number of processes."""
    return heapq.nsmallest(MAX_GAPS, gaps, key=itemgetter(0, 1))


@dataclass(frozen=True)
class Job(Generic[_Result]):
    """What to read, and what to do with it."""

    queues: Sequence[str]
    make_result: Callable[[], _Result]
    visit: Callable[[SpoolMessage, _Result], None]
    """Called with each complete message. It may raise ContentError. message.readable is whether the envelope can be read."""
    pass_over: Callable[[QueueEntry, bool, _Result], None]
    """Called with each file that visit is not called with: True for an incomplete file, False for one that is not wanted."""
    wanted: Callable[[str], bool] | None = None
    """Open only files for whose queue ID this returns True."""
    finish: Callable[[_Result], None] | None = None
    """Called once with the result of each share, in the process that read it."""
    any_mode: bool = False
    """Visit files with any mode: a copy may have lost the mode that says that a file is complete."""
    changes_files: bool = False
    """Whether visit moves or removes files. Then each file is opened only just before."""
    note_gap: Callable[[Gap, _Result], None] | None = None
    """Called with each file and directory that could not be read. Without it, a directory that cannot be read is an error."""


@dataclass
class Share(Generic[_Result]):
    """The result of one process."""

    result: _Result
    counts: ScanCounts
    gaps: list[Gap] = field(default_factory=list)
    """Some of the files that are damaged or could not be read."""

    def merge(self, other: Share[_Result]) -> None:
        """Add the result of another process."""
        self.result.merge(other.result)
        self.counts.merge(other.counts)
        self.gaps = first_gaps({*self.gaps, *other.gaps})

    def keep(self, gap: Gap) -> None:
        """Keep a gap if it is among the first."""
        self.gaps = first_gaps({*self.gaps, gap})

    def note(self, gap: Gap, job: Job[_Result]) -> None:
        """Keep a gap, and give it to the job."""
        self.keep(gap)
        if job.note_gap is not None:
            job.note_gap(gap, self.result)


def is_empty(spool: Spool, queues: Sequence[str]) -> bool:
    """Return whether the queues have no files. What cannot be read is not empty: the code that reads it says why."""
    try:
        return not any(True for queue in queues for _found in spool.walk(queue))
    except MailopsError:
        return False


def read_nothing(job: Job[_Result]) -> Share[_Result]:
    """Return what reading empty queues gives."""
    share = Share(job.make_result(), ScanCounts())
    if job.finish is not None:
        job.finish(share.result)
    return share
