# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import (
    INTENTS,
    finished_intents,
    ids_by_queue,
    queue_ids_of,
    time_and_operator,
)

MADE: dict[str, Any] = {"op": "made"}
TAKE: dict[str, Any] = {"op": "take", "messages": {"deferred": ["4A0F9AC"], "hold": ["4A0F9AD"]}}
GIVE: dict[str, Any] = {"op": "give", "messages": {"hold": ["4A0F9AD"]}}
DROP: dict[str, Any] = {"op": "drop", "messages": 1}
DONE: dict[str, Any] = {"op": "done", "messages": 1}


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        pytest.param([], [], id="no records"),
        pytest.param([MADE], [], id="made"),
        pytest.param([MADE, TAKE], [], id="unfinished"),
        pytest.param([MADE, TAKE, DONE], [(TAKE, DONE)], id="finished"),
        pytest.param([MADE, TAKE, DONE, GIVE], [(TAKE, DONE)], id="the last one is unfinished"),
        pytest.param([MADE, TAKE, {"op": "copied"}, {"op": "placed"}, DONE], [(TAKE, DONE)], id="with copies"),
        pytest.param([MADE, TAKE, DONE, DROP, GIVE, DONE], [(TAKE, DONE), (GIVE, DONE)], id="two, and a deletion"),
        pytest.param([MADE, DONE, TAKE, DONE], [(TAKE, DONE)], id="an end without an intent"),
    ],
)
def test_intents_are_paired_with_their_ends(
    records: list[dict[str, Any]], expected: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    assert list(finished_intents(records)) == expected


def test_each_intent_has_words() -> None:
    assert set(INTENTS) == {"take", "give", "swap"}


def test_the_queue_ids_of_a_record() -> None:
    assert queue_ids_of(TAKE) == {"4A0F9AC", "4A0F9AD"}
    assert queue_ids_of({"op": "take", "messages": {}}) == set()


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        pytest.param("source", {"hold": ["4A0F9AC", "4A0F9AD"], "maildrop": ["4A0F9AE"]}, id="from"),
        pytest.param("queue", {"deferred": ["4A0F9AC", "4A0F9AE"], "active": ["4A0F9AD"]}, id="to"),
    ],
)
def test_a_record_has_the_messages_by_queue(which: str, expected: dict[str, list[str]]) -> None:
    wanted = {
        "4A0F9AE": Move("maildrop", "deferred"),
        "4A0F9AD": Move("hold", "active"),
        "4A0F9AC": Move("hold", "deferred"),
    }
    assert ids_by_queue(wanted, which) == expected


def test_a_record_says_when_and_by_whom(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_USER", "ops")
    fields = time_and_operator()
    assert (set(fields), fields["by"], type(fields["time"])) == ({"time", "by"}, "ops", int)
