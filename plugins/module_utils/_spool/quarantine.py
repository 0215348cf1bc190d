# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A quarantine on disk: queue files out of Postfix's sight, whole, each in exactly one place at any moment.

It is a directory that only root may enter, with the queues and logs of a spool in it, so that whatever reads a spool reads it::

    postfix.quarantine/NAME/
        journal                         what was begun and done, by whom, why (journal.py)
        maildrop/ incoming/ active/ deferred/ hold/     by the queue that a message came from
        bounce/ defer/ trace/           the messages' logs
        staging/                        only while messages come from another filesystem (transfer.py)
        fresh/                          only while whole queues are moved

The journal is what makes a directory a quarantine. Its first record has a random ID, which names the quarantine's places in pid/,
and what it does not prove to be the quarantine's is never removed (quarantine_contents.py).

Directories are synced where the order matters on disk: the intent before the first move (else a power loss leaves moves that nobody
knows of), and all directories before the journal says that a move is done. A rename on one filesystem needs no sync of its own: a
power loss undoes it or not, and both are one place."""

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
    """A quarantine that exists, open, and what can be done with it."""

    def take(self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], **details: Any) -> MoveResult:
        """Move messages and their logs into the quarantine. details: what the journal is to say of it.

        Raises QuarantineError where nothing was moved; what ends the move later is in the result.
        """
        self.write("take", messages=ids_by_queue(wanted, "queue"), **details)
        moved = MoveResult()
        with self._recording_end(postfix_queues, wanted, moved):
            out = Intake(self, postfix_queues, moved)
            out.transfer(wanted)
            out.take_logs({queue_id: queue_id for queue_id in moved.done}, replace=True)
        return moved

    def give(self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], **details: Any) -> MoveResult:
        """Move messages and their logs back to Postfix, never over a file. details, result and errors as of take()."""
        self.write("give", messages=ids_by_queue(wanted, "source"), **details)
        moved = MoveResult()
        with self._recording_end(postfix_queues, wanted, moved):
            Restoration(self, postfix_queues, moved).transfer(wanted)
        return moved

    @contextmanager
    def _recording_end(
        self, postfix_queues: QueueDirectory, wanted: Mapping[str, Move], moved: MoveResult
    ) -> Iterator[None]:
        """Record that a move is done; finish or undo what a full disk or the like leaves half done, and note what it was."""
        try:
            yield
            postfix_queues.tree.sync()
            self.tree.sync()
            self.write(DONE, messages=len(moved.done), collisions=sorted(moved.collisions))
        except (OSError, MailopsError) as error:
            moved.broken = self.broken_off(postfix_queues, error) if isinstance(error, OSError) else error
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
        """Move whole queues with all logs into the quarantine and put empty ones in their place.

        stopped: while that is entered, Postfix does not run. What is done in it does not grow with the queues, but for the logs of
        messages that stay. moved: gets whether anything was moved. details: as for take(). Raises MailopsError.
        """
        # Asked while Postfix runs.
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
            raise self.broken_off(postfix_queues, error) from error
        except MailopsError:
            # The intent stays open: it says that Postfix ran, and the next run starts it if this one could not.
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
        """Finish or undo what an interrupted run left, and return what became of it, None where there was nothing.

        It goes by the files that it sees; so it may itself be interrupted. Raises OSError and MailopsError.
        start: what else is to be done before the journal says that it is finished. moved: what became of messages before, to which
        it adds.
        """
        return quarantine_recovery.recover(self, postfix_queues, start=start, moved=moved)

    def _recover_quietly(self, postfix_queues: QueueDirectory, moved: MoveResult) -> None:
        """Finish or undo what can be; what cannot be now, the next run finishes or undoes."""
        with suppress(OSError, MailopsError):
            self.recover(postfix_queues, moved=moved)
        for queue_id in moved.done:
            moved.failed.pop(queue_id, None)

    def is_whole(self, postfix_queues: QueueDirectory) -> bool:
        """Return whether nothing is half done."""
        return quarantine_recovery.is_whole(self, postfix_queues)

    def settle_swap(self, postfix_queues: QueueDirectory) -> None:
        """Put the empty directories where the moved ones were; remove those that are not needed. Raises OSError."""
        queue_swap.place_empty_queues(self, postfix_queues)

    def check_proved(self, wanted: Container[str] | None, *, whole: bool) -> None:
        """Raise QuarantineError where anything is here that the journal does not prove to be the quarantine's.

        wanted: look at these messages only. whole: whether nothing may be on its way.
        """
        quarantine_removal.check_proved(self, wanted, whole=whole)

    def drop(self, wanted: Mapping[str, str], **details: Any) -> RemovalResult:
        """Delete messages and their logs, and return what became of them. wanted: queues by ID."""
        return quarantine_removal.drop(self, wanted, **details)

    def remove(self) -> RemovalResult:
        """Delete the quarantine with all that the journal proves to be in it, and return what became of the messages.

        The journal goes last, and only if everything else is gone. Raises QuarantineError where there is anything that it does not
        prove, and then nothing was deleted.
        """
        self.check_proved(None, whole=True)
        return quarantine_removal.remove_all(self)
