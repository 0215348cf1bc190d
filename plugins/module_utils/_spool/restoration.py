# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The transfer of messages from a quarantine back to the queue directory."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING, Collection, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import BACK, CopyBatch, RecordedCopy
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import FileTarget, Transfer, find_inodes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transit_directory import STAGING, TransitDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

# The depths of hash directories that are searched for a log. The first is that of messages that were moved one by one.
_DEPTHS = range(5)
# The mail owner may put a file or link where the directory of a log must be. The message moves without its log then.
_IN_THE_WAY = frozenset((errno.ENOTDIR, errno.ELOOP, errno.EISDIR))


class Restoration(Transfer):
    """A transfer back to Postfix. The logs go just before their message, because Postfix may read it at once."""

    way = BACK

    def __init__(self, quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, moved: MoveResult) -> None:
        staging = TransitDirectory(postfix_queues.tree, quarantine.pid_path(STAGING), quarantine.private)
        super().__init__(quarantine, postfix_queues, moved, staging)
        self._logs: Mapping[str, set[str]] | None = None
        self._taken: set[str] | None = None

    @property
    def source(self) -> Spool:
        return self.quarantine.spool

    def final_name(self, queue_id: str, inode: int) -> str:
        return self.postfix_queues.fitted_id(queue_id, inode)

    def file_target(self, queue: str, name: str) -> FileTarget:
        return FileTarget(self.postfix_queues.directory(queue, name), name)

    def transit_directories(self) -> Sequence[TransitDirectory]:
        return (self._staging,)

    def _put_in_place(self, name: str, directory: int, target: FileTarget, queue_id: str) -> None:
        # No other file can get one of these names later: the name contains the number of an inode that is in use.
        if self._taken is None:
            self._taken = self.postfix_queues.queue_ids()
        if target.name in self._taken:
            self.moved.collisions.add(queue_id)
            return
        if self._logs is None:
            self._logs = {log: {found.name for found in self.source.walk(log)} for log in LOGS}
        try:
            for log in LOGS:
                if queue_id in self._logs[log]:
                    self.moved.in_transit.add("%s/%s" % (log, target.name))
                    self.give_log(log, queue_id, target.name)
            super()._put_in_place(name, directory, target, queue_id)
        except (OSError, MailopsError):
            self._return_logs({target.name: queue_id})
            raise
        if queue_id in self.moved.collisions:
            self._return_logs({target.name: queue_id})
        self._forget_logs([target.name])

    def _return_logs(self, queue_ids: Mapping[str, str]) -> None:
        Intake(self.quarantine, self.postfix_queues, self.moved).take_logs(queue_ids, replace=False)
        self._forget_logs(queue_ids)

    def _forget_logs(self, names: Iterable[str]) -> None:
        """Note that the logs of these names are at their targets or back."""
        self.moved.in_transit.difference_update("%s/%s" % (log, name) for log in LOGS for name in names)

    def _place_batch(self, batch: CopyBatch) -> None:
        done, undone = [], []
        for entry in batch.entries:
            self._trim()
            try:
                target = self.file_target(entry.queue, entry.name)
                self._put_in_place(entry.staged, self._staging.open(), target, entry.queue_id)
            except OSError as error:
                self.moved.failed[entry.queue_id] = reason_of(error)
            if entry.queue_id in self.moved.done:
                done.append(entry)
            elif moves.inode_of(entry.queue_id, batch.directory(entry)) == entry.original:
                undone.append(entry)
        # The record comes before the removals: without it, the next run could not know that a copy which is gone was delivered.
        self._record_placed(done)
        for entry in undone:
            self._remove_copy(entry)
        for entry in done:
            moves.remove_same(entry.queue_id, batch.directory(entry), entry.original)

    def recover_batch(self, entries: Sequence[RecordedCopy]) -> None:
        originals = find_inodes(self.source, {entry.queue_id: (entry.original,) for entry in entries})
        copies = find_inodes(self.postfix_queues.spool, {entry.name: (entry.copy,) for entry in entries})
        was_emptied = not self._staging.is_there()
        done, undone, uncopied = [], [], []
        for entry in entries:
            has_original = (entry.queue_id, entry.original) in originals
            if (entry.name, entry.copy) in copies:
                self.moved.put(entry.queue_id, entry.name)
                done.append(entry)
            elif not was_emptied and moves.inode_of(entry.staged, self._staging.open()) == entry.copy:
                if has_original:
                    undone.append(entry)
                else:
                    self._finish(entry)
            elif has_original:
                uncopied.append(entry)
                (self.moved.removed_copies if was_emptied else self.moved.uncertain).add(entry.queue_id)
        back = [*undone, *uncopied]
        taken = self.postfix_queues.queue_ids() if back else set()
        # A later attempt makes another copy, with another name: only this record says whose logs have this name.
        self._return_logs({entry.name: entry.queue_id for entry in back if entry.name not in taken})
        self._record_placed(done)
        for entry in undone:
            self._remove_copy(entry)
        self.remove_originals(done)

    def _finish(self, entry: RecordedCopy) -> None:
        """Move a copy whose original is gone to its target. If that fails, it stays in staging."""
        with suppress(OSError):
            self._put_in_place(
                entry.staged, self._staging.open(), self.file_target(entry.queue, entry.name), entry.queue_id
            )

    def remove_originals(self, entries: Collection[RecordedCopy]) -> None:
        wanted = {entry.queue_id: entry.original for entry in entries}
        for queue in LISTED_QUEUES if wanted else ():
            for found in self.source.walk(queue):
                if found.name in wanted:
                    moves.remove_same(found.name, found.directory, wanted[found.name])

    def give_log(self, log: str, queue_id: str, name: str) -> None:
        """Move a message's log, if it has one. name: the queue ID that the message has in the queue. Raises OSError."""
        # Messages that were moved one by one have their logs in one directory, whole queues have them in hash directories.
        for depth in _DEPTHS:
            with suppress(FileNotFoundError):
                directory = self.quarantine.tree.directory((log + "/" + directory_for(queue_id, depth)).rstrip("/"))
                if moves.is_there(queue_id, directory):
                    self._give_log(log, queue_id, directory, name)

    def _give_log(self, log: str, queue_id: str, directory: int, name: str) -> None:
        try:
            target = FileTarget(self.postfix_queues.directory(log, name), name)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            self._note_odd(log, name)
            return
        self.move_log(log, queue_id, directory, target)
