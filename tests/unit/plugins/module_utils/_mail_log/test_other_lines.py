# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import FailedLogin, Known
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.other_lines import is_of_mail, read


@pytest.mark.parametrize(
    ("syslog_name", "program", "expected"),
    [
        pytest.param(b"postfix", b"smtpd", True, id="Postfix"),
        pytest.param(b"postfix/submission", b"smtpd", True, id="service"),
        pytest.param(b"mx-out", b"smtp", True, id="other syslog_name"),
        pytest.param(b"postfix", b"newd", True, id="a new program of Postfix"),
        pytest.param(b"postfix", b"policy-spf", False, id="policy service"),
        pytest.param(b"/usr/sbin", b"cron", False, id="path"),
        pytest.param(b"", b"postfix", True, id="postfix(1)"),
        pytest.param(b"", b"dovecot", True, id="Dovecot"),
        pytest.param(b"", b"saslauthd", True, id="saslauthd"),
        pytest.param(b"", b"smtpd", False, id="another smtpd"),
        pytest.param(b"", b"sshd", False, id="sshd"),
    ],
)
def test_is_of_mail(syslog_name: bytes, program: bytes, expected: bool) -> None:
    assert is_of_mail(Line(0, b"mx01", syslog_name, program, 1, b"a")) is expected


@pytest.mark.parametrize(
    ("program", "text", "queue_id"),
    [
        pytest.param(b"smtpd", b"connect from a[192.0.2.1]", None, id="connect"),
        pytest.param(b"smtpd", b"disconnect from a[192.0.2.1]:47 ehlo=1 quit=1 commands=2", None, id="disconnect"),
        pytest.param(b"smtpd", b"lost connection after DATA (12 bytes) from a[192.0.2.1]", None, id="lost connection"),
        pytest.param(b"smtpd", b"NOQUEUE: lost connection after AUTH from a[192.0.2.1]", None, id="no queue ID"),
        pytest.param(b"smtpd", b"4XYZAB: timeout after END-OF-MESSAGE from a[192.0.2.1]", b"4XYZAB", id="queue ID"),
        pytest.param(b"smtpd", b"bare <LF> received after CONNECT from a[192.0.2.1]", None, id="bare newline"),
        pytest.param(
            b"smtpd", b"improper command pipelining after AUTH from a[192.0.2.1]: QUIT", None, id="pipelining"
        ),
        pytest.param(b"smtpd", b'a[192.0.2.1]:47: replacing command "x" with "y"', None, id="command filter"),
        pytest.param(
            b"smtpd",
            b"Anonymous TLS connection established from a[192.0.2.1]: TLSv1.3 with cipher X (256/256 bits)",
            None,
            id="TLS",
        ),
        pytest.param(b"smtpd", b"SSL_accept error from a[192.0.2.1]: lost connection", None, id="TLS error"),
        pytest.param(b"smtpd", b"a[192.0.2.1]: Issuing session ticket, key expiration: 1", None, id="TLS session"),
        pytest.param(
            b"smtpd",
            b"using backwards-compatible default setting smtputf8_enable=no to accept x",
            None,
            id="compatibility",
        ),
        pytest.param(b"smtpd", b"proxy-accept: END-OF-MESSAGE: 250 Ok; from=<a@b>", None, id="before-queue filter"),
        pytest.param(b"smtp", b"connect to a[192.0.2.1]:25: Connection refused", None, id="refused"),
        pytest.param(
            b"smtp", b"4XYZAB: host a[192.0.2.1] said: 450 4.7.1 x (in reply to RCPT TO)", b"4XYZAB", id="said"
        ),
        pytest.param(b"smtp", b"4XYZAB: lost connection with a[192.0.2.1] while x", b"4XYZAB", id="lost server"),
        pytest.param(
            b"lmtp", b"certificate verification failed for a[192.0.2.1]:24: untrusted", None, id="certificate"
        ),
        pytest.param(b"local", b"4XYZAB: passing <a@b> to transport=lmtp", b"4XYZAB", id="pass"),
        pytest.param(b"local", b"table hash:/etc/aliases(0,lock) has changed -- restarting", None, id="table"),
        pytest.param(b"pipe", b"4XYZAB: status=deferred (bounce failed)", b"4XYZAB", id="bounce failed"),
        pytest.param(b"postscreen", b"CONNECT from [192.0.2.1]:47 to [192.0.2.2]:25", None, id="postscreen"),
        pytest.param(b"postscreen", b"WHITELISTED [192.0.2.1]:47", None, id="Postfix 3.5"),
        pytest.param(b"postscreen", b"ALLOWLIST VETO [2001:db8::1]:47", None, id="respectful_logging"),
        pytest.param(b"postscreen", b"cache btree:/x full cleanup: retained=1 dropped=0 entries", None, id="cache"),
        pytest.param(b"anvil", b"statistics: max cache size 1 at Jan  1 00:00:00", None, id="anvil"),
        pytest.param(b"tlsproxy", b"CONNECT from [192.0.2.1]:47", None, id="tlsproxy"),
        pytest.param(b"dnsblog", b"addr 192.0.2.1 listed by domain example.org as 127.0.0.2", None, id="dnsblog"),
        pytest.param(b"master", b"daemon started -- version 3.11.0, configuration /etc/postfix", None, id="master"),
        pytest.param(
            b"master",
            b"/etc/postfix/master.cf: line 9: using backwards-compatible default setting chroot=y",
            None,
            id="chroot",
        ),
        pytest.param(b"postfix-script", b"starting the Postfix mail system", None, id="script"),
        pytest.param(b"postfix", b"Postfix is using backwards-compatible default settings", None, id="postfix(1)"),
        pytest.param(b"postlog", b"what an operator wrote", None, id="postlog(1)"),
        pytest.param(b"postsuper", b"Deleted: 2 messages", None, id="postsuper"),
        pytest.param(b"qmgr", b"4XYZAB: skipped, still being delivered", b"4XYZAB", id="queue manager"),
        pytest.param(b"newd", b"fatal: no memory", None, id="problem of an unknown program"),
        pytest.param(b"newd", b"4XYZAB: warning: x", b"4XYZAB", id="problem of a message"),
    ],
)
def test_known_lines(program: bytes, text: bytes, queue_id: bytes | None) -> None:
    assert read(Line(0, b"mx01", b"postfix", program, 1, text)) == Known(queue_id)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        pytest.param(b"smtpd", b"NOQUEUE: something new", id="server"),
        pytest.param(b"smtp", b"4XYZAB: to=<a@b>, something new", id="client"),
        pytest.param(b"newd", b"a new text", id="new program"),
        pytest.param(b"qmgr", b"", id="empty"),
    ],
)
def test_unknown_lines(program: bytes, text: bytes) -> None:
    assert read(Line(0, b"mx01", b"postfix", program, 1, text)) is None


def test_password_checks() -> None:
    failure = b"auth: sql(bob,192.0.2.1): unknown user"
    assert read(Line(0, b"mx01", b"", b"dovecot", None, failure)) == FailedLogin(
        "password check", b"192.0.2.1", None, b"bob"
    )
    assert read(Line(0, b"mx01", b"postfix", b"dovecot", None, failure)) is None
