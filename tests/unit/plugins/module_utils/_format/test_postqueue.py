# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import time
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ShowqError, UnlistedCriterionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.postqueue import (
    ListedMessage,
    parse_json,
    parse_listing,
)
from tests.unit.support.subject import make_envelope

NULL = "MAILER-DAEMON"
ARRIVAL = 1700000000
NOW = ARRIVAL + 86400


def listed(queue_id: str, **values: Any) -> ListedMessage:
    """Return a message as the tests below list it, with other values where they are given."""
    envelope = {name: values.pop(name) for name in ("sender", "pending", "size", "arrival") if name in values}
    return ListedMessage(
        **{
            "queue_id": queue_id,
            "queue": "deferred",
            "forced_expire": False,
            "listed_reasons": {},
            "envelope": make_envelope(**envelope),
            **values,
        }
    )


# --- postqueue -j ---------------------------------------------------------------------------------------------------

_REFUSED = "connect to mx.example.org[192.0.2.1]:25: Connection refused"


def json_line(**changes: Any) -> bytes:
    """Return a line as Postfix 3.1 writes it; a value of ... leaves the key out."""
    data = {
        "queue_name": "deferred",
        "queue_id": "4A0F9AC",
        "arrival_time": ARRIVAL,
        "message_size": 1000,
        "sender": "sender@example.com",
        "recipients": [{"address": "recipient@example.org", "delay_reason": _REFUSED}],
        **changes,
    }
    return json.dumps({key: value for key, value in data.items() if value is not ...}).encode() + b"\n"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        pytest.param(
            json_line(),
            listed("4A0F9AC", listed_reasons={b"recipient@example.org": _REFUSED.encode()}),
            id="Postfix 3.1",
        ),
        pytest.param(
            json_line(forced_expire=False, recipients=[{"address": "recipient@example.org"}]),
            listed("4A0F9AC"),
            id="Postfix 3.5, without a reason",
        ),
        pytest.param(
            json_line(forced_expire=True, queue_name="hold", recipients=[]),
            listed("4A0F9AC", queue="hold", forced_expire=True, pending=[]),
            id="Postfix 3.5, expired by hand, no recipients",
        ),
        pytest.param(
            json_line(
                forced_expire=False,
                queue_id="3Vgspm0WfDz30Dy",
                recipients=[
                    {"orig_address": "", "address": "a@example.org", "delay_reason": "full"},
                    {"orig_address": "alias@example.com", "address": "b@example.org", "bounce_reason": "unknown user"},
                    {"orig_address": "", "address": "c@example.org", "other_reason": "relayed"},
                ],
            ),
            listed(
                "3Vgspm0WfDz30Dy",
                pending=[b"a@example.org", b"c@example.org"],
                listed_reasons={b"a@example.org": b"full"},
            ),
            id="Postfix 3.11: bounced ones are listed, too",
        ),
        pytest.param(
            json_line(
                sender=NULL, recipients=[{"address": '"john doe"@example.org'}, {"address": "jürgen@exämple.com"}]
            ),
            listed("4A0F9AC", sender=b"", pending=[b"john doe@example.org", "jürgen@exämple.com".encode()]),
            id="null sender, quoted local part, SMTPUTF8",
        ),
        pytest.param(
            json_line(
                recipients=[
                    {"address": "a?b@example.org", "delay_reason": "full"},
                    {"address": "twice@example.org", "delay_reason": "full"},
                    {"address": "twice@example.org", "delay_reason": "full"},
                    {"address": "<>", "delay_reason": "empty"},
                    {"address": '"a?b"@example.org'},
                    {"address": "twice@example.org"},
                    {"address": "other@example.org"},
                    {"address": "other@example.org"},
                    {"address": "MAILER-DAEMON"},
                ]
            ),
            listed(
                "4A0F9AC",
                pending=[
                    b"a?b@example.org",
                    b"twice@example.org",
                    b"twice@example.org",
                    b"",
                    *[b"other@example.org"] * 2,
                ],
                listed_reasons={b"a?b@example.org": b"full", b"twice@example.org": b"full", b"": b"empty"},
            ),
            id="listed from the log, and once more from the queue file",
        ),
        pytest.param(
            json_line(sender="MAILER-DAEMON@example.com", recipients=[]),
            listed("4A0F9AC", sender=b"MAILER-DAEMON@example.com", pending=[]),
            id="a literal MAILER-DAEMON",
        ),
    ],
)
def test_json(line: bytes, message: ListedMessage) -> None:
    assert list(parse_json([line], null_sender=NULL)) == [message]


