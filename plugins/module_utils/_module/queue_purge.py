# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postfix_queue_purge does: hold, verify, delete (or expire), and look what became of each message.

postsuper(1) finds messages by queue ID alone, and a short ID is used again as soon as its file is gone. So a message is first
moved to hold, where nothing but the administrator moves it; only what is still the selected message there is deleted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Container, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils import _arguments
from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    ContentError,
    InstanceError,
    MailopsError,
    OutcomeError,
    SelectionError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module import _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import show_scan, warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._queue import listing
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._queue.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock, operator, read_journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Selected, Selecting, Target
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import ScanCounts

METHODS = ("delete", "expire")
OUTCOMES = ("purged", "vanished", "changed", "in_flight", "failed")
TAG = "mailops/postfix_queue_purge"

_EXPIRE_SINCE = (3, 5)
_DELIVERY = ("incoming", "active", "deferred")
# A delivery that is under way when a message is held is waited for so long, so that it leaves no log behind.
_IN_FLIGHT_SECONDS = 5.0
_POLL_SECONDS = 0.1
_MAX_REASON = 200

ARGUMENTS = _arguments.compose(
    _arguments.INSTANCE,
    _arguments.SELECTION,
    _arguments.queues_option("maildrop", "incoming", "active", "deferred", "hold"),
    _arguments.LIMIT,
    _arguments.CHANGE,
    {
        "method": {"type": "str", "choices": list(METHODS), "default": "delete"},
        "expire_forged": {"type": "bool", "default": False},
    },
)


@dataclass(frozen=True)
class Act:
    """What acts on a host: its instance, its open spool and the lock on it."""

    instance: Instance
    spool: Spool
    lock: QueueLock


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    params = module.params
    instance = _arguments.instance_of(module)
    instance.require_postsuper()
    selecting = _selected.selecting_of(params, instance)
    _check_method(params["method"], selecting.selection.queues, instance)
    with Spool(instance.queue_directory) as spool:
        if module.check_mode:
            _warn_of_journal(module, instance)
            return _purge(module, selecting, instance, spool, None)
        with QueueLock(instance.queue_directory, purpose="postfix_queue_purge") as lock:
            act = Act(instance, spool, lock)
            _undo_interrupted(module, act)
            return _purge(module, selecting, instance, spool, act)


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


def _purge(
    module: AnsibleModule, selecting: Selecting, instance: Instance, spool: Spool, act: Act | None
) -> dict[str, Any]:
    """Select, check the limits, act where there is something to act with, and return the result."""
    params = module.params
    started = time.monotonic()
    share = scan(spool, selecting.job())
    selected = share.result
    warn_of_gaps(module, share.counts, instance.queue_directory)
    _selected.check_limits(selected, params)
    if params["method"] == "expire" and not params["expire_forged"]:
        _refuse_backscatter(selected.targets.values())
    targets = _to_do(selected, params["method"])
    if act is None:
        outcomes = {target.queue_id: "purged" for target in targets}
    elif params["method"] == "delete":
        outcomes = _delete(act, targets)
    else:
        outcomes = _expire(act, targets)
    result = _show(selected, selecting, params, share.counts, targets, outcomes, started)
    if act is not None and targets:
        _audit(module, instance, result, params)
    if act is None and params["plan"] is None:
        result["plan"] = _selected.make_plan(selected, selecting, instance)
    failed = result["outcomes"]["failed"]
    if failed:
        raise OutcomeError(
            "%d of the selected messages are still in the queue. They may not be where Postfix looks for them: run postfix check "
            "and postsuper -s, then run this again." % failed,
            result=result,
        )
    return result


def _to_do(selected: Selected, method: str) -> list[Target]:
    """Return the selected messages that are not as they should be yet."""
    targets = list(selected.targets.values())
    if method == "delete":
        return targets
    return [target for target in targets if not target.forced_expire or target.queue == "hold"]


def _refuse_backscatter(targets: Iterable[Target]) -> None:
    """Raise SelectionError where expiring would send notices to people who sent nothing."""
    unvouched = sum(not target.vouched for target in targets)
    if unvouched:
        raise SelectionError(
            "method",
            "expire returns each message to its sender, and for %d of the selected messages nobody vouches for that (a null "
            "sender, or one that did not log in here): the notices would be backscatter; nothing was touched. Use method: "
            "delete, or say expire_forged: true if you mean that" % unvouched,
        )


# --- deleting -------------------------------------------------------------------------------------------------------


def _delete(act: Act, targets: Sequence[Target]) -> dict[str, str]:
    """Delete the messages and return {queue ID: outcome}."""
    moving = [target for target in targets if target.queue in _DELIVERY]
    if moving:
        act.lock.write_journal(Planned(target.queue_id, target.fingerprint) for target in moving)
        act.instance.postsuper("-h", (target.queue_id for target in moving), *_DELIVERY)
    in_hold = [target for target in targets if target.queue != "maildrop"]
    outcomes = _delete_verified(act, in_hold, "hold", moved=frozenset(target.queue_id for target in moving))
    act.lock.clear_journal()
    in_maildrop = [target for target in targets if target.queue == "maildrop"]
    outcomes.update(_delete_verified(act, in_maildrop, "maildrop", moved=frozenset()))
    unseen = {target.queue_id: target for target in targets if target.queue_id not in outcomes}
    outcomes.update(_look_for(act.spool, unseen))
    return outcomes


