# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strangers write parts of log lines. Here they write what looks like the rest of a line, in the forms in which programs log it."""

from __future__ import annotations

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format import address
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    Accepted,
    Activated,
    Delivery,
    Event,
    Expired,
    FailedLogin,
    Identified,
    Known,
    PickedUp,
    Restricted,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line, parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.other_lines import is_of_mail
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

CLOCK = Clock(1795698894)
PREFIX = b"Nov 26 13:14:54 mx01 "
END = b", relay=mx.example.com[192.0.2.9]:25, delay=1.7, delays=0.02/0/1.7/0.06, dsn=5.0.0, status=bounced ("
PIECES = [
    b", sasl_username=victim",
    b", sasl_method=PLAIN",
    b">, size=1, nrcpt=9 (queue active)",
    b">, status=expired, returned to sender",
    b"; from=<x>",
    b"status=sent (",
    b", status=sent (250 Ok)",
    b">, relay=evil[192.0.2.66]:25, delay=1, delays=1/0/0/0, dsn=2.0.0, status=sent (250 Ok",
    b">, relay=",
    b">, orig_to=<",
    b"> orig_id=ABCDEF",
    b": SASL LOGIN authentication failed: ",
    b"4XYZAB: removed",
    b" postfix/smtpd[1]: 4XYZAB: client=a[192.0.2.66], sasl_method=PLAIN, sasl_username=victim",
    b"message repeated 3 times: [ ",
    b"victim",
    b"victim,192.0.2.66): unknown user",
    b"): sql: Password mismatch",
    b": user=<victim>, method=PLAIN, rip=192.0.2.66",
    b">, method=PLAIN",
    b", rip=192.0.2.66",
    b",192.0.2.66",
    b",<session>",
    b" - trying the next passdb",
    b"] [service=smtp] [realm=",
    b"] [mech=pam]",
    b" from evil[192.0.2.66]: 550 No",
    b"header Subject: ",
    b"(auth failed, 1 attempts in 2 secs)",
    b"[192.0.2.66]",
    b'"',
    b"\\",
    b"<",
    b">",
    b"(",
    b")",
    b"[",
    b"]",
    b",",
    b";",
    b":",
    b"@",
    b" ",
    b"=",
    b"a",
    b"\xc3\xa9",
    b"?",
]
# A program replaces control characters before it logs a text (src/util/printable.c, lib/str-sanitize.c of Dovecot).
untrusted = st.lists(st.sampled_from(PIECES), max_size=6).map(b"".join)
anything = st.binary(max_size=200) | untrusted
programs = st.sampled_from(
    b"smtpd qmgr smtp lmtp local cleanup pickup bounce postscreen postsuper tlsproxy master newd".split()
)
addresses = st.builds(lambda local, domain: address.quote(local + b"@" + domain), untrusted, st.just(b"example.com"))


def read(line: bytes) -> Event | None:
    parts = parse_line(PREFIX + line, CLOCK)
    assert parts is not None
    assert is_of_mail(parts)
    return read_event(parts)


def is_event(event: object) -> bool:
    return isinstance(event, Event.__args__)  # type: ignore[attr-defined]


@given(anything)
def test_any_bytes_are_no_line_or_a_line(line: bytes) -> None:
    parts = parse_line(line, CLOCK)
    assert parts is None or read_event(parts) is None or is_event(read_event(parts))


@given(
    programs | st.sampled_from([b"dovecot", b"saslauthd"]),
    st.sampled_from([b"", b"postfix", b"postfix/submission", b"x"]),
    anything,
)
def test_any_text_is_an_event_or_not_understood(program: bytes, syslog_name: bytes, text: bytes) -> None:
    event = read_event(Line(0, b"mx01", syslog_name, program, 1, text))
    assert event is None or is_event(event)


@pytest.mark.parametrize("start", [b"", PREFIX, PREFIX + b"postfix/smtpd[1]: ", PREFIX + b"dovecot: auth: "])
def test_a_line_of_one_megabyte(start: bytes) -> None:
    noise = bytes(random.Random(1).choices(range(256), k=1 << 20))
    for text in (start + noise, start + noise.replace(b"\n", b""), start + (1 << 20) * b"a", start + (1 << 19) * b", "):
        line = parse_line(text, CLOCK)
        event = None if line is None else read_event(line)
        assert event is None or is_event(event)


# --- Postfix --------------------------------------------------------------------------------------------------------------


