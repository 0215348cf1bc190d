# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_purge does: compare each selected message once more, delete or expire it, and look what became of it.

A message is compared while its file is open, and deleted then (_spool/actions.py). A message in active or incoming is moved to hold
first, so that nothing is deleted during a delivery.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Collection, Container, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, MailopsError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES, LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._module._change import Change, Effect, open_change
from ansible_collections.mailops.postfix.plugins.module_utils._module._diff import Destination
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SameForAll
from ansible_collections.mailops.postfix.plugins.module_utils._module._request import request_of
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import known_deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import open_messages

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._change import FindEarlier
    from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import LockedSpool
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState

METHODS = ("delete", "expire")
OUTCOMES = (
    Outcome.PURGED,
    Outcome.ALREADY_PURGED,
    Outcome.VANISHED,
    Outcome.CHANGED,
    Outcome.IN_FLIGHT,
    Outcome.FAILED,
    Outcome.UNDECIDED,
)

_EXPIRE_SINCE = (3, 5)
_NOT_EXPIRED = "It is not expired. Run this again."

ARGUMENTS = _options.compose(
    _options.INSTANCE,
    _options.READING,
    _options.SELECTION,
    _options.queues_option(*LISTED_QUEUES),
    _options.LIMIT,
    _options.CHANGE,
    _options.CARE,
    {
        "method": {"type": "str", "choices": list(METHODS), "default": "delete"},
        "expire_forged": {"type": "bool", "default": False},
    },
)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    method = module.params["method"]
    instance = _options.instance_of(module)
    instance.require_root()
    request = request_of(module.params, instance, own_domains=instance.own_domains, method=method)
    if method == "expire":
        _check_expire(request.selection.queues, instance)
    with open_change(
        module, instance, request, name="postfix_queue_purge", outcomes=OUTCOMES, plan_for=instance, method=method
    ) as change:
        messages = change.select(with_times=False)
        change.check_drift(_deleted_earlier(instance))
        change.watch_rest()
        if method == "expire":
            if not module.params["expire_forged"]:
                _refuse_backscatter(messages.values())
            messages = {queue_id: message for queue_id, message in messages.items() if _can_expire(message)}
        outcomes: Mapping[str, Outcome] = SameForAll(messages, Outcome.PURGED)
        if change.locked is not None:
            act = _delete if method == "delete" else _expire
            outcomes = act(change.locked, messages)
        return _finish(change, messages, outcomes, instance)


def _check_expire(queues: Sequence[str], instance: Instance) -> None:
    """Raise SelectionError or InstanceError if messages in these queues cannot be expired here."""
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


def _refuse_backscatter(messages: Iterable[SelectedMessage]) -> None:
    """Raise SelectionError if expiring would send notices to people who sent nothing."""
    unverified = sum(not message.is_verified for message in messages)
    if unverified:
        raise SelectionError(
            "method",
            "expire returns each message to its sender, and %d of the selected messages have an unverified sender (a null sender, or "
            "one that did not log in here): the notices would be backscatter; nothing was touched. Use method: delete, or set "
            "expire_forged: true if you mean that" % unverified,
        )


def _can_expire(message: SelectedMessage) -> bool:
    """Return whether a message is not expired yet, or is on hold, where Postfix does not return it."""
    return not message.forced_expire or message.queue == "hold"


def _finish(
    change: Change, messages: Mapping[str, SelectedMessage], outcomes: Mapping[str, Outcome], instance: Instance
) -> dict[str, Any]:
    """Return the result of a run, real or predicted. Raises OutcomeError."""
    method = change.method
    gone: Collection[SelectedMessage] = messages.values()
    if change.locked is not None:
        gone = [message for message in gone if outcomes[message.queue_id] in (Outcome.PURGED, Outcome.IN_FLIGHT)]
    effect = Effect(
        outcomes=outcomes,
        changed=gone,
        destinations=SameForAll(messages, Destination(None, ""))
        if method == "delete"
        else {queue_id: _destination_of_expired(message) for queue_id, message in messages.items()},
        sums_name="purged",
        failed_state="still in the queue",
        fields={"method": method},
        log_fields={"method": method, "purged": len(gone)},
        is_logged=bool(messages),
    )
    counted = change.count_outcomes(outcomes, find_earlier=_deleted_earlier(instance))
    return change.finish(effect, counted)


