# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from tests.unit.support.results import (
    ANY,
    FAILED,
    NOTHING,
    NOW,
    SKIPPED,
    UNREACHABLE,
    cleanup_steps,
    left_of,
    plan_of,
    purged_of,
    ruled_plan,
)

# name, what the tasks returned, state, problem, left, arrived
CLEANUPS: list[tuple[str, dict[str, Mapping[str, Any]], str, str | None, int | None, int | None]] = [
    ("clean", cleanup_steps(plan_of(), purged_of(40), left_of(0), SKIPPED), "cleaned", None, 0, 0),
    ("more has come", cleanup_steps(plan_of(), purged_of(40), left_of(7), left_of(0)), "cleaned", None, 0, 7),
    (
        "something is left",
        cleanup_steps(plan_of(), purged_of(38), left_of(7), left_of(2)),
        "left_over",
        "2 messages of the selection are still in the queue; run the cleanup again.",
        2,
        5,
    ),
    (
        "nothing planned",
        cleanup_steps(plan_of(messages=0), SKIPPED, SKIPPED, SKIPPED),
        "nothing_to_do",
        None,
        None,
        None,
    ),
    (
        "all vanished before",
        cleanup_steps(plan_of(), purged_of(0, vanished=40), left_of(0), SKIPPED),
        "nothing_to_do",
        None,
        0,
        0,
    ),
    (
        "stopped",
        cleanup_steps(plan_of(), SKIPPED, SKIPPED, SKIPPED),
        "stopped",
        "Nothing was touched here, because an earlier host failed.",
        None,
        None,
    ),
    (
        "the purge failed",
        cleanup_steps(plan_of(), {**FAILED, **purged_of(3, failed=37)}, SKIPPED, SKIPPED),
        "failed",
        "there is no Postfix",
        None,
        None,
    ),
    (
        "unreachable for the purge",
        cleanup_steps(plan_of(), UNREACHABLE, SKIPPED, SKIPPED),
        "unreachable",
        "no route to host",
        None,
        None,
    ),
    (
        "unreachable for the first verification",
        cleanup_steps(plan_of(), purged_of(40), UNREACHABLE, SKIPPED),
        "not_verified",
        "It was cleaned, but could not be verified: no route to host",
        None,
        None,
    ),
    (
        "unreachable for the second verification",
        cleanup_steps(plan_of(), purged_of(40), left_of(2), UNREACHABLE),
        "not_verified",
        "It was cleaned, but could not be verified: no route to host",
        None,
        None,
    ),
    (
        "drift",
        cleanup_steps(plan_of(), {**FAILED, "drift": {"planned": 40, "vanished": 30, "changed": 1}}),
        "drift",
        "there is no Postfix",
        None,
        None,
    ),
    (
        "all was done before the run was resumed",
        cleanup_steps(plan_of(), {**purged_of(0, already_purged=40), "attempts": 2}, left_of(0), SKIPPED),
        "cleaned",
        None,
        0,
        0,
    ),
    (
        "the rest stayed",
        cleanup_steps(plan_of(), {**purged_of(40), "rest": {"before": 9, "changed": 0}}, left_of(0)),
        "cleaned",
        None,
        0,
        0,
    ),
    (
        "the rest did not stay",
        cleanup_steps(plan_of(), {**purged_of(40), "rest": {"before": 9, "changed": 2}}, left_of(0)),
        "not_verified",
        "It was cleaned, but 2 messages that were to stay are not as they were. Look at them and at the mail log before you go on.",
        0,
        0,
    ),
    (
        "the rest is not known",
        cleanup_steps(plan_of(), {**purged_of(40), "rest": None}, left_of(0)),
        "not_verified",
        "It was cleaned, but the messages that were to stay could not be compared.",
        0,
        0,
    ),
    ("expired", cleanup_steps(plan_of(), purged_of(40), SKIPPED, SKIPPED), "cleaned", None, None, None),
    (
        "unreachable",
        cleanup_steps(UNREACHABLE, NOTHING, NOTHING, NOTHING),
        "unreachable",
        "no route to host",
        None,
        None,
    ),
    ("not planned", cleanup_steps(FAILED, SKIPPED, SKIPPED, SKIPPED), "no_plan", "there is no Postfix", None, None),
    (
        "never queried",
        cleanup_steps(NOTHING, NOTHING, NOTHING, NOTHING),
        "missing",
        "The host failed in an earlier task or play and was not queried.",
        None,
        None,
    ),
]


