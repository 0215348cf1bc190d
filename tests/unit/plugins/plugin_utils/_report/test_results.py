# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    Problem,
    choose_steps,
    count_matched,
    find_problem,
    first_problem,
    plan_of,
    queue_facts,
    select_hosts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from tests.unit.support.results import FAILED, UNREACHABLE, left_of

RESULTS: dict[str, dict[str, Any]] = {"a": {"plan": {"changed": True}}, "b": {}}


def test_hosts_are_those_of_the_results_or_those_that_were_queried() -> None:
    assert list(select_hosts(RESULTS, None)) == list(RESULTS.items())
    assert list(select_hosts(RESULTS, ["c", "a"])) == [("c", {}), ("a", RESULTS["a"])]


def test_a_step_that_is_missing_is_empty() -> None:
    assert choose_steps(RESULTS["a"], ("plan", "purge")) == {"plan": {"changed": True}, "purge": {}}


PROBLEMS: list[tuple[dict[str, Any], Problem | None]] = [
    ({"changed": False}, None),
    ({}, Problem(State.MISSING, "The host failed in an earlier task or play and was not queried.")),
    (UNREACHABLE, Problem(State.UNREACHABLE, "no route to host")),
    (FAILED, Problem(State.FAILED, "there is no Postfix")),
    (
        {"unreachable": True, "msg": "ssh: connect to host mx01 port 22: Connection refused"},
        Problem(State.CONNECTION_REFUSED, "ssh: connect to host mx01 port 22: Connection refused"),
    ),
    (
        {"unreachable": True, "msg": "ops@mx01: Permission denied (publickey)."},
        Problem(State.CONNECTION_REFUSED, "ops@mx01: Permission denied (publickey)."),
    ),
    (
        {"failed": True, "timed_out": True, "msg": "No answer in 60 s."},
        Problem(State.TIMED_OUT, "No answer in 60 s."),
    ),
    ({"failed": True}, Problem(State.FAILED, "no message")),
]


@pytest.mark.parametrize(("result", "problem"), PROBLEMS)
def test_why_a_host_has_no_answer(result: dict[str, Any], problem: Problem | None) -> None:
    assert find_problem(result) == problem


def test_tasks_that_did_not_run_have_no_problem() -> None:
    assert first_problem({}, {"changed": True}, FAILED, UNREACHABLE) == find_problem(FAILED)
    assert first_problem({}, {"changed": True}) is None


def test_facts_are_read_whether_they_were_set_or_not() -> None:
    facts = {"matched": {"messages": 3}}
    assert queue_facts({"postfix_queue": facts}) == queue_facts({"ansible_facts": {"postfix_queue": facts}}) == facts
    assert queue_facts(UNREACHABLE) == {}
    assert (count_matched(left_of(3)), count_matched(FAILED)) == (3, None)


def test_a_plan_is_a_mapping() -> None:
    assert plan_of({"plan": {"digest": "x"}}) == {"digest": "x"}
    assert plan_of({"plan": ""}) is None
    assert plan_of({}) is None
