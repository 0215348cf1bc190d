# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import (
    MAX_TEXT,
    MAX_VALUE,
    Lock,
    Target,
    check_id,
    check_text,
    lock_of_record,
    parse_target,
    parse_targets,
)

ACCOUNT = Lock("sasl_username", "a@b.example", "reject", "no", "ticket 1", 100, "ops", 200, "2d")
HEADER = Lock("header", {"Subject": "/won/"}, "hold", None, None, 100, "ops", None)


@pytest.mark.parametrize("lock", [ACCOUNT, HEADER], ids=["account", "header"])
def test_a_record_is_the_lock(lock: Lock) -> None:
    assert lock_of_record(lock.record()) == lock
    assert lock.show() == {name: value for name, value in lock.record().items() if name != "asked"}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "sasl_username-00000000"},
        {"action": "accept"},
        {"created": "x"},
        {"expires": "never"},
        {"text": "a\nb"},
        {"reason": 4},
        {"value": "a\nb"},
        {"value": 7},
        {"key": "queue"},
    ],
    ids=str,
)
def test_a_record_that_is_no_lock_is_refused(changes: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        lock_of_record({**ACCOUNT.record(), **changes})


def test_a_record_without_a_field_is_refused() -> None:
    with pytest.raises(ValueError, match="a lock is damaged: 'key'"):
        lock_of_record({})
    with pytest.raises(ValueError, match="a lock is damaged"):
        lock_of_record([])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sasl_username": "Stolen@Example.com"}, {"sasl_username": "stolen@example.com"}),
        ({"client_address": "192.0.2.9/24"}, {"client_address": "192.0.2.0/24"}),
        ({"client_address": "::ffff:192.0.2.9"}, {"client_address": "192.0.2.9"}),
        ({"client_address": "[IPv6:2001:DB8::0]"}, {"client_address": "2001:db8::"}),
        ({"sender": "A@B.example"}, {"sender": "a@b.Example"}),
        ({"header": {"SUBJECT": "x"}}, {"header": {"subject": "x"}}),
    ],
    ids=str,
)
def test_what_locks_the_same_has_one_id(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    assert parse_target(one, "x").id == parse_target(other, "x").id
    assert len(parse_targets([one, other], "x")) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sender": "a@b.example"}, {"recipient": "a@b.example"}),
        ({"sender": "/A/"}, {"sender": "/a/"}),
        ({"body": "A"}, {"body": "a"}),
        ({"header": {"Subject": "x"}}, {"header": {"From": "x"}}),
    ],
    ids=str,
)
def test_what_locks_something_else_has_another_id(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    assert parse_target(one, "x").id != parse_target(other, "x").id


def test_an_id_is_the_same_everywhere() -> None:
    assert ACCOUNT.id == check_id(ACCOUNT.id, "ids[0]")
    assert re.match(r"sasl_username-[0-9a-f]{8}\Z", ACCOUNT.id)
    assert Target("sasl_username", "stolen@example.test").id == "sasl_username-96acbbad"


def test_an_end() -> None:
    assert [ACCOUNT.has_expired(now) for now in (199, 200)] == [False, True]
    assert HEADER.has_expired(1 << 40) is False


def test_how_a_target_is_named() -> None:
    assert (ACCOUNT.target.shown, HEADER.target.shown) == ("a@b.example", "Subject: /won/")


LONG = "x" * (MAX_VALUE + 1)


@pytest.mark.parametrize(
    ("item", "text"),
    [
        ("a", "x: a lock is a mapping of exactly one key, such as {sasl_username: user@example.com}. Split it up"),
        ({}, "x: a lock is a mapping of exactly one key, such as {sasl_username: user@example.com}. Split it up"),
        (
            {"sender": "a@b", "body": "c"},
            "x: a lock is a mapping of exactly one key, such as {sasl_username: user@example.com}. Split it up",
        ),
        (
            {"size": "1m"},
            'x: "size" cannot be locked. Use one of sasl_username, client_address, sender, recipient, header, body',
        ),
        (
            {"sasl_username": "/a/"},
            'x.sasl_username: "/a/" is a regular expression, and it could lock more accounts than you mean. Name each account',
        ),
        (
            {"sasl_username": "a b"},
            'x.sasl_username: "a b" has a character that cannot be in a key of a table. Lock its client or its sender',
        ),
        (
            {"sasl_username": "#a"},
            'x.sasl_username: "#a" has a character that cannot be in a key of a table. Lock its client or its sender',
        ),
        (
            {"sasl_username": r"a\x0ab"},
            r'x.sasl_username: "a\x0ab" has a character that cannot be in a key of a table. Lock its client or its sender',
        ),
        (
            {"sasl_username": "*@example.com"},
            r'x.sasl_username: "*@example.com" matches no login. Use "/@example\.com$/".',
        ),
        (
            {"client_address": "unknown"},
            'x.client_address: "unknown" is neither an address nor a network. Use a form such as 192.0.2.1',
        ),
        (
            {"client_address": "fe80::1%eth0"},
            'x.client_address: "fe80::1%eth0" is neither an address nor a network. Use a form such as 192.0.2.1',
        ),
        ({"client_address": "::/0"}, 'x.client_address: "::/0" is every client. Lock a network'),
        (
            {"sender": "a\nb"},
            'x.sender: "a\\x0ab" has a control character or an invisible one, which no table can hold',
        ),
        (
            {"sender": r'"a\x0ab"@example.com'},
            'x.sender: ""a\\x0ab"@example.com" has a control character, which no table can hold',
        ),
        ({"sender": '"x"'}, 'x.sender: "x" has no domain, and Postfix gives every address one. Add @ and the domain'),
        ({"sender": LONG}, "x.sender: it has 513 characters. Write at most 512"),
        ({"recipient": "<>"}, "x.recipient: <> is the null sender and no recipient. Use sender"),
        ({"header": "a"}, "x.header: it is not a mapping of one header name to a text, such as {Subject: casino}"),
        (
            {"header": {"a": "b", "c": "d"}},
            "x.header: it is not a mapping of one header name to a text, such as {Subject: casino}",
        ),
        (
            {"header": {"a b": "c"}},
            'x.header: "a b" is the name of no header field. Write one name, as in {Subject: text}.',
        ),
        ({"header": {"Subject": "/(/"}}, None),
        ({"body": ""}, None),
    ],
    ids=str,
)
def test_what_cannot_be_locked(item: object, text: str | None) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_target(item, "x")
    assert text is None or str(caught.value) == text


def test_texts() -> None:
    assert [check_text(text, "text") for text in (None, "", "a b")] == [None, None, "a b"]
    for text, problem in (
        (
            "a\nb",
            'text: "a\\x0ab" has a line end, another control character, or blanks around it. Write it in one line',
        ),
        (" a", 'text: " a" has a line end, another control character, or blanks around it. Write it in one line'),
        ("x" * (MAX_TEXT + 1), "text: it has 201 characters. Write at most 200"),
    ):
        with pytest.raises(SelectionError) as caught:
            check_text(text, "text")
        assert str(caught.value) == problem


def test_a_bad_id() -> None:
    with pytest.raises(SelectionError) as caught:
        check_id("sender", "ids[1]")
    assert str(caught.value) == (
        'ids[1]: "sender" is not the ID of a lock. postfix_lock_info shows the IDs, such as sasl_username-1a2b3c4d'
    )
