# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import re

from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format import address
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import parse_defer_log
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

# Quotes, escapes, at signs and dots are what quoting is about.
texts = st.binary(max_size=40) | st.lists(st.sampled_from(b'a".\\@ \r()\xff'), max_size=20).map(bytes)
# Pieces of escapes, of characters that are not shown, and of what rules take for patterns.
pieces = st.lists(
    st.sampled_from(
        [
            b"\\",
            b"x",
            b"u",
            b"U",
            b"000",
            b"e9",
            b"1F600",
            b"5c",
            b"\xc3",
            b"\xa9",
            b"\xe2\x80\xae",
            b"\xf3\xa0\x84\x80",
            b"\x9b",
            b"\x1b",
            b"\xc2\x9b",
            b"\n",
            b"/",
            b"*",
            b"@",
            b".",
            b"a",
            b"%",
            b"<>",
            b",",
            b" ",
            b"^",
            b'"',
            b":",
            b"1.2.3.4",
            b"MAILER-DAEMON",
            b"[1.2.3.4]",
            "\u2026".encode(),
            b"xn--",
            b"+",
            b"\t",
            b"\xed\xa0\x80",
        ]
    ),
    max_size=8,
).map(b"".join)
anything = texts | pieces
# What must not reach a terminal.
UNSHOWN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufe00-\ufe0f\ud800-\udfff]"
)


@given(texts)
def test_quoting_can_be_undone(text: bytes) -> None:
    assert address.unquote(address.quote(text)) == text


@given(texts)
def test_an_address_that_needs_no_quotes_gets_none(text: bytes) -> None:
    quoted = address.quote(text)
    assert quoted == text or quoted.startswith(b'"')
    assert address.domain_of(quoted) == address.domain_of(text)


@given(st.lists(texts | st.sampled_from([b"a@x", b"b@Y", b"c@@\nd", b"@\n@", b"\n", b"e"]), max_size=8))
def test_domains_of_many_are_those_of_each(addresses: list[bytes]) -> None:
    assert address.domains_of(addresses) == [address.domain_of(one) for one in addresses]


@given(texts)
def test_any_bytes_have_an_internal_form(text: bytes) -> None:
    assert len(address.unquote(text)) <= len(text)


@given(texts)
def test_shown_addresses_are_valid_and_distinct(text: bytes) -> None:
    address.display_address(text).encode("utf-8")
    assert (address.display_address(text) == "<>") == (text == b"")


@given(st.text(max_size=40) | anything.map(address.text_of))
def test_printable_text_does_not_control_a_terminal(text: str) -> None:
    shown = address.printable(text)
    assert shown.isprintable()
    assert not UNSHOWN.search(shown)
    assert address.printable(shown) == shown
    assert shown == text or not text.isprintable() or not text.isascii()


@given(anything)
def test_undisplay_is_the_inverse_of_display(text: bytes) -> None:
    shown = address.display(text)
    assert address.undisplay(shown) == text
    assert not UNSHOWN.search(shown)
    assert address.printable(shown) == shown


@given(st.text(max_size=40) | anything.map(address.text_of))
def test_undisplay_text_is_the_inverse_of_display_text(text: str) -> None:
    assert address.bytes_of(address.undisplay_text(address.display_text(text))) == address.bytes_of(text)


@given(st.text("ab/\\x5c\n\t\r\x1b\u202e", max_size=40))
def test_text_of_several_lines_keeps_them(text: str) -> None:
    shown = address.display_lines(text)
    assert not UNSHOWN.search(shown.replace("\n", "").replace("\t", ""))
    assert address.undisplay_text(shown) == text.replace("\r\n", "\n")


PLACE = "match[0].sender"


@given(anything)
def test_an_address_as_it_is_shown_is_a_rule_for_it(text: bytes) -> None:
    shown = address.display_address(text)
    assert patterns.address_test(shown, PLACE)(text)
    assert address.printable(shown) == shown
    # Nor does it hold for others, but as the domain that it may be, too.
    assert not patterns.address_test(shown, PLACE)(b"other" + text + b"other")


@given(anything)
def test_a_domain_as_it_is_shown_is_a_rule_for_it(text: bytes) -> None:
    domain = address.domain_of(text)
    if domain:
        assert patterns.address_test(address.display_domain(domain), PLACE)(text)


@given(anything.filter(bool))
@example(b"\\\xc344*x")
@example(b".@")
def test_other_values_as_they_are_shown_are_rules_for_them(text: bytes) -> None:
    for show, make in (
        (address.display_login, patterns.login_test),
        (address.display_name, patterns.client_name_test),
        (address.display_helo, patterns.helo_test),
    ):
        assert make(show(text), PLACE)(text)
    assert patterns.line_test(address.display(text), PLACE)(address.text_of(text))
    name = address.text_of(text)
    assert patterns.header_name(address.display_header_name(name), PLACE) == name.lower()


@given(anything.filter(bool) | st.ip_addresses().map(lambda found: str(found).encode()))
def test_an_ip_address_as_it_is_shown_is_a_rule_for_it(text: bytes) -> None:
    shown = address.display_client(text)
    if shown.encode() == text:
        # What looks like an address, and is none, is refused.
        try:
            ipaddress.ip_address(shown.partition("%")[0])
        except ValueError:
            assume(shown == "unknown")
    assert patterns.network_test(shown, PLACE)(text)


# --- defer logs -----------------------------------------------------------------------------------------------------

_words = st.lists(
    st.sampled_from([b"recipient", b"reason", b"=", b" ", b"\n", b"\t", b'"', b"<a@b>: x", b"\xff", b"\x00"]),
    max_size=40,
)


@given(st.binary(max_size=200) | _words.map(b"".join))
def test_any_bytes_are_a_defer_log(log: bytes) -> None:
    for recipient, reason in parse_defer_log(log).items():
        assert b"\n" not in recipient + reason


_lines = (
    st.binary(max_size=30).map(lambda text: text.replace(b"\n", b"")).filter(lambda text: text == text.strip(b" \t"))
)


@given(st.dictionaries(_lines, _lines, min_size=1, max_size=5))
def test_a_defer_log_is_read_back(reasons: dict[bytes, bytes]) -> None:
    log = b"".join(
        b"<%s>: %s\nrecipient=%s\noffset=1\naction=delayed\nreason=%s\n\n"
        % (address.quote(recipient), reason, address.quote(recipient), reason)
        for recipient, reason in reasons.items()
    )
    assert parse_defer_log(log) == reasons