@given(untrusted)
def test_names_of_accepted_logins(name: bytes) -> None:
    event = read(b"postfix/smtpd[1]: 4XABCD: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=" + name)
    assert event == Accepted(b"4XABCD", b"a", b"192.0.2.1", b"PLAIN", name, None)


@given(untrusted)
def test_names_of_failed_logins(name: bytes) -> None:
    # Postfix logs 100 bytes of it (src/smtpd/smtpd_sasl_glue.c).
    event = read(
        b"postfix/smtpd[1]: warning: a[192.0.2.1]: SASL LOGIN authentication failed: x, sasl_username=" + name[:100]
    )
    assert event == FailedLogin("postfix", b"192.0.2.1", b"LOGIN", name[:100] or None)


@given(untrusted)
def test_mechanisms_of_failed_logins(method: bytes) -> None:
    event = read(
        b"postfix/smtpd[1]: warning: a[192.0.2.1]: SASL "
        + method[:100]
        + b" authentication failed: Invalid authentication mechanism, sasl_username=(unavailable)"
    )
    assert isinstance(event, FailedLogin)
    assert event.client_address == b"192.0.2.1"
    assert event.sasl_username is None


@given(addresses, addresses, untrusted, untrusted)
def test_restrictions(sender: bytes, recipient: bytes, helo: bytes, answer: bytes) -> None:
    event = read(
        b"postfix/smtpd[1]: 4XABCD: reject: RCPT from a[192.0.2.1]: 550 5.7.1 "
        + answer
        + b"; from=<%b> to=<%b> proto=ESMTP helo=<%b>" % (sender, recipient, helo)
    )
    assert isinstance(event, Restricted)
    assert event[:4] == (b"4XABCD", b"reject", b"RCPT", b"192.0.2.1")
    assert (b"550 5.7.1 " + answer).startswith(event.text)
    assert b"; from=<" in answer or event.text == (b"550 5.7.1 " + answer).rstrip(b";")


@given(untrusted, addresses, untrusted)
def test_header_checks(value: bytes, sender: bytes, helo: bytes) -> None:
    event = read(
        b"postfix/cleanup[1]: 4XABCD: discard: header Subject: %b from a[192.0.2.1]; from=<%b> to=<b@c> proto=ESMTP helo=<%b>"
        % (value[:191], sender, helo)
    )
    assert event == Restricted(b"4XABCD", b"discard", b"header Subject", None, b"")


@given(untrusted)
def test_message_ids(message_id: bytes) -> None:
    event = read(b"postfix/cleanup[1]: 4XABCD: message-id=" + message_id)
    assert event == Identified(b"4XABCD", message_id)


@given(addresses | untrusted)
def test_senders(sender: bytes) -> None:
    """In either form of addresses, for Postfix's own text ends the line."""
    qmgr, pickup = b"postfix/qmgr[1]: 4XABCD: from=<" + sender, b"postfix/pickup[1]: 4XABCD: uid=7 from=<" + sender
    assert read(qmgr + b">, size=12, nrcpt=3 (queue active)") == Activated(b"4XABCD", sender, 3)
    assert read(qmgr + b">, status=expired, returned to sender") == Expired(b"4XABCD", sender)
    assert read(pickup + b">") == PickedUp(b"4XABCD", 7, sender, None)
    assert read(pickup + b"> orig_id=4XABCC") == PickedUp(b"4XABCD", 7, sender, b"4XABCC")


@given(addresses, st.integers(min_value=0, max_value=4000))
def test_senders_that_are_cut(sender: bytes, length: int) -> None:
    """Whatever the length at which a syslog daemon cuts lines, from the shortest one known."""
    text = b"4XABCD: from=<" + sender.ljust(length, b"a") + b">, size=1, nrcpt=9 (queue active)"
    event = read(b"postfix/qmgr[1]: " + text)
    assert len(text) <= 900 or event is None


@given(addresses, st.none() | addresses, untrusted)
def test_deliveries(recipient: bytes, original: bytes | None, answer: bytes) -> None:
    """In the external form of addresses. An answer, or an address with all of the end of a line, may not be understood."""
    text = b"to=<%b>" % recipient + (b"" if original is None else b", orig_to=<%b>" % original)
    event = read(b"postfix/smtp[1]: 4XABCD: " + text + END + answer + b")")
    true = Delivery(b"4XABCD", recipient, b"mx.example.com[192.0.2.9]:25", b"bounced", answer)
    if b", status=" in text or b">, relay=" in answer or b">, orig_to=<" in answer:
        assert event in (true, None)
    else:
        assert event == true


