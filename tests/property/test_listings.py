# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ShowqError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import quote
from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import (
    ListedMessage,
    parse_json,
    parse_listing,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import MessageList
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip
from tests.property.test_timestamps import local
from tests.unit.support.subject import MadeUpMessage, make_envelope

NULL = "MAILER-DAEMON"
NOW = 1700000000

# --- any bytes ------------------------------------------------------------------------------------------------------

_numbers: Any = st.integers() | st.floats() | st.sampled_from([NOW, "5", True, None, 10**4000, 1e308, [], {}])
_texts: Any = st.text(max_size=10) | st.sampled_from(["deferred", "hold", "4A0F9AC", NULL, None, 5, [], {}, "\ud800"])
_objects = st.fixed_dictionaries(
    {
        "queue_name": st.just("deferred") | _texts,
        "queue_id": st.just("4A0F9AC") | _texts,
        "arrival_time": st.just(NOW) | _numbers,
        "message_size": st.just(5) | _numbers,
        "sender": _texts,
        "recipients": st.lists(
            st.dictionaries(st.sampled_from(["address", "delay_reason", "bounce_reason", "orig_address"]), _texts),
            max_size=3,
        )
        | _texts,
    }
)
_json_lines = _objects.map(lambda data: json.dumps(data).encode())
_pieces = st.sampled_from(
    [
        b"4A0F9AC",
        b"*",
        b"!#",
        b" ",
        b"    5 ",
        b"Mon Nov 13 10:00:00",
        b" Tue Feb 29 23:59:60",
        b"  a@b",
        b"(reason)",
        b"\n",
        b"-- ",
    ]
)
_listing_lines = st.lists(_pieces | st.binary(max_size=5), max_size=12).map(b"".join)


@given(st.lists(st.binary(max_size=60) | _json_lines, max_size=5))
def test_any_lines_are_messages_or_our_error(lines: list[bytes]) -> None:
    found = list(parse_json(lines, null_sender=NULL))
    assert len(found) == len(lines)
    for number, item in enumerate(found, 1):
        if isinstance(item, ShowqError):
            assert item.line == number
        else:
            check(item)


@given(st.lists(st.binary(max_size=60) | _listing_lines, max_size=8))
def test_any_lines_are_a_listing_or_our_error(lines: list[bytes]) -> None:
    for item in parse_listing(lines, null_sender=NULL, now=NOW):
        if not isinstance(item, ShowqError):
            check(item)


def check(message: ListedMessage) -> None:
    envelope = message.envelope
    assert is_valid(message.queue_id)
    assert message.queue in ("maildrop", "incoming", "active", "deferred", "hold")
    assert 0 <= envelope.arrival < 10**15
    assert 0 <= envelope.size < 10**15
    assert isinstance(envelope.sender, bytes)
    assert set(message.reasons()) <= set(envelope.pending)


# --- what postqueue writes ------------------------------------------------------------------------------------------

# As showq(8) sends: printable, no line end; an address that looks like the null sender's cannot be distinguished from it.
_printable = st.text(st.characters(blacklist_categories=["C", "Z"]), min_size=1, max_size=15).map(str.encode)
_addresses = st.just(b"") | _printable.filter(lambda text: text != NULL.encode())
_reasons = st.text("abc ()<>,;", min_size=1, max_size=20).map(str.strip).filter(bool)
_ids = st.sampled_from(["4A0F9AC", "3Vgspm0WfDz30Dy", "0000012345"])


@st.composite
def listed_messages(draw: st.DrawFn) -> ListedMessage:
    pending = draw(st.lists(_addresses, max_size=4, unique=True))
    reasons = {address: draw(_reasons).encode() for address in pending if draw(st.booleans())}
    return ListedMessage(
        queue_id=draw(_ids),
        queue=draw(st.sampled_from(["active", "deferred", "hold"])),
        envelope=make_envelope(
            arrival=draw(st.integers(NOW - 86400 * 1000, NOW)),
            size=draw(st.integers(0, 10**9)),
            sender=draw(_addresses),
            pending=pending,
        ),
        forced_expire=draw(st.booleans()),
        listed_reasons=reasons,
    )


def external(address: bytes) -> str:
    return quote(address).decode() if address else NULL


def as_json(message: ListedMessage) -> bytes:
    """Return what src/postqueue/showq_json.c writes."""
    recipients = []
    for address in message.envelope.pending:
        recipient = {"address": external(address)}
        if address in message.reasons():
            recipient["delay_reason"] = message.reasons()[address].decode()
        recipients.append(recipient)
    data = {
        "queue_name": message.queue,
        "queue_id": message.queue_id,
        "arrival_time": message.envelope.arrival,
        "message_size": message.envelope.size,
        "forced_expire": message.forced_expire,
        "sender": external(message.envelope.sender or b""),
        "recipients": recipients,
    }
    return json.dumps(data, ensure_ascii=False).encode() + b"\n"


def as_listing(message: ListedMessage) -> str:
    """Return what src/postqueue/showq_compat.c writes."""
    mark = {"active": "*", "hold": "!"}.get(message.queue, "") + ("#" if message.forced_expire else "")
    asctime = time.asctime(time.localtime(message.envelope.arrival))
    lines = [
        "%-11s %7d %20.20s %s"
        % (message.queue_id + mark, message.envelope.size, asctime, external(message.envelope.sender or b""))
    ]
    shown = ""
    for address in message.envelope.pending:
        reason = message.reasons().get(address, b"").decode()
        if reason != shown:
            shown = reason
            lines.append(("(%s)" % (reason or "reason unavailable")).rjust(78))
        lines.append("%-11s %7s %-20s %s" % ("", "", "", external(address)))
    return "".join(line + "\n" for line in lines)


@given(st.lists(listed_messages(), max_size=4))
def test_json_is_read_back(messages: list[ListedMessage]) -> None:
    assert list(parse_json(map(as_json, messages), null_sender=NULL)) == messages


@given(st.lists(listed_messages(), min_size=1, max_size=4))
def test_a_listing_is_read_back(messages: list[ListedMessage]) -> None:
    text = "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n"
    # An hour that comes twice, at the end of daylight saving time, would be read as the first one.
    with local("UTC"):
        text += "\n".join(map(as_listing, messages)) + "\n-- 5 Kbytes in %d Requests.\n" % len(messages)
        lines = text.encode().splitlines(keepends=True)
        assert list(parse_listing(lines, null_sender=NULL, now=NOW + 3600)) == messages


# --- what is listed of them -----------------------------------------------------------------------------------------


@given(st.lists(st.integers(0, 30), max_size=60), st.integers(0, 60), st.integers(1, 9))
def test_lists_of_parts_are_the_list_of_the_whole(arrivals: list[int], split: int, limit: int) -> None:
    messages = [
        MadeUpMessage(make_envelope(arrival=arrival), queue_id="%06X" % number)
        for number, arrival in enumerate(arrivals)
    ]
    parts = MessageList(limit), MessageList(limit)
    for number, message in enumerate(messages):
        parts[number >= split].offer(message)
    parts[0].merge(parts[1])
    expected = sorted((arrival, "%06X" % number) for number, arrival in enumerate(arrivals))[:limit]
    assert [(row["arrival_time"] or 0, row["queue_id"]) for row in parts[0].rows()] == expected


@given(st.text(max_size=400), st.integers(20, 330))
def test_a_text_is_cut_to_its_bytes_of_json(text: str, size: int) -> None:
    shown = clip(text, size)
    assert len(json.dumps(shown)) <= size + 2
    assert shown == text or (shown.endswith("…") and text.startswith(shown[:-1]))
    assert shown == text or len(json.dumps(text)) > size + 2
