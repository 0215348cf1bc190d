# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give the lines of a real log the times that were planned: only the time stamp of a line is replaced.

A log says which connection of a smtpd process a line belongs to, and which message. The connections from one address are in the order in
which they were made, so the n-th of them is the n-th planned one of that address. Pure.
"""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from typing import Iterable, Iterator, Sequence

from tests.suspects.plan import Submission

# What time a line may take after its connection was made; a machine that is busy takes longer than a real server would.
_LONGEST_DELAY = 5.0

_LINE = re.compile(
    r"(?P<stamp>[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d)(?P<rest> \S+ (?P<program>[^\s\[]+)\[(?P<pid>\d+)\]: (?P<text>.*))",
    re.DOTALL,
)
_CONNECT = re.compile(r"connect from \S*\[([^\]]+)\]")
# smtpd and cleanup name a message first; of the others, only what comes after that counts.
_QUEUE_ID = re.compile(r"([0-9A-F]{6,}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,}): ")
_NOTICE = re.compile(r"sender (?:non-delivery|delay|delivery status) notification: (\w+)")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class UnknownConnection(ValueError):
    """The log has a connection that nobody planned."""


class _Planned:
    """The planned time of each connection and message, as far as the log has been read."""

    def __init__(self, submissions: Iterable[Submission]) -> None:
        self._waiting: dict[str, deque[Submission]] = defaultdict(deque)
        for submission in submissions:
            self._waiting[submission.client_address].append(submission)
        # Real and planned time of the beginning, by process and by queue ID.
        self._connections: dict[str, tuple[float, float]] = {}
        self._messages: dict[str, tuple[float, float]] = {}

    def time(self, real: float, *, program: str, pid: str, text: str) -> float | None:
        """Return the planned time of a line; None: it belongs to no connection."""
        queue_id = _QUEUE_ID.match(text)
        if program.endswith("/smtpd"):
            begun = self._connection(real, pid, text)
            if queue_id and begun:
                self._messages[queue_id.group(1)] = begun
        else:
            begun = self._messages.get(queue_id.group(1)) if queue_id else None
            notice = _NOTICE.search(text) if program.endswith("/bounce") else None
            if notice and begun:
                self._messages[notice.group(1)] = begun
        if begun is None:
            return None
        real_begin, planned = begun
        return planned + min(max(real - real_begin, 0.0), _LONGEST_DELAY)

    def _connection(self, real: float, pid: str, text: str) -> tuple[float, float] | None:
        connect = _CONNECT.match(text)
        if connect:
            waiting = self._waiting.get(connect.group(1))
            if not waiting:
                raise UnknownConnection("the log has a connection from %s that nobody planned" % connect.group(1))
            self._connections[pid] = (real, waiting.popleft().time)
        return self._connections.get(pid)

    def left(self) -> int:
        """Return the number of planned connections that the log has not."""
        return sum(map(len, self._waiting.values()))


def restamped(lines: Iterable[str], submissions: Sequence[Submission], *, midnight: float) -> list[str]:
    """Return the lines of a log in the order of their planned times, with these as time stamps.

    midnight: the beginning of the plan, in seconds since the epoch. Lines that belong to no connection (start and reload of Postfix)
    are left out. Raises UnknownConnection if the log and the plan are not about the same.
    """
    planned = _Planned(submissions)
    found = list(_timed(lines, planned))
    if planned.left():
        raise UnknownConnection("%d planned connections are not in the log" % planned.left())
    found.sort(key=lambda pair: pair[0])
    return [_stamp(midnight + at) + rest for at, rest in found]


def _timed(lines: Iterable[str], planned: _Planned) -> Iterator[tuple[float, str]]:
    early = []
    for line in lines:
        match = _LINE.fullmatch(line)
        if not match:
            raise UnknownConnection("not a line of a log: %r" % line)
        at = _time_of(match, planned)
        if at is not None:
            yield int(at), match["rest"]
        elif not match["program"].endswith("/smtpd"):
            early.append(match)
    # A line about a notice may be in the log before the line that names the notice: several programs write at the same time.
    for match in early:
        at = _time_of(match, planned)
        if at is not None:
            yield int(at), match["rest"]


def _time_of(match: re.Match[str], planned: _Planned) -> float | None:
    return planned.time(_seconds(match["stamp"]), program=match["program"], pid=match["pid"], text=match["text"])


def _seconds(stamp: str) -> float:
    """Return the second of the year, which serves for differences; a log is not made over New Year."""
    clock = [int(part) for part in stamp[7:].split(":")]
    return ((_MONTHS.index(stamp[:3]) * 31 + int(stamp[4:6])) * 24 + clock[0]) * 3600.0 + clock[1] * 60 + clock[2]


def _stamp(at: float) -> str:
    """Return a traditional time stamp, in the time zone of the lab's hosts: UTC."""
    moment = time.gmtime(at)
    return "%s %2d %02d:%02d:%02d" % (
        _MONTHS[moment.tm_mon - 1],
        moment.tm_mday,
        moment.tm_hour,
        moment.tm_min,
        moment.tm_sec,
    )
