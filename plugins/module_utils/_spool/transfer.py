# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moving messages between a queue directory and a quarantine. Each is in exactly one place, whatever interrupts the move.

On one filesystem a message moves by one rename, so it is in the queue or in the quarantine. Its logs move while it is in the
quarantine: after the message on the way in, before it on the way back.

Between filesystems messages are copied, in batches. The directories on the way belong to one quarantine: their names contain the
quarantine's ID. The journal records each copy (its inode number and final name, and the inode number of its original) before the
next step, and records it again when it is at its target. Only then is the original removed.

Out of the queue directory:

1. Copies are written to C(staging) in the quarantine and synced.
2. The journal records the copies.
3. Each original is renamed into C(limbo) in pid/, which Postfix does not read.
4. Each copy is renamed to its target in the quarantine.
5. The directories are synced, and the journal records the copies that are at their targets.
6. The originals in C(limbo) are removed.

Back into the queue directory the originals need no limbo, because nobody else takes files out of a quarantine: the copies are in
C(staging) in pid/, and the originals stay in the quarantine until step 5 is done.

The next run finishes or undoes an interrupted one. It decides by files that it finds, never by files that are missing: an original
is removed only if its copy was recorded at its target, and a copy is removed only if its original is found where it belongs. If the
files prove neither, they stay, and the result names them.

