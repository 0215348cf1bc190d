# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pickle
import tracemalloc

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._summary import listing
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import MessageList
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700000000
RESULT_BYTES = 64 << 10
# What a result has in addition to rows, tops and shape: instance, queues, scan, and the options as Ansible repeats them.
OTHER_BYTES = 4 << 10

# Each takes as much JSON as its kind can.
HOSTILE = {
    "ASCII": b"x" * 500,
    "quotes": b'"\\' * 250,
    "control characters": b"\x01" * 500,
    "bytes that are no UTF-8": b"\xff" * 500,
    "letters beyond ASCII": "ü".encode() * 500,
    "characters beyond the first plane": "\U0001f4a9".encode() * 500,
}


def arrived(second: int, queue_id: str = "4A0F9AC") -> MadeUpMessage:
    return MadeUpMessage(make_envelope(arrival=second), queue_id=queue_id)


# --- rows -----------------------------------------------------------------------------------------------------------


def test_a_row() -> None:
    rows = MessageList(1)
    message = MadeUpMessage(
        make_envelope(
            arrival=NOW,
            size=5,
            sender=b"",
            pending=[b"%d@example.org" % number for number in range(6)],
            attributes=[b"sasl_username=j\xfcrgen", b"client_address=192.0.2.1", b"client_name=unknown"],
        ),
        origin="smtp",
        next_retry=NOW + 300,
        forced_expire=True,
    )
    rows.offer(message, {b"0@example.org": b"refused", b"1@example.org": b"full", b"2@example.org": b"full"})
    assert rows.rows() == [
        {
            "queue_id": "4A0F9AC",
            "queue": "deferred",
            "arrival_time": NOW,
            "size": 5,
            "sender": "<>",
            "recipients": ["%d@example.org" % number for number in range(5)],
            "recipient_count": 6,
            "reason": "full",
            "sasl_username": "j\\xfcrgen",
            "client_address": "192.0.2.1",
            "client_name": "unknown",
            "origin": "smtp",
            "next_retry": NOW + 300,
            "forced_expire": True,
        }
    ]


def test_a_row_with_unknown_values() -> None:
    rows = MessageList(1)
    rows.offer(MadeUpMessage(make_envelope(arrival=0, sender=None, pending=[])))
    (row,) = rows.rows()
    unknown = (
        "arrival_time",
        "sender",
        "reason",
        "sasl_username",
        "client_address",
        "client_name",
        "origin",
        "next_retry",
    )
    assert {row[key] for key in unknown} == {None}
    assert row["recipients"] == []


@pytest.mark.parametrize("limit", [1, 3, 100, 1000])
def test_the_oldest_are_kept_in_order(limit: int) -> None:
    rows = MessageList(limit)
    for number in range(1000):
        rows.offer(arrived(NOW - number * 7919 % 1000, "%06X" % number))
    kept = [row["arrival_time"] for row in rows.rows()]
    assert kept == list(range(NOW - 999, NOW - 999 + limit))


def test_equally_old_messages_are_in_the_order_of_their_ids() -> None:
    rows = MessageList(2)
    for queue_id in ("C00000", "A00000", "B00000"):
        rows.offer(arrived(NOW, queue_id))
    assert [row["queue_id"] for row in rows.rows()] == ["A00000", "B00000"]


def test_a_limit_of_none_keeps_no_row() -> None:
    rows = MessageList(0)
    message = arrived(NOW)
    rows.offer(message)
    rows.merge(MessageList(0))
    assert rows.rows() == []


def test_lists_are_merged() -> None:
    first, second = MessageList(2), MessageList(2)
    first.offer(arrived(NOW))
    second.offer(arrived(NOW - 2))
    second.offer(arrived(NOW - 1))
    first.merge(second)
    assert [row["arrival_time"] for row in first.rows()] == [NOW - 2, NOW - 1]
    first.offer(arrived(NOW - 1, "Z00000"))
    assert [row["queue_id"] for row in first.rows()] == ["4A0F9AC", "4A0F9AC"]


def test_no_row_is_made_of_a_message_that_is_not_listed() -> None:
    rows = MessageList(1)
    for number in range(100):
        rows.offer(arrived(NOW + number))
    late = arrived(NOW + 1000)
    rows.offer(late)
    assert len(rows._rows) == len(rows.rows()) == 1  # noqa: SLF001 (what is kept is what the test is about)


def test_a_message_that_is_seen_in_two_queues_is_one_row() -> None:
    rows = MessageList(3)
    rows.offer(MadeUpMessage(make_envelope(arrival=NOW), queue_id="A00000", queue="incoming"))
    rows.offer(MadeUpMessage(make_envelope(arrival=NOW), queue_id="A00000", queue="active"))
    assert [row["queue"] for row in rows.rows()] == ["active"]


def test_only_rows_are_passed_to_another_process() -> None:
    rows = MessageList(3)
    rows.offer(
        MadeUpMessage(make_envelope(arrival=NOW, pending=[b"%d@example.org" % number for number in range(9999)]))
    )
    sent = pickle.dumps(rows)
    assert len(sent) < 1000
    assert pickle.loads(sent).rows() == rows.rows()


