# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a cleanup of a fleet. Pure."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import count_earlier
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    Row,
    add_up,
    count_messages,
    make_report,
    make_row,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import make_plan_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    choose_steps,
    count_matched,
    find_problem,
    message_of,
    queue_facts,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import group_by_rule
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

STOPPED_BY_FAILURE = "Nothing was touched here, because an earlier host failed."
STOPPED_BY_INTERRUPTION = "Nothing was touched here, because the run was interrupted before."
STOPPED_BY_CANARY = "Nothing was touched here, because the run waits after the canary."
NOT_CHOSEN = "Nothing was touched here, because this run did not choose the host. Resume the run with it."
_INTERRUPTED_HERE = (
    "The run was interrupted while this host was cleaned. The lines of mailops/postfix_queue_purge in the mail log of the host show "
    "what was deleted."
)
_NOT_COMPARED = "It was cleaned, but the messages that were to stay could not be compared."
_DISTURBED = "It was cleaned, but %d messages that were to stay are not as they were. Look at them and at the mail log before you go on."
_REST = ("before", "kept", "gone", "changed", "new")
# The sums over the messages that a cleanup removed, by what removed them.
_REMOVED = ("purged", "quarantined")


class CleanupSteps(NamedTuple):
    """The steps of a cleanup.

    plan: as in PlanSteps. purge: what postfix_queue_purge or postfix_spool_quarantine returned. left: what postfix_queue_facts then found of the selection.
    left_old: the same, only of messages that were there when the plan was made.
    """

    plan: Result = NO_RESULT
    purge: Result = NO_RESULT
    left: Result = NO_RESULT
    left_old: Result = NO_RESULT


class CleanupRun(NamedTuple):
    """What a cleanup does, and how far it came.

    method: C(delete), C(expire) or C(quarantine). quarantine: the name of the quarantine. check: whether it only predicts, in check mode.
    canary: the hosts that were cleaned first. waiting: whether it waits after them. started: the hosts on which it began to act, and whose
    results are unknown. not_chosen: hosts of the plan that it was not to clean. interrupted: whether it was cut off. nothing_left: whether
    it was resumed, and acted on no host.
    """

    method: str = "delete"
    reason: str | None = None
    check: bool = False
    quarantine: str | None = None
    canary: Collection[str] = ()
    waiting: bool = False
    started: Collection[str] = ()
    not_chosen: Collection[str] = ()
    interrupted: bool = False
    nothing_left: bool = False


def cleanup_report(
    results: Results, *, created: int, run: CleanupRun, hosts: Iterable[str] | None = None
) -> dict[str, Any]:
    """Return the report on a cleanup of a fleet.

    results: {host: {step: result}}, with the steps of CleanupSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    """
    rows = [
        _make_row(host, CleanupSteps(**choose_steps(steps, CleanupSteps._fields)), run)
        for host, steps in select_hosts(results, hosts)
    ]
    reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
    return make_report(
        "cleanup",
        created,
        rows,
        method=run.method,
        quarantine=run.quarantine,
        reason=run.reason or "; ".join(reasons) or None,
        check=run.check,
        canary=list(run.canary),
        waiting=run.waiting,
        interrupted=run.interrupted,
        nothing_left=run.nothing_left and not any(row["problem"] for row in rows),
        rules=group_by_rule(row for row in rows if row["rule"] is not None),
        fleet=_sum_up(rows),
    )


def _sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "hosts": len(rows),
        "planned": sum(count_messages(row["planned"]) for row in rows),
        "purged": add_up(row["purged"] or {} for row in rows),
        "earlier": sum(row["earlier"] for row in rows),
        "drift": sum(row["drift"] or 0 for row in rows),
        "left": sum(row["left"] or 0 for row in rows),
        "arrived": sum(row["arrived"] or 0 for row in rows),
        "rest": add_up((row["rest"] or {} for row in rows), _REST),
        **_before_and_after(rows),
    }


def _before_and_after(rows: list[dict[str, Any]]) -> dict[str, int | None]:
    """Return how many messages the hosts had before and have after, of those that were counted afterwards; None if none was."""
    counted = [row for row in rows if row["after"] is not None]
    return {name: sum(row[name] or 0 for row in counted) if counted else None for name in ("before", "after")}


