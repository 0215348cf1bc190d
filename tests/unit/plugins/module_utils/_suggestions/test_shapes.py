# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.shapes import Piece


@pytest.mark.parametrize(
    ("subject", "pieces"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Tea", [], id="three letters"),
        pytest.param("Pills", [("pills",)], id="one word"),
        pytest.param("Rechnung 4711", [("rechnung",), ("rechnung", "0")], id="a number"),
        pytest.param("an a", [("an", "a")], id="two short words"),
        pytest.param("x1y2", [], id="a token with two letters"),
        pytest.param(
            "a b c d e",
            [
                ("a", "b"),
                ("a", "b", "c"),
                ("a", "b", "c", "d"),
                ("b", "c"),
                ("b", "c", "d"),
                ("b", "c", "d", "e"),
                ("c", "d"),
                ("c", "d", "e"),
                ("d", "e"),
            ],
            id="up to four words",
        ),
        pytest.param(" " * 400 + "pills", [], id="what is far behind"),
    ],
)
def test_the_pieces_of_a_subject(subject: str, pieces: list[Piece]) -> None:
    assert list(shapes.subject_pieces(subject)) == pieces


@pytest.mark.parametrize(
    ("path", "pieces"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("/", [], id="root"),
        pytest.param("/Offer12/", [("offer0", "/")], id="one segment"),
        pytest.param(
            "/a/b/c/d",
            [
                ("a", "/"),
                ("a", "b", "/"),
                ("a", "b", "c", "/"),
                ("b", "/"),
                ("b", "c", "/"),
                ("b", "c", "d"),
                ("c", "/"),
                ("c", "d"),
                ("d",),
            ],
            id="up to three segments",
        ),
        pytest.param("//a//b", [("a", "/"), ("a", "b"), ("b",)], id="empty segments"),
        # No more than eight segments, and another one follows.
        pytest.param(
            "/x" * 9,
            [("x", "/"), ("x", "x", "/"), ("x", "x", "x", "/")] * 6 + [("x", "/"), ("x", "x", "/"), ("x", "/")],
            id="many segments",
        ),
    ],
)
def test_the_pieces_of_a_path(path: str, pieces: list[Piece]) -> None:
    assert list(shapes.path_pieces(path)) == pieces


WALLET = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        pytest.param("one two three", [], id="three words"),
        pytest.param("One two\nthree 4", [("one", "two", "three", "0")], id="four words"),
        pytest.param(
            "one two three four five",
            [("one", "two", "three", "four"), ("two", "three", "four", "five")],
            id="five words",
        ),
        pytest.param("a b c d", [], id="too few letters"),
        pytest.param("ab cd ef gh", [("ab", "cd", "ef", "gh")], id="eight letters"),
        pytest.param(WALLET, [("bc0qxy0kgdygjrsqtzq0n0yrf0p0kkfjhx0wlh",)], id="a long word"),
        pytest.param("x" * 64, [("x" * 64,)], id="the longest word"),
        pytest.param("x" * 65, [], id="what is longer"),
        pytest.param("one two <b> three four", [], id="a tag ends a row"),
        pytest.param("one two http://a.example/ three four", [], id="a URL ends a row"),
        pytest.param("x " * 399 + "pills", [("x", "x", "x", "pills")], id="the last word that is looked at"),
        pytest.param("x " * 400 + "pills " * 4, [], id="what is far behind"),
    ],
)
def test_the_pieces_of_a_text(text: str, pieces: list[Piece]) -> None:
    assert list(shapes.text_pieces(text)) == pieces


@pytest.mark.parametrize(
    ("piece", "regex", "matching", "other"),
    [
        pytest.param(("pills",), r"/(?<!\S)pills(?!\S)/", "Cheap PILLS", "pillswap", id="one word"),
        pytest.param(
            ("your", "invoice", "no.0"),
            r"/(?<!\S)your\s+invoice\s+no\.\d+(?!\S)/",
            "Re: Your\n invoice  No.4711",
            "your invoice no4711",
            id="several words",
        ),
        pytest.param(("{{", "x", "}}"), r"/(?<!\S)\x7b\x7b\s+x\s+\x7d\x7d(?!\S)/", "{{ x }}", "x", id="no template"),
        pytest.param(("/x/",), r"/(?<!\S)/x/(?!\S)/", "see /x/", "x", id="no regular expression"),
    ],
)
def test_a_rule_for_words(piece: Piece, regex: str, matching: str, other: str) -> None:
    assert shapes.words_regex(piece) == regex
    test = patterns.text_test(regex, "subject")
    assert (test(matching), test(other)) == (True, False)


