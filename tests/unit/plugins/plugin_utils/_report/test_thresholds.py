# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.thresholds import (
    DEFAULT_MIN_MESSAGES,
    FLEET_THRESHOLDS,
    HOST_THRESHOLDS,
    NAMES,
    over_problems,
    over_text,
    read_thresholds,
    threshold_problems,
)
from tests.unit.support.results import NOW, UNREACHABLE, by_host, facts_of

PLACE = "queue_audit_thresholds"
KNOWN = (
    "Known are messages, oldest_age, growth_messages, growth_percent, sender_share, account_share, client_share, fleet_messages, "
    "fleet_oldest_age, fleet_growth_messages, fleet_growth_percent, fleet_sender_share, fleet_account_share, fleet_client_share, "
    "fleet_unanswered, min_messages."
)


def test_the_fleet_has_all_thresholds_of_hosts() -> None:
    assert list(FLEET_THRESHOLDS) == [*("fleet_" + name for name in HOST_THRESHOLDS), "fleet_unanswered"]
    assert list(NAMES) == [*HOST_THRESHOLDS, *FLEET_THRESHOLDS, "min_messages"]


def test_thresholds_are_read_with_their_units() -> None:
    given = {
        "messages": "5000",
        "oldest_age": "2d",
        "growth_percent": 150,
        "sender_share": "0.5",
        "fleet_unanswered": 0,
        "client_share": None,
    }
    assert threshold_problems(PLACE, given) == []
    assert read_thresholds(given) == {
        "messages": 5000,
        "oldest_age": 172800,
        "growth_percent": 150.0,
        "sender_share": 0.5,
        "fleet_unanswered": 0,
    }
    assert read_thresholds(None) == {}
    # What was read before means the same.
    numbers = {name: value for name, value in read_thresholds(given).items() if name != "oldest_age"}
    assert read_thresholds(numbers) == numbers


PROBLEMS: list[tuple[str, Any, str]] = [
    (
        "text",
        "messages=1",
        (
            "queue_audit_thresholds is no mapping of thresholds; nothing was touched. Write JSON, such as "
            '-e \'{"queue_audit_thresholds": {"messages": 5000, "oldest_age": "2d"}}\'.'
        ),
    ),
    (
        "misspelled",
        {"mesages": 1},
        "queue_audit_thresholds: there is no threshold 'mesages'. Did you mean messages?",
    ),
    ("unknown", {"zzz": 1}, "queue_audit_thresholds: there is no threshold 'zzz'. " + KNOWN),
    (
        "no count",
        {"messages": "many"},
        "queue_audit_thresholds.messages: 'many' is not a whole number. Write a number such as 5000.",
    ),
    (
        "a negative count",
        {"fleet_messages": -1},
        "queue_audit_thresholds.fleet_messages: -1 is not a whole number. Write a number such as 5000.",
    ),
    (
        "a boolean",
        {"messages": True},
        "queue_audit_thresholds.messages: True is not a whole number. Write a number such as 5000.",
    ),
    (
        "no unit",
        {"oldest_age": 2},
        "queue_audit_thresholds.oldest_age: 2 has no unit, and would be seconds. Write 2d for days, or 2s.",
    ),
    (
        "a wrong unit",
        {"oldest_age": "2y"},
        (
            "queue_audit_thresholds.oldest_age: '2y' is not an amount; write a number and one of s, m, h, d, w, with a minus sign for "
            "that much or less."
        ),
    ),
    (
        "a percentage as share",
        {"sender_share": 50},
        "queue_audit_thresholds.sender_share: 50 is not a share from 0 to 1. Write 0.5 for one half.",
    ),
    (
        "nan",
        {"account_share": "nan"},
        "queue_audit_thresholds.account_share: 'nan' is not a share from 0 to 1. Write 0.5 for one half.",
    ),
    (
        "a list",
        {"client_share": [1]},
        "queue_audit_thresholds.client_share: [1] is not a share from 0 to 1. Write 0.5 for one half.",
    ),
    (
        "no percentage",
        {"growth_percent": "inf"},
        (
            "queue_audit_thresholds.growth_percent: 'inf' is not a percentage. Write a number such as 200 for three times as many."
        ),
    ),
    (
        "no minimum",
        {"min_messages": "x"},
        "queue_audit_thresholds.min_messages: 'x' is not a whole number. Write a number such as 5000.",
    ),
]


@pytest.mark.parametrize(("given", "problem"), [row[1:] for row in PROBLEMS], ids=[row[0] for row in PROBLEMS])
def test_bad_thresholds_are_refused(given: Any, problem: str) -> None:
    assert threshold_problems(PLACE, given) == [problem]


def test_all_that_is_wrong_is_raised_at_once() -> None:
    with pytest.raises(ValueError, match=r"\Athresholds: there is no threshold 'x'\.(.|\n)*\nthresholds\.messages: "):
        read_thresholds({"x": 1, "messages": "y"})


