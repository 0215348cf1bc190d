# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Audits with everything that the modules return on real hosts, for pages of any size."""

from __future__ import annotations

import random
from typing import Any, Iterable

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report

# 2026-11-26 17:00:00 UTC
NOW = 1_795_712_400
MINUTES = ["5", "10", "20", "40", "80", "160", "320", "640", "1280", "1280+"]
_SECONDS = [300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 76800, 250_000]
STOLEN = "stolen@example.test"
UNREACHABLE = {
    "unreachable": True,
    "msg": "Failed to connect to the host via ssh: ssh: connect to host mx03 port 22: Connection timed out",
}
_NAMES = ("anna", "ben", "carla", "david", "greta", "ines", "jonas", "mira", "nils", "olga")
_REASONS = (
    "host %s[192.0.2.%d] said: 450 4.2.0 <%s>: Recipient address rejected: Greylisted, please try again later (in reply to RCPT TO command)",
    "host %s[192.0.2.%d] said: 452 4.2.2 <%s>: Mailbox full (in reply to RCPT TO command)",
    "connect to %s[192.0.2.%d]:25: Connection refused (%s)",
)


def flooded_facts(messages: int = 6000, *, seed: int = 1, login: str = STOLEN) -> dict[str, Any]:
    """Return a result of postfix_queue_facts on a host whose queue is full of spam of one login."""
    result = quiet_facts(messages, seed=seed, logins={login: messages * 7 // 10, "user2@example.test": messages // 15})
    facts = result["ansible_facts"]["postfix_queue"]
    facts["groups"] = groups_of_flood(messages, login)
    facts["suggestions"] = [
        suggestion_of(
            {"sasl_username": login},
            messages=messages * 7 // 10,
            share=0.7,
            confidence="likely",
            evidence_for=["352 senders of other domains than the login's", "352 senders write the same subject"],
        ),
        suggestion_of(
            {"sender": "<>", "recipient": "office@example.com"},
            {"client_address": "192.0.2.0/24"},
            messages=messages // 10,
            exact=False,
            share=0.1,
            evidence_for=["the null sender writes to one recipient"],
            evidence_against=["the notices are of many servers"],
            other={"share": 0.01, "at_most": 0.0312, "counted": False},
        ),
    ]
    facts["suggestions_note"] = "Look at what a rule selects before you act on it."
    return result


def group_of(*match: dict[str, Any], messages: int = 5, **more: Any) -> dict[str, Any]:
    """Return a group of messages as postfix_queue_facts returns it."""
    return {
        "match": list(match),
        "messages": messages,
        "exact": True,
        "share": 1.0,
        "concentration": {"share": 0.8, "since": NOW - 3600, "seconds": 2906},
        "traits": [],
        "other": {"share": 0.0, "at_most": 0.0, "counted": True},
        **more,
    }


def suggestion_of(*match: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a suggested rule as postfix_queue_facts returns it, a possible one by default."""
    return {**group_of(*match), "confidence": "possible", "evidence_for": [], "evidence_against": [], **more}


def groups_of_flood(messages: int, login: str) -> list[dict[str, Any]]:
    """Return the groups of a queue that is full of spam of one login."""
    return [
        group_of(
            {"sasl_username": login},
            messages=messages * 7 // 10,
            share=0.7,
            traits=[
                {"trait": "sasl_username", "value": login, "share": 1.0, "elsewhere": 0.0},
                {"trait": "subject", "value": "You have won", "share": 0.502, "elsewhere": 0.0},
            ],
        ),
        group_of(
            {"recipient": "office@example.com"},
            messages=messages // 10,
            exact=False,
            share=0.1,
            other={"share": 0.01, "at_most": 0.0312, "counted": False},
        ),
    ]


def quiet_facts(messages: int, *, seed: int = 1, logins: dict[str, int] | None = None) -> dict[str, Any]:
    """Return a result of postfix_queue_facts on a host, with so many messages and full tops."""
    draw = random.Random(seed)
    ages = draw.randint(3, 10)
    figures = {"messages": messages, "bytes": 4096 * messages, "recipients": 3 * messages}
    empty = {"messages": 0, "bytes": 0, "incomplete": 0, "oldest": None}
    facts = {
        "instance": {"name": "-", "version": "3.7.11", "queue_directory": "/var/spool/postfix", "running": True},
        "queues": {
            "maildrop": empty,
            "incoming": empty,
            "active": {"messages": messages // 20, "bytes": 0, "incomplete": 0, "oldest": None},
            "deferred": {"messages": messages - messages // 20, "bytes": 0, "incomplete": 0, "oldest": None},
            "hold": empty,
            "corrupt": None,
        },
        "total": {**figures, "oldest": NOW - _SECONDS[ages - 1] if messages else None},
        "matched": {**figures, "partial": 0, "undecided": 0},
        "top": _tops(draw, messages, logins or {}),
        "top_missed": {},
        "shape": _shape(draw, 3 * messages, ages),
        "undecided": [],
        "scan": {"source": "spool", "seconds": 0.8, "files": messages, "unreadable": 0, "damaged": []},
    }
    return {"changed": False, "ansible_facts": {"postfix_queue": facts}}


def _tops(draw: random.Random, messages: int, logins: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    people = ["%s.%d@customer%d.example" % (name, draw.randint(1, 99), draw.randint(1, 400)) for name in _NAMES]
    domains = ["destination%d.example.org" % draw.randint(1, 60) for _name in _NAMES]
    reasons = [_REASONS[number % 3] % ("mx." + domain, number, people[number]) for number, domain in enumerate(domains)]
    values = {
        "senders": people,
        "sender_domains": [person.partition("@")[2] for person in people],
        "recipients": ["%s@%s" % pair for pair in zip(_NAMES, domains)],
        "recipient_domains": domains,
        "reasons": reasons,
        "client_addresses": ["203.0.113.%d" % draw.randint(1, 254) for _name in _NAMES],
    }
    tops = {name: _counted(list(dict.fromkeys(texts)), messages) for name, texts in values.items()}
    return {**tops, "sasl_usernames": [{"value": name, "messages": count} for name, count in logins.items()]}


def _counted(texts: Iterable[str], messages: int) -> list[dict[str, Any]]:
    counts = [(text, messages // (3 + number)) for number, text in enumerate(texts)]
    return [{"value": text, "messages": count} for text, count in counts if count]


def _shape(draw: random.Random, recipients: int, ages: int) -> dict[str, Any]:
    domains: list[dict[str, Any]] = []
    for number in range(20):
        share = recipients // (number + 4)
        weights = [draw.random() if place < ages else 0 for place in range(len(MINUTES))]
        buckets = [int(share * weight / sum(weights)) for weight in weights]
        domains.append({"domain": "destination%d.example.org" % number, "recipients": sum(buckets), "buckets": buckets})
    total = [sum(row["buckets"][place] for row in domains) for place in range(len(MINUTES))]
    return {"minutes": MINUTES, "total": total, "domains": [row for row in domains if row["recipients"]]}


def log_of(*suspects: str) -> dict[str, Any]:
    """Return a result of postfix_log_info with these suspects."""
    return {"changed": False, "log": {"suspects": [{"sasl_username": name, "evidence": []} for name in suspects]}}


def quiet_audit() -> dict[str, Any]:
    """Return the audit of four hosts with little mail."""
    results = {"mx0%d" % number: {"facts": quiet_facts(12 * number, seed=number)} for number in range(1, 5)}
    return audit_report(results, created=NOW)


def one_in_trouble(*, name: str = "mx02", login: str = STOLEN, history: int = 20) -> dict[str, Any]:
    """Return the audit of four hosts, one of which is full of spam of a stolen account, and one does not answer."""
    results: dict[str, Any] = {
        "mx01": {"facts": quiet_facts(41, seed=1), "log": log_of()},
        name: {"facts": flooded_facts(login=login), "log": log_of(login)},
        "mx03": {"facts": UNREACHABLE},
        "mx04": {"facts": quiet_facts(17, seed=4), "log": log_of()},
    }
    report = audit_report(results, created=NOW)
    report["over"] = [
        {"host": name, "threshold": "messages", "value": 6000, "limit": 1000, "name": None},
        {"host": None, "threshold": "fleet_growth_percent", "value": 1900, "limit": 200, "name": None},
    ]
    report["history"] = [
        {
            "created": NOW - 3600 * (history - number),
            "messages": 300 + 7 * number,
            "oldest_age": 9000 - 40 * number,
            "hosts": {"mx01": 40 + number % 7, name: 60 + number % 5},
        }
        for number in range(history)
    ]
    return report


def large_audit(hosts: int = 1000) -> dict[str, Any]:
    """Return the audit of many hosts with a history; some are full of spam, and some do not answer."""
    results: dict[str, Any] = {}
    for number in range(hosts):
        facts = quiet_facts(number % 90, seed=number)
        if number % 97 == 5:
            facts = flooded_facts(5000 + number, seed=number)
        elif number % 211 == 7:
            facts = UNREACHABLE
        results["mx%04d.mail.example.net" % number] = {"facts": facts, "log": log_of()}
    report = audit_report(results, created=NOW)
    report["history"] = [
        {
            "created": NOW - 3600 * age,
            "messages": 40_000 + 900 * (age % 7),
            "oldest_age": 40_000 + 100 * age,
            "hosts": {host: (number * age) % 60 for number, host in enumerate(results)},
        }
        for age in range(30, 0, -1)
    ]
    return report
