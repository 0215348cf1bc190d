# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What every module that acts on messages needs: the lock and what an interrupted run left, looking, and the common result."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Container, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, MailopsError, OutcomeError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import show_scan, warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._queue import listing
from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._queue.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool import holding
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.holding import Standing
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import DELIVERY, Live
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import (
    Journal,
    QueueLock,
    operator,
    read_journal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import Selected, Selecting, Target
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import ScanCounts

# A delivery that is under way when a message is held is waited for so long, so that it leaves no log behind.
IN_FLIGHT_SECONDS = 5.0

_POLL_SECONDS = 0.1
MAX_REASON = 200
# Long queue IDs have up to 20 characters, and RFC 3164 gives a line of the log 1024 bytes.
_IDS_IN_LINE = 40


# --- acting, one run at a time --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """What acts on a host: its instance, its open spool and the lock on it."""

    instance: Instance
    spool: Spool
    lock: QueueLock


@contextmanager
def acting(module: AnsibleModule, instance: Instance, *, purpose: str) -> Iterator[tuple[Spool, Act | None]]:
    """Open the spool for a run; in a real one take the lock and undo what an interrupted run left, in check mode warn of it.

    Yields the spool, and what acts on it, None in check mode. Raises BusyError and MailopsError.
    """
    with Spool(instance.queue_directory) as spool:
        if module.check_mode:
            _warn_of_journal(module, instance, spool)
            yield spool, None
            return
        with QueueLock(instance.queue_directory, purpose=purpose) as lock:
            act = Act(instance, spool, lock)
            _undo_interrupted(module, act)
            yield spool, act


def hold(act: Act, targets: Sequence[Target], *, stays: bool = False) -> dict[str, Standing]:
    """Put on hold those of the messages that are in delivery, and return what stands under each ID that was found there or on hold.

    stays: whether an interrupted run is to leave them there; otherwise the next run gives them back.
    """
    return _each(act, targets, holding.hold, stays=stays)


def remove(act: Act, targets: Sequence[Target]) -> dict[str, Standing]:
    """Remove the messages but for those that may be in delivery, which are put on hold; return what hold() does."""
    return _each(act, targets, holding.remove, stays=False)


def remove_from(act: Act, queue: str, targets: Sequence[Target]) -> dict[str, Standing]:
    """Remove the messages from one queue, and return what stood under each ID that was found there."""
    if not targets:
        return {}
    with Live(layout_of(act.instance)) as live:
        return holding.remove_from(live, queue, _fingerprints(targets))


def _each(
    act: Act,
    targets: Sequence[Target],
    work: Callable[[Live, Mapping[str, str]], dict[str, Standing]],
    *,
    stays: bool,
) -> dict[str, Standing]:
    if not targets:
        return {}
    moving = [Planned(target.queue_id, target.fingerprint) for target in targets if target.queue in DELIVERY]
    if moving:
        act.lock.write_journal(moving, stays=stays)
    with Live(layout_of(act.instance)) as live:
        return work(live, _fingerprints(targets))


def _fingerprints(targets: Sequence[Target]) -> dict[str, str]:
    return {target.queue_id: target.fingerprint for target in targets}


def put_back(act: Act, queue_ids: Sequence[str]) -> None:
    """Give messages back to delivery that this run had put on hold."""
    if queue_ids:
        act.instance.postsuper("-H", queue_ids)


def look(module: AnsibleModule, instance: Instance, spool: Spool, selecting: Selecting) -> Seen:
    """Return the selection, within the operator's limits, warning of what could not be read. Raises LimitError."""
    started = time.monotonic()
    # What the selection is made of is told by a plan, and only check mode makes one.
    share = scan(spool, selecting.job(tops=module.check_mode))
    warn_of_gaps(module, share.counts, instance.queue_directory)
    _selected.check_limits(share.result, module.params)
    return Seen(selecting, share.result, share.counts, started)


# --- looking --------------------------------------------------------------------------------------------------------


def messages(spool: Spool, queue: str, queue_ids: Container[str]) -> Iterator[tuple[str, SpoolMessage | None]]:
    """Yield the files of these IDs in a queue: the ID, and the message where it can be read; it is closed afterwards."""
    for found in spool.walk(queue):
        if found.name not in queue_ids:
            continue
        try:
            message = SpoolMessage(spool, found)
        except FileNotFoundError:
            continue
        except OSError:
            yield found.name, None
            continue
        try:
            yield found.name, message if _has_envelope(message) else None
        finally:
            message.close()


def _has_envelope(message: SpoolMessage) -> bool:
    """Return whether the file can be read so far; what it says may still be damaged."""
    try:
        return bool(message.envelope)
    except ContentError:
        return False


def verify(spool: Spool, queue: str, wanted: Mapping[str, Target]) -> dict[str, Standing]:
    """Return what stands in a queue under each ID, for the IDs that are there.

    Whether a message is busy is not asked in C(active): an agent that meets our lock there ends with a fatal error
    (src/global/deliver_request.c).
    """
    return {
        queue_id: holding.ANOTHER
        if message is None
        else Standing(
            message.readable and message.fingerprint == wanted[queue_id].fingerprint,
            queue != "active" and message.in_delivery(),
        )
        for queue_id, message in messages(spool, queue, wanted)
    }


def wait_for_delivery(spool: Spool, queue: str, queue_ids: frozenset[str], *, seconds: float) -> frozenset[str]:
    """Wait a little until no delivery agent has these messages open any more; return those that one still has."""
    deadline = time.monotonic() + seconds
    while queue_ids and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        queue_ids = frozenset(
            queue_id for queue_id, message in messages(spool, queue, queue_ids) if message and message.in_delivery()
        )
    return queue_ids


def look_in_delivery(spool: Spool, unseen: Mapping[str, Target]) -> dict[str, str]:
    """Return what became of messages that were not in hold: still in delivery (failed), another one (changed), or gone."""
    outcomes = dict.fromkeys(unseen, "vanished")
    if unseen:
        for queue in DELIVERY:
            for queue_id, what in verify(spool, queue, unseen).items():
                outcomes[queue_id] = "failed" if what.same else "changed"
    return outcomes


# --- what an interrupted run left -----------------------------------------------------------------------------------


def _left_on_hold(spool: Spool, journal: Journal) -> list[str]:
    """Return what is on hold because of an interrupted run and is not to stay there.

    That is the messages of its journal; where these are to stay, it is others that were held for having the same queue ID.
    """
    fingerprints = {message.queue_id: message.fingerprint for message in journal.messages}
    return [
        queue_id
        for queue_id, message in messages(spool, "hold", fingerprints)
        if message is not None and (message.fingerprint == fingerprints[queue_id]) is not journal.stays
    ]


def _undo_interrupted(module: AnsibleModule, act: Act) -> None:
    """Release what an interrupted run had put on hold and not done with; the selection then decides anew."""
    journal = read_journal(act.instance.queue_directory)
    if not journal.messages:
        return
    left = _left_on_hold(act.spool, journal)
    if left:
        put_back(act, left)
        module.warn("An earlier run was interrupted; %d messages that it had put on hold were released." % len(left))
    act.lock.clear_journal()


def _warn_of_journal(module: AnsibleModule, instance: Instance, spool: Spool) -> None:
    left = _left_on_hold(spool, read_journal(instance.queue_directory))
    if left:
        module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold are still there. The next real run releases "
            "them first." % len(left)
        )


