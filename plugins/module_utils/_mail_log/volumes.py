# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""Messages and recipients by client or sender, in bounded memory."""

from __future__ import annotations

import heapq
from typing import Iterable, NamedTuple

# As in Tally: a tally keeps at most so many distinct values. It drops those with the fewest messages.
MAX_DISTINCT = 40000
_KEPT_DISTINCT = 20000
LONGEST_VALUE = 512


class Volume(NamedTuple):
    """What one value sent."""

    value: bytes
    messages: int
    recipients: int


class VolumeTally:
    """Counts messages and recipients by value (lossy counting: from time to time the rarest values are dropped)."""

    __slots__ = ("_counts", "missed")

    def __init__(self) -> None:
        self._counts: dict[bytes, list[int]] = {}
        self.missed = 0
        """By how many messages the count of a value may be too low; 0 means that every count is exact."""

    def __len__(self) -> int:
        return len(self._counts)

    def add(self, value: bytes, recipients: int) -> None:
        """Count one message. A long value is counted under its beginning."""
        counts = self._counts.get(value)
        if counts is not None:
            counts[0] += 1
            counts[1] += recipients
        elif len(value) > LONGEST_VALUE:
            self.add(value[:LONGEST_VALUE], recipients)
        else:
            self._counts[value] = [1, recipients]
            if len(self._counts) > MAX_DISTINCT:
                self._sweep()

    def top(self, number: int) -> list[Volume]:
        """Return the values with the most recipients, most first, equal ones by messages and then in the order of their bytes."""
        return heapq.nsmallest(
            number, self._volumes(), key=lambda volume: (-volume.recipients, -volume.messages, volume.value)
        )

    def _volumes(self) -> Iterable[Volume]:
        return (Volume(value, messages, recipients) for value, (messages, recipients) in self._counts.items())

    def _sweep(self) -> None:
        """Drop the values that have at most as many messages as the first one beyond those to keep."""
        dropped = sorted((counts[0] for counts in self._counts.values()), reverse=True)[_KEPT_DISTINCT]
        self.missed += dropped
        self._counts = {value: counts for value, counts in self._counts.items() if counts[0] > dropped}
