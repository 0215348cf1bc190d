# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a queue is made of: counts, most frequent values, the shape by age, in bounded memory.

Summaries of parts of a queue add up (merge()), so that several processes can read one queue.
"""

from __future__ import annotations

import bisect
import heapq
from collections import Counter
from typing import Callable, Dict, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import Envelope

# A counter keeps no more distinct values than that; the rarest go first, and the result says by how much it may be short.
MAX_DISTINCT = 40000
_KEPT_DISTINCT = 20000
# So many recipients wait to be counted at one go.
_BATCH = 20000
_MAX_DOMAINS = 60000
# What domain_of() says of an address without one, which is in no top.
_NO_DOMAIN = frozenset((b"",))

# qshape(1): the first bucket ends at 5 minutes, each further one at twice that, ten in all.
SHAPE_MINUTES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
_SHAPE_SECONDS = [60 * minutes for minutes in SHAPE_MINUTES]


class Tally:
    """Counts values in bounded memory (lossy counting: whole sweeps of the rarest)."""

    __slots__ = ("_counts", "missed", "waiting")

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self.waiting: list[bytes] = []
        """Values to count; whoever appends here calls settle() now and then."""
        self.missed = 0
        """By how much the count of a value may be too small; 0 means that every count is exact."""

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self._counts.update(other.counts())
        self.missed += other.missed
        self._sweep()

    def counts(self) -> Mapping[bytes, int]:
        """Return {value: count} of all values that were not swept."""
        self.settle()
        return self._counts

    def top(self, number: int) -> list[tuple[bytes, int]]:
        """Return the most frequent values with their counts, most first, equal ones in the order of their bytes."""
        return heapq.nsmallest(number, self.counts().items(), key=lambda item: (-item[1], item[0]))

    def settle(self) -> None:
        """Count what waits, at one go, which is several times faster than one by one."""
        if self.waiting:
            self._counts.update(self.waiting)
            self.waiting.clear()
            self._sweep()

    def _sweep(self) -> None:
        if len(self._counts) <= MAX_DISTINCT:
            return
        ranked = self._counts.most_common()
        # Every value that goes was counted that often at the most.
        self.missed += ranked[_KEPT_DISTINCT][1]
        self._counts = Counter(dict(ranked[:_KEPT_DISTINCT]))


class Domains(Dict[bytes, bytes]):
    """{address: its domain}, filled on demand; a mapping, so that map() over it runs without Python code."""

    def __missing__(self, address: bytes) -> bytes:
        if len(self) >= _MAX_DOMAINS:
            self.clear()
        domain = self[address] = domain_of(address)
        return domain

    def __reduce__(self) -> tuple[type[Domains], tuple[()]]:
        """Stay at home when a summary is sent to another process."""
        return Domains, ()


class Totals:
    """Messages, bytes, recipients to do, and the second the oldest arrived (None without one)."""

    __slots__ = ("messages", "oldest", "recipients", "size")

    def __init__(self) -> None:
        self.messages = 0
        self.size = 0
        self.recipients = 0
        self.oldest: int | None = None

    def add(self, envelope: Envelope) -> None:
        """Count a message."""
        self.messages += 1
        self.size += envelope.size
        self.recipients += len(envelope.pending)
        self._age(envelope.arrival or None)

    def merge(self, other: Totals) -> None:
        """Add other totals."""
        self.messages += other.messages
        self.size += other.size
        self.recipients += other.recipients
        self._age(other.oldest)

    def _age(self, arrival: int | None) -> None:
        if arrival is not None and (self.oldest is None or arrival < self.oldest):
            self.oldest = arrival


# Tops of which a message has one value at the most.
_SINGLE_VALUES: Mapping[str, Callable[[Envelope], bytes | None]] = {
    "senders": lambda envelope: envelope.sender,
    "sasl_usernames": lambda envelope: envelope.sasl_username,
    "client_addresses": lambda envelope: envelope.client_address,
}
TOPS = ("senders", "sender_domains", "recipients", "recipient_domains", "reasons", "sasl_usernames", "client_addresses")


class Summary:
    """The tops and the shape of a set of messages. now: the second that ages count from."""

    def __init__(self, *, now: int, tops: bool = True, shape: bool = True) -> None:
        self._now = now
        self._with_tops = tops
        self._with_shape = shape
        self._domains = Domains()
        self._unsettled = 0
        self.tops: dict[str, Tally] = {name: Tally() for name in TOPS}
        self.shape: list[Tally] = [Tally() for _bucket in range(len(SHAPE_MINUTES) + 1)]
        self.recipients_by_age = [0] * len(self.shape)
        """All recipients in each bucket of the shape, exact whatever was swept there."""

    def add(self, envelope: Envelope, reasons: Mapping[bytes, bytes] | None = None) -> None:
        """Count a message, once for each distinct value that it has; the shape counts recipients, as qshape(1) does."""
        if not (self._with_tops or self._with_shape):
            return
        domains = list(map(self._domains.__getitem__, envelope.pending))
        if self._with_tops:
            self._add_tops(envelope, domains, reasons)
        if self._with_shape:
            bucket = self._bucket(envelope.arrival)
            self.shape[bucket].waiting += domains
            self.recipients_by_age[bucket] += len(domains)
        self._unsettled += 1 + len(domains)
        if self._unsettled >= _BATCH:
            self._settle()

    def merge(self, other: Summary) -> None:
        """Add another summary of the same kind."""
        self._settle()
        for name, tally in self.tops.items():
            tally.merge(other.tops[name])
        for bucket, tally in enumerate(self.shape):
            tally.merge(other.shape[bucket])
            self.recipients_by_age[bucket] += other.recipients_by_age[bucket]

    def _add_tops(self, envelope: Envelope, domains: list[bytes], reasons: Mapping[bytes, bytes] | None) -> None:
        tops = self.tops
        tops["recipients"].waiting += set(envelope.pending)
        tops["recipient_domains"].waiting += set(domains) - _NO_DOMAIN
        for name, value_of in _SINGLE_VALUES.items():
            value = value_of(envelope)
            if value is not None:
                tops[name].waiting.append(value)
        sender_domain = domain_of(envelope.sender or b"")
        if sender_domain:
            tops["sender_domains"].waiting.append(sender_domain)
        if reasons:
            tops["reasons"].waiting += set(reasons.values())

    def _settle(self) -> None:
        for tally in (*self.tops.values(), *self.shape):
            tally.settle()
        self._unsettled = 0

    def _bucket(self, arrival: int) -> int:
        return bisect.bisect_right(_SHAPE_SECONDS, self._now - arrival)
