# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What became of messages after a try: found in the queues, and in the mail log what the queues cannot tell.

A message that left the queue was delivered or returned, and nothing in the queue says which; one that was requeued has a new ID.
Of both only the mail log knows. Its lines are hostile: only those of a daemon's own are believed, for what a client or a server said
never stands before the first bracket of a line.
"""

from __future__ import annotations

import os
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Container, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.mail_log import LogTail
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

_POLL_SECONDS = 0.5
ENDS = ("left", "bounced", "deferred", "pending", "unknown")

# src/bounce/bounce_notify_service.c, bounce_notify_verp.c, bounce_one_service.c
_RETURNED = re.compile(rb"[^\[]*/bounce\[\d+\]: ([0-9A-Za-z]+): sender non-delivery notification: \w+$")
# src/pickup/pickup.c; the sender, which is hostile, stands before.
_REQUEUED = re.compile(rb"[^\[]*/pickup\[\d+\]: ([0-9A-Za-z]+): uid=\d+ from=<.*> orig_id=([0-9A-Za-z]+)$")


@dataclass
class Aftermath:
    """What became of some messages so far."""

    touched: Mapping[str, int]
    """{queue ID: the ctime that each has in deferred until it is tried}; afterwards it has a later one there, or is gone."""
    requeued: frozenset[str]
    """Those of them that get a new queue ID."""
    log: LogTail | None
    renamed: dict[str, str] = field(default_factory=dict)
    returned: set[str] = field(default_factory=set)

    def settle(self, spool: Spool, seconds: float) -> dict[str, int | None]:
        """Wait until all were tried, but no longer than that; return how many had which end, None where nothing can tell."""
        deadline = time.monotonic() + seconds
        ends = self._ends(spool)
        while "pending" in ends.values() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            ends = self._ends(spool)
        # The log may be written a moment later than the queue (postlogd(8) is a process of its own).
        time.sleep(_POLL_SECONDS if self.log else 0)
        counted = Counter(self._ends(spool).values())
        shown: dict[str, int | None] = {end: counted[end] for end in ENDS}
        if self.log is None:
            shown["bounced"] = None
        return shown

    def _ends(self, spool: Spool) -> dict[str, str]:
        # First the queues, then the log: who was seen to have left is in the log by then.
        names = {self.renamed.get(queue_id, queue_id) for queue_id in self.touched}
        standing = _standing(spool, names)
        # A message that moves to a queue that was passed already is missed once; not twice in a row.
        standing.update(_standing(spool, names.difference(standing)))
        self._read_log()
        return {queue_id: self._end(queue_id, standing) for queue_id in self.touched}

    def _end(self, queue_id: str, standing: Mapping[str, int | None]) -> str:
        name = self.renamed.get(queue_id, queue_id)
        if queue_id in self.requeued and name == queue_id:
            return "unknown" if self.log is None and queue_id not in standing else "pending"
        if name not in standing:
            return "bounced" if name in self.returned else "left"
        touched = standing[name]
        tried = touched is not None and (queue_id in self.requeued or touched != self.touched[queue_id])
        return "deferred" if tried else "pending"

    def _read_log(self) -> None:
        """Note what the log says since it was read last; it is long, and of most of it nothing is kept."""
        new_names = set(self.renamed.values())
        for line in self.log.lines() if self.log else ():
            requeued = _REQUEUED.match(line)
            if requeued:
                new, old = (part.decode("ascii") for part in requeued.groups())
                if old in self.requeued:
                    self.renamed[old] = new
                    new_names.add(new)
            returned = _RETURNED.match(line)
            if returned:
                name = returned.group(1).decode("ascii")
                if name in self.touched or name in new_names:
                    self.returned.add(name)


def _standing(spool: Spool, names: Container[str]) -> dict[str, int | None]:
    """Return the ctime of each message in deferred, None for those in other queues; what is in none is left out."""
    standing: dict[str, int | None] = {}
    for queue in LISTED_QUEUES:
        for found in spool.walk(queue):
            if found.name not in names:
                continue
            try:
                status = os.stat(found.name, dir_fd=found.directory, follow_symlinks=False)
            except FileNotFoundError:
                continue
            standing[found.name] = status.st_ctime_ns if queue == "deferred" else None
    return standing
