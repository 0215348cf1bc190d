# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Reading whole queues: each file once, in several processes for large queues, with a collector for the results."""

from __future__ import annotations

import errno
import gc
import signal
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Iterator, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, PatternTimeout, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Gap, Job, ScanCounts, Share
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import in_shares, worth_processes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.read_ahead import ReadAhead

if TYPE_CHECKING:
    from types import FrameType

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import Mergeable

_Result = TypeVar("_Result", bound="Mergeable")

# Errors of open(2) for a link, a directory or a socket, and of open_quickly() for other types that are no regular file.
_NOT_A_FILE = frozenset((errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EINVAL))
# The user CPU time that the patterns may take on one message. If they take longer on a small message, of up to SMALL_MESSAGE bytes,
# the patterns are too slow; on a larger one, the message may be the cause. After SLOW_MESSAGES of these, messages of their size are
# not matched any more.
PATTERN_SECONDS = 5.0
SMALL_MESSAGE = 16 << 10
SLOW_MESSAGES = 10
_TOO_MANY = "the patterns took too long on other messages of its size"
_TICKS = 5
_OUR_MODULES = __name__.rpartition("._spool.")[0] + "."
_MATCHING_MODULES = tuple(
    _OUR_MODULES + name
    for name in (
        "_selection.patterns",
        "_selection.pattern_forms",
        "_selection.criteria",
        "_summary.candidates",
        "_suggestions.traits",
        "_suggestions.suggestion",
    )
)


def scan(spool: Spool, job: Job[_Result], *, processes: int | None = None) -> Share[_Result]:
    """Read the job's queues, each file once, and return the result of all and the counts.

    processes: the number to use, by default that of worth_processes(). Raises MailopsError if a queue cannot be read or a pattern
    takes too long.
    """
    number = worth_processes(spool, job.queues) if processes is None else processes
    return in_shares(partial(_read, spool, job), number)


def _read(spool: Spool, job: Job[_Result], index: int, number: int) -> Share[_Result]:
    """Read the files of one share (see Spool.walk())."""
    share = Share(job.make_result(), ScanCounts())
    ahead = ReadAhead(spool, number=number, wanted=job.wanted, keeps_open=not job.changes_files)
    with PatternWatch() as watch, _no_garbage_collection(), ahead:
        order = ahead.order if spool.reads_ahead else None
        for queue in job.queues:
            unreadable = None if job.note_gap is None else partial(_note_directory, share, job)
            try:
                for found in spool.walk(queue, share=(index, number), unreadable=unreadable, order=order):
                    watch.queue_id = found.name
                    _visit(spool, found, job, share, watch)
            except SystemRefusal as error:
                if unreadable is None:
                    raise
                unreadable(queue, error.error)
        if job.finish is not None:
            job.finish(share.result)
    return share


def _note_directory(share: Share[_Result], job: Job[_Result], path: str, error: OSError) -> None:
    """Keep a directory that could not be read."""
    share.note(Gap(path, "", None, str(SystemRefusal("It cannot be read", error))), job)


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """Stop Python's search for reference cycles: reading makes none, and the search takes longer the more is kept."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _visit(spool: Spool, found: QueueEntry, job: Job[_Result], share: Share[_Result], watch: PatternWatch) -> None:
    """Call the job's visit for a file, or count why it is left out."""
    counts = share.counts
    if not is_valid(found.name):
        counts.not_files += 1
        return
    if job.wanted is not None and not job.wanted(found.name):
        job.pass_over(found, False, share.result)
        return
    try:
        message = SpoolMessage(spool, found)
    except FileNotFoundError:
        counts.vanished += 1
        return
    except OSError as error:
        if error.errno in _NOT_A_FILE:
            counts.not_files += 1
        else:
            counts.unreadable += 1
            share.note(Gap(found.queue, found.name, None, str(SystemRefusal("It cannot be opened", error))), job)
        return
    counts.files += 1
    try:
        exempt = found.queue == "corrupt"  # its files are there because they are damaged
        if not message.ready and not job.any_mode and not exempt:
            counts.incomplete += 1
            job.pass_over(found, True, share.result)
            return
        watch.message = message
        if watch.ceiling is not None and message.status.st_size >= watch.ceiling:
            message.withhold_content(_TOO_MANY)
        job.visit(message, share.result)
        if message.damaged and not exempt:
            counts.unparsed += 1
            share.keep(Gap(found.queue, found.name, message.status.st_size, message.problem or "damaged"))
    except ContentError as error:
        counts.unreadable += 1
        share.note(Gap(found.queue, found.name, message.status.st_size, "cannot be read: %s" % error), job)
    finally:
        message.close()


class PatternWatch:
    """Stops patterns that take too long on one message: Python's re looks for signals while it matches.

    Only the time of matching counts; the time of reading and decoding is limited by the amount that is read. On a small message the
    pattern is too slow, and PatternTimeout ends the run. On a larger one the cause may be the text, which anybody can send:
    ContentError stops the pattern, and the message is undecided. When such messages have taken too long together, messages of their
    size are not matched any more (ceiling).
    """

    def __init__(self) -> None:
        self.queue_id = ""
        self.message: SpoolMessage | None = None
        """The current message, if it is a queue file."""
        self.ceiling: int | None = None
        """Content of messages of at least this size, in bytes, is not matched any more."""
        self._seen = ""
        self._ticks = 0
        self._slow_ticks = 0
        self._smallest = 0

    def __enter__(self) -> PatternWatch:
        # Virtual time does not run while the process waits for a core.
        signal.signal(signal.SIGVTALRM, self._tick)
        signal.setitimer(signal.ITIMER_VIRTUAL, PATTERN_SECONDS / _TICKS, PATTERN_SECONDS / _TICKS)
        return self

    def __exit__(self, *_exc: object) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL)

    def _tick(self, _signal: int, frame: FrameType | None) -> None:
        if self.queue_id != self._seen:
            self._seen = self.queue_id
            self._ticks = 0
        elif _is_matching(frame):
            self._ticks += 1
            self._take_note()
            if self._ticks >= _TICKS:
                self._stop()

    def _file(self) -> SpoolMessage | None:
        """Return the queue file that is being matched, None if it is no queue file."""
        return self.message if self.message is not None and self.message.queue_id == self.queue_id else None

    def _take_note(self) -> None:
        """Add up the time that large messages take, and set the ceiling."""
        message = self._file()
        if message is None or message.status.st_size <= SMALL_MESSAGE:
            return
        size = message.status.st_size
        self._slow_ticks += 1
        self._smallest = min(self._smallest or size, size)
        if self._slow_ticks >= _TICKS * SLOW_MESSAGES:
            self.ceiling = self._smallest

    def _stop(self) -> None:
        """Stop the patterns. Raises PatternTimeout or ContentError."""
        message = self._file()
        if message is None or message.status.st_size <= SMALL_MESSAGE:
            raise PatternTimeout(queue_id=self.queue_id, seconds=PATTERN_SECONDS)
        problem = "the patterns took more than %g seconds" % PATTERN_SECONDS
        message.withhold_content(problem)
        message.problem = message.problem or problem
        raise ContentError(problem)


def _is_matching(frame: FrameType | None) -> bool:
    """Return whether the innermost of our own functions is one that matches patterns."""
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.startswith(_OUR_MODULES):
            return name.startswith(_MATCHING_MODULES)
        frame = frame.f_back
    return False
