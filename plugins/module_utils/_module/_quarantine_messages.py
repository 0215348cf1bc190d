# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Quarantining messages while Postfix runs: hold them, compare them once more, and move them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Collection, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import UNREADABLE
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place as quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import LockedSpool
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._module._quarantine_run import QuarantineRun
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine

    _Messages = Mapping[str, SelectedMessage]


def quarantine_messages(run: QuarantineRun) -> dict[str, Any]:
    """Move the selection out of the queue while Postfix runs. Return the result."""
    run.exists()
    messages = run.change.select(ignored=run.left_out, with_times=False)
    run.change.check_drift(run.find_earlier)
    run.change.watch_rest()
    if messages:
        quarantines.check_room(run.path)
    locked = run.change.locked
    if locked is None:
        return run.finish(dict.fromkeys(messages, Outcome.QUARANTINED))
    outcomes: dict[str, Outcome] = {}
    if messages:
        with run.make() as quarantine, QueueDirectory(run.layout) as queue_directory:
            outcomes = _take(_MessageMove(run, locked, quarantine, queue_directory, messages))
    return run.finish(outcomes)


def _take(taking: _MessageMove) -> dict[str, Outcome]:
    """Hold, compare and move the messages. Return {queue ID: outcome}. No message stays on hold that was not there before."""
    run, locked, messages = taking.run, taking.locked, taking.messages
    # This is asked before anything is put on hold.
    taking.quarantine.is_elsewhere(taking.queue_directory)
    in_maildrop = {queue_id: message for queue_id, message in messages.items() if message.queue == "maildrop"}
    others = [message for queue_id, message in messages.items() if queue_id not in in_maildrop]
    moving = [message for message in others if message.queue in DELIVERY_QUEUES]
    held: set[str] = set()
    try:
        with run.keep_errors(UNREADABLE):
            # If the journal cannot be written, nothing is put on hold.
            states = locked.hold(others, needs_journal=True)
            held.update(queue_id for queue_id, state in states.items() if state.same and not state.problem)
            taking.take(states, "hold")
        with run.keep_errors(UNREADABLE):
            # If the first move broke off, a second one would hide from the journal what is left of it.
            if in_maildrop and run.broken is None:
                taking.take(locked.find("maildrop", in_maildrop), "maildrop")
    finally:
        held.intersection_update(message.queue_id for message in moving)
        _release(run, locked, moving, held - taking.moved)
    _find_missing_outcomes(run, locked, messages, taking.outcomes)
    return taking.outcomes


def _find_missing_outcomes(
    run: QuarantineRun, locked: LockedSpool, messages: _Messages, outcomes: dict[str, Outcome]
) -> None:
    """Find the outcome of the messages that have none yet."""
    if run.broken is None:
        with run.keep_errors(UNREADABLE):
            missing = {queue_id: message for queue_id, message in messages.items() if queue_id not in outcomes}
            outcomes.update(locked.find_missing(missing))
    for queue_id in messages if run.broken is not None else ():
        if outcomes.setdefault(queue_id, Outcome.FAILED) is Outcome.FAILED:
            run.change.problems.setdefault(queue_id, locked.problems.get(queue_id, str(run.broken)))


def _release(run: QuarantineRun, locked: LockedSpool, messages: Sequence[SelectedMessage], held: set[str]) -> None:
    """Give back to delivery what this run has put on hold and not moved. The next run gives back what cannot be given back now.

    held: what is on hold because of this run. If any of it is not found there, the next run looks again.
    """
    released: set[str] = set()
    problem = None
    try:
        states = locked.release(messages)
        released.update(queue_id for queue_id, state in states.items() if state.same and not state.problem)
        problem = next((state.problem for state in states.values() if state.problem), None)
    except (OSError, MailopsError) as error:
        problem = str(SystemRefusal(UNREADABLE, error) if isinstance(error, OSError) else error)
    run.is_touched = run.is_touched or bool(held - released)
    if problem is not None:
        text = "What was put on hold cannot be released, and the next run releases it. %s" % problem
        run.broken = run.broken or MailopsError(text)
    elif released.issuperset(held):
        locked.clear_journal()


@dataclass
class _MessageMove:
    """What became of messages while they are taken out of the queue."""

    run: QuarantineRun
    locked: LockedSpool
    quarantine: Quarantine
    queue_directory: QueueDirectory
    messages: _Messages
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)
    """The messages that are in the quarantine."""

    def take(self, states: Mapping[str, FileState], queue: str) -> None:
        """Move from hold or maildrop what is still the selected message there. Raises OSError and MailopsError."""
        self.outcomes.update(
            (queue_id, Outcome.FAILED if state.problem else Outcome.CHANGED)
            for queue_id, state in states.items()
            if state.problem or not state.same
        )
        verified = [queue_id for queue_id in states if queue_id not in self.outcomes]
        busy = frozenset(queue_id for queue_id in verified if states[queue_id].busy)
        in_flight = self.locked.wait_for_delivery(queue, busy)
        if self.quarantine.is_elsewhere(self.queue_directory) and in_flight:
            # A copy would not learn which recipients got the message in the meantime.
            self.run.leaves_in_flight = True
            self.outcomes.update(dict.fromkeys(in_flight, Outcome.IN_FLIGHT))
            verified = [queue_id for queue_id in verified if queue_id not in in_flight]
        if verified:
            self._move(verified, in_flight, queue)

    def _move(self, queue_ids: Sequence[str], in_flight: Collection[str], queue: str) -> None:
        moves = {queue_id: Move(queue, self.messages[queue_id].queue) for queue_id in queue_ids}
        try:
            moved = self.quarantine.quarantine_messages(self.queue_directory, moves, **self.run.journal_fields())
        except QuarantineError as error:
            moved = MoveResult(failed=dict.fromkeys(queue_ids, str(error)), broken=error)
        self.moved.update(moved.done)
        self.outcomes.update(self.run.take_result(moved, queue_ids, Outcome.QUARANTINED))
        self.outcomes.update((queue_id, Outcome.IN_FLIGHT) for queue_id in in_flight if queue_id in moved.done)
