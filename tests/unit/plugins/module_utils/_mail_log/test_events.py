# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    Accepted,
    Activated,
    Delivery,
    Event,
    Expired,
    FailedLogin,
    Identified,
    Known,
    Moved,
    Noticed,
    PickedUp,
    Removed,
    Restricted,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line

SENT = b", relay=mx.example.com[192.0.2.9]:25, delay=1.7, delays=0.02/0/1.7/0.06, dsn=2.0.0, status=sent (250 Ok)"
REJECTED = b"; from=<a@example.com> to=<b@example.com> proto=ESMTP helo=<c>"


def read(program: bytes, text: bytes) -> Event | None:
    return read_event(Line(0, b"mx01", b"postfix", program, 1, text))


@pytest.mark.parametrize(
    ("text", "event"),
    [
        pytest.param(
            b"4XYZAB: client=unknown[192.0.2.1]",
            Accepted(b"4XYZAB", b"unknown", b"192.0.2.1", None, None, None),
            id="client",
        ),
        pytest.param(
            b"4XYZAB: client=a.example.com[2001:db8::1]:4711, sasl_method=PLAIN, sasl_username=bob@example.com",
            Accepted(b"4XYZAB", b"a.example.com", b"2001:db8::1", b"PLAIN", b"bob@example.com", None),
            id="login, with the port",
        ),
        pytest.param(
            b"4XYZAB: client=a[192.0.2.1], sasl_method=LOGIN, sasl_username=bob, sasl_sender=b+2B@example.com",
            Accepted(b"4XYZAB", b"a", b"192.0.2.1", b"LOGIN", b"bob", None),
            id="submitter",
        ),
        pytest.param(
            b"4XYZAB: client=localhost[127.0.0.1], orig_queue_id=4XYZAA, orig_client=a[192.0.2.1]",
            Accepted(b"4XYZAB", b"localhost", b"127.0.0.1", None, None, b"4XYZAA"),
            id="content filter",
        ),
        pytest.param(
            b"4XYZAB: client=localhost[127.0.0.1], orig_client=a[192.0.2.1]",
            Accepted(b"4XYZAB", b"localhost", b"127.0.0.1", None, None, None),
            id="content filter without an ID",
        ),
        pytest.param(
            b"NOQUEUE: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=bob",
            Accepted(b"NOQUEUE", b"a", b"192.0.2.1", b"PLAIN", b"bob", None),
            id="before-queue filter",
        ),
        pytest.param(
            b"4XYZAB: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=x, sasl_username=victim",
            Accepted(b"4XYZAB", b"a", b"192.0.2.1", b"PLAIN", b"x, sasl_username=victim", None),
            id="a name with a comma",
        ),
        pytest.param(
            b"4XYZAB: client=a[192.0.2.1], sasl_method=PLAIN, sasl_username=victim, sasl_sender=a b",
            None,
            id="two readings",
        ),
        pytest.param(
            b"warning: a[192.0.2.1]: SASL LOGIN authentication failed: UGFzc3dvcmQ6",
            FailedLogin("postfix", b"192.0.2.1", b"LOGIN", None),
            id="failed login, Postfix 3.5",
        ),
        pytest.param(
            b"warning: a[192.0.2.1]:4711: SASL CRAM-MD5 authentication failed: (reason unavailable), sasl_username=bob",
            FailedLogin("postfix", b"192.0.2.1", b"CRAM-MD5", b"bob"),
            id="failed login with a name",
        ),
        pytest.param(
            b"warning: a[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username=(unavailable)",
            FailedLogin("postfix", b"192.0.2.1", b"PLAIN", None),
            id="failed login, no name known",
        ),
        pytest.param(
            b"warning: a[192.0.2.1]: SASL PLAIN authentication failed: x, sasl_username=y, sasl_username=victim",
            FailedLogin("postfix", b"192.0.2.1", b"PLAIN", b"y, sasl_username=victim"),
            id="failed login, a name with a comma",
        ),
        pytest.param(
            b"warning: a[192.0.2.1]: SASL LOGIN authentication aborted",
            FailedLogin("postfix", b"192.0.2.1", b"LOGIN", None),
            id="aborted login",
        ),
        pytest.param(
            b'warning: a[192.0.2.1]: SASL "X authentication failed: x, sasl_username=victim" authentication failed: Invalid '
            b"authentication mechanism, sasl_username=(unavailable)",
            FailedLogin("postfix", b"192.0.2.1", None, None),
            id="failed login, a mechanism that looks like a line",
        ),
        pytest.param(
            b"NOQUEUE: reject: RCPT from a[192.0.2.1]: 554 5.7.1 <b@example.com>: Relay access denied" + REJECTED,
            Restricted(None, b"reject", b"RCPT", b"192.0.2.1", b"554 5.7.1 <b@example.com>: Relay access denied"),
            id="reject",
        ),
        pytest.param(
            b"NOQUEUE: reject: RCPT from a[192.0.2.1]: 454 4.7.1 Service unavailable; Client host [192.0.2.1] blocked"
            + REJECTED,
            Restricted(
                None,
                b"reject",
                b"RCPT",
                b"192.0.2.1",
                b"454 4.7.1 Service unavailable; Client host [192.0.2.1] blocked",
            ),
            id="answer with a semicolon",
        ),
        pytest.param(
            b"NOQUEUE: reject: CONNECT from unknown[192.0.2.1]:4711: 450 4.7.25 No;",
            Restricted(None, b"reject", b"CONNECT", b"192.0.2.1", b"450 4.7.25 No"),
            id="no context",
        ),
        pytest.param(
            b"4XYZAB: reject_warning: DATA content from a[192.0.2.1]: 550 5.7.1 No" + REJECTED,
            Restricted(b"4XYZAB", b"reject_warning", b"DATA content", b"192.0.2.1", b"550 5.7.1 No"),
            id="warning in DATA",
        ),
        pytest.param(
            b"4XYZAB: milter-reject: END-OF-MESSAGE from a[192.0.2.1]: 5.7.1 Spam" + REJECTED,
            Restricted(b"4XYZAB", b"milter-reject", b"END-OF-MESSAGE", b"192.0.2.1", b"5.7.1 Spam"),
            id="milter",
        ),
        pytest.param(
            b"NOQUEUE: abort: TLS from a[192.0.2.1]: Client certificate not trusted",
            Restricted(None, b"abort", b"TLS", b"192.0.2.1", b"Client certificate not trusted"),
            id="TLS",
        ),
        pytest.param(
            b"proxy-reject: END-OF-MESSAGE: 554 5.7.1 Spam" + REJECTED,
            Restricted(None, b"proxy-reject", b"END-OF-MESSAGE", None, b"554 5.7.1 Spam"),
            id="answer of a before-queue filter",
        ),
        pytest.param(b"connect from a[192.0.2.1]", Known(None), id="no event"),
        pytest.param(b"something new", None, id="not understood"),
    ],
)
def test_server(text: bytes, event: Event | None) -> None:
    assert read(b"smtpd", text) == event