def test_json_without_any_message_is_an_empty_queue() -> None:
    assert list(parse_json([], null_sender=NULL)) == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        pytest.param(b"\n", "Expecting value: line 2 column 1 (char 1) in b'\\n'", id="empty line"),
        pytest.param(b"[1]\n", "list indices must be integers or slices, not str in b'[1]\\n'", id="no mapping"),
        pytest.param(b"{}\n", "'queue_id' in b'{}\\n'", id="nothing in it"),
        pytest.param(json_line(queue_id="../etc"), "invalid queue ID or queue", id="a path"),
        pytest.param(json_line(queue_name="corrupt"), "invalid queue ID or queue", id="no queue of showq's"),
        pytest.param(json_line(arrival_time="soon"), "invalid literal for int() with base 10: 'soon'", id="no time"),
        pytest.param(json_line(arrival_time=-1), "invalid time or size: -1, 1000", id="before time began"),
        pytest.param(
            json_line(message_size=10**15), "invalid time or size: 1700000000, 1000000000000000", id="too large"
        ),
        pytest.param(json_line(arrival_time=float("inf")), "cannot convert float infinity to integer", id="infinity"),
        pytest.param(json_line(sender=None), "'NoneType' object has no attribute 'encode'", id="no sender"),
        pytest.param(json_line(recipients=...), "'recipients'", id="no recipients"),
        pytest.param(json_line(recipients=[{}]), "'address'", id="no address"),
        pytest.param(json_line(recipients=["x"]), "string indices must be integers", id="no mapping in recipients"),
    ],
)
def test_json_that_cannot_be_read(line: bytes, problem: str) -> None:
    good = json_line()
    first, bad, last = parse_json([good, line, good], null_sender=NULL)
    assert isinstance(first, ListedMessage)
    assert last == first
    assert isinstance(bad, ShowqError)
    assert bad.line == 2
    # Python words some of these differently from version to version, but starts them the same.
    shown = str(bad).partition(" in b'")[0] if " in b'" not in problem else str(bad)
    assert shown.startswith("postqueue output, line 2: " + problem)


def test_the_line_is_shown_in_part() -> None:
    (error,) = parse_json([b"x" * 1000], null_sender=NULL)
    assert str(error) == "postqueue output, line 1: Expecting value: line 1 column 1 (char 0) in %r" % (b"x" * 80)


def test_deeply_nested_json_is_an_error() -> None:
    (error,) = parse_json([b"[" * 200000], null_sender=NULL)
    assert isinstance(error, ShowqError)


# --- postqueue -p ---------------------------------------------------------------------------------------------------


def local(second: int) -> str:
    """Return the time as asctime(3) without the year shows it here."""
    return time.asctime(time.localtime(second))[:19]


def listing(*lines: str) -> list[bytes]:
    return [line.encode() + b"\n" for line in lines]


# As showq_compat.c prints: S_SENDER_FORMAT, reasons in parentheses up to column 77, an empty line between messages.
SHORT = listing(
    "-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------",
    "4A0F9AC*    1000 %s  sender@example.com" % local(ARRIVAL),
    "                                         recipient@example.org",
    "",
    "4A0F9AD!#   1000 %s  MAILER-DAEMON" % local(ARRIVAL),
    "                                         recipient@example.org",
    "",
    "4A0F9AE     1000 %s  sender@example.com" % local(ARRIVAL),
    "                                                             (no reason)",
    "                                         a@example.org",
    "                                         b@example.org",
    "(a very long reason that reaches beyond the seventy-seventh column (and has its own) of it all)",
    '                                         "john doe"@example.org',
    "                                                       (reason unavailable)",
    "                                         c@example.org",
    "                                         b@example.org",
    "",
    "4A0F9AF#    1000 %s  sender@example.com" % local(ARRIVAL),
    "",
    "-- 4 Kbytes in 4 Requests.",
)


def test_a_listing_with_short_ids() -> None:
    assert list(parse_listing(SHORT, null_sender=NULL, now=NOW)) == [
        listed("4A0F9AC", queue="active"),
        listed("4A0F9AD", queue="hold", forced_expire=True, sender=b""),
        listed(
            "4A0F9AE",
            pending=[b"a@example.org", b"b@example.org", b"john doe@example.org", b"c@example.org"],
            listed_reasons={
                b"a@example.org": b"no reason",
                b"b@example.org": b"no reason",
                b"john doe@example.org": b"a very long reason that reaches beyond the seventy-seventh column "
                b"(and has its own) of it all",
            },
        ),
        listed("4A0F9AF", forced_expire=True, pending=[]),
    ]


def test_a_listing_with_long_ids() -> None:
    lines = listing(
        "----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------",
        "3Vgspm0WfDz30Dy*      1000 %s sender@example.com" % local(ARRIVAL),
        "                                              recipient@example.org",
        "",
        "-- 1 Kbytes in 1 Request.",
    )
    assert list(parse_listing(lines, null_sender=NULL, now=NOW)) == [listed("3Vgspm0WfDz30Dy", queue="active")]


