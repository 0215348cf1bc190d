# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import trace as tracing
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.lives import KEPT_LINE_BYTES
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import Trace, TraceRequest
from tests.unit.support.mail_log import CLOCK, log, sent

LOCAL = "client=localhost[127.0.0.1]"
ADDRESSES = "from=<a@example.net>, size=1, nrcpt=1 (queue active)"
# A message through a content filter, requeued, and returned; and other mail.
LINES = (
    "01 smtpd[7]: connect from x[203.0.113.5]",
    "01 smtpd[7]: 4A0F001: client=x[203.0.113.5]",
    "01 cleanup[1]: 4A0F001: message-id=<1@example.net>",
    "01 qmgr[1]: 4A0F001: " + ADDRESSES,
    "02 smtpd[8]: connect from localhost[127.0.0.1]",
    "02 smtpd[8]: 4A0F002: " + LOCAL,
    "02 cleanup[1]: 4A0F002: message-id=<1@example.net>",
    "03 smtpd[8]: disconnect from localhost[127.0.0.1]",
    "03 smtp[1]: " + sent("4A0F001", "127.0.0.1[127.0.0.1]:10026", "250 2.0.0 Ok: queued as 4A0F002"),
    "03 qmgr[1]: 4A0F001: removed",
    "03 smtpd[7]: disconnect from x[203.0.113.5]",
    "03 qmgr[1]: 4A0F002: " + ADDRESSES,
    "04 postsuper[1]: 4A0F002: requeued",
    "05 pickup[1]: 4A0F003: uid=106 from=<a@example.net> orig_id=4A0F002",
    "05 cleanup[1]: 4A0F003: message-id=<1@example.net>",
    "05 smtp[1]: 4A0F003: to=<u@example.org>, orig_to=<X@example.org>, relay=mx[192.0.2.1]:25, delay=1, delays=0/0/0/1, dsn=5.1.1, status=bounced (550 no)",
    "06 cleanup[1]: 4A0F004: message-id=<4@mx01>",
    "06 bounce[1]: 4A0F003: sender non-delivery notification: 4A0F004",
    "07 qmgr[1]: 4A0F004: from=<>, size=1, nrcpt=1 (queue active)",
    "07 local[1]: 4A0F004: to=<a@example.net>, relay=local, delay=1, delays=0/0/0/1, dsn=2.0.0, status=sent (delivered)",
    # Others.
    "07 smtpd[9]: 4A0F009: client=y[198.51.100.1]",
    "07 cleanup[1]: 4A0F009: message-id=<4A0F001: removed>",
    "07 qmgr[1]: 4A0F009: from=<a@example.net>, size=1, nrcpt=1 (queue active)",
    "08 smtp[1]: " + sent("4A0F009", "mx[192.0.2.1]:25", "250 2.0.0 Ok: queued as 4A0F001", to="y@example.org"),
    "09 smtpd[9]: 4A0F010: client=y[198.51.100.1]",
    "09 cleanup[1]: 4A0F010: message-id=<1@example.net>",
    "09 smtp[1]: " + sent("4A0F010", "mx[192.0.2.1]:25", "250 2.0.0 Ok", to="x@example.org"),
)
BLOCK = log(*LINES)
WHOLE = [line for line in BLOCK.splitlines() if b"4A0F009" not in line and b"4A0F010" not in line]


def traced(block: bytes = BLOCK, *, passes: int | None = None, **request: bytes) -> Trace:
    """Read a block as often as needed. passes: how often that must be."""
    trace = Trace(TraceRequest(**request))
    number = 0
    while True:
        for line in block.splitlines(keepends=True):
            trace.add_block(line, CLOCK)
        number += 1
        if not trace.wants_pass():
            break
    assert passes in (None, number)
    return trace


def lines_of(trace: Trace) -> list[bytes]:
    return [found.record.line for found in trace.lines()]


@pytest.mark.parametrize("queue_id", [b"4A0F001", b"4A0F002", b"4A0F003", b"4A0F004"])
def test_all_of_a_message(queue_id: bytes) -> None:
    trace = traced(queue_id=queue_id)
    assert lines_of(trace) == WHOLE
    assert not trace.truncated
    numbers = {found.record.queue_id: found.message for found in trace.lines()}
    assert numbers == {b"4A0F001": 1, b"4A0F002": 2, b"4A0F003": 3, b"4A0F004": 4, None: None}


def test_large_blocks_are_the_same() -> None:
    trace = Trace(TraceRequest(queue_id=b"4A0F003"))
    trace.add_block(BLOCK, CLOCK)
    while trace.wants_pass():
        trace.add_block(BLOCK, CLOCK)
    assert lines_of(trace) == WHOLE


def test_two_passes_are_enough_for_one_queue_id() -> None:
    block = log(*LINES[:4])
    assert len(lines_of(traced(block, queue_id=b"4A0F001", passes=2))) == 4
    assert lines_of(traced(block, queue_id=b"4A0F005", passes=1)) == []


