# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The fleet plan: the plans of all hosts together, with one digest that an operator approves.

It has the digest of each host's plan, so that its own digest covers every message on every host.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Mapping, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import add_up
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import rule_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import and_more, one_line

VERSION = 1
MAX_BYTES = 64 * 1024 * 1024
"""The most bytes of the file of a fleet plan. A host takes about 300."""
_COUNTS = ("messages", "bytes", "recipients", "partial", "undecided", "in_queues")
_WHAT = "The fleet plan"
_REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan."
_T = TypeVar("_T")


@dataclass(frozen=True)
class HostPlan:
    """The plan of a host, as the fleet plan has it. digest: of the plan. created: seconds since the epoch."""

    digest: str
    created: int
    counts: Mapping[str, int]


@dataclass(frozen=True)
class FleetPlan:
    """The plans of all hosts together. created: seconds since the epoch."""

    created: int
    method: str
    rules: Sequence[Mapping[str, Any]]
    """The different rules of the plans, as an operator writes them."""
    hosts: Mapping[str, HostPlan]
    limits: Mapping[str, float | None] = field(default_factory=dict)
    """The limits that the plans were made within, by the name of the variable without its prefix."""
    reason: str | None = None

    @property
    def counts(self) -> dict[str, int]:
        """The sums over all hosts."""
        return add_up((plan.counts for plan in self.hosts.values()), _COUNTS)

    @property
    def digest(self) -> str:
        """The SHA-256 of everything in the fleet plan, in hexadecimal."""
        return digest_of(self._content())

    def to_json(self) -> dict[str, Any]:
        """Return the fleet plan as its file has it."""
        return {**self._content(), "digest": self.digest}

    def _content(self) -> dict[str, Any]:
        hosts = {
            host: {"digest": plan.digest, "created": plan.created, "counts": dict(plan.counts)}
            for host, plan in self.hosts.items()
        }
        return {
            "version": VERSION,
            "created": self.created,
            "method": self.method,
            "rules": [dict(rule) for rule in self.rules],
            "limits": dict(self.limits),
            "reason": self.reason,
            "hosts": hosts,
            "counts": self.counts,
        }


def make_fleet_plan(
    plans: Mapping[str, Mapping[str, Any]],
    *,
    created: int,
    method: str,
    limits: Mapping[str, float | None],
    reason: str | None = None,
) -> FleetPlan:
    """Return the fleet plan of the plans of hosts, {host: plan}. They need no list of messages, because their digests cover it.

    created: seconds since the epoch.
    """
    hosts = {
        host: HostPlan(str(plan["digest"]), int(plan["created"]), {key: int(n) for key, n in plan["counts"].items()})
        for host, plan in plans.items()
    }
    rules = _unique(rule_of(plan) for plan in plans.values())
    return FleetPlan(created, method, rules, hosts, dict(limits), reason)


def merge_fleet_plans(plans: Sequence[FleetPlan]) -> FleetPlan:
    """Return one fleet plan of those of several parts of a fleet. It is as old as the oldest, and has the strictest of the limits.

    Raises PlanError if a host is in several, or if their methods differ.
    """
    if not plans:
        raise PlanError("There is no fleet plan to merge; %s" % _REMEDY)
    methods = sorted({plan.method for plan in plans})
    if len(methods) > 1:
        raise PlanError(
            "The fleet plans have different methods (%s), and cannot become one; nothing was touched. Make them with the same method."
            % ", ".join(methods)
        )
    hosts: dict[str, HostPlan] = {}
    for plan in plans:
        _refuse_twice(hosts.keys() & plan.hosts.keys())
        hosts.update(plan.hosts)
    return FleetPlan(
        created=min(plan.created for plan in plans),
        method=methods[0],
        rules=_unique(rule for plan in plans for rule in plan.rules),
        hosts=hosts,
        limits=_strictest(plan.limits for plan in plans),
        reason="; ".join(dict.fromkeys(plan.reason for plan in plans if plan.reason)) or None,
    )


def _refuse_twice(hosts: Iterable[str]) -> None:
    twice = sorted(hosts)
    if twice:
        raise PlanError(
            "More than one of the fleet plans has a plan for %s; nothing was touched. Leave one of these fleet plans out, or make new "
            "ones of different hosts." % and_more(twice)
        )


def _strictest(limits: Iterable[Mapping[str, float | None]]) -> dict[str, float | None]:
    strictest: dict[str, float | None] = {}
    for given in limits:
        for name, limit in given.items():
            known = strictest.get(name)
            strictest[name] = limit if known is None else known if limit is None else min(known, limit)
    return strictest


