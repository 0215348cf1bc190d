# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""One line of a mail log, split into its parts. Its text is untrusted: clients and servers wrote parts of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Match, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# The forms that Clock.seconds() reads: the traditional one of syslog(3), RFC 3164, and that of RFC 3339. A copy from the web may have lost
# one of the two blanks of "Mar  7".
STAMP = rb"[A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[^ \n]+"
# Dovecot's own log file has login names where other files have the host. So a host has none of the characters around login names.
_HOST = rb"[^ \n()<>\[\]\"=]*[^ \n()<>\[\]\"=:]"
# src/util/msg_syslog.c, src/util/msg_logger.c: "SYSLOG_NAME/PROGRAM[PID]: TEXT". Dovecot and saslauthd may leave out the pid.
# A tag has no blank. Otherwise a part of a text could be taken for a tag.
_TAG = rb"(?:(?P<name>[^ \[\n:]*)/)?(?P<program>[^ /\[\n:]+)(?:\[(?P<pid>\d{1,10})\])?: "
_REST = rb"(?P<text>[^\n]*)\n?\Z"
_STAMP = rb"(?P<stamp>" + STAMP + rb") "
_LINE = re.compile(_STAMP + rb"(?P<host>" + _HOST + rb") " + _TAG + _REST)
# RFC 5424, 6: structured data has quoted values. RSYSLOG_SyslogProtocol23Format of rsyslog leaves out the priority.
_STRUCTURED_DATA = rb"(?:-|(?:\[(?:[^\]\"\n]|\"(?:[^\"\\\n]|\\[^\n])*\")*\])+)"
_OTHER_FORMS = (
    # A priority (RFC 3164), or the time that a container's runtime or Kubernetes adds before Postfix's own.
    re.compile(
        rb"(?:<\d{1,3}>|\d{4}-\d\d-\d\dT[^ \n]+ (?:std(?:out|err) [FP] )?)"
        + _STAMP
        + rb"(?P<host>"
        + _HOST
        + rb") "
        + _TAG
        + _REST
    ),
    # Dovecot's own log file, src/lib/failures.c: "PREFIX: Info: TEXT" with neither host nor program.
    re.compile(
        _STAMP + rb"(?P<host>)(?P<name>)(?P<program>)(?P<pid>)"
        rb"(?P<text>[a-z][a-z0-9-]*(?:[(<][^\n]*?)?: (?:Debug|Info|Warning|Error|Fatal|Panic): [^\n]*)\n?\Z"
    ),
    # No host.
    re.compile(_STAMP + rb"(?P<host>)" + _TAG + _REST),
    # "<22>1 STAMP HOST PROGRAM PID MESSAGE-ID STRUCTURED-DATA TEXT"
    re.compile(
        rb"(?:<\d{1,3}>)?1 "
        + _STAMP
        + rb"(?P<host>"
        + _HOST
        + rb") (?:(?P<name>[^ \n]*)/)?(?P<program>[^ /\n]+) (?:(?P<pid>\d{1,10})|[^ \n]+) [^ \n]+ "
        + _STRUCTURED_DATA
        + rb" (?:\xef\xbb\xbf)? ?"
        + _REST
    ),
)
# rsyslog, tools/../action.c: with $RepeatedMsgReduction. No text of Postfix begins with words of a client or a server, so only rsyslog writes this.
_REPEATED = re.compile(rb"message repeated (\d{1,9}) times: \[ ?(.*)\]\Z")


class Line(NamedTuple):
    """A line of a mail log. time: in seconds since the epoch."""

    time: int
    host: bytes
    """Empty for a line without one."""
    syslog_name: bytes
    """What is before the program's name, such as C(postfix/submission); empty for programs that are not Postfix's."""
    program: bytes
    pid: int | None
    text: bytes
    repeated: int = 1
    """How often the program wrote this line, if the syslog daemon counted equal lines instead of writing each."""


def parse_line(line: bytes, clock: Clock) -> Line | None:
    """Return the parts of a line, None if it is not a line of syslog or its timestamp is no time.

    A line of Dovecot's own log file has the program C(dovecot), as it has in syslog.
    """
    match = _LINE.match(line)
    if match is None:
        match = _match_other_form(line)
        if match is None:
            return None
    stamp, host, syslog_name, program, pid, text = match.group("stamp", "host", "name", "program", "pid", "text")
    if len(stamp) == 14:
        stamp = stamp[:4] + b" " + stamp[4:]
    try:
        time = clock.seconds(stamp)
    except ValueError:
        return None
    repeated = 1
    if text.startswith(b"message repeated "):
        text, repeated = _read_repeated(text)
    return Line(time, host, syslog_name or b"", program or b"dovecot", int(pid) if pid else None, text, repeated)


def _match_other_form(line: bytes) -> Match[bytes] | None:
    for form in _OTHER_FORMS:
        match = form.match(line)
        if match is not None:
            return match
    return None


def _read_repeated(text: bytes) -> tuple[bytes, int]:
    """Return the text that was repeated, and how often."""
    match = _REPEATED.match(text)
    return (text, 1) if match is None else (match.group(2), int(match.group(1)))
