# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on a cleanup of a fleet. Pure."""

from __future__ import annotations

from typing import Any, Collection, Iterable, NamedTuple

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
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import group_by_rule
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

STOPPED_BY_FAILURE = "Nothing was touched here, because an earlier host failed."
STOPPED_BY_INTERRUPTION = "Nothing was touched here, because the run was interrupted before."
_INTERRUPTED_HERE = (
    "The run was interrupted while this host was cleaned. The lines of mailops/postfix_queue_purge in the mail log of the host show "
    "what was deleted."
)


class CleanupSteps(NamedTuple):
    """The steps of a cleanup.

    plan: as in PlanSteps. purge: what postfix_queue_purge returned. left: what postfix_queue_facts then found of the selection.
    left_old: the same, only of messages that were there when the plan was made.
    """

    plan: Result = NO_RESULT
    purge: Result = NO_RESULT
    left: Result = NO_RESULT
    left_old: Result = NO_RESULT


class CleanupRun(NamedTuple):
    """What a cleanup does. check: whether it only predicts, in check mode."""

    method: str = "delete"
    reason: str | None = None
    check: bool = False


def cleanup_report(
    results: Results,
    *,
    created: int,
    run: CleanupRun,
    hosts: Iterable[str] | None = None,
    started: Collection[str] | None = None,
) -> dict[str, Any]:
    """Return the report on a cleanup of a fleet.

    results: {host: {step: result}}, with the steps of CleanupSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    started: for a run that was interrupted, the hosts on which it had begun to purge.
    """
    rows = [
        _make_row(host, CleanupSteps(**choose_steps(steps, CleanupSteps._fields)), run, started)
        for host, steps in select_hosts(results, hosts)
    ]
    reasons = dict.fromkeys(row["reason"] for row in rows if row["reason"])
    return make_report(
        "cleanup",
        created,
        rows,
        method=run.method,
        reason=run.reason or "; ".join(reasons) or None,
        check=run.check,
        interrupted=started is not None,
        rules=group_by_rule(row for row in rows if row["rule"] is not None),
        fleet=_sum_up(rows),
    )


def _sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "hosts": len(rows),
        "planned": sum(count_messages(row["planned"]) for row in rows),
        "purged": add_up(row["purged"] or {} for row in rows),
        "left": sum(row["left"] or 0 for row in rows),
        "arrived": sum(row["arrived"] or 0 for row in rows),
    }


def _make_row(host: str, steps: CleanupSteps, run: CleanupRun, started: Collection[str] | None) -> dict[str, Any]:
    planned = make_plan_row(host, steps.plan)
    purge = NO_RESULT if steps.purge.get("skipped") else steps.purge
    left, arrived = _count_left(steps)
    figures = {
        "planned": planned["counts"],
        "purged": purge.get("purged"),
        "outcomes": purge.get("outcomes"),
        "failures": purge.get("failures") or [],
        "undecided": purge.get("undecided") or [],
        "selection_digest": purge.get("selection_digest"),
        **{name: planned[name] for name in ("planned_at", "rule", "reason")},
        "left": left,
        "arrived": arrived,
    }
    problem = _find_plan_problem(planned)
    if problem is None and planned["counts"]["messages"]:
        problem = _find_purge_problem(host, purge, started) or (None if run.check else _verify(steps, left))
    if problem:
        return make_row(host, *problem, **figures)
    if not count_messages(figures["purged"]):
        return make_row(host, State.NOTHING_TO_DO, **figures)
    return make_row(host, State.WOULD_CLEAN if run.check else State.CLEANED, **figures)


def _find_plan_problem(planned: Row) -> Problem | None:
    """Return why a host has no plan to carry out."""
    if not planned["problem"]:
        return None
    state = State(planned["state"])
    return Problem(State.NO_PLAN if state in (State.FAILED, State.REFUSED) else state, planned["problem"])


def _find_purge_problem(host: str, purge: Result, started: Collection[str] | None) -> Problem | None:
    """Return why the plan of a host was not carried out, or not to its end."""
    if purge:
        return find_problem(purge)
    if started is None:
        return Problem(State.STOPPED, STOPPED_BY_FAILURE)
    if host in started:
        return Problem(State.UNKNOWN, _INTERRUPTED_HERE)
    return Problem(State.STOPPED, STOPPED_BY_INTERRUPTION)


def _verify(steps: CleanupSteps, left: int | None) -> Problem | None:
    """Return what is wrong in the queue after the purge, None if nothing is left."""
    if left:
        text = "%d messages of the selection are still in the queue; run the cleanup again." % left
        return Problem(State.LEFT_OVER, text)
    for result in (steps.left, steps.left_old):
        problem = None if not result or result.get("skipped") else find_problem(result)
        if problem:
            text = "It was cleaned, but could not be verified: %s" % problem.text
            return Problem(State.NOT_VERIFIED, text)
    return None


def _count_left(steps: CleanupSteps) -> tuple[int | None, int | None]:
    """Return how many messages of the selection are still in the queue, and how many arrived after the plan."""
    all_left = count_matched(steps.left)
    if not all_left:
        return all_left, all_left
    old_left = count_matched(steps.left_old)
    return (None, None) if old_left is None else (old_left, max(0, all_left - old_left))