@pytest.mark.parametrize(
    ("steps", "state", "problem", "left", "arrived"), [row[1:] for row in CLEANUPS], ids=[row[0] for row in CLEANUPS]
)
def test_cleanup_states(
    steps: Mapping[str, Any], state: str, problem: str | None, left: int | None, arrived: int | None
) -> None:
    report = cleanup_report({"a": steps}, created=NOW, run=CleanupRun())
    (row,) = report["hosts"]
    assert (row["state"], row["problem"], row["left"], row["arrived"]) == (state, problem, left, arrived)
    assert report["problems"] == ({"a": problem} if problem else {})


PREDICTIONS: list[tuple[int, str]] = [(40, "would_clean"), (0, "nothing_to_do")]


@pytest.mark.parametrize(("messages", "state"), PREDICTIONS)
def test_cleanup_in_check_mode(messages: int, state: str) -> None:
    steps = cleanup_steps(plan_of(), purged_of(messages), SKIPPED, SKIPPED)
    report = cleanup_report({"a": steps}, created=NOW, run=CleanupRun(check=True))
    assert report["hosts"][0]["state"] == state
    assert report["check"] is True


def test_cleanup_that_was_interrupted() -> None:
    results = {
        "a": cleanup_steps(plan_of(), purged_of(40), NOTHING, NOTHING),
        "b": cleanup_steps(plan_of(), NOTHING, NOTHING, NOTHING),
        "c": cleanup_steps(plan_of(), NOTHING, NOTHING, NOTHING),
    }
    report = cleanup_report(results, created=NOW, run=CleanupRun(started=["b"], interrupted=True))
    assert report["interrupted"] is True
    assert [(row["state"], row["purged"] and row["purged"]["messages"]) for row in report["hosts"]] == [
        ("cleaned", 40),
        ("unknown", None),
        ("stopped", None),
    ]
    assert report["problems"] == {
        "b": (
            "The run was interrupted while this host was cleaned. The lines of mailops/postfix_queue_purge in the mail log of the host "
            "show what was deleted."
        ),
        "c": "Nothing was touched here, because the run was interrupted before.",
    }


def test_cleanup_takes_its_reason_from_the_plans() -> None:
    results = {
        host: cleanup_steps(ruled_plan(ANY, reason=reason), purged_of(40), left_of(0), SKIPPED)
        for host, reason in (("a", "ticket 1"), ("b", "ticket 2"), ("c", "ticket 1"))
    }
    assert cleanup_report(results, created=NOW, run=CleanupRun())["reason"] == "ticket 1; ticket 2"
    assert cleanup_report(results, created=NOW, run=CleanupRun(reason="mine"))["reason"] == "mine"


def test_cleanup_adds_up() -> None:
    results = {
        "a": cleanup_steps(plan_of(), purged_of(40), left_of(7), left_of(0)),
        "b": cleanup_steps(plan_of(), purged_of(30), left_of(4), left_of(3)),
        "c": cleanup_steps(UNREACHABLE, NOTHING, NOTHING, NOTHING),
    }
    report = cleanup_report(results, created=NOW, run=CleanupRun(reason="ticket"))
    assert report["fleet"] == {
        "hosts": 3,
        "planned": 80,
        "purged": {"messages": 70, "bytes": 7000, "recipients": 140},
        "earlier": 0,
        "drift": 0,
        "left": 3,
        "arrived": 8,
        "rest": {"before": 0, "kept": 0, "gone": 0, "changed": 0, "new": 0},
        "before": None,
        "after": None,
    }
    assert (report["method"], report["reason"], report["check"]) == ("delete", "ticket", False)
    assert report["hosts"][0]["selection_digest"] == "abc"
    assert report["hosts"][0]["outcomes"]["purged"] == 40


def test_a_host_that_was_not_touched_says_why() -> None:
    results = {
        "a": cleanup_steps(plan_of(), purged_of(40)),
        "b": cleanup_steps(plan_of()),
        "c": cleanup_steps(plan_of()),
    }
    run = CleanupRun(canary=["a"], waiting=True, not_chosen=["c"])
    report = cleanup_report(results, created=NOW, run=run)
    assert (report["canary"], report["waiting"], report["interrupted"]) == (["a"], True, False)
    assert report["problems"] == {
        "b": "Nothing was touched here, because the run waits after the canary.",
        "c": "Nothing was touched here, because this run did not choose the host. Resume the run with it.",
    }


def test_a_quarantine_counts_as_what_was_removed() -> None:
    moved = {"quarantined": {"messages": 4, "bytes": 4, "recipients": 4}, "outcomes": {"quarantined": 4, "vanished": 1}}
    report = cleanup_report({"a": cleanup_steps(plan_of(), moved)}, created=NOW, run=CleanupRun("quarantine"))
    (row,) = report["hosts"]
    assert (row["state"], row["purged"]["messages"], row["drift"]) == ("cleaned", 4, 1)
