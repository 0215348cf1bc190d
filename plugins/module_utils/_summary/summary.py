# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The summary of a queue in bounded memory: counts, most frequent values, and the shape by age.

Summaries of parts of a queue can be merged, so that several processes can read one queue.
"""

from __future__ import annotations

import heapq
from bisect import bisect_right
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Iterable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import LONG_RECORD

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope

# A counter keeps at most so many distinct values. It drops the rarest ones, and the result says how many messages it may lack.
MAX_DISTINCT = 40000
_KEPT_DISTINCT = 20000
# Values are taken from envelopes with so many recipients together. Then the envelopes are dropped.
_AT_ONCE = 2000
# The values of so many recipients are counted together.
_BATCH = 100000
# A message without its recipients takes as much memory as so many recipients.
_MESSAGE = 10
# A longer value is counted under its beginning. An address keeps its domain if the domain itself is not too long.
_LONGEST = LONG_RECORD
_LONGEST_REASON = 512
# So many bytes of heavy envelopes take as much memory as one recipient.
_BYTES_OF_A_RECIPIENT = 64
# So many different addresses are counted before their counts are added to the tops and the shape.
_MAX_WHOLE = 60000

# qshape(1): the first bucket ends at 5 minutes, each further one at twice that, ten buckets in all.
SHAPE_MINUTES = (5, 10, 20, 40, 80, 160, 320, 640, 1280)
_SHAPE_SECONDS = [60 * minutes for minutes in SHAPE_MINUTES]


class Tally:
    """Counts values in bounded memory (lossy counting: from time to time the rarest values are dropped)."""

    __slots__ = ("_counts", "missed", "waiting")

    def __init__(self) -> None:
        self._counts: Counter[bytes] = Counter()
        self.waiting: list[bytes] = []
        """Values to count. The code that appends here must call count_waiting() from time to time."""
        self.missed = 0
        """By how much the count of a value may be too low; 0 means that every count is exact."""

    def merge(self, other: Tally) -> None:
        """Add the counts of another tally."""
        self.missed += other.missed
        self.update(other.counts())

    def update(self, counts: Mapping[bytes, int]) -> None:
        """Add counts of values."""
        self._counts.update(counts)
        self._sweep()

    def discard(self, value: bytes) -> None:
        """Remove a value."""
        self.count_waiting()
        self._counts.pop(value, None)

    def counts(self) -> Mapping[bytes, int]:
        """Return {value: count} of all values that were not dropped."""
        self.count_waiting()
        return self._counts

    def top(self, number: int) -> list[tuple[bytes, int]]:
        """Return the most frequent values with their counts, most first, equal ones in the order of their bytes."""
        return heapq.nsmallest(number, self.counts().items(), key=lambda item: (-item[1], item[0]))

    def count_waiting(self) -> None:
        """Count the waiting values together, which is several times faster than one by one."""
        if self.waiting:
            self._counts.update(self.waiting)
            self.waiting.clear()
            self._sweep()

    def _sweep(self) -> None:
        if len(self._counts) <= MAX_DISTINCT:
            return
        ranked = self._counts.most_common()
        # Every dropped value has this count at most.
        self.missed += ranked[_KEPT_DISTINCT][1]
        self._counts = Counter(dict(ranked[:_KEPT_DISTINCT]))


class Totals:
    """Messages, bytes, pending recipients, and the second in which the oldest and the youngest message arrived (None if unknown)."""

    __slots__ = ("messages", "oldest", "recipients", "size", "youngest")

    def __init__(self) -> None:
        self.messages = 0
        self.size = 0
        self.recipients = 0
        self.oldest: int | None = None
        self.youngest: int | None = None

    def add(self, envelope: Envelope) -> None:
        """Count a message."""
        self.messages += 1
        self.size += envelope.size
        self.recipients += len(envelope.pending)
        arrival = envelope.arrival
        # Most messages are neither the oldest nor the youngest, and for these the comparison is enough.
        if arrival and (self.oldest is None or self.youngest is None or not self.oldest <= arrival <= self.youngest):
            self._span(arrival, arrival)

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


def _sum_by_value(values: Iterable[bytes | None], sizes: Iterable[int]) -> dict[bytes, int]:
    """Return {value: the sum of its sizes}, without None."""
    sums: dict[bytes, int] = {}
    for value, size in zip(values, sizes):
        if value is not None:
            sums[value] = sums.get(value, 0) + size
    return sums


def _cut_envelope(envelope: Envelope) -> Envelope:
    """Return an envelope with only the values that are counted, each cut to the length that is counted."""
    # Few messages have such values.
    from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec  # noqa: PLC0415

    login, address = envelope.sasl_username, envelope.client_address
    kept = [(b"sasl_username=", login), (b"client_address=", address)]
    return envelope._replace(
        sender=None if envelope.sender is None else _cut_address(envelope.sender),
        pending=[_cut_address(recipient) for recipient in envelope.pending],
        attribute_records=b"".join(
            rec.encode_record(rec.ATTRIBUTE, name + value[:_LONGEST]) for name, value in kept if value is not None
        ),
    )


def _cut_address(address: bytes) -> bytes:
    """Return an address cut to the length that is counted."""
    if len(address) <= _LONGEST:
        return address
    local, at, domain = address.rpartition(b"@")
    return local[: _LONGEST - 1 - len(domain)] + at + domain if at and len(domain) < _LONGEST else address[:_LONGEST]


TOPS = ("senders", "sender_domains", "recipients", "recipient_domains", "reasons", "sasl_usernames", "client_addresses")


# The tops of what sends messages. Their recipients are counted, too.
SENDING = ("senders", "sasl_usernames", "client_addresses")


class Summary:
    """The totals, the tops and the shape of a set of messages. now: the second that ages count from.

    Messages are collected, and then the values of many messages are counted together, several times faster than one by one. There
    are ten times as many recipients as messages, so each recipient is counted once, as a whole address and by the age of its message.
    The counts of recipients and of their domains are made from these counts when there are too many addresses, and at the end.
    """

    def __init__(self, *, now: int, tops: bool = True, shape: bool = True) -> None:
        self._now = now
        self._with_tops = tops
        self._with_shape = shape
        self._waiting: list[Envelope] = []
        self._uncounted = 0
        self._untallied = 0
        self._totals = Totals()
        self._by_age: list[Counter[bytes]] = [Counter() for _bucket in range(len(SHAPE_MINUTES) + 1)]
        self._recipients: list[list[bytes]] = [[] for _bucket in self._by_age]
        self._repeated: list[bytes] = []
        self._senders: Counter[bytes] = Counter()
        self._tops: dict[str, Tally] = {name: Tally() for name in TOPS}
        self._volumes: dict[str, Tally] = {name: Tally() for name in SENDING}
        self._shape: list[Tally] = [Tally() for _bucket in self._by_age]
        self._recipients_by_age = [0] * len(self._by_age)

    @property
    def totals(self) -> Totals:
        """The totals of all messages."""
        self._count()
        return self._totals

    @property
    def tops(self) -> Mapping[str, Tally]:
        """The tops by name."""
        self.add_up()
        return self._tops

    @property
    def volumes(self) -> Mapping[str, Tally]:
        """The pending recipients of the messages with each value, for the tops in SENDING."""
        self.add_up()
        return self._volumes

    @property
    def shape(self) -> Sequence[Tally]:
        """Recipients by domain, a tally for each bucket of ages."""
        self.add_up()
        return self._shape

    @property
    def recipients_by_age(self) -> Sequence[int]:
        """All recipients in each bucket of the shape. This is exact, even if values of the shape were dropped."""
        self._count()
        return self._recipients_by_age

    def __getstate__(self) -> dict[str, Any]:
        """Pass to another process the results only."""
        self.add_up()
        return self.__dict__

    def add(self, envelope: Envelope, reasons: Mapping[bytes, bytes] | None = None) -> None:
        """Count a message, once for each distinct value that it has. The shape counts recipients, as qshape(1) does."""
        self._totals.add(envelope)
        if envelope.is_heavy:
            envelope = _cut_envelope(envelope)
            self._uncounted += sum(map(len, envelope.pending)) // _BYTES_OF_A_RECIPIENT
        self._waiting.append(envelope)
        if reasons and self._with_tops:
            self._tops["reasons"].waiting += {reason[:_LONGEST_REASON] for reason in reasons.values()}
        self._uncounted += _MESSAGE + len(envelope.pending)
        if self._uncounted >= _AT_ONCE:
            self._take()
            if self._untallied >= _BATCH:
                self._count()

    def merge(self, other: Summary) -> None:
        """Add another summary of the same kind."""
        self.totals.merge(other.totals)
        for name, tally in self.tops.items():
            tally.merge(other.tops[name])
        for name, tally in self.volumes.items():
            tally.merge(other.volumes[name])
        for bucket, tally in enumerate(self.shape):
            tally.merge(other.shape[bucket])
            self._recipients_by_age[bucket] += other.recipients_by_age[bucket]

    def _take(self) -> None:
        """Take the values to count from the envelopes."""
        envelopes = self._waiting
        if not envelopes:
            return
        if self._with_tops:
            self._take_values(envelopes)
        if self._with_tops or self._with_shape:
            for envelope in envelopes:
                bucket = bisect_right(_SHAPE_SECONDS, self._now - envelope.arrival)
                self._recipients[bucket] += envelope.pending
        self._untallied += self._uncounted
        self._uncounted = 0
        envelopes.clear()

    def _take_values(self, envelopes: Sequence[Envelope]) -> None:
        """Take the values for the tops from the envelopes, each value once for each message."""
        # An empty queue has none.
        from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domains_of  # noqa: PLC0415

        tops = self._tops
        senders = [envelope.sender for envelope in envelopes]
        clients = [envelope.client_address or None for envelope in envelopes]
        logins = [envelope.sasl_username or None for envelope in envelopes]
        self._senders.update([sender for sender in senders if sender is not None])
        tops["client_addresses"].waiting += filter(None, clients)
        tops["sasl_usernames"].waiting += filter(None, logins)
        sizes = [len(envelope.pending) for envelope in envelopes]
        for name, values in zip(SENDING, (senders, logins, clients)):
            self._volumes[name].update(_sum_by_value(values, sizes))
        waiting = tops["recipient_domains"].waiting
        domains = iter(domains_of([*chain.from_iterable([envelope.pending for envelope in envelopes])]))
        for envelope in envelopes:
            pending = envelope.pending
            distinct = set(islice(domains, len(pending)))
            waiting += distinct
            # If all domains differ, all addresses differ.
            if len(distinct) < len(pending) and len(set(pending)) < len(pending):
                self._repeated += (Counter(pending) - Counter(set(pending))).elements()

    def _count(self) -> None:
        """Count the values that wait."""
        self._take()
        if not self._untallied:
            return
        self._untallied = 0
        for tally in self._tops.values():
            tally.count_waiting()
        for bucket, recipients in enumerate(self._recipients):
            self._by_age[bucket].update(recipients)
            if self._with_shape:
                self._recipients_by_age[bucket] += len(recipients)
            recipients.clear()
        if sum(map(len, self._by_age)) + len(self._senders) + len(self._repeated) > _MAX_WHOLE:
            self.add_up()

    def add_up(self) -> None:
        """Count the values that wait, and add the counts of whole addresses to the tops and the shape."""
        self._count()
        if not self._senders and not any(self._by_age):
            return
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
        from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domains_of  # noqa: PLC0415

        domains: dict[bytes, int] = {}
        for domain, count in zip(domains_of([*counts]), counts.values()):
            domains[domain] = domains.get(domain, 0) + count
        return domains
