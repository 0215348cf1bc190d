# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import CONTENT_FAMILIES, FIELDS, RANK
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import traits_of
from tests.unit.support.sampled import PLAIN, make_sampled

MESSAGE: dict[str, Any] = {
    "sender": b"anna@mail.example.com",
    "pending": [b"v@example.org"],
    "attributes": [
        b"sasl_username=max@example.com",
        b"log_client_name=pc7.example.com",
        b"log_client_address=192.0.2.77",
        b"log_helo_name=pc7.lan.example",
    ],
    "reasons": [b"451 4.7.1 try later"],
    "headers": [
        ("Subject", "Your parcel 77"),
        ("From", "Anna <anna@from.example>"),
        ("Reply-To", "x@reply.example"),
        ("X-Mailer", "Bulk 2 {{ x }}"),
    ],
    "text": "It waits http://h.example/offer7/claim.php?x=1 so please click here now",
}
LOCAL: dict[str, Any] = {"text": "", "attributes": []}
HEADER = "header"


def changed(**changes: Any) -> dict[str, Any]:
    return {**MESSAGE, **changes}


@pytest.mark.parametrize(
    ("name", "message", "value", "rule", "shown"),
    [
        ("sasl_username", MESSAGE, "max@example.com", {"sasl_username": "max@example.com"}, "max@example.com"),
        ("sender", MESSAGE, "anna@mail.example.com", {"sender": "anna@mail.example.com"}, "anna@mail.example.com"),
        ("sender", changed(sender=b""), "<>", {"sender": "<>"}, "<>"),
        ("sender_domain", MESSAGE, "mail.example.com", {"sender": "mail.example.com"}, "mail.example.com"),
        (
            "sender_organisation",
            MESSAGE,
            "example.com",
            {"sender": ["example.com", ".example.com"]},
            "example.com and below",
        ),
        ("client_address", MESSAGE, "192.0.2.77", {"client_address": "192.0.2.77"}, "192.0.2.77"),
        ("client_network", MESSAGE, "192.0.0.0/16", {"client_address": "192.0.0.0/16"}, "192.0.0.0/16"),
        ("origin", LOCAL, "local", {"origin": "local"}, "local"),
        (
            "client_name",
            MESSAGE,
            "example.com",
            {"client_name": ["example.com", ".example.com"]},
            "example.com and below",
        ),
        ("helo_name", MESSAGE, "pc0.lan.example", {"helo_name": r"/\Apc\d+\.lan\.example\Z/"}, "pc0.lan.example"),
        ("recipient", MESSAGE, "v@example.org", {"recipient": "v@example.org"}, "v@example.org"),
        ("recipient_domain", MESSAGE, "example.org", {"recipient": "example.org"}, "example.org"),
        (
            "program",
            MESSAGE,
            ("x-mailer", "Bulk 2 {{ x }}"),
            {HEADER: {"X-Mailer": r"/\A\s*Bulk\ 2\ \x7b\x7b\ x\ \x7d\x7d\s*\Z/"}},
            "X-Mailer: Bulk 2 {{ x }}",
        ),
        (
            "from",
            MESSAGE,
            "anna@from.example",
            {HEADER: {"From": r"/(?<![^\s<])anna@from\.example(?![^\s>])/"}},
            "From: anna@from.example",
        ),
        (
            "reply_to",
            MESSAGE,
            "x@reply.example",
            {HEADER: {"Reply-To": r"/(?<![^\s<])x@reply\.example(?![^\s>])/"}},
            "Reply-To: x@reply.example",
        ),
        (
            "subject",
            MESSAGE,
            ("your", "parcel", "0"),
            {HEADER: {"Subject": r"/(?<!\S)your\s+parcel\s+\d+(?!\S)/"}},
            "your parcel 0",
        ),
        (
            "url_path",
            MESSAGE,
            ("offer0", "claim.php"),
            {"body": r"""//offer\d+/claim\.php(?![^\s?#\x22'<>\\])/"""},
            "/offer0/claim.php",
        ),
        ("url_path", MESSAGE, ("offer0", "/"), {"body": r"//offer\d+//"}, "/offer0/"),
        ("url_host", MESSAGE, "h.example", {"body": r"/:\/\/h\.example(?![A-Za-z0-9.-])/"}, "h.example"),
        (
            "text",
            MESSAGE,
            ("so", "please", "click", "here"),
            {"body": r"/(?<!\S)so\s+please\s+click\s+here(?!\S)/"},
            "so please click here",
        ),
        ("reason", MESSAGE, "* * try later", {"reason": r"/\S+\ \S+\ try\ later/"}, "* * try later"),
    ],
)
def test_a_message_has_a_value_that_a_rule_selects(
    name: str, message: dict[str, Any], value: Any, rule: dict[str, Any], shown: str
) -> None:
    field, sampled = FIELDS[name], make_sampled(**message)
    assert value in list(field.values(traits_of(sampled)))
    assert field.rule is not None
    assert field.rule([value]) == rule
    assert field.show(value) == shown
    selection = parse_selection(match=[rule], now=0)
    assert selection.decide(sampled) is Verdict.YES
    other = make_sampled(
        sender=b"x@y.example", pending=[b"z@t.example"], attributes=[b"client_address=203.0.113.1"], text=""
    )
    assert selection.decide(other) is Verdict.NO


