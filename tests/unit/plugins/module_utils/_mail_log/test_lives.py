# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Iterable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import find_lines
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.lives import (
    Life,
    LogRecord,
    divide,
    find_related,
    rejected_addresses,
)
from tests.unit.support.mail_log import CLOCK, log, sent

LOCAL = "client=localhost[127.0.0.1]"
CLIENT = "client=x[203.0.113.5]"
QUEUED = "127.0.0.1[127.0.0.1]:10026", "250 2.0.0 Ok: queued as "


def records_of(block: bytes) -> list[LogRecord]:
    """Return all lines as records."""
    starts = [0, *(position + 1 for position, byte in enumerate(block[:-1]) if byte == 10)]
    return [
        LogRecord(
            time=found.line.time,
            offset=found.offset,
            host=found.line.host,
            syslog_name=found.line.syslog_name,
            program=found.line.program,
            pid=found.line.pid,
            queue_id=getattr(found.event, "queue_id", None),
            event=found.event,
            line=found.raw,
        )
        for found in find_lines(block, starts, CLOCK)
    ]


def names_of(lives: Iterable[Life]) -> list[str]:
    """Return the lives as "QUEUE_ID/START", in order."""
    return sorted("%s/%02d" % (life.place[1].decode(), (life.start - CLOCK_START)) for life in lives)


CLOCK_START = 1795180440


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        pytest.param(
            [
                "01 smtpd[1]: 4A0F001: " + CLIENT,
                "01 cleanup[1]: 4A0F001: message-id=<a>",
                "01 qmgr[1]: 4A0F001: removed",
            ],
            [3],
            id="one",
        ),
        pytest.param(
            ["01 qmgr[1]: 4A0F001: removed", "01 cleanup[1]: 4A0F001: message-id=<a>"],
            [1, 1],
            id="a notice with the same queue ID",
        ),
        pytest.param(
            ["01 qmgr[1]: 4A0F001: removed", "01 qmgr[1]: 4A0F001: from=<>, size=1, nrcpt=1 (queue active)"],
            [1, 1],
            id="a beginning that is missing",
        ),
        pytest.param(
            ["01 qmgr[1]: 4A0F001: removed", "01 bounce[1]: 4A0F001: sender non-delivery notification: 4A0F002"],
            [2],
            id="lines in another order",
        ),
        pytest.param(
            ["01 cleanup[1]: 4A0F001: message-id=<a>", "01 smtpd[1]: 4A0F001: " + CLIENT], [1, 1], id="no end"
        ),
        pytest.param(
            ["01 postsuper[1]: 4A0F001: requeued", "01 cleanup[1]: 4A0F001: message-id=<a>"], [1, 1], id="requeued"
        ),
        pytest.param(
            ["01 postsuper[1]: 4A0F001: placed on hold", "01 cleanup[1]: 4A0F001: message-id=<a>"], [2], id="on hold"
        ),
        pytest.param(["01 smtpd[1]: connect from x[203.0.113.5]"], [], id="no queue ID"),
    ],
)
def test_lives_of_a_queue_id(lines: list[str], numbers: list[int]) -> None:
    lives = divide(records_of(log(*lines)))
    assert [len(life.records) for several in lives.values() for life in several] == numbers


def test_another_host_has_other_messages() -> None:
    block = log("01 cleanup[1]: 4A0F001: message-id=<a>") + log("01 cleanup[1]: 4A0F001: message-id=<a>", host="mx02")
    assert len(divide(records_of(block))) == 2


FIRST = "01 smtpd[1]: 4A0F001: " + CLIENT
IDENTIFIED = "01 cleanup[1]: 4A0F001: message-id=<a>"
REMOVED = "05 qmgr[1]: 4A0F001: removed"
PASSED_ON = "04 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002")