# --- the result -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What reading the queues gave: the selection, how reading went, and when it began (time.monotonic())."""

    selecting: Selecting
    selected: Selected
    counts: ScanCounts
    started: float


class Fate(NamedTuple):
    """Where a message is after the act, for the diff."""

    queue: str | None
    """Its queue then; None for a message that is gone."""
    mark: str
    """What its line says then, beside what it said before."""


def show_common(seen: Seen, fates: Mapping[str, Fate]) -> dict[str, Any]:
    """Return what the results of all acting modules have in common. fates: of the messages that are to be acted on, by queue ID."""
    selected, selecting = seen.selected, seen.selecting
    rows = listing.fit_rows(selected.messages.rows(), limit=selecting.limit)
    return {
        "matched": _selected.show_matched(selected),
        "messages": rows,
        "truncated": len(rows) < selected.totals.messages,
        "selection": selecting.selection.frozen(),
        "selection_digest": selecting.selection.digest(),
        "scan": show_scan(seen.counts, source="spool", started=seen.started),
        "diff": _diff(selected, rows, fates),
    }


def show_sums(targets: Sequence[Target]) -> dict[str, int]:
    """Return how much a set of messages is."""
    return {
        "messages": len(targets),
        "bytes": sum(target.size for target in targets),
        "recipients": sum(target.recipients for target in targets),
    }


