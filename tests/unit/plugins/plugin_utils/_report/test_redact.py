# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import json
import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.redact import (
    PSEUDONYM,
    redact_report,
    redact_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import (
    RENDERERS,
    report_json,
    report_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import TRAITS as WORDS
from tests.unit.support.audits import group_of, suggestion_of
from tests.unit.support.report_samples import NOW, facts_of, untrusted_reports
from tests.unit.support.results import by_host

KEY = "0123456789abcdef-of-a-test"
HOSTS = ["mx01.example.com", "mx02", "192.0.2.200"]


def pseudonym(text: str) -> str:
    """Return the pseudonym of a text that has one."""
    found = redact_text(text, KEY, HOSTS)
    assert PSEUDONYM.fullmatch(found), found
    return found


A, B, NET = pseudonym("a@example.com"), pseudonym("b@example.com"), pseudonym("192.0.2.7")
EXAMPLE_COM, EXAMPLE_ORG = pseudonym("example.com"), pseudonym("mx.example.org")
TEXTS: list[tuple[str, str, str]] = [
    (
        "nothing",
        "Connection refused (42) at 12:30:00 on 2026-11-20",
        "Connection refused (42) at 12:30:00 on 2026-11-20",
    ),
    ("versions", "Postfix 3.7.11, 4.2.0 Greylisted", "Postfix 3.7.11, 4.2.0 Greylisted"),
    ("address", "<a@example.com>: user unknown", f"<{A}>: user unknown"),
    ("no brackets", "a@example.com, B@Example.COM;", f"{A}, {B};"),
    ("a host and its address", "host mx.example.org[192.0.2.7] said: no", f"host {EXAMPLE_ORG}[{NET}] said: no"),
    ("a port", "connect to mx.example.org[192.0.2.7]:25: x", f"connect to {EXAMPLE_ORG}[{NET}]:25: x"),
    ("a domain", "Host or domain name not found for example.com.", f"Host or domain name not found for {EXAMPLE_COM}."),
    ("hosts of the fleet", "mx01.example.com and 192.0.2.200 and mx02", "mx01.example.com and 192.0.2.200 and mx02"),
    (
        "files and collections",
        "/etc/postfix/main.cf, mailops.postfix.cleanup, ansible.builtin.copy",
        "/etc/postfix/main.cf, mailops.postfix.cleanup, ansible.builtin.copy",
    ),
    ("the null sender", "from=<>", "from=<>"),
]


@pytest.mark.parametrize(("text", "redacted"), [row[1:] for row in TEXTS], ids=[row[0] for row in TEXTS])
def test_free_text(text: str, redacted: str) -> None:
    assert redact_text(text, KEY, HOSTS) == redacted


FORMS: list[tuple[str, str]] = [
    ('"john doe"@example.com', r"user-[0-9a-f]{10}@domain-[0-9a-f]{10}\.invalid"),
    ("a@[192.0.2.7]", r"user-[0-9a-f]{10}@domain-[0-9a-f]{10}\.invalid"),
    ("2001:db8::1", r"client-[0-9a-f]{10}"),
    ("[2001:db8::1]:25", r"\[client-[0-9a-f]{10}\]:25"),
    ("::ffff:192.0.2.7", r"client-[0-9a-f]{10}"),
    ("IPv6:2001:db8::1", r"IPv6:client-[0-9a-f]{10}"),
    ("@", r"user-[0-9a-f]{10}@"),
    ("a@b@c", r"user-[0-9a-f]{10}@domain-[0-9a-f]{10}\.invalid.*"),
    ("sasl_username=alice, x", r"sasl_username=user-[0-9a-f]{10}, x"),
    ("to=<root>, relay=local", r"to=<user-[0-9a-f]{10}>, relay=local"),
]


@pytest.mark.parametrize(("text", "form"), FORMS, ids=[row[0] for row in FORMS])
def test_forms_of_pseudonyms(text: str, form: str) -> None:
    assert re.fullmatch(form, redact_text(text, KEY, HOSTS))


def test_the_same_value_has_the_same_pseudonym_and_with_another_key_another() -> None:
    assert redact_text("A@EXAMPLE.com", KEY, []) == redact_text("<a@example.com>", KEY, []).strip("<>") == A
    assert A.partition("@")[2] == EXAMPLE_COM
    assert redact_text("2001:DB8:0::1", KEY, []) == redact_text("2001:db8::1", KEY, [])
    assert redact_text("a@example.com", KEY + "x", []) != A


def test_a_pseudonym_depends_on_hmac_sha_256_alone() -> None:
    # printf 'domain\0example.com' | openssl dgst -sha256 -hmac KEY
    assert EXAMPLE_COM == "domain-d0682d0426.invalid"


def test_a_short_key_is_refused() -> None:
    text = (
        "The key for pseudonyms has 15 characters, which could be found by trying. Give it at least 16, such as the output of "
        "`openssl rand -hex 32`."
    )
    with pytest.raises(ValueError, match=re.escape(text)):
        redact_report(audit_report({}, created=NOW), "x" * 15)


def audit() -> dict[str, Any]:
    """Return an audit with all that is redacted."""
    facts = facts_of(200, sender="a@example.com")
    queue_facts = facts["ansible_facts"]["postfix_queue"]
    queue_facts["top"].update(
        senders=[{"value": "a@example.com", "messages": 150}, {"value": "<>", "messages": 50}],
        sasl_usernames=[{"value": "a@example.com", "messages": 100}, {"value": "alice", "messages": 50}],
        client_addresses=[{"value": "192.0.2.7", "messages": 200}],
        reasons=[{"value": "alice of <b@example.com> said no", "messages": 200}],
    )
    queue_facts["shape"] = {
        "minutes": ["5"],
        "total": [1],
        "domains": [{"domain": "example.com", "recipients": 1, "buckets": [1]}],
    }
    queue_facts["messages"] = [{"queue_id": "4A0F9AC", "sender": "a@example.com", "recipients": ["b@example.com"]}]
    queue_facts["suggestions"] = [{"match": [{"sasl_username": "alice", "header": {"Subject": "win"}}], "messages": 9}]
    return audit_report(
        by_host("facts", {"mx01.example.com": facts, "mx02": {"failed": True, "msg": "no a@example.com"}}),
        created=NOW,
        selection={"match": [{"any": [{"sender": ["a@example.com", ".example.com", "/x/"]}]}, {"age": "2d"}]},
        thresholds={"sender_share": 0.5, "account_share": 0.4, "client_share": 0.9, "messages": 1},
        history=[{"created": NOW - 60, "messages": 1, "oldest_age": 5, "hosts": {"gone.example.com": 1}}],
    )


def test_a_report_keeps_its_counts_and_joins() -> None:
    report = audit()
    before = copy.deepcopy(report)
    redacted = redact_report(report, KEY)
    assert report == before
    assert redacted["redacted"] is True
    alice = redact_text("sasl_username=alice", KEY, []).partition("=")[2]
    facts = redacted["hosts"][0]["facts"]
    assert facts["top"] == {
        "senders": [{"value": A, "messages": 150}, {"value": "<>", "messages": 50}],
        "sasl_usernames": [{"value": A, "messages": 100}, {"value": alice, "messages": 50}],
        "client_addresses": [{"value": NET, "messages": 200}],
        "recipient_domains": [
            {"value": pseudonym("example.org"), "messages": 3},
            {"value": pseudonym("example.net"), "messages": 2},
        ],
        "reasons": [{"value": f"{alice} of <{B}> said no", "messages": 200}],
    }
    assert facts["shape"]["domains"] == [{"domain": EXAMPLE_COM, "recipients": 1, "buckets": [1]}]
    assert facts["messages"] == [{"queue_id": "4A0F9AC", "sender": A, "recipients": [B]}]
    ((rule,),) = [suggestion["match"] for suggestion in facts["suggestions"]]
    assert rule["sasl_username"] == alice
    assert re.fullmatch(r"text-[0-9a-f]{10}", rule["header"]["Subject"])
    assert [item["name"] for item in redacted["over"]] == [None, A, A, NET]
    assert redacted["problems"] == {"mx02": f"no {A}"}
    assert redacted["history"] == report["history"]
    values = redacted["selection"]["match"][0]["any"][0]["sender"]
    assert values[:2] == [A, "." + EXAMPLE_COM]
    assert redacted["selection"]["match"][1] == {"age": "2d"}
    unchanged = ("kind", "version", "created", "thresholds")
    assert {key: redacted[key] for key in unchanged} == {key: report[key] for key in unchanged}


def test_what_is_shown_and_kept_has_no_address() -> None:
    redacted = redact_report(audit(), KEY)
    for renderer in RENDERERS.values():
        text = str(renderer.render(redacted))
        assert "example.com" not in re.sub(r"(mx01|gone)\.example\.com", "", text)
        assert "alice" not in text
        assert "192.0.2" not in text
    assert "mx01.example.com" in "\n".join(report_text(redacted))


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_each_kind_of_report_is_redacted_and_still_a_report(report: dict[str, Any]) -> None:
    redacted = redact_report(report, KEY)
    text = report_json(redacted)
    assert "example" not in text
    assert not re.search(r"[^\s\"]@(?!domain-)", text)
    assert report_text(redacted)
    assert _shape(json.loads(report_json(report))) == _shape(
        {k: v for k, v in json.loads(text).items() if k != "redacted"}
    )


def _shape(value: Any) -> Any:
    """Return a value with its types in place of its texts."""
    if isinstance(value, dict):
        return {name: _shape(item) for name, item in value.items()}
    return [_shape(item) for item in value] if isinstance(value, list) else type(value)


TRAITS: list[tuple[str, str, str]] = [
    ("sasl_username", "alice", r"user-[0-9a-f]{10}"),
    ("sender", "a@example.com", re.escape(A)),
    ("sender_domain", "example.com", re.escape(EXAMPLE_COM)),
    ("client_address", "192.0.2.0/24", r"client-[0-9a-f]{10}"),
    ("client_name", "mx.example.org", re.escape(EXAMPLE_ORG)),
    ("helo_name", "/^[a-z]{8}$/", r"domain-[0-9a-f]{10}\.invalid"),
    ("recipient", "b@example.com", re.escape(B)),
    ("recipient_domain", "example.com", re.escape(EXAMPLE_COM)),
    ("null_sender", "<>", "<>"),
    ("origin", "smtp", "smtp"),
    ("subject", "You have won", r"text-[0-9a-f]{10}"),
    ("url_host", "mx.example.org", re.escape(EXAMPLE_ORG)),
    ("url_path", "/win/*.php", r"text-[0-9a-f]{10}"),
    ("text", "dear friend", r"text-[0-9a-f]{10}"),
    ("header", "X-Mailer: x", r"text-[0-9a-f]{10}"),
    ("reason", "host mx.example.org[192.0.2.7] said: no", re.escape(f"host {EXAMPLE_ORG}[{NET}] said: no")),
    ("size", "2048 to 4096 bytes", "2048 to 4096 bytes"),
    ("arrival", "within 5 minutes", "within 5 minutes"),
    ("of a later version", "x", r"text-[0-9a-f]{10}"),
]


@pytest.mark.parametrize(("trait", "value", "form"), TRAITS, ids=[row[0] for row in TRAITS])
def test_what_a_group_has_in_common_is_redacted(trait: str, value: str, form: str) -> None:
    facts = facts_of(5)
    traits = [{"trait": trait, "value": value, "share": 1.0, "elsewhere": 0.0}]
    facts["ansible_facts"]["postfix_queue"]["groups"] = [group_of({"size": "1"}, traits=traits)]
    redacted = redact_report(audit_report(by_host("facts", {"mx01": facts}), created=NOW), KEY)
    for found in (redacted["hosts"][0], redacted["hosts"][0]["facts"], redacted["fleet"]):
        (shown,) = found["groups"][0]["traits"]
        assert (shown["trait"], shown["share"]) == (trait, 1.0)
        assert re.fullmatch(form, shown["value"])


def test_each_trait_has_a_kind() -> None:
    assert [row[0] for row in TRAITS[:-1]] == list(WORDS)


def test_evidence_and_rules_are_redacted() -> None:
    facts = facts_of(5)
    rules: list[dict[str, Any]] = [
        {"sasl_username": "alice"},
        {"header": {"Subject": "You have won"}, "body": "/cla.m/"},
    ]
    evidence = [
        "9 senders of other domains than that of alice",
        '9 senders write "you HAVE won" from 192.0.2.7',
        "/cla.m/ is in 9 messages to b@example.com",
        "9 senders have wonders",
    ]
    facts["ansible_facts"]["postfix_queue"].update(
        suggestions=[suggestion_of(*rules, evidence_for=evidence, evidence_against=evidence[:1])],
        suggestions_note="You have won",
    )
    redacted = redact_report(audit_report(by_host("facts", {"mx01": facts}), created=NOW), KEY)
    (suggestion,) = redacted["fleet"]["suggestions"]
    login, content = suggestion["match"]
    alice, subject, body = login["sasl_username"], content["header"]["Subject"], content["body"]
    assert [re.sub("[0-9a-f]{10}", "X", text) for text in (alice, subject, body)] == ["user-X", "text-X", "text-X"]
    assert suggestion["evidence_for"] == [
        f"9 senders of other domains than that of {alice}",
        f'9 senders write "{subject}" from {NET}',
        f"{body} is in 9 messages to {B}",
        "9 senders have wonders",
    ]
    assert suggestion["evidence_against"] == [f"9 senders of other domains than that of {alice}"]
    assert redacted["hosts"][0]["suggestions"][0]["match"] == suggestion["match"]
    assert redacted["hosts"][0]["facts"]["suggestions_note"] == subject
    assert "ansible mx01" not in "\n".join(report_text(redacted))


def test_networks_and_unknown_clients() -> None:
    report = audit_report({}, created=NOW, selection={"match": [{"client_address": ["192.0.2.0/24", "unknown"]}]})
    network, unknown = redact_report(report, KEY)["selection"]["match"][0]["client_address"]
    assert re.fullmatch(r"client-[0-9a-f]{10}", network)
    assert unknown == "unknown"
