# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import (
    Attempt,
    HostState,
    count_earlier,
    merge_attempts,
    state_after,
)
from tests.unit.support.results import FAILED, NOTHING, SKIPPED, UNREACHABLE, cleanup_steps, left_of, plan_of, purged_of

# name, what the tasks returned, the state afterwards of a host that was started
STATES: list[tuple[str, Mapping[str, Any], HostState]] = [
    ("no result", cleanup_steps(plan_of()), HostState.STARTED),
    ("skipped", cleanup_steps(plan_of(), SKIPPED), HostState.STARTED),
    ("purged", cleanup_steps(plan_of(), purged_of(40), left_of(0)), HostState.DONE),
    ("more has come", cleanup_steps(plan_of(), purged_of(40), left_of(3), left_of(0)), HostState.DONE),
    ("something is left", cleanup_steps(plan_of(), purged_of(40), left_of(3), left_of(1)), HostState.FAILED),
    ("failed", cleanup_steps(plan_of(), FAILED), HostState.FAILED),
    ("unreachable", cleanup_steps(plan_of(), UNREACHABLE), HostState.UNREACHABLE),
    ("timed out", cleanup_steps(plan_of(), {**FAILED, "timed_out": True}), HostState.UNREACHABLE),
    ("drift", cleanup_steps(plan_of(), {**FAILED, "drift": {"planned": 40}}), HostState.DRIFT),
    ("all stayed", cleanup_steps(plan_of(), {**purged_of(40), "rest": {"changed": 0}}), HostState.DONE),
    ("disturbed", cleanup_steps(plan_of(), {**purged_of(40), "rest": {"changed": 1}}), HostState.FAILED),
    ("not compared", cleanup_steps(plan_of(), {**purged_of(40), "rest": None}), HostState.DONE),
]


@pytest.mark.parametrize(("steps", "state"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_the_state_of_a_host(steps: Mapping[str, Any], state: HostState) -> None:
    assert state_after(HostState.STARTED, steps) is state


def test_what_several_attempts_removed_adds_up() -> None:
    first = {"plan": plan_of(), "purge": purged_of(30, failed=10), "left": left_of(9)}
    second = {"purge": purged_of(8, already_purged=32)}
    merged = merge_attempts(Attempt(first, second, 2))
    # The first attempt knew of 30; two more were deleted before it was cut off.
    assert merged["purge"]["purged"] == {"messages": 38, "bytes": 3800, "recipients": 76}
    assert merged["purge"]["outcomes"] == {
        "purged": 38,
        "already_purged": 2,
        "vanished": 0,
        "changed": 0,
        "in_flight": 0,
        "failed": 0,
    }
    assert count_earlier(merged["purge"]) == 2
    assert merged["plan"] == first["plan"]
    # What the first one verified is out of date.
    assert "left" not in merged


def test_the_same_for_a_quarantine() -> None:
    quarantined = {"quarantined": {"messages": 3, "bytes": 3, "recipients": 3}, "outcomes": {"quarantined": 3}}
    again = {"quarantined": {"messages": 1, "bytes": 1, "recipients": 1}, "outcomes": {"quarantined": 1, "already": 5}}
    merged = merge_attempts(Attempt({"purge": quarantined}, {"purge": again}, 2))["purge"]
    assert (merged["quarantined"]["messages"], merged["outcomes"]) == (4, {"quarantined": 4, "already": 2})


def test_an_attempt_that_failed_keeps_what_was_removed_before() -> None:
    merged = merge_attempts(Attempt({"purge": purged_of(30)}, {"purge": UNREACHABLE}, 2))["purge"]
    assert (merged["unreachable"], merged["purged"]["messages"], "outcomes" in merged) == (True, 30, False)


def test_without_a_new_result_the_old_ones_stay() -> None:
    first = {"plan": plan_of(), "purge": purged_of(30)}
    assert merge_attempts(Attempt(first, NOTHING, 2)) == first


@pytest.mark.parametrize(("attempts", "earlier"), [(1, 0), (2, 5)])
def test_only_a_resumed_run_counts_what_was_done_before(attempts: int, earlier: int) -> None:
    assert count_earlier({"attempts": attempts, **purged_of(0, already_purged=5)}) == earlier
    assert count_earlier({}) == 0