def _unique(rules: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return list({json.dumps(rule, sort_keys=True): rule for rule in rules}.values())


# --- what carries it out --------------------------------------------------------------------------------------------


def check_hosts(plan: FleetPlan, hosts: Iterable[str]) -> None:
    """Raise PlanError if a fleet plan is of other hosts than those of a play: of none of them."""
    known = list(hosts)
    if not plan.hosts.keys() & set(known):
        raise PlanError(
            "The fleet plan is for other hosts (%s), and for none of this play (%s); nothing was touched. Choose its hosts with "
            "mailops_hosts or --limit, or make a new plan with the playbook mailops.postfix.plan."
            % (and_more(list(plan.hosts)) or "none", and_more(known) or "none")
        )


def check_host_plan(plan: FleetPlan, host: str, *, digest: str) -> None:
    """Raise PlanError if the plan of a host, which has this digest, is not the one that the fleet plan has."""
    known = plan.hosts.get(host)
    if known is None:
        raise PlanError("The fleet plan has no plan for %s, but its directory has one; %s" % (host, _REMEDY))
    if known.digest != digest:
        raise PlanError(
            "The plan of %s was replaced after the fleet plan was made: its digest is %s, and the fleet plan has %s; %s"
            % (host, digest[:12], known.digest[:12], _REMEDY)
        )


# --- files ----------------------------------------------------------------------------------------------------------


def write_fleet_plan(path: Path, plan: FleetPlan) -> None:
    """Write a fleet plan into a file. Raises FileError."""
    _files.write_json(path, plan.to_json(), what=_WHAT)


def read_fleet_plan(path: Path) -> FleetPlan:
    """Return the fleet plan in a file. Raises FileError, and PlanError if the file has none, or if it was altered."""
    content = _files.read_json(path, most=MAX_BYTES, what=_WHAT)
    if content.get("version") != VERSION:
        raise PlanError(
            "%s %s has version %s, and this collection knows version %d; %s"
            % (_WHAT, path, one_line(str(content.get("version"))), VERSION, _REMEDY)
        )
    given = content.pop("digest", None)
    if given != digest_of(content):
        raise PlanError(
            "%s %s was altered after it was made: its content does not fit its digest; %s" % (_WHAT, path, _REMEDY)
        )
    try:
        plan = _parse(content)
    except (KeyError, TypeError) as error:
        raise PlanError("%s %s is incomplete (%s); %s" % (_WHAT, path, error, _REMEDY)) from error
    if plan.digest != given:
        raise PlanError("%s %s has sums or parts that are not of its hosts; %s" % (_WHAT, path, _REMEDY))
    return plan


def _parse(content: Mapping[str, Any]) -> FleetPlan:
    """Return the fleet plan in the content of a file. Raises KeyError or TypeError if a part is missing or has the wrong type."""
    return FleetPlan(
        created=_typed(int, content, "created"),
        method=_typed(str, content, "method"),
        rules=[_typed_value(dict, rule, "rules") for rule in _typed(list, content, "rules")],
        hosts={
            host: _parse_host(_typed_value(dict, plan, "hosts"))
            for host, plan in _typed(dict, content, "hosts").items()
        },
        limits=_mapping_of(_parse_limit, content, "limits"),
        reason=None if content["reason"] is None else _typed(str, content, "reason"),
    )


def _parse_host(plan: Mapping[str, Any]) -> HostPlan:
    return HostPlan(
        digest=_typed(str, plan, "digest"),
        created=_typed(int, plan, "created"),
        counts=_mapping_of(lambda value, name: _typed_value(int, value, name), plan, "counts"),
    )


def _parse_limit(value: Any, name: str) -> float | None:
    if value is None:
        return None
    limit = _typed_value(int if isinstance(value, int) else float, value, name)
    # With NaN every comparison is false, so it would not limit anything.
    if not limit >= 0:
        raise TypeError("%s is negative or no number" % name)
    return limit


def _mapping_of(parse: Callable[[Any, str], _T], content: Mapping[str, Any], name: str) -> dict[str, _T]:
    return {key: parse(value, "%s.%s" % (name, key)) for key, value in _typed(dict, content, name).items()}


def _typed(kind: type[_T], content: Mapping[str, Any], name: str) -> _T:
    return _typed_value(kind, content[name], name)


def _typed_value(kind: type[_T], value: Any, name: str) -> _T:
    # A bool is an int for Python.
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError("%s is not of type %s" % (name, kind.__name__))
    return value


def digest_of(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the content of a fleet plan without its digest, in hexadecimal."""
    # The same bytes on every Python: sorted keys, no blanks, ASCII.
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode("ascii")).hexdigest()
