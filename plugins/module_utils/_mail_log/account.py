# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""What one SASL account did, as the mail log shows it."""

from __future__ import annotations

import ipaddress
from collections import deque
from typing import Mapping, NamedTuple

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# The queue IDs of the last messages of an account.
MAX_QUEUE_IDS = 100
# After so many logins from elsewhere, a network that an account uses for the first time is new to it.
_ESTABLISHED = 5
# A failed login counts as one before a successful login if it was at most so many seconds earlier.
_RUN_SECONDS = 3600


class Busiest(NamedTuple):
    """The minute or hour with the most. start: in seconds since the epoch."""

    start: int
    number: int


class _Peak:
    """Finds the interval of the clock with the most. Times come in order, so only the current interval is kept."""

    __slots__ = ("_best", "_best_number", "_count", "_number", "_seconds")

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._number = self._count = self._best_number = self._best = 0

    def add(self, time: int, count: int) -> None:
        number = time // self._seconds
        if number != self._number:
            self._number = number
            self._count = 0
        self._count += count
        if self._count > self._best:
            self._best = self._count
            self._best_number = number

    @property
    def most(self) -> int:
        """The most in one interval."""
        return self._best

    @property
    def busiest(self) -> Busiest | None:
        """The first interval that had the most, None if nothing was counted."""
        return Busiest(self._best_number * self._seconds, self._best) if self._best else None


class Network:
    """What an account did from one network. is_new: whether the account was in use from other networks before.

    busiest_before: the most logins of the account in an hour until then.
    """

    __slots__ = ("busiest_before", "first", "is_new", "logins", "logins_at_first")

    def __init__(self, first: int, *, is_new: bool, busiest_before: int) -> None:
        self.first = first
        self.is_new = is_new
        self.busiest_before = busiest_before
        self.logins = 0
        self.logins_at_first = 0
        """The logins within an hour after the first one."""


class _Spread:
    """Finds the day on which mail came from the most networks. A network that sent to few of the day's recipients does not count."""

    __slots__ = ("_best", "_day", "_recipients")

    def __init__(self) -> None:
        self._day = 0
        self._recipients: dict[bytes, int] = {}
        self._best = 0

    def add(self, time: int, network: bytes, recipients: int) -> None:
        day = time // _DAY
        if day != self._day:
            self._best = self.most
            self._day = day
            self._recipients = {}
        self._recipients[network] = self._recipients.get(network, 0) + recipients

    @property
    def most(self) -> int:
        """From how many networks nine tenths of a day's recipients were sent to, on the day with the most."""
        needed = 0.9 * sum(self._recipients.values())
        number = covered = 0
        for recipients in sorted(self._recipients.values(), reverse=True):
            if covered >= needed:
                break
            covered += recipients
            number += 1
        return max(number, self._best)


class Failures:
    """The failed logins of one name, by the program that logged them; several programs may log the same attempt."""

    __slots__ = ("_counts", "_runs")

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._runs: dict[str, list[int]] = {}

    @property
    def count(self) -> int:
        """The number of failed logins: of the program that logged the most."""
        return max(self._counts.values(), default=0)

    def add(self, source: str, time: int, count: int = 1) -> None:
        """Count failed logins at one time."""
        self._counts[source] = self._counts.get(source, 0) + count
        run = self._runs.get(source)
        if run is None or time - run[1] > _RUN_SECONDS:
            self._runs[source] = [count, time]
        else:
            run[0] += count
            run[1] = time

    def end_run(self, time: int) -> int:
        """Return the failed logins in a row before a successful one at that time, and begin to count from 0."""
        if not self._runs:
            return 0
        longest = max((count for count, last in self._runs.values() if time - last <= _RUN_SECONDS), default=0)
        self._runs.clear()
        return longest


