# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The lives of queue IDs in a log, and which of them are one message: requeued, passed on by a content filter, or returned in a notice.

Postfix uses a short queue ID again after the message is gone. Then the queue ID has several lives, which are different messages.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Iterator, Mapping, NamedTuple, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.deliveries import is_loopback, next_queue_id
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    Accepted,
    Activated,
    Delivery,
    Identified,
    Moved,
    Noticed,
    PickedUp,
    Removed,
    Restricted,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import FoundLine

# Processes write the log at the same time. Lines of two processes may be in the wrong order, by at most this.
_SLACK_SECONDS = 2

# So much of each line is kept.
KEPT_LINE_BYTES = 2048
# A queue ID is one message on one host only.
Place = Tuple[bytes, bytes]


class LogRecord(NamedTuple):
    """A line that may be of the trace. offset: its place in all that was read, in bytes."""

    time: int
    offset: int
    host: bytes
    syslog_name: bytes
    program: bytes
    pid: int | None
    queue_id: bytes | None
    event: Event | None
    line: bytes

    @property
    def tag(self) -> bytes:
        """The program with its syslog_name, as it is in the line."""
        return self.syslog_name + b"/" + self.program if self.syslog_name else self.program


def make_record(found: FoundLine, offset: int) -> LogRecord:
    """Return a line that was found. offset: its place in all that was read, in bytes. A message that is not in the queue has no queue ID."""
    line, event = found.line, found.event
    queue_id = getattr(event, "queue_id", None)
    return LogRecord(
        time=line.time,
        offset=offset,
        host=line.host,
        syslog_name=line.syslog_name,
        program=line.program,
        pid=line.pid,
        queue_id=None if queue_id == NO_QUEUE else queue_id,
        event=event,
        line=found.raw[:KEPT_LINE_BYTES],
    )


class Life:
    """The lines of one message under one queue ID, in order."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.records: list[LogRecord] = []
        self.end: int | None = None
        """When the message left the queue, None if the log does not say it."""

    @property
    def start(self) -> int:
        """The time of the first line."""
        return self.records[0].time

    def events(self) -> Iterator[tuple[int, Event]]:
        """Yield what its lines say, with the time."""
        return ((record.time, record.event) for record in self.records if record.event is not None)

    def is_alive(self, time: int) -> bool:
        """Return whether the message was in the queue at that time, as far as the log says."""
        return self.start - _SLACK_SECONDS <= time and (self.end is None or time <= self.end + _SLACK_SECONDS)

    @property
    def is_from_host(self) -> bool:
        """Whether the message came from the host itself, as those that a content filter gives back."""
        for _time, event in self.events():
            if isinstance(event, Accepted):
                return is_loopback(event.client_address)
            if isinstance(event, PickedUp):
                return True
        return False

    @property
    def message_ids(self) -> set[bytes]:
        """Its Message-ID; a set, because there may be none."""
        return {event.message_id for _time, event in self.events() if isinstance(event, Identified)}


Lives = Mapping[Place, Sequence[Life]]


def divide(records: Iterable[LogRecord]) -> dict[Place, list[Life]]:
    """Return the lives of each queue ID. records: in order."""
    lives: dict[Place, list[Life]] = {}
    for record in records:
        if record.queue_id is None:
            continue
        place = record.host, record.queue_id
        known = lives.setdefault(place, [])
        if not known or _is_beginning(known[-1], record.event):
            known.append(Life(place))
        known[-1].records.append(record)
        if isinstance(record.event, Removed) or (
            isinstance(record.event, Moved) and record.event.action == b"requeued"
        ):
            known[-1].end = record.time
    return lives


def _is_beginning(life: Life, event: Event | None) -> bool:
    """Return whether an event is the first one of another message."""
    if isinstance(event, (Accepted, PickedUp)):
        return True
    return life.end is not None and isinstance(event, (Identified, Activated))


def find_related(seeds: Iterable[Life], lives: Lives) -> list[Life]:
    """Return the seeds, and all lives of the same message, and of the notices about it."""
    neighbours: dict[Life, list[Life]] = {}
    for one, other in _links(lives):
        neighbours.setdefault(one, []).append(other)
        neighbours.setdefault(other, []).append(one)
    found = dict.fromkeys(seeds)
    waiting = list(found)
    while waiting:
        for life in neighbours.get(waiting.pop(), ()):
            if life not in found:
                found[life] = None
                waiting.append(life)
    return list(found)


def _links(lives: Lives) -> Iterator[tuple[Life, Life]]:
    """Yield each life with another one that is the same message, or a notice about it."""
    every = [life for several in lives.values() for life in several]
    for life in every:
        for time, event in life.events():
            other = _linked(life, time, event, lives)
            if other is not None and other is not life:
                yield life, other
    yield from _passed_on(every)


def _linked(life: Life, time: int, event: Event, lives: Lives) -> Life | None:
    """Return the other life that an event of a life names."""
    host = life.place[0]
    if isinstance(event, PickedUp) and event.original_queue_id is not None:
        # The file kept its name until it was picked up, even if that took long.
        earlier = [other for other in lives.get((host, event.original_queue_id), ()) if other.start <= time]
        return earlier[-1] if earlier else None
    if isinstance(event, Accepted) and event.original_queue_id not in (None, NO_QUEUE):
        return _alive_at(lives, (host, event.original_queue_id or b""), time)
    if isinstance(event, Noticed):
        return _alive_at(lives, (host, event.notice_id), time)
    if isinstance(event, Delivery):
        queue_id = next_queue_id(event)
        other = None if queue_id is None else _alive_at(lives, (host, queue_id), time)
        # The answer must name a message that came from this host while this one was there.
        if other is not None and other.is_from_host and other.start >= life.start - _SLACK_SECONDS:
            return other
    return None


def _alive_at(lives: Lives, place: Place, time: int) -> Life | None:
    """Return the life of a queue ID at a time, None if there was none."""
    alive = [life for life in lives.get(place, ()) if life.is_alive(time)]
    return alive[-1] if alive else None


def _passed_on(lives: Iterable[Life]) -> Iterator[tuple[Life, Life]]:
    """Yield lives with the same Message-ID, if one came from the host itself while the other was there.

    The sender chooses the Message-ID, so it proves nothing alone.
    """
    by_id: dict[tuple[bytes, bytes], list[Life]] = {}
    for life in lives:
        for message_id in life.message_ids:
            by_id.setdefault((life.place[0], message_id), []).append(life)
    for several in by_id.values():
        for child in several:
            parents = [life for life in several if life is not child and life.is_alive(child.start)]
            if child.is_from_host and parents:
                # The one that came last before it.
                yield max(parents, key=lambda life: life.start), child


_ADDRESSES = re.compile(rb"; from=<(.*)> to=<(.*)> proto=")


def rejected_addresses(record: LogRecord) -> tuple[bytes, bytes] | None:
    """Return the sender and the recipient of a line about a restriction, None if they are not certain.

    src/smtpd/smtpd_check.c, smtpd_whatsup(). The answer before them and the HELO name behind them may be untrusted text.
    """
    if not isinstance(record.event, Restricted) or record.line.count(b"; from=<") != 1:
        return None
    match = _ADDRESSES.search(record.line)
    return None if match is None else (match.group(1), match.group(2))
