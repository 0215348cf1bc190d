# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What every module that acts on messages needs: the lock and what an interrupted run left, looking, and the common result."""

from __future__ import annotations

import errno
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Container, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    ContentError,
    MailopsError,
    OutcomeError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import DELIVERY_QUEUES, LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _selected
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import show_scan, warn_of_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import name_gaps, show_gaps
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import (
    HoldJournal,
    QueueLock,
    operator,
    read_journal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import MAX_GAPS, scan
from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected import (
        Request,
        SelectedMessage,
        SelectedMessages,
    )
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Interrupted
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap, ScanCounts

# A delivery that is under way when a message is held is waited for so long, so that it leaves no log behind.
IN_FLIGHT_SECONDS = 5.0

_POLL_SECONDS = 0.1
MAX_REASON = 200
# Long queue IDs have up to 20 characters, and RFC 3164 gives a line of the log 1024 bytes.
_IDS_IN_LINE = 40
_MOVED_MEANWHILE = (
    "It moved between queues during the run, or is not where Postfix looks for it. Run this again; if that does not help, run "
    "postfix check and postsuper -s first."
)


# --- acting, one run at a time --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Act:
    """What acts on a host: its instance, its open spool, the lock on it, and the record of what is deleted."""

    module: AnsibleModule
    instance: Instance
    live: QueueDirectory
    lock: QueueLock
    record: Deletions
    purpose: str
    problems: dict[str, str] = field(default_factory=dict)
    """Why a message could not be handled, by queue ID."""

    @property
    def spool(self) -> Spool:
        """The open queue directory."""
        return self.live.spool

    def clear_journal(self) -> None:
        """Record that nothing is half done any more; warn where that cannot be recorded."""
        try:
            self.lock.clear_journal()
        except OSError as error:
            self.module.warn(str(SystemRefusal("The journal in pid/mailops.journal cannot be removed", error)))


@contextmanager
def acting(module: AnsibleModule, instance: Instance, *, purpose: str) -> Iterator[tuple[Spool, Act | None]]:
    """Open the spool for a run; in a real one take the lock and undo what an interrupted run left, in check mode warn of it.

    Yields the spool, and what acts on it, None in check mode. Raises BusyError and MailopsError.
    """
    _require_writable(instance.queue_directory)
    layout = layout_of(instance)
    if module.check_mode:
        with Spool(instance.queue_directory) as spool:
            record = Deletions(instance.queue_directory, log=_log_nothing)
            _warn_of_interrupted(module, instance, spool, record)
            yield spool, None
        return
    with QueueLock(instance.queue_directory, purpose=purpose) as lock, QueueDirectory(layout) as live:
        record = Deletions(instance.queue_directory, log=partial(log_ids, module, instance, purpose, "deleted"))
        act = Act(module, instance, live, lock, record, purpose)
        _report_deletions(act)
        _undo_interrupted(act)
        try:
            yield live.spool, act
        finally:
            record.end()


def _require_writable(queue_directory: str) -> None:
    """Raise SystemRefusal where the file system is mounted read-only: nothing can be moved or deleted then, in check mode either."""
    try:
        read_only = os.statvfs(queue_directory).f_flag & os.ST_RDONLY
    except OSError as error:
        raise SystemRefusal("The queue directory %s cannot be used" % queue_directory, error) from error
    if read_only:
        refusal = OSError(errno.EROFS, os.strerror(errno.EROFS))
        raise SystemRefusal("Nothing can be changed in %s" % queue_directory, refusal)


def hold(
    act: Act, targets: Sequence[SelectedMessage], *, stays: bool = False, needs_journal: bool = False
) -> dict[str, FileState]:
    """Put on hold those of the messages that are in delivery, and return what stands under each ID that was found there or on hold.

    stays: whether an interrupted run is to leave them there; otherwise the next run gives them back. needs_journal: whether nothing
    is to be put on hold where that cannot be recorded. Raises SystemRefusal then.
    """
    _write_journal(act, targets, stays=stays, is_needed=needs_journal)
    return _noted(act, actions.hold(act.live, _fingerprints(targets)))


def release(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, FileState]:
    """Move messages from hold to deferred, and return what stood under each ID that was found on hold."""
    return _noted(act, actions.release(act.live, _fingerprints(targets)))


def remove(act: Act, targets: Sequence[SelectedMessage]) -> dict[str, FileState]:
    """Remove the messages but for those that may be in delivery, which are put on hold; return what hold() does."""
    if not targets:
        return {}
    _write_journal(act, targets, stays=False)
    _begin_record(act)
    return _noted(act, actions.remove(act.live, _fingerprints(targets), act.record))


def remove_from(act: Act, queue: str, targets: Sequence[SelectedMessage]) -> dict[str, FileState]:
    """Remove the messages from one queue, and return what stood under each ID that was found there."""
    if not targets:
        return {}
    _begin_record(act)
    return _noted(act, actions.remove_from(act.live, queue, _fingerprints(targets), act.record))


def _write_journal(act: Act, targets: Sequence[SelectedMessage], *, stays: bool, is_needed: bool = False) -> None:
    """Record what is about to be put on hold. On a full disk the run goes on without, for deleting is what makes room there.

    is_needed: whether it does not. Raises SystemRefusal then.
    """
    moving = [Planned(target.queue_id, target.fingerprint) for target in targets if target.queue in DELIVERY_QUEUES]
    if not moving:
        return
    try:
        act.lock.write_journal(moving, stays=stays)
    except OSError as error:
        refusal = SystemRefusal("The journal of the run cannot be written to pid/mailops.journal", error)
        if is_needed:
            raise refusal from error
        act.module.warn(
            "%s If this run is killed, messages that it put on hold stay there (postqueue -p shows them with an exclamation mark)."
            % refusal
        )


def _begin_record(act: Act) -> None:
    act.record.begin({"purpose": act.purpose, "user": operator(), "since": int(time.time())})


def _noted(act: Act, standing: dict[str, FileState]) -> dict[str, FileState]:
    """Keep why messages could not be handled, and return what stands under each ID."""
    act.problems.update((queue_id, what.problem) for queue_id, what in standing.items() if what.problem)
    return standing


def _fingerprints(targets: Sequence[SelectedMessage]) -> dict[str, str]:
    return {target.queue_id: target.fingerprint for target in targets}


def look(module: AnsibleModule, instance: Instance, spool: Spool, request: Request, *, narrow: bool = True) -> Seen:
    """Return the selection, within the operator's limits, warning of what could not be read.

    narrow: whether nearly everything needs the operator's word. Raises LimitError, and OutcomeError for what cannot be decided.
    """
    started = time.monotonic()
    # A plan shows what the selection is made of, and only check mode makes one.
    share = scan(spool, request.job(tops=module.check_mode))
    warn_of_gaps(module, share.counts, share.gaps, instance.queue_directory)
    seen = Seen(request, share.result, share.counts, share.gaps, started)
    check_undecided(module, seen)
    _selected.check_limits(share.result, request, narrow=narrow)
    return seen


def check_undecided(module: AnsibleModule, seen: Seen) -> None:
    """Warn of messages that cannot be decided, or raise OutcomeError where the operator wants that."""
    verdicts = seen.selected.verdicts
    if not verdicts.undecided:
        return
    text = "Whether %d messages match cannot be decided (%s)." % (verdicts.undecided, name_gaps(verdicts.examples))
    if module.params["on_undecided"] == "fail":
        raise OutcomeError(
            text + " Nothing was touched. Select or exclude them by queue_id, or set on_undecided: skip.",
            result={"changed": False, "undecided": show_gaps(verdicts.examples)},
        )
    module.warn(text + " They are left alone.")


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


def verify(spool: Spool, queue: str, wanted: Mapping[str, SelectedMessage]) -> dict[str, FileState]:
    """Return what stands in a queue under each ID, for the IDs that are there.

    Whether a message is busy is not asked in C(active): an agent that meets our lock there ends with a fatal error
    (src/global/deliver_request.c).
    """
    return {
        queue_id: actions.ANOTHER
        if message is None
        else FileState(
            message.fingerprint == wanted[queue_id].fingerprint,
            queue != "active" and message.in_delivery(),
        )
        for queue_id, message in messages(spool, queue, wanted)
    }


def wait_for_delivery(spool: Spool, queue: str, queue_ids: frozenset[str], *, seconds: float) -> frozenset[str]:
    """Wait a little until no delivery agent has these messages open any more; return those that one still has."""
    deadline = time.monotonic() + seconds
    while queue_ids and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        try:
            queue_ids = frozenset(
                queue_id for queue_id, message in messages(spool, queue, queue_ids) if message and message.in_delivery()
            )
        except MailopsError:
            # Who cannot look concludes nothing.
            break
    return queue_ids


def look_in_delivery(act: Act, unseen: Mapping[str, SelectedMessage]) -> dict[str, str]:
    """Return what became of messages that were not in hold: still in delivery (failed), another one (changed), or gone."""
    outcomes = dict.fromkeys(unseen, "vanished")
    if unseen:
        for queue in DELIVERY_QUEUES:
            try:
                standing = verify(act.spool, queue, unseen)
            except MailopsError as error:
                for queue_id in unseen:
                    fail(act, outcomes, queue_id, str(error))
                continue
            for queue_id, what in standing.items():
                if what.same:
                    fail(act, outcomes, queue_id, _MOVED_MEANWHILE)
                else:
                    outcomes[queue_id] = "changed"
    return outcomes


def fail(act: Act, outcomes: dict[str, str], queue_id: str, problem: str) -> None:
    """Record that a message could not be handled, and why."""
    outcomes[queue_id] = "failed"
    act.problems.setdefault(queue_id, problem)


# --- what an interrupted run left -----------------------------------------------------------------------------------


def _left_on_hold(spool: Spool, journal: HoldJournal) -> dict[str, str]:
    """Return {queue ID: fingerprint} of what is on hold because of an interrupted run and is not to stay there.

    That is the messages of its journal; where these are to stay, it is others that were held because they had the same queue ID.
    """
    fingerprints = {message.queue_id: message.fingerprint for message in journal.messages}
    left = {}
    for queue_id, message in messages(spool, "hold", fingerprints):
        if message is not None and (message.fingerprint == fingerprints[queue_id]) is not journal.stays:
            left[queue_id] = message.fingerprint
    return left


def _undo_interrupted(act: Act) -> None:
    """Release what an interrupted run had put on hold and not finished; the selection then decides again."""
    journal = read_journal(act.instance.queue_directory)
    if not journal.messages:
        return
    left = _left_on_hold(act.spool, journal)
    if left:
        standing = actions.release(act.live, left)
        problems = [what.problem for what in standing.values() if what.problem]
        if problems:
            raise MailopsError(
                "An earlier run was interrupted, and %d of the %d messages that it had put on hold cannot be released: %s"
                % (len(problems), len(left), problems[0])
            )
        log_ids(act.module, act.instance, act.purpose, "released", sorted(left))
        act.module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold were released." % len(left)
        )
    act.clear_journal()


