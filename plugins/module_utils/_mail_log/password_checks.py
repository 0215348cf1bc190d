# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""What the services that check passwords for Postfix say: Dovecot and saslauthd.

The name in such a line is what a client sent. So a line counts only if it can be read in one way: where a name imitates the text that
follows it, the line is not understood.
"""

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event, FailedLogin, Known

_ADDRESS = rb"([0-9A-Fa-f.:]+)"
_LEVEL = rb"(?:(?:Debug|Info|Warning|Error|Fatal|Panic): )?"
# auth_request_log_login_failure() and the password databases, Dovecot 2.3 and 2.4, src/auth/auth-request.c and passdb-*.c; older ones wrote
# "Password mismatch" in lower case.
_FAILURE = (
    rb"(?:[Uu]nknown user|User unknown|user not found|[Pp]assword mismatch|invalid credentials|pam_authenticate\(\) failed: |"
    rb"Login failed \(status=\d+\)|Authentication failure due to policy server refusal|User found from deny passdb|"
    rb"[Oo]auth2 failed: |user disabled|account disabled|Login expired|[Pp]assword expired)"
)
_WORKER = rb"(?:conn [^ \n]+ \([^()\n]*\): auth-worker<\d+>: )?"
# MAX_LOG_USERNAME_LEN is 64; a control character counts once and is written as more.
_NAME = rb"([^\n]{0,400}?)"
_DOVECOT_FAILURES = (
    # Up to Dovecot 2.3, auth_request_get_log_prefix(): "auth: passwd-file(NAME,ADDRESS,master,<SESSION>): unknown user".
    re.compile(
        rb"(?:dovecot: )?auth(?:-worker)?(?:\(\w+\))?: "
        + _LEVEL
        + _WORKER
        + rb"[\w-]+\("
        + _NAME
        + rb"(?:,"
        + _ADDRESS
        + rb")?(?:,master)?(?:,(?:<[^<>\n]*>)?)?\): "
        + _FAILURE
    ),
    # Dovecot 2.4, get_log_prefix(): "auth(NAME,ADDRESS,sasl:login,master)<PID><SESSION>: request [7]: sql: Password mismatch".
    re.compile(
        rb"auth(?:-worker)?\("
        + _NAME
        + rb"(?:,"
        + _ADDRESS
        + rb")?(?:,sasl:[\w.-]+)?(?:,master)?\)(?:<[^<>\n]*>){0,2}: (?:request \[\d+\]: )?"
        + _LEVEL
        + _WORKER
        + rb"(?:[\w-]+: )?"
        + _FAILURE
    ),
)
# The end of the brackets around a name.
_END_OF_NAME = re.compile(rb"\)(?:<[^<>\n]*>)*: ")
# An attempt that another database may still accept.
_NEXT_DATABASE = re.compile(rb" - trying the next (?:passdb|userdb)\Z")
# client_get_extra_disconnect_reason() and login_log_format, src/login-common: "MESSAGE (auth failed, 2 attempts in 6 secs): ELEMENTS".
_AUTH_FAILED = re.compile(rb"[a-z0-9]+-login: .*\(auth failed, \d+ attempts?[^()\n]*\)(?: \(auth_failed\))?\Z")
_ELEMENTS = re.compile(rb"(?:user=<([^\n]*)>, )?(?:method=([\w.-]*), )?rip=" + _ADDRESS + rb"(?:,|\Z)")
_REMOTE_ADDRESS = re.compile(rb"(?:\A|, )rip=")
# "imap-login: ", "imap(name)<pid><session>: ", "lmtp(name): ", "auth-worker(7): ", "master: ".
_DOVECOT = re.compile(rb"(?:dovecot: )?[a-z][a-z0-9-]*(?:[(<][^\n]*)?: ")
_CHECK = re.compile(rb"auth(?:-worker)?(?:\([^()\n]*\))?(?:<[^<>\n]*>)*: (?!(?:Debug|Warning|Error|Fatal|Panic): )")
_SUSPICIOUS = re.compile(rb"[Uu]nknown user|[Ff]ail|[Mm]ismatch|[Ii]nvalid credentials|[Dd]isabled|[Ee]xpired")
# cyrus-sasl 2.1.28 and older, saslauthd/saslauthd-main.c, do_auth(), and utils.c, logger(). Its next release adds [remote=...].
_SASLAUTHD_FAILURE = re.compile(
    rb"do_auth *: auth failure: \[user=([^\n]*)\] \[service=([^\n]*)\] \[realm=([^\n]*)\] \[mech=[^\]\n]*\] \[reason="
)
_SASLAUTHD_ATTEMPT = re.compile(rb"do_auth *: auth failure: ")
_SASLAUTHD_FIELDS = 5
# "function        : text", of saslauthd; "pam_unix(smtp:auth): text", of PAM in its name, about an attempt that saslauthd logs, too.
_SASLAUTHD = re.compile(rb"(?:[\w:]+ *: |pam_\w+\([^()\n]*\): |PAM |DEBUG: |unable to |could not )")
# Where the words of a failure are at the latest: a name of MAX_LOG_USERNAME_LEN, an address and a session come before.
_LONGEST_PREFIX = 1000
# What each program writes about an attempt, so that FailedLogin.source says whose count it is.
_SOURCE = "password check"


def read_dovecot(text: bytes) -> Event | None:
    """Return what a line of Dovecot says; None if it is not understood or can be read in two ways.

    A failure is that of the service C(auth), with the source C(password check), or of a service such as C(imap-login), with the source
    C(dovecot). Dovecot logs the former if C(auth_verbose) is set, and the latter when the client leaves.
    """
    for pattern in _DOVECOT_FAILURES:
        match = pattern.match(text)
        if match is not None:
            return _read_failure(text, *match.groups(), end=match.end())
    message, separator, elements = text.partition(b": user=<")
    if not separator:
        message, separator, elements = text.partition(b": method=")
    if separator and _AUTH_FAILED.match(message):
        return _read_login(separator[2:] + elements)
    if _CHECK.match(text) and _SUSPICIOUS.search(text, 0, _LONGEST_PREFIX) and not _NEXT_DATABASE.search(text):
        return None
    return Known(None) if _DOVECOT.match(text) else None


def _read_failure(text: bytes, name: bytes, address: bytes | None, *, end: int) -> Event | None:
    if _END_OF_NAME.search(text, end):
        return None
    return Known(None) if _NEXT_DATABASE.search(text, end) else FailedLogin(_SOURCE, address, None, name)


def _read_login(elements: bytes) -> Event | None:
    match = _ELEMENTS.match(elements)
    if match is None or len(_REMOTE_ADDRESS.findall(elements)) > 1:
        return None
    name, method, address = match.groups()
    # A name that ends in ">, method=X" looks like a name and a method.
    return (
        None if name is not None and b">, " in name else FailedLogin("dovecot", address, method or None, name or None)
    )


def read_saslauthd(text: bytes) -> Event | None:
    """Return what a line of saslauthd says; None if it is not understood or can be read in two ways."""
    if _SASLAUTHD_ATTEMPT.match(text) is None:
        return Known(None) if _SASLAUTHD.match(text) else None
    # With few fields, the pattern has few places to try.
    match = _SASLAUTHD_FAILURE.match(text) if text.count(b"] [") < _SASLAUTHD_FIELDS else None
    if match is None:
        return None
    user, _service, realm = match.groups()
    return FailedLogin(_SOURCE, None, None, user + b"@" + realm if realm and b"@" not in user else user)