class Account:
    """The counts of one SASL user name."""

    __slots__ = (
        "addresses",
        "bounced",
        "dropped",
        "failed_logins",
        "failed_then_successful",
        "first",
        "hour",
        "last",
        "logins",
        "messages",
        "methods",
        "minute",
        "networks",
        "queue_ids",
        "recipients",
        "recipients_day",
        "recipients_hour",
        "sasl_username",
        "senders",
        "spread",
    )

    def __init__(self, sasl_username: bytes) -> None:
        self.sasl_username = sasl_username
        self.logins = 0
        """Messages that were submitted with this login."""
        self.messages = 0
        """Those of them that entered the queue."""
        self.recipients = 0
        self.bounced = 0
        """Recipients that bounced."""
        self.senders: dict[bytes, int] = {}
        """{envelope sender: messages}"""
        self.addresses: dict[bytes, int] = {}
        """{client address: logins}"""
        self.networks: dict[bytes, Network] = {}
        """By the /24 (IPv4) and /64 (IPv6) networks of the client addresses."""
        self.spread = _Spread()
        self.methods: dict[bytes, int] = {}
        self.first: int | None = None
        self.last: int | None = None
        self.minute = _Peak(_MINUTE)
        self.hour = _Peak(_HOUR)
        self.recipients_hour = _Peak(_HOUR)
        self.recipients_day = _Peak(_DAY)
        self.failed_logins = 0
        self.failed_then_successful = 0
        """The most failed logins in a row, at most an hour apart, before a successful one."""
        self.queue_ids: deque[bytes] = deque(maxlen=MAX_QUEUE_IDS)
        self.dropped = 0
        """How many senders and addresses were dropped to bound the memory."""

    def add_login(self, time: int, address: bytes, method: bytes) -> None:
        """Count a message that a client submitted with this login."""
        self.logins += 1
        if self.first is None:
            self.first = time
        self.last = time
        self.addresses[address] = self.addresses.get(address, 0) + 1
        self.methods[method] = self.methods.get(method, 0) + 1
        name = network_of(address)
        network = self.networks.get(name)
        if network is None:
            is_new = self.logins > _ESTABLISHED
            network = self.networks[name] = Network(time, is_new=is_new, busiest_before=self.hour.most)
        network.logins += 1
        if time - network.first < _HOUR:
            network.logins_at_first += 1
        self.minute.add(time, 1)
        self.hour.add(time, 1)

    def add_message(self, time: int, queue_id: bytes, address: bytes, sender: bytes, recipients: int) -> None:
        """Count a message that entered the queue. time: of its login."""
        self.messages += 1
        self.recipients += recipients
        self.senders[sender] = self.senders.get(sender, 0) + 1
        self.recipients_hour.add(time, recipients)
        self.recipients_day.add(time, recipients)
        self.queue_ids.append(queue_id)
        self.spread.add(time, network_of(address), recipients)

    @property
    def size(self) -> int:
        """How many values are kept, which is what the memory depends on."""
        return len(self.senders) + len(self.addresses) + len(self.networks)

    def shrink(self, number: int) -> None:
        """Keep only so many of the most frequent senders and addresses."""
        before = len(self.senders) + len(self.addresses)
        self.senders = dict(most_frequent(self.senders, number))
        self.addresses = dict(most_frequent(self.addresses, number))
        self.dropped += before - len(self.senders) - len(self.addresses)
        ranked = sorted(self.networks.items(), key=lambda item: (-item[1].logins_at_first, item[0]))
        self.networks = dict(ranked[:number])


def most_frequent(counts: Mapping[bytes, int], number: int) -> list[tuple[bytes, int]]:
    """Return the values with the largest counts, equal ones in the order of their bytes."""
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:number]


def network_of(address: bytes) -> bytes:
    """Return the /24 or /64 network of an address in text form; the address itself if it is not one, such as C(unknown)."""
    if b":" not in address:
        first, dot, _last = address.rpartition(b".")
        return first + b".0/24" if dot else address
    try:
        number = int(ipaddress.IPv6Address(address.decode("ascii")))
    except ValueError:
        return address
    return b"%s/64" % str(ipaddress.IPv6Address(number >> 64 << 64)).encode("ascii")