def _warn_of_interrupted(module: AnsibleModule, instance: Instance, spool: Spool, record: Deletions) -> None:
    left = _left_on_hold(spool, read_journal(instance.queue_directory))
    if left:
        module.warn(
            "An earlier run was interrupted; %d messages that it had put on hold are still there. The next real run releases "
            "them first." % len(left)
        )
    interrupted = record.interrupted()
    deleted = _deleted_by(spool, interrupted)
    if interrupted and deleted:
        module.warn(_describe(interrupted, deleted) + " The next real run writes their queue IDs to the mail log.")


def _report_deletions(act: Act) -> None:
    """Write to the mail log what a run deleted that was interrupted before it could do so, and warn of it."""
    interrupted = act.record.interrupted()
    if interrupted is None:
        return
    deleted = _deleted_by(act.spool, interrupted)
    if deleted:
        log_ids(act.module, act.instance, act.purpose, "deleted by an interrupted run", deleted)
        said = {
            "interrupted": interrupted.about.get("purpose"),
            "deleted": len(deleted),
            "user": interrupted.about.get("user"),
        }
        _log(act.module, act.instance, act.purpose, [_fields(said)])
        act.module.warn(_describe(interrupted, deleted) + " Their queue IDs are in the mail log.")
    act.record.close_interrupted()


