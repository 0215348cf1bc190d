# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What is never cleaned: rules and an age that each plan must exclude. Pure."""

from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import rule_of

_REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan, which excludes it."


def check_protection(plan: FleetPlan, *, protected: Sequence[Mapping[str, Any]], min_age: str | None) -> None:
    """Raise PlanError if a fleet plan was made without what is protected now.

    protected: rules. min_age: how old a message must be at least, such as 1h.
    """
    excluded = [rule.get("exclude", []) for rule in plan.rules]
    for index, rule in enumerate(protected):
        written = _as_written(rule, plan.created)
        if not all(written in rules for rules in excluded):
            raise PlanError(
                "The fleet plan was made without queue_cleanup_protected[%d] (%s); %s"
                % (index, json.dumps(rule), _REMEDY)
            )
    if min_age is not None and not all(_excludes_younger(rules, min_age) for rules in excluded):
        raise PlanError(
            "The fleet plan was made without queue_cleanup_min_age (%s), and may have younger messages; %s"
            % (min_age, _REMEDY)
        )


def _as_written(rule: Mapping[str, Any], created: int) -> Mapping[str, Any]:
    """Return a rule in the form that a fleet plan has it in."""
    selection = parse_selection(match=[], exclude=[rule], now=created).frozen()
    written: Mapping[str, Any] = rule_of({"selection": selection, "created": created})["exclude"][0]
    return written


def _excludes_younger(rules: Sequence[Mapping[str, Any]], min_age: str) -> bool:
    """Return whether one of the rules excludes all messages that are younger."""
    ages = (str(rule["age"]) for rule in rules if list(rule) == ["age"])
    least = parse_age(min_age, "queue_cleanup_min_age")
    return any(age.startswith("-") and parse_age(age[1:], "age") >= least for age in ages)
