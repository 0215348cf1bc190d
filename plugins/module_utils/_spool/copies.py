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

# The records about a batch of copies: when the copies are written, and when they are at their targets.
COPIED = "copied"
PLACED = "placed"
# The directions in these records: into the quarantine, and back to Postfix.
OUT = "out"
BACK = "back"
# The limits of a batch. It is on disk twice, so a small batch needs little room.
_BATCH_MESSAGES = 200
_BATCH_BYTES = 64 << 20
_BATCH_DIRECTORIES = 32


class RecordedCopy(NamedTuple):
    """A message with a copy on the other filesystem: the inode numbers of both, and the final name of the copy."""

    queue_id: str
    source: str
    queue: str
    original: int
    copy: int
    name: str

    def __str__(self) -> str:
        """Return its text in the journal."""
        return " ".join(map(str, tuple(self)))

    @classmethod
    def parse(cls, text: str) -> RecordedCopy:
        """Return the copy that a text in the journal describes. Raises ValueError for any other text."""
        queue_id, source, queue, original, copy, name = text.split(" ")
        if not (is_valid(queue_id) and is_valid(name) and source in LISTED_QUEUES and queue in LISTED_QUEUES):
            raise ValueError(text)
        return cls(queue_id, source, queue, int(original), int(copy), name)

    @property
    def staged(self) -> str:
        """The name of the copy in staging and of the original in limbo."""
        return staged_name(Move(self.source, self.queue), self.queue_id)


class CopyBatch:
    """Copies that are written, with the open directories of their originals."""

    entries: list[RecordedCopy]

    def __init__(self) -> None:
        self._directories: dict[tuple[int, int], int] = {}
        self.clear()

    def add(self, entry: RecordedCopy, directory: int, size: int) -> None:
        """Add a copy. directory: the open directory of its original; the caller may close it afterwards."""
        status = os.fstat(directory)
        key = (status.st_dev, status.st_ino)
        if key not in self._directories:
            self._directories[key] = os.dup(directory)
        self.entries.append(entry)
        self._places[entry.queue_id] = self._directories[key]
        self._size += size

    def is_full(self) -> bool:
        """Return whether the batch has reached a limit."""
        return (
            len(self.entries) >= _BATCH_MESSAGES
            or self._size >= _BATCH_BYTES
            or len(self._directories) >= _BATCH_DIRECTORIES
        )

    def directory(self, entry: RecordedCopy) -> int:
        """Return the open directory of an original."""
        return self._places[entry.queue_id]

    def clear(self) -> None:
        """Remove all copies, and close the directories."""
        for descriptor in self._directories.values():
            os.close(descriptor)
        self.entries = []
        self._size = 0
        self._directories = {}
        self._places: dict[str, int] = {}


def last_batch(records: Sequence[Record]) -> tuple[Record | None, Record | None]:
    """Return the record of the last batch if it may be unfinished, and the record that its copies are at their targets."""
    placed = None
    for record in reversed(records):
        if record["op"] == COPIED:
            return (record if record["way"] in (OUT, BACK) else None), placed
        if record["op"] != PLACED:
            break
        placed = record
    return None, None


def parse_batch(batch: Record, path: str) -> list[RecordedCopy]:
    """Return the copies of a batch. path: of the quarantine. Raises QuarantineError for a record that cannot be read."""
    try:
        return [RecordedCopy.parse(text) for text in batch["files"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise QuarantineError(
            "The journal of %s has a record of copies that cannot be read. Its messages stay where they are. Look at the directory, "
            "and move it to another place." % path
        ) from None


def staged_name(move: Move, queue_id: str) -> str:
    """Return the name of a file in staging or limbo. Its parts are separated by dots, which a queue ID never has."""
    return ".".join((*move, queue_id))


def parse_staged_name(name: str) -> tuple[Move, str] | None:
    """Return the move and the queue ID in the name of a file in staging or limbo, None for any other name."""
    parts = name.split(".")
    if len(parts) != 3 or not {*parts[:2]}.issubset((*LISTED_QUEUES, *LOGS)) or not is_valid(parts[2]):
        return None
    return Move(parts[0], parts[1]), parts[2]
