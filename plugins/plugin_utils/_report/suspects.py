# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on which accounts stand out in the mail logs of a fleet. Pure."""

from __future__ import annotations

from collections import Counter
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import DEFAULTS, are_enough
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import make_report, make_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Result,
    Results,
    find_problem,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

# So many accounts of the fleet are in the report.
TOP = 20
# So many lines of the log show each piece of evidence.
_LINES = 3
_ADDED = ("logins", "messages", "recipients", "failed_logins", "failed_then_successful")
# How many different values there are is known for each host only, so the fleet has at least the greatest of these numbers.
_AT_LEAST = ("sender_count", "address_count", "network_count")
# The thresholds that the sums of several hosts can exceed, although no host does: what is compared, of an account of _merge_accounts().
# The numbers of recipients are those of a day only if the logs have been read for no longer (see _SUMS_OF_A_DAY).
_SUMS: Mapping[str, Callable[[Mapping[str, Any]], int]] = {
    "networks_per_day": lambda account: int(account["network_count"]),
    "failed_then_successful": lambda account: int(account["failed_then_successful"]),
    "logins_per_hour": lambda account: int(account["logins_per_hour"]),
    "recipients_per_hour": lambda account: int(account["recipients_per_hour"]),
    "recipients_per_day": lambda account: int(account["recipients"]),
}
# The busiest hours of an account on a host: what the fleet has for the same hour of several hosts, and what each hour counts.
_HOURS = {
    "busiest_hour": ("logins_per_hour", "logins"),
    "busiest_recipients_hour": ("recipients_per_hour", "recipients"),
}
_SUMS_OF_A_DAY = ("networks_per_day", "recipients_per_day")
# The log of a day may begin a little earlier.
_DAY = 86400 + 3600


class SuspectSteps(NamedTuple):
    """The steps of a search for suspects. log: what postfix_log_info returned. locks: what postfix_lock returned without locks."""

    log: Result = NO_RESULT
    locks: Result = NO_RESULT


def suspects_report(
    results: Results,
    *,
    created: int,
    hosts: Iterable[str] | None = None,
    thresholds: Mapping[str, float | None] | None = None,
) -> dict[str, Any]:
    """Return the report on which accounts stand out in the mail logs.

    results: {host: {step: result}}, with the steps of SuspectSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    thresholds: those that the operator set, as for postfix_log_info. An account that exceeds them only over all hosts is a suspect, too.
    """
    steps_by_host = dict(read_steps(results, hosts, SuspectSteps))
    rows = [_make_row(host, steps) for host, steps in steps_by_host.items()]
    logs = {host: steps.log["log"] for host, steps in steps_by_host.items() if find_problem(steps.log) is None}
    accounts = _merge_accounts(logs)
    since = min((log["since"] for log in logs.values() if log.get("since") is not None), default=None)
    suspects = _merge_suspects(logs, accounts)
    # A template may have made text of a number.
    given = {name: None if limit is None else float(limit) for name, limit in (thresholds or {}).items()}
    limits = {**DEFAULTS, **given}
    suspects += _find_by_sums(accounts, suspects, limits, is_day=since is not None and created - since <= _DAY)
    fleet = {
        "hosts": len(rows),
        "answered": len(logs),
        "lines": sum(log.get("lines") or 0 for log in logs.values()),
        "since": since,
        "accounts": len(accounts),
    }
    return make_report(
        "suspects", created, rows, fleet=fleet, suspects=suspects, accounts=list(accounts.values())[:TOP]
    )


def _make_row(host: str, steps: SuspectSteps) -> dict[str, Any]:
    expired = [lock["id"] for lock in steps.locks.get("expired") or ()]
    problem = find_problem(steps.log)
    if problem:
        return make_row(host, *problem, lines=None, suspects=[], expired=expired)
    log = steps.log["log"]
    names = [suspect["sasl_username"] for suspect in log.get("suspects") or ()]
    return make_row(host, State.OK, lines=log.get("lines"), suspects=names, expired=expired)


