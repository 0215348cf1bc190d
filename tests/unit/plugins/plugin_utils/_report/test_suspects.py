# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report
from tests.unit.support.lockout import account_of, log_of, suspect_of
from tests.unit.support.results import NOW, UNREACHABLE


def report_of(**logs: Any) -> dict[str, Any]:
    return suspects_report({host: {"log": log} for host, log in logs.items()}, created=NOW)


def test_accounts_are_added_up_over_the_hosts() -> None:
    thief = account_of("stolen@example.com", recipients=40, sender_count=7, network_count=9)
    report = report_of(
        mx01=log_of([account_of("news@example.com", recipients=50), thief]),
        mx02=log_of([account_of("stolen@example.com", recipients=30, sender_count=5, network_count=11)]),
    )
    assert [account["sasl_username"] for account in report["accounts"]] == ["stolen@example.com", "news@example.com"]
    merged = report["accounts"][0]
    assert (merged["hosts"], merged["recipients"], merged["logins"]) == (["mx01", "mx02"], 70, 20)
    # Which senders and networks the hosts have in common is not known.
    assert (merged["sender_count"], merged["network_count"]) == (7, 11)


def test_a_suspect_has_the_evidence_of_the_worst_host() -> None:
    name = "stolen@example.com"
    report = report_of(
        mx01=log_of([account_of(name)], [suspect_of(name, 30, "line of mx01")]),
        mx02=log_of([account_of(name)], [suspect_of(name, 90, *["line of mx02"] * 5)]),
    )
    (suspect,) = report["suspects"]
    assert suspect["sasl_username"] == name
    assert suspect["account"] == report["accounts"][0]
    assert suspect["evidence"] == [
        {
            "threshold": "networks",
            "value": 90,
            "limit": 20,
            "host": "mx02",
            "hosts": ["mx01", "mx02"],
            "lines": ["line of mx02"] * 3,
        }
    ]
    assert [row["suspects"] for row in report["hosts"]] == [[name], [name]]


def test_the_worst_host_may_come_first() -> None:
    name = "stolen@example.com"
    report = report_of(mx01=log_of([], [suspect_of(name, 90)]), mx02=log_of([], [suspect_of(name, 30)]))
    (suspect,) = report["suspects"]
    assert suspect["account"] is None
    assert [(evidence["host"], evidence["value"]) for evidence in suspect["evidence"]] == [("mx01", 90)]


def test_messages_in_the_queue_are_counted() -> None:
    queued = [{"sasl_username": "stolen@example.com", "messages": 2}, {"sasl_username": "other", "messages": 5}]
    report = report_of(mx01=log_of([account_of("stolen@example.com")], queue_accounts=queued))
    assert report["accounts"][0]["queued"] == 2


def test_hosts_without_an_answer_are_named() -> None:
    results = {
        "mx01": {"log": log_of([account_of("a")]), "locks": {"expired": [{"id": "sender-12345678"}]}},
        "mx02": {"log": UNREACHABLE},
    }
    report = suspects_report(results, created=NOW, hosts=["mx01", "mx02", "mx03"])
    assert [(row["host"], row["state"], row["lines"]) for row in report["hosts"]] == [
        ("mx01", "ok", 100),
        ("mx02", "unreachable", None),
        ("mx03", "missing", None),
    ]
    assert report["hosts"][0]["expired"] == ["sender-12345678"]
    assert report["fleet"] == {"hosts": 3, "answered": 1, "lines": 100, "since": NOW - 86400, "accounts": 1}
    assert set(report["problems"]) == {"mx02", "mx03"}


def _spread(**counts: Any) -> dict[str, Any]:
    """Return the logs of two hosts on which an account does half of its work."""
    name = "stolen@example.com"
    hours = {
        "busiest_hour": {"start": NOW - 3600, "logins": 40},
        "busiest_recipients_hour": {"start": NOW - 7200, "recipients": 60},
    }
    log = log_of([account_of(name, **hours, **counts)])
    return {"mx01": log, "mx02": log}


def test_an_account_may_stand_out_only_over_all_hosts() -> None:
    logs = _spread(network_count=5, recipients=300)
    (suspect,) = report_of(**logs)["suspects"]
    assert [(item["threshold"], item["value"], item["limit"], item["host"]) for item in suspect["evidence"]] == [
        ("networks_per_day", 5, 5, None),
        ("logins_per_hour", 80, 60, None),
        ("recipients_per_hour", 120, 100, None),
        ("recipients_per_day", 600, 500, None),
    ]
    assert report_of(mx01=logs["mx01"])["suspects"] == []
    # Much mail is no sign, and one sign is not enough.
    assert report_of(**_spread(network_count=4, recipients=300))["suspects"] == []


def test_the_thresholds_of_the_operator_count_for_the_sums_too() -> None:
    results = {host: {"log": log} for host, log in _spread(network_count=5, recipients=300).items()}
    limits: dict[str, float | None] = {"networks_per_day": None, "failed_then_successful": 1}
    assert suspects_report(results, created=NOW, thresholds=limits)["suspects"] == []
    # As a command line gives it.
    text: Any = {"recipients_per_day": "600.0"}
    (suspect,) = suspects_report(results, created=NOW, thresholds=text)["suspects"]
    assert suspect["evidence"][-1]["limit"] == 600.0


def test_the_sums_of_more_than_a_day_are_not_those_of_a_day() -> None:
    logs = _spread(network_count=5, recipients=300)
    for log in logs.values():
        log["log"]["since"] = NOW - 10 * 86400
    assert report_of(**logs)["suspects"] == []
