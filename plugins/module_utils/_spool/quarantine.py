# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Quarantines: queue files that are moved where Postfix does not read them. Each is in exactly one place at any moment.

A quarantine is a directory that only root may enter. It has the layout of a spool, so that everything that reads a spool reads it::

    postfix.quarantine/NAME/
        journal                         records of what was begun and done, by whom, and why (journal.py)
        maildrop/ incoming/ active/ deferred/ hold/     messages, by the queue that they came from
        bounce/ defer/ trace/           logs of the messages
        staging/                        only while messages come from another filesystem (transfer.py)
        fresh/                          only while whole queues are moved (queue_swap.py)

A directory is a quarantine if it has a journal. The first record has a random ID, which is in the names of the quarantine's
directories in pid/. Only what the journal proves to belong to the quarantine is ever removed (quarantine_contents.py).

Directories are synced where the order on disk matters: the intent before the first move (otherwise a power loss could leave moves
without a record), and all directories before the record that a move is done. A rename on one filesystem needs no sync: a power
loss may undo it, and in both cases the file is in one place."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Callable, Container, ContextManager, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QuarantineError, reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import (
    quarantine_recovery,
    quarantine_removal,
    queue_swap,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import DONE, ids_by_queue
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_removal import RemovalResult
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory


class Quarantine(QuarantineDirectory):
    """An open quarantine: moves into it and out of it, recovery, and deletion. Use it as a context manager."""

    def quarantine_messages(
        self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], **details: Any
    ) -> MoveResult:
        """Move messages and their logs into the quarantine. details: further fields of the record in the journal.

        Raises QuarantineError if nothing was moved; an error that ends the move later is in the result.
        """
        self.write("take", messages=ids_by_queue(wanted, "queue"), **details)
        moved = MoveResult()
        with self._recording_end(postfix_queues, wanted, moved):
            intake = Intake(self, postfix_queues, moved)
            intake.transfer(wanted)
            intake.take_logs({queue_id: queue_id for queue_id in moved.done}, replace=True)
        return moved

    def restore_messages(
        self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], **details: Any
    ) -> MoveResult:
        """Move messages and their logs back to Postfix; no file is overwritten. details, result and errors as in quarantine_messages()."""
        self.write("give", messages=ids_by_queue(wanted, "source"), **details)
        moved = MoveResult()
        with self._recording_end(postfix_queues, wanted, moved):
            Restoration(self, postfix_queues, moved).transfer(wanted)
        return moved

    @contextmanager
    def _recording_end(
        self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], moved: MoveResult
    ) -> Iterator[None]:
        """Record that a move is done. After an error, such as a full disk, finish or undo the rest, and note the error."""
        try:
            yield
            postfix_queues.tree.sync()
            self.tree.sync()
            self.write(DONE, messages=len(moved.done), collisions=sorted(moved.collisions))
        except (OSError, MailopsError) as error:
            moved.broken = self.interruption_error(postfix_queues, error) if isinstance(error, OSError) else error
            self._recover_quietly(postfix_queues, moved)
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            known = {*moved.done, *moved.collisions, *moved.failed}
            moved.failed.update((queue_id, reason) for queue_id in wanted if queue_id not in known)

    def swap(
        self,
        postfix_queues: QueueDirectory,
        queues: Sequence[str],
        stopped: Callable[[], ContextManager[None]],
        moved: MoveResult,
        **details: Any,
    ) -> None:
        """Move whole queues and all logs into the quarantine, and put empty ones in their place.

        stopped: a context manager that stops Postfix. The time that it is stopped does not depend on the size of the queues, only on
        the number of logs whose messages stay. moved: notes whether anything was moved. details: as in quarantine_messages(). Raises MailopsError.
        """
        # Checked while Postfix still runs.
        self.is_elsewhere(postfix_queues)
        names = [name for name in (*queues, *LOGS) if postfix_queues.spool.has(name)]
        earlier = self.present()
        queue_swap.make_empty_queues(self, postfix_queues, names)
        try:
            self.write("swap", queues=list(queues), earlier=sorted(earlier), **details)
        except QuarantineError:
            with suppress(OSError):
                queue_swap.place_empty_queues(self, postfix_queues)
            raise
        try:
            with stopped():
                queue_swap.move_queues(self, postfix_queues, names, moved)
            queue_swap.give_to_root(self)
            postfix_queues.tree.sync()
            self.tree.sync()
            here = self.present() - earlier
            self.write(DONE, messages=len(here), collisions=[], ids_in=sorted(here))
        except OSError as error:
            self._recover_quietly(postfix_queues, moved)
            raise self.interruption_error(postfix_queues, error) from error
        except MailopsError:
            # The intent stays open. It says that Postfix was running, so the next run starts Postfix if this one could not.
            with suppress(OSError):
                queue_swap.place_empty_queues(self, postfix_queues)
            raise

    def recover(
        self,
        postfix_queues: QueueDirectory,
        *,
        start: Callable[[], None] | None = None,
        moved: MoveResult | None = None,
    ) -> MoveResult | None:
        """Finish or undo what an interrupted run left, and return the result, None if there was nothing.

        start: called before the journal records the end. moved: an earlier result to add to. Raises OSError and MailopsError.
        """
        return quarantine_recovery.recover(self, postfix_queues, start=start, moved=moved)

    def _recover_quietly(self, postfix_queues: QueueDirectory, moved: MoveResult) -> None:
        """Finish or undo what is possible now. The next run does the rest."""
        with suppress(OSError, MailopsError):
            self.recover(postfix_queues, moved=moved)
        for queue_id in moved.done:
            moved.failed.pop(queue_id, None)

    def is_finished(self, postfix_queues: QueueDirectory) -> bool:
        """Return whether no run was interrupted halfway. Raises OSError and MailopsError."""
        return quarantine_recovery.is_finished(self, postfix_queues)

    def place_empty_queues(self, postfix_queues: QueueDirectory) -> None:
        """Put empty queues where queues were moved away. Raises OSError."""
        queue_swap.place_empty_queues(self, postfix_queues)

    def check_proved(self, wanted: Container[str] | None, *, whole: bool) -> None:
        """Raise QuarantineError if there is a file that the journal does not prove to belong to the quarantine.

        wanted: check only these messages. whole: whether files of an unfinished move count as foreign, too.
        """
        quarantine_removal.check_proved(self, wanted, whole=whole)

    def delete_messages(self, wanted: Mapping[str, str], **details: Any) -> RemovalResult:
        """Delete messages and their logs, and return the result. wanted: queues by queue ID. details: as in quarantine_messages()."""
        return quarantine_removal.delete_messages(self, wanted, **details)

    def remove(self) -> RemovalResult:
        """Delete the quarantine, and return the result for its messages.

        The journal is deleted last, and only if everything else is gone. Raises QuarantineError if there is a file that the journal
        does not prove to belong to the quarantine; then nothing was deleted.
        """
        self.check_proved(None, whole=True)
        return quarantine_removal.remove_all(self)
