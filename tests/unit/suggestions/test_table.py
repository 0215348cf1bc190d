# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace

from tests.suggestions.measure import Measured, Part, Worth
from tests.suggestions.table import DOCUMENT, details, is_wrong, row, table, with_tables

RULE = {"sasl_username": "anna@example.com"}
GROUP = {
    "match": [RULE],
    "messages": 40,
    "traits": [{"trait": "sasl_username", "value": "anna@example.com", "share": 1.0, "elsewhere": 0.0}],
}
SUGGESTION = {
    **GROUP,
    "exact": True,
    "other": {"share": 0.0, "at_most": 0.0, "counted": True},
    "confidence": "likely",
    "evidence_for": ["one login from 5 networks"],
    "evidence_against": ["its own address"],
}
FLOOD = Measured(
    name="stolen account, 40%",
    is_flooded=True,
    messages=100,
    spam=40,
    groups=[GROUP],
    suggestions=[SUGGESTION],
    note="Try a rule.",
    all=Worth(1, covered=40, spam_covered=40, spam=40),
    likely=Worth(1, covered=40, spam_covered=40, spam=40),
    by_rule=[frozenset(map(str, range(40)))],
    spam_by_rule=[40],
    parts=[Part("stolen", is_spam=True, messages=40, covered=40, likely=40)],
)
MISSED = replace(
    FLOOD,
    name="botnet, 40%",
    suggestions=[],
    all=Worth(0, 0, 0, 40),
    likely=Worth(0, 0, 0, 40),
    by_rule=[],
    spam_by_rule=[],
)
INNOCENT = replace(
    FLOOD,
    name="invoice run, 40%",
    is_flooded=False,
    spam=0,
    suggestions=[SUGGESTION, {**SUGGESTION, "confidence": "possible"}],
    all=Worth(2, covered=40, spam_covered=0, spam=0),
    likely=Worth(1, covered=40, spam_covered=0, spam=0),
    by_rule=[FLOOD.by_rule[0], FLOOD.by_rule[0]],
    spam_by_rule=[0, 0],
    parts=[Part("invoice", is_spam=False, messages=40, covered=40, likely=40)],
)


def test_a_row_of_a_flood_has_what_all_and_what_likely_suggestions_are_worth() -> None:
    assert row(FLOOD) == "| stolen account, 40% | 100 | 40 | 1 | 1 | 1.000 | 1.000 | 1.000 | 1.000 |\n"
    assert row(MISSED) == "| botnet, 40% | 100 | 40 | 0 | 0 | - | 0.000 | - | 0.000 |\n"


def test_a_row_of_innocent_mail_has_what_is_wrong() -> None:
    assert row(INNOCENT) == "| invoice run, 40% | 100 | 1 | 1 | 1 |\n"


def test_a_table_ends_with_the_sums() -> None:
    assert table("Development", [FLOOD, INNOCENT, MISSED]).splitlines() == [
        "",
        "### Development",
        "",
        "| queue | messages | spam | suggestions | likely | precision | recall | precision, likely | recall, likely |",
        "|---|---|---|---|---|---|---|---|---|",
        "| stolen account, 40% | 100 | 40 | 1 | 1 | 1.000 | 1.000 | 1.000 | 1.000 |",
        "| botnet, 40% | 100 | 40 | 0 | 0 | - | 0.000 | - | 0.000 |",
        "",
        "| queue | messages | groups | possible | false likely |",
        "|---|---|---|---|---|",
        "| invoice run, 40% | 100 | 1 | 1 | 1 |",
        "",
        "Recall 0.9 and precision 0.95 are reached on 1 of 2 queues with a flood, with the likely suggestions alone on 1.",
        "False likely suggestions on queues with a flood: 0.",
        "Innocent queues with a likely suggestion: 1 of 1.",
    ]


def test_a_table_of_one_sort_has_no_other() -> None:
    assert "innocent" not in table("Development", [FLOOD]).lower()
    assert "flood" not in table("Development", [INNOCENT]).lower()


def test_details_have_rules_evidence_and_what_is_covered() -> None:
    assert details(FLOOD) == (
        "stolen account, 40%: 100 messages, 40 spam\n"
        "  note: Try a rule.\n"
        "  likely: [{'sasl_username': 'anna@example.com'}]\n"
        "    selects 40, of these 40 spam; says 40 messages, exact, other {'share': 0.0, 'at_most': 0.0, 'counted': True}\n"
        "    + one login from 5 networks\n"
        "    - its own address\n"
        "  group: 40 messages: [{'sasl_username': 'anna@example.com'}] (sasl_username anna@example.com 1.00/0.00)\n"
        "  spam stolen: 40 messages, 40 covered, 40 of these by likely suggestions\n"
    )


def test_what_is_wrong_is_a_missed_flood_or_a_false_likely_suggestion() -> None:
    assert [is_wrong(measured) for measured in (FLOOD, MISSED, INNOCENT)] == [False, True, True]


def test_the_document_takes_new_tables() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    changed = with_tables(document, "new")
    assert "\nnew\n" in changed
    assert with_tables(changed, "other") == with_tables(document, "other")
