# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import display, display_address
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip
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
            [b"a@example.com", b"A@EXAMPLE.COM", b"a@b@example.com", b"@example.com", b"example.com"],
            [b"a@badexample.com", b"a@sub.example.com", b"example.com@a", b"a@example.com.org", b""],
            id="domain, and no other, or an address without one",
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
        pytest.param(
            "root", [b"root", b"a@root", b"ROOT"], [b"root@example.com", b""], id="an address without a domain"
        ),
        pytest.param(
            ".lead@example.com",
            [b".lead@example.com"],
            [b"a@b.lead@example.com", b"lead@example.com"],
            id="leading dot",
        ),
        pytest.param(
            '".lead"@example.com', [b".lead@example.com"], [b"a@x.lead@example.com"], id="leading dot, as it is shown"
        ),
        pytest.param('"*"@example.com', [b"*@example.com"], [b"a@example.com"], id="a quoted wildcard"),
        pytest.param(r"\x2a@example.com", [b"*@example.com"], [b"a@example.com"], id="a wildcard as an escape"),
        pytest.param('"@"@example.com', [b"@@example.com"], [b"a@example.com"], id="a quoted at sign"),
        pytest.param(
            '"MAILER-DAEMON"', [b"MAILER-DAEMON"], [b"", b"a@mailer-daemon"], id="a quoted address as a whole"
        ),
        pytest.param(r"jos\xe9@example.com", [b"jos\xe9@example.com"], ["josé@example.com".encode()], id="a byte"),
        pytest.param(r"jos\xC3\xA9@example.com", ["josé@example.com".encode()], [b"jos@example.com"], id="two bytes"),
        pytest.param(r"a\u202eb@example.com", ["a\u202eb@example.com".encode()], [b"ab@example.com"], id="a character"),
        pytest.param("/C=de/S=x@gw.example", [b"/C=de/S=x@gw.example"], [b"x@gw.example"], id="slashes"),
        pytest.param("a@[192.0.2.1]", [b"a@[192.0.2.1]"], [b"a@192.0.2.1"], id="address literal"),
        pytest.param("[IPv6:2001:db8::1]", [b"a@[IPv6:2001:DB8::1]"], [b"a@b"], id="domain literal"),
        pytest.param(
            "straße.example",
            ["a@STRAßE.example".encode(), b"a@xn--strae-oqa.example"],
            [b"a@strasse.example"],
            id="domain in Unicode",
        ),
        pytest.param(
            "a@xn--exmple-cua.com",
            ["a@exämple.com".encode(), b"A@XN--EXMPLE-CUA.com"],
            [b"a@exmple.com"],
            id="in ASCII",
        ),
        pytest.param(
            ".exämple.com", [b"a@b.xn--exmple-cua.com"], [b"a@xn--exmple-cua.com"], id="subdomains in Unicode"
        ),
        pytest.param("xn--\udcff.com", [b"a@xn--\xff.com"], [b"a@.com"], id="no ASCII"),
        pytest.param("xn--99999999.com", [b"a@xn--99999999.com"], [b"a@com"], id="no Unicode"),
        pytest.param("ü" * 64 + ".com", ["a@{}.com".format("ü" * 64).encode()], [b"a@com"], id="a label too long"),
        pytest.param("/^(a|b)@/", [b"a@x", b"B@x"], [b"ab@x", b"c@x"], id="regex"),
        pytest.param("/^A@/i", [b"A@x"], [b"a@x"], id="the flag i toggles, as in regexp_table(5)"),
        pytest.param("/^$/", [b""], [b"a"], id="regex for the null sender"),
        pytest.param("/\udcff/", [b"\xff@x"], [b"\xfe@x"], id="regex on bytes that are no UTF-8"),
    ],
)
def test_address_patterns(pattern: str, yes: list[bytes], no: list[bytes]) -> None:
    test = patterns.address_test(pattern, PLACE)
    # Asked twice, because results are remembered.
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
    test = patterns.client_name_test(pattern, PLACE)
    assert [name for name in yes if not test(name)] == []
    assert [name for name in no if test(name)] == []


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param("[192.0.2.1]", [b"[192.0.2.1]"], [b"192.0.2.1"], id="address"),
        pytest.param("localhost.", [b"LOCALHOST."], [b"localhost"], id="dot at the end"),
        pytest.param(".example.com", [b"mx.example.com"], [b"example.com"], id="domain"),
        pytest.param(r"\x2eexample.com", [b".example.com"], [b"mx.example.com"], id="a dot as an escape"),
        pytest.param("a b", [b"a b"], [b"ab"], id="blank"),
    ],
)
def test_helo_patterns(pattern: str, yes: list[bytes], no: list[bytes]) -> None:
    test = patterns.helo_test(pattern, PLACE)
    assert [name for name in yes if not test(name)] == []
    assert [name for name in no if test(name)] == []


