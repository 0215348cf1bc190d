# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a run that quarantines queues and restores from them. Pure."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import (
    STOPPED_BY_FAILURE,
    STOPPED_BY_INTERRUPTION,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    add_up,
    count_messages,
    make_row,
    make_run_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import (
    QuarantineLimits,
    refuse_restore,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    count_matched,
    find_problem,
    first_problem,
    message_of,
    queue_facts,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

_NOT_RESTORED = "Nothing was restored here, because an earlier host failed."
_INTERRUPTED_HERE = (
    "The run was interrupted while it worked on this host. To see what was moved and deleted, run the playbook mailops.postfix.restore "
    "without a name."
)


class QuarantineSteps(NamedTuple):
    """The steps of the role spool_quarantine.

    source: why the source was not stopped, empty if it was. quarantine: what postfix_spool_quarantine returned when it moved the
    queues away. listing: what postfix_quarantine_info returned. preview: what postfix_queue_facts found in the quarantine before
    anything was restored. restore, expiry: what postfix_spool_quarantine returned when it restored, and when it deleted. left: what
    postfix_queue_facts found afterwards. service: what it found of the running instance.
    """

    source: Result = NO_RESULT
    quarantine: Result = NO_RESULT
    listing: Result = NO_RESULT
    preview: Result = NO_RESULT
    restore: Result = NO_RESULT
    left: Result = NO_RESULT
    expiry: Result = NO_RESULT
    service: Result = NO_RESULT


class QuarantineOptions(NamedTuple):
    """What a run does: the name of the quarantine, and why.

    rules: whether rules select what is restored. everything: whether everything is restored that no rule excludes. must_run: whether a
    stopped Postfix is a problem. check: whether it only predicts, in check mode. expire: the age at which the rest is
    deleted, such as C(14d), None if nothing is.
    """

    name: str
    reason: str | None = None
    rules: bool = False
    must_run: bool = True
    check: bool = False
    everything: bool = False
    expire: str | None = None


class _ReportTime(NamedTuple):
    """When a report is made. unchanged_since: the second until which a quarantine must be unchanged to be deleted, None if none is.

    preview: whether it is before anything is restored. started: for a run that was interrupted, the hosts on which it had begun.
    """

    unchanged_since: int | None
    preview: bool
    started: Collection[str] | None


def quarantine_report(
    results: Results,
    *,
    created: int,
    run: QuarantineOptions,
    hosts: Iterable[str] | None = None,
    limits: QuarantineLimits | None = None,
    started: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the report on a run of the role spool_quarantine. Raises SelectionError for an age that is none.

    results: {host: {step: result}}, with the steps of QuarantineSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    limits: given for a preview, before anything is restored. Its refusals are the reasons why nothing must be restored.
    started: for a run that was interrupted, the hosts on which it had begun.
    """
    expire_seconds = None if run.expire is None else parse_age(run.expire, "expire")
    report_time = _ReportTime(None if expire_seconds is None else created - expire_seconds, limits is not None, started)
    rows = [_make_row(host, steps, run, report_time) for host, steps in read_steps(results, hosts, QuarantineSteps)]
    return make_run_report(
        "quarantine",
        created,
        rows,
        refusals=None if limits is None else refuse_restore(rows, limits, name=run.name, everything=run.everything),
        started=started,
        **run._asdict(),
        expire_seconds=expire_seconds,
        fleet=_sum_up(rows),
    )


def _sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "hosts": len(rows),
        **{
            name: add_up(row[name] or {} for row in rows) for name in ("quarantined", "selected", "restored", "deleted")
        },
        **{name: sum(row[name] or 0 for row in rows) for name in ("collisions", "left", "to_delete")},
        **{name: sum((row["selected"] or {}).get(name) or 0 for row in rows) for name in ("partial", "undecided")},
        "down": max((row["down"] or 0.0 for row in rows), default=0.0),
    }


def _make_row(host: str, steps: QuarantineSteps, run: QuarantineOptions, report_time: _ReportTime) -> dict[str, Any]:
    not_begun = bool(steps.quarantine.get("skipped"))
    ran = QuarantineSteps(*(NO_RESULT if step.get("skipped") else step for step in steps))
    figures = _make_figures(ran, run, report_time)
    problem = (
        _find_interruption(host, ran, report_time, figures)
        or _find_problem(ran, run, figures, not_begun=not_begun)
        or (None if report_time.preview else _find_unfinished(ran, run, figures))
    )
    return make_row(host, *(problem or (_state_of(ran, run, report_time, figures), None)), **figures)


# --- figures --------------------------------------------------------------------------------------------------------


def _make_figures(steps: QuarantineSteps, run: QuarantineOptions, report_time: _ReportTime) -> dict[str, Any]:
    previewed = queue_facts(steps.preview)
    selected = previewed.get("matched") if run.rules else None
    restored = steps.restore.get("restored")
    if run.check and steps.quarantine.get("changed") and not report_time.preview:
        # In check mode nothing was moved away. The messages that the preview found in the queue are the prediction.
        restored = selected
    deleted = _count_deleted(steps, restored, check=run.check)
    acting = (steps.quarantine, steps.restore, steps.expiry)
    return {
        "path": steps.quarantine.get("path") or _listed_quarantine(steps).get("path"),
        "down": steps.quarantine.get("down"),
        "quarantined": steps.quarantine.get("quarantined"),
        "selected": selected,
        "to_delete": _count_to_delete(steps, count_messages(selected), report_time),
        "top": previewed.get("top"),
        "restored": restored,
        "outcomes": steps.restore.get("outcomes"),
        "failures": [failure for step in acting for failure in step.get("failures") or ()],
        "collisions": (steps.restore.get("outcomes") or {}).get(str(Outcome.COLLISION)),
        "renamed": steps.restore.get("renamed"),
        "deleted": deleted,
        "left": _count_left(steps, count_messages(restored), count_messages(deleted), check=run.check),
        "failed_steps": [name for name, step in steps._asdict().items() if step.get("failed")],
        "mail_runs": (queue_facts(steps.service).get("instance") or {}).get("running"),
    }


def _listed_quarantine(steps: QuarantineSteps) -> Mapping[str, Any]:
    """Return the quarantine as the listing has it, empty if there is none."""
    quarantines = steps.listing.get("quarantines")
    return quarantines[0] if quarantines else {}


def _count_to_delete(steps: QuarantineSteps, selected: int, report_time: _ReportTime) -> int | None:
    """Return how many messages are old enough to be deleted at the end; None if nothing is deleted."""
    previewed, listed = queue_facts(steps.preview), _listed_quarantine(steps)
    if report_time.unchanged_since is None or not previewed or not listed:
        return None
    filled = listed.get("filled")
    if filled is None or filled > report_time.unchanged_since:
        return 0
    return int(previewed["total"]["messages"]) - selected


def _count_deleted(
    steps: QuarantineSteps, restored: Mapping[str, int] | None, *, check: bool
) -> Mapping[str, int] | None:
    """Return what was deleted. In check mode the module also counts messages that would be restored before, because they are still there."""
    deleted: Mapping[str, int] | None = steps.expiry.get("deleted")
    if check and deleted and restored and count_messages(deleted):
        return {name: max(0, count - restored.get(name, 0)) for name, count in deleted.items()}
    return deleted


def _count_left(steps: QuarantineSteps, restored: int, deleted: int, *, check: bool) -> int | None:
    """Return how many messages are in the quarantine at the end; None if no task could count them."""
    after, before = queue_facts(steps.left), queue_facts(steps.preview)
    if after:
        return int(after["total"]["messages"]) - deleted
    if check and steps.quarantine.get("changed"):
        return int(steps.quarantine["quarantined"]["messages"]) - restored
    return int(before["total"]["messages"]) - restored - deleted if before else None


# --- states ---------------------------------------------------------------------------------------------------------


def _find_interruption(
    host: str, steps: QuarantineSteps, report_time: _ReportTime, figures: Mapping[str, Any]
) -> Problem | None:
    """Return what an interruption of the run left unknown or undone on a host."""
    if report_time.started is None:
        return None
    if host not in report_time.started:
        return Problem(State.STOPPED, STOPPED_BY_INTERRUPTION)
    at_work = not (steps.quarantine or steps.source or steps.listing)
    restoring = count_messages(figures["selected"]) and not steps.restore
    return Problem(State.UNKNOWN, _INTERRUPTED_HERE) if at_work or restoring else None


def _find_problem(
    steps: QuarantineSteps, run: QuarantineOptions, figures: Mapping[str, Any], *, not_begun: bool
) -> Problem | None:
    """Return what failed on a host. not_begun: whether its queues were not touched, because an earlier host failed."""
    if run.must_run and figures["mail_runs"] is False:
        problem = first_problem(steps.quarantine)
        return Problem(State.MAIL_DOWN, problem.text if problem else "Postfix does not run on this host; start it.")
    if steps.source:
        text = "The source was not stopped, so nothing was touched here: %s" % message_of(steps.source)
        return Problem(State.FAILED, text)
    if not_begun:
        return Problem(State.STOPPED, STOPPED_BY_FAILURE)
    if not (steps.quarantine or steps.listing):
        return find_problem(NO_RESULT)
    return first_problem(steps.quarantine, steps.listing, steps.preview, steps.restore, steps.expiry)


def _find_unfinished(steps: QuarantineSteps, run: QuarantineOptions, figures: Mapping[str, Any]) -> Problem | None:
    """Return what is not done on a host although no task failed."""
    if count_messages(figures["selected"]) and not figures["restored"]:
        return Problem(State.STOPPED, _NOT_RESTORED)
    unverified = first_problem(steps.left, steps.service)
    if unverified:
        return Problem(State.NOT_VERIFIED, "The result could not be verified: %s" % unverified.text)
    left = count_matched(steps.left) if run.rules else 0
    if left:
        text = (
            "%d messages of the selection are still in the quarantine, %d of them because a file in the queue has their queue ID; "
            "check these messages, then restore again."
        )
        return Problem(State.LEFT_OVER, text % (left, figures["collisions"] or 0))
    return None


def _state_of(
    steps: QuarantineSteps, run: QuarantineOptions, report_time: _ReportTime, figures: Mapping[str, Any]
) -> State:
    """Return the state of a host without a problem: the last step that did something there."""
    if steps.listing and not steps.listing["quarantines"]:
        return State.NO_QUARANTINE
    if report_time.preview and count_messages(figures["selected"]):
        return State.WOULD_RESTORE
    if count_messages(figures["deleted"]):
        return State.WOULD_DELETE if run.check else State.DELETED
    if count_messages(figures["restored"]):
        return State.WOULD_RESTORE if run.check else State.RESTORED
    if steps.quarantine.get("changed"):
        return State.WOULD_QUARANTINE if run.check else State.QUARANTINED
    return State.NOTHING_TO_DO