def test_few_messages_are_collected_if_each_has_many_recipients() -> None:
    rows = MessageList(1000)
    tracemalloc.start()
    try:
        for number in range(40):
            pending = [b"%d.%d@example.org" % (number, index) for index in range(5000)]
            rows.offer(MadeUpMessage(make_envelope(arrival=NOW + number, pending=pending), queue_id="%06X" % number))
        # All of them together take ten megabytes.
        assert tracemalloc.get_traced_memory()[0] < 2 << 20
    finally:
        tracemalloc.stop()
    assert len(rows.rows()) == 40


# --- bounds ---------------------------------------------------------------------------------------------------------


def hostile_message(number: int, text: bytes) -> MadeUpMessage:
    """Return a message whose every text is long, and like no other message's."""
    own = b"%d" % number + text
    address = own + b"@" + own
    return MadeUpMessage(
        make_envelope(
            arrival=10**14 - number,
            size=10**14,
            sender=address,
            pending=[b"%d" % index + address for index in range(5)],
            attributes=[b"sasl_username=" + own, b"client_address=" + own, b"client_name=" + own, b"helo_name=" + own],
        ),
        queue_id="%05X%X" % (number, 2**64 - 1),
        reasons_={address: own},
        origin="bounce",
        next_retry=10**14,
    )


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_result_with_the_default_options_is_bounded(kind: str) -> None:
    rows, summary = MessageList(listing.DEFAULT_LIMIT), Summary(now=10**14)
    for number in range(listing.DEFAULT_LIMIT + 5):
        message = hostile_message(number, HOSTILE[kind])
        rows.offer(message, message.reasons())
        summary.add(message.envelope, message.reasons())
    result = {
        "messages": listing.fit_rows(rows.rows(), limit=listing.DEFAULT_LIMIT),
        "top": listing.show_tops(summary, 10),
        "top_missed": dict.fromkeys(summary.tops, 10**14),
        "shape": listing.show_shape(summary, 10),
    }
    assert len(result["messages"]) >= 10
    assert all(len(top) == 10 for top in listing.show_tops(summary, 10).values())
    assert len(json.dumps(result)) < RESULT_BYTES - OTHER_BYTES


def test_ordinary_rows_all_fit() -> None:
    rows = MessageList(listing.DEFAULT_LIMIT)
    for number in range(listing.DEFAULT_LIMIT):
        rows.offer(arrived(NOW + number))
    assert len(listing.fit_rows(rows.rows(), limit=listing.DEFAULT_LIMIT)) > 90


def test_a_higher_limit_gives_more_rows() -> None:
    rows = [{"text": "x" * 4000}] * 200  # As long as a row can be.
    assert len(listing.fit_rows(rows, limit=200)) == 200
    assert len(listing.fit_rows(rows, limit=100)) == 9
    assert listing.fit_rows([], limit=0) == []


# --- tops and shape -------------------------------------------------------------------------------------------------


def summed() -> Summary:
    summary = Summary(now=NOW)
    for number, sender in enumerate((b"john doe@example.com", b"john doe@example.com", b"", b"j\xfcrgen@example.net")):
        pending = [b"a b@example.org", b"%d@example.net" % number, b"postmaster"]
        summary.add(make_envelope(arrival=NOW - 600 * number, sender=sender, pending=pending), {b"x": b"\xff full"})
    return summary


def test_tops() -> None:
    tops = listing.show_tops(summed(), 2)
    assert tops == {
        "senders": [
            {"value": '"john doe"@example.com', "messages": 2, "recipients": 6},
            {"value": "<>", "messages": 1, "recipients": 3},
        ],
        "sender_domains": [{"value": "example.com", "messages": 2}, {"value": "example.net", "messages": 1}],
        "recipients": [{"value": '"a b"@example.org', "messages": 4}, {"value": "postmaster", "messages": 4}],
        "recipient_domains": [{"value": "example.net", "messages": 4}, {"value": "example.org", "messages": 4}],
        "reasons": [{"value": "\\xff full", "messages": 4}],
        "sasl_usernames": [],
        "client_addresses": [],
    }


def test_the_shape() -> None:
    assert listing.show_shape(summed(), 1) == {
        "minutes": ["5", "10", "20", "40", "80", "160", "320", "640", "1280", "1280+"],
        "total": [3, 0, 3, 6, 0, 0, 0, 0, 0, 0],
        "domains": [{"domain": "", "recipients": 4, "buckets": [1, 0, 1, 2, 0, 0, 0, 0, 0, 0]}],
    }


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        pytest.param(b"x" * 240, "x" * 240, id="fits"),
        pytest.param(b"x" * 241, "x" * 234 + "…", id="a byte more"),
        pytest.param("\U0001f4a9".encode() * 20, "\U0001f4a9" * 20, id="twelve bytes each, fits"),
        pytest.param("\U0001f4a9".encode() * 21, "\U0001f4a9" * 18 + "…", id="twelve bytes each, one more"),
    ],
)
def test_a_long_value_is_cut_by_the_bytes_it_takes(value: bytes, shown: str) -> None:
    summary = Summary(now=NOW)
    summary.add(make_envelope(), {b"x": value})
    assert listing.show_tops(summary, 1)["reasons"] == [{"value": shown, "messages": 1}]
    assert len(json.dumps(shown)) <= 242


def test_inexact_tops_say_what_they_may_lack() -> None:
    summary = summed()
    assert listing.show_missed(summary) == {}
    summary.tops["recipients"].missed = 2
    assert listing.show_missed(summary) == {"recipients": 2}
