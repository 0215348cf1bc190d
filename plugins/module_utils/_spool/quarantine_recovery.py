# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Recovery of a quarantine: finishing or undoing what an interrupted run left."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, queue_swap, transfer_recovery
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import DONE, queue_ids_of

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory


def is_finished(quarantine: QuarantineDirectory, postfix_queues: QueueDirectory) -> bool:
    """Return whether no run was interrupted halfway. Raises OSError and MailopsError."""
    if quarantine.unfinished() is not None or moves.is_there(queue_swap.FRESH, quarantine.tree.root):
        return False
    return all(
        transfer.is_finished() for transfer in transfer_recovery.transfers(quarantine, postfix_queues, MoveResult())
    )


def recover(
    quarantine: QuarantineDirectory,
    postfix_queues: QueueDirectory,
    *,
    start: Callable[[], None] | None = None,
    moved: MoveResult | None = None,
) -> MoveResult | None:
    """Finish or undo what an interrupted run left, and return the result, None if there was nothing.

    It decides by the files that it finds, so it may be interrupted itself. start: called before the journal records the end. moved:
    an earlier result to add to. Raises OSError and MailopsError.
    """
    if is_finished(quarantine, postfix_queues):
        return None
    moved = moved or MoveResult()
    transfer_recovery.recover_transfers(quarantine, postfix_queues, moved)
    queue_swap.place_empty_queues(quarantine, postfix_queues)
    intent = quarantine.unfinished()
    if intent is not None:
        result = _RECOVERIES[intent["op"]](quarantine, postfix_queues, intent, moved)
        postfix_queues.tree.sync()
        quarantine.tree.sync()
        if start is not None:
            start()
        quarantine.write(DONE, **{"collisions": [], "recovered": True, **result})
    return moved


def _recover_take(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, intent: Record, moved: MoveResult
) -> dict[str, Any]:
    """Move the logs of messages that are in the quarantine; return the number of these messages."""
    here = quarantine.present(queue_ids_of(intent))
    postfix_ids = postfix_queues.queue_ids()
    Intake(quarantine, postfix_queues, moved).take_logs(
        {name: name for name in here if name not in postfix_ids}, replace=True
    )
    return {"messages": len(here)}


def _recover_give(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, intent: Record, moved: MoveResult
) -> dict[str, Any]:
    """Move back the logs of messages that are still in the quarantine; return the number of messages that were restored."""
    wanted = queue_ids_of(intent)
    here = {}
    for found in quarantine.messages(wanted):
        here[postfix_queues.fitted_id(found.name, moves.inode_of(found.name, found.directory))] = found.name
    # If Postfix has a message with such an ID, it is another message, and the logs belong to that one.
    postfix_ids = postfix_queues.queue_ids()
    intake = Intake(quarantine, postfix_queues, moved)
    intake.take_logs({name: here[name] for name in here if name not in postfix_ids}, replace=False)
    return {"messages": len(wanted.difference(here.values()))}


_RECOVERIES: Mapping[str, Callable[[QuarantineDirectory, QueueDirectory, Record, MoveResult], dict[str, Any]]] = {
    "take": _recover_take,
    "give": _recover_give,
    "swap": queue_swap.recover_swap,
}