@given(untrusted, untrusted)
def test_deliveries_to_addresses_without_quotes(recipient: bytes, answer: bytes) -> None:
    """In the internal form, and in the external form for a domain. Then the end of an address is not certain, but the status is."""
    for before in (b"", b"a@"):
        event = read(b"postfix/smtp[1]: 4XABCD: to=<" + before + recipient + b">" + END + answer + b")")
        if event is not None:
            assert isinstance(event, Delivery)
            assert event.recipient == before + recipient or b">, orig_to=<" in recipient
            assert event[2:] == (b"mx.example.com[192.0.2.9]:25", b"bounced", answer)


# --- Services that check passwords ----------------------------------------------------------------------------------------


@given(
    untrusted,
    st.sampled_from(
        [
            b"auth: sql(%b,192.0.2.1): unknown user",
            b"auth: passwd-file(%b,192.0.2.1,<x+/>): Password mismatch",
            b"auth-worker(7): conn unix:auth-worker (pid=3,uid=9): auth-worker<5>: pam(%b,192.0.2.1): unknown user",
            b"auth(%b,192.0.2.1,sasl:login)<CvN>: sql: Password mismatch",
        ]
    ),
)
def test_names_that_dovecot_checks(name: bytes, form: bytes) -> None:
    # Dovecot logs 64 bytes of it (src/auth/auth-request.c, MAX_LOG_USERNAME_LEN).
    text = form % name[:64]
    true = FailedLogin("password check", b"192.0.2.1", None, name[:64])
    assert read(b"dovecot: " + text) in (true, None)
    # In Dovecot's own log file.
    line = parse_line(b"Nov 26 13:14:54 " + text.replace(b": ", b": Info: ", 1), CLOCK)
    assert line is None or line[2:5] == (b"", b"dovecot", None)


@given(untrusted)
def test_names_at_the_end_of_a_session_of_dovecot(name: bytes) -> None:
    # Dovecot logs 80 bytes of it (src/login-common/client-common.c).
    event = read(
        b"dovecot: imap-login: Disconnected (auth failed, 1 attempts in 2 secs): user=<%b>, method=PLAIN, rip=192.0.2.1, lip=a"
        % name[:80]
    )
    assert event in (FailedLogin("dovecot", b"192.0.2.1", b"PLAIN", name[:80] or None), None)


@given(untrusted, untrusted)
def test_names_that_saslauthd_checks(name: bytes, realm: bytes) -> None:
    event = read(
        b"saslauthd[1]: do_auth         : auth failure: [user=%b] [service=smtp] [realm=%b] [mech=pam] [reason=x]"
        % (name, realm)
    )
    whole = name + b"@" + realm if realm and b"@" not in name else name
    assert event in (FailedLogin("password check", None, None, whole), None)


# --- Time -----------------------------------------------------------------------------------------------------------------

STARTS = [
    b"",
    b"postfix/smtpd[1]: 4XABCD: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=",
    b"postfix/smtpd[1]: warning: a[192.0.2.1]: SASL ",
    b"postfix/smtpd[1]: 4XABCD: reject: RCPT from ",
    b"postfix/smtpd[1]: 4XABCD: reject: RCPT from a[192.0.2.1]: ",
    b"postfix/cleanup[1]: 4XABCD: discard: header ",
    b"postfix/qmgr[1]: 4XABCD: from=<",
    b"postfix/pickup[1]: 4XABCD: uid=7 from=<",
    b"postfix/smtp[1]: 4XABCD: to=<",
    b'postfix/smtp[1]: 4XABCD: to=<"',
    b"postfix/smtp[1]: 4XABCD: to=<a>" + END,
    b"postfix/tlsmgr[1]: ",
    b"dovecot: auth: sql(",
    b"dovecot: auth(",
    b"dovecot: imap-login: ",
    b"saslauthd[1]: do_auth : auth failure: [user=",
]


@pytest.mark.parametrize("start", STARTS)
def test_long_lines_are_read_in_linear_time(start: bytes) -> None:
    for piece in PIECES:
        text = PREFIX + start + piece * ((1 << 16) // len(piece))
        best = 1.0
        for _attempt in range(5):
            began = time.process_time()
            line = parse_line(text, CLOCK)
            event = None if line is None else read_event(line)
            best = min(best, time.process_time() - began)
            if best < 0.02:
                break
        assert event is None or isinstance(event, (Accepted, FailedLogin, Known, Restricted))
        # It is about 10 ms at most; quadratic time would be minutes.
        assert best < 0.2, piece
