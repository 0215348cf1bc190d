# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._queue import patterns
from tests.unit.support.subject import content_test

PLACE = "match[0].sender"


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param(
            "user@example.com",
            [b"user@example.com", b"USER@Example.COM"],
            [b"user@example.org", b"xuser@example.com", b"user@example.com.org", b"user", b""],
            id="address",
        ),
        pytest.param(
            "example.com",
            [b"a@example.com", b"A@EXAMPLE.COM", b"a@b@example.com", b"@example.com"],
            [b"a@badexample.com", b"a@sub.example.com", b"example.com", b"a@example.com.org", b""],
            id="domain, and no other",
        ),
        pytest.param(
            ".example.com",
            [b"a@sub.example.com", b"a@x.Sub.Example.com"],
            [b"a@example.com", b"a@badexample.com", b"sub.example.com", b""],
            id="subdomains only",
        ),
        pytest.param(
            "user@",
            [b"user@example.com", b"USER@example.org", b"user"],
            [b"xuser@example.com", b"user2@example.com", b"example.com@user", b""],
            id="local part",
        ),
        pytest.param("<>", [b""], [b"<>", b"MAILER-DAEMON", b"MAILER-DAEMON@example.com"], id="null sender"),
        pytest.param(
            "MAILER-DAEMON@", [b"MAILER-DAEMON@example.com", b"mailer-daemon"], [b""], id="a literal MAILER-DAEMON"
        ),
        pytest.param(
            '"john doe"@example.com', [b"john doe@example.com"], [b'"john doe"@example.com'], id="quoted local part"
        ),
        pytest.param("john doe@example.com", [b"john doe@example.com"], [], id="internal form"),
        pytest.param(
            "jürgen@exämple.com", ["JÜRGEN@EXÄMPLE.com".encode()], ["jurgen@exämple.com".encode()], id="SMTPUTF8"
        ),
        pytest.param("/^(a|b)@/", [b"a@x", b"B@x"], [b"ab@x", b"c@x"], id="regex"),
        pytest.param("/^A@/i", [b"A@x"], [b"a@x"], id="the flag i toggles, as in regexp_table(5)"),
        pytest.param("/^$/", [b""], [b"a"], id="regex for the null sender"),
        pytest.param("/\udcff/", [b"\xff@x"], [b"\xfe@x"], id="regex on bytes that are no UTF-8"),
    ],
)
def test_address_patterns(pattern: str, yes: list[bytes], no: list[bytes]) -> None:
    test = patterns.address_test(pattern, PLACE)
    # Asked twice, for verdicts are remembered.
    assert [address for address in yes * 2 if not test(address)] == []
    assert [address for address in no * 2 if test(address)] == []


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param("mx.example.com", [b"mx.example.com", b"MX.Example.com"], [b"xmx.example.com", b"com"], id="name"),
        pytest.param(
            ".example.com", [b"mx.example.com", b"a.b.EXAMPLE.com"], [b"example.com", b"badexample.com"], id="domain"
        ),
        pytest.param(r"/^dsl-\d+\./", [b"dsl-17.example.com", b"DSL-1.x"], [b"adsl-1.x"], id="regex"),
    ],
)
def test_name_patterns(pattern: str, yes: list[bytes], no: list[bytes]) -> None:
    test = patterns.name_test(pattern, PLACE)
    assert [name for name in yes if not test(name)] == []
    assert [name for name in no if test(name)] == []


def test_exact_patterns() -> None:
    assert patterns.exact_test("Stolen@example.com", PLACE)(b"stolen@EXAMPLE.com")
    assert not patterns.exact_test("stolen", PLACE)(b"stolen@example.com")
    assert patterns.exact_test("/^stolen/", PLACE)(b"Stolen@example.com")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param("192.0.2.1", [b"192.0.2.1"], [b"192.0.2.10", b"unknown", b"", b"192.0.2.1 "], id="address"),
        pytest.param("192.0.2.0/24", [b"192.0.2.0", b"192.0.2.255"], [b"192.0.3.0", b"::1"], id="network"),
        pytest.param("192.0.2.7/24", [b"192.0.2.1"], [b"192.0.3.7"], id="host bits are no mistake"),
        pytest.param("2001:db8::/32", [b"2001:db8::1", b"2001:DB8:0:1::2"], [b"2001:db9::1", b"192.0.2.1"], id="IPv6"),
        pytest.param("0.0.0.0/0", [b"192.0.2.1"], [b"::1", b"\xff"], id="any IPv4"),
    ],
)
def test_network_patterns(pattern: str, yes: list[bytes], no: list[bytes]) -> None:
    test = patterns.network_test(pattern, PLACE)
    assert [address for address in yes if not test(address)] == []
    assert [address for address in no if test(address)] == []


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param("mailbox full", ["452 mailbox full"], ["Mailbox full", "mailbox  full"], id="text, exactly"),
        pytest.param("a.c", ["a.c"], ["abc"], id="no regex without slashes"),
        pytest.param("/var/mail full", ["/var/mail full"], ["var/mail"], id="a slash at the start only"),
        pytest.param("/mailbox (full|busy)/", ["MAILBOX FULL", "mailbox busy"], ["mailbox"], id="regex"),
        pytest.param("/^b/", ["a\nb"], ["ab"], id="regex, each line"),
        pytest.param("/a.c/", ["abc"], ["a\nc"], id="regex, a dot is no line end"),
        pytest.param("/a\nb/", ["a\nb"], ["ab"], id="a line end in the pattern"),
        pytest.param("/Ü/", ["grün ü"], ["u"], id="any case of any letter"),
    ],
)
def test_text_patterns(pattern: str, yes: list[str], no: list[str]) -> None:
    for make, encode in ((patterns.text_test, str), (content_test, str.encode)):
        test: Callable[[Any], bool] = make(pattern, PLACE)
        if make is content_test and not pattern.isascii():
            continue
        assert [text for text in yes if not test(encode(text))] == []
        assert [text for text in no if test(encode(text))] == []


