# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import (
    LockoutLimits,
    refuse_locks,
    sum_effects,
)

STOLEN = {"sasl_username": "stolen@example.com"}
DOMAIN = {"sender": "example.com"}


def row_of(host: str, queue: list[int], log: list[int | None], *, total: int = 100) -> dict[str, Any]:
    return {
        "host": host,
        "queue": queue,
        "log": log,
        "selected": sum(queue),
        "queue_total": total if queue else None,
        "log_total": total if log else None,
    }


def codes(locks: list[dict[str, Any]], rows: list[dict[str, Any]], **limits: Any) -> list[tuple[str, Any]]:
    refusals = refuse_locks(rows, sum_effects(locks, rows), LockoutLimits(**limits))
    return [(refusal["code"], refusal["messages"]) for refusal in refusals]


def test_effects_are_added_up_where_they_are_known() -> None:
    rows = [row_of("a", [3, 5], [7, None]), row_of("b", [4, 6], [8, None]), row_of("c", [], [])]
    assert sum_effects([STOLEN, {"body": "x"}], rows) == [
        {"lock": STOLEN, "queue": 7, "log": 15},
        {"lock": {"body": "x"}, "queue": 11, "log": None},
    ]
    assert sum_effects([STOLEN], []) == [{"lock": STOLEN, "queue": None, "log": None}]


def test_a_lock_must_not_stop_nearly_everything() -> None:
    rows = [row_of("a", [99], [100]), row_of("b", [98], [50])]
    assert codes([DOMAIN], rows) == [("lock_stops_queue", 197)]
    assert codes([DOMAIN], [row_of("a", [1], [96])]) == [("lock_stops_log", 96)]
    assert codes([DOMAIN], rows, max_percent=100.0) == []
    # Few messages may be all there are.
    assert codes([DOMAIN], [row_of("a", [20], [20], total=20)]) == []


def test_an_account_may_have_sent_nearly_everything() -> None:
    rows = [row_of("a", [100], [100])]
    assert codes([STOLEN], rows) == []
    assert codes([STOLEN], rows, max_percent=50.0) == [("lock_stops_queue", 100), ("lock_stops_log", 100)]


def test_numbers_of_messages_are_limited_by_host_and_for_the_fleet() -> None:
    rows = [row_of("a", [10], []), row_of("b", [5], []), row_of("c", [], [])]
    assert codes([STOLEN], rows, max_messages=9) == [("max_messages", 10)]
    assert codes([STOLEN], rows, fleet_max_messages=14) == [("fleet_max_messages", 15)]
    assert codes([STOLEN], rows, max_messages=10, fleet_max_messages=15) == []


def test_limits_may_be_text() -> None:
    assert LockoutLimits.of_texts("5", "12.5", None) == LockoutLimits(5, 12.5, None)
    assert LockoutLimits.of_texts(None, None, "7") == LockoutLimits(None, None, 7)
