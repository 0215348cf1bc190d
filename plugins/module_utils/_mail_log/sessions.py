# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The lines of an SMTP session: those of the same process, from the connection of the client to its end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.connections import (
    connected_address,
    disconnected_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import find_lines, pattern_hits
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.lives import LogRecord, make_record

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# So many processes are looked for, and so many of their lines are kept.
MAX_PROCESSES = 50
MAX_LINES = 20000


class TracedSession(NamedTuple):
    """A session in which a message was accepted. offset: of the line that says so, as in LogRecord."""

    host: bytes
    tag: bytes
    pid: int | None
    client_address: bytes
    offset: int


class SessionLines:
    """Finds the lines of sessions."""

    def __init__(self) -> None:
        self.truncated = False
        self._known: set[bytes] = set()
        self._pattern: re.Pattern[bytes] | None = None
        # {(host, program, pid): its lines without a queue ID, with their text}
        self._lines: dict[tuple[bytes, bytes, int | None], dict[int, tuple[LogRecord, bytes]]] = {}
        self._count = 0

    def look_for(self, sessions: Iterable[TracedSession]) -> bool:
        """Look for the lines of these sessions in the next pass; return whether any are new."""
        wanted = {b"%s[%d]: " % (session.tag, session.pid or 0) for session in sessions} - self._known
        if len(wanted) > MAX_PROCESSES - len(self._known):
            self.truncated = True
            wanted = set(sorted(wanted)[: MAX_PROCESSES - len(self._known)])
        self._known |= wanted
        self._pattern = re.compile(b"|".join(sorted(map(re.escape, wanted)))) if wanted else None
        return bool(wanted)

    def add_block(self, block: bytes, clock: Clock, *, offset: int) -> None:
        """Read whole lines of the log. offset: where the block starts."""
        if self._pattern is None:
            return
        for found in find_lines(block, pattern_hits(block, self._pattern), clock):
            record = make_record(found, offset + found.offset)
            # Lines with a queue ID are of a message, which need not be the traced one.
            if record.queue_id is not None or b"%s[%d]: " % (record.tag, record.pid or 0) not in self._known:
                continue
            if self._count >= MAX_LINES:
                self.truncated = True
                return
            self._count += 1
            self._lines.setdefault((record.host, record.tag, record.pid), {})[record.offset] = (record, found.line.text)

    def records(self, sessions: Iterable[TracedSession]) -> Iterator[LogRecord]:
        """Yield the lines of these sessions.

        A session whose beginning is not in the log, or whose client has another address there, has none: its lines may be of another one.
        """
        for session in sessions:
            lines = self._lines.get((session.host, session.tag, session.pid), {})
            yield from _lines_of(session, [lines[offset] for offset in sorted(lines)])


def _lines_of(session: TracedSession, lines: list[tuple[LogRecord, bytes]]) -> list[LogRecord]:
    current: list[LogRecord] = []
    address = None
    for record, text in lines:
        connected = connected_address(text)
        if connected is not None:
            if record.offset > session.offset:
                break
            current, address = [record], connected
            continue
        disconnected = disconnected_address(text)
        if disconnected is None:
            current.append(record)
        elif record.offset < session.offset:
            current, address = [], None
        else:
            if disconnected == address:
                current.append(record)
            break
    return current if address == session.client_address else []
