# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.expressions import (
    PCRE,
    REGEXP,
    Expression,
    address_expression,
    body_expression,
    header_expression,
)


def found(expression: Expression, subject: str) -> bool:
    """Return whether a table would find the subject. Python has no POSIX classes; the rest of these patterns means the same."""
    pattern = expression.pattern.replace("[:space:]", r"\s").replace("[:alnum:]", "a-z0-9A-Z").replace(r"\z", r"\Z")
    return re.search(pattern, subject, re.DOTALL | (0 if expression.is_case_sensitive else re.IGNORECASE)) is not None


@pytest.mark.parametrize(
    ("value", "hits", "misses"),
    [
        (
            "user@example.com",
            ["USER@example.com"],
            ["user2@example.com", "user@example.com.net", "xuser@example.com", "user@exampleXcom"],
        ),
        (
            "example.com",
            ["a@example.com", "b@EXAMPLE.com"],
            ["a@mail.example.com", "a@example.com.net", "example.com@x"],
        ),
        (".example.com", ["a@mail.example.com", "a@x.y.example.com"], ["a@example.com", "a@mailexample.com"]),
        ("user@", ["user@a", "User@b.c"], ["xuser@a", "user2@a"]),
        ("<>", ["<>"], ["a@b", ""]),
        ('"a b"@example.com', ['"a b"@example.com'], ["a@example.com"]),
        ('"a@b"@', ['"a@b"@x'], ["a@b"]),
        ("a+b.c@d.example", ["a+b.c@d.example"], ["aab.c@d.example", "a+bXc@d.example"]),
        ("b\u00fccher.example", ["a@b\u00fccher.example", "a@xn--bcher-kva.example"], ["a@bucher.example"]),
        ("/^a[0-9]+@/", ["a12@b", "A1@b"], ["xa1@b"]),
        ("/^a[0-9]+@/i", ["a12@b"], ["A1@b"]),
    ],
)
def test_addresses(value: str, hits: list[str], misses: list[str]) -> None:
    for dialect in (PCRE, REGEXP):
        expression = address_expression(value, dialect, "x", null_key="<>")
        assert [found(expression, hit) for hit in hits] == [True] * len(hits)
        assert [found(expression, miss) for miss in misses] == [False] * len(misses)
        assert expression.sample is None or found(expression, expression.sample)


def test_another_key_for_the_null_sender() -> None:
    assert address_expression("<>", PCRE, "x", null_key="null+") == Expression(r"^null\+$", False, "null+")


@pytest.mark.parametrize(
    ("name", "value", "hits", "misses"),
    [
        (
            "Subject",
            "you won",
            ["SUBJECT: Hey, you won", "Subject: you\n  won", "subject:you \t won"],
            ["Subject: You won", "X-Subject: you won", "From: you won"],
        ),
        ("X-a.b", "c", ["X-A.B: c"], ["X-AxB: c"]),
        (
            "Subject",
            "/won (big|much)/",
            ["Subject: I WON BIG", "Subject:x\n won much"],
            ["Subject: won", "From: won big"],
        ),
        ("Subject", "/^won/", ["Subject: won", "Subject:Won it"], ["Subject: I won"]),
        ("Subject", r"/\Awon$/", ["Subject: won"], ["Subject: I won", "Subject: won it"]),
        ("Subject", "/^/", ["Subject: x"], ["From: x"]),
        ("Subject", "/won/i", ["Subject: won"], ["Subject: WON"]),
        ("Subject", "/[^a]^b|[]^]/", ["Subject: ]"], []),
    ],
)
def test_headers(name: str, value: str, hits: list[str], misses: list[str]) -> None:
    if "^b" in value:
        with pytest.raises(SelectionError):
            header_expression(name, value, PCRE, "x")
        return
    for dialect in (PCRE, REGEXP):
        expression = header_expression(name, value, dialect, "x")
        assert [found(expression, hit) for hit in hits] == [True] * len(hits)
        assert [found(expression, miss) for miss in misses] == [False] * len(misses)


def test_an_anchor_that_would_be_the_start_of_the_name() -> None:
    for value in ("/a|^b/", "/^a|b/", "/(^a)/"):
        with pytest.raises(SelectionError) as caught:
            header_expression("Subject", value, PCRE, "x")
        assert str(caught.value) == (
            'x: "%s" has ^ in another place than the start, or together with |. In the table it would be the start of the header\'s name. '
            "Lock several patterns, each with at most one ^ at its start" % value
        )


@pytest.mark.parametrize(
    ("value", "hits", "misses"),
    [
        ("1+1 = {2}", ["so 1+1 = {2}!"], ["11 = {2}", "1+1  = {2}"]),
        (r"/\d\s\w\W\D\S/", ["1 a-bc"], ["11 a-b"]),
        (r"/\Aa\tb\Z/", ["a\tb"], ["xa\tb"]),
        (r"/a\.b\/c/", ["a.b/c"], ["axb/c"]),
        ("/a{2,3}?/", ["aa"], ["a"]),
    ],
)
def test_bodies(value: str, hits: list[str], misses: list[str]) -> None:
    for dialect in (PCRE, REGEXP):
        if value.endswith("?/") and dialect == REGEXP:
            continue
        expression = body_expression(value, dialect, "x")
        assert [found(expression, hit) for hit in hits] == [True] * len(hits)
        assert [found(expression, miss) for miss in misses] == [False] * len(misses)


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (r"/\bx/", r"the escape \b"),
        (r"/[\d]/", r"a backslash within [\d]"),
        ("/(?:a)/", "a group that starts with (?"),
        ("/a+?/", "the lazy or possessive repeat +?"),
        ("/a{2}+/", "the lazy or possessive repeat {2}+"),
    ],
)
def test_what_posix_cannot(value: str, problem: str) -> None:
    assert body_expression(value, PCRE, "x").pattern == value[1:-1]
    with pytest.raises(SelectionError) as caught:
        body_expression(value, REGEXP, "x")
    assert str(caught.value) == (
        "x: %s has %s, which regexp tables do not know, and this host has no pcre tables. Install Postfix's support for pcre tables on the "
        "host (postfix-pcre), or write it in another way" % (value, problem)
    )


@pytest.mark.parametrize(
    ("expression", "line"),
    [
        (Expression("a", False), "/a/ REJECT costs $$1\n"),
        (Expression("a", True), "/a/i REJECT costs $$1\n"),
        (Expression("a/b", False), "~a/b~ REJECT costs $$1\n"),
        (Expression(r"a/\/~@%=,;:&", False), "/a\\/\\/~@%=,;:&/ REJECT costs $$1\n"),
    ],
)
def test_lines(expression: Expression, line: str) -> None:
    assert expression.line("REJECT costs $1") == line
