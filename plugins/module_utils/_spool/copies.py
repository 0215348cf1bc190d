# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Copies of messages on their way between two filesystems: how the journal records them, and how they are named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record

# The records of a batch of copies: when they are written, and when they are in their places.
COPIED = "copied"
PLACED = "placed"
# In which direction the copies of a batch go, as its record has it: into the quarantine, and back to Postfix.
OUT = "out"
BACK = "back"
# A batch is that much at most: a copy of everything needs little more room than everything.
_BATCH_MESSAGES = 200
_BATCH_BYTES = 64 << 20
_BATCH_DIRECTORIES = 32


class RecordedCopy(NamedTuple):
    """A message with a copy on the other side: the inodes of both, and the name that the copy is to have."""

    queue_id: str
    source: str
    queue: str
    original: int
    copy: int
    name: str

    def __str__(self) -> str:
        """Return it as the journal has it."""
        return " ".join(map(str, tuple(self)))

    @classmethod
    def parse(cls, text: str) -> RecordedCopy:
        """Return what the journal has. Raises ValueError for what is none."""
        queue_id, source, queue, original, copy, name = text.split(" ")
        if not (is_valid(queue_id) and is_valid(name) and source in LISTED_QUEUES and queue in LISTED_QUEUES):
            raise ValueError(text)
        return cls(queue_id, source, queue, int(original), int(copy), name)

    @property
    def staged(self) -> str:
        """The name of the copy in staging and of the original in limbo."""
        return staged_name(Move(self.source, self.queue), self.queue_id)


class CopyBatch:
    """Copies that are written, and the directories that their originals are in."""

    entries: list[RecordedCopy]

    def __init__(self) -> None:
        self._directories: dict[tuple[int, int], int] = {}
        self.clear()

    def add(self, entry: RecordedCopy, directory: int, size: int) -> None:
        """Add a copy. directory: the open directory of its original, which may be closed afterwards."""
        status = os.fstat(directory)
        key = (status.st_dev, status.st_ino)
        if key not in self._directories:
            self._directories[key] = os.dup(directory)
        self.entries.append(entry)
        self._places[entry.queue_id] = self._directories[key]
        self._size += size

    def is_full(self) -> bool:
        """Return whether it is time to go on with it."""
        return (
            len(self.entries) >= _BATCH_MESSAGES
            or self._size >= _BATCH_BYTES
            or len(self._directories) >= _BATCH_DIRECTORIES
        )

    def directory(self, entry: RecordedCopy) -> int:
        """Return the open directory of the original."""
        return self._places[entry.queue_id]

    def clear(self) -> None:
        """Forget everything."""
        for descriptor in self._directories.values():
            os.close(descriptor)
        self.entries = []
        self._size = 0
        self._directories = {}
        self._places: dict[str, int] = {}


def last_batch(records: Sequence[Record]) -> tuple[Record | None, Record | None]:
    """Return the last batch of copies that may not be done with, and the record that they are in their places."""
    placed = None
    for record in reversed(records):
        if record["op"] == COPIED:
            return (record if record["way"] in (OUT, BACK) else None), placed
        if record["op"] != PLACED:
            break
        placed = record
    return None, None


def parse_batch(batch: Record, path: str) -> list[RecordedCopy]:
    """Return the copies of a batch. Raises QuarantineError for what is no batch."""
    try:
        return [RecordedCopy.parse(text) for text in batch["files"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise QuarantineError(
            "The journal of %s has a record of copies that cannot be read. Its messages are where they are: look at the directory, "
            "and move it aside if need be." % path
        ) from None


def staged_name(move: Move, queue_id: str) -> str:
    """Return the name of a file in staging and limbo; a queue ID has no dots."""
    return ".".join((*move, queue_id))


def parse_staged_name(name: str) -> tuple[Move, str] | None:
    """Return what the name of a file in staging or limbo says, None for a name of somebody else."""
    parts = name.split(".")
    if len(parts) != 3 or not {*parts[:2]}.issubset((*LISTED_QUEUES, *LOGS)) or not is_valid(parts[2]):
        return None
    return Move(parts[0], parts[1]), parts[2]