def _delete_verified(act: Act, targets: Sequence[Target], queue: str, *, moved: frozenset[str]) -> dict[str, str]:
    """Delete from a queue what is still the selected message there, and return the outcome of each message that was there.

    moved: messages that this run put there; what turns out to be another message goes back to delivery.
    """
    wanted = {target.queue_id: target for target in targets}
    if not wanted:
        return {}
    standing = _verify(act.spool, queue, wanted)
    changed = [queue_id for queue_id, what in standing.items() if not what.same]
    verified = [queue_id for queue_id, what in standing.items() if what.same]
    put_back = [queue_id for queue_id in changed if queue_id in moved]
    if put_back:
        act.instance.postsuper("-H", put_back)
    in_flight = _wait_for_delivery(
        act.spool, queue, frozenset(queue_id for queue_id in verified if standing[queue_id].busy)
    )
    if verified:
        act.instance.postsuper("-d", verified, queue)
    left = {found.name for found in act.spool.walk(queue)}.intersection(verified)
    outcomes = dict.fromkeys(changed, "changed")
    for queue_id in verified:
        outcomes[queue_id] = "failed" if queue_id in left else "in_flight" if queue_id in in_flight else "purged"
    return outcomes


def _messages(spool: Spool, queue: str, queue_ids: Container[str]) -> Iterator[tuple[str, SpoolMessage | None]]:
    """Yield the files of these IDs in a queue: the ID, and the message where it can be read; it is closed afterwards."""
    for found in spool.walk(queue):
        if found.name not in queue_ids:
            continue
        try:
            message = SpoolMessage(spool, found)
        except FileNotFoundError:
            continue
        except (OSError, ContentError):
            yield found.name, None
            continue
        try:
            yield found.name, message
        finally:
            message.close()


class Standing(NamedTuple):
    """What stands in a queue under the ID of a selected message."""

    same: bool
    """Whether it is that message."""
    busy: bool
    """Whether Postfix has it open for delivery."""


def _verify(spool: Spool, queue: str, wanted: Mapping[str, Target]) -> dict[str, Standing]:
    """Return what stands in a queue under each ID, for the IDs that are there."""
    return {
        queue_id: Standing(False, False)
        if message is None
        else Standing(message.readable and message.fingerprint == wanted[queue_id].fingerprint, message.in_delivery())
        for queue_id, message in _messages(spool, queue, wanted)
    }


def _wait_for_delivery(spool: Spool, queue: str, queue_ids: frozenset[str]) -> frozenset[str]:
    """Wait a little until no delivery agent has these messages open any more; return those that one still has."""
    deadline = time.monotonic() + _IN_FLIGHT_SECONDS
    while queue_ids and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        queue_ids = frozenset(
            queue_id for queue_id, message in _messages(spool, queue, queue_ids) if message and message.in_delivery()
        )
    return queue_ids


def _look_for(spool: Spool, unseen: Mapping[str, Target]) -> dict[str, str]:
    """Return what became of messages that were not in hold: still in delivery (failed), another one (changed), or gone."""
    outcomes = dict.fromkeys(unseen, "vanished")
    if unseen:
        for queue in _DELIVERY:
            for queue_id, what in _verify(spool, queue, unseen).items():
                outcomes[queue_id] = "failed" if what.same else "changed"
    return outcomes


# --- expiring -------------------------------------------------------------------------------------------------------


def _expire(act: Act, targets: Sequence[Target]) -> dict[str, str]:
    """Expire the messages, releasing those on hold, and return {queue ID: outcome}.

    A held message would not be returned, so nothing can be held while it is looked at: it is looked at just before.
    """
    wanted = {target.queue_id: target for target in targets}
    queues = (*_DELIVERY, "hold")
    standing: dict[str, Standing] = {}
    for queue in queues:
        standing.update(_verify(act.spool, queue, wanted))
    outcomes = {queue_id: "changed" if queue_id in standing else "vanished" for queue_id in wanted}
    act_on = [queue_id for queue_id, what in standing.items() if what.same]
    if act_on:
        act.instance.postsuper("-f", act_on, *queues)
    # What is gone by now has been returned to its sender already.
    outcomes.update((queue_id, "purged") for queue_id in act_on)
    for queue in queues:
        for queue_id, message in _messages(act.spool, queue, frozenset(act_on)):
            if message is None or not message.forced_expire or queue == "hold":
                outcomes[queue_id] = "failed"
    return outcomes


# --- what an interrupted run left -----------------------------------------------------------------------------------


