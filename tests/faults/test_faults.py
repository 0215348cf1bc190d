# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every call to the system that the modules make can fail, or be the last one: nothing is lost, nothing is hidden."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.faults.explore import STRIDE, Figures, explore, run_on_a_full_disk
from tests.faults.scenarios import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def total() -> Iterator[Figures]:
    """The figures of all scenarios, shown at the end: pytest -s."""
    figures = Figures()
    yield figures
    print("\nall scenarios: %s" % figures)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_fault_at_any_step_loses_and_hides_nothing(name: str, total: Figures) -> None:
    # Not the same faults in each scenario.
    figures = explore(SCENARIOS[name], stride=STRIDE, first=list(SCENARIOS).index(name))
    print("\n%s: %s" % (name, figures))
    total.add(figures)
    assert "\n".join(map(str, figures.wrong)) == ""
    assert figures.tried >= figures.steps // STRIDE


def test_a_full_disk_can_be_cleaned_up() -> None:
    ended, problems = run_on_a_full_disk(SCENARIOS["purge"])
    assert ended.hit
    assert [str(problem) for problem in problems] == []
    assert ended.result is not None
    assert (ended.failed, ended.result["outcomes"]["purged"]) == (False, 5)


@pytest.mark.parametrize("name", [name for name, scenario in SCENARIOS.items() if scenario.second is None])
def test_what_does_not_work_on_a_full_disk_says_so(name: str) -> None:
    _ended, problems = run_on_a_full_disk(SCENARIOS[name])
    assert [str(problem) for problem in problems] == []