@pytest.mark.parametrize(
    ("program", "text", "event"),
    [
        pytest.param(
            b"qmqpd",
            b"4XYZAB: client=a[192.0.2.1]",
            Accepted(b"4XYZAB", b"a", b"192.0.2.1", None, None, None),
            id="qmqpd",
        ),
        pytest.param(
            b"postscreen",
            b"NOQUEUE: reject: RCPT from [192.0.2.1]:4711: 550 5.7.1 blocked; from=<a@b>, to=<c@d>, proto=SMTP, helo=<e>",
            Restricted(None, b"reject", b"RCPT", b"192.0.2.1", b"550 5.7.1 blocked"),
            id="postscreen",
        ),
        pytest.param(
            b"postscreen",
            b"reject: connect from [192.0.2.1]:4711: all screening ports busy",
            Restricted(None, b"reject", b"connect", b"192.0.2.1", b"all screening ports busy"),
            id="postscreen, busy",
        ),
        pytest.param(
            b"pickup", b"4XYZAB: uid=1000 from=<bob>", PickedUp(b"4XYZAB", 1000, b"bob", None), id="sendmail(1)"
        ),
        pytest.param(
            b"pickup",
            b"4XYZAB: uid=-2 from=<>",
            PickedUp(b"4XYZAB", -2, b"", None),
            id="a user ID that Postfix makes negative",
        ),
        pytest.param(
            b"pickup",
            b"4XYZAB: uid=89 from=<a@b> orig_id=4XYZAA",
            PickedUp(b"4XYZAB", 89, b"a@b", b"4XYZAA"),
            id="requeued",
        ),
        pytest.param(
            b"pickup",
            b'4XYZAB: uid=89 from=<"x> orig_id=ABCDEF"@b>',
            PickedUp(b"4XYZAB", 89, b'"x> orig_id=ABCDEF"@b', None),
            id="a sender that looks requeued",
        ),
        pytest.param(b"pickup", b"4XYZAB: uid=89 from=<" + 900 * b"a" + b">", None, id="a sender that may be cut"),
        pytest.param(b"cleanup", b"4XYZAB: message-id=<a@b>", Identified(b"4XYZAB", b"<a@b>"), id="Message-ID"),
        pytest.param(b"cleanup", b"4XYZAB: message-id=", Identified(b"4XYZAB", b""), id="empty Message-ID"),
        pytest.param(
            b"cleanup", b"4XYZAB: resent-message-id=<a@b>", Identified(b"4XYZAB", b"<a@b>"), id="resent Message-ID"
        ),
        pytest.param(
            b"cleanup",
            b"4XYZAB: reject: header Subject: x from a[192.0.2.1]; from=<a@b> to=<c@d> proto=ESMTP helo=<e>: 5.7.1 No",
            Restricted(b"4XYZAB", b"reject", b"header Subject", None, b""),
            id="header check",
        ),
        pytest.param(
            b"cleanup",
            b"4XYZAB: milter-header-hold: header X-Spam: yes from a[192.0.2.1]; from=<a@b> to=<c@d>",
            Restricted(b"4XYZAB", b"milter-header-hold", b"header X-Spam", None, b""),
            id="milter header check",
        ),
        pytest.param(
            b"cleanup",
            b"4XYZAB: discard: body x from y; from=<a@b> to=<c@d>",
            Restricted(b"4XYZAB", b"discard", b"body", None, b""),
            id="body check",
        ),
        pytest.param(
            b"cleanup",
            b"4XYZAB: reject: mime-error improper use of 8-bit data in message header: x from y[192.0.2.1]; from=<> to=<a@b>",
            Restricted(b"4XYZAB", b"reject", b"mime-error", None, b""),
            id="MIME",
        ),
        pytest.param(
            b"cleanup",
            b"4XYZAB: milter-discard: END-OF-MESSAGE from a[192.0.2.1]: milter triggers DISCARD action;",
            Restricted(
                b"4XYZAB", b"milter-discard", b"END-OF-MESSAGE", b"192.0.2.1", b"milter triggers DISCARD action"
            ),
            id="milter in cleanup",
        ),
        pytest.param(b"cleanup", b"4XYZAB: removed (canceled)", Removed(b"4XYZAB"), id="canceled"),
        pytest.param(
            b"cleanup",
            b"4XYZAB: to=<a@b>, relay=none, delay=0, delays=0/0/0/0, dsn=5.4.0, status=bounced (too many hops)",
            Delivery(b"4XYZAB", b"a@b", b"none", b"bounced", b"too many hops"),
            id="bounced by cleanup",
        ),
        pytest.param(
            b"qmgr",
            b"4XYZAB: from=<a@b>, size=12, nrcpt=3 (queue active)",
            Activated(b"4XYZAB", b"a@b", 3),
            id="active",
        ),
        pytest.param(
            b"oqmgr", b"4XYZAB: from=<>, size=12, nrcpt=1 (queue active)", Activated(b"4XYZAB", b"", 1), id="oqmgr"
        ),
        pytest.param(
            b"qmgr",
            b'4XYZAB: from=<"x>, size=1, nrcpt=9 (queue active)"@b>, size=12, nrcpt=3 (queue active)',
            Activated(b"4XYZAB", b'"x>, size=1, nrcpt=9 (queue active)"@b', 3),
            id="a sender that looks like the end",
        ),
        pytest.param(
            b"qmgr",
            b'4XYZAB: from=<"' + 900 * b"x" + b">, size=1, nrcpt=9 (queue active)",
            None,
            id="a sender that is cut where it looks like the end",
        ),
        pytest.param(b"qmgr", b"4XYZAB: removed", Removed(b"4XYZAB"), id="removed"),
        pytest.param(
            b"qmgr", b"4XYZAB: from=<a@b>, status=expired, returned to sender", Expired(b"4XYZAB", b"a@b"), id="expired"
        ),
        pytest.param(
            b"qmgr",
            b"4XYZAB: from=<a@b>, status=force-expired, returned to sender",
            Expired(b"4XYZAB", b"a@b"),
            id="forced",
        ),
        pytest.param(
            b"qmgr", b"4XYZAB: from=<" + 900 * b"a" + b">, status=expired, returned to sender", None, id="expired, cut"
        ),
        pytest.param(b"qmgr", b"4XYZAB: skipped, still being delivered", Known(b"4XYZAB"), id="skipped"),
        pytest.param(
            b"bounce",
            b"4XYZAB: sender non-delivery notification: 4XYZAC",
            Noticed(b"4XYZAB", b"sender non-delivery notification", b"4XYZAC"),
            id="bounce",
        ),
        pytest.param(
            b"bounce",
            b"4XYZAB: postmaster delay notification: 4XYZAC",
            Noticed(b"4XYZAB", b"postmaster delay notification", b"4XYZAC"),
            id="delay",
        ),
        pytest.param(
            b"bounce",
            b"4XYZAB: sender delivery status notification: 4XYZAC",
            Noticed(b"4XYZAB", b"sender delivery status notification", b"4XYZAC"),
            id="status",
        ),
        pytest.param(b"postsuper", b"4XYZAB: removed", Removed(b"4XYZAB"), id="deleted"),
        pytest.param(b"postsuper", b"4XYZAB: placed on hold", Moved(b"4XYZAB", b"placed on hold"), id="hold"),
        pytest.param(b"postsuper", b"4XYZAB: requeued", Moved(b"4XYZAB", b"requeued"), id="requeue"),
        pytest.param(b"postsuper", b"Deleted: 2 messages", Known(None), id="count"),
        pytest.param(
            b"smtp",
            b"4XYZAB: replace: header Subject: x: y",
            Restricted(b"4XYZAB", b"replace", b"header Subject", None, b""),
            id="header check of the client",
        ),
        pytest.param(b"anvil", b"statistics: max cache size 1 at Jan  1 00:00:00", Known(None), id="no events"),
    ],
)
def test_other_programs(program: bytes, text: bytes, event: Event | None) -> None:
    assert read(program, text) == event