def _deleted_earlier(instance: Instance) -> FindEarlier:
    """Return what counts the messages of a plan that an earlier run deleted."""

    def count_deleted(missing: Mapping[str, str]) -> int:
        return len(known_deletions(instance.queue_directory, missing))

    return Outcome.ALREADY_PURGED, count_deleted


def _destination_of_expired(message: SelectedMessage) -> Destination:
    return Destination("deferred" if message.queue == "hold" else message.queue, " (expired)")


# --- deleting -------------------------------------------------------------------------------------------------------


def _delete(locked: LockedSpool, messages: Mapping[str, SelectedMessage]) -> dict[str, Outcome]:
    """Delete the messages and return {queue ID: outcome}."""
    in_maildrop = [message for message in messages.values() if message.queue == "maildrop"]
    states = locked.remove([message for message in messages.values() if message.queue != "maildrop"])
    held = [messages[queue_id] for queue_id, state in states.items() if _is_held(state)]
    busy = frozenset(message.queue_id for message in held if states.pop(message.queue_id).busy)
    in_flight = locked.wait_for_delivery("hold", busy)
    # A message that the administrator has taken out of hold in the meantime has no state after this.
    states.update(locked.remove_from("hold", held))
    locked.clear_journal()
    states.update(locked.remove_from("maildrop", in_maildrop))
    outcomes = {queue_id: _outcome_of_removal(queue_id, state, in_flight) for queue_id, state in states.items()}
    outcomes.update(
        locked.find_missing({queue_id: message for queue_id, message in messages.items() if queue_id not in outcomes})
    )
    return outcomes


def _outcome_of_removal(queue_id: str, state: FileState, in_flight: Container[str]) -> Outcome:
    if state.removed:
        return Outcome.IN_FLIGHT if queue_id in in_flight else Outcome.PURGED
    return Outcome.FAILED if state.problem else Outcome.CHANGED


def _is_held(state: FileState) -> bool:
    """Return whether a message was put on hold because a delivery agent may have it open."""
    return state.same and not state.removed and not state.problem


# --- expiring -------------------------------------------------------------------------------------------------------


def _expire(locked: LockedSpool, messages: Mapping[str, SelectedMessage]) -> dict[str, Outcome]:
    """Expire the messages, release those that are on hold, and return {queue ID: outcome}.

    Postfix does not return a message on hold, so messages are not held while they are compared: they are compared just before.
    """
    queues = (*DELIVERY_QUEUES, "hold")
    states: dict[str, FileState] = {}
    for queue in queues:
        states.update(locked.find(queue, messages))
    outcomes = {queue_id: Outcome.CHANGED if queue_id in states else Outcome.VANISHED for queue_id in messages}
    same = [queue_id for queue_id, state in states.items() if state.same]
    if same:
        locked.audit_log.instance.postsuper("-f", same, *queues)
    # A message that is gone by now has been returned to its sender already.
    outcomes.update(dict.fromkeys(same, Outcome.PURGED))
    for queue in queues:
        _check_expired(locked, queue, frozenset(same), outcomes)
    return outcomes


def _check_expired(locked: LockedSpool, queue: str, queue_ids: frozenset[str], outcomes: dict[str, Outcome]) -> None:
    """Note as failed the messages that are in a queue and not expired."""
    try:
        for queue_id, message in open_messages(locked.spool, queue, queue_ids):
            if message is None or not message.forced_expire or queue == "hold":
                locked.fail(outcomes, queue_id, _NOT_EXPIRED)
    except MailopsError as error:
        locked.audit_log.module.warn("Whether all messages in %s are expired could not be checked: %s" % (queue, error))