def count_outcomes(seen: Seen, outcomes: Mapping[str, str], names: Sequence[str]) -> dict[str, int]:
    """Return how many messages had each outcome; of a plan, those that are not as planned count too."""
    counted = dict.fromkeys(names, 0)
    for outcome in outcomes.values():
        counted[outcome] += 1
    planned = seen.selecting.planned
    if planned is not None:
        changed = len(set(seen.selected.changed))
        counted["changed"] += changed
        counted["vanished"] += len(planned) - len(seen.selected.targets) - changed
    return counted


def check_failed(result: dict[str, Any], what: str) -> None:
    """Raise OutcomeError where messages had the outcome failed. what: the place or state that they are in."""
    failed = result["outcomes"]["failed"]
    if failed:
        raise OutcomeError(
            "%d of the selected messages are %s. They went from queue to queue meanwhile, or are not where Postfix looks for them: "
            "run this again, and if that does not help, after postfix check and postsuper -s." % (failed, what),
            result=result,
        )


def audit(
    module: AnsibleModule, instance: Instance, name: str, result: Mapping[str, Any], done: Mapping[str, object]
) -> None:
    """Leave a line in the mail log: who did what to how many messages, by which selection, and why."""
    said = {
        **done,
        "matched": result["matched"]["messages"],
        "user": operator(),
        "selection": result["selection_digest"],
    }
    leave_line(module, instance, name, said)


def log_ids(module: AnsibleModule, instance: Instance, name: str, verb: str, queue_ids: Sequence[str]) -> None:
    """Leave the queue IDs of what a run has done in the mail log, many in a line, so that each can be found there.

    A line for each, as postsuper(1) writes, takes some fifteen times as long, and journald drops lines that come in such numbers
    (RateLimitBurst in journald.conf(5)).
    """
    parts = [queue_ids[start : start + _IDS_IN_LINE] for start in range(0, len(queue_ids), _IDS_IN_LINE)]
    _log(module, instance, name, ["%s: %s" % (verb, " ".join(part)) for part in parts])


def leave_line(module: AnsibleModule, instance: Instance, name: str, said: Mapping[str, object]) -> None:
    """Leave a line in the mail log, with the operator's reason, and warn where that cannot be done."""
    reason = printable(module.params["reason"] or "")[:MAX_REASON] or "none given"
    _log(module, instance, name, [", ".join("%s=%s" % field for field in {**said, "reason": reason}.items())])


def _log(module: AnsibleModule, instance: Instance, name: str, lines: Sequence[str]) -> None:
    try:
        instance.log("mailops/" + name, lines)
    except MailopsError as error:
        module.warn("The mail log could not be written to: %s" % error)


def _diff(selected: Selected, rows: Sequence[Mapping[str, Any]], fates: Mapping[str, Fate]) -> dict[str, str]:
    """Return the queues before and after, made from the selection alone, so that check mode shows what a real run does."""
    before = dict(selected.in_queues)
    after = dict(before)
    for queue_id, fate in fates.items():
        after[selected.targets[queue_id].queue] -= 1
        if fate.queue is not None:
            after[fate.queue] = after.get(fate.queue, 0) + 1
    lines = {row["queue_id"]: _line(row) for row in rows}
    gone = {queue_id for queue_id, fate in fates.items() if fate.queue is None}
    marks = {queue_id: fate.mark for queue_id, fate in fates.items()}
    kept = [line + marks.get(queue_id, "") for queue_id, line in lines.items() if queue_id not in gone]
    return {
        "before_header": "queues",
        "after_header": "queues",
        "before": _counts_text(before) + "".join(line + "\n" for line in lines.values()),
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
