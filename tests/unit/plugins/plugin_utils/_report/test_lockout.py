# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import id_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import LockoutLimits
from tests.unit.support.lockout import lock_of, locked_of, matched_of, sweep_of, tried_of
from tests.unit.support.results import FAILED, NOW, SKIPPED, UNREACHABLE, left_of, purged_of

STOLEN = {"sasl_username": "stolen@example.com"}
RUN = LockoutRun(locks=[STOLEN], cleanup="purge", since="1d")
ADDED = locked_of(lock_of("stolen@example.com"), added=[lock_of("stolen@example.com")], changed=True)
SAME = locked_of(lock_of("stolen@example.com"))
BEFORE: dict[str, Any] = {"preview": tried_of(40), "log": matched_of(300, 1000)}


def row_of(run: LockoutRun = RUN, **steps: Any) -> dict[str, Any]:
    (row,) = lockout_report({"mx01": steps}, created=NOW, run=run)["hosts"]
    return dict(row)


def test_a_host_that_was_locked_and_cleaned() -> None:
    sweep = sweep_of(3, held=40, sessions=2)
    row = row_of(**BEFORE, lock=ADDED, sweep=sweep, clean=purged_of(40), left=left_of(0))
    assert (row["state"], row["problem"]) == ("locked", None)
    assert row["added"] == ["sasl_username-1a2b3c4d"]
    assert (row["sessions"], row["held"]["messages"], row["cleaned"]["messages"], row["left"]) == (2, 40, 40, 0)


def test_a_second_run_has_nothing_to_do() -> None:
    row = row_of(**BEFORE, lock=SAME, sweep=sweep_of(), clean=SKIPPED, left=left_of(0))
    assert row["state"] == "nothing_to_do"
    assert row["cleaned"] is None


def test_check_mode_predicts() -> None:
    run = RUN._replace(check=True)
    assert row_of(run, **BEFORE, lock=ADDED, sweep=sweep_of(1, quiet_enough=False))["state"] == "would_lock"
    assert row_of(run._replace(unlock=True), lock=locked_of(removed=[lock_of("a")]))["state"] == "would_unlock"


def test_mail_on_hold_is_counted_when_a_lock_is_removed() -> None:
    run = RUN._replace(unlock=True, cleanup="none")
    row = row_of(run, lock=locked_of(removed=[lock_of("a")]), left=left_of(7))
    assert (row["state"], row["on_hold"], row["left"]) == ("unlocked", 7, None)
    assert row_of(run, lock=locked_of())["state"] == "nothing_to_do"


def test_locks_that_are_on_no_host() -> None:
    run = RUN._replace(unlock=True, cleanup="none", ids=["sender-1a2b3c4d", "sender-5e6f7a8b"])
    steps = {"lock": locked_of(removed=[lock_of("x@example.com", key="sender")])}
    report = lockout_report({"mx01": steps, "mx02": {"lock": UNREACHABLE}}, created=NOW, run=run)
    assert report["not_found"] == [id_of(STOLEN), "sender-5e6f7a8b"]
    assert lockout_report({"mx01": steps}, created=NOW, run=run, started=["mx01"])["not_found"] == []
    assert lockout_report({"mx01": steps}, created=NOW, run=RUN)["not_found"] == []


HOOK = {"failed": True, "msg": "no such user"}
PROBLEMS: list[tuple[dict[str, Any], str, str]] = [
    (
        {"preview": UNREACHABLE},
        "unreachable",
        "no route to host. Nothing is locked here. Run it again when the host answers.",
    ),
    (
        {**BEFORE, "lock": UNREACHABLE},
        "unreachable",
        "no route to host. Nothing is locked here. Run it again when the host answers.",
    ),
    ({**BEFORE, "lock": FAILED}, "failed", "there is no Postfix"),
    (dict(BEFORE), "stopped", "Nothing was touched here, because the run ended before."),
    (
        {**BEFORE, "lock": ADDED, "login": HOOK},
        "failed",
        "The account is locked in Postfix, but a task file of the site failed: no such user.",
    ),
    (
        {**BEFORE, "lock": ADDED, "flush": HOOK},
        "failed",
        "The account is locked in Postfix, but a cache was not flushed, so an old password may still work. Flush it by hand: no such user.",
    ),
    (
        {**BEFORE, "lock": ADDED, "sweep": sweep_of(1, failed=True, msg="it is full")},
        "failed",
        "The locks are in place, but not all sessions and messages were handled: it is full.",
    ),
    (
        {**BEFORE, "lock": ADDED, "sweep": sweep_of(held=4), "plan": {"failed": True, "msg": "max_messages allows 3"}},
        "failed",
        "The clean-up was refused, and the messages stay on hold: max_messages allows 3.",
    ),
    (
        {**BEFORE, "lock": ADDED, "sweep": sweep_of(held=4), "clean": FAILED},
        "failed",
        "The clean-up failed, and messages may still be on hold: there is no Postfix.",
    ),
    (
        {**BEFORE, "lock": ADDED, "sweep": sweep_of(10, quiet_enough=False)},
        "left_over",
        "New mail was still found in each of 10 sweeps. Run it again, or raise lockout_sweeps.",
    ),
    (
        {**BEFORE, "lock": ADDED, "sweep": sweep_of(), "left": left_of(3)},
        "left_over",
        "3 messages that the locks select are still there. Run it again.",
    ),
]


@pytest.mark.parametrize(("steps", "state", "problem"), PROBLEMS)
def test_what_is_wrong_on_a_host(steps: dict[str, Any], state: str, problem: str) -> None:
    row = row_of(**steps)
    assert (row["state"], row["problem"]) == (state, problem)


def test_what_is_wrong_where_locks_are_removed() -> None:
    run = RUN._replace(unlock=True, cleanup="none")
    row = row_of(run, lock=locked_of(removed=[lock_of("a")]), login=HOOK)
    assert (row["state"], row["problem"]) == (
        "failed",
        "The locks are removed, but a task file of the site failed: no such user.",
    )


def test_a_preview_sums_up_and_refuses() -> None:
    results = {"mx01": dict(BEFORE), "mx02": {"preview": UNREACHABLE}, "mx03": {"preview": FAILED}}
    report = lockout_report(results, created=NOW, run=RUN, limits=LockoutLimits(max_messages=30))
    assert [row["state"] for row in report["hosts"]] == ["would_lock", "unreachable", "failed"]
    assert report["preview"]
    assert report["locks"] == [{"lock": STOLEN, "queue": 40, "log": 300}]
    assert [refusal["code"] for refusal in report["refusals"]] == ["max_messages"]


def test_an_interrupted_run() -> None:
    results = {"mx01": {**BEFORE, "lock": ADDED}, "mx02": dict(BEFORE)}
    report = lockout_report(results, created=NOW, run=RUN, started=["mx01"])
    assert report["interrupted"]
    assert [row["state"] for row in report["hosts"]] == ["unknown", "stopped"]


def test_the_fleet_is_added_up() -> None:
    steps = {**BEFORE, "lock": ADDED, "sweep": sweep_of(held=4, sessions=1, unknown_sessions=3), "left": left_of(0)}
    report = lockout_report({"mx01": steps, "mx02": {"preview": UNREACHABLE}}, created=NOW, run=RUN)
    sums = {"messages": 4, "bytes": 400, "recipients": 8}
    nothing = {"messages": 0, "bytes": 0, "recipients": 0}
    assert report["fleet"] == {
        "hosts": 2,
        "done": 1,
        "held": sums,
        "cleaned": nothing,
        "sessions": 1,
        "unknown_sessions": 3,
        "left": 0,
        "on_hold": 0,
    }
