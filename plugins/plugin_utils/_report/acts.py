# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What the reports on holds, releases and flushes have in common: the figures of one act on messages, and its limits. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    SUMS,
    Row,
    add_up,
    count_messages,
    make_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    find_problem,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

_NOT_BEGUN = "Nothing was touched here, because the run ended before."


class ActLimits(NamedTuple):
    """What limits an act over all hosts; None for no limit. The modules check the limits on one host."""

    fleet_max_messages: int | None = None


class Act(NamedTuple):
    """One act on the messages of a host. plan: what the module returned in check mode. act: what it returned when it acted."""

    plan: Result = NO_RESULT
    act: Result = NO_RESULT


def figures_of(result: Result, sums_name: str) -> dict[str, Any]:
    """Return the figures of what a module that changes messages returned. sums_name: its key for the sums over the changed messages."""
    matched = result.get("matched")
    return {
        # If the selection exceeds a limit, the module returns the number alone.
        "matched": matched if isinstance(matched, Mapping) else None,
        "changed": result.get(sums_name),
        "outcomes": result.get("outcomes"),
        "messages": list(result.get("messages") or ()),
        "truncated": bool(result.get("truncated")),
        "not_as_planned": list(result.get("not_as_planned") or ()),
        "failures": list(result.get("failures") or ()),
        "undecided": list(result.get("undecided") or ()),
        "selection_digest": result.get("selection_digest"),
    }


def shown_result(steps: Act, *, predicts: bool) -> Result:
    """Return the result that a report shows. predicts: whether nothing is touched, in check mode or before the act."""
    chosen = steps.plan if predicts else steps.act or steps.plan
    return NO_RESULT if chosen.get("skipped") else chosen


def find_act_problem(steps: Act, *, predicts: bool) -> Problem | None:
    """Return why nothing was, or would be, done with the messages of a host, or not to its end."""
    if not steps.plan.get("skipped"):
        problem = find_problem(steps.plan)
        # The module returns counts of what it refuses only if a limit was exceeded.
        if problem and problem.state == State.FAILED and "matched" in steps.plan and "outcomes" not in steps.plan:
            return Problem(State.REFUSED, problem.text)
        if problem:
            return problem
    if predicts:
        return None
    if not steps.act:
        return Problem(State.STOPPED, _NOT_BEGUN)
    return None if steps.act.get("skipped") else find_problem(steps.act)


def make_act_report(
    kind: str,
    created: int,
    rows: list[dict[str, Any]],
    *,
    about: Mapping[str, Any],
    limits: ActLimits | None,
    **more_sums: Any,
) -> dict[str, Any]:
    """Return the report on an act. about: what the run does, with its rules. limits: given for a preview. more_sums: of the fleet."""
    return make_report(
        kind,
        created,
        rows,
        **{**about, "match": list(about["match"]), "exclude": list(about["exclude"])},
        preview=limits is not None,
        fleet={**sum_up(rows), **more_sums},
        refusals=refuse(rows, limits),
    )


def sum_up(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of all hosts, added up."""
    outcomes: dict[str, int] = {}
    for row in rows:
        for name, count in (row["outcomes"] or {}).items():
            outcomes[name] = outcomes.get(name, 0) + count
    return {
        "hosts": len(rows),
        "answered": sum(row["matched"] is not None for row in rows),
        "matched": add_up((row["matched"] or {} for row in rows), (*SUMS, "partial", "undecided")),
        "changed": add_up(row["changed"] or {} for row in rows),
        "outcomes": outcomes,
    }


def refuse(rows: Iterable[Row], limits: ActLimits | None) -> list[dict[str, Any]]:
    """Return why nothing must be touched. limits: None after the act, when nothing is refused any more."""
    if limits is None:
        return []
    known = list(rows)
    refusals = [
        make_refusal(RefusalCode.REFUSED_BY_HOST, host=row["host"], problem=row["problem"])
        for row in known
        if row["state"] == State.REFUSED
    ]
    messages = sum(count_messages(row["matched"]) for row in known)
    allowed = limits.fleet_max_messages
    if allowed is not None and messages > int(allowed):
        hosts = sum(count_messages(row["matched"]) > 0 for row in known)
        refusals.append(
            make_refusal(RefusalCode.FLEET_MAX_MESSAGES, messages=messages, hosts=hosts, allowed=int(allowed))
        )
    return refusals
