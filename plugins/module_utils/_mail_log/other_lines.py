# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""Lines that say nothing about messages, and lines of other programs about logins.

A line is known if it has the form of the program that wrote it. What is not known is shown to the operator as unparsed, so that new forms
of Postfix are noticed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event, FailedLogin, Known

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line

# src/util/msg.c: these words begin the text of a problem, in every program.
_PROBLEM = rb"(?:warning|error|fatal|panic): "
_ID = rb"(?:([0-9A-Za-z]{5,255}): )?"
# src/tls/tls_client.c, tls_server.c, tls_misc.c, src/smtp/smtp_proto.c, smtp_connect.c, smtp_trouble.c
_TLS = (
    rb"(?:(?:Anonymous|Untrusted|Trusted|Verified) TLS connection (?:established|reused) |setting up TLS connection |SSL_(?:accept|connect) error|"
    rb"TLS SNI |certificate verification failed for |Server certificate |Untrusted: |TLS library problem: |Peer certificate|"
    rb"(?:server|client) certificate|Host offered STARTTLS: |[a-z_]+\[[^\]]*\]:? (?:Trusted|Untrusted|Verified))"
)
_CLIENT_AGENT = (
    rb"(?:connect to |host |lost connection with |conversation with |enabling PIX workarounds|breaking line > |Cannot start TLS|TLS is required|"
    rb"passing <|Host or domain name not found|Server certificate not |replacing server reply|warning: |deferred|Name service error|"
    rb"timed out|status=|Sender requested REQUIRETLS|unsupported |SASL authentication failed|trying: |mail for )"
)
# {program: the beginnings of its lines}
_KNOWN = {
    b"smtpd": rb"(?:(?:dis)?connect from |lost connection after |timeout after |too many errors after |improper command pipelining |"
    rb"reject_warning|NOQUEUE: |proxy-|Illegal address|table |using backwards-compatible|discarding EHLO keywords|idle timeout|"
    rb"initializing the server-side TLS engine|watchdog|generic_checks|statistics: )",
    b"postscreen": rb"(?:CONNECT from |PASS (?:NEW|OLD) |DISCONNECT |HANGUP after |PREGREET |DNSBL rank |COMMAND (?:TIME|PIPELINING|COUNT|LENGTH) |"
    rb"NON-SMTP COMMAND |BARE NEWLINE |(?:WHITE|ALLOW|BLACK|DENY)LIST(?:ED| VETO) |NOQUEUE: |(?:entering|leaving) STRESS mode|close database |"
    rb"cache |DATA without valid RCPT|reject_)",
    b"anvil": rb"statistics: ",
    b"scache": rb"statistics: ",
    b"verify": rb"(?:cache |close database |statistics: )",
    b"tlsmgr": rb"(?:tls_|scoreboard|open |close |initializing )",
    b"tlsproxy": rb"(?:(?:DIS)?CONNECT |TLS |initializing )",
    b"dnsblog": rb"addr ",
    b"trivial-rewrite": rb"(?:table |using backwards)",
    b"proxymap": rb"(?:table )",
    b"master": rb"(?:daemon started |reload |terminating on signal |process |service |using backwards)",
    b"postfix-script": rb"(?:starting|stopping|stopped|refreshing|the Postfix|fatal|waiting|forcing|not |warning)",
    b"postsuper": rb"(?:Deleted|Requeued|Placed on hold|Released from hold|Force-expired|Renamed|removed file|renamed file|remove|queue)",
    b"postqueue": rb"(?:flush |queue)",
    b"qmgr": rb"(?:skipped, still being delivered|wakeup |table )",
    b"cleanup": rb"(?:removed|table |uid=|to=|deleted |ignoring |milter)",
    b"bounce": rb"(?:not sending |no trace file)",
    b"pickup": rb"(?:read |removed)",
    b"sendmail": rb"(?:.*)",
    b"postlog": rb"(?:.*)",
    b"postfix": rb"(?:.*)",
    b"postmulti": rb"(?:.*)",
    b"postalias": rb"(?:.*)",
    b"postmap": rb"(?:.*)",
    b"postdrop": rb"(?:.*)",
    b"postlogd": rb"(?:.*)",
    b"script": rb"(?:.*)",
    b"policy-spf": rb"(?:.*)",
    b"policyd-spf": rb"(?:.*)",
    **dict.fromkeys((b"smtp", b"lmtp", b"local", b"virtual", b"pipe", b"error", b"retry", b"discard"), _CLIENT_AGENT),
}
_PATTERNS = {
    program: re.compile(_ID + rb"(?:" + beginnings + rb"|" + _PROBLEM + rb"|" + _TLS + rb")")
    for program, beginnings in _KNOWN.items()
}
_ANY_PROGRAM = re.compile(_ID + rb"(?:" + _PROBLEM + rb"|" + _TLS + rb")")

