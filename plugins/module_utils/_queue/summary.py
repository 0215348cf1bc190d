# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a queue is made of: counts, most frequent values, the shape by age, in bounded memory.

Summaries of parts of a queue add up (merge()), so that several processes can read one queue.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from typing import Any, Dict, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._queue.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import Envelope

# A counter keeps no more distinct values than that; the rarest go first, and the result says by how much it may be short.
MAX_DISTINCT = 40000
_KEPT_DISTINCT = 20000
# So many recipients wait to be counted at one go; with a fifth of them, reading and counting took a tenth longer.
_BATCH = 100000
# A message by itself takes as much memory as so many recipients.
_MESSAGE = 10
_MAX_DOMAINS = 60000
# So many different whole addresses are counted before they are spread.
_MAX_WHOLE = 60000

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
        self.missed += other.missed
        self.update(other.counts())

    def update(self, counts: Mapping[bytes, int]) -> None:
        """Add counts of values."""
        self._counts.update(counts)
        self._sweep()

    def discard(self, value: bytes) -> None:
        """Forget a value."""
        self.settle()
        self._counts.pop(value, None)

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
    """Messages, bytes, recipients to do, and the second the oldest and the youngest arrived (None without one)."""

    __slots__ = ("messages", "oldest", "recipients", "size", "youngest")

    def __init__(self) -> None:
        self.messages = 0
        self.size = 0
        self.recipients = 0
        self.oldest: int | None = None
        self.youngest: int | None = None

    def add(self, envelope: Envelope) -> None:
        """Count a message."""
        self.add_all((envelope,))

    def add_all(self, envelopes: Sequence[Envelope]) -> None:
        """Count messages, which is several times faster at one go than one by one."""
        self.messages += len(envelopes)
        self.size += sum([envelope.size for envelope in envelopes])
        self.recipients += sum([len(envelope.pending) for envelope in envelopes])
        arrivals = [envelope.arrival for envelope in envelopes if envelope.arrival]
        if arrivals:
            self._span(min(arrivals), max(arrivals))

    def merge(self, other: Totals) -> None:
        """Add other totals."""
        self.messages += other.messages
        self.size += other.size
        self.recipients += other.recipients
        if other.oldest is not None and other.youngest is not None:
            self._span(other.oldest, other.youngest)

    def _span(self, oldest: int, youngest: int) -> None:
        self.oldest = oldest if self.oldest is None else min(self.oldest, oldest)
        self.youngest = youngest if self.youngest is None else max(self.youngest, youngest)


TOPS = ("senders", "sender_domains", "recipients", "recipient_domains", "reasons", "sasl_usernames", "client_addresses")


class Groups:
    """Totals by name, of messages that wait until there are many."""

    def __init__(self, names: Iterable[str]) -> None:
        self._totals = {name: Totals() for name in names}
        self._waiting: dict[str, list[Envelope]] = {name: [] for name in self._totals}
        self._unsettled = 0

    def add(self, name: str, envelope: Envelope) -> None:
        """Count a message. Raises KeyError for a name that is not there."""
        self._waiting[name].append(envelope)
        self._unsettled += _MESSAGE + len(envelope.pending)
        if self._unsettled >= _BATCH:
            self.settle()

    def totals(self) -> Mapping[str, Totals]:
        """Return the totals of each name."""
        self.settle()
        return self._totals

    def merge(self, other: Groups) -> None:
        """Add other totals of the same names."""
        for name, totals in other.totals().items():
            self._totals[name].merge(totals)

    def __getstate__(self) -> dict[str, Any]:
        """Tell another process the totals, not what they are made of."""
        self.settle()
        return self.__dict__

    def settle(self) -> None:
        """Count what waits."""
        for name, envelopes in self._waiting.items():
            self._totals[name].add_all(envelopes)
            envelopes.clear()
        self._unsettled = 0


