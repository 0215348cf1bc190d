# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import PlanLimits, plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts
from tests.unit.support.results import ANY, FAILED, NOW, by_host, plan_of, ruled_plan


def test_plan_adds_up_and_names_who_has_none() -> None:
    results = {
        "a": plan_of(),
        "b": plan_of(messages=0, bytes=0, recipients=0, partial=0),
        "c": FAILED,
        "d": {"skipped": True},
    }
    report = plan_report(by_host("plan", results), created=NOW)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("a", "planned"),
        ("b", "nothing_to_do"),
        ("c", "failed"),
        ("d", "no_plan"),
    ]
    assert report["fleet"] == {
        "hosts": 4,
        "planned": 2,
        "messages": 40,
        "bytes": 4000,
        "recipients": 80,
        "partial": 1,
        "undecided": 0,
        "in_queues": 200,
    }
    assert report["problems"] == {
        "c": "there is no Postfix",
        "d": "There is no plan for this host: make one, or leave the host out.",
    }
    assert report["refusals"] == []


def test_plan_that_was_read_from_a_file_counts_the_same() -> None:
    read = {"plan": plan_of()["plan"], "changed": False}
    assert plan_report(by_host("plan", {"a": read}), created=NOW) == plan_report(
        by_host("plan", {"a": plan_of()}), created=NOW
    )


LIMITS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("within", {"max_messages": 40, "max_percent": 40.0, "fleet_max_messages": 80}, []),
    (
        "a host has too many",
        {"max_messages": 39},
        [
            "a: The plan has 40 messages, queue_cleanup_max_messages allows 39.",
            "b: The plan has 40 messages, queue_cleanup_max_messages allows 39.",
        ],
    ),
    (
        "too large a part of a host",
        {"max_percent": 39.5},
        [
            "a: The plan has 40 of the 100 messages in the chosen queues, queue_cleanup_max_percent allows 39.5 percent.",
            "b: The plan has 40 of the 100 messages in the chosen queues, queue_cleanup_max_percent allows 39.5 percent.",
        ],
    ),
    (
        "too many in all",
        {"fleet_max_messages": 79},
        ["The plans have 80 messages on 2 hosts, queue_cleanup_fleet_max_messages allows 79."],
    ),
]


@pytest.mark.parametrize(("limits", "refusals"), [row[1:] for row in LIMITS], ids=[row[0] for row in LIMITS])
def test_plan_limits(limits: Mapping[str, Any], refusals: list[str]) -> None:
    results = by_host("plan", {"a": plan_of(), "b": plan_of()})
    assert refusal_texts(plan_report(results, created=NOW, limits=PlanLimits(**limits))) == refusals


AGED = [{"age": [{"before": NOW - 2 * 86400}], "sender": ["x@example.com"]}]
LATER = [{"age": [{"before": NOW + 50 - 2 * 86400}], "sender": ["x@example.com"]}]


def test_plans_of_one_rule_go_together_although_their_ages_are_absolute() -> None:
    results = {"a": ruled_plan(AGED), "b": ruled_plan(LATER, created=NOW + 50)}
    report = plan_report(by_host("plan", results), created=NOW, limits=PlanLimits(mixed=False))
    assert [group["hosts"] for group in report["rules"]] == [["a", "b"]]
    assert report["refusals"] == []


REMEDY = "Make new plans for all hosts, leave hosts out with --limit, or set queue_cleanup_mixed_plans: true if you mean that."
MIXTURES: list[tuple[str, dict[str, dict[str, Any]], list[str]]] = [
    (
        "rules",
        {
            "a": ruled_plan([{"sender": ["x@"]}]),
            "b": ruled_plan([{"recipient": ["/@/"]}]),
            "c": ruled_plan([{"sender": ["x@"]}]),
        },
        [
            "The plans are of 2 different rules. " + REMEDY,
            'a, c: {"sender": "x@"}',
            'b: {"recipient": "/@/"}',
        ],
    ),
    (
        "methods",
        {
            "a": ruled_plan([{"sender": ["x@"]}], method="delete"),
            "b": ruled_plan([{"sender": ["x@"]}], method="expire"),
        },
        [
            "The plans are of 2 different rules. " + REMEDY,
            'a: {"sender": "x@"}',
            'b: {"sender": "x@"}, to expire',
        ],
    ),
    (
        "ages",
        {"a": ruled_plan([{"sender": ["x@"]}]), "b": ruled_plan([{"sender": ["x@"]}], created=NOW - 3601)},
        [
            "The plans were made at different times. " + REMEDY,
            "b: planned 60 minutes ago",
            "a: planned 0 minutes ago",
        ],
    ),
    (
        "an hour is one time",
        {"a": ruled_plan([{"sender": ["x@"]}]), "b": ruled_plan([{"sender": ["x@"]}], created=NOW - 3600)},
        [],
    ),
]