# Dovecot 2.2 to 2.4: src/auth/auth-request.c, src/login-common/client-common.c (doc.dovecot.org, "Authentication debugging").
_DOVECOT = b"dovecot"
_FAILURE = rb"(?:unknown user|Password mismatch|pam_authenticate\(\) failed|invalid credentials|user not found|Login expired|account disabled)"
_DOVECOT_FAILURES = (
    # "auth: passwd-file(NAME,ADDRESS,<SESSION>): unknown user", also behind "auth-worker(PID): conn unix:auth-worker (uid=143): auth-worker<7>: "
    re.compile(
        rb"auth(?:-worker)?(?:\(\w+\))?: (?:Info: )?(?:conn [^:]*:[^:]*: auth-worker<\d+>: )?[\w-]+\(([^,()]*),([^,()]*)[^()]*\): "
        + _FAILURE
    ),
    # Dovecot 2.4 puts the name, the address and the session before the text.
    re.compile(rb"auth(?:-worker)?\(([^,()]*),([^,()]*),[^()]*\)(?:<[^>]*>)?: (?:Info: )?[\w-]+: " + _FAILURE),
)
_DOVECOT_LOGIN_FAILURE = re.compile(
    rb"[a-z0-9]+-login: .*\(auth failed, .*\): user=<([^>]*)>, (?:method=(\S*), )?rip=([^, ]*)"
)
_DOVECOT_LOGIN = re.compile(rb"(?:[a-z0-9]+-login|auth(?:-worker)?)\b")
# saslauthd/saslauthd-main.c of cyrus-sasl, do_auth().
_SASLAUTHD_FAILURE = re.compile(
    rb"do_auth\s*: auth failure: \[user=(.*)\] \[service=([^\]]*)\] \[realm=([^\]]*)\] \[mech="
)
# The commands of Postfix log under "postfix/NAME", but postfix(1) itself and old scripts without a name before.
_OWN_PROGRAMS = frozenset((_DOVECOT, b"saslauthd", b"postfix"))


def is_of_mail(line: Line) -> bool:
    """Return whether a line is one of Postfix, or one of a program that checks passwords for it."""
    return bool(line.syslog_name) or line.program in _OWN_PROGRAMS


def read(line: Line) -> Event | None:
    """Return what a line says that is no event of a message; None if it is not understood."""
    if line.program == _DOVECOT and not line.syslog_name:
        return _read_dovecot(line.text)
    if line.program == b"saslauthd":
        return _read_saslauthd(line.text)
    match = _PATTERNS.get(line.program, _ANY_PROGRAM).match(line.text)
    return None if match is None else Known(match.group(1))


def _read_dovecot(text: bytes) -> Event | None:
    for pattern in _DOVECOT_FAILURES:
        match = pattern.match(text)
        if match is not None:
            return FailedLogin("password check", match.group(2) or None, None, match.group(1))
    match = _DOVECOT_LOGIN_FAILURE.match(text)
    if match is not None:
        return FailedLogin("dovecot", match.group(3), match.group(2), match.group(1))
    return Known(None) if _DOVECOT_LOGIN.match(text) else None


def _read_saslauthd(text: bytes) -> Event:
    match = _SASLAUTHD_FAILURE.match(text)
    if match is None:
        return Known(None)
    user, _service, realm = match.groups()
    return FailedLogin("password check", None, None, user + b"@" + realm if realm and b"@" not in user else user)
