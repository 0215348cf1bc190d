# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The output of postqueue(1): JSON (src/postqueue/showq_json.c) and the mailq listing (src/postqueue/showq_compat.c).

The listing loses information: addresses are quoted, unprintable bytes are C(?), and the null sender is shown as
$empty_address_recipient, which may also be a real address.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ShowqError, UnlistedCriterionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import NULL_SENDER, unquote
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import NOTHING, Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window

# No time in seconds and no size in bytes has more than 15 digits.
_MAX_NUMBER = 10**15
# "-" lines, S_SENDER_FORMAT and L_SENDER_FORMAT: ID with its marks, size, asctime(3) without the year, sender.
_MESSAGE_LINE = re.compile(
    r"(?P<queue_id>[A-Za-z0-9_]{1,255})(?P<marks>[*!]?#?) +(?P<size>[0-9]{1,15}) "
    r"(?P<time>[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2}) +(?P<sender>.*)"
)
_REASON_LINE = re.compile(r" *\((?P<reason>.*)\)")
_FRAME_LINE = re.compile(r"-+Queue ID-+ |-- \d+ Kbytes in \d+ Requests?\.|Mail queue is empty")
_MARKED_QUEUES = {"*": "active", "!": "hold", "": "deferred"}
# asctime(3) writes English; strptime(3) reads the language of the locale.
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class ListedMessage:
    """A message as postqueue lists it. A selection can decide about it if it needs nothing else."""

    queue_id: str
    queue: str
    """As listed; the mailq listing does not distinguish deferred, incoming and maildrop, which are C(deferred) here."""
    envelope: Envelope
    forced_expire: bool
    listed_reasons: Mapping[bytes, bytes] = field(default_factory=dict)
    next_retry: int | None = None
    """Never known: the listing does not have it."""
    origin: str | None = None
    """Never known: the listing does not have it."""
    damaged: bool = False
    """Always false: a line that cannot be read is not a message here."""
    problem: str | None = None
    missing: frozenset[Input] = NOTHING
    """Always empty: a value that the listing does not have raises UnlistedCriterionError."""

    @property
    def identity(self) -> Envelope:
        """What distinguishes the message from any other."""
        return self.envelope

    def reasons(self) -> Mapping[bytes, bytes]:
        """Return {recipient: delay reason} in internal form."""
        return self.listed_reasons

    def headers(self) -> Sequence[tuple[str, str]]:
        """Raise UnlistedCriterionError: the listing has no content."""
        raise UnlistedCriterionError("header")

    def holds(self, text: bytes) -> bool:
        """Raise UnlistedCriterionError: the listing has no content."""
        return any(text in window.text for window in self.text_windows())

    def text_windows(self) -> Iterable[Window]:
        """Raise UnlistedCriterionError: the listing has no content."""
        raise UnlistedCriterionError("content")

    def text_parts(self) -> Sequence[str]:
        """Raise UnlistedCriterionError: the listing has no content."""
        raise UnlistedCriterionError("body")


def parse_json(lines: Iterable[bytes], *, null_sender: str) -> Iterator[ListedMessage | ShowqError]:
    """Yield the messages of C(postqueue -j), one for each line, and a ShowqError (not raised) for each line that is not a message.

    null_sender: the instance's empty_address_recipient.
    """
    for number, line in enumerate(lines, 1):
        try:
            yield _from_json(json.loads(line.decode("utf-8", "replace")), null_sender)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
            yield ShowqError("%s in %r" % (error, line[:80]), line=number)


def _from_json(data: dict[str, Any], null_sender: str) -> ListedMessage:
    queue_id, queue = data["queue_id"], data["queue_name"]
    if not is_valid(queue_id) or queue not in LISTED_QUEUES:
        raise ValueError("invalid queue ID or queue")
    arrival, size = int(data["arrival_time"]), int(data["message_size"])
    if not 0 <= arrival < _MAX_NUMBER or not 0 <= size < _MAX_NUMBER:
        raise ValueError("invalid time or size: %d, %d" % (arrival, size))
    listed = [
        (_internal(recipient["address"], null_sender), recipient.get("delay_reason", ""))
        for recipient in data["recipients"]
        # Since Postfix 3.11 bounced recipients are listed too. They are not pending.
        if "bounce_reason" not in recipient
    ]
    pending, reasons = _recipients(listed)
    return ListedMessage(
        queue_id=queue_id,
        queue=queue,
        envelope=_envelope(arrival, size, data["sender"], pending, null_sender),
        forced_expire=bool(data.get("forced_expire", False)),
        listed_reasons=reasons,
    )


