# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import calendar

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line, parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# The time of every line here, in any zone: the tests compare only the others by their parts.
UTC = b"2026-11-26T13:14:54+00:00"
TIME = calendar.timegm((2026, 11, 26, 13, 14, 54))


@pytest.fixture
def clock() -> Clock:
    return Clock(TIME)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        pytest.param(
            b" mx01 postfix/smtpd[123]: connect from x[192.0.2.1]",
            (b"mx01", b"postfix", b"smtpd", 123, b"connect from x[192.0.2.1]"),
            id="usual",
        ),
        pytest.param(
            b" mx01 postfix/qmgr[1]: 4X: removed\n",
            (b"mx01", b"postfix", b"qmgr", 1, b"4X: removed"),
            id="with its end",
        ),
        pytest.param(
            b" mx01 postfix/submission/smtpd[1]: a", (b"mx01", b"postfix/submission", b"smtpd", 1, b"a"), id="service"
        ),
        pytest.param(
            b" mx01 postfix-out/smtps/smtpd[1]: a", (b"mx01", b"postfix-out/smtps", b"smtpd", 1, b"a"), id="instance"
        ),
        pytest.param(
            b" mx01 postfix-192.0.2.1/qmgr[1]: a",
            (b"mx01", b"postfix-192.0.2.1", b"qmgr", 1, b"a"),
            id="name with dots",
        ),
        pytest.param(b" mx01 mail/smtp[1]: a", (b"mx01", b"mail", b"smtp", 1, b"a"), id="name without postfix"),
        pytest.param(b" mx01 postfix/master: a: b", (b"mx01", b"postfix", b"master", None, b"a: b"), id="no pid"),
        pytest.param(b" mx01 dovecot: auth: a", (b"mx01", b"", b"dovecot", None, b"auth: a"), id="no syslog name"),
        pytest.param(b" mx01 postfix[7]: a", (b"mx01", b"", b"postfix", 7, b"a"), id="program alone"),
        pytest.param(
            b" 2001:db8::1 postfix/smtp[1]: a", (b"2001:db8::1", b"postfix", b"smtp", 1, b"a"), id="IPv6 host"
        ),
        pytest.param(b" relay/mx01 postfix/smtp[1]: a", (b"relay/mx01", b"postfix", b"smtp", 1, b"a"), id="two hosts"),
        pytest.param(b" mx01 postfix/smtp[1]: ", (b"mx01", b"postfix", b"smtp", 1, b""), id="no text"),
        pytest.param(
            b" mx01 postfix/smtp[1]: \xff\0\r", (b"mx01", b"postfix", b"smtp", 1, b"\xff\0\r"), id="any bytes"
        ),
        pytest.param(b" postfix/smtpd[1]: a", (b"", b"postfix", b"smtpd", 1, b"a"), id="no host"),
        pytest.param(
            b" auth-worker(22401): Info: sql(a,192.0.2.5): unknown user",
            (b"", b"", b"dovecot", None, b"auth-worker(22401): Info: sql(a,192.0.2.5): unknown user"),
            id="Dovecot's own file",
        ),
        pytest.param(
            b" imap-login: Info: Login: user=<a>\n",
            (b"", b"", b"dovecot", None, b"imap-login: Info: Login: user=<a>"),
            id="Dovecot's own file, no name",
        ),
        pytest.param(
            b" auth(a b,192.0.2.1,sasl:login)<Cv>: Info: sql: Password mismatch",
            (b"", b"", b"dovecot", None, b"auth(a b,192.0.2.1,sasl:login)<Cv>: Info: sql: Password mismatch"),
            id="Dovecot 2.4, own file",
        ),
        pytest.param(
            b" auth(x postfix/smtpd[1]: 4XYZAB: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=victim): Info: a",
            (
                b"",
                b"",
                b"dovecot",
                None,
                b"auth(x postfix/smtpd[1]: 4XYZAB: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=victim): Info: a",
            ),
            id="a login name that looks like a line of Postfix",
        ),
    ],
)
def test_parts(clock: Clock, line: bytes, parts: tuple[bytes, bytes, bytes, int | None, bytes]) -> None:
    assert parse_line(UTC + line, clock) == Line(TIME, *parts)