@pytest.mark.parametrize(
    ("piece", "regex", "matching", "other"),
    [
        pytest.param(
            ("offer",), r"""//offer(?![^\s?#\x22'<>\\])/""", 'http://h.example/offer?x">', "h.example/offer/x", id="end"
        ),
        pytest.param(("offer", "/"), "//offer//", "http://h.example/Offer/x", "http://h.example/offer", id="beginning"),
        pytest.param(
            ("a0", "b.php"),
            r"""//a\d+/b\.php(?![^\s?#\x22'<>\\])/""",
            "http://h.example/a77/b.php",
            "http://h.example/a77/b.php5",
            id="two segments",
        ),
    ],
)
def test_a_rule_for_a_path(piece: Piece, regex: str, matching: str, other: str) -> None:
    assert shapes.path_regex(piece) == regex
    test = patterns.text_test(regex, "body")
    assert (test(matching), test(other)) == (True, False)


def test_urls() -> None:
    text = (
        "http://a.example/x/y?z=1 HTTPS://B.example:8443 <http://a.example/x/y#z> http://a.example/X/y ftp://c.example/ "
        "http://[::1]/"
    )
    assert shapes.urls(text) == (("a.example", "/x/y"), ("b.example", ""), ("a.example", "/X/y"))


def test_the_first_urls_are_looked_at() -> None:
    urls = shapes.urls(" ".join("http://h%d.example/" % number for number in range(50)))
    assert urls == tuple(("h%d.example" % number, "") for number in range(20))


@pytest.mark.parametrize(
    ("made", "value"),
    [
        pytest.param(shapes.address("a+b@example.com"), "a+b@example.com", id="address"),
        pytest.param(shapes.address(".a@example.com"), r"/\A\.a@example\.com\Z/", id="not a domain"),
        pytest.param(shapes.address("root"), r"/\Aroot\Z/", id="an address without domain"),
        pytest.param(shapes.address("/x/@y"), r"/\A/x/@y\Z/", id="not a regex"),
        pytest.param(shapes.domain("example.com"), "example.com", id="domain"),
        pytest.param(shapes.domain(".example.com"), r"/@\.example\.com\Z/", id="not its subdomains"),
        pytest.param(shapes.domain("mailer-daemon"), r"/@mailer\-daemon\Z/", id="not the null sender"),
        pytest.param(shapes.name("a@example.com"), "a@example.com", id="login"),
        pytest.param(shapes.name("[192.0.2.1]"), r"/\A\[192\.0\.2\.1\]\Z/", id="HELO name"),
        pytest.param(shapes.names_below("example.com"), ["example.com", ".example.com"], id="names below"),
        pytest.param(shapes.names_below("a b"), [r"/(?:\A|\.)a\ b\Z/"], id="names below what is no name"),
    ],
)
def test_values_for_rules(made: str, value: str) -> None:
    assert made == value


def test_escaped_text_matches_itself_and_is_not_a_template() -> None:
    text = "".join(map(chr, range(1, 0x250))) + "\udc80{{ x }}{% y %}{# z #}"
    escaped = shapes.escape(text)
    assert re.match(r"\A%s\Z" % escaped, text)
    assert escaped.isprintable()
    assert not set(escaped) & set("{}")


def test_the_shape_of_a_host_name() -> None:
    shape = shapes.name_shape("ip-10-0-233.dyn7.example.net")
    assert shape == "ip-0-0-0.dyn0.example.net"
    regex = shapes.name_regex(shape)
    assert regex == r"/\Aip\-\d+\-\d+\-\d+\.dyn\d+\.example\.net\Z/"
    test = patterns.helo_test(regex, "helo_name")
    assert [test(name) for name in (b"IP-1-2-3.dyn44.example.net", b"ip-1-2.dyn44.example.net")] == [True, False]


def test_the_shape_of_a_reason() -> None:
    reason = "host mx.a.example[192.0.2.1] said: 451 4.7.1 <anna@b.example>: Greylisted (in reply to RCPT TO)"
    shape = shapes.reason_shape(reason)
    assert shape == "host * said: * * * greylisted (in reply to rcpt to)"
    regex = shapes.reason_regex(shape)
    assert regex == r"/host\ \S+\ said:\ \S+\ \S+\ \S+\ greylisted\ \(in\ reply\ to\ rcpt\ to\)/"
    test = patterns.text_test(regex, "reason")
    assert (test(reason), test("host x said: 4 5 6 spam")) == (True, False)
    assert shapes.reason_shape("x" * 500) == "x" * 120


def test_runs_that_a_rule_generalises_do_not_touch() -> None:
    # Otherwise a search would try all ways to divide a text between them.
    assert shapes.reason_shape("450 *** spam *-*-* <a>[b] ***") == "* * spam * ** *"
    assert list(shapes.subject_pieces("\u0663a0\u06630")) == []
    assert list(shapes.subject_pieces("code\u06631\u0663")) == [("code0",)]
    assert list(shapes.path_pieces("/a1\u0663")) == [("a0",)]
    assert shapes.name_shape("a1\u0663") == "a0"


def test_letters_without_blanks_between_words() -> None:
    text = "\u4eca\u5929\u5929\u6c14\u5f88\u597d\u5427"
    (piece,) = shapes.text_pieces(text)
    assert piece == (text[:6],)
    assert shapes.words_regex(piece) == "/%s/" % text[:6]
    assert patterns.text_test(shapes.words_regex(piece), "body")("x" + text)
