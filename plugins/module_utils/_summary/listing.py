# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A bounded list of messages, and the tops and shape of a summary as a result shows them.

The number of rows, the length of each text and the size of all are bounded, whatever the queue holds.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    CUT,
    display,
    display_address,
    display_client,
    display_domain,
    display_login,
    display_name,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import (
    SENDING,
    SHAPE_MINUTES,
    TOPS,
    Summary,
)

if TYPE_CHECKING:
    from typing import Protocol

    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope

    class Listable(Protocol):
        """A message that can be listed, from the spool or from postqueue."""

        @property
        def queue_id(self) -> str: ...
        @property
        def queue(self) -> str: ...
        @property
        def envelope(self) -> Envelope: ...
        @property
        def forced_expire(self) -> bool: ...
        @property
        def next_retry(self) -> int | None: ...
        @property
        def origin(self) -> str | None: ...


_Row = TypeVar("_Row", bound=Mapping[str, Any])

DEFAULT_LIMIT = 100
# Every valid address and nearly every reason has 320 characters at most. Bounds on texts are in bytes of JSON.
_MAX_TEXT = 320
_MAX_RECIPIENTS = 5
# With the default options tops and shape have 80 values. Their JSON and that of the rows must fit in 64 KiB.
_MAX_VALUE = 240
# With the default options all rows together have fewer bytes of JSON. If the limit is higher, each row may have _ROW_BUDGET bytes.
_ROWS_BUDGET = 36 << 10
_ROW_BUDGET = 4 << 10
# At most so many messages, with so many recipients, are collected before the oldest are chosen.
_MAX_FRESH = 1000
_MAX_FRESH_RECIPIENTS = 20000

# How the values of a top are shown if they are not just text.
_SHOWN: Mapping[str, Callable[[bytes], str]] = {
    "senders": display_address,
    "recipients": display_address,
    "sender_domains": display_domain,
    "recipient_domains": display_domain,
    "sasl_usernames": display_login,
    "client_addresses": display_client,
}