def _deleted_by(spool: Spool, interrupted: Interrupted | None) -> list[str]:
    """Return the messages that an interrupted run was to delete and that are gone."""
    if interrupted is None:
        return []
    there = {
        queue_id
        for queue in LISTED_QUEUES
        for queue_id, message in messages(spool, queue, interrupted.messages)
        if message is None or message.fingerprint == interrupted.messages[queue_id]
    }
    return sorted(interrupted.messages.keys() - there)


def _describe(interrupted: Interrupted, deleted: Sequence[str]) -> str:
    about = interrupted.about
    since = about.get("since")
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(since)) if isinstance(since, int) else "an unknown time"
    return "A run of %s by %s that began at %s was interrupted. It had deleted %d messages (%s)." % (
        printable(str(about.get("purpose"))),
        printable(str(about.get("user"))),
        when,
        len(deleted),
        ", ".join(deleted[:3]) + (" and more" if len(deleted) > 3 else ""),
    )


# --- the result -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Seen:
    """What reading the queues gave: the selection, how reading went, and when it began (time.monotonic())."""

    request: Request
    selected: SelectedMessages
    counts: ScanCounts
    gaps: Sequence[Gap]
    started: float


class Destination(NamedTuple):
    """Where a message is after the act, for the diff."""

    queue: str | None
    """Its queue then; None for a message that is gone."""
    mark: str
    """What its line has at its end then."""


