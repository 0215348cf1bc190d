# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._queue import address
from ansible_collections.mailops.postfix.plugins.module_utils._queue.reasons import parse_defer_log

# Quotes, escapes, at signs and dots are what quoting is about.
texts = st.binary(max_size=40) | st.lists(st.sampled_from(b'a".\\@ \r()\xff'), max_size=20).map(bytes)


@given(texts)
def test_quoting_can_be_undone(text: bytes) -> None:
    assert address.unquote(address.quote(text)) == text


@given(texts)
def test_what_needs_no_quotes_gets_none(text: bytes) -> None:
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
def test_what_is_shown_is_valid_and_tells_addresses_apart(text: bytes) -> None:
    address.display_address(text).encode("utf-8")
    assert (address.display_address(text) == "<>") == (text == b"")


@given(st.text(max_size=40))
def test_printable_text_steers_no_terminal(text: str) -> None:
    shown = address.printable(text)
    assert shown.isprintable()
    assert shown == text or not text.isprintable()


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