@pytest.mark.parametrize(
    ("name", "values", "rule"),
    [
        ("sender", ["a@b.example", "<>"], {"sender": ["a@b.example", "<>"]}),
        (
            "sender_organisation",
            ["a.example", "b.example"],
            {"sender": ["a.example", ".a.example", "b.example", ".b.example"]},
        ),
        ("client_address", ["192.0.2.1", "192.0.2.2"], {"client_address": ["192.0.2.1", "192.0.2.2"]}),
        (
            "subject",
            [("pills",), ("cheap",)],
            {HEADER: {"Subject": [r"/(?<!\S)pills(?!\S)/", r"/(?<!\S)cheap(?!\S)/"]}},
        ),
        ("from", ["a@b", "c@d"], {HEADER: {"From": [r"/(?<![^\s<])a@b(?![^\s>])/", r"/(?<![^\s<])c@d(?![^\s>])/"]}}),
        (
            "program",
            [("x-mailer", "a"), ("user-agent", "b"), ("x-mailer", "c")],
            {HEADER: {"X-Mailer": [r"/\A\s*a\s*\Z/", r"/\A\s*c\s*\Z/"]}},
        ),
    ],
)
def test_a_rule_for_several_values(name: str, values: Sequence[Any], rule: dict[str, Any]) -> None:
    field = FIELDS[name]
    assert field.rule is not None
    assert field.rule(values) == rule
    assert parse_selection(match=[rule], now=0).match[0].spec == rule


@pytest.mark.parametrize(
    ("name", "changes", "values"),
    [
        pytest.param("sasl_username", {}, [], id="no login"),
        pytest.param("sender", {"login": "anna@example.com"}, [], id="the sender is the login"),
        pytest.param("sender", {"sender": None}, [], id="no sender"),
        pytest.param("from", {"from_address": "anna@example.com"}, [], id="From is the sender"),
        pytest.param("from", {"from_address": "x", "login": "x"}, [], id="From is the login"),
        pytest.param("origin", {}, [], id="by SMTP"),
        pytest.param("client_name", {"client_name": None}, [], id="only a HELO name"),
        pytest.param("helo_name", {"helo": None}, [], id="no HELO name"),
        pytest.param("odd_client", {}, [], id="a mail server"),
        pytest.param("odd_client", {"is_odd_client": True}, ["none of a mail server"], id="an odd client"),
        pytest.param("recipient", {"recipients": ("a@b", "c@d")}, [], id="two recipients"),
        pytest.param("recipient_domain", {"recipients": ("a@b", "c@b")}, ["b"], id="two recipients of one domain"),
        pytest.param("size", {"size": 1000}, [10], id="size"),
    ],
)
def test_values_of_a_message(name: str, changes: dict[str, Any], values: list[Any]) -> None:
    assert list(FIELDS[name].values(PLAIN._replace(**changes))) == values


def test_some_fields_have_no_rule() -> None:
    assert [name for name, field in FIELDS.items() if field.rule is None] == ["odd_client", "size"]
    assert FIELDS["size"].show(10) == "less than 1024 bytes"
    assert FIELDS["odd_client"].show("none of a mail server") == "none of a mail server"


@pytest.mark.parametrize(
    ("name", "value", "is_common"),
    [
        ("sender", "<>", True),
        ("sender", "a@b", False),
        ("subject", ("pills",), True),
        ("subject", ("your", "invoice"), True),
        ("subject", ("cheap", "pills"), False),
        ("reason", "mailbox full", True),
        ("text", ("a", "b", "c", "d"), False),
    ],
)
def test_values_that_unrelated_messages_have(name: str, value: Any, is_common: bool) -> None:
    assert FIELDS[name].is_common(value) is is_common


def test_what_the_table_says() -> None:
    assert [name for name, field in FIELDS.items() if field.in_content] == [
        "program",
        "from",
        "reply_to",
        "subject",
        "url_path",
        "url_host",
        "text",
    ]
    assert list(RANK.values()) == list(range(len(FIELDS)))
    assert set(CONTENT_FAMILIES) <= {field.family for field in FIELDS.values()}
