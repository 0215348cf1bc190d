# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_purge does: verify and delete (or expire), and look what became of each message.

Each message is compared once more while its file is open, and deleted then (_spool/actions.py). What is in active or incoming is moved
to hold first, so that nothing is deleted under a delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Container, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, MailopsError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _acting, _options, _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Act, Destination
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import known_deletions

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._acting import Seen
    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import (
        Request,
        SelectedMessage,
        SelectedMessages,
    )
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

METHODS = ("delete", "expire")
OUTCOMES = ("purged", "already_purged", "vanished", "changed", "in_flight", "failed", "undecided")

_NAME = "postfix_queue_purge"
_EXPIRE_SINCE = (3, 5)
_IN_FLIGHT_SECONDS = _acting.IN_FLIGHT_SECONDS

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.SELECTION,
    _options.queues_option("maildrop", "incoming", "active", "deferred", "hold"),
    _options.LIMIT,
    _options.CHANGE,
    {
        "method": {"type": "str", "choices": list(METHODS), "default": "delete"},
        "expire_forged": {"type": "bool", "default": False},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    instance = _options.instance_of(module)
    instance.require_root()
    request = _selected.request_of(params, instance, own_domains=instance.own_domains, method=params["method"])
    _check_method(params["method"], request.selection.queues, instance)
    with _acting.acting(module, instance, purpose=_NAME) as (spool, act):
        return _purge(module, request, instance, spool, act)


def _check_method(method: str, queues: Sequence[str], instance: Instance) -> None:
    if method != "expire":
        return
    if "maildrop" in queues:
        raise SelectionError(
            "queues", "Postfix does not expire messages in maildrop; leave it out, or use method: delete"
        )
    if instance.version < _EXPIRE_SINCE:
        raise InstanceError(
            "method: expire needs Postfix 3.5 or newer, this is %s; use method: delete."
            % instance.parameters["mail_version"]
        )
    instance.require_postsuper()


def _purge(
    module: AnsibleModule, request: Request, instance: Instance, spool: Spool, act: Act | None
) -> dict[str, Any]:
    """Select, check the limits, act where there is something to act with, and return the result."""
    params = module.params
    seen = _acting.look(module, instance, spool, request)
    selected = seen.selected
    if params["method"] == "expire" and not params["expire_forged"]:
        _refuse_backscatter(selected.targets.values())
    targets = _to_do(selected, params["method"])
    if act is None:
        outcomes = {target.queue_id: "purged" for target in targets}
    elif params["method"] == "delete":
        outcomes = _delete(act, targets)
    else:
        outcomes = _expire(act, targets)
    gone = [target for target in targets if outcomes[target.queue_id] in ("purged", "in_flight")]
    result = {
        "changed": bool(gone),
        "method": params["method"],
        "purged": _acting.show_sums(gone),
        "outcomes": _count_outcomes(seen, outcomes, instance),
        **_acting.show_common(seen, {target.queue_id: _fate(target, params["method"]) for target in targets}, act),
    }
    if act is not None and targets:
        # postsuper itself logs what it expires.
        act.record.flush()
        done = {"method": result["method"], "purged": result["purged"]["messages"]}
        _acting.audit(module, instance, _NAME, result, done, seen)
    if act is None and params["plan"] is None:
        result["plan"] = _selected.make_plan(selected, request, instance, method=params["method"])
    _acting.check_failed(result, "still in the queue")
    return result


def _count_outcomes(seen: Seen, outcomes: Mapping[str, str], instance: Instance) -> dict[str, int]:
    """Return how many messages had each outcome; what is missing of a plan may have been deleted by an earlier run of ours."""
    counted = _acting.count_outcomes(seen, outcomes, OUTCOMES)
    planned = seen.request.planned
    if planned is not None and counted["vanished"]:
        there = {*seen.selected.targets, *seen.selected.changed}
        missing = {queue_id: planned[queue_id] for queue_id in planned.keys() - there}
        counted["already_purged"] = len(known_deletions(instance.queue_directory, missing))
        counted["vanished"] -= counted["already_purged"]
    return counted


def _fate(target: SelectedMessage, method: str) -> Destination:
    """Return what is to become of a message."""
    if method == "delete":
        return Destination(None, "")
    return Destination("deferred" if target.queue == "hold" else target.queue, " (expired)")


def _to_do(selected: SelectedMessages, method: str) -> list[SelectedMessage]:
    """Return the selected messages that are not as they should be yet."""
    targets = list(selected.targets.values())
    if method == "delete":
        return targets
    return [target for target in targets if not target.forced_expire or target.queue == "hold"]


def _refuse_backscatter(targets: Iterable[SelectedMessage]) -> None:
    """Raise SelectionError where expiring would send notices to people who sent nothing."""
    unvouched = sum(not target.vouched for target in targets)
    if unvouched:
        raise SelectionError(
            "method",
            "expire returns each message to its sender, and %d of the selected messages have an unverified sender (a null sender, or "
            "one that did not log in here): the notices would be backscatter; nothing was touched. Use method: delete, or set "
            "expire_forged: true if you mean that" % unvouched,
        )


# --- deleting -------------------------------------------------------------------------------------------------------


def _delete(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, str]:
    """Delete the messages and return {queue ID: outcome}."""
    standing = _acting.remove(act, [target for target in targets if target.queue != "maildrop"])
    held = [target for target in targets if _is_held(standing.get(target.queue_id))]
    busy = frozenset(target.queue_id for target in held if standing.pop(target.queue_id).busy)
    in_flight = _acting.wait_for_delivery(act.spool, "hold", busy, seconds=_IN_FLIGHT_SECONDS)
    # What the administrator takes out of hold meanwhile stands nowhere here.
    standing.update(_acting.remove_from(act, "hold", held))
    act.clear_journal()
    standing.update(_acting.remove_from(act, "maildrop", [target for target in targets if target.queue == "maildrop"]))
    outcomes = {queue_id: _outcome_of(queue_id, what, in_flight) for queue_id, what in standing.items()}
    unseen = {target.queue_id: target for target in targets if target.queue_id not in outcomes}
    outcomes.update(_acting.look_in_delivery(act, unseen))
    return outcomes


def _outcome_of(queue_id: str, what: FileState, in_flight: Container[str]) -> str:
    if what.removed:
        return "in_flight" if queue_id in in_flight else "purged"
    return "failed" if what.problem else "changed"


def _is_held(what: FileState | None) -> bool:
    """Return whether a message that was to be removed was put on hold instead."""
    return what is not None and what.same and not what.removed and not what.problem


# --- expiring -------------------------------------------------------------------------------------------------------


def _expire(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, str]:
    """Expire the messages, releasing those on hold, and return {queue ID: outcome}.

    A held message would not be returned, so nothing can be held while it is looked at: it is looked at just before.
    """
    wanted = {target.queue_id: target for target in targets}
    queues = (*DELIVERY_QUEUES, "hold")
    standing: dict[str, FileState] = {}
    for queue in queues:
        standing.update(_acting.verify(act.spool, queue, wanted))
    outcomes = {queue_id: "changed" if queue_id in standing else "vanished" for queue_id in wanted}
    act_on = [queue_id for queue_id, what in standing.items() if what.same]
    if act_on:
        act.instance.postsuper("-f", act_on, *queues)
    # What is gone by now has been returned to its sender already.
    outcomes.update((queue_id, "purged") for queue_id in act_on)
    for queue in queues:
        _check_expired(act, queue, frozenset(act_on), outcomes)
    return outcomes


def _check_expired(act: Act, queue: str, queue_ids: frozenset[str], outcomes: dict[str, str]) -> None:
    """Note as failed what stands in a queue and is not expired."""
    try:
        for queue_id, message in _acting.messages(act.spool, queue, queue_ids):
            if message is None or not message.forced_expire or queue == "hold":
                _acting.fail(act, outcomes, queue_id, "It is not expired. Run this again.")
    except MailopsError as error:
        act.module.warn("Whether all messages in %s are expired could not be checked: %s" % (queue, error))
