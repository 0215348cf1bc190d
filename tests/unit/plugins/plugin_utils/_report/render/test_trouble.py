# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trouble import (
    cause_text,
    find_trouble,
    headlines,
    threshold_text,
)
from tests.unit.support.audits import (
    NOW,
    STOLEN,
    UNREACHABLE,
    flooded_facts,
    log_of,
    one_in_trouble,
    quiet_facts,
    suggestion_of,
)

THRESHOLDS: list[tuple[str, Any, Any, str]] = [
    ("messages", 6000, 1000, "6,000 messages are in the queues; the limit is 1,000."),
    ("fleet_messages", 6075, 5000, "6,075 messages are in the queues; the limit is 5,000."),
    ("oldest_age", 93600, 86400, "The oldest message is 1d 2h old; the limit is 1d 0h."),
    ("growth_messages", 900, 100, "The queues grew by 900 messages since the last audit; the limit is 100."),
    ("fleet_growth_percent", 212.54, 100, "The queues grew by 212.5% since the last audit; the limit is 100%."),
    ("fleet_unanswered", 3, 0, "3 hosts gave no answer; the limit is 0."),
    ("new_threshold", 1.5, 1, "new threshold is 1.5; the limit is 1."),
    ("messages", None, 1, "- messages are in the queues; the limit is 1."),
]
SHARES: list[tuple[str, str | None, str]] = [
    ("sender_share", "a@example.com", "The sender a@example.com has 75% of the messages; the limit is 50%."),
    ("account_share", STOLEN, "The login %s has 75%% of the messages; the limit is 50%%." % STOLEN),
    ("fleet_client_share", "192.0.2.1", "The client 192.0.2.1 has 75% of the messages; the limit is 50%."),
    ("client_share", None, "The client with the most messages has 75% of the messages; the limit is 50%."),
]


def row_of(facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"host": "mx01", "facts": facts["ansible_facts"]["postfix_queue"], "suspects": None, **more}


def audit(**results: dict[str, Any]) -> dict[str, Any]:
    return audit_report({host: {"facts": facts} for host, facts in results.items()}, created=NOW)


def top_of(name: str, value: str, messages: int) -> dict[str, Any]:
    facts = {"matched": {"messages": 100}, "top": {name: [{"value": value, "messages": messages}]}}
    return {"ansible_facts": {"postfix_queue": facts}}


@pytest.mark.parametrize(("name", "value", "limit", "text"), THRESHOLDS)
def test_threshold_text(name: str, value: Any, limit: Any, text: str) -> None:
    assert threshold_text({"host": "mx01", "threshold": name, "value": value, "limit": limit}) == text


@pytest.mark.parametrize(("threshold", "name", "text"), SHARES)
def test_the_text_of_a_share(threshold: str, name: str | None, text: str) -> None:
    assert threshold_text({"host": "mx01", "threshold": threshold, "value": 0.75, "limit": 0.5, "name": name}) == text


def test_the_worst_host_is_first() -> None:
    report = one_in_trouble()
    hosts = find_trouble(report)
    assert [(host.host, host.level) for host in hosts] == [
        ("mx03", "no_answer"),
        ("mx02", "trouble"),
        ("mx01", "quiet"),
        ("mx04", "quiet"),
    ]
    assert hosts[0].signs == [UNREACHABLE["msg"]]
    assert hosts[1].cause == "The login %s stands out in the mail log and has 4,200 of 6,000 messages" % STOLEN
    assert list(hosts[1].signs) == [
        "6,000 messages are in the queues; the limit is 1,000.",
        "The login %s stands out in the mail log and has 4,200 of 6,000 messages." % STOLEN,
        "Some of the messages look like a flood. 1 likely rule is suggested.",
        "It has 6,000 messages. Half of the other hosts have 17 or fewer.",
        "Some of the messages may look like a flood. 1 possible rule is suggested.",
    ]
    assert headlines(report, hosts) == [
        ("no_answer", "mx03 gave no answer: unreachable."),
        (
            "trouble",
            "mx02 is in trouble: 6,000 messages. The login %s stands out in the mail log and has 4,200 of 6,000 messages."
            % STOLEN,
        ),
        ("trouble", "Fleet: The queues grew by 1900% since the last audit; the limit is 200%."),
    ]


def test_a_quiet_fleet() -> None:
    report = audit(mx01=quiet_facts(10), mx02=quiet_facts(12))
    assert headlines(report, find_trouble(report)) == [("quiet", "No host stands out.")]
    assert headlines(audit(), []) == [("quiet", "No host was audited.")]


def test_several_hosts_in_trouble() -> None:
    report = audit(**{"mx%d" % number: UNREACHABLE for number in range(8)}, a=flooded_facts(900), b=flooded_facts(800))
    assert headlines(report, find_trouble(report)) == [
        ("no_answer", "8 of 10 hosts gave no answer: mx0, mx1, mx2, mx3, mx4 and 3 more."),
        (
            "trouble",
            "2 of 10 hosts are in trouble. The worst is a: 900 messages. 630 of 900 messages are from the login %s."
            % STOLEN,
        ),
    ]