@pytest.mark.parametrize(
    ("lines", "related"),
    [
        pytest.param([FIRST, "03 pickup[1]: 4A0F002: uid=106 from=<a@x> orig_id=4A0F001"], True, id="requeued"),
        pytest.param(
            [FIRST, "02 postsuper[1]: 4A0F001: requeued", "59 pickup[1]: 4A0F002: uid=106 from=<a@x> orig_id=4A0F001"],
            True,
            id="picked up later",
        ),
        pytest.param(
            ["01 pickup[1]: 4A0F002: uid=106 from=<a@x> orig_id=4A0F001", FIRST.replace("01", "09", 1)],
            False,
            id="another message later",
        ),
        pytest.param([FIRST, "03 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F001"], True, id="XFORWARD"),
        pytest.param(
            [FIRST, "03 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=NOQUEUE"],
            False,
            id="XFORWARD without a queue ID",
        ),
        pytest.param(
            [FIRST, REMOVED, "30 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F001"],
            False,
            id="XFORWARD of another message",
        ),
        pytest.param(
            [
                FIRST,
                "03 cleanup[1]: 4A0F002: message-id=<b>",
                "03 bounce[1]: 4A0F001: sender non-delivery notification: 4A0F002",
            ],
            True,
            id="notice",
        ),
        pytest.param([FIRST, "03 smtpd[1]: 4A0F002: " + LOCAL, PASSED_ON], True, id="queued as"),
        pytest.param(
            [FIRST, "03 smtpd[1]: 4A0F002: " + CLIENT, PASSED_ON], False, id="queued as a message from elsewhere"
        ),
        pytest.param(
            [FIRST, "03 cleanup[1]: 4A0F002: message-id=<b>", PASSED_ON],
            False,
            id="queued as a message whose beginning is not known",
        ),
        pytest.param(
            [FIRST.replace("01", "04", 1), "01 smtpd[1]: 4A0F002: " + LOCAL, PASSED_ON],
            False,
            id="queued as an earlier message",
        ),
        pytest.param([FIRST, PASSED_ON, "30 smtpd[1]: 4A0F002: " + LOCAL], False, id="queued as a later message"),
        pytest.param(
            [
                FIRST,
                "03 smtpd[1]: 4A0F002: " + LOCAL,
                "04 smtp[1]: " + sent("4A0F001", "mx[192.0.2.1]:25", QUEUED[1] + "4A0F002"),
            ],
            False,
            id="the answer of a stranger",
        ),
        pytest.param(
            [FIRST, IDENTIFIED, "03 smtpd[1]: 4A0F002: " + LOCAL, "03 cleanup[1]: 4A0F002: message-id=<a>"],
            True,
            id="Message-ID",
        ),
        pytest.param(
            [FIRST, IDENTIFIED, "03 pickup[1]: 4A0F002: uid=1 from=<a@x>", "03 cleanup[1]: 4A0F002: message-id=<a>"],
            True,
            id="Message-ID, sendmail",
        ),
        pytest.param(
            [FIRST, IDENTIFIED, "03 smtpd[1]: 4A0F002: " + CLIENT, "03 cleanup[1]: 4A0F002: message-id=<a>"],
            False,
            id="Message-ID from elsewhere",
        ),
        pytest.param(
            [FIRST, IDENTIFIED, REMOVED, "30 smtpd[1]: 4A0F002: " + LOCAL, "30 cleanup[1]: 4A0F002: message-id=<a>"],
            False,
            id="Message-ID later",
        ),
        pytest.param(
            [FIRST, IDENTIFIED, "03 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F001")], False, id="itself"
        ),
    ],
)
def test_what_is_one_message(lines: list[str], related: bool) -> None:
    lives = divide(records_of(log(*lines)))
    [seed] = lives[b"mx01", b"4A0F001"]
    assert {life.place[1] for life in find_related([seed], lives)} == (
        {b"4A0F001", b"4A0F002"} if related else {b"4A0F001"}
    )


def test_the_right_life_of_a_queue_id() -> None:
    block = log(
        "01 cleanup[1]: 4A0F002: message-id=<other>",
        "02 qmgr[1]: 4A0F002: removed",
        "10 smtpd[1]: 4A0F001: " + CLIENT,
        "11 cleanup[1]: 4A0F002: message-id=<notice>",
        "11 bounce[1]: 4A0F001: sender non-delivery notification: 4A0F002",
        "12 qmgr[1]: 4A0F002: removed",
        "30 cleanup[1]: 4A0F002: message-id=<third>",
    )
    lives = divide(records_of(block))
    assert names_of(find_related(lives[b"mx01", b"4A0F001"], lives)) == ["4A0F001/10", "4A0F002/11"]


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        pytest.param(
            "NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <b@y>: Relay access denied; from=<a@x> to=<b@y> proto=ESMTP helo=<x>",
            (b"a@x", b"b@y"),
            id="reject",
        ),
        pytest.param(
            "NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 <b@y>: no; from=<a@x> to=<b@y> proto=SMTP helo=<; from=<c> to=<d> proto=x>",
            None,
            id="two readings",
        ),
        pytest.param("NOQUEUE: reject: CONNECT from x[192.0.2.1]: 554 5.7.1 no; proto=SMTP", None, id="no addresses"),
        pytest.param("4A0F001: message-id=<; from=<a@x> to=<b@y> proto=x>", None, id="another line"),
    ],
)
def test_rejected_addresses(text: str, addresses: tuple[bytes, bytes] | None) -> None:
    [record] = records_of(log("01 smtpd[1]: " + text))
    assert rejected_addresses(record) == addresses