class Summary:
    """The totals, the tops and the shape of a set of messages. now: the second that ages count from.

    Messages wait until there are many, and then a value of all of them is counted at one go, several times faster than one by one.
    Recipients are ten times as many as messages, so each is counted once, by age of its message and as it is; what is told of
    recipients and of their domains is made of these counts when they become too many, and at the end.
    """

    def __init__(self, *, now: int, tops: bool = True, shape: bool = True) -> None:
        self._now = now
        self._with_tops = tops
        self._with_shape = shape
        self._domains = Domains()
        self._waiting: list[Envelope] = []
        self._unsettled = 0
        self._totals = Totals()
        self._by_age: list[Counter[bytes]] = [Counter() for _bucket in range(len(SHAPE_MINUTES) + 1)]
        self._repeated: list[bytes] = []
        self._senders: Counter[bytes] = Counter()
        self._tops: dict[str, Tally] = {name: Tally() for name in TOPS}
        self._shape: list[Tally] = [Tally() for _bucket in self._by_age]
        self._recipients_by_age = [0] * len(self._by_age)

    @property
    def totals(self) -> Totals:
        """What all messages are together."""
        self._count()
        return self._totals

    @property
    def tops(self) -> Mapping[str, Tally]:
        """The tops by name."""
        self.settle()
        return self._tops

    @property
    def shape(self) -> Sequence[Tally]:
        """Recipients by domain, a tally for each bucket of ages."""
        self.settle()
        return self._shape

    @property
    def recipients_by_age(self) -> Sequence[int]:
        """All recipients in each bucket of the shape, exact whatever was swept there."""
        self._count()
        return self._recipients_by_age

    def __getstate__(self) -> dict[str, Any]:
        """Tell another process the results, not how they are made."""
        self.settle()
        return self.__dict__

    def add(self, envelope: Envelope, reasons: Mapping[bytes, bytes] | None = None) -> None:
        """Count a message, once for each distinct value that it has; the shape counts recipients, as qshape(1) does."""
        self._waiting.append(envelope)
        if reasons and self._with_tops:
            self._tops["reasons"].waiting += set(reasons.values())
        self._unsettled += _MESSAGE + len(envelope.pending)
        if self._unsettled >= _BATCH:
            self._count()

    def merge(self, other: Summary) -> None:
        """Add another summary of the same kind."""
        self.totals.merge(other.totals)
        for name, tally in self.tops.items():
            tally.merge(other.tops[name])
        for bucket, tally in enumerate(self.shape):
            tally.merge(other.shape[bucket])
            self._recipients_by_age[bucket] += other.recipients_by_age[bucket]

    def _count(self) -> None:
        """Count what waits."""
        envelopes, self._waiting, self._unsettled = self._waiting, [], 0
        if not envelopes:
            return
        self._totals.add_all(envelopes)
        if self._with_tops:
            self._count_tops(envelopes)
        if self._with_tops or self._with_shape:
            self._count_recipients(envelopes)
        if sum(map(len, self._by_age)) + len(self._senders) + len(self._repeated) > _MAX_WHOLE:
            self.settle()

    def _count_tops(self, envelopes: Sequence[Envelope]) -> None:
        self._senders.update([envelope.sender for envelope in envelopes if envelope.sender is not None])
        tops = self._tops
        tops["client_addresses"].waiting += filter(None, [envelope.client_address for envelope in envelopes])
        tops["sasl_usernames"].waiting += filter(None, [envelope.sasl_username for envelope in envelopes])
        domain = self._domains.__getitem__
        domains = tops["recipient_domains"].waiting
        for envelope in envelopes:
            pending = envelope.pending
            distinct = set(map(domain, pending))
            domains += distinct
            # Where all domains differ, so do all addresses.
            if len(distinct) < len(pending) and len(set(pending)) < len(pending):
                self._repeated += (Counter(pending) - Counter(set(pending))).elements()
        for tally in tops.values():
            tally.settle()

    def _count_recipients(self, envelopes: Iterable[Envelope]) -> None:
        waiting: list[list[bytes]] = [[] for _bucket in self._by_age]
        for envelope in envelopes:
            waiting[bisect_right(_SHAPE_SECONDS, self._now - envelope.arrival)] += envelope.pending
        for bucket, recipients in enumerate(waiting):
            self._by_age[bucket].update(recipients)
            if self._with_shape:
                self._recipients_by_age[bucket] += len(recipients)

    def settle(self) -> None:
        """Count what waits, and turn the counts of whole addresses into what is told of addresses and of their domains."""
        self._count()
        everybody: Counter[bytes] = Counter()
        for counts, tally in zip(self._by_age, self._shape):
            if self._with_shape:
                tally.update(self._by_domain(counts))
            if self._with_tops:
                everybody.update(counts)
            counts.clear()
        everybody.subtract(self._repeated)
        self._repeated.clear()
        by_domain = self._by_domain(self._senders)
        by_domain.pop(b"", None)
        self._tops["recipients"].update(everybody)
        self._tops["senders"].update(self._senders)
        self._tops["sender_domains"].update(by_domain)
        self._tops["recipient_domains"].discard(b"")
        self._senders.clear()

    def _by_domain(self, counts: Mapping[bytes, int]) -> dict[bytes, int]:
        domains: dict[bytes, int] = {}
        for address, count in counts.items():
            domain = self._domains[address]
            domains[domain] = domains.get(domain, 0) + count
        return domains