@pytest.mark.parametrize(
    ("text", "recipient", "status"),
    [
        pytest.param(b"to=<a@b>" + SENT, b"a@b", b"sent", id="usual"),
        pytest.param(b"to=<a@b>, orig_to=<c@d>" + SENT, b"a@b", b"sent", id="alias"),
        pytest.param(
            b"to=<a@b>, relay=none, conn_use=3, delay=1, delays=0/0/0/1, tls=dane:may/!requiretls, dsn=4.4.1, "
            b"status=deferred (connect to b[192.0.2.9]:25: Connection timed out)",
            b"a@b",
            b"deferred",
            id="all parts",
        ),
        pytest.param(b"to=<a@b>, relay=local, delay=1, status=bounced (x)", b"a@b", b"bounced", id="Postfix 2.2"),
        pytest.param(b"to=<>" + SENT, b"", b"sent", id="empty"),
        pytest.param(b'to=<"a b"@c>' + SENT, b'"a b"@c', b"sent", id="quoted"),
        pytest.param(b'to=<"a\\"b>, c"@d>' + SENT, b'"a\\"b>, c"@d', b"sent", id="quoted quotes"),
        pytest.param(b'to=<"a>, relay=b, "@c>' + SENT, b'"a>, relay=b, "@c', b"sent", id="quoted relay"),
        pytest.param(b"to=<a>b@c>" + SENT, b"a>b@c", b"sent", id="bracket without quotes"),
    ],
)
def test_deliveries(text: bytes, recipient: bytes, status: bytes) -> None:
    event = read(b"smtp", b"4XYZAB: " + text)
    assert isinstance(event, Delivery)
    assert (event.queue_id, event.recipient, event.status) == (b"4XYZAB", recipient, status)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"to=<x>" + SENT + b"@c>" + SENT, id="a whole end without quotes"),
        pytest.param(b'to=<"x>' + SENT + b'"@c>' + SENT, id="a whole end with quotes"),
        pytest.param(b"to=<x" + SENT[:-1] + b">, orig_to=<y>, relay=z)", id="the answer looks like an alias"),
        pytest.param(b'to=<"x' + SENT, id="no end of the quotes"),
        pytest.param(b"to=<a@b>" + SENT[:-1], id="cut"),
        pytest.param(b"to=<" + 901 * b"a" + b">" + SENT, id="a long address"),
        pytest.param(b"to=<a@b>" + SENT[:-1] + 2000 * b"x" + b")", id="cut where it looks like the end"),
    ],
)
def test_deliveries_with_two_readings(text: bytes) -> None:
    assert read(b"smtp", b"4XYZAB: " + text) is None


def test_programs_of_others_say_nothing_about_messages() -> None:
    assert read_event(Line(0, b"mx01", b"", b"qmgr", 1, b"4XYZAB: removed")) is None
