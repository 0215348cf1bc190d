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
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import (
    SENDING,
    SHAPE_MINUTES,
    TOPS,
    Summary,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import Listable

_Row = TypeVar("_Row", bound=Mapping[str, Any])

DEFAULT_LIMIT = 100
# With the default options all rows together have fewer bytes of JSON. If the limit is higher, each row may have _ROW_BUDGET bytes.
_ROWS_BUDGET = 36 << 10
_ROW_BUDGET = 4 << 10
# At most so many messages, with so many recipients, are collected before the oldest are chosen.
_MAX_FRESH = 1000
_MAX_FRESH_RECIPIENTS = 20000

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
        self._rows = [known[key] if key not in fresh else (*key, _make_row(*fresh[key][2:])) for key in oldest]
        if len(oldest) == self.limit:
            self._last = oldest[-1] if oldest else (-1, "")


def _make_row(message: Listable, reasons: _Reasons) -> dict[str, Any]:
    # An empty queue has no rows.
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import make_row  # noqa: PLC0415

    return make_row(message, reasons)


def _show_value(top: str, value: bytes) -> str:
    # An empty queue has no values.
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import show_value  # noqa: PLC0415

    return show_value(top, value)


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


def show_tops(summary: Summary, number: int) -> dict[str, list[dict[str, Any]]]:
    """Return {top: [{value, messages}]}, the most frequent values first. Tops of what sends have the recipients as well."""
    tops: dict[str, list[dict[str, Any]]] = {}
    for name in TOPS:
        volumes = summary.volumes[name].counts() if name in SENDING else None
        tops[name] = []
        for value, count in summary.tops[name].top(number):
            row: dict[str, Any] = {"value": _show_value(name, value), "messages": count}
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
                "domain": _show_value("recipient_domains", domain),
                "recipients": totals[domain],
                "buckets": [tally.counts().get(domain, 0) for tally in summary.shape],
            }
            for domain in most
        ],
    }
