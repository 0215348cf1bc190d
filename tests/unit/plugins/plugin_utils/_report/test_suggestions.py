# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import (
    MOST,
    merge_suggestions,
    suggestions_of,
)

LOGIN = [{"sasl_username": "stolen@example.com"}]
HELO = [{"helo_name": "bot.example"}]


def row(*suggestions: tuple[list[dict[str, Any]], int, bool]) -> dict[str, Any]:
    return {"suggestions": [{"match": match, "messages": count, "exact": exact} for match, count, exact in suggestions]}


def test_a_host_has_what_its_facts_suggest() -> None:
    found = [{"match": LOGIN, "messages": 9, "exact": True, "share": 0.9, "evidence": []}]
    assert suggestions_of({"suggestions": found}) == [{"match": LOGIN, "messages": 9, "exact": True}]
    assert suggestions_of({"suggestions": []}) == []
    assert suggestions_of({}) is None


def test_rules_of_several_hosts_are_merged() -> None:
    rows = [row((HELO, 5, False), (LOGIN, 4, True)), row((LOGIN, 3, True)), {"suggestions": None}, row()]
    assert merge_suggestions(rows) == [
        {"match": LOGIN, "messages": 7, "hosts": 2, "exact": True},
        {"match": HELO, "messages": 5, "hosts": 1, "exact": False},
    ]
    assert merge_suggestions([{"suggestions": None}]) is None
    assert merge_suggestions([row()]) == []
    many = row(*(([{"sender": "%d.example" % number}], number, True) for number in range(1, 30)))
    merged = merge_suggestions([many])
    assert merged is not None
    assert [rule["messages"] for rule in merged] == list(range(29, 29 - MOST, -1))
