# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""All that the log says of one message, in several passes and bounded memory.

The first pass finds what was asked for. Each further one finds what the pass before has named: the same message under another queue ID,
and the SMTP sessions. There are two passes if the message had one queue ID, and at most MAX_PASSES.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import quote, unquote
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.deliveries import (
    next_queue_id,
    original_recipient,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    QUEUE_ID,
    Accepted,
    Activated,
    Delivery,
    Expired,
    Identified,
    Noticed,
    PickedUp,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import (
    FoundLine,
    find_lines,
    needle_hits,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.lives import (
    Life,
    LogRecord,
    Place,
    divide,
    find_related,
    make_record,
    rejected_addresses,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sessions import SessionLines, TracedSession

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

MAX_PASSES = 6
# Bounds of the memory: queue IDs that are looked for, and lines that are kept.
MAX_QUEUE_IDS = 200
MAX_LINES = 10000
# More needles than these are found by the names in all lines.
_FEW = 8
# Where a line has a queue ID or a Message-ID.
_NAMES = re.compile(
    rb"(?:\]: |orig_id=|orig_queue_id=|notification: |queued as )(" + QUEUE_ID + rb")|(message-id=[^\n]*)"
)
# So many queue IDs of a sender or a recipient are remembered until it is known which have both.
_MAX_CANDIDATES = 50000


class TraceRequest(NamedTuple):
    """What to trace: one of the three. Addresses in internal form; the Message-ID without angle brackets."""

    queue_id: bytes | None = None
    message_id: bytes | None = None
    sender: bytes | None = None
    recipient: bytes | None = None


class TracedLine(NamedTuple):
    """A line of the trace. message: its number; lines of one session that belong to no single message have none."""

    record: LogRecord
    message: int | None


class Trace:
    """Traces a message. Read the log with add_block(), then again as long as wants_pass() says so, then take the lines."""

    def __init__(self, request: TraceRequest) -> None:
        self._request = request
        self.truncated = False
        """Whether there was more than the bounds allow."""
        self._records: dict[int, LogRecord] = {}
        # What was looked for already, and what is looked for in this pass.
        self._known: set[bytes] = set()
        self._needles: set[bytes] = set()
        self._candidates = _Candidates(request)
        self._sessions = SessionLines()
        self._passes = 0
        self._offset = 0
        if request.queue_id is not None:
            self._look_for([request.queue_id])
        if request.message_id is not None:
            self._look_for([b"message-id=<%s>" % request.message_id, b"message-id=" + request.message_id])

    def add_block(self, block: bytes, clock: Clock) -> None:
        """Read whole lines of the log. Each pass must read the same lines in the same order."""
        for found in find_lines(block, self._hits(block), clock):
            self._add(found)
        self._sessions.add_block(block, clock, offset=self._offset)
        self._offset += len(block)

    def wants_pass(self) -> bool:
        """End a pass; return whether the log must be read again."""
        self._passes += 1
        self._offset = 0
        self._needles.clear()
        self._look_for(self._candidates.matching())
        self._candidates = _Candidates(TraceRequest())
        lives = self._lives()
        self._look_for(self._named(lives))
        is_new = self._sessions.look_for(_sessions_of(self._seeded(lives)))
        wanted = bool(self._needles) or is_new
        if wanted and self._passes >= MAX_PASSES:
            self.truncated = True
            return False
        return wanted

    def lines(self) -> list[TracedLine]:
        """Return the lines in the order of time."""
        lives = sorted(self._seeded(self._lives()), key=lambda life: (life.start, life.records[0].offset))
        found = {
            record.offset: TracedLine(record, number) for number, life in enumerate(lives, 1) for record in life.records
        }
        for record in self._sessions.records(_sessions_of(lives)):
            found.setdefault(record.offset, TracedLine(record, None))
        for record in self._records.values():
            if record.queue_id is None:
                found.setdefault(record.offset, TracedLine(record, None))
        self.truncated = self.truncated or self._sessions.truncated
        return sorted(found.values(), key=lambda line: (line.record.time, line.record.offset))

    # --- what is looked for -----------------------------------------------------------------------------------------------

    def _look_for(self, needles: Iterable[bytes]) -> None:
        for needle in needles:
            # A message that is not in the queue has this in place of a queue ID.
            if needle in self._known or needle == NO_QUEUE:
                continue
            if len(self._known) >= MAX_QUEUE_IDS:
                self.truncated = True
                return
            self._known.add(needle)
            self._needles.add(needle)

    def _hits(self, block: bytes) -> Iterable[int]:
        """Return where a block may have lines of this pass."""
        if self._candidates.needles:
            return needle_hits(block.lower(), self._candidates.needles)
        if len(self._needles) <= _FEW:
            return needle_hits(block, self._needles)
        return (
            found.start()
            for found in _NAMES.finditer(block)
            if found.group(1) in self._needles or found.group(2) in self._needles
        )

    def _named(self, lives: dict[Place, list[Life]]) -> Iterator[bytes]:
        """Yield what the lives that are found so far name."""
        for life in self._seeded(lives):
            for _time, event in life.events():
                if isinstance(event, (Accepted, PickedUp)):
                    yield event.original_queue_id or NO_QUEUE
                elif isinstance(event, Noticed):
                    yield event.notice_id
                elif isinstance(event, Delivery):
                    queue_id = next_queue_id(event)
                    if queue_id is not None:
                        yield queue_id
                elif isinstance(event, Identified) and event.message_id:
                    yield b"message-id=" + event.message_id
            yield life.place[1]
        # Others that name one of these, or have its Message-ID.
        for _host, queue_id in lives:
            yield queue_id

    # --- what is found ----------------------------------------------------------------------------------------------------

    def _add(self, found: FoundLine) -> None:
        record = make_record(found, self._offset + found.offset)
        if self._candidates.needles:
            if self._candidates.add(record, found.line.text):
                self._keep(record)
            self.truncated = self.truncated or self._candidates.truncated
        elif record.queue_id is not None and self._is_wanted(record):
            self._keep(record)

    def _is_wanted(self, record: LogRecord) -> bool:
        """Return whether a line is of a queue ID that is looked for, or names it at a place where Postfix itself writes it."""
        event = record.event
        if record.queue_id in self._known:
            return True
        if isinstance(event, (Accepted, PickedUp)):
            return event.original_queue_id in self._known
        if isinstance(event, Noticed):
            return event.notice_id in self._known
        if isinstance(event, Delivery):
            return next_queue_id(event) in self._known
        return isinstance(event, Identified)

    def _keep(self, record: LogRecord) -> None:
        if len(self._records) >= MAX_LINES and record.offset not in self._records:
            self.truncated = True
            return
        self._records[record.offset] = record

    def _lives(self) -> dict[Place, list[Life]]:
        return divide(sorted(self._records.values(), key=lambda record: (record.time, record.offset)))

    def _seeded(self, lives: dict[Place, list[Life]]) -> list[Life]:
        """Return the lives that were asked for, and those that belong to them."""
        seeds = [life for several in lives.values() for life in several if self._is_seed(life)]
        return find_related(seeds, lives)

    def _is_seed(self, life: Life) -> bool:
        request = self._request
        if request.queue_id is not None:
            return life.place[1] == request.queue_id
        if request.message_id is not None:
            return any(message_id.strip(b"<>") == request.message_id for message_id in life.message_ids)
        return _has_addresses(life, request)


def _has_addresses(life: Life, request: TraceRequest) -> bool:
    """Return whether a message has the sender and one of its recipients is the recipient."""
    senders = {event.sender for _time, event in life.events() if isinstance(event, (Activated, PickedUp, Expired))}
    recipients = {
        recipient
        for record in life.records
        if isinstance(record.event, Delivery)
        for recipient in _recipients_of(record.event, record.line)
    }
    return any(_is_same(sender, request.sender) for sender in senders) and any(
        _is_same(recipient, request.recipient) for recipient in recipients
    )


def _recipients_of(event: Delivery, text: bytes) -> list[bytes]:
    """Return the recipient after and before aliases."""
    original = original_recipient(text[max(text.find(event.queue_id + b": to=<"), 0) :])
    return [event.recipient] if original is None else [event.recipient, original]


def _is_same(logged: bytes, wanted: bytes | None) -> bool:
    """Return whether an address of the log is the wanted one, in any case."""
    return wanted is not None and wanted.lower() in (logged.lower(), unquote(logged).lower())


class _Candidates:
    """Finds the queue IDs with a sender and a recipient. Most messages have one of them at most, and their lines are not kept."""

    def __init__(self, request: TraceRequest) -> None:
        self._request = request
        self._places: list[dict[Place, None]] = [{}, {}]
        self.truncated = False
        self.needles: set[bytes] = set()
        """What the lines have one of, in lower case; empty if nothing is looked for."""
        if request.sender is not None and request.recipient is not None:
            self.needles = {
                b"%s=<%s>" % (name, form.lower())
                for name, address in ((b"from", request.sender), (b"to", request.recipient))
                for form in (address, quote(address))
            }

    def add(self, record: LogRecord, text: bytes) -> bool:
        """Note a line; return whether it is one of the trace by itself, because mail with these addresses was refused."""
        event = record.event
        if record.queue_id is None:
            addresses = rejected_addresses(record)
            return (
                addresses is not None
                and _is_same(addresses[0], self._request.sender)
                and _is_same(addresses[1], self._request.recipient)
            )
        if isinstance(event, (Activated, PickedUp, Expired)) and _is_same(event.sender, self._request.sender):
            self._note(0, (record.host, record.queue_id))
        elif isinstance(event, Delivery) and any(
            _is_same(recipient, self._request.recipient) for recipient in _recipients_of(event, text)
        ):
            self._note(1, (record.host, record.queue_id))
        return False

    def _note(self, number: int, place: Place) -> None:
        places = self._places[number]
        places[place] = None
        if len(places) > _MAX_CANDIDATES:
            places.pop(next(iter(places)))
            self.truncated = True

    def matching(self) -> Sequence[bytes]:
        """Return the queue IDs that have both."""
        return [place[1] for place in self._places[0] if place in self._places[1]]


def _sessions_of(lives: Iterable[Life]) -> list[TracedSession]:
    """Return the SMTP sessions in which the messages were accepted."""
    return [
        TracedSession(record.host, record.tag, record.pid, record.event.client_address, record.offset)
        for life in lives
        for record in life.records
        if isinstance(record.event, Accepted) and record.pid is not None
    ]
