# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan, make_fleet_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._protection import check_protection
from tests.unit.support.sample_plan import sample_plan

OURS = {"sender": ["example.com"], "age": "2d"}
REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan, which excludes it."


def fleet_plan(*exclude: dict[str, Any]) -> FleetPlan:
    plan = sample_plan()
    selection = parse_selection(match=[{"sender": "x@example.net"}], exclude=exclude, now=plan["created"])
    plans = {"mx01": {**plan, "selection": selection.frozen()}}
    return make_fleet_plan(plans, created=plan["created"], method="delete", limits={})


ENOUGH: list[tuple[FleetPlan, list[dict[str, Any]], str | None]] = [
    (fleet_plan(), [], None),
    (fleet_plan({"size": "1m"}, OURS), [OURS], None),
    (fleet_plan({"sender": "example.com", "age": ["2d"]}), [OURS], None),
    (fleet_plan({"age": "-1h"}), [], "1h"),
    (fleet_plan({"age": "-1d"}), [], "60m"),
]


@pytest.mark.parametrize(("plan", "protected", "min_age"), ENOUGH)
def test_a_plan_that_excludes_what_is_protected_passes(
    plan: FleetPlan, protected: list[dict[str, Any]], min_age: str | None
) -> None:
    check_protection(plan, protected=protected, min_age=min_age)


@pytest.mark.parametrize(
    "plan", [fleet_plan(), fleet_plan({"sender": "example.com"}), fleet_plan({**OURS, "size": "1"})]
)
def test_a_plan_without_a_protected_rule_is_refused(plan: FleetPlan) -> None:
    text = 'The fleet plan was made without queue_cleanup_protected[0] ({"sender": ["example.com"], "age": "2d"}); '
    with pytest.raises(PlanError, match="^%s$" % re.escape(text + REMEDY)):
        check_protection(plan, protected=[OURS], min_age=None)


@pytest.mark.parametrize("plan", [fleet_plan(), fleet_plan({"age": "-59m"}), fleet_plan({"age": "2h"})])
def test_a_plan_without_the_age_is_refused(plan: FleetPlan) -> None:
    text = "The fleet plan was made without queue_cleanup_min_age (1h), and may have younger messages; "
    with pytest.raises(PlanError, match="^%s$" % re.escape(text + REMEDY)):
        check_protection(plan, protected=[], min_age="1h")