def test_damaged_files_are_worth_a_look() -> None:
    facts = quiet_facts(10)
    facts["ansible_facts"]["postfix_queue"]["scan"]["damaged"] = [{"queue_id": "4A"}]
    report = audit(mx01=facts, mx02=quiet_facts(10))
    hosts = find_trouble(report)
    assert (hosts[0].level, hosts[0].signs) == ("notice", ["1 queue files are damaged."])
    assert headlines(report, hosts) == [("notice", "Worth a look: mx01.")]


def test_few_messages_are_no_trouble() -> None:
    report = audit(mx01=quiet_facts(99), mx02=quiet_facts(1))
    assert [host.level for host in find_trouble(report)] == ["quiet", "quiet"]


def test_hosts_with_the_same_load_are_no_trouble() -> None:
    report = audit(mx01=quiet_facts(5000), mx02=quiet_facts(4000), mx03=quiet_facts(2500))
    assert {host.level for host in find_trouble(report)} == {"quiet"}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("sasl_usernames", "a@example.com", "60 of 100 messages are from the login a@example.com"),
        ("senders", "a@example.com", "60 of 100 messages are from the sender a@example.com"),
        ("senders", "<>", "60 of 100 messages have the null sender, as bounces have"),
        ("client_addresses", "192.0.2.1", "60 of 100 messages came from the client 192.0.2.1"),
        ("recipients", "a@example.com", "60 of 100 messages are for the recipient a@example.com"),
        ("recipient_domains", "example.com", "60 of 100 messages are for the domain example.com"),
        ("reasons", "mailbox full", "60 of 100 messages wait because of: mailbox full"),
    ],
)
def test_cause_text(name: str, value: str, text: str) -> None:
    assert cause_text(row_of(top_of(name, value, 60))) == text
    assert cause_text(row_of(top_of(name, value, 50))) == ""


def test_a_suggested_rule_explains_more_than_a_destination() -> None:
    facts = top_of("recipient_domains", "example.com", 60)
    likely = suggestion_of({"sender": "<>"}, messages=40, confidence="likely")
    assert cause_text(row_of(facts, suggestions=[likely])) == (
        '40 of 100 messages fit the likely rule {"sender": "<>"}'
    )


def test_a_possible_rule_explains_less_than_a_destination() -> None:
    possible = [suggestion_of({"sender": "<>"}, messages=40)]
    facts = top_of("recipient_domains", "example.com", 60)
    assert cause_text(row_of(facts, suggestions=possible)) == "60 of 100 messages are for the domain example.com"
    facts = top_of("recipient_domains", "example.com", 50)
    assert (
        cause_text(row_of(facts, suggestions=possible)) == '40 of 100 messages fit the possible rule {"sender": "<>"}'
    )


def test_a_likely_suggestion_is_trouble_and_a_possible_one_is_worth_a_look() -> None:
    facts = {name: quiet_facts(10) for name in ("mx01", "mx02")}
    rules = [suggestion_of({"sender": "<>"}), suggestion_of({"sender": "a@example.com"})]
    facts["mx01"]["ansible_facts"]["postfix_queue"]["suggestions"] = rules
    (host, _quiet) = find_trouble(audit(**facts))
    assert (host.level, host.signs) == (
        "notice",
        ["Some of the messages may look like a flood. 2 possible rules are suggested."],
    )
    rules[1]["confidence"] = "likely"
    (host, _quiet) = find_trouble(audit(**facts))
    assert (host.level, list(host.signs)) == (
        "trouble",
        [
            "Some of the messages look like a flood. 1 likely rule is suggested.",
            "Some of the messages may look like a flood. 1 possible rule is suggested.",
        ],
    )


def test_a_suspect_without_messages_in_the_queue() -> None:
    text = "The login %s stands out in the mail log" % STOLEN
    assert cause_text(row_of(top_of("senders", "a@example.com", 60), suspects=[STOLEN])) == text


def test_a_text_of_a_stranger_is_short_and_printable() -> None:
    text = cause_text(row_of(top_of("senders", "\x1b[2J\n" + "x" * 500, 60)))
    assert text.startswith("60 of 100 messages are from the sender \\x1b[2J xxx")
    assert len(text) < 130


def test_a_host_that_an_audit_left_out_has_its_state() -> None:
    report = audit_report({"mx01": {"facts": quiet_facts(3), "log": log_of()}}, created=NOW, hosts=["mx01", "mx02"])
    hosts = find_trouble(report)
    assert [(host.host, host.cause) for host in hosts] == [("mx02", "missing"), ("mx01", "")]