def test_an_empty_queue() -> None:
    assert list(parse_listing([b"Mail queue is empty\n"], null_sender=NULL, now=NOW)) == []


def test_no_output_is_not_an_empty_queue() -> None:
    (error,) = parse_listing([], null_sender=NULL, now=NOW)
    assert str(error) == "postqueue output, line 1: no output"


@pytest.mark.parametrize(
    ("lines", "number", "shown"),
    [
        pytest.param(["garbage"], 1, "'garbage'", id="no part of it"),
        pytest.param(["   a@example.org"], 1, "'   a@example.org'", id="a recipient of no message"),
        pytest.param(["", "(a reason)"], 2, "'(a reason)'", id="a reason of no message"),
        pytest.param(["-- x Kbytes in 1 Request."], 1, "'-- x Kbytes in 1 Request.'", id="no summary"),
        pytest.param(["x" * 100], 1, "'%s'" % ("x" * 80), id="shown in part"),
        pytest.param(
            ["4A0F9AC    %s Sat Jan  1 00:00:00  a@b" % ("9" * 5000)],
            1,
            "'4A0F9AC    %s'" % ("9" * 69),
            id="a number bomb",
        ),
        pytest.param(["%s    5 Sat Jan  1 00:00:00  a@b" % ("A" * 256)], 1, "'%s'" % ("A" * 80), id="no queue ID"),
    ],
)
def test_a_line_that_cannot_be_read(lines: list[str], number: int, shown: str) -> None:
    (error,) = parse_listing(listing(*lines), null_sender=NULL, now=NOW)
    assert str(error) == "postqueue output, line %d: not a line of a listing: %s" % (number, shown)


def test_messages_around_a_line_that_cannot_be_read_are_kept() -> None:
    lines = [*SHORT[:3], b"postqueue: warning: something\n", *SHORT[3:]]
    found = list(parse_listing(lines, null_sender=NULL, now=NOW))
    assert [type(item) for item in found] == [ShowqError] + 4 * [ListedMessage]


@pytest.mark.parametrize(
    ("arrival", "now"),
    [
        pytest.param(1700000000, 1700000000, id="just now"),
        pytest.param(1700000000, 1700000000 - 3600, id="an hour in the future: a clock that is off"),
        pytest.param(1704063600, 1704067200 + 3600, id="last year, an hour ago"),
        pytest.param(1709208000, 1709208000 + 400 * 86400, id="29 February, last year"),
        pytest.param(1700000000, 1700000000 + 3 * 365 * 86400, id="three years ago: by its weekday"),
        pytest.param(1730419200, 1730419200, id="October: no month of every language"),
    ],
)
def test_the_year_is_found(arrival: int, now: int) -> None:
    lines = listing("4A0F9AC     1000 %s  sender@example.com" % local(arrival))
    assert list(parse_listing(lines, null_sender=NULL, now=now)) == [listed("4A0F9AC", arrival=arrival, pending=[])]


def test_times_do_not_depend_on_the_language(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> None:
        raise AssertionError("strptime(3) reads the names of the language that the module runs in")

    monkeypatch.setattr(time, "strptime", fail)
    lines = listing("4A0F9AC     1000 %s  sender@example.com" % local(ARRIVAL))
    (message,) = parse_listing(lines, null_sender=NULL, now=NOW)
    assert isinstance(message, ListedMessage)
    assert message.envelope.arrival == ARRIVAL


@pytest.mark.parametrize(
    "text", ["Sat Foo  1 00:00:00", "Mon Feb 30 00:00:00", "Xyz Jan  1 00:00:00", "Sat Jan  1 25:00:00"]
)
def test_a_text_that_is_not_a_time_is_unknown(text: str) -> None:
    (message,) = parse_listing(listing("4A0F9AC     1000 %s  sender@example.com" % text), null_sender=NULL, now=NOW)
    assert isinstance(message, ListedMessage)
    assert message.envelope.arrival == 0


def test_the_identity_of_a_listed_message_is_in_its_envelope() -> None:
    message = listed("4A0F9AC")
    assert message.identity is message.envelope


# --- what a listing does not have ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ask", "key"),
    [
        (ListedMessage.headers, "header"),
        (ListedMessage.text_windows, "content"),
        (lambda message: message.holds(b"x"), "content"),
        (ListedMessage.text_parts, "body"),
    ],
)
def test_a_listed_message_has_no_content(ask: Callable[[ListedMessage], object], key: str) -> None:
    with pytest.raises(UnlistedCriterionError) as caught:
        ask(listed("4A0F9AC"))
    assert str(caught.value) == (
        "The criterion %s needs the queue files, and postqueue does not show them. Run this as root (become: true) "
        "with source: spool." % key
    )
    assert caught.value.key == key


def test_a_listed_message_has_reasons() -> None:
    assert listed("4A0F9AC", listed_reasons={b"a": b"full"}).reasons() == {b"a": b"full"}