def test_a_message_id_of_several_messages() -> None:
    found = lines_of(traced(message_id=b"1@example.net"))
    assert found == [*WHOLE, *log(*LINES[24:]).splitlines()]


@pytest.mark.parametrize("recipient", [b"x@example.org", b"U@EXAMPLE.org"])
def test_a_sender_and_a_recipient(recipient: bytes) -> None:
    assert lines_of(traced(sender=b"A@example.net", recipient=recipient)) == WHOLE


@pytest.mark.parametrize(
    ("sender", "recipient", "number"),
    [
        pytest.param(b"a@example.net", b"y@example.org", 4, id="another recipient"),
        pytest.param(b"b@example.net", b"x@example.org", 0, id="another sender"),
        pytest.param(b"a@example.net", b"z@example.org", 0, id="no recipient"),
        pytest.param(b"", b"a@example.net", len(WHOLE), id="null sender"),
    ],
)
def test_other_senders_and_recipients(sender: bytes, recipient: bytes, number: int) -> None:
    assert len(lines_of(traced(sender=sender, recipient=recipient))) == number


def test_addresses_with_quotes() -> None:
    block = log(
        '01 cleanup[1]: 4A0F001: message-id=<to=<"c d"@example.org>>',
        '01 qmgr[1]: 4A0F001: from=<"a b"@example.net>, size=1, nrcpt=1 (queue active)',
        '02 smtp[1]: 4A0F001: to=<"c d"@example.org>, relay=none, delay=1, delays=0/0/0/1, dsn=4.0.0, status=deferred (x)',
    )
    assert len(lines_of(traced(block, sender=b"a b@example.net", recipient=b"c d@example.org"))) == 3


REJECT = "01 smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <x@example.org>: no; from=<%s> to=<%s> proto=ESMTP helo=<x>"


def test_rejected_mail_has_no_queue_id() -> None:
    wanted, *others = (
        REJECT % pair
        for pair in (
            ("A@example.net", "x@example.org"),
            ("b@example.net", "x@example.org"),
            ("a@example.net", "y@example.org"),
        )
    )
    block = log(wanted, *others, REJECT.replace("; from", "; x") % ("a@example.net", "x@example.org"))
    [found] = traced(block, sender=b"a@example.net", recipient=b"x@example.org").lines()
    assert (found.record.line + b"\n", found.message) == (log(wanted), None)


def test_a_queue_id_that_was_used_twice() -> None:
    block = BLOCK + log(
        "20 smtpd[1]: 4A0F001: client=z[192.0.2.3]",
        "20 cleanup[1]: 4A0F001: message-id=<new>",
        "21 smtpd[1]: 4A0F011: " + LOCAL + ", orig_queue_id=4A0F001",
    )
    by_queue_id = traced(block, queue_id=b"4A0F001").lines()
    assert {found.message for found in by_queue_id} == {None, 1, 2, 3, 4, 5, 6}
    assert len(by_queue_id) == len(WHOLE) + 3
    # Found by another queue ID, it is only the message that belongs to it.
    assert lines_of(traced(block, queue_id=b"4A0F002")) == WHOLE
    assert len(lines_of(traced(block, queue_id=b"4A0F011"))) == 3


def test_mail_that_is_not_in_the_queue_is_of_nobody() -> None:
    block = log(
        "01 smtpd[1]: NOQUEUE: client=x[203.0.113.5], sasl_method=PLAIN, sasl_username=a",
        "02 smtpd[2]: NOQUEUE: client=y[203.0.113.6], sasl_method=PLAIN, sasl_username=b",
        "03 smtpd[3]: 4A0F001: " + LOCAL + ", orig_queue_id=NOQUEUE",
    )
    assert len(lines_of(traced(block, queue_id=b"4A0F001", passes=2))) == 1


def test_many_queue_ids_are_found_in_one_pass() -> None:
    several = [
        "%02d pickup[1]: 4B0F%03d: uid=106 from=<a@x> orig_id=4A0F001" % (number, number) for number in range(1, 31)
    ]
    block = log(
        "00 cleanup[1]: 4A0F001: message-id=<a>",
        *several,
        *("40 qmgr[1]: 4B0F%03d: removed" % number for number in range(1, 31)),
    )
    assert len(lines_of(traced(block, queue_id=b"4A0F001", passes=2))) == 61


@pytest.mark.parametrize(
    ("bound", "value"),
    [("MAX_PASSES", 2), ("MAX_QUEUE_IDS", 3), ("MAX_LINES", 4)],
)
def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(tracing, bound, value)
    trace = traced(queue_id=b"4A0F003")
    assert len(lines_of(trace)) < len(WHOLE)
    assert trace.truncated


def test_candidates_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracing, "_MAX_CANDIDATES", 1)
    assert traced(sender=b"a@example.net", recipient=b"x@example.org").truncated


def test_a_long_line_is_cut() -> None:
    [found] = traced(log("01 cleanup[1]: 4A0F001: message-id=<%s>" % ("x" * 5000)), queue_id=b"4A0F001").lines()
    assert len(found.record.line) == KEPT_LINE_BYTES
