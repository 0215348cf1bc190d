# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import address


@pytest.mark.parametrize(
    ("internal", "external"),
    [
        pytest.param(b"a@example.com", b"a@example.com", id="plain"),
        pytest.param(b"", b"", id="null sender"),
        pytest.param(b"postmaster", b"postmaster", id="no domain"),
        pytest.param(b"john doe@example.com", b'"john doe"@example.com', id="space"),
        pytest.param(b"a@b@example.com", b'"a@b"@example.com', id="at sign"),
        pytest.param(b'a"b@example.com', b'"a\\"b"@example.com', id="quote"),
        pytest.param(b"a\\b@example.com", b'"a\\\\b"@example.com', id="backslash"),
        pytest.param(b"a\rb@example.com", b'"a\\\rb"@example.com', id="carriage return"),
        pytest.param(b"a\x7fb@example.com", b'"a\x7fb"@example.com', id="control character"),
        pytest.param(b".a@example.com", b'".a"@example.com', id="leading dot"),
        pytest.param(b"a.@example.com", b'"a."@example.com', id="trailing dot"),
        pytest.param(b"a..b@example.com", b'"a..b"@example.com', id="two dots"),
        pytest.param(b"a.b@example.com", b"a.b@example.com", id="dot string"),
        pytest.param(b"@example.com", b'""@example.com', id="empty local part"),
        pytest.param(b"john doe", b'"john doe"', id="space, no domain"),
        pytest.param("jürgen@exämple.com".encode(), "jürgen@exämple.com".encode(), id="SMTPUTF8"),
    ],
)
def test_quote_and_unquote(internal: bytes, external: bytes) -> None:
    assert address.quote(internal) == external
    assert address.unquote(external) == internal


@pytest.mark.parametrize(
    ("external", "internal"),
    [
        pytest.param(b'"a"."b"@example.com', b"a.b@example.com", id="quoted words"),
        pytest.param(b"a\\ b@example.com", b"a b@example.com", id="escape without quotes"),
        pytest.param(b'"a"@example.com"\\', b'a@example.com"\\', id="what follows the at sign is kept"),
        pytest.param(b'"a', b"a", id="open quote"),
        pytest.param(b"a\\", b"a\\", id="lone backslash at the end"),
        pytest.param(b'"a@b', b"a@b", id="at sign in an open quote"),
    ],
)
def test_unquote_other_forms(external: bytes, internal: bytes) -> None:
    assert address.unquote(external) == internal


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        pytest.param(b"a@Example.COM", b"example.com", id="lower case"),
        pytest.param(b"a@b@example.com", b"example.com", id="last at sign"),
        pytest.param(b"a", b"", id="none"),
        pytest.param(b"a@", b"", id="empty"),
    ],
)
def test_domain_of(text: bytes, domain: bytes) -> None:
    assert address.domain_of(text) == domain


@pytest.mark.parametrize(
    "addresses",
    [
        pytest.param([], id="none at all"),
        pytest.param([b""], id="null sender"),
        pytest.param([b"a@x", b"B@Y.Example"], id="one at sign each"),
        pytest.param([b"a@x", b"postmaster", b"b@y"], id="one without"),
        pytest.param([b"postmaster", b"a@b@x", b"c@y"], id="as many at signs as addresses"),
        pytest.param([b"a@b@x", b"c@y", b"postmaster"], id="as many, and the first has two"),
        pytest.param([b"postmaster", b"a@b@\nc@x", b"postmaster"], id="one that looks like two"),
        pytest.param([b"a@\nb", b"postmaster"], id="line end behind the at sign"),
        pytest.param([b"a\nb@x", b"\nc@y"], id="line end in the local part"),
        pytest.param([b"a@x\n", b"c@y"], id="line end in the domain"),
    ],
)
def test_domains_of_many_are_those_of_each(addresses: list[bytes]) -> None:
    assert address.domains_of(addresses) == [address.domain_of(one) for one in addresses]


def test_fold_ignores_case_and_keeps_other_bytes() -> None:
    assert address.fold("JÜRGEN@Exämple.COM".encode()) == address.fold("jürgen@EXÄMPLE.com".encode())
    assert address.fold(b"\xff") != address.fold(b"\xfe")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param(b"", "<>", id="null sender"),
        pytest.param(b"<>", '"<>"', id="an address that looks like it"),
        pytest.param(b"john doe@example.com", '"john doe"@example.com', id="quoted"),
        pytest.param("jürgen@example.com".encode(), "jürgen@example.com", id="UTF-8"),
        pytest.param(b"j\xfcrgen@example.com", "j\\xfcrgen@example.com", id="no UTF-8"),
    ],
)
def test_display_address(text: bytes, shown: str) -> None:
    assert address.display_address(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a b ü 本", "a b ü 本", id="printable"),
        pytest.param("a\x1b[31mb\r\nc", "a\\x1b[31mb\\x0d\\x0ac", id="terminal escape and line ends"),
        pytest.param("a\u202eb\u2028", "a\\u202eb\\u2028", id="text direction and line separator"),
        pytest.param("\ud800", "\\ud800", id="lone surrogate"),
    ],
)
def test_printable(text: str, shown: str) -> None:
    assert address.printable(text) == shown


def test_half_a_pair_of_surrogates_is_encoded() -> None:
    assert address.bytes_of("a\ud800") == b"a\xed\xa0\x80"
    assert address.display_text("\ud800") == r"\ud800"
    assert address.undisplay_text(r"\ud800") == "\ud800"
    assert address.undisplay(r"\xed\xa0\x80") == b"\xed\xa0\x80"
