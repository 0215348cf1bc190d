# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on the queues of a fleet. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.history import fleet_growth, host_growth
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    SUMS,
    add_up,
    make_report,
    make_row,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Result,
    Results,
    choose_steps,
    find_problem,
    queue_facts,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import (
    groups_of,
    merge_groups,
    merge_suggestions,
    suggestions_of,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import find_over, read_thresholds

TOP = 10


class AuditSteps(NamedTuple):
    """The steps of an audit.

    facts: what postfix_queue_facts returned. log: what postfix_log_info returned, if the log was read.
    """

    facts: Result = NO_RESULT
    log: Result = NO_RESULT


def audit_report(
    results: Results,
    *,
    created: int,
    hosts: Iterable[str] | None = None,
    selection: Mapping[str, Any] | None = None,
    thresholds: Mapping[str, Any] | None = None,
    history: Sequence[Mapping[str, Any]] = (),
    inventory: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the report on the queues of a fleet.

    results: {host: {step: result}}, with the steps of AuditSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    selection: the match and exclude rules that the messages were selected by, if any. thresholds: as read_thresholds() takes them.
    history: the points of earlier audits, the oldest first, see history.py. inventory: the sources of the inventory, for the commands that
    the report shows. Raises ValueError if a threshold is none.
    """
    limits = read_thresholds(thresholds)
    rows = [
        _make_row(host, AuditSteps(**choose_steps(steps, AuditSteps._fields)), history)
        for host, steps in select_hosts(results, hosts)
    ]
    report = make_report(
        "audit",
        created,
        rows,
        selection=dict(selection or {}),
        fleet=_make_fleet(rows, history),
        history=list(history),
        inventory=list(inventory),
        thresholds=limits,
    )
    return {**report, "over": find_over(report, limits)}


def _make_fleet(rows: Sequence[Mapping[str, Any]], history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of all hosts together."""
    messages = {row["host"]: row["facts"]["total"]["messages"] for row in rows if _has_total(row)}
    return {
        **_sum_up(len(rows), [row["facts"] for row in rows if row["facts"] is not None]),
        "suspects": _count_suspects(rows),
        "groups": merge_groups(rows),
        "suggestions": merge_suggestions(rows),
        "growth": fleet_growth(messages, history),
    }


def _has_total(row: Mapping[str, Any]) -> bool:
    return "total" in (row["facts"] or {})


def _count_suspects(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the accounts that stand out in the logs, each with the number of hosts on which it does."""
    counted = Counter(name for row in rows for name in row["suspects"] or ())
    return [{"value": name, "hosts": hosts} for name, hosts in counted.most_common(TOP)]


def _make_row(host: str, steps: AuditSteps, history: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    problem = find_problem(steps.facts)
    if problem:
        return make_row(host, *problem, facts=None, suspects=None, groups=None, suggestions=None, growth=None)
    facts = queue_facts(steps.facts)
    growth = host_growth(host, facts["total"]["messages"], history) if "total" in facts else None
    figures: dict[str, Any] = {
        "suspects": _suspects_of(steps.log),
        "groups": groups_of(facts),
        "suggestions": suggestions_of(facts),
        "growth": growth,
    }
    return make_row(host, State.OK, facts=facts, **figures)


def _suspects_of(log: Result) -> list[str] | None:
    """Return the accounts that stand out in the log of a host; None if it was not read, or could not be read, which is no problem here."""
    if log.get("skipped") or find_problem(log):
        return None
    return [suspect["sasl_username"] for suspect in log["log"].get("suspects") or ()]


def _sum_up(hosts: int, facts: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figures of all hosts that answered, added up."""
    totals = [fact["total"] for fact in facts if "total" in fact]
    oldest = [total["oldest"] for total in totals if total["oldest"] is not None]
    return {
        "hosts": hosts,
        "answered": len(facts),
        "queues": _sum_queues(facts),
        "total": {**add_up(totals), "oldest": min(oldest, default=None)},
        "matched": add_up((fact["matched"] for fact in facts), (*SUMS, "partial", "undecided")),
        "held": _sum_held(facts),
        "damaged": sum(len((fact.get("scan") or {}).get("damaged") or ()) for fact in facts),
        "top": _merge_tops(facts),
    }


def _sum_queues(facts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return {queue: messages}, without queues that no host read."""
    summed: Counter[str] = Counter()
    for fact in facts:
        for queue, figures in fact.get("queues", {}).items():
            if figures is not None:
                summed[queue] += figures["messages"]
    return dict(summed)


def _sum_held(facts: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Return how many messages are on hold, and on how many hosts."""
    held = [messages for messages in (_sum_queues([fact]).get("hold", 0) for fact in facts) if messages]
    return {"messages": sum(held), "hosts": len(held)}


def _merge_tops(facts: Iterable[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Return the tops of the fleet. Their counts may be too low, because a host returns only its own most frequent values."""
    merged: dict[str, dict[str, Counter[str]]] = {}
    for fact in facts:
        for name, values in fact.get("top", {}).items():
            tally = merged.setdefault(name, {"messages": Counter(), "recipients": Counter()})
            for value in values or ():
                for key, counts in tally.items():
                    if value.get(key) is not None:
                        counts[value["value"]] += value[key]
    return {name: _most_common(tally["messages"], tally["recipients"]) for name, tally in merged.items()}


def _most_common(messages: Counter[str], recipients: Counter[str]) -> list[dict[str, Any]]:
    """Return the most frequent values with their messages, and with their recipients if they were counted."""
    return [
        {"value": value, "messages": count, **({"recipients": recipients[value]} if value in recipients else {})}
        for value, count in messages.most_common(TOP)
    ]