def _merge_accounts(logs: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return the accounts of all hosts by name, those with most recipients first."""
    merged: dict[str, dict[str, Any]] = {}
    hours: dict[str, dict[str, Counter[int]]] = {key: {} for key in _HOURS}
    for host, log in logs.items():
        for account in log.get("accounts") or ():
            name = account["sasl_username"]
            known = merged.setdefault(
                name, {"sasl_username": name, "hosts": [], **dict.fromkeys((*_ADDED, *_AT_LEAST, "queued"), 0)}
            )
            known["hosts"].append(host)
            for key, counts in hours.items():
                hour = account.get(key) or {}
                counts.setdefault(name, Counter())[hour.get("start") or 0] += hour.get(_HOURS[key][1]) or 0
            for key in _ADDED:
                known[key] += account.get(key) or 0
            for key in _AT_LEAST:
                known[key] = max(known[key], account.get(key) or 0)
        for queued in log.get("queue_accounts") or ():
            if queued["sasl_username"] in merged:
                merged[queued["sasl_username"]]["queued"] += queued["messages"]
    for name, known in merged.items():
        known.update((_HOURS[key][0], max(counts[name].values())) for key, counts in hours.items())
    return dict(sorted(merged.items(), key=lambda item: (-item[1]["recipients"], -item[1]["logins"], item[0])))


def _find_by_sums(
    accounts: Mapping[str, Mapping[str, Any]],
    suspects: Iterable[Mapping[str, Any]],
    limits: Mapping[str, float | None],
    *,
    is_day: bool,
) -> Iterator[dict[str, Any]]:
    """Yield the accounts that exceed thresholds only over all hosts together. is_day: whether the logs are of a day at most."""
    known = {suspect["sasl_username"] for suspect in suspects}
    for name, account in accounts.items():
        if name in known or len(account["hosts"]) < 2:
            continue
        evidence = [
            {
                "threshold": key,
                "value": measure(account),
                "limit": limits[key],
                "host": None,
                "hosts": account["hosts"],
                "lines": [],
            }
            for key, measure in _SUMS.items()
            if (is_day or key not in _SUMS_OF_A_DAY) and _exceeds(measure(account), limits.get(key))
        ]
        if are_enough([str(item["threshold"]) for item in evidence]):
            yield {"sasl_username": name, "account": account, "evidence": evidence}


def _exceeds(value: int, limit: float | None) -> bool:
    return limit is not None and value > 0 and value >= limit


def _merge_suspects(
    logs: Mapping[str, Mapping[str, Any]], accounts: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return the suspects of all hosts, each with its evidence: for each threshold that of the host with the greatest value."""
    evidence_by_name: dict[str, dict[str, dict[str, Any]]] = {}
    for host, log in logs.items():
        for suspect in log.get("suspects") or ():
            known = evidence_by_name.setdefault(suspect["sasl_username"], {})
            for evidence in suspect.get("evidence") or ():
                _keep_greatest(known, host, evidence)
    order = {name: place for place, name in enumerate(accounts)}
    names = sorted(evidence_by_name, key=lambda name: order.get(name, len(order)))
    return [
        {"sasl_username": name, "account": accounts.get(name), "evidence": list(evidence_by_name[name].values())}
        for name in names
    ]


def _keep_greatest(known: dict[str, dict[str, Any]], host: str, evidence: Mapping[str, Any]) -> None:
    threshold = evidence["threshold"]
    earlier = known.get(threshold)
    hosts = [*(earlier["hosts"] if earlier else ()), host]
    if earlier is None or evidence["value"] > earlier["value"]:
        lines = list(evidence.get("lines") or ())[:_LINES]
        known[threshold] = {
            "threshold": threshold,
            "value": evidence["value"],
            "limit": evidence["limit"],
            "host": host,
            "lines": lines,
        }
    known[threshold]["hosts"] = hosts
