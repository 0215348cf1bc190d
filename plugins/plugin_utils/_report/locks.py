# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on which locks a fleet has. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Row, make_report, make_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Problem,
    Result,
    Results,
    find_problem,
    first_problem,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

# What the same lock may have differently on each host.
_BY_HOST = ("created", "created_by", "expires", "reason", "action", "text")


class LocksSteps(NamedTuple):
    """The steps of a list of locks.

    locks: what postfix_lock returned, which removed the expired locks. allow: what is wrong with the hooks for their accounts.
    """

    locks: Result = NO_RESULT
    allow: Result = NO_RESULT


def locks_report(
    results: Results, *, created: int, hosts: Iterable[str] | None = None, check: bool = False
) -> dict[str, Any]:
    """Return which locks there are on a fleet.

    results: {host: {step: result}}, with the steps of LocksSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    check: whether expired locks were not removed, in check mode.
    """
    rows = [_make_row(host, steps) for host, steps in read_steps(results, hosts, LocksSteps)]
    locks = _merge_locks([row for row in rows if row["locks"] is not None])
    return make_report("locks", created, rows, check=check, locks=locks)


def _make_row(host: str, steps: LocksSteps) -> dict[str, Any]:
    problem = find_problem(steps.locks)
    if problem:
        return make_row(host, *problem, locks=None, expired=[])
    expired = [lock["id"] for lock in steps.locks.get("expired") or ()]
    locks = list(steps.locks.get("locks") or ())
    problem = first_problem(steps.allow)
    if problem:
        return make_row(
            host, *Problem(State.FAILED, "lockout_allow_login: %s" % problem.text), locks=locks, expired=expired
        )
    return make_row(host, State.OK, locks=locks, expired=expired)


def _merge_locks(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return each lock once, with the hosts that have it and the hosts that do not; the oldest first."""
    answered = list(rows)
    merged: dict[str, dict[str, Any]] = {}
    for row in answered:
        for lock in row["locks"]:
            known = merged.setdefault(lock["id"], {**_first_of(lock), "hosts": [], "differing": []})
            known["hosts"].append(row["host"])
            if any(known[name] != lock.get(name) for name in ("action", "text")):
                known["differing"].append(row["host"])
    for known in merged.values():
        known["missing"] = [row["host"] for row in answered if row["host"] not in known["hosts"]]
    return sorted(merged.values(), key=lambda lock: (lock["created"] or 0, lock["id"]))


def _first_of(lock: Mapping[str, Any]) -> dict[str, Any]:
    return {name: lock.get(name) for name in ("id", "key", "value", *_BY_HOST)}
