# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One line of a mail log, split into its parts. Its text is untrusted: clients and servers wrote parts of it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# The forms that Clock.seconds() reads: the traditional one of syslog(3), RFC 3164, and that of RFC 3339.
STAMP = rb"(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT[^ \n]+)"
# src/util/msg_syslog.c and src/global/maillog_client.c: "SYSLOG_NAME/PROGRAM[PID]: TEXT". Dovecot and saslauthd may leave out the pid.
# A tag has no blank, so that no part of a text is taken for one.
_LINE = re.compile(rb"(" + STAMP + rb") ([^ \n]+) (?:([^ \[\n:]*)/)?([^ /\[\n:]+)(?:\[(\d{1,10})\])?: ([^\n]*)\n?\Z")


class Line(NamedTuple):
    """A line of a mail log. time: in seconds since the epoch."""

    time: int
    host: bytes
    syslog_name: bytes
    """What is before the program's name, such as C(postfix/submission); empty for programs that are not Postfix's."""
    program: bytes
    pid: int | None
    text: bytes


def parse_line(line: bytes, clock: Clock) -> Line | None:
    """Return the parts of a line, None if it is not a line of syslog or its timestamp is no time."""
    match = _LINE.match(line)
    if match is None:
        return None
    stamp, host, syslog_name, program, pid, text = match.groups()
    try:
        time = clock.seconds(stamp)
    except ValueError:
        return None
    return Line(time, host, syslog_name or b"", program, None if pid is None else int(pid), text)