def show_common(seen: Seen, fates: Mapping[str, Destination], act: Act | None) -> dict[str, Any]:
    """Return what the results of all acting modules have in common. fates: of the messages that are to be acted on, by queue ID."""
    selected, request = seen.selected, seen.request
    rows = listing.fit_rows(selected.messages.rows(), limit=request.limit)
    return {
        "matched": _selected.show_matched(selected),
        "messages": rows,
        "truncated": len(rows) < selected.totals.messages,
        "undecided": show_gaps(selected.verdicts.examples),
        "failures": _show_failures(selected, act),
        "selection": request.selection.frozen(),
        "selection_digest": request.selection.digest(),
        "scan": show_scan(seen.counts, seen.gaps, source="spool", started=seen.started),
        "diff": _diff(selected, rows, fates),
    }


def _show_failures(selected: SelectedMessages, act: Act | None) -> list[dict[str, Any]]:
    """Return some of the messages that could not be handled, and why."""
    problems = sorted(act.problems.items())[:MAX_GAPS] if act else []
    return [
        {
            "queue_id": queue_id,
            "queue": selected.targets[queue_id].queue if queue_id in selected.targets else None,
            "problem": listing.clip(printable(problem)),
        }
        for queue_id, problem in problems
    ]


def show_sums(targets: Sequence[SelectedMessage]) -> dict[str, int]:
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
    planned = seen.request.planned
    if planned is not None:
        changed = len(set(seen.selected.changed))
        counted["changed"] += changed
        counted["vanished"] += len(planned) - len(seen.selected.targets) - changed
    counted["undecided"] = seen.selected.verdicts.undecided
    return counted


def check_failed(result: dict[str, Any], what: str) -> None:
    """Raise OutcomeError where messages had the outcome failed. what: the place or state that they are in."""
    failed = result["outcomes"]["failed"]
    if failed:
        known = result["failures"]
        problem = "%s: %s" % (known[0]["queue_id"], known[0]["problem"]) if known else _MOVED_MEANWHILE
        raise OutcomeError(
            "%d of the selected messages are %s. %s" % (failed, what, problem),
            result=result,
        )


def audit(
    module: AnsibleModule,
    instance: Instance,
    name: str,
    result: Mapping[str, Any],
    done: Mapping[str, object],
    seen: Seen,
) -> None:
    """Leave a line in the mail log: who did what to how many messages, by which selection, and why."""
    said = {
        **done,
        "matched": result["matched"]["messages"],
        "user": operator(),
        "selection": result["selection_digest"],
    }
    leave_line(module, instance, name, said, seen.request.reason)


def log_ids(module: AnsibleModule, instance: Instance, name: str, verb: str, queue_ids: Sequence[str]) -> None:
    """Leave the queue IDs of what a run has done in the mail log, many in a line, so that each can be found there.

    A line for each, as postsuper(1) writes, takes some fifteen times as long, and journald drops lines that come in such numbers
    (RateLimitBurst in journald.conf(5)).
    """
    parts = [queue_ids[start : start + _IDS_IN_LINE] for start in range(0, len(queue_ids), _IDS_IN_LINE)]
    _log(module, instance, name, ["%s: %s" % (verb, " ".join(part)) for part in parts])


def leave_line(
    module: AnsibleModule, instance: Instance, name: str, said: Mapping[str, object], reason: str | None
) -> None:
    """Leave a line in the mail log, with the operator's reason, and warn where that cannot be done."""
    shown = printable(reason or "")[:MAX_REASON] or "none given"
    _log(module, instance, name, [_fields({**said, "reason": shown})])


def _fields(said: Mapping[str, object]) -> str:
    return ", ".join("%s=%s" % field for field in said.items())


def _log_nothing(_queue_ids: Sequence[str]) -> None:
    """Write nothing: in check mode nothing is deleted."""


def _log(module: AnsibleModule, instance: Instance, name: str, lines: Sequence[str]) -> None:
    try:
        instance.log("mailops/" + name, lines)
    except MailopsError as error:
        module.warn("The mail log could not be written to: %s" % error)


def _diff(
    selected: SelectedMessages, rows: Sequence[Mapping[str, Any]], fates: Mapping[str, Destination]
) -> dict[str, str]:
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
