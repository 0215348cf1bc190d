# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import (
    Act,
    ActLimits,
    figures_of,
    find_act_problem,
    refuse,
    shown_result,
    sum_up,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import make_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Problem
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from tests.unit.support.acts import REFUSED, held_of
from tests.unit.support.results import FAILED, SKIPPED, UNREACHABLE

BUSY = {**FAILED, "outcomes": {"failed": 1}, "matched": {"messages": 1}}
PROBLEMS: list[tuple[Act, bool, Problem | None]] = [
    (Act(held_of(1), held_of(1)), False, None),
    (Act(held_of(1)), True, None),
    (Act(SKIPPED, held_of(1)), False, None),
    (Act(held_of(0), SKIPPED), False, None),
    (Act(SKIPPED), True, None),
    (Act(UNREACHABLE), True, Problem(State.UNREACHABLE, "no route to host")),
    (Act(FAILED), False, Problem(State.FAILED, "there is no Postfix")),
    (Act(REFUSED), True, Problem(State.REFUSED, "The selection has 9 messages, max_messages allows 5.")),
    (Act(held_of(1), FAILED), False, Problem(State.FAILED, "there is no Postfix")),
    (Act(held_of(1), BUSY), False, Problem(State.FAILED, "there is no Postfix")),
    (Act(BUSY), False, Problem(State.FAILED, "there is no Postfix")),
    (
        Act(held_of(1)),
        False,
        Problem(State.STOPPED, "Nothing was touched here, because the run ended before."),
    ),
    (Act(), False, Problem(State.MISSING, "The host failed in an earlier task or play and was not queried.")),
]


@pytest.mark.parametrize(("steps", "predicts", "problem"), PROBLEMS)
def test_a_problem_is_that_of_the_first_step_that_has_one(steps: Act, predicts: bool, problem: Problem | None) -> None:
    assert find_act_problem(steps, predicts=predicts) == problem


SHOWN: list[tuple[Act, bool, Mapping[str, Any]]] = [
    (Act(held_of(1), held_of(2)), False, held_of(2)),
    (Act(held_of(1), held_of(2)), True, held_of(1)),
    (Act(held_of(1)), False, held_of(1)),
    (Act(SKIPPED), True, {}),
]


@pytest.mark.parametrize(("steps", "predicts", "result"), SHOWN)
def test_what_is_shown_is_the_act_or_its_prediction(steps: Act, predicts: bool, result: Mapping[str, Any]) -> None:
    assert shown_result(steps, predicts=predicts) == result


def row_of(host: str, result: Mapping[str, Any], state: State = State.HELD) -> dict[str, Any]:
    return make_row(host, state, "too many" if state == State.REFUSED else None, **figures_of(result, "moved"))


def test_figures_are_added_up() -> None:
    rows = [row_of("mx01", held_of(3)), row_of("mx02", held_of(1)), row_of("mx03", UNREACHABLE)]
    assert sum_up(rows) == {
        "hosts": 3,
        "answered": 2,
        "matched": {"messages": 8, "bytes": 4096, "recipients": 8, "partial": 0, "undecided": 0},
        "changed": {"messages": 4, "bytes": 4096, "recipients": 8},
        "outcomes": {"held": 4, "vanished": 0},
    }


def test_limits_are_those_of_all_hosts_together() -> None:
    rows = [row_of("mx01", held_of(3)), row_of("mx02", held_of(1)), row_of("mx03", REFUSED, State.REFUSED)]
    rows[2]["matched"] = None
    by_host = {"code": "refused_by_host", "host": "mx03", "problem": "too many"}
    assert refuse(rows, None) == []
    assert refuse(rows, ActLimits()) == [by_host]
    assert refuse(rows, ActLimits(8)) == [by_host]
    fleet = {"code": "fleet_max_messages", "host": None, "messages": 8, "hosts": 2, "allowed": 7}
    assert refuse(rows, ActLimits(7)) == [by_host, fleet]
