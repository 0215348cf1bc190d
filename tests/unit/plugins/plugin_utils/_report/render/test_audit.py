# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import (
    report_markdown,
    report_text,
)
from tests.unit.support.report_samples import NOW, facts_of
from tests.unit.support.results import by_host
from tests.unit.support.tables import wide_text

RESULTS: dict[str, dict[str, Any]] = {
    "mx01": facts_of(5),
    "mx02": {"unreachable": True, "msg": "ssh: connect to host mx02\nport 22: timed out"},
    "mx03": facts_of(12, sender="<>", maildrop=2),
}


def test_audit_text() -> None:
    report = audit_report(by_host("facts", RESULTS), created=NOW)
    assert report_text(report) == [
        "Mail queues, 2026-11-20 12:00:00 UTC",
        "2 of 3 hosts answered.",
        "17 messages (17.0 KiB) to 34 recipients, the oldest 2h 0m old.",
        "",
        "host  state        maildrop  incoming  active  deferred  hold  oldest",
        "mx03  ok                  2         0       0        12     0   2h 0m",
        "mx01  ok                  0         0       0         5     0   2h 0m",
        "mx02  unreachable         -         -       -         -     -       -",
        "",
        "host  who sends             messages  to recipients  top recipient",
        "mx03  sender <>                   12              -  -",
        "    450 4.2.0 Greylisted, please try again later (12)",
        "mx01  sender a@example.com         5              -  -",
        "    450 4.2.0 Greylisted, please try again later (5)",
        "mx02  -                            -              -  -",
        "",
        "Top of the fleet:",
        "  senders: <> (12), a@example.com (5)",
        "  recipient domains: example.org (6), example.net (4)",
        "  reason: 450 4.2.0 Greylisted, please try again later (17)",
        "",
        "Problems:",
        "  mx02: unreachable: ssh: connect to host mx02 port 22: timed out",
    ]


def test_audit_of_a_selection_has_a_column_for_it() -> None:
    report = audit_report(
        by_host("facts", {"mx01": facts_of(5)}), created=NOW, selection={"match": [{"sender": "a@"}], "exclude": []}
    )
    text = wide_text(report)
    assert text[3] == "The selection has 5 messages to 10 recipients."
    assert text[5].split()[:8] == ["host", "state", "incoming", "active", "deferred", "hold", "selected", "oldest"]
    assert text[6].split()[:7] == ["mx01", "ok", "0", "0", "5", "0", "5"]


def test_messages_on_hold_are_counted() -> None:
    results = {"mx01": facts_of(5, hold=1200), "mx02": facts_of(5, hold=4), "mx03": facts_of(5)}
    report = audit_report(by_host("facts", results), created=NOW)
    assert wide_text(report)[3] == "1204 messages are on hold on 2 hosts."
    assert "- 1204 messages are on hold on 2 hosts." in report_markdown(report).splitlines()
    # A report that an earlier release made has no such numbers.
    del report["fleet"]["held"]
    assert "on hold" not in "\n".join(wide_text(report))


def test_audit_without_counts_and_tops() -> None:
    bare = {"ansible_facts": {"postfix_queue": {"matched": {"messages": 2, "bytes": 2, "recipients": 2, "partial": 0}}}}
    text = wide_text(audit_report(by_host("facts", {"mx01": bare}), created=NOW))
    assert text[2] == "0 messages (0 B) to 0 recipients."
    assert text[-1].split() == ["mx01", "ok", *["-"] * 10]


def test_damaged_files_and_undecided_messages_are_listed() -> None:
    facts = facts_of(5)
    queue_facts = facts["ansible_facts"]["postfix_queue"]
    queue_facts["matched"]["undecided"] = 1
    queue_facts["undecided"] = [{"queue_id": "4B", "queue": "hold", "problem": "its body is too long"}]
    queue_facts["scan"] = {"damaged": [{"queue_id": "4C", "queue": "deferred", "problem": "it is cut"}]}
    report = audit_report(by_host("facts", {"mx01": facts}), created=NOW, selection={"match": [{"content": "x"}]})
    text = wide_text(report)
    assert text[4] == (
        "1 messages are undecided, because parts of them that the rules need could not be read; they are left alone."
    )
    assert text[5] == "1 queue files are damaged."
    assert text[text.index("Undecided:") + 1] == "  mx01: 4B in hold: its body is too long"
    assert text[text.index("Damaged:") + 1] == "  mx01: 4C in deferred: it is cut"


def test_who_sends_is_the_login_then_the_client_then_the_sender() -> None:
    facts = facts_of(300)
    top = facts["ansible_facts"]["postfix_queue"]["top"]
    top["recipients"] = [{"value": "victim@example.com", "messages": 7}]
    for name, shown in (("client_addresses", "client 192.0.2.7"), ("sasl_usernames", "login stolen@example.com")):
        top[name] = [{"value": shown.partition(" ")[2], "messages": 250, "recipients": 900}]
        text = wide_text(audit_report(by_host("facts", {"mx01": facts}), created=NOW))
        assert re.split(" {2,}", text[5])[7:11] == [shown, "250", "900", "victim@example.com (7)"]
    assert text[text.index("Accounts that may be stolen:") + 1 :][:2] == [
        "  login: stolen@example.com (250), of 300 messages in the queues",
        "  next: the playbook mailops.postfix.lockout shows the evidence, and locks an account that you name",
    ]


def test_suspects_of_the_logs_are_named_once() -> None:
    facts = facts_of(300)
    facts["ansible_facts"]["postfix_queue"]["top"]["sasl_usernames"] = [
        {"value": "stolen@example.com", "messages": 250}
    ]
    log = {"log": {"suspects": [{"sasl_username": "stolen@example.com"}]}}
    text = wide_text(audit_report({"mx01": {"facts": facts, "log": log}}, created=NOW))
    place = text.index("Accounts that may be stolen:")
    assert text[place + 1] == "  login: stolen@example.com (stands out in the log of 1 hosts)"
    assert text[place + 2].startswith("  next: ")


def test_a_login_with_half_of_the_queue_or_few_messages_is_not_named() -> None:
    for messages, total in ((99, 100), (150, 300)):
        facts = facts_of(total)
        facts["ansible_facts"]["postfix_queue"]["top"]["sasl_usernames"] = [{"value": "x", "messages": messages}]
        text = wide_text(audit_report(by_host("facts", {"mx01": facts}), created=NOW))
        assert "Accounts that may be stolen:" not in text


def test_an_audit_shows_growth_and_what_is_over() -> None:
    history = [{"created": NOW - 3600, "messages": 20, "oldest_age": 60, "hosts": {"mx01": 20}}]
    limits = {"messages": 10, "fleet_messages": 16}
    report = audit_report(by_host("facts", RESULTS), created=NOW, history=history, thresholds=limits)
    text = report_text(report)
    assert text[3] == "15 messages less than in the last audit, 1h 0m before."
    assert text[5].split()[6:9] == ["hold", "change", "oldest"]
    rows = {line.split()[0]: line.split() for line in text[6:9]}
    assert {host: row[7] for host, row in rows.items()} == {"mx01": "-15", "mx02": "-", "mx03": "-"}
    start = text.index("Over the thresholds:")
    assert text[start : start + 4] == [
        "Over the thresholds:",
        "  fleet: fleet_messages: 17, allowed are 16",
        "  mx03: messages: 12, allowed are 10",
        "",
    ]
