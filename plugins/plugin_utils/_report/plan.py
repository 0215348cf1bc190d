# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on the cleanup plans of a fleet, with the limits that hold over all hosts. Pure."""

from __future__ import annotations

from functools import partial
from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_PERCENT
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    SUMS,
    Row,
    add_up,
    make_report,
    make_row,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.limits import (
    exceeds_percent,
    first_given,
    is_nearly_all,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    choose_steps,
    find_problem,
    plan_of,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import (
    group_by_rule,
    rule_of,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

# Plans whose ages differ by no more seconds were made at one time.
SAME_TIME_SECONDS = 3600
_NO_PLAN = "There is no plan for this host: make one, or leave the host out."


class PlanSteps(NamedTuple):
    """The steps of planning. plan: what postfix_queue_purge returned in check mode, or the task that read the plan from a file."""

    plan: Result = NO_RESULT


class PlanLimits(NamedTuple):
    """What limits plans; None for no limit. mixed: whether plans of different rules and ages may be carried out together."""

    max_messages: int | None = None
    max_percent: float | None = None
    fleet_max_messages: int | None = None
    mixed: bool = True


def plan_report(
    results: Results,
    *,
    created: int,
    hosts: Iterable[str] | None = None,
    limits: PlanLimits = PlanLimits(),  # noqa: B008  a tuple does not change
    fleet_plan: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the report on the plans of a fleet. Its refusals are the reasons why they must not be carried out.

    results: {host: {step: result}}, with the steps of PlanSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    fleet_plan: the digest of the fleet plan and the directory of its run, None if there is no file of it.
    """
    rows = [
        make_plan_row(host, PlanSteps(**choose_steps(steps, PlanSteps._fields)).plan)
        for host, steps in select_hosts(results, hosts)
    ]
    planned = [row for row in rows if row["counts"] is not None]
    counts = add_up((row["counts"] for row in planned), (*SUMS, "partial", "undecided", "in_queues"))
    rules = group_by_rule(planned)
    refusals = [refusal for row in rows for refusal in _refuse_host(row, limits)]
    refusals += _refuse_fleet(planned, counts["messages"], limits)
    if not limits.mixed:
        refusals += [*_refuse_rules(rules), *_refuse_times(planned)]
    fleet = {"hosts": len(rows), "planned": len(planned), **counts}
    made = {"fleet_plan": {key: fleet_plan[key] for key in ("digest", "run")} if fleet_plan else None}
    return make_report("plan", created, rows, fleet=fleet, rules=rules, refusals=refusals, **made)


def make_plan_row(host: str, result: Result) -> dict[str, Any]:
    """Return the row of a host in a plan report. result: that of the step plan."""
    problem = _find_plan_problem(result)
    plan = None if problem else plan_of(result)
    if plan is None:
        figures: dict[str, Any] = dict.fromkeys(("counts", "summary", "planned_at", "rule", "reason"))
        return make_row(host, *(problem or Problem(State.NO_PLAN, _NO_PLAN)), **figures, limits={})
    return make_row(
        host,
        State.PLANNED if plan["counts"]["messages"] else State.NOTHING_TO_DO,
        counts=dict(plan["counts"]),
        summary=dict(plan["summary"]),
        planned_at=plan["created"],
        rule=rule_of(plan),
        reason=plan.get("reason"),
        limits=dict(plan.get("limits") or {}),
    )


def _find_plan_problem(result: Result) -> Problem | None:
    problem = find_problem(result)
    # The module returns counts of what it refuses only if a limit was exceeded.
    if problem and problem.state == State.FAILED and "matched" in result:
        return Problem(State.REFUSED, problem.text)
    return problem


# --- refusals -------------------------------------------------------------------------------------------------------


def _refuse_host(row: Row, limits: PlanLimits) -> list[dict[str, Any]]:
    """Return why the plan of a host must not be carried out.

    The module checks the same limits, but only on its own host, and after other hosts were cleaned. Limits that are not given are
    those of the plan.
    """
    refuse = partial(make_refusal, host=row["host"])
    if row["state"] == State.REFUSED:
        return [refuse(RefusalCode.REFUSED_BY_HOST, problem=row["problem"])]
    if row["counts"] is None:
        return []
    messages, total = row["counts"]["messages"], row["counts"]["in_queues"]
    max_messages = first_given(limits.max_messages, row["limits"].get("max_messages"))
    max_percent = first_given(limits.max_percent, row["limits"].get("max_percent"))
    refusals = []
    if max_messages is not None and messages > max_messages:
        refusals.append(refuse(RefusalCode.MAX_MESSAGES, messages=messages, allowed=max_messages))
    if max_percent is not None and exceeds_percent(messages, total, max_percent):
        refusals.append(refuse(RefusalCode.MAX_PERCENT, messages=messages, total=total, allowed=max_percent))
    if max_messages is None and max_percent is None and row["rule"]["match"] and is_nearly_all(messages, total):
        refusals.append(refuse(RefusalCode.NEARLY_ALL, messages=messages, total=total, allowed=DEFAULT_PERCENT))
    return refusals


def _refuse_fleet(planned: list[dict[str, Any]], messages: int, limits: PlanLimits) -> list[dict[str, Any]]:
    max_messages = limits.fleet_max_messages
    if max_messages is None or messages <= max_messages:
        return []
    hosts = sum(row["counts"]["messages"] > 0 for row in planned)
    return [make_refusal(RefusalCode.FLEET_MAX_MESSAGES, messages=messages, hosts=hosts, allowed=max_messages)]


def _refuse_rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return that plans have different rules, and which hosts have which."""
    if len(rules) <= 1:
        return []
    groups = [{"hosts": group["hosts"], "rule": group["rule"]} for group in rules]
    return [make_refusal(RefusalCode.DIFFERENT_RULES, groups=groups)]


def _refuse_times(planned: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return that plans were made at different times, and which hosts have which."""
    hosts_by_time: dict[int, list[str]] = {}
    for row in sorted(planned, key=lambda row: int(row["planned_at"])):
        planned_at = row["planned_at"]
        first = next((second for second in hosts_by_time if planned_at - second <= SAME_TIME_SECONDS), planned_at)
        hosts_by_time.setdefault(first, []).append(row["host"])
    if len(hosts_by_time) <= 1:
        return []
    groups = [{"hosts": hosts, "planned_at": second} for second, hosts in hosts_by_time.items()]
    return [make_refusal(RefusalCode.DIFFERENT_TIMES, groups=groups)]