def audit(thresholds: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the report of two hosts, one of which has a flood, and of one without an answer."""
    top = {
        "senders": [{"value": "spam@example.com", "messages": 900}],
        "sasl_usernames": [{"value": "stolen", "messages": 800}],
        "client_addresses": [{"value": "192.0.2.7", "messages": 600}],
    }
    quiet = facts_of(10, oldest=None, senders=[{"value": "a@example.com", "messages": 10}])
    results = {"mx01": facts_of(1000, oldest=NOW - 86400, **top), "mx02": quiet, "mx03": UNREACHABLE}
    return audit_report(by_host("facts", results), created=NOW, thresholds=thresholds, **more)


HISTORY = [{"created": NOW - 3600, "messages": 210, "oldest_age": 60, "hosts": {"mx01": 200, "mx02": 10}}]
OVER: list[tuple[str, dict[str, Any], list[tuple[Any, ...]]]] = [
    ("nothing", {}, []),
    ("equal is not over", {"messages": 1000, "fleet_messages": 1010, "oldest_age": "1d", "sender_share": 0.9}, []),
    ("messages", {"messages": 999}, [("mx01", "messages", 1000, 999, None)]),
    (
        "each host",
        {"messages": 0},
        [("mx01", "messages", 1000, 0, None), ("mx02", "messages", 10, 0, None)],
    ),
    ("oldest", {"oldest_age": "23h"}, [("mx01", "oldest_age", 86400, 82800, None)]),
    ("fleet", {"fleet_messages": 1009}, [(None, "fleet_messages", 1010, 1009, None)]),
    ("fleet oldest", {"fleet_oldest_age": "1h"}, [(None, "fleet_oldest_age", 86400, 3600, None)]),
    ("unanswered", {"fleet_unanswered": 0}, [(None, "fleet_unanswered", 1, 0, None)]),
    ("one host may be missing", {"fleet_unanswered": 1}, []),
    (
        "shares",
        {"sender_share": 0.5, "account_share": 0.5, "client_share": 0.5},
        [
            ("mx01", "sender_share", 0.9, 0.5, "spam@example.com"),
            ("mx01", "account_share", 0.8, 0.5, "stolen"),
            ("mx01", "client_share", 0.6, 0.5, "192.0.2.7"),
        ],
    ),
    (
        "shares of few messages, if asked for",
        {"sender_share": 0.95, "min_messages": 1},
        [("mx02", "sender_share", 1.0, 0.95, "a@example.com")],
    ),
    ("fleet share", {"fleet_sender_share": 0.8}, [(None, "fleet_sender_share", 0.8911, 0.8, "spam@example.com")]),
    (
        "growth",
        {"growth_messages": 500, "growth_percent": 100, "fleet_growth_messages": 799, "fleet_growth_percent": 381},
        [
            (None, "fleet_growth_messages", 800, 799, None),
            ("mx01", "growth_messages", 800, 500, None),
            ("mx01", "growth_percent", 400.0, 100.0, None),
        ],
    ),
]


@pytest.mark.parametrize(("thresholds", "over"), [row[1:] for row in OVER], ids=[row[0] for row in OVER])
def test_what_is_over(thresholds: dict[str, Any], over: list[tuple[Any, ...]]) -> None:
    found = audit(thresholds, history=HISTORY)["over"]
    keys = ("host", "threshold", "value", "limit", "name")
    assert [tuple(item[key] for key in keys) for item in found] == over
    assert all(tuple(item) == keys for item in found)


def test_without_an_earlier_audit_nothing_has_grown() -> None:
    assert audit({"growth_messages": 0, "growth_percent": 0, "fleet_growth_messages": 0})["over"] == []


def test_a_host_without_figures_is_over_nothing() -> None:
    bare = {"ansible_facts": {"postfix_queue": {"matched": {"messages": 500, "bytes": 1, "recipients": 1}}}}
    names = ("messages", "growth_messages", "sender_share", "growth_percent", "fleet_messages")
    limits = dict.fromkeys(names, 0)
    assert audit_report(by_host("facts", {"a": bare}), created=NOW, thresholds=limits)["over"] == []


def test_few_messages_are_fewer_than_the_default() -> None:
    assert DEFAULT_MIN_MESSAGES == 100


TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"threshold": "messages", "value": 5310, "limit": 5000}, "messages: 5310, allowed are 5000"),
    ({"threshold": "oldest_age", "value": 93600, "limit": 86400}, "oldest_age: 1d 2h, allowed are 1d 0h"),
    ({"threshold": "growth_percent", "value": 120.5, "limit": 50.0}, "growth_percent: 120 %, allowed are 50 %"),
    (
        {"threshold": "fleet_account_share", "value": 0.9123, "limit": 0.5, "name": "stolen\x1b"},
        "fleet_account_share: 91.2 % of stolen\\x1b, allowed are 50 %",
    ),
    ({"threshold": "of_another_release", "value": 1.5, "limit": 1}, "of_another_release: 1.5, allowed are 1"),
]


@pytest.mark.parametrize(("over", "text"), TEXTS, ids=[row[0]["threshold"] for row in TEXTS])
def test_what_is_over_in_words(over: dict[str, Any], text: str) -> None:
    assert over_text({"host": None, "name": None, **over}) == text


def test_each_host_fails_with_all_that_is_over_there() -> None:
    over = audit({"messages": 5, "sender_share": 0.5, "fleet_messages": 5})["over"]
    assert over_problems(over) == {
        None: "The fleet is over its thresholds: fleet_messages: 1010, allowed are 5.",
        "mx01": (
            "The host is over its thresholds: messages: 1000, allowed are 5; sender_share: 90 % of spam@example.com, allowed are 50 %."
        ),
        "mx02": "The host is over its thresholds: messages: 10, allowed are 5.",
    }


def test_each_threshold_is_documented() -> None:
    root = Path(__file__).resolve().parents[5]
    page = (root / "docs" / "monitoring.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `((?!mailops_)[a-z_]+)` \|", page, re.MULTILINE)) == set(HOST_THRESHOLDS)
    specs = (root / "roles" / "queue_audit" / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    assert all(f"V({name})" in specs for name in (*HOST_THRESHOLDS, "fleet_unanswered", "min_messages"))
