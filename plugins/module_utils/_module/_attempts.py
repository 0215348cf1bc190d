# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What became of messages after a delivery attempt, found in the queues and in the mail log.

A message that left the queue was delivered or returned, and a message that was requeued has a new queue ID. Only the mail log says so.
Its lines are untrusted. read_event() takes a value only from where Postfix itself writes it.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Container, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event, Noticed, PickedUp
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_tail import LogTail
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

_POLL_SECONDS = 0.5
ENDS = ("left", "bounced", "deferred", "pending", "unknown")

# Of the lines of a log, most are of other programs.
_PROGRAMS = (b"/bounce[", b"/pickup[")
_RETURNED = b"sender non-delivery notification"


@dataclass
class Attempts:
    """What is known so far about delivery attempts."""

    changed_at: Mapping[str, int]
    """{queue ID: the ctime that the file has in deferred until it is tried}; then it has a later one there, or is gone."""
    requeued: frozenset[str]
    """The messages that get a new queue ID."""
    log: LogTail | None
    renamed: dict[str, str] = field(default_factory=dict)
    """The new queue ID of requeued messages, by the old one."""
    returned: set[str] = field(default_factory=set)
    """Queue IDs of messages that were returned to their sender."""
    _new_names: set[str] = field(default_factory=set)

    def wait(self, spool: Spool, seconds: float) -> dict[str, int | None]:
        """Wait until all messages were tried, at most so long. Return how many had each end, None for what cannot be known."""
        deadline = time.monotonic() + seconds
        ends = self._find_ends(spool)
        while "pending" in ends.values() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            ends = self._find_ends(spool)
        # The log may be written a moment later than the queue (postlogd(8) is a process of its own).
        time.sleep(_POLL_SECONDS if self.log else 0)
        counted = Counter(self._find_ends(spool).values())
        shown: dict[str, int | None] = {end: counted[end] for end in ENDS}
        if self.log is None:
            shown["bounced"] = None
        return shown

    def _find_ends(self, spool: Spool) -> dict[str, str]:
        # The queues come first: if a message has left them, the log has its line by then.
        names = {self.renamed.get(queue_id, queue_id) for queue_id in self.changed_at}
        times = _find_change_times(spool, names)
        # A message that moves to a queue that was read already is missed once, but not twice in a row.
        times.update(_find_change_times(spool, names.difference(times)))
        self._read_log()
        return {queue_id: self._end_of(queue_id, times) for queue_id in self.changed_at}

    def _end_of(self, queue_id: str, times: Mapping[str, int | None]) -> str:
        name = self.renamed.get(queue_id, queue_id)
        if queue_id in self.requeued and name == queue_id:
            return "unknown" if self.log is None and queue_id not in times else "pending"
        if name not in times:
            return "bounced" if name in self.returned else "left"
        changed_at = times[name]
        is_tried = changed_at is not None and (queue_id in self.requeued or changed_at != self.changed_at[queue_id])
        return "deferred" if is_tried else "pending"

    def _read_log(self) -> None:
        """Note what the log says since it was read last. It is long, and nothing is kept of most of it."""
        clock = Clock(time.time())
        for text in self.log.lines() if self.log else ():
            if any(program in text for program in _PROGRAMS):
                line = parse_line(text, clock)
                self._note(None if line is None else read_event(line))

    def _note(self, event: Event | None) -> None:
        """Note that a message was requeued or returned."""
        if isinstance(event, PickedUp) and event.original_queue_id is not None:
            old = event.original_queue_id.decode("ascii")
            if old in self.requeued:
                self.renamed[old] = event.queue_id.decode("ascii")
                self._new_names.add(self.renamed[old])
        elif isinstance(event, Noticed) and event.kind == _RETURNED:
            name = event.queue_id.decode("ascii")
            if name in self.changed_at or name in self._new_names:
                self.returned.add(name)


def _find_change_times(spool: Spool, names: Container[str]) -> dict[str, int | None]:
    """Return the ctime of each message in deferred, None for those in other queues. A message in no queue is left out."""
    times: dict[str, int | None] = {}
    for queue in LISTED_QUEUES:
        for entry in spool.walk(queue):
            if entry.name not in names:
                continue
            try:
                status = os.stat(entry.name, dir_fd=entry.directory, follow_symlinks=False)
            except FileNotFoundError:
                continue
            times[entry.name] = status.st_ctime_ns if queue == "deferred" else None
    return times