intake.py and restoration.py are the two directions, transfer_recovery.py is what the next run does."""

from __future__ import annotations

import errno
import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import (
    COPIED,
    PLACED,
    CopyBatch,
    RecordedCopy,
    parse_staged_name,
    staged_name,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transit_directory import TransitDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

# Errors that every other message would meet, too.
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS))


class FileTarget(NamedTuple):
    """Where a file must go: an open directory, and the name in it."""

    directory: int
    name: str


class Transfer(ABC):
    """One direction of a transfer: from a spool to file_target(), through staging if that is on another filesystem."""

    way: str

    def __init__(
        self,
        quarantine: QuarantineDirectory,
        postfix_queues: QueueDirectory,
        moved: MoveResult,
        staging: TransitDirectory,
    ) -> None:
        self.quarantine = quarantine
        self.postfix_queues = postfix_queues
        self.moved = moved
        self._staging = staging
        self._crossing = quarantine.is_elsewhere(postfix_queues)

    @property
    @abstractmethod
    def source(self) -> Spool:
        """The spool that the messages are taken from."""

    @abstractmethod
    def final_name(self, queue_id: str, inode: int) -> str:
        """Return the name that a message will have at its target."""

    @abstractmethod
    def file_target(self, queue: str, name: str) -> FileTarget:
        """Return the target of a message with that final name. Raises OSError."""

    @abstractmethod
    def transit_directories(self) -> Sequence[TransitDirectory]:
        """Return the directories that exist only during a transfer."""

    @abstractmethod
    def _place_batch(self, batch: CopyBatch) -> None:
        """Move recorded copies to their targets, and remove their originals. Raises OSError and QuarantineError."""

    # --- the messages -------------------------------------------------------------------------------------------

    def transfer(self, wanted: Mapping[str, Move]) -> None:
        """Move the wanted messages that are found. Raises OSError and QuarantineError; then recover() notes where each one is."""
        batch = CopyBatch()
        try:
            for found, move in self._walk(wanted):
                self._move_or_copy(found, move, batch)
                if batch.is_full():
                    self._record_batch(batch)
            self._record_batch(batch)
        finally:
            batch.clear()
        self.close()

    def close(self) -> None:
        """Remove the directories that exist only during a transfer, if they are empty."""
        for directory in self.transit_directories():
            directory.remove_empty()

    def is_finished(self) -> bool:
        """Return whether no transfer is unfinished."""
        return not any(directory.is_there() for directory in self.transit_directories())

    def _walk(self, wanted: Mapping[str, Move]) -> Iterator[tuple[QueueEntry, Move]]:
        for queue in sorted({move.source for move in wanted.values()}):
            for found in self.source.walk(queue):
                move = wanted.get(found.name)
                if move is not None and move.source == queue and moves.inode_of(found.name, found.directory):
                    self._trim()
                    yield found, move

    def _trim(self) -> None:
        self.postfix_queues.tree.trim()
        self.quarantine.tree.trim()

    def _move_or_copy(self, found: QueueEntry, move: Move, batch: CopyBatch) -> None:
        """Move one message, or note why it stays. Raises OSError if no other message could be moved either."""
        try:
            if not self._crossing:
                self._crossing = not self._move(found, move)
            if self._crossing:
                self._copy(found, move, batch)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            # Otherwise somebody has moved or removed it meanwhile.
            if error.errno != errno.ENOENT or moves.inode_of(found.name, found.directory):
                self.moved.failed[found.name] = reason_of(error)

    def _move(self, found: QueueEntry, move: Move) -> bool:
        """Rename a message to its target, and return whether that is on the same filesystem. Raises OSError."""
        name = self.final_name(found.name, moves.inode_of(found.name, found.directory))
        try:
            self._put_in_place(found.name, found.directory, self.file_target(move.queue, name), found.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return False
        return True

    def _put_in_place(self, name: str, directory: int, target: FileTarget, queue_id: str) -> None:
        """Rename a message to its target, or note that the name is taken. Raises OSError."""
        try:
            moves.rename(name, target.name, source_dir=directory, target_dir=target.directory)
        except FileExistsError:
            self.moved.collisions.add(queue_id)
        else:
            self.moved.put(queue_id, target.name)
            self.moved.copies.discard(name)

    def _copy(self, found: QueueEntry, move: Move, batch: CopyBatch) -> None:
        """Write a copy to staging. Raises OSError."""
        staged = staged_name(move, found.name)
        try:
            copy = moves.copy(found.name, staged, source_dir=found.directory, target_dir=self._staging.open())
        except FileExistsError:
            # An earlier copy could be neither finished nor undone.
            self.moved.collisions.add(found.name)
            return
        except moves.LeftBehindError:
            self.moved.copies.add(staged)
            raise
        self.moved.copies.add(staged)
        name = self.final_name(found.name, copy.inode)
        entry = RecordedCopy(found.name, move.source, move.queue, copy.original, copy.inode, name)
        batch.add(entry, found.directory, copy.size)

    def _record_batch(self, batch: CopyBatch) -> None:
        if batch.entries:
            os.fsync(self._staging.open())
            self.quarantine.write(COPIED, way=self.way, files=[str(entry) for entry in batch.entries])
            self._place_batch(batch)
        batch.clear()

    def _sync(self) -> None:
        self.postfix_queues.tree.sync()
        self.quarantine.tree.sync()

    def _record_placed(self, entries: Iterable[RecordedCopy]) -> None:
        self._sync()
        self.quarantine.write(PLACED, way=self.way, ids=sorted(entry.queue_id for entry in entries))

    def _remove_copy(self, entry: RecordedCopy) -> None:
        """Remove a copy from staging, after its original was found where it belongs. Raises OSError."""
        moves.remove_same(entry.staged, self._staging.open(), entry.copy)
        self.moved.copies.discard(entry.staged)

    # --- logs ---------------------------------------------------------------------------------------------------

    def move_log(self, log: str, name: str, directory: int, target: FileTarget) -> None:
        """Move a log. If its name is taken at the target, that log stays and this one is removed. Raises OSError.

        If it is no regular file, it stays, and the result names it.
        """
        if not moves.inode_of(name, directory):
            self._note_odd(log, name)
            return
        try:
            self._rename_or_copy_log(log, name, directory, target)
        except OSError as error:
            # The message moves even if its log does not.
            if error.errno in _NO_ROOM:
                raise
            # Otherwise Postfix has removed it.
            if error.errno != errno.ENOENT or moves.inode_of(name, directory):
                self._note_odd(log, name)

    def _rename_or_copy_log(self, log: str, name: str, directory: int, target: FileTarget) -> None:
        try:
            moves.rename(name, target.name, source_dir=directory, target_dir=target.directory)
            return
        except FileExistsError:
            if not moves.inode_of(target.name, target.directory):
                self._note_odd(log, target.name)
                return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_log(staged_name(Move(log, log), name), name, directory, target)
        moves.remove(name, directory)

    def _note_odd(self, log: str, name: str) -> None:
        path = "%s/%s" % (log, name)
        if path not in self.moved.stuck_logs:
            self.moved.stuck_logs.append(path)

    def _copy_log(self, staged: str, name: str, directory: int, target: FileTarget) -> None:
        staging = self._staging.open()
        moves.remove(staged, staging)
        moves.copy(name, staged, source_dir=directory, target_dir=staging)
        try:
            moves.rename(staged, target.name, source_dir=staging, target_dir=target.directory)
        except FileExistsError:
            moves.remove(staged, staging)

    # --- recovery -----------------------------------------------------------------------------------------------

    @abstractmethod
    def recover_batch(self, entries: Sequence[RecordedCopy]) -> None:
        """Finish or undo recorded copies that were not recorded at their targets. Raises OSError and QuarantineError."""

    @abstractmethod
    def remove_originals(self, entries: Collection[RecordedCopy]) -> None:
        """Remove the originals of copies that were recorded at their targets. Raises OSError."""

    def recover_unrecorded(self) -> None:
        """Remove copies that no record names if their originals are found, then the empty directories. Raises OSError.

        No original is moved before its copy is recorded, so the original of such a copy is in its queue.
        """
        staged = {name: parse_staged_name(name) for name in self._staging.names()}
        wanted = {parsed[1] for parsed in staged.values() if parsed}
        seen = {found.name for queue in LISTED_QUEUES for found in self.source.walk(queue) if found.name in wanted}
        for name, parsed in staged.items():
            if parsed and (parsed[0].source in LOGS or parsed[1] in seen):
                moves.remove(name, self._staging.open())
                self.moved.copies.discard(name)
            else:
                self._note_leftover(self._staging, name)
        self.close()

    def _note_leftover(self, directory: TransitDirectory, name: str) -> None:
        path = "%s/%s" % (directory, name)
        if path not in self.moved.leftovers:
            self.moved.leftovers.append(path)


def find_inodes(spool: Spool, inodes: Mapping[str, Collection[int]]) -> set[tuple[str, int]]:
    """Return which files of these names and inode numbers are in any queue. inodes: by name. Raises OSError and MailopsError.

    It reads the queues twice, because a message may move meanwhile."""
    seen = set()
    for _pass in range(2):
        for queue in LISTED_QUEUES:
            for found in spool.walk(queue):
                wanted = inodes.get(found.name)
                if wanted is not None:
                    inode = moves.inode_of(found.name, found.directory)
                    if inode in wanted:
                        seen.add((found.name, inode))
    return seen
