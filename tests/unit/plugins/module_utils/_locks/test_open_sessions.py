# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
from ansible_collections.mailops.postfix.plugins.module_utils._locks.open_sessions import (
    OpenSessions,
    Session,
    is_locked,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line


def log_of(
    *texts: str,
    started: float = 1000.5,
    pid: int | None = 7,
    time: int = 1000,
    program: bytes = b"smtpd",
    syslog_name: bytes = b"postfix/submission",
) -> OpenSessions:
    """Return the log of one process with these lines."""
    log = OpenSessions({7: started})
    for text in texts:
        log.add(Line(time, b"mx", syslog_name, program, pid, text.encode()))
    return log


CONNECT = "connect from mail.example[192.0.2.7]"
CLIENT = "4A0F9AC12: client=mail.example[192.0.2.7], sasl_method=PLAIN, sasl_username=a, b@c.example"


@pytest.mark.parametrize(
    ("texts", "session"),
    [
        ([CONNECT], Session(b"192.0.2.7")),
        ([CONNECT, CLIENT], Session(b"192.0.2.7", b"a, b@c.example")),
        (["connect from unknown[2001:db8::1]:2525"], Session(b"2001:db8::1")),
        ([CONNECT, CLIENT, "disconnect from mail.example[192.0.2.7] ehlo=1 commands=1"], None),
        ([CLIENT, "disconnect from x[1.2.3.4]", CONNECT], Session(b"192.0.2.7")),
        (["4A0F9AC12: client=x[192.0.2.8]"], Session(b"192.0.2.8")),
        ([CONNECT, "warning: x: client=x[192.0.2.8], sasl_username=forged"], Session(b"192.0.2.7")),
        ([CONNECT, "4A0F9AC12: reject: RCPT from x[1.2.3.4]: 554 helo=<sasl_username=forged>"], Session(b"192.0.2.7")),
        (["lost connection after RCPT from x[192.0.2.7]"], None),
    ],
)
def test_the_last_session_counts(texts: list[str], session: Session | None) -> None:
    assert log_of(*texts).sessions.get(7) == session


def test_a_process_id_of_two_hosts_is_unknown() -> None:
    log = log_of(CONNECT, CLIENT)
    assert (log.seen, set(log.sessions)) == ({7}, {7})
    for host in (b"other", b"mx", b"other"):
        log.add(Line(1000, host, b"postfix", b"smtpd", 7, CLIENT.encode()))
        assert (log.seen, log.sessions) == (set(), {})


def test_lines_of_others_do_not_count() -> None:
    assert log_of(CONNECT, time=999).sessions == {}
    assert log_of(CONNECT, pid=8).sessions == {}
    assert log_of(CONNECT, pid=None).sessions == {}
    assert log_of(CONNECT, program=b"cleanup").sessions == {}
    assert log_of(CONNECT, syslog_name=b"").sessions == {}


def test_a_process_with_a_line_was_seen() -> None:
    assert log_of(CONNECT, "disconnect from x[1.2.3.4]").seen == {7}
    assert log_of(CONNECT, time=999).seen == set()


@pytest.mark.parametrize(
    ("session", "locked"),
    [
        (Session(b"192.0.2.7"), True),
        (Session(b"192.0.3.7"), False),
        (Session(b"unknown"), False),
        (Session(None, b"Stolen@Example.com"), True),
        (Session(b"192.0.3.7", b"other@example.com"), False),
        (Session(), False),
    ],
)
def test_what_is_locked(session: Session, locked: bool) -> None:
    locks = [
        Lock(key, value, "reject", None, None, 1, "ops", None)
        for key, value in (
            ("client_address", "192.0.2.0/24"),
            ("sasl_username", "stolen@example.com"),
            ("body", "x"),
        )
    ]
    assert is_locked(session, locks) is locked


def test_how_a_session_is_shown() -> None:
    assert Session(b"192.0.2.7", b"a\nb").show() == {"sasl_username": "a\\x0ab", "client_address": "192.0.2.7"}
    assert Session().show() == {"sasl_username": None, "client_address": None}
