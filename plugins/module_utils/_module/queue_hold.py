# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_hold does: put messages on hold or release them, and look what became of each.

On hold nothing but the administrator moves a message, so before a release it is enough to look once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _acting, _options, _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Act, Destination

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Seen
    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Request, SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState

STATES = ("held", "released")
RELEASE_BY = ("auto", "move", "requeue")
OUTCOMES = ("held", "released", "requeued", "vanished", "changed", "in_flight", "failed", "undecided")

_NAME = "postfix_queue_hold"
_MOVED = frozenset(("held", "in_flight", "released", "requeued"))
_IN_DELIVERY = "A delivery agent is sending it at this moment. Run this again when the delivery has ended."
_STILL_HELD = (
    "postsuper left it where it is. Run this again; if that does not help, run postfix check and postsuper -s first."
)
_FAILED = {"held": "not on hold", "released": "still on hold"}


@dataclass(frozen=True)
class Lifetime:
    """How long messages may stay, in seconds, and how long it may take until one that is due is tried."""

    mail: int
    notices: int
    run_delay: int

    @classmethod
    def of(cls, instance: Instance) -> Lifetime:
        """Return what an instance is configured to. Raises InstanceError."""
        mail = instance.seconds("maximal_queue_lifetime", default="5d")
        # src/qmgr/qmgr.c: no notice may stay longer than mail.
        notices = min(mail, instance.seconds("bounce_queue_lifetime", default="5d"))
        return cls(mail, notices, instance.seconds("queue_run_delay", default="300s"))

    def is_over(self, target: SelectedMessage, now: int) -> bool:
        """Return whether qmgr(8) would return a message at its next try if that fails (src/qmgr/qmgr_active.c).

        Released, it is tried by the first scan of the deferred queue after its time of retry.
        """
        next_try = max(now, target.retry) + self.run_delay
        return next_try >= target.created + (self.notices if target.null_sender else self.mail)


ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.queues_option(*DELIVERY_QUEUES, default=DELIVERY_QUEUES),
    _options.LIMIT,
    _options.CHANGE,
    {
        "state": {"type": "str", "choices": list(STATES), "required": True},
        "release_by": {"type": "str", "choices": list(RELEASE_BY), "default": "auto"},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    instance = _options.instance_of(module)
    instance.require_root()
    request = _selecting(module.params, instance)
    with _acting.acting(module, instance, purpose=_NAME) as (spool, act):
        seen = _acting.look(module, instance, spool, request, narrow=module.params["state"] == "held")
        fates = _fates(module.params, instance, seen.selected.targets, now=request.now)
        if "requeued" in fates.values():
            instance.require_postsuper()
        targets = [seen.selected.targets[queue_id] for queue_id in fates]
        outcomes = fates if act is None else _act(act, targets, fates)
        return _finish(module, instance, seen, fates, outcomes, act)


def _selecting(params: Mapping[str, Any], instance: Instance) -> Request:
    """Return what to select: what is on hold is always read, for to be held already is to be as wanted.

    A plan of any module will do: it says which messages, and the state what is to become of them.
    """
    request = _selected.request_of(params, instance)
    chosen = request.selection.queues if request.planned is None else DELIVERY_QUEUES
    queues = (*chosen, "hold") if params["state"] == "held" else ("hold",)
    return replace(request, selection=replace(request.selection, queues=queues))


def _fates(
    params: Mapping[str, Any], instance: Instance, targets: Mapping[str, SelectedMessage], *, now: int
) -> dict[str, str]:
    """Return the outcome that is wanted for each message that is not as it should be yet."""
    if params["state"] == "held":
        return {queue_id: "held" for queue_id, target in targets.items() if target.queue != "hold"}
    if params["release_by"] != "auto":
        way = "released" if params["release_by"] == "move" else "requeued"
        return dict.fromkeys(targets, way)
    lifetime = Lifetime.of(instance)
    return {
        queue_id: "requeued" if lifetime.is_over(target, now) else "released" for queue_id, target in targets.items()
    }


# --- acting ---------------------------------------------------------------------------------------------------------


def _act(act: Act, targets: Sequence[SelectedMessage], fates: Mapping[str, str]) -> dict[str, str]:
    """Hold, release or requeue the messages and return {queue ID: outcome}."""
    outcomes = _hold(act, [target for target in targets if fates[target.queue_id] == "held"])
    outcomes.update(_release(act, [target for target in targets if fates[target.queue_id] == "released"]))
    outcomes.update(_requeue(act, [target for target in targets if fates[target.queue_id] == "requeued"]))
    return outcomes


def _hold(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, str]:
    standing = _acting.hold(act, targets, stays=True)
    act.clear_journal()
    outcomes = {
        queue_id: _outcome_of(what, "in_flight" if what.busy else "held") for queue_id, what in standing.items()
    }
    unseen = {target.queue_id: target for target in targets if target.queue_id not in outcomes}
    outcomes.update(_acting.look_in_delivery(act, unseen))
    return outcomes


def _outcome_of(what: FileState, done: str) -> str:
    if what.problem:
        return "failed"
    return done if what.same else "changed"


def _release(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, str]:
    """Move the messages from hold to deferred and return {queue ID: outcome}."""
    outcomes = dict.fromkeys((target.queue_id for target in targets), "vanished")
    standing = _acting.release(act, targets)
    outcomes.update((queue_id, _outcome_of(what, "released")) for queue_id, what in standing.items())
    return outcomes


def _requeue(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, str]:
    """Have postsuper(1) -r submit the messages again and return {queue ID: outcome}."""
    wanted = {target.queue_id: target for target in targets}
    if not wanted:
        return {}
    standing = _acting.verify(act.spool, "hold", wanted)
    outcomes = {queue_id: "changed" if queue_id in standing else "vanished" for queue_id in wanted}
    same = [queue_id for queue_id, what in standing.items() if what.same]
    # pickup(8) does not look for the lock of a delivery agent, and would send the message twice.
    busy = frozenset(queue_id for queue_id in same if standing[queue_id].busy)
    busy = _acting.wait_for_delivery(act.spool, "hold", busy, seconds=_acting.IN_FLIGHT_SECONDS)
    for queue_id in busy:
        _acting.fail(act, outcomes, queue_id, _IN_DELIVERY)
    chosen = [queue_id for queue_id in same if queue_id not in busy]
    if chosen:
        _postsuper(act, chosen, outcomes)
    if "requeued" in outcomes.values() and act.instance.running():
        # pickup(8) looks by itself once a minute only.
        act.instance.kick("pickup", "W")
    return outcomes


def _postsuper(act: Act, queue_ids: Sequence[str], outcomes: dict[str, str]) -> None:
    """Requeue messages on hold, and note the outcome of each by what is on hold afterwards."""
    problem = _STILL_HELD
    try:
        act.instance.postsuper("-r", queue_ids, "hold")
    except MailopsError as error:
        problem = str(error)
    outcomes.update(dict.fromkeys(queue_ids, "requeued"))
    try:
        left = {found.name for found in act.spool.walk("hold")}.intersection(queue_ids)
    except MailopsError as error:
        left, problem = set(queue_ids), str(error)
    for queue_id in left:
        _acting.fail(act, outcomes, queue_id, problem)


# --- the result -----------------------------------------------------------------------------------------------------


def _finish(
    module: AnsibleModule,
    instance: Instance,
    seen: Seen,
    fates: Mapping[str, str],
    outcomes: Mapping[str, str],
    act: Act | None,
) -> dict[str, Any]:
    """Return the result of a run, real or predicted, and leave the audit line of a real one. Raises OutcomeError."""
    params = module.params
    moved = [seen.selected.targets[queue_id] for queue_id, outcome in outcomes.items() if outcome in _MOVED]
    # A release goes where the run does not look: the diff says how many, not how many there are then.
    places = {
        queue_id: Destination("hold" if fate == "held" else fate, " (%s)" % fate) for queue_id, fate in fates.items()
    }
    result = {
        "changed": bool(moved),
        "state": params["state"],
        "moved": _acting.show_sums(moved),
        "outcomes": _acting.count_outcomes(seen, outcomes, OUTCOMES),
        **_acting.show_common(seen, places, act),
    }
    if module.check_mode:
        if params["plan"] is None:
            result["plan"] = _selected.make_plan(seen.selected, seen.request, instance)
    elif fates:
        # postsuper itself logs what it requeues.
        for fate in ("held", "released"):
            done = [queue_id for queue_id, outcome in outcomes.items() if fates[queue_id] == fate and outcome in _MOVED]
            _acting.log_ids(module, instance, _NAME, fate, done)
        _acting.audit(module, instance, _NAME, result, {"state": params["state"], "moved": len(moved)}, seen)
    _acting.check_failed(result, _FAILED[params["state"]])
    return result
