# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import attribution
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.attribution import SubmissionLog
from tests.unit.support.mail_log import CLOCK, START, log, sent

LOGIN = "client=x[203.0.113.5], sasl_method=PLAIN, sasl_username="
LOCAL = "client=localhost[127.0.0.1]"
QUEUED = "127.0.0.1[127.0.0.1]:10026", "250 2.0.0 Ok: queued as "


def read(*lines: str, wanted: tuple[bytes, ...] = (b"4A0F002",)) -> SubmissionLog:
    found = SubmissionLog(wanted)
    found.add_block(log(*lines), CLOCK)
    return found


def find(*lines: str, arrival: int = 10) -> bytes | None:
    return read(*lines).find(b"4A0F002", START + arrival)


@pytest.mark.parametrize(
    ("lines", "login"),
    [
        pytest.param(["10 smtpd[1]: 4A0F002: " + LOGIN + "a"], b"a", id="the message itself"),
        pytest.param(["10 smtpd[1]: 4A0F003: " + LOGIN + "a"], None, id="another message"),
        pytest.param(["10 smtpd[1]: 4A0F002: client=x[203.0.113.5]"], None, id="no login"),
        pytest.param(["10 cleanup[1]: 4A0F002: message-id=<: 4A0F002: " + LOGIN + "a>"], None, id="a stranger's text"),
        pytest.param(["05 smtpd[1]: NOQUEUE: " + LOGIN + "a"], None, id="no queue ID"),
        pytest.param(
            ["05 smtpd[1]: 4A0F001: " + LOGIN + "a", "10 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F001"],
            b"a",
            id="XFORWARD",
        ),
        pytest.param(
            ["05 smtpd[1]: 4A0F001: " + LOGIN + "a", "10 pickup[1]: 4A0F002: uid=106 from=<a@x> orig_id=4A0F001"],
            b"a",
            id="requeued",
        ),
        pytest.param(["10 pickup[1]: 4A0F002: uid=106 from=<a@x>"], None, id="sendmail"),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "06 qmgr[1]: 4A0F001: removed",
                "10 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F001",
            ],
            None,
            id="another message with the old queue ID",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "06 smtpd[1]: 4A0F001: client=x[203.0.113.5]",
                "10 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F001",
            ],
            None,
            id="another message with the old queue ID, and no line about its end",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "10 smtpd[1]: 4A0F002: " + LOCAL,
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            b"a",
            id="without XFORWARD",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F000: " + LOGIN + "a",
                "06 smtpd[1]: 4A0F001: " + LOCAL,
                "07 smtp[1]: " + sent("4A0F000", QUEUED[0], QUEUED[1] + "4A0F001"),
                "10 smtpd[1]: 4A0F002: " + LOCAL,
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            b"a",
            id="two filters",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "10 smtpd[1]: 4A0F002: " + LOCAL,
                "11 smtp[1]: " + sent("4A0F001", "mx[192.0.2.1]:25", QUEUED[1] + "4A0F002"),
            ],
            None,
            id="the answer of a stranger",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "10 smtpd[1]: 4A0F002: client=x[203.0.113.9]",
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            None,
            id="a message that came from elsewhere",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "10 smtpd[1]: 4A0F002: " + LOCAL + ", sasl_method=PLAIN, sasl_username=b",
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            b"b",
            id="a message with a login of its own",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F002: " + LOCAL,
                "10 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            None,
            id="a message that was there before",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002"),
            ],
            None,
            id="a message that the log does not have",
        ),
        pytest.param(
            ["10 smtpd[1]: 4A0F002: " + LOCAL, "11 smtp[1]: " + sent("4A0F001", QUEUED[0], QUEUED[1] + "4A0F002")],
            None,
            id="nobody logged in",
        ),
        pytest.param(
            [
                "05 smtpd[1]: 4A0F001: " + LOGIN + "a",
                "11 smtp[1]: " + sent("4A0F001", "mx[192.0.2.1]:25", "250 queued as 4A0F002 x"),
            ],
            None,
            id="not the form of an answer",
        ),
    ],
)
def test_logins(lines: list[str], login: bytes | None) -> None:
    assert find(*lines) == login


def test_a_queue_id_that_was_used_twice() -> None:
    lines = [
        "10 smtpd[1]: 4A0F002: " + LOGIN + "a",
        "20 qmgr[1]: 4A0F002: removed",
        "50 smtpd[1]: 4A0F002: " + LOGIN + "b",
    ]
    assert find(*lines, arrival=9) == b"a"
    assert find(*lines, arrival=49) == b"b"
    lines[2] = "50 smtpd[1]: 4A0F002: client=x[203.0.113.5]"
    assert find(*lines, arrival=49) is None
    # The log says nothing of the message with that time.
    assert find(*lines, arrival=60) is None
    assert find(*lines, arrival=-4000) is None


def test_a_requeued_message_keeps_the_time_of_its_arrival() -> None:
    lines = ["05 smtpd[1]: 4A0F001: " + LOGIN + "a", "10 pickup[1]: 4A0F002: uid=106 from=<a@x> orig_id=4A0F001"]
    assert find(*lines, arrival=-40000) == b"a"


def test_what_is_known_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attribution, "MAX_OPEN", 1)
    monkeypatch.setattr(attribution, "_MAX_LIVES", 2)
    first = ["0%d smtpd[1]: 4A0F00%d: %sa" % (number, number, LOGIN) for number in (3, 4)]
    found = read(*first, "10 smtpd[1]: 4A0F002: " + LOCAL + ", orig_queue_id=4A0F003", wanted=(b"4A0F002",))
    assert found.find(b"4A0F002", START + 10) is None
    assert found.missed == 1
    again = read(*("%d smtpd[1]: 4A0F002: %s%d" % (number, LOGIN, number) for number in (10, 20, 30)))
    assert again.find(b"4A0F002", START + 10) == b"20"
