# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""Lines that say nothing about messages, and lines of other programs about logins.

A line is known if it begins with words that its program writes. What is not known is shown to the operator as unparsed, so that new forms
of Postfix are noticed. With C(-v) in master.cf or C(debug_peer_list), programs write much more than is known here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Callable, Pattern

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    QUEUE_ID,
    Event,
    Known,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.password_checks import (
    read_dovecot,
    read_saslauthd,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line

_ID = rb"(?:(" + QUEUE_ID + rb"): )?"
# "NAME[ADDRESS]:PORT", of a client or server.
_PEER = rb"[^\[ \n]*\[[^\]\n]*\](?::\d+)?"
# What any program writes: severities (src/util/msg_syslog.c); changed tables (*/*.c, pre_accept()); compatibility_level; src/util/dict_cache.c,
# dict_db.c, dict_lmdb.c, inet_*.c, sane_*.c; src/global/debug_process.c, nbdb_redirect.c, bounce.c, deliver_pass.c; src/dns/dns_rr_filter.c.
_ANY = (
    rb"(?:warning|error|fatal|panic): |table \S+ has changed |(?:\S+: (?:line \d+: )?)?using (?:using )?backwards-compatible default setting |"
    rb"cache \S+ (?:full|partial) cleanup: |close database |database \S+: |skipping address family |trying\.\.\. \[|running: |redirecting |"
    rb"sane_(?:link|rename)\(|status=deferred \(|passing <|ignoring DNS RR: "
)
# src/tls/tls_client.c, tls_server.c, tls_misc.c, tls_verify.c, tls_dane.c, tls_certkey.c
_TLS = (
    rb"(?:Anonymous|Untrusted|Trusted|Verified) TLS connection (?:established|reused) |setting up TLS connection |"
    rb"SSL_(?:accept|connect|set_fd)[: ]|SSL3 alert |TLS SNI |TLS protocol trace |skipping TLS trace output |"
    rb"(?:server |client |Server |Client )?certificate verification failed for |initializing the (?:server|client)-side TLS engine|"
    rb"cannot (?:load Certification Authority|set default OpenSSL)|looking for session |reloaded session |save session |remove session |"
    rb"(?:subject|issuer)=|certificate peer name verification failed |Server certificate |Peer certificate |"
)
_TLS_PEER = (
    _PEER + rb": ?(?:Reusing old session|re-using session |subject_CN=|raw public key fingerprint=|"
    rb"TLS cipher list |Issuing session ticket|Decrypting session ticket|looking up session |reloaded session |remove session |"
    rb"save session |matched peername: |SNI hostname: |Matched |depth=|verify=|(?:Trusted|Untrusted|Verified|Anonymous)[ :]|"
    rb"certificate |(?:Matched )?(?:CommonName|subjectAltName))"
)
# src/smtp/smtp_proto.c, smtp_connect.c, smtp_addr.c, smtp_trouble.c, smtp_sasl_proto.c, smtp_sasl_glue.c, smtp_chat.c, smtp_tlsrpt.c
_CLIENT_AGENT = (
    rb"connect to |host |lost connection with |conversation with |enabling PIX workarounds: |breaking line > |Cannot start TLS: |"
    rb"TLS is required, |TLS-Required |Host or domain name not found\. |Host not found|Domain \S+ does not accept mail |Server certificate not |"
    rb"Sender requested REQUIRETLS, |SASL (?:\[CACHED\] )?authentication failed[;:] |mail for \S+ loops back to myself|TLSRPT: status=|"
    rb"Host offered STARTTLS: \[|unable to (?:look up host|find primary relay for) |network address conversion failed|"
    rb"[Ss]erver configuration error|all network protocols are disabled|server unavailable or unable to receive mail|"
    rb"client TLS configuration problem|Temporary lookup error|TLSA lookup error |unexpected server message|unreadable mail queue entry|"
    rb"message size |local data error while talking to |delivery temporarily suspended|discarding EHLO keywords: |skipping SRV lookup for |"
    rb"SMTPS wrappermode |server \S+ offered no compatible authentication |" + _PEER + rb": replacing server reply "
)
_QUEUE_MANAGER = rb"skipped, still being delivered"
# {program: the beginnings of its lines}
_KNOWN = {
    # src/smtpd/smtpd.c, smtpd_chat.c, smtpd_dsn_fix.c
    b"smtpd": rb"(?:dis)?connect from |(?:lost connection|timeout|too many errors|bare <LF> received) after |improper command pipelining after |"
    rb"proxy-accept: |discarding EHLO keywords: |reply filter (?:in|out): |mapping DSN status |"
    + _PEER
    + rb": replacing command ",
    # src/postscreen/*.c; 3.5 and older wrote WHITELIST and BLACKLIST.
    b"postscreen": rb"CONNECT from \[|PASS (?:NEW|OLD) \[|DISCONNECT \[|HANGUP after |PREGREET \d|DNSBL rank |"
    rb"COMMAND (?:TIME LIMIT|PIPELINING|COUNT LIMIT|LENGTH LIMIT) from |NON-SMTP COMMAND from |BARE NEWLINE from |"
    rb"(?:WHITE|ALLOW|BLACK|DENY)LIST(?:ED| VETO) \[|(?:entering|leaving) STRESS mode |(?:DATA|BDAT) without valid RCPT from |"
    rb"\[[^\]\n]*\]:?\d*: (?:discarding EHLO keywords|replacing command) ?",
    b"anvil": rb"statistics: ",
    b"scache": rb"statistics: ",
    b"tlsmgr": rb"cannot read from entropy device |lost connection to EGD server |exiting to reopen external entropy |TLS support is not |"
    rb"cannot (?:read|write) |EGD server |(?:open|close|read|write|lookup|put|delete) \S+ ",
    # src/tlsproxy/tlsproxy.c, tlsproxy_state.c
    b"tlsproxy": rb"(?:DIS)?CONNECT |TLS handshake failed for |TLS support is not ",
    b"dnsblog": rb"addr \S+ listed by domain ",
    # src/master/master.c, master_sig.c, master_status.c
    b"master": rb"daemon started -- version |reload -- version |terminating on signal \d|master exit time has arrived|"
    rb"ignoring status update from |=====*(?:start|end) service ",
    # conf/postfix-script
    b"postfix-script": rb"(?:starting|stopping|refreshing|aborting) the Postfix mail system|waiting for the Postfix mail system|"
    rb"the Postfix mail system is ",
    # src/postfix/postfix.c
    b"postfix": rb"Postfix is (?:using|running with) backwards-compatible default settings|See https?://www\.postfix\.org/|"
    rb"To disable backwards compatibility ",
    b"postsuper": rb"(?:Deleted|Requeued|Placed on hold|Released from hold|Force-expired|Renamed to match inode number): \d",
    # The text is that of whoever runs postlog(1).
    b"postlog": rb"",
    **dict.fromkeys((b"qmgr", b"nqmgr", b"oqmgr"), _QUEUE_MANAGER),
    b"cleanup": rb"\S+ map lookup problem -- ",
    b"bounce": rb"not sending trace/success notification ",
    # src/qmqpd/qmqpd.c
    b"qmqpd": rb"(?:dis)?connect from |" + _PEER + rb": ",
    **dict.fromkeys((b"smtp", b"lmtp"), _CLIENT_AGENT),
}
# The programs of conf/postfix-files that write nothing else of their own, and the names of their services.
_OTHER_PROGRAMS = (
    b"discard",
    b"error",
    b"flush",
    b"local",
    b"nbdb_reindexd",
    b"pickup",
    b"pipe",
    b"post-install",
    b"postalias",
    b"postcat",
    b"postconf",
    b"postdrop",
    b"postfix-tls-script",
    b"postfix-wrapper",
    b"postkick",
    b"postlock",
    b"postlogd",
    b"postmap",
    b"postmulti",
    b"postmulti-script",
    b"postqueue",
    b"proxymap",
    b"retry",
    b"sendmail",
    b"showq",
    b"spawn",
    b"trivial-rewrite",
    b"verify",
    b"virtual",
)
_PROGRAMS = frozenset(_KNOWN) | frozenset(_OTHER_PROGRAMS)
# Policy services of others that Postfix starts and that take its name in the log.
_FOREIGN_PROGRAMS = frozenset((b"policy-spf", b"policyd-spf", b"postgrey", b"policyd-weight"))
_ANY_PROGRAM = re.compile(_ID + rb"(?:" + _ANY + rb"|" + _TLS + _TLS_PEER + rb")")
_PATTERNS: dict[bytes, Pattern[bytes]] = {
    program: re.compile(_ID + rb"(?:" + beginnings + rb"|" + _ANY + rb"|" + _TLS + _TLS_PEER + rb")")
    for program, beginnings in _KNOWN.items()
}
_PASSWORD_CHECKS: dict[bytes, Callable[[bytes], Event | None]] = {
    b"dovecot": read_dovecot,
    b"saslauthd": read_saslauthd,
}


def is_of_mail(line: Line) -> bool:
    """Return whether a line is one of Postfix, or one of a program that checks passwords for it.

    A program of Postfix has a C(syslog_name) before its own, which need not be C(postfix); only postfix(1) may go without one.
    """
    if not line.syslog_name:
        return line.program in _PASSWORD_CHECKS or line.program == b"postfix"
    if line.program in _PROGRAMS:
        return True
    return b"postfix" in line.syslog_name and line.program not in _FOREIGN_PROGRAMS


def read(line: Line) -> Event | None:
    """Return what a line says that is no event of a message; None if it is not understood."""
    if not line.syslog_name and line.program in _PASSWORD_CHECKS:
        return _PASSWORD_CHECKS[line.program](line.text)
    match = _PATTERNS.get(line.program, _ANY_PROGRAM).match(line.text)
    if match is None:
        return None
    return Known(None if match.group(1) == NO_QUEUE else match.group(1))