@pytest.mark.parametrize(
    ("line", "parts"),
    [
        pytest.param(
            b"<22>" + UTC + b" mx01 postfix/smtpd[1]: a", (b"mx01", b"postfix", b"smtpd", 1, b"a"), id="priority"
        ),
        pytest.param(
            b"2026-11-26T14:00:00.123456789Z " + UTC + b" mx01 postfix/smtpd[1]: a",
            (b"mx01", b"postfix", b"smtpd", 1, b"a"),
            id="Docker's time",
        ),
        pytest.param(
            b"2026-11-26T14:00:00.123456789Z stdout F " + UTC + b" mx01 postfix/smtpd[1]: a",
            (b"mx01", b"postfix", b"smtpd", 1, b"a"),
            id="Kubernetes",
        ),
        pytest.param(
            b"<22>1 " + UTC + b" mx01 postfix/smtpd 12 - - a: b",
            (b"mx01", b"postfix", b"smtpd", 12, b"a: b"),
            id="RFC 5424",
        ),
        pytest.param(
            b"1 " + UTC + b' mx01 postfix/submission/smtpd 12 ID [a@1 b="c\\"] d"][e] \xef\xbb\xbf a',
            (b"mx01", b"postfix/submission", b"smtpd", 12, b"a"),
            id="RFC 5424 with data",
        ),
        pytest.param(
            b"1 " + UTC + b" mx01 dovecot - - -  a", (b"mx01", b"", b"dovecot", None, b"a"), id="RFC 5424, no pid"
        ),
    ],
)
def test_other_forms(clock: Clock, line: bytes, parts: tuple[bytes, bytes, bytes, int | None, bytes]) -> None:
    assert parse_line(line, clock) == Line(TIME, *parts)


@pytest.mark.parametrize("stamp", [b"Mar  7 02:09:33", b"Mar 7 02:09:33", b"Mar 07 02:09:33"])
def test_a_day_of_one_digit(clock: Clock, stamp: bytes) -> None:
    line = parse_line(stamp + b" mx01 postfix/smtpd[1]: a", clock)
    assert line is not None
    assert line == Line(clock.seconds(b"Mar  7 02:09:33"), b"mx01", b"postfix", b"smtpd", 1, b"a")


@pytest.mark.parametrize(
    ("text", "found", "repeated"),
    [
        pytest.param(b"message repeated 3 times: [ warning: a]", b"warning: a", 3, id="rsyslog"),
        pytest.param(b"message repeated 3 times: [warning: a[b]]", b"warning: a[b]", 3, id="without a blank"),
        pytest.param(b"message repeated 3 times: []", b"", 3, id="empty"),
        pytest.param(b"message repeated 3 times: [ a", b"message repeated 3 times: [ a", 1, id="cut"),
        pytest.param(b"message repeated many times", b"message repeated many times", 1, id="no number"),
        pytest.param(
            b"a message repeated 3 times: [ b]", b"a message repeated 3 times: [ b]", 1, id="not at the start"
        ),
    ],
)
def test_repeated_lines(clock: Clock, text: bytes, found: bytes, repeated: int) -> None:
    line = parse_line(UTC + b" mx01 postfix/smtpd[1]: " + text, clock)
    assert line is not None
    assert (line.text, line.repeated) == (found, repeated)


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\n", id="only an end"),
        pytest.param(b"Nov 26 13:14:54", id="only a time"),
        pytest.param(b"Nov 26 13:14:54 mx01 postfix/smtpd[1] a", id="no colon"),
        pytest.param(b"Nov 26 13:14:54 mx01 postfix/smtpd[a]: b", id="pid is no number"),
        pytest.param(b"Nov 26 13:14:54 mx01 last message repeated 3 times", id="of the program before"),
        pytest.param(b"Nov 26 13:14:54 mx01 postfix/smtpd[1]: a\nb", id="two lines"),
        pytest.param(b"Abc 26 13:14:54 mx01 postfix/smtpd[1]: a", id="no month"),
        pytest.param(b"2026-13-26T13:14:54Z mx01 postfix/smtpd[1]: a", id="no date"),
        pytest.param(b"@400000004c91b044077a9e94 imap-login: Info: a", id="TAI64N"),
    ],
)
def test_no_line(clock: Clock, line: bytes) -> None:
    assert parse_line(line, clock) is None