def parse_listing(lines: Iterable[bytes], *, null_sender: str, now: int) -> Iterator[ListedMessage | ShowqError]:
    """Yield the messages of C(postqueue -p) (C(mailq)) as parse_json() does.

    Its times are local and have no year: the latest year that is possible at now is used.
    """
    head: re.Match[str] | None = None
    below: list[str] = []
    number = 0
    for number, line in enumerate(lines, 1):
        text = line.decode("utf-8", "replace").rstrip("\n")
        starts = _MESSAGE_LINE.match(text)
        if starts is not None:
            if head is not None:
                yield _from_listing(head, below, null_sender, now)
            head, below = starts, []
        elif text and _FRAME_LINE.match(text) is None:
            if head is not None and (text.startswith(" ") or _REASON_LINE.match(text)):
                below.append(text)
            else:
                yield ShowqError("not a line of a listing: %r" % text[:80], line=number)
    if head is not None:
        yield _from_listing(head, below, null_sender, now)
    if not number:
        yield ShowqError("no output", line=1)


def _from_listing(head: re.Match[str], below: Sequence[str], null_sender: str, now: int) -> ListedMessage:
    """Return the message in a line and the lines below it, which are reasons and recipients."""
    listed = []
    reason = ""
    for line in below:
        found = _REASON_LINE.match(line)
        if found is not None:
            reason = "" if found.group("reason") == "reason unavailable" else found.group("reason")
        else:
            listed.append((_internal(line.strip(), null_sender), reason))
    pending, reasons = _recipients(listed)
    marks = head.group("marks")
    return ListedMessage(
        queue_id=head.group("queue_id"),
        queue=_MARKED_QUEUES[marks.rstrip("#")],
        envelope=_envelope(
            _local_time(head.group("time"), now), int(head.group("size")), head.group("sender"), pending, null_sender
        ),
        forced_expire=marks.endswith("#"),
        listed_reasons=reasons,
    )


def _recipients(listed: Sequence[tuple[bytes, str]]) -> tuple[list[bytes], dict[bytes, bytes]]:
    """Return the pending recipients and their reasons. listed: (recipient, reason or "") in the order of the listing.

    showq(8) lists the recipients of the defer log, then those of the queue file without those that it remembers. It remembers
    duplicate_filter_limit recipients; if there are more, the others are listed twice, the second time without a reason.
    """
    reasons = {address: reason.encode("utf-8", "surrogateescape") for address, reason in listed if reason}
    return [address for address, reason in listed if reason or address not in reasons], reasons


def _local_time(text: str, now: int) -> int:
    """Return the latest second not after tomorrow that asctime(3) shows as this in local time, 0 if the text is not a time."""
    weekday, month, day, clock = text.split()
    year = time.localtime(now).tm_year
    for candidate in range(year + 1, year - 5, -1):
        try:
            moment = datetime(
                candidate, _MONTHS.index(month) + 1, int(day), int(clock[:2]), int(clock[3:5]), int(clock[6:])
            )
        except ValueError:
            continue
        second = int(moment.timestamp())
        # The weekday distinguishes years.
        if second <= now + 86400 and _WEEKDAYS[moment.weekday()] == weekday:
            return second
    return 0


def _envelope(arrival: int, size: int, sender: str, pending: list[bytes], null_sender: str) -> Envelope:
    return Envelope(
        arrival=arrival,
        microseconds=0,
        size=size,
        sender=_internal(sender, null_sender),
        pending=pending,
        done=0,
        attribute_records=b"",
        data_offset=0,
        unparsed=None,
    )


def _internal(address: str, null_sender: str) -> bytes:
    # For an empty recipient the log has another form than the listing has for one in the queue file.
    return b"" if address in (null_sender, NULL_SENDER) else unquote(address.encode("utf-8", "surrogateescape"))
