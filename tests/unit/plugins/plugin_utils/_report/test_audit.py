# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from tests.unit.support.results import FAILED, NOW, UNREACHABLE, by_host, facts_of


def test_audit_names_every_host_and_why_it_has_no_figures() -> None:
    report = audit_report(by_host("facts", {"a": facts_of(5), "b": UNREACHABLE, "c": FAILED, "d": {}}), created=NOW)
    assert [(row["host"], row["state"], row["problem"]) for row in report["hosts"]] == [
        ("a", "ok", None),
        ("b", "unreachable", "no route to host"),
        ("c", "failed", "there is no Postfix"),
        ("d", "missing", "The host failed in an earlier task or play and was not queried."),
    ]
    assert report["problems"] == {
        "b": "no route to host",
        "c": "there is no Postfix",
        "d": "The host failed in an earlier task or play and was not queried.",
    }
    assert [row["facts"] is None for row in report["hosts"]] == [False, True, True, True]


def test_audit_adds_up_what_answered() -> None:
    top_a = {"senders": [{"value": "x", "messages": 3}, {"value": "y", "messages": 2}], "sasl_usernames": None}
    top_b = {"senders": [{"value": "y", "messages": 4}]}
    results = {"a": facts_of(5, oldest=100, **top_a), "b": facts_of(7, oldest=None, **top_b), "c": UNREACHABLE}
    report = audit_report(by_host("facts", results), created=NOW, selection={"match": [{"sender": "x"}]})
    assert report["fleet"] == {
        "hosts": 3,
        "answered": 2,
        "queues": {"deferred": 12, "hold": 2},
        "total": {"messages": 12, "bytes": 1200, "recipients": 24, "oldest": 100},
        "matched": {"messages": 12, "bytes": 1200, "recipients": 24, "partial": 6, "undecided": 0},
        "held": {"messages": 2, "hosts": 2},
        "damaged": 0,
        "top": {
            "senders": [{"value": "y", "messages": 6}, {"value": "x", "messages": 3}],
            "sasl_usernames": [],
        },
        "suspects": [],
        "growth": None,
        "groups": None,
        "suggestions": None,
    }
    assert report["selection"] == {"match": [{"sender": "x"}]}


def test_audit_bears_facts_that_were_not_gathered() -> None:
    bare = {
        "ansible_facts": {"postfix_queue": {"matched": {"messages": 2, "bytes": 20, "recipients": 2, "partial": 0}}}
    }
    report = audit_report(by_host("facts", {"a": bare}), created=NOW)
    assert report["fleet"]["total"] == {"messages": 0, "bytes": 0, "recipients": 0, "oldest": None}
    assert report["fleet"]["matched"]["messages"] == 2
    assert report["fleet"]["queues"] == {}
    assert report["fleet"]["held"] == {"messages": 0, "hosts": 0}


def test_audit_counts_what_is_on_hold_and_on_how_many_hosts() -> None:
    results: dict[str, Any] = {"a": facts_of(5), "b": facts_of(5), "c": facts_of(5), "d": facts_of(5), "e": UNREACHABLE}
    for host, held in {"a": {"messages": 1200}, "b": {"messages": 4}, "c": {"messages": 0}, "d": None}.items():
        results[host]["ansible_facts"]["postfix_queue"]["queues"]["hold"] = held
    report = audit_report(by_host("facts", results), created=NOW)
    assert report["fleet"]["held"] == {"messages": 1204, "hosts": 2}


def test_audit_of_no_host() -> None:
    report = audit_report({}, created=NOW)
    assert (report["kind"], report["version"], report["created"]) == ("audit", 1, NOW)
    assert report["fleet"]["hosts"] == 0
    assert report["hosts"] == []


def test_the_hosts_that_were_queried_are_all_named() -> None:
    report = audit_report(by_host("facts", {"a": facts_of(5), "b": facts_of(3)}), hosts=["c", "a"], created=NOW)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [("c", "missing"), ("a", "ok")]
    assert report["fleet"]["total"]["messages"] == 5


def test_facts_that_were_not_set_count_the_same() -> None:
    unset = {"a": {"postfix_queue": facts_of(5)["ansible_facts"]["postfix_queue"]}}
    assert audit_report(by_host("facts", unset), created=NOW) == audit_report(
        by_host("facts", {"a": facts_of(5)}), created=NOW
    )


def test_suspects_are_counted_by_host_and_a_log_that_cannot_be_read_is_no_problem() -> None:
    logs: dict[str, dict[str, Any]] = {
        "a": {"log": {"suspects": [{"sasl_username": "stolen"}, {"sasl_username": "other"}]}},
        "b": {"log": {"suspects": [{"sasl_username": "stolen"}]}},
        "c": FAILED,
        "d": {"skipped": True},
    }
    report = audit_report({host: {"facts": facts_of(5), "log": log} for host, log in logs.items()}, created=NOW)
    assert report["fleet"]["suspects"] == [{"value": "stolen", "hosts": 2}, {"value": "other", "hosts": 1}]
    assert [row["suspects"] for row in report["hosts"]] == [["stolen", "other"], ["stolen"], None, None]
    assert report["problems"] == {}


def test_recipients_of_what_sends_are_added_up() -> None:
    top = [{"value": "a", "messages": 2, "recipients": 9}, {"value": "b", "messages": 1, "recipients": None}]
    report = audit_report(by_host("facts", {name: facts_of(5, senders=top) for name in ("mx01", "mx02")}), created=NOW)
    assert report["fleet"]["top"]["senders"] == [
        {"value": "a", "messages": 4, "recipients": 18},
        {"value": "b", "messages": 2},
    ]