@pytest.mark.parametrize(("results", "refusals"), [row[1:] for row in MIXTURES], ids=[row[0] for row in MIXTURES])
def test_plans_that_do_not_belong_together(results: dict[str, dict[str, Any]], refusals: list[str]) -> None:
    report = plan_report(by_host("plan", results), created=NOW, limits=PlanLimits(mixed=False))
    assert refusal_texts(report) == refusals
    assert plan_report(by_host("plan", results), created=NOW)["refusals"] == []


# name, planned, limits given, limits in the plan, refusals
SHARES: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], list[str]]] = [
    (
        "a rule takes all",
        ruled_plan(ANY, messages=100),
        {},
        {},
        [
            (
                "a: The plan has ALL 100 messages in the chosen queues, which is more than 95 percent. Narrow the rule, or set "
                "queue_cleanup_max_percent: 100 if you mean that."
            )
        ],
    ),
    (
        "a rule takes nearly all",
        ruled_plan(ANY, messages=96),
        {},
        {},
        [
            (
                "a: The plan has 96 of the 100 messages in the chosen queues, which is more than 95 percent. Narrow the rule, or set "
                "queue_cleanup_max_percent: 100 if you mean that."
            )
        ],
    ),
    ("95 percent", ruled_plan(ANY, messages=95), {}, {}, []),
    ("match_all", ruled_plan([], messages=100), {}, {}, []),
    ("allowed by percent", ruled_plan(ANY, messages=100), {"max_percent": 100.0}, {}, []),
    ("allowed by number", ruled_plan(ANY, messages=100), {"max_messages": 100}, {}, []),
    ("allowed by the plan", ruled_plan(ANY, messages=100), {}, {"max_percent": 100.0, "max_messages": None}, []),
    (
        "more than the plan allows",
        ruled_plan(ANY, messages=40),
        {},
        {"max_percent": None, "max_messages": 39},
        ["a: The plan has 40 messages, queue_cleanup_max_messages allows 39."],
    ),
    ("what is given counts", ruled_plan(ANY, messages=40), {"max_messages": 40}, {"max_messages": 39}, []),
]


@pytest.mark.parametrize(
    ("result", "given", "planned", "refusals"), [row[1:] for row in SHARES], ids=[row[0] for row in SHARES]
)
def test_plan_that_takes_nearly_everything(
    result: dict[str, Any], given: dict[str, Any], planned: dict[str, Any], refusals: list[str]
) -> None:
    limited = {"plan": {**result["plan"], "limits": planned}}
    report = plan_report(by_host("plan", {"a": limited}), created=NOW, limits=PlanLimits(**given))
    assert refusal_texts(report) == refusals


@pytest.mark.parametrize(("messages", "refused"), [(20, False), (21, True)])
def test_few_messages_may_be_all_there_are(messages: int, refused: bool) -> None:
    few = ruled_plan(ANY, messages=messages)
    few["plan"]["counts"] = {**few["plan"]["counts"], "in_queues": messages}
    assert bool(plan_report(by_host("plan", {"a": few}), created=NOW)["refusals"]) is refused


def test_plan_that_a_host_itself_refused() -> None:
    over = {
        "failed": True,
        "msg": "The selection has 40 messages, max_messages allows 39.",
        "matched": {"messages": 40},
    }
    report = plan_report(by_host("plan", {"a": over, "b": FAILED}), created=NOW)
    assert [row["state"] for row in report["hosts"]] == ["refused", "failed"]
    assert refusal_texts(report) == ["a: The selection has 40 messages, max_messages allows 39."]