def _left_on_hold(spool: Spool, journal: Sequence[Planned]) -> list[str]:
    """Return the messages of a journal that are still on hold."""
    fingerprints = {message.queue_id: message.fingerprint for message in journal}
    return [
        queue_id
        for queue_id, message in _messages(spool, "hold", fingerprints)
        if message is not None and message.fingerprint == fingerprints[queue_id]
    ]


def _undo_interrupted(module: AnsibleModule, act: Act) -> None:
    """Release what an interrupted run had put on hold and not deleted yet; the selection then decides anew."""
    journal = read_journal(act.instance.queue_directory)
    if not journal:
        return
    left = _left_on_hold(act.spool, journal)
    if left:
        act.instance.postsuper("-H", left)
        module.warn("An earlier run was interrupted; %d messages that it had put on hold were released." % len(left))
    act.lock.clear_journal()


def _warn_of_journal(module: AnsibleModule, instance: Instance) -> None:
    with Spool(instance.queue_directory) as spool:
        left = _left_on_hold(spool, read_journal(instance.queue_directory))
    if left:
        module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold are still there. The next real run releases "
            "them first." % len(left)
        )


# --- the result -----------------------------------------------------------------------------------------------------


def _show(
    selected: Selected,
    selecting: Selecting,
    params: Mapping[str, Any],
    counts: ScanCounts,
    targets: Sequence[Target],
    outcomes: Mapping[str, str],
    started: float,
) -> dict[str, Any]:
    """Return the result of a run, real or predicted."""
    gone = [target for target in targets if outcomes[target.queue_id] in ("purged", "in_flight")]
    rows = listing.fit_rows(selected.messages.rows(), limit=selecting.limit)
    return {
        "changed": bool(gone),
        "method": params["method"],
        "matched": _selected.show_matched(selected),
        "purged": {
            "messages": len(gone),
            "bytes": sum(target.size for target in gone),
            "recipients": sum(target.recipients for target in gone),
        },
        "outcomes": _count_outcomes(selected, selecting, outcomes),
        "messages": rows,
        "truncated": len(rows) < selected.totals.messages,
        "selection": selecting.selection.frozen(),
        "selection_digest": selecting.selection.digest(),
        "scan": show_scan(counts, source="spool", started=started),
        "diff": _diff(selected, targets, rows, params["method"]),
    }


def _count_outcomes(selected: Selected, selecting: Selecting, outcomes: Mapping[str, str]) -> dict[str, int]:
    """Return how many messages had each outcome; of a plan, those that are not as planned count too."""
    counted = dict.fromkeys(OUTCOMES, 0)
    for outcome in outcomes.values():
        counted[outcome] += 1
    if selecting.planned is not None:
        changed = len(set(selected.changed))
        counted["changed"] += changed
        counted["vanished"] += len(selecting.planned) - len(selected.targets) - changed
    return counted


def _diff(
    selected: Selected, targets: Sequence[Target], rows: Sequence[Mapping[str, Any]], method: str
) -> dict[str, str]:
    """Return the queues before and after, made from the selection alone, so that check mode shows what a real run does."""
    acted_on = {target.queue_id for target in targets}
    listed = [(_line(row), row["queue_id"] in acted_on) for row in rows]
    before = dict(selected.in_queues)
    after = dict(before)
    for target in targets:
        if method == "delete":
            after[target.queue] -= 1
        elif target.queue == "hold":
            after["hold"] -= 1
            after["deferred"] = after.get("deferred", 0) + 1
    mark = "" if method == "delete" else " (expired)"
    kept = [line + (mark if acted else "") for line, acted in listed if method == "expire" or not acted]
    return {
        "before_header": "queues",
        "after_header": "queues",
        "before": _counts_text(before) + "".join(line + "\n" for line, _acted in listed),
        "after": _counts_text(after) + "".join(line + "\n" for line in kept),
    }


def _counts_text(counts: Mapping[str, int]) -> str:
    return "".join("%s: %d messages\n" % (queue, count) for queue, count in counts.items())


def _line(row: Mapping[str, Any]) -> str:
    """Return a message as a line of a diff, with nothing in it that could steer a terminal."""
    more = row["recipient_count"] - 1
    recipients = (row["recipients"][0] if row["recipients"] else "nobody") + (" and %d more" % more if more > 0 else "")
    return printable(
        "%s %s, %d bytes, from %s to %s" % (row["queue"], row["queue_id"], row["size"], row["sender"], recipients)
    )


def _audit(module: AnsibleModule, instance: Instance, result: Mapping[str, Any], params: Mapping[str, Any]) -> None:
    """Leave a line in the mail log: who did what to how many messages, by which selection, and why."""
    reason = printable(params["reason"] or "")[:_MAX_REASON]
    text = "method=%s, purged=%d, matched=%d, user=%s, selection=%s, reason=%s" % (
        result["method"],
        result["purged"]["messages"],
        result["matched"]["messages"],
        operator(),
        result["selection_digest"],
        reason or "none given",
    )
    try:
        instance.log(TAG, text)
    except MailopsError as error:
        module.warn("The audit line could not be logged: %s" % error)