def _make_row(host: str, steps: CleanupSteps, run: CleanupRun) -> dict[str, Any]:
    planned = make_plan_row(host, steps.plan)
    purge = NO_RESULT if steps.purge.get("skipped") else steps.purge
    figures = _figures(planned, purge, steps)
    problem = _find_plan_problem(planned)
    if problem is None and planned["counts"]["messages"]:
        problem = _find_purge_problem(host, purge, run) or (None if run.check else _verify(steps, figures))
    if problem:
        return make_row(host, *problem, **figures)
    if not count_messages(figures["purged"]) and not figures["earlier"]:
        return make_row(host, State.NOTHING_TO_DO, **figures)
    return make_row(host, State.WOULD_CLEAN if run.check else State.CLEANED, **figures)


def _figures(planned: Row, purge: Result, steps: CleanupSteps) -> dict[str, Any]:
    left, arrived = _count_left(steps)
    return {
        "planned": planned["counts"],
        "purged": next((purge[name] for name in _REMOVED if name in purge), None),
        "earlier": count_earlier(purge),
        "outcomes": purge.get("outcomes"),
        "drift": _count_drift(purge),
        "failures": purge.get("failures") or [],
        "undecided": purge.get("undecided") or [],
        "selection_digest": purge.get("selection_digest"),
        **{name: planned[name] for name in ("planned_at", "rule", "reason")},
        "left": left,
        "arrived": arrived,
        "rest": purge.get("rest"),
        "before": (planned["counts"] or {}).get("in_queues"),
        "after": (queue_facts(steps.left).get("total") or {}).get("messages"),
    }


def _count_drift(purge: Result) -> int | None:
    """Return how many planned messages were gone or replaced; None if it is not known."""
    counted: Mapping[str, int] = purge.get("drift") or purge.get("outcomes") or {}
    return counted.get("vanished", 0) + counted.get("changed", 0) if counted else None


def _find_plan_problem(planned: Row) -> Problem | None:
    """Return why a host has no plan to carry out."""
    if not planned["problem"]:
        return None
    state = State(planned["state"])
    return Problem(State.NO_PLAN if state in (State.FAILED, State.REFUSED) else state, planned["problem"])


def _find_purge_problem(host: str, purge: Result, run: CleanupRun) -> Problem | None:
    """Return why the plan of a host was not carried out, or not to its end."""
    if host in run.started:
        return Problem(State.UNKNOWN, _INTERRUPTED_HERE)
    if not purge:
        return Problem(State.STOPPED, _why_stopped(host, run))
    if "drift" in purge:
        return Problem(State.DRIFT, message_of(purge))
    return find_problem(purge)


def _why_stopped(host: str, run: CleanupRun) -> str:
    if host in run.not_chosen:
        return NOT_CHOSEN
    if run.waiting:
        return STOPPED_BY_CANARY
    return STOPPED_BY_INTERRUPTION if run.interrupted else STOPPED_BY_FAILURE


def _verify(steps: CleanupSteps, figures: Mapping[str, Any]) -> Problem | None:
    """Return what is wrong in the queue after the purge, None if nothing is left and the other messages are as they were."""
    if figures["left"]:
        text = "%d messages of the selection are still in the queue; run the cleanup again." % figures["left"]
        return Problem(State.LEFT_OVER, text)
    for result in (steps.left, steps.left_old):
        problem = None if not result or result.get("skipped") else find_problem(result)
        if problem:
            text = "It was cleaned, but could not be verified: %s" % problem.text
            return Problem(State.NOT_VERIFIED, text)
    if "rest" in steps.purge:
        rest = steps.purge["rest"]
        if rest is None:
            return Problem(State.NOT_VERIFIED, _NOT_COMPARED)
        if rest["changed"]:
            return Problem(State.NOT_VERIFIED, _DISTURBED % rest["changed"])
    return None


def _count_left(steps: CleanupSteps) -> tuple[int | None, int | None]:
    """Return how many messages of the selection are still in the queue, and how many arrived after the plan."""
    all_left = count_matched(steps.left)
    if not all_left:
        return all_left, all_left
    old_left = count_matched(steps.left_old)
    return (None, None) if old_left is None else (old_left, max(0, all_left - old_left))
