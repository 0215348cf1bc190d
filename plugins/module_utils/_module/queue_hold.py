# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_hold does: hold messages, or release them by a move or by requeueing them.

Only the administrator moves a message that is on hold, so one look at it before a release is enough.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change, Effect, open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import outcome_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import Request, make_plan_of, request_of
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import LockedSpool
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

STATES = ("held", "released")
RELEASE_BY = ("auto", "move", "requeue")
OUTCOMES = (
    Outcome.HELD,
    Outcome.RELEASED,
    Outcome.REQUEUED,
    Outcome.VANISHED,
    Outcome.CHANGED,
    Outcome.IN_FLIGHT,
    Outcome.FAILED,
    Outcome.UNDECIDED,
)

_MOVED = frozenset((Outcome.HELD, Outcome.IN_FLIGHT, Outcome.RELEASED, Outcome.REQUEUED))
_IN_DELIVERY = "A delivery agent is sending it at this moment. Run this again when the delivery has ended."
_STILL_HELD = (
    "postsuper left it where it is. Run this again; if that does not help, run postfix check and postsuper -s first."
)
_FAILED_STATES = {"held": "not on hold", "released": "still on hold"}


@dataclass(frozen=True)
class Lifetime:
    """How long messages may stay in the queue, and how long Postfix takes to try one that is due, in seconds."""

    mail: int
    notices: int
    run_delay: int

    @classmethod
    def of(cls, instance: Instance) -> Lifetime:
        """Return the lifetimes that an instance is configured to. Raises InstanceError."""
        mail = instance.seconds("maximal_queue_lifetime", default="5d")
        # src/qmgr/qmgr.c: no notice may stay longer than mail.
        notices = min(mail, instance.seconds("bounce_queue_lifetime", default="5d"))
        return cls(mail, notices, instance.seconds("queue_run_delay", default="300s"))

    def is_over(self, message: SelectedMessage, now: int) -> bool:
        """Return whether qmgr(8) would return a message if its next try fails (src/qmgr/qmgr_active.c).

        The first scan of the deferred queue after its time of retry tries a released message.
        """
        next_try = max(now, message.retry) + self.run_delay
        return next_try >= message.created + (self.notices if message.null_sender else self.mail)


ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
    _options.SELECTION,
    _options.queues_option(*DELIVERY_QUEUES, default=DELIVERY_QUEUES),
    _options.LIMIT,
    _options.CHANGE,
    {
        "state": {"type": "str", "choices": list(STATES), "required": True},
        "release_by": {"type": "str", "choices": list(RELEASE_BY), "default": "auto"},
        "release_plan_dest": {"type": "path"},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    instance = _options.instance_of(module)
    instance.require_root()
    request = _request_of(module.params, instance)
    with open_change(
        module, instance, request, name="postfix_queue_hold", outcomes=OUTCOMES, plan_for=instance
    ) as change:
        messages = change.select(is_narrow=module.params["state"] == "held")
        expected = _expect(module.params, instance, messages, now=request.now)
        if Outcome.REQUEUED in expected.values():
            instance.require_postsuper()
        outcomes = expected if change.locked is None else _act(change.locked, messages, expected)
        return _finish(change, expected, outcomes)


def _request_of(params: Mapping[str, Any], instance: Instance) -> Request:
    """Return what to select. The hold queue is always read, because a message on hold already is in the state held.

    A plan of any module is accepted: it says which messages, and the state says what to do with them.
    """
    request = request_of(params, instance)
    chosen = request.selection.queues if request.planned is None else DELIVERY_QUEUES
    queues = (*chosen, "hold") if params["state"] == "held" else ("hold",)
    return replace(request, selection=replace(request.selection, queues=queues))


def _expect(
    params: Mapping[str, Any], instance: Instance, messages: Mapping[str, SelectedMessage], *, now: int
) -> dict[str, Outcome]:
    """Return the expected outcome of each message that is not in the wanted state yet."""
    if params["state"] == "held":
        return {queue_id: Outcome.HELD for queue_id, message in messages.items() if message.queue != "hold"}
    if params["release_by"] != "auto":
        return dict.fromkeys(messages, Outcome.RELEASED if params["release_by"] == "move" else Outcome.REQUEUED)
    lifetime = Lifetime.of(instance)
    return {
        queue_id: Outcome.REQUEUED if lifetime.is_over(message, now) else Outcome.RELEASED
        for queue_id, message in messages.items()
    }


def _finish(change: Change, expected: Mapping[str, Outcome], outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Return the result of a run, real or predicted. Raises OutcomeError."""
    state = change.module.params["state"]
    moved = [queue_id for queue_id, outcome in outcomes.items() if outcome in _MOVED]
    if change.locked is not None:
        # postsuper itself logs what it requeues.
        for outcome in (Outcome.HELD, Outcome.RELEASED):
            queue_ids = [queue_id for queue_id in moved if expected[queue_id] is outcome]
            change.audit_log.add_queue_ids(outcome.value, queue_ids)
    effect = Effect(
        outcomes=outcomes,
        changed=[change.messages[queue_id] for queue_id in moved],
        destinations={queue_id: _destination_of(outcome) for queue_id, outcome in expected.items()},
        sums_name="moved",
        failed_state=_FAILED_STATES[state],
        fields={"state": state, **_show_record(change, state, moved)},
        log_fields={"state": state, "moved": len(moved)},
        is_logged=bool(expected),
    )
    return change.finish(effect)


def _show_record(change: Change, state: str, moved: Sequence[str]) -> dict[str, Any]:
    """Return what is left of the plan, and of a real run what it has put on hold, as a plan."""
    shown: dict[str, Any] = {}
    if change.request.planned is not None:
        shown["not_as_planned"] = change.show_not_as_planned()
    if change.locked is not None and state == "held" and moved and change.plan_for is not None:
        messages = [change.messages[queue_id] for queue_id in moved]
        shown["release_plan"] = make_plan_of(change.request, messages, change.plan_for)
    return shown


def _destination_of(outcome: Outcome) -> Destination:
    """Return where a message is afterwards. The run does not read the queue that a release goes to, so the diff has the number only."""
    return Destination("hold" if outcome is Outcome.HELD else outcome.value, " (%s)" % outcome)


# --- acting ---------------------------------------------------------------------------------------------------------


def _act(
    locked: LockedSpool, messages: Mapping[str, SelectedMessage], expected: Mapping[str, Outcome]
) -> dict[str, Outcome]:
    """Hold, release or requeue the messages and return {queue ID: outcome}."""
    chosen: dict[Outcome, list[SelectedMessage]] = {Outcome.HELD: [], Outcome.RELEASED: [], Outcome.REQUEUED: []}
    for queue_id, outcome in expected.items():
        chosen[outcome].append(messages[queue_id])
    outcomes = _hold(locked, chosen[Outcome.HELD])
    outcomes.update(_release(locked, chosen[Outcome.RELEASED]))
    outcomes.update(_requeue(locked, chosen[Outcome.REQUEUED]))
    return outcomes


def _hold(locked: LockedSpool, messages: Sequence[SelectedMessage]) -> dict[str, Outcome]:
    """Put the messages on hold and return {queue ID: outcome}."""
    states = locked.hold(messages, stays=True)
    locked.clear_journal()
    outcomes = {
        queue_id: outcome_of(state, Outcome.IN_FLIGHT if state.busy else Outcome.HELD)
        for queue_id, state in states.items()
    }
    missing = {message.queue_id: message for message in messages if message.queue_id not in outcomes}
    outcomes.update(locked.find_missing(missing))
    return outcomes


def _release(locked: LockedSpool, messages: Sequence[SelectedMessage]) -> dict[str, Outcome]:
    """Move the messages from hold to deferred and return {queue ID: outcome}."""
    outcomes = {message.queue_id: Outcome.VANISHED for message in messages}
    states = locked.release(messages)
    outcomes.update((queue_id, outcome_of(state, Outcome.RELEASED)) for queue_id, state in states.items())
    return outcomes


def _requeue(locked: LockedSpool, messages: Sequence[SelectedMessage]) -> dict[str, Outcome]:
    """Have postsuper(1) -r submit the messages again and return {queue ID: outcome}."""
    if not messages:
        return {}
    states = locked.find("hold", {message.queue_id: message for message in messages})
    outcomes = {
        message.queue_id: Outcome.CHANGED if message.queue_id in states else Outcome.VANISHED for message in messages
    }
    same = [queue_id for queue_id, state in states.items() if state.same]
    # pickup(8) does not look for the lock of a delivery agent, and would send the message twice.
    busy = locked.wait_for_delivery("hold", frozenset(queue_id for queue_id in same if states[queue_id].busy))
    for queue_id in busy:
        locked.fail(outcomes, queue_id, _IN_DELIVERY)
    chosen = [queue_id for queue_id in same if queue_id not in busy]
    if chosen:
        _run_postsuper(locked, chosen, outcomes)
    instance = locked.audit_log.instance
    if Outcome.REQUEUED in outcomes.values() and instance.running():
        # Without this, pickup(8) looks only once a minute.
        instance.kick("pickup", "W")
    return outcomes


def _run_postsuper(locked: LockedSpool, queue_ids: Sequence[str], outcomes: dict[str, Outcome]) -> None:
    """Requeue messages on hold. The outcome of each depends on whether it is still on hold afterwards."""
    problem = _STILL_HELD
    try:
        locked.audit_log.instance.postsuper("-r", queue_ids, "hold")
    except MailopsError as error:
        problem = str(error)
    outcomes.update(dict.fromkeys(queue_ids, Outcome.REQUEUED))
    try:
        left = {entry.name for entry in locked.spool.walk("hold")}.intersection(queue_ids)
    except MailopsError as error:
        left, problem = set(queue_ids), str(error)
    for queue_id in left:
        locked.fail(outcomes, queue_id, problem)