def test_bytes_patterns_find_utf8_and_raw_bytes() -> None:
    assert content_test("grüße", PLACE)("viele grüße".encode())
    assert content_test("/gr..?..?e/", PLACE)(b"x gr\xfc\xdfe")
    assert content_test(r"/\xff\x00/", PLACE)(b"\xff\x00")


_POSIX = r"{} uses a POSIX class; these are Python's regular expressions: write \d, \s, \w or a range"
_EMPTY = "an empty text matches everything; leave the key out, or write <> for the null sender"

ALL_MAKERS = [
    patterns.address_test,
    patterns.name_test,
    patterns.exact_test,
    patterns.text_test,
    content_test,
    patterns.network_test,
]


@pytest.mark.parametrize("make", ALL_MAKERS)
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("", _EMPTY, id="empty"),
        pytest.param(5, "5 is not text; put it in quotes", id="number"),
        pytest.param(True, "True is not text; put it in quotes", id="yes"),
        pytest.param(None, "None is not text; put it in quotes", id="nothing"),
        pytest.param({"a": 1}, "{'a': 1} is not text; put it in quotes", id="mapping"),
        pytest.param(("a", "b"), "('a', 'b') is not text; put it in quotes", id="tuple"),
    ],
)
def test_what_is_no_text(make: Callable[[object, str], object], value: object, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        make(value, PLACE)
    assert str(caught.value) == "match[0].sender: " + problem
    assert caught.value.place == PLACE


@pytest.mark.parametrize("make", ALL_MAKERS[:-1])
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("//", "an empty regular expression matches everything", id="empty regex"),
        pytest.param("//i", "an empty regular expression matches everything", id="empty regex with its flag"),
        pytest.param("/a/x", "/a/x has a flag other than i, the only one", id="unknown flag"),
        pytest.param("/a/im", "/a/im has a flag other than i, the only one", id="unknown flag behind a known one"),
        pytest.param("/[[:digit:]]/", _POSIX.format("/[[:digit:]]/"), id="POSIX class"),
        pytest.param("/[[:^alpha:]]+/", _POSIX.format("/[[:^alpha:]]+/"), id="negated POSIX class"),
    ],
)
def test_what_is_no_regex(make: Callable[[object, str], object], value: str, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        make(value, PLACE)
    assert str(caught.value) == "match[0].sender: " + problem


@pytest.mark.parametrize("make", ALL_MAKERS[:-1])
@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "*a", "(?P<n>a)(?P<n>b)", "(?<=a+)b", "a{99999999999999999999}"])
def test_a_regex_that_python_refuses(make: Callable[[object, str], object], pattern: str) -> None:
    with pytest.raises(SelectionError) as caught:
        make("/%s/" % pattern, PLACE)
    with pytest.raises((re.error, OverflowError)) as reference:
        re.compile(pattern)
    assert str(caught.value) == "match[0].sender: /%s/ is not a regular expression: %s" % (pattern, reference.value)


def test_a_regex_for_text_only() -> None:
    with pytest.raises(SelectionError) as caught:
        content_test(r"/\u00fc/", "match[0].content")
    assert str(caught.value) == r"match[0].content: /\u00fc/ does not work on bytes: bad escape \u at position 0"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        pytest.param("/a", "/a starts like a /regex/ but does not end like one", id="no end"),
        pytest.param("@", "@ is neither an address nor a domain", id="at sign"),
        pytest.param(
            "@Example.com", "@example.com: write a domain without @, as example.com", id="domain with at sign"
        ),
    ],
)
def test_what_is_no_address(value: str, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.address_test(value, PLACE)
    assert str(caught.value) == "match[0].sender: " + problem


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("192.0.2.300", "'192.0.2.300' does not appear to be an IPv4 or IPv6 network"),
        ("192.0.2.0/33", "'192.0.2.0/33' does not appear to be an IPv4 or IPv6 network"),
        ("mx.example.com", "'mx.example.com' does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_what_is_no_network(value: str, reason: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.network_test(value, "match[0].client_address")
    assert str(caught.value) == "match[0].client_address: %s is neither an address nor a network: %s" % (value, reason)


def test_verdicts_are_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_MAX_REMEMBERED", 3)
    asked = []

    def test(value: bytes) -> bool:
        asked.append(value)
        return value < b"b"

    remembered = patterns.Remembered(test)
    assert [remembered(value) for value in (b"a", b"b", b"a", b"b", b"c")] == [True, False, True, False, False]
    assert asked == [b"a", b"b", b"c"]
    assert [remembered(value) for value in (b"d", b"a")] == [False, True]
    assert asked == [b"a", b"b", b"c", b"d", b"a"]


def test_flags_that_contradict_each_other_are_refused() -> None:
    for make in (patterns.text_test, content_test):
        with pytest.raises(SelectionError) as caught:
            make("/(?u)(?a)x/", "match[0].content")
        assert str(caught.value).startswith("match[0].content: /(?u)(?a)x/ is not a regular expression: ")
