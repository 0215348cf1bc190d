# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""Messages and recipients by client or sender, in bounded memory."""

from __future__ import annotations

import heapq
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Tally

LONGEST_VALUE = 512
# Values wait until so many can be counted together.
_AT_ONCE = 2000


class Volume(NamedTuple):
    """What one value sent."""

    value: bytes
    messages: int
    recipients: int


class VolumeTally:
    """Counts messages by value as Tally does, and their recipients."""

    __slots__ = ("_messages", "_others")

    def __init__(self) -> None:
        self._messages = Tally()
        # The recipients of each message after the first one, by value.
        self._others: dict[bytes, int] = {}

    @property
    def missed(self) -> int:
        """By how many messages the count of a value may be too low; 0 means that every count is exact."""
        return self._messages.missed

    def add(self, value: bytes, recipients: int) -> None:
        """Count one message. A long value is counted under its beginning."""
        if len(value) > LONGEST_VALUE:
            value = value[:LONGEST_VALUE]
        waiting = self._messages.waiting
        waiting.append(value)
        if recipients != 1:
            self._others[value] = self._others.get(value, 0) + recipients - 1
        if len(waiting) >= _AT_ONCE:
            self._count_waiting()

    def top(self, number: int) -> list[Volume]:
        """Return the values with the most recipients, most first, equal ones by messages and then in the order of their bytes."""
        self._count_waiting()
        others = self._others
        volumes = (
            Volume(value, count, count + others.get(value, 0)) for value, count in self._messages.counts().items()
        )
        return heapq.nsmallest(number, volumes, key=lambda volume: (-volume.recipients, -volume.messages, volume.value))

    def _count_waiting(self) -> None:
        before = self._messages.missed
        self._messages.count_waiting()
        if self._messages.missed != before:
            kept = self._messages.counts()
            self._others = {value: count for value, count in self._others.items() if value in kept}
