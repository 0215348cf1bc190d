# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The messages that a run leaves alone, before it acts and afterwards, to show that they stayed as they were.

A message is the same if its queue ID, its inode and its size are. Postfix moves a message by rename(2), which keeps all three
(src/global/mail_queue.c). When a recipient is done it overwrites one byte in place (src/global/deliver_completed.c), and the time of a file
in deferred is that of the next try (src/qmgr/qmgr_active.c): so neither content nor time can be compared.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, Container, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool

# A file with this bit is complete (MAIL_QUEUE_STAT_READY in src/global/mail_queue.h).
_COMPLETE = stat.S_IXUSR
# More than any file has bytes, so that inode and size make one number.
_SIZES = 1 << 48
# A message that moves to a queue that was read already is missed. So many more readings look for it.
_MORE_READINGS = 3
# Stands for the fingerprint of a message that was found again.
_SEEN = -1


class RestCounts(NamedTuple):
    """How many messages that a run left alone stayed as they were, and how many did not."""

    before: int
    """Messages before the run acted."""
    kept: int
    """Those of them that are in the queues and are the same afterwards."""
    gone: int
    """Those that are no longer there: Postfix has delivered or returned them, or somebody has removed them."""
    changed: int
    """Those whose queue ID belongs to another file, or to one of another size."""
    new: int
    """Messages that have arrived since."""


class Rest:
    """The messages of some queues but those that a run acts on, as they are when it is made."""

    def __init__(self, spool: Spool, queues: Sequence[str], acted_on: Container[str]) -> None:
        """Read the queues. acted_on: queue IDs that do not count. Raises MailopsError if a queue cannot be read."""
        self._spool = spool
        self._queues = queues
        self._acted_on = acted_on
        # About 170 bytes for each message; a selected message takes more.
        self._fingerprints = dict(self._read())

    def compare(self) -> RestCounts:
        """Read the queues again and return what became of the messages. Call it once. Raises MailopsError."""
        known = self._fingerprints
        new: set[str] = set()
        same = [0, 0]
        for name, fingerprint in self._read():
            if name not in known:
                new.add(name)
            elif known[name] != _SEEN:
                same[known[name] == fingerprint] += 1
                known[name] = _SEEN
        missing = {name for name, fingerprint in known.items() if fingerprint != _SEEN}
        for _reading in range(_MORE_READINGS if missing else 0):
            for name, fingerprint in self._read(missing):
                missing.discard(name)
                same[known[name] == fingerprint] += 1
        return RestCounts(len(known), same[True], len(missing), same[False], len(new))

    def _read(self, wanted: Container[str] | None = None) -> Iterator[tuple[str, int]]:
        """Yield the queue ID and the fingerprint of each complete message. wanted: look at these queue IDs only."""
        for queue in self._queues:
            for found in self._spool.walk(queue):
                if found.name in self._acted_on or (wanted is not None and found.name not in wanted):
                    continue
                fingerprint = _fingerprint_of(found) if is_valid(found.name) else None
                if fingerprint is not None:
                    yield found.name, fingerprint


def _fingerprint_of(found: QueueEntry) -> int | None:
    """Return inode and size of a file as one number, None if it is gone, is no regular file, or is still being written."""
    try:
        status = os.stat(found.name, dir_fd=found.directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode) or not status.st_mode & _COMPLETE:
        return None
    return status.st_ino * _SIZES + status.st_size
