# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The transfer of messages from the queue directory into a quarantine."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Collection, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import (
    OUT,
    CopyBatch,
    RecordedCopy,
    parse_staged_name,
    staged_name,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import FileTarget, Transfer, find_inodes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transit_directory import (
    LIMBO,
    STAGING,
    TransitDirectory,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory


class Intake(Transfer):
    """A transfer into the quarantine. The logs follow the messages."""

    way = OUT

    def __init__(self, quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, moved: MoveResult) -> None:
        super().__init__(
            quarantine, postfix_queues, moved, TransitDirectory(quarantine.tree, STAGING, quarantine.private)
        )
        self._limbo = TransitDirectory(postfix_queues.tree, quarantine.pid_path(LIMBO), quarantine.private)

    @property
    def source(self) -> Spool:
        return self.postfix_queues.spool

    def final_name(self, queue_id: str, inode: int) -> str:  # noqa: ARG002  a name in a quarantine need not fit its inode
        return queue_id

    def file_target(self, queue: str, name: str) -> FileTarget:
        return FileTarget(self.quarantine.tree.directory(queue, self.quarantine.private), name)

    def transit_directories(self) -> Sequence[TransitDirectory]:
        return (self._staging, self._limbo)

    def _place_batch(self, batch: CopyBatch) -> None:
        limbo = self._limbo.open()
        for entry in batch.entries:
            directory = batch.directory(entry)
            try:
                if moves.inode_of(entry.queue_id, directory) == entry.original:
                    moves.rename(entry.queue_id, entry.staged, source_dir=directory, target_dir=limbo)
                    self.moved.in_transit.add(entry.queue_id)
            except OSError as error:
                if error.errno != errno.ENOENT or moves.inode_of(entry.queue_id, directory):
                    self.moved.failed[entry.queue_id] = reason_of(error)
        self.recover_batch(batch.entries)

    def recover_batch(self, entries: Sequence[RecordedCopy]) -> None:
        # After a power loss an original must not be back in the queue if its copy is at its target.
        if self._limbo.is_there():
            os.fsync(self._limbo.open())
        seen: set[tuple[str, int]] | None = None
        done = []
        for entry in entries:
            self._trim()
            if self._limbo.is_there() and moves.inode_of(entry.staged, self._limbo.open()) == entry.original:
                if self._place_or_put_back(entry):
                    done.append(entry)
                continue
            if seen is None:
                seen = find_inodes(self.postfix_queues.spool, {entry.queue_id: (entry.original,) for entry in entries})
            if self._decide_without_original(entry, is_seen=(entry.queue_id, entry.original) in seen):
                done.append(entry)
        self._record_placed(done)
        self.remove_originals(done)

    def _place_or_put_back(self, entry: RecordedCopy) -> bool:
        """Move the copy of an original in limbo to its target, and return whether it is there. If not, put the original back."""
        target = self.file_target(entry.queue, entry.name)
        if moves.inode_of(target.name, target.directory) == entry.copy:
            self.moved.put(entry.queue_id, entry.name)
            return True
        if self._is_staged(entry):
            try:
                self._put_in_place(entry.staged, self._staging.open(), target, entry.queue_id)
            except OSError as error:
                self.moved.failed[entry.queue_id] = reason_of(error)
            if entry.queue_id in self.moved.done:
                return True
        if self._put_back(Move(entry.source, entry.queue), entry.queue_id) and self._is_staged(entry):
            self._remove_copy(entry)
        return False

    def _put_back(self, move: Move, queue_id: str) -> bool:
        """Put an original back where it was, and return whether it is there. Raises OSError.

        If its name is taken there, it stays in limbo, and the result names it.
        """
        staged = staged_name(move, queue_id)
        directory = self.postfix_queues.directory(move.source, queue_id)
        try:
            moves.rename(staged, queue_id, source_dir=self._limbo.open(), target_dir=directory)
        except FileExistsError:
            self._note_leftover(self._limbo, staged)
            return False
        self.moved.in_transit.discard(queue_id)
        return True

    def _decide_without_original(self, entry: RecordedCopy, *, is_seen: bool) -> bool:
        """Finish or undo a copy whose original is not in limbo, and return whether the copy is at its target. Raises OSError."""
        target = self.file_target(entry.queue, entry.name)
        is_placed = moves.inode_of(target.name, target.directory) == entry.copy
        if is_seen:
            if is_placed:
                moves.remove_same(target.name, target.directory, entry.copy)
                self.moved.done.pop(entry.queue_id, None)
            elif self._is_staged(entry):
                self._remove_copy(entry)
            return False
        if not is_placed and self._is_staged(entry):
            self._put_in_place(entry.staged, self._staging.open(), target, entry.queue_id)
            is_placed = entry.queue_id in self.moved.done
        if is_placed:
            self.moved.put(entry.queue_id, entry.name)
            self.moved.duplicates.add(entry.queue_id)
        return is_placed

    def _is_staged(self, entry: RecordedCopy) -> bool:
        return self._staging.is_there() and moves.inode_of(entry.staged, self._staging.open()) == entry.copy

    def remove_originals(self, entries: Collection[RecordedCopy]) -> None:
        if self._limbo.is_there():
            for entry in entries:
                moves.remove_same(entry.staged, self._limbo.open(), entry.original)

    def recover_unrecorded(self) -> None:
        """Also put back originals that no record names, if their queue ID is free in the quarantine."""
        limbo = {name: parse_staged_name(name) for name in self._limbo.names()}
        taken = self.quarantine.present({parsed[1] for parsed in limbo.values() if parsed}) if limbo else set()
        for name, parsed in limbo.items():
            if parsed and parsed[1] not in taken and moves.inode_of(name, self._limbo.open()):
                self._put_back(*parsed)
            else:
                self._note_leftover(self._limbo, name)
        super().recover_unrecorded()

    def take_logs(self, queue_ids: Mapping[str, str], *, replace: bool) -> None:
        """Move the logs of messages that are in the quarantine. queue_ids: by the name of the log. Raises OSError.

        replace: whether to remove a log that the quarantine has already, because it is older than the message there.
        """
        if not queue_ids:
            return
        for log in LOGS:
            for found in self.postfix_queues.spool.walk(log):
                queue_id = queue_ids.get(found.name)
                if queue_id is not None:
                    self._trim()
                    target = self.file_target(log, queue_id)
                    if replace and moves.inode_of(found.name, found.directory):
                        moves.remove_same(target.name, target.directory, moves.inode_of(target.name, target.directory))
                    self.move_log(log, found.name, found.directory, target)
        self.close()
