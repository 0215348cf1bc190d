# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The rules of plans, as an operator writes them. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._format.units import TIME_UNITS
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Row


def rule_of(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the selection of a plan as an operator writes it. Ages count from the time of the plan, as they did there."""
    selection = plan.get("selection") or {}
    rules = {
        name: [_write_rule(rule, plan["created"]) for rule in selection.get(name, ())] for name in ("match", "exclude")
    }
    more = {name: selection.get(name) for name in ("queues", "recipient_scope")}
    return {**rules, **more, "method": plan.get("method")}


def _write_rule(rule: Mapping[str, Any], created: int) -> dict[str, Any]:
    return {key: _write_criterion(key, value, created) for key, value in rule.items()}


def _write_criterion(key: str, value: Any, created: int) -> Any:
    if isinstance(value, Mapping):
        return {name: _write_criterion(key, item, created) for name, item in value.items()}
    if not isinstance(value, list):
        return value
    items = [_write_value(key, item, created) for item in value]
    # The value of an operator is a list of rules, even of one.
    return items[0] if len(items) == 1 and not isinstance(items[0], Mapping) else items


def _write_value(key: str, item: Any, created: int) -> Any:
    if not isinstance(item, Mapping):
        return item
    if key != "age":
        return _write_rule(item, created)
    ((name, second),) = item.items()
    return ("-" if name == "after" else "") + _write_age(created - second)


def _write_age(seconds: int) -> str:
    """Return a length of time in the largest unit that it is a whole number of, such as C(2d)."""
    for unit, size in reversed(list(TIME_UNITS.items())):
        if seconds and seconds % size == 0:
            return "%d%s" % (seconds // size, unit)
    return "%ds" % seconds


def group_by_rule(planned: Iterable[Row]) -> list[dict[str, Any]]:
    """Return each rule that hosts have plans of, with these hosts; the most frequent first."""
    hosts: dict[str, list[str]] = {}
    rules: dict[str, Mapping[str, Any]] = {}
    for row in planned:
        key = hashlib.sha256(json.dumps(row["rule"], sort_keys=True).encode("utf-8")).hexdigest()
        rules[key] = row["rule"]
        hosts.setdefault(key, []).append(row["host"])
    return [
        {"digest": key, "rule": rules[key], "hosts": hosts[key]}
        for key in sorted(rules, key=lambda key: -len(hosts[key]))
    ]
