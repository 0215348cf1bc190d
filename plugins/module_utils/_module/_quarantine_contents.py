# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Restoring messages from a quarantine to Postfix, and deleting messages in a quarantine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import MAX_LISTED
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import name_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import QuarantineRun
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine

# The requests that have Postfix look for the messages of these queues: postkick(1), src/qmgr/qmgr.c, src/pickup/pickup.c.
_KICKS = {"incoming": ("qmgr", "I"), "deferred": ("qmgr", "D"), "maildrop": ("pickup", "W")}


# --- restored -------------------------------------------------------------------------------------------------------


def restore_messages(run: QuarantineRun) -> dict[str, Any]:
    """Move the selection back to Postfix. Return the result."""
    restore_to = run.params["restore_to"]
    with run.open() as quarantine, QueueDirectory(run.layout) as queue_directory:
        messages = run.change.select(quarantine.spool, ignored=run.left_out, is_narrow=False)
        moves = {
            queue_id: Move(message.queue, _destination_of(message.queue, restore_to))
            for queue_id, message in messages.items()
        }
        if moves:
            _check_room(run, quarantine, queue_directory)
        if not run.is_real:
            taken = quarantine.collisions(queue_directory, moves)
            return run.finish(
                {queue_id: Outcome.COLLISION if queue_id in taken else Outcome.RESTORED for queue_id in moves}
            )
        outcomes: dict[str, Outcome] = {}
        if moves:
            moved = quarantine.restore_messages(queue_directory, moves, to=restore_to, **run.journal_fields())
            outcomes = run.take_result(moved, moves, Outcome.RESTORED)
            run.fields["renamed"] = [
                {"queue_id": new, "was": old} for old, new in sorted(moved.renamed.items())[:MAX_LISTED]
            ]
            with run.keep_errors("The daemons of Postfix cannot be sent a request"):
                _kick(run, {moves[queue_id].queue for queue_id in moved.done})
        return run.finish(outcomes)


def _check_room(run: QuarantineRun, quarantine: Quarantine, queue_directory: QueueDirectory) -> None:
    """Raise SystemRefusal if the journal, or copies of the messages, cannot be written."""
    quarantines.check_room(quarantine.path)
    if quarantine.is_elsewhere(queue_directory):
        quarantines.check_room(run.instance.queue_directory)


def _destination_of(queue: str, restore_to: str) -> str:
    """Return the queue that a message goes back to."""
    # cleanup(8) has not processed what is in maildrop, so it must not go anywhere else (src/postsuper/postsuper.c, hold_one()).
    if queue == "maildrop" or restore_to == "maildrop":
        return "maildrop"
    if restore_to == "hold":
        return "hold"
    # qmgr(8) reads active only when it starts.
    return "incoming" if queue == "active" else queue


def _kick(run: QuarantineRun, queues: set[str]) -> None:
    """Ask the daemons that read these queues to do so now."""
    if not run.instance.running():
        return
    for daemon, request in sorted({_KICKS[queue] for queue in queues if queue in _KICKS}):
        if not run.instance.kick(daemon, request):
            run.change.module.warn(
                "%s did not take the request to look for the restored messages. It looks by itself within queue_run_delay."
                % daemon
            )


# --- absent ---------------------------------------------------------------------------------------------------------


def delete_messages(run: QuarantineRun) -> dict[str, Any]:
    """Delete the selection in the quarantine, and the quarantine as well if everything is selected. Return the result."""
    if not run.exists():
        return run.finish({})
    request = run.change.request
    with run.open() as quarantine:
        if _is_young(run, quarantine):
            return run.finish({})
        is_whole = request.planned is None and request.selection.everything and run.params["queues"] is None
        if is_whole:
            quarantine.check_proved(None, whole=run.is_real)
        messages = run.change.select(quarantine.spool, ignored=run.left_out)
        counts = run.change.reading.counts
        if is_whole and counts.unreadable:
            # A file that cannot be read was not counted, and nothing is deleted that was not counted.
            is_whole = False
            run.broken = MailopsError(
                "%d messages in the quarantine %s cannot be read, and stay there (%s). Fix that, then run this again."
                % (counts.unreadable, run.name, name_gaps(run.change.reading.gaps))
            )
        if not is_whole:
            quarantine.check_proved(messages, whole=True)
        outcomes = dict.fromkeys(messages, Outcome.DELETED)
        if run.is_real and (is_whole or messages):
            outcomes = _delete(run, quarantine, messages, is_whole=is_whole)
        return run.finish(outcomes, is_changed=is_whole)


def _delete(
    run: QuarantineRun, quarantine: Quarantine, messages: Mapping[str, SelectedMessage], *, is_whole: bool
) -> dict[str, Outcome]:
    """Delete messages in the quarantine, or all of it. Return {queue ID: outcome}."""
    if is_whole:
        deleted = quarantine.remove()
    else:
        queues = {queue_id: message.queue for queue_id, message in messages.items()}
        deleted = quarantine.delete_messages(queues, **run.journal_fields())
    run.broken = run.broken or deleted.broken
    run.is_touched = deleted.touched
    if deleted.broken is not None:
        # The messages that the deletion did not reach.
        deleted.failed.update(
            (queue_id, str(deleted.broken))
            for queue_id in messages
            if queue_id not in deleted.done and queue_id not in deleted.failed
        )
    run.change.problems.update(deleted.failed)
    outcomes = dict.fromkeys(messages, Outcome.VANISHED)
    outcomes.update((queue_id, Outcome.FAILED) for queue_id in messages if queue_id in deleted.failed)
    outcomes.update((queue_id, Outcome.DELETED) for queue_id in messages if queue_id in deleted.done)
    return outcomes


def _is_young(run: QuarantineRun, quarantine: Quarantine) -> bool:
    """Return whether the quarantine was filled after the time that older_than gives. Raises SelectionError for what is no age."""
    text = run.params["older_than"]
    if text is None:
        return False
    return quarantine.last_moved_in() > run.change.request.now - parse_age(text, "older_than")