def test_a_login_may_have_a_backslash() -> None:
    for login in (r"CORP\xabel", r"corp\x5cxabel"):
        assert patterns.login_test(login, PLACE)(rb"CORP\xabel")
    assert patterns.login_test(r"\xab", PLACE)(b"\xab")


def test_exact_patterns() -> None:
    assert patterns.login_test("Stolen@example.com", PLACE)(b"stolen@EXAMPLE.com")
    assert not patterns.login_test("stolen", PLACE)(b"stolen@example.com")
    assert patterns.login_test("/^stolen/", PLACE)(b"Stolen@example.com")


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        pytest.param("192.0.2.1", [b"192.0.2.1"], [b"192.0.2.10", b"unknown", b"", b"192.0.2.1 "], id="address"),
        pytest.param("192.0.2.0/24", [b"192.0.2.0", b"192.0.2.255"], [b"192.0.3.0", b"::1"], id="network"),
        pytest.param("192.0.2.7/24", [b"192.0.2.1"], [b"192.0.3.7"], id="host bits are no mistake"),
        pytest.param("2001:db8::/32", [b"2001:db8::1", b"2001:DB8:0:1::2"], [b"2001:db9::1", b"192.0.2.1"], id="IPv6"),
        pytest.param("unknown", [b"unknown", b"UNKNOWN"], [b"192.0.2.1"], id="no address"),
        pytest.param("[192.0.2.1]", [b"192.0.2.1"], [b"192.0.2.2"], id="brackets"),
        pytest.param("[IPv6:2001:db8::1]", [b"2001:db8::1"], [b"2001:db8::2"], id="as in mail"),
        pytest.param("IPv6:2001:db8::1", [b"2001:db8:0::1", b"IPv6:2001:db8::1"], [b"2001:db8::2"], id="with prefix"),
        pytest.param("::ffff:192.0.2.1", [b"192.0.2.1", b"::ffff:192.0.2.1"], [b"192.0.2.2"], id="mapped"),
        pytest.param("::ffff:192.0.2.0/120", [b"192.0.2.9"], [b"192.0.3.9"], id="mapped network"),
        pytest.param("192.0.2.1", [b"::ffff:192.0.2.1"], [b"::192.0.2.1"], id="a client's address is mapped"),
        pytest.param("::/0", [b"::ffff:192.0.2.1", b"::1"], [b"192.0.2.1"], id="any IPv6"),
        pytest.param("fe80::1%eth0", [b"fe80::1%eth0"], [b"fe80::1%eth1", b"fe80::1", b"fe80::2%eth0"], id="zone"),
        pytest.param("fe80::/10", [b"fe80::1%eth0"], [b"2001:db8::1"], id="any zone"),
        pytest.param(r"\x67arbage", [b"garbage"], [b"192.0.2.1"], id="what is no address, as it is shown"),
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
_EMPTY = "the text is empty; leave the key out or give it a value"

