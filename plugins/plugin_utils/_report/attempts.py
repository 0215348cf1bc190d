# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The attempts of a run on one host, and what they did together. Pure.

A run that was cut off is resumed by another process. What that one finds done, an earlier attempt has done.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import add_up
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Result, Steps, count_matched

# By the name of the sums over removed messages: the outcome of these messages, and the one of those that an earlier run removed.
_REMOVALS: Mapping[str, tuple[str, str]] = {
    "purged": (Outcome.PURGED.value, Outcome.ALREADY_PURGED.value),
    "quarantined": (Outcome.QUARANTINED.value, Outcome.ALREADY.value),
}
# A run that has so many attempts on a host was resumed there.
_RESUMED = 2
_VERIFYING = ("left", "left_old")


class HostState(str, Enum):
    """How far a run has come on a host."""

    PLANNED = "planned"
    STARTED = "started"
    """It acts on the host, or did when it was cut off."""
    DONE = "done"
    FAILED = "failed"
    DRIFT = "drift"
    """Too much of the plan is no longer as planned, and nothing was touched."""
    UNREACHABLE = "unreachable"
    """It does not answer, or no longer."""


class Attempt(NamedTuple):
    """The newest attempt on a host, and those before it. attempts: how many there were."""

    earlier: Steps
    current: Steps
    attempts: int


def state_after(state: HostState, steps: Steps) -> HostState:
    """Return the state of a host after its tasks returned these results. Without results it stays as it is."""
    results = [result for step, result in steps.items() if step != "plan" and result and not result.get("skipped")]
    if not results:
        return state
    if any(result.get("unreachable") or result.get("timed_out") for result in results):
        return HostState.UNREACHABLE
    if any("drift" in result for result in results):
        return HostState.DRIFT
    if (
        any(result.get("failed") for result in results)
        or count_matched(steps.get("left_old") or {})
        or _is_disturbed(steps)
    ):
        return HostState.FAILED
    return HostState.DONE


def _is_disturbed(steps: Steps) -> bool:
    """Return whether a message that was to stay is not as it was."""
    return any((result.get("rest") or {}).get("changed") for result in steps.values() if result)


def merge_attempts(attempt: Attempt) -> dict[str, Any]:
    """Return the result of each step, of all attempts together. The newest counts; what was removed adds up."""
    purge = attempt.current.get("purge")
    if not purge:
        return {**attempt.earlier, **attempt.current}
    # What an earlier attempt verified is out of date.
    kept = {step: result for step, result in attempt.earlier.items() if step not in _VERIFYING}
    merged = {**kept, **attempt.current}
    merged["purge"] = {**_merge_removals(attempt.earlier.get("purge") or {}, purge), "attempts": attempt.attempts}
    return merged


def count_earlier(purge: Result) -> int:
    """Return how many messages of the plan earlier attempts of this run removed, as far as their own results do not count them."""
    outcomes = purge.get("outcomes") or {}
    if purge.get("attempts", 0) < _RESUMED:
        return 0
    return sum(int(outcomes.get(already) or 0) for _done, already in _REMOVALS.values())


def _merge_removals(earlier: Result, current: Result) -> dict[str, Any]:
    merged = dict(current)
    for name, (done, already) in _REMOVALS.items():
        before = earlier.get(name)
        if not before or not before.get("messages"):
            continue
        merged[name] = add_up([before, current.get(name) or {}])
        outcomes = dict(current.get("outcomes") or {})
        if outcomes:
            outcomes[done] = outcomes.get(done, 0) + before["messages"]
            outcomes[already] = max(0, outcomes.get(already, 0) - before["messages"])
            merged["outcomes"] = outcomes
    return merged
