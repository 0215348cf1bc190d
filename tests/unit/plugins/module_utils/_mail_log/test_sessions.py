# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import sessions
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sessions import SessionLines, TracedSession
from tests.unit.support.mail_log import CLOCK, log

CONNECT = "01 smtpd[7]: connect from x[203.0.113.5]"
ACCEPTED = "02 smtpd[7]: 4A0F001: client=x[203.0.113.5]"
FAILED = "02 smtpd[7]: warning: x[203.0.113.5]: SASL PLAIN authentication failed: bad"
END = "03 smtpd[7]: disconnect from x[203.0.113.5] ehlo=1 mail=1 quit=1 commands=3"


def found(*lines: str, accepted: str = ACCEPTED, address: bytes = b"203.0.113.5") -> list[int]:
    """Return the numbers of the lines of the session."""
    block = log(*lines)
    whole = block.splitlines()
    session = TracedSession(b"mx01", b"postfix/smtpd", 7, address, block.index(log(accepted)))
    read = SessionLines()
    assert read.look_for([session])
    assert not read.look_for([session])
    read.add_block(block, CLOCK, offset=0)
    assert not list(read.records([session]))
    assert SessionLines().look_for([]) is False
    read = SessionLines()
    read.look_for([session])
    read.add_block(block, CLOCK, offset=0)
    assert not read.truncated
    return [whole.index(record.line) for record in read.records([session])]


@pytest.mark.parametrize(
    ("lines", "numbers"),
    [
        pytest.param([CONNECT, FAILED, ACCEPTED, END], [0, 1, 3], id="whole"),
        pytest.param(
            [CONNECT, "02 smtpd[7]: NOQUEUE: client=x[203.0.113.5]", ACCEPTED, END],
            [0, 1, 3],
            id="a message before a filter",
        ),
        pytest.param([FAILED, ACCEPTED, END], [], id="no beginning"),
        pytest.param([CONNECT, ACCEPTED], [0], id="no end"),
        pytest.param([CONNECT.replace("[7]", "[8]"), ACCEPTED, END], [], id="another process"),
        pytest.param(
            [CONNECT, ACCEPTED, "02 smtpd[7]: 4A0F002: client=x[203.0.113.5]", END],
            [0, 3],
            id="another message of the session",
        ),
        pytest.param([CONNECT, END, ACCEPTED], [], id="after the end"),
        pytest.param([CONNECT.replace("203", "198"), ACCEPTED, END], [], id="another client"),
        pytest.param([CONNECT, ACCEPTED, END.replace("203", "198")], [0], id="the end of another client"),
        pytest.param(
            [
                CONNECT.replace("203", "198"),
                END.replace("203", "198"),
                "01 smtpd[7]: connect from y[203.0.113.5]",
                ACCEPTED,
                END,
                CONNECT,
                END,
            ],
            [2, 4],
            id="sessions before and after",
        ),
        pytest.param(
            [CONNECT, ACCEPTED, "04 smtpd[7]: connect from y[203.0.113.6]", END], [0], id="the end is missing"
        ),
        pytest.param(
            [
                CONNECT,
                "02 cleanup[9]: 4A0F001: message-id=<smtpd[7]: x>",
                "02 cleanup[9]: postfix/smtpd[7]: connect from z[1.2.3.4]",
                ACCEPTED,
                END,
            ],
            [0, 4],
            id="text in other lines",
        ),
    ],
)
def test_lines_of_a_session(lines: list[str], numbers: list[int]) -> None:
    assert found(*lines) == numbers


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "MAX_LINES", 1)
    monkeypatch.setattr(sessions, "MAX_PROCESSES", 1)
    block = log(CONNECT, ACCEPTED, END)
    several = [TracedSession(b"mx01", b"postfix/smtpd", pid, b"203.0.113.5", 60) for pid in (7, 8)]
    read = SessionLines()
    assert read.look_for(several)
    assert read.truncated
    read.truncated = False
    read.add_block(block, CLOCK, offset=0)
    assert read.truncated
    assert len(list(read.records(several))) == 1