ALL_MAKERS = [
    patterns.address_test,
    patterns.client_name_test,
    patterns.login_test,
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
    ("make", "value", "problem"),
    [
        (
            patterns.address_test,
            "/a/\n",
            r'"/a/\x0a" has blanks or a line end around the regular expression. Use "/a/".',
        ),
        (patterns.text_test, " /a/i", '" /a/i" has blanks or a line end around the regular expression. Use "/a/i".'),
        (
            patterns.line_test,
            "mailbox full\n",
            r'"mailbox full\x0a" has a line end, which this text never has. Write it in one line, in quotes or after >-.',
        ),
    ],
)
def test_line_ends_that_a_block_in_yaml_adds(make: Callable[[object, str], object], value: str, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        make(value, PLACE)
    assert str(caught.value) == "match[0].sender: " + problem


_FORMS = "Use a form such as 192.0.2.1, 192.0.2.0/24 or 2001:db8::/32."


@pytest.mark.parametrize(
    ("value", "rest"),
    [
        ("192.0.2.300", ": '192.0.2.300' does not appear to be an IPv4 or IPv6 network. " + _FORMS),
        ("192.0.2.0/33", ": '192.0.2.0/33' does not appear to be an IPv4 or IPv6 network. " + _FORMS),
        ("192.0.2.010", ": a leading zero is ambiguous. " + _FORMS),
        ("300.1", ": '300.1' does not appear to be an IPv4 or IPv6 network. " + _FORMS),
        ("192.0.2.9-192.0.2.1", ": '192.0.2.9-192.0.2.1' does not appear to be an IPv4 or IPv6 network. " + _FORMS),
        ("192.0.2.1-2001:db8::1", ": '192.0.2.1-2001:db8::1' does not appear to be an IPv4 or IPv6 network. " + _FORMS),
        ("mx.example.com", ". Use client_name for a host name."),
        ("192.168.1.*", '. Use "192.168.1.0/24".'),
        ("192.168.*.*", '. Use "192.168.0.0/16".'),
        ("192.168.1.", '. Use "192.168.1.0/24".'),
        ("10", '. Use "10.0.0.0/8".'),
        ("192.0.2.0-192.0.2.9", ". Use 192.0.2.0/29, 192.0.2.8/31."),
    ],
)
def test_what_is_no_network(value: str, rest: str) -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.network_test(value, "match[0].client_address")
    assert str(caught.value) == 'match[0].client_address: "%s" is neither an address nor a network%s' % (value, rest)


def test_a_zone_belongs_to_one_address() -> None:
    with pytest.raises(SelectionError) as caught:
        patterns.network_test("fe80::/10%eth0", PLACE)
    assert str(caught.value) == 'match[0].sender: "fe80::/10%eth0" has both a zone and a prefix length. Leave one out.'


# --- what a result had to cut ----------------------------------------------------------------------------------------


def test_a_value_that_was_cut_stands_for_what_was_cut() -> None:
    long = "x" * 500
    for shown, whole in (
        (clip("a" + long + "@example.com"), b"a" + long.encode() + b"@example.com"),
        (clip(display_address(b'"' + long.encode() + b"@example.com")), b'"' + long.encode() + b"@example.com"),
        (clip(long), b"a@" + long.encode()),
    ):
        test = patterns.address_test(shown, PLACE)
        assert test(whole)
        assert not test(b"b@example.com")
    assert patterns.login_test(clip(long), PLACE)(long.encode())
    assert not patterns.login_test(clip(long), PLACE)(b"y" + long.encode())
    for size in (240, 320):
        for reason in (long, "é" * 300, "\x07" * 300, "/" + long + "/"):
            test_text = patterns.line_test(clip(display(reason.encode()), size), PLACE)
            assert test_text(reason)
            assert not test_text("x")


def test_verdicts_are_remembered_but_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_MAX_REMEMBERED", 3)
    asked = []

    def test(value: bytes) -> bool:
        asked.append(value)
        return value < b"b"

    remembered = patterns.CachedTest(test)
    assert [remembered(value) for value in (b"a", b"b", b"a", b"b", b"c")] == [True, False, True, False, False]
    assert asked == [b"a", b"b", b"c"]
    assert [remembered(value) for value in (b"d", b"a")] == [False, True]
    assert asked == [b"a", b"b", b"c", b"d", b"a"]


def test_flags_that_contradict_each_other_are_refused() -> None:
    for make in (patterns.text_test, content_test):
        with pytest.raises(SelectionError) as caught:
            make("/(?u)(?a)x/", "match[0].content")
        assert str(caught.value).startswith("match[0].content: /(?u)(?a)x/ is not a regular expression: ")
