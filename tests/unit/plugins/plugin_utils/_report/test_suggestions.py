# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import (
    MOST,
    groups_of,
    merge_groups,
    merge_suggestions,
    suggestions_of,
)
from tests.unit.support.audits import group_of, suggestion_of

LOGIN = {"sasl_username": "stolen@example.com"}
HELO = {"helo_name": "bot.example"}
NOTHING = {"share": 0.0, "at_most": 0.0, "counted": True}
SAMPLED = {"share": 0.01, "at_most": 0.03, "counted": False}
TRAIT = {"trait": "subject", "value": "win", "share": 1.0, "elsewhere": 0.0}


def row(host: str, *suggestions: dict[str, Any], groups: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """Return the row of a host with 10 selected messages."""
    facts = {"matched": {"messages": 10}, "suggestions": list(suggestions), "groups": groups}
    return {"host": host, "facts": facts, "suggestions": suggestions_of(facts), "groups": groups_of(facts)}


def test_a_host_has_what_its_facts_suggest() -> None:
    found = suggestion_of(LOGIN, messages=9, share=0.9, confidence="likely", evidence_for=["x"], evidence_against=["y"])
    assert suggestions_of({"suggestions": [found]}) == [
        {
            "match": [LOGIN],
            "messages": 9,
            "exact": True,
            "share": 0.9,
            "other": NOTHING,
            "confidence": "likely",
            "evidence_for": ["x"],
            "evidence_against": ["y"],
        }
    ]
    assert suggestions_of({"suggestions": []}) == []
    assert suggestions_of({}) is None


def test_a_host_has_the_groups_of_its_facts() -> None:
    assert (
        groups_of({"groups": [group_of(LOGIN, traits=[{**TRAIT, "more": 1}] * 20)] * 20})
        == [{"match": [LOGIN], "messages": 5, "exact": True, "share": 1.0, "other": NOTHING, "traits": [TRAIT] * 8}]
        * MOST
    )
    assert groups_of({"groups": []}) == []
    assert groups_of({}) is None


def test_what_a_host_leaves_out_is_not_known() -> None:
    assert suggestions_of({"suggestions": [{"other": {"share": 0.1}}]}) == [
        {
            "match": [],
            "messages": 0,
            "exact": False,
            "share": None,
            "other": None,
            "confidence": "possible",
            "evidence_for": [],
            "evidence_against": [],
        }
    ]


def test_rules_of_several_hosts_are_merged() -> None:
    rows = [
        row("a", suggestion_of(HELO, messages=50, exact=False), suggestion_of(LOGIN, messages=4, other=SAMPLED)),
        row("b", suggestion_of(LOGIN, messages=3, confidence="likely", evidence_for=["x"])),
        {"host": "c", "facts": None, "suggestions": None, "groups": None},
        row("d"),
    ]
    reasons: dict[str, list[str]] = {"evidence_for": [], "evidence_against": []}
    assert merge_suggestions(rows) == [
        {
            "match": [LOGIN],
            "messages": 7,
            "hosts": 2,
            "host": "a",
            "exact": True,
            "other": SAMPLED,
            "confidence": "likely",
            **reasons,
            "evidence_for": ["x"],
        },
        {
            "match": [HELO],
            "messages": 50,
            "hosts": 1,
            "host": "a",
            "exact": False,
            "other": NOTHING,
            "confidence": "possible",
            **reasons,
        },
    ]
    assert merge_suggestions([{"suggestions": None}]) is None
    assert merge_suggestions([row("a")]) == []
    many = row("a", *(suggestion_of({"sender": "%d.example" % number}, messages=number) for number in range(1, 10)))
    more = row("b", *(suggestion_of({"sender": "%d.example" % number}, messages=number) for number in range(10, 19)))
    merged = merge_suggestions([many, more])
    assert merged is not None
    assert [rule["messages"] for rule in merged] == list(range(18, 18 - MOST, -1))


def test_how_much_other_mail_is_selected_is_known_if_all_hosts_know_it() -> None:
    merged = merge_suggestions([row("a", suggestion_of(LOGIN)), row("b", suggestion_of(LOGIN, other=None))])
    assert merged is not None
    assert merged[0]["other"] is None


def test_groups_of_several_hosts_are_merged() -> None:
    rows = [
        row("a", groups=[group_of(LOGIN, messages=3), group_of(HELO, messages=8)]),
        row("b", groups=[group_of(LOGIN, messages=6, exact=False, traits=[TRAIT])]),
        {"host": "c", "facts": None, "suggestions": None, "groups": None},
    ]
    assert merge_groups(rows) == [
        {
            "match": [LOGIN],
            "messages": 9,
            "hosts": 2,
            "host": "b",
            "exact": False,
            "other": NOTHING,
            "share": 0.45,
            "traits": [TRAIT],
        },
        {
            "match": [HELO],
            "messages": 8,
            "hosts": 1,
            "host": "a",
            "exact": True,
            "other": NOTHING,
            "share": 0.4,
            "traits": [],
        },
    ]
    assert merge_groups([{"groups": None}]) is None
    assert merge_groups([{**row("a", groups=[group_of(LOGIN)]), "facts": {}}]) == [
        {
            "match": [LOGIN],
            "messages": 5,
            "hosts": 1,
            "host": "a",
            "exact": True,
            "other": NOTHING,
            "share": None,
            "traits": [],
        }
    ]
