# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Entries of the systemd journal as lines of a mail log. Their texts are untrusted: any local user can write to the journal.

The format is that of C(journalctl -o json) (journalctl(1), systemd.journal-fields(7), https://systemd.io/JOURNAL_EXPORT_FORMATS/).
"""

from __future__ import annotations

import json
import re
import time

_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
# What would end the name of a program in a line.
_NO_NAME = re.compile(rb"[\x00-\x20\x7f\[\]:]")
_MICROSECONDS = 1000000
# The year 5138. A time stamp of RFC 3339 has a year of four digits.
_MAX_STAMP_DIGITS = 17


def line_of_entry(entry: bytes) -> bytes | None:
    """Return an entry as a line without its end, C(2026-11-26T13:14:54.123456+00:00 mx01 postfix/smtpd[123]: text).

    The time is the one that C(--since) and C(--until) compare. Control bytes are written as rsyslog writes them, C(#012) for a newline,
    so an entry is one line. Returns None for text that is not an entry.
    """
    try:
        fields = json.loads(entry.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    stamp = _stamp_of(fields) if isinstance(fields, dict) else None
    if stamp is None:
        return None
    host = _name_of(fields, "_HOSTNAME")
    program = _name_of(fields, "SYSLOG_IDENTIFIER", "_COMM")
    pid = _name_of(fields, "SYSLOG_PID", "_PID")
    text = _CONTROL.sub(lambda found: b"#%03o" % ord(found.group()), _bytes_of(fields.get("MESSAGE")).rstrip(b"\n"))
    return b"%s %s %s%s: %s" % (stamp, host, program, b"[%s]" % pid if pid.isdigit() else b"", text)


def _stamp_of(fields: dict[str, object]) -> bytes | None:
    """Return the time of an entry as RFC 3339 has it, None if there is none."""
    text = _bytes_of(fields.get("__REALTIME_TIMESTAMP"))
    if not text.isdigit() or len(text) > _MAX_STAMP_DIGITS:
        return None
    seconds, microseconds = divmod(int(text), _MICROSECONDS)
    start = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return b"%s.%06d+00:00" % (start.encode(), microseconds)


def _name_of(fields: dict[str, object], *keys: str) -> bytes:
    """Return the first of these fields that is not empty, as one word; C(-) if there is none."""
    values = (_bytes_of(fields.get(key)) for key in keys)
    return next((_NO_NAME.sub(b"?", value) for value in values if value), b"-")


def _bytes_of(value: object) -> bytes:
    """Return a value of a field, "" for null.

    journalctl writes bytes that are not printable UTF-8 as a list of numbers, and a field that was given several times as a list of its
    values, of which the first is returned.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if not isinstance(value, list) or not value:
        return b""
    if isinstance(value[0], int):
        return bytes(item for item in value if isinstance(item, int) and 0 <= item < 256)
    return _bytes_of(value[0]) if isinstance(value[0], (str, list)) else b""
