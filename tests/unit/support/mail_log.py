# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines of a mail log, written short."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

START = 1795180440
"""The time of a line whose number is 0."""
CLOCK = Clock(START + 86400)


def log(*lines: str, host: str = "mx01") -> bytes:
    """Return a block of lines. Each is written as "SECOND PROGRAM[PID]: TEXT"; the program is one of Postfix."""
    return b"".join(_line(line, host) for line in lines)


def _line(line: str, host: str) -> bytes:
    second, rest = line.split(" ", 1)
    text = "2026-11-20T%02d:%02d:%02dZ %s postfix/%s\n" % (*_clock(int(second)), host, rest)
    return text.encode("utf-8", "surrogateescape")


def _clock(second: int) -> tuple[int, int, int]:
    return 13 + (14 * 60 + second) // 3600, (14 * 60 + second) // 60 % 60, second % 60


def sent(queue_id: str, relay: str, answer: str, *, to: str = "x@example.org") -> str:
    """Return the text of a delivery that was accepted."""
    return "%s: to=<%s>, relay=%s, delay=0.1, delays=0/0/0/0.1, dsn=2.0.0, status=sent (%s)" % (
        queue_id,
        to,
        relay,
        answer,
    )