def clip(text: str, size: int = _MAX_TEXT) -> str:
    """Return the text, cut if it takes more than size bytes of JSON. There a character takes up to twelve bytes."""
    shown = text[: size + 1]
    excess = _json_bytes(shown) - size
    if excess <= 0:
        return text
    while excess > 0 and shown != CUT:
        shown = shown[: -(excess // 12) - 2] + CUT
        excess = _json_bytes(shown) - size
    # There may be no room even for CUT.
    return shown if excess <= 0 else ""


def _json_bytes(text: str) -> int:
    return len(json.dumps(text)) - len('""')


_Reasons = Mapping[bytes, bytes]


class MessageList:
    """The oldest messages of many, as rows: at most limit, and some more for a short time so that they are seldom sorted."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._rows: list[tuple[int, str, dict[str, Any]]] = []
        # These are not rows yet, because most of them are dropped later.
        self._fresh: list[tuple[int, str, Listable, _Reasons]] = []
        self._fresh_recipients = 0
        # A message with a later arrival and queue ID is not among the oldest.
        self._last: tuple[float, str] = (math.inf if limit else -1, "")

    def offer(self, message: Listable, reasons: _Reasons | None = None) -> None:
        """List a message if it is among the oldest. reasons: its delay reasons, if the rows must have them."""
        arrival = message.envelope.arrival
        if arrival <= self._last[0] and (arrival, message.queue_id) < self._last:
            self._fresh.append((arrival, message.queue_id, message, reasons or {}))
            self._fresh_recipients += len(message.envelope.pending)
            if (
                message.envelope.is_heavy
                or len(self._fresh) >= min(self.limit, _MAX_FRESH)
                or self._fresh_recipients > _MAX_FRESH_RECIPIENTS
            ):
                self.make_rows()

    def merge(self, other: MessageList) -> None:
        """Add another list."""
        other.make_rows()
        self._cut(other._rows)

    def rows(self) -> list[dict[str, Any]]:
        """Return the rows, oldest first."""
        self.make_rows()
        return [row for _arrival, _queue_id, row in self._rows]

    def __getstate__(self) -> dict[str, Any]:
        """Pass to another process the rows, not the messages."""
        self.make_rows()
        return self.__dict__

    def make_rows(self) -> None:
        """Make rows of the messages that were offered."""
        self._cut(())

    def _cut(self, others: Iterable[tuple[int, str, dict[str, Any]]]) -> None:
        """Keep the oldest messages and make rows of them."""
        known = {row[:2]: row for row in (*self._rows, *others)}
        fresh = {message[:2]: message for message in self._fresh}
        self._fresh, self._fresh_recipients = [], 0
        oldest = sorted({**known, **fresh})[: self.limit]
        self._rows = [known[key] if key not in fresh else (*key, _row(*fresh[key][2:])) for key in oldest]
        if len(oldest) == self.limit:
            self._last = oldest[-1] if oldest else (-1, "")


def _row(message: Listable, reasons: Mapping[bytes, bytes]) -> dict[str, Any]:
    """Return a message as a row of a result."""
    envelope = message.envelope
    return {
        "queue_id": message.queue_id,
        "queue": message.queue,
        "arrival_time": envelope.arrival or None,
        "size": envelope.size,
        "sender": None if envelope.sender is None else clip(display_address(envelope.sender)),
        "recipients": [clip(display_address(address)) for address in envelope.pending[:_MAX_RECIPIENTS]],
        "recipient_count": len(envelope.pending),
        "reason": _most_common(reasons.values()),
        "sasl_username": _text(envelope.sasl_username, display_login),
        "client_address": _text(envelope.client_address, display_client),
        "client_name": _text(envelope.client_name, display_name),
        "origin": message.origin,
        "next_retry": message.next_retry,
        "forced_expire": message.forced_expire,
    }


def _text(value: bytes | None, show: Callable[[bytes], str]) -> str | None:
    return None if value is None else clip(show(value))


def fit_rows(rows: Sequence[dict[str, Any]], *, limit: int) -> list[dict[str, Any]]:
    """Return as many of the rows as fit in the size of a result."""
    return fit(rows, _ROWS_BUDGET if limit <= DEFAULT_LIMIT else _ROW_BUDGET * limit)


def fit(rows: Iterable[_Row], budget: int) -> list[_Row]:
    """Return as many of the rows as fit in budget bytes of JSON."""
    fitting = []
    for row in rows:
        budget -= len(json.dumps(row)) + 2
        if budget < 0:
            break
        fitting.append(row)
    return fitting


def _most_common(reasons: Iterable[bytes]) -> str | None:
    """Return the delay reason that most recipients have, the first of equally frequent ones; None if there is none."""
    counted = Counter(reasons).most_common(1)
    return clip(display(counted[0][0])) if counted else None


def show_tops(summary: Summary, number: int) -> dict[str, list[dict[str, Any]]]:
    """Return {top: [{value, messages}]}, the most frequent values first. Tops of what sends have the recipients as well."""
    tops: dict[str, list[dict[str, Any]]] = {}
    for name in TOPS:
        volumes = summary.volumes[name].counts() if name in SENDING else None
        tops[name] = []
        for value, count in summary.tops[name].top(number):
            row: dict[str, Any] = {"value": clip(_SHOWN.get(name, display)(value), _MAX_VALUE), "messages": count}
            if volumes is not None:
                # Of too many distinct values the rarest are not counted.
                row["recipients"] = volumes.get(value)
            tops[name].append(row)
    return tops


def show_missed(summary: Summary) -> dict[str, int]:
    """Return {top: number} for the tops with inexact counts: by how much a count may be too low."""
    return {name: tally.missed for name, tally in summary.tops.items() if tally.missed}


def show_shape(summary: Summary, number: int) -> dict[str, Any]:
    """Return recipients by the age of their message, for all domains and for the most frequent ones, as qshape(1) prints them."""
    totals: dict[bytes, int] = {}
    for tally in summary.shape:
        for domain, count in tally.counts().items():
            totals[domain] = totals.get(domain, 0) + count
    most = sorted(totals, key=lambda domain: (-totals[domain], domain))[:number]
    return {
        "minutes": [*map(str, SHAPE_MINUTES), "%d+" % SHAPE_MINUTES[-1]],
        "total": summary.recipients_by_age,
        "domains": [
            {
                "domain": clip(display_domain(domain), _MAX_VALUE),
                "recipients": totals[domain],
                "buckets": [tally.counts().get(domain, 0) for tally in summary.shape],
            }
            for domain in most
        ],
    }
