# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Blocks of a mail log: whole lines, bounded, and only those of a time.

A block is looked at in a few places only. Its lines are divided where a limit of the time is near, or where a line is too long.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Iterable, Iterator

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

BLOCK_BYTES = 1 << 20
MAX_LINE_BYTES = 1 << 16
# Lines that are this near to each other may be in any order: several processes write a log, and clocks are set.
SLACK_SECONDS = 120
# Lines without a time stamp that may follow each other where a time is looked for.
_MAX_TRIES = 20
# A stamp of RFC 3339 with nanoseconds is shorter.
_MAX_STAMP_BYTES = 40
# Blocks in a row that are too late before no more is read: one clock may be wrong for a while.
_LATE_BLOCKS = 2


@dataclass
class Reading:
    """What is known of a source so far."""

    lines: int = 0
    cut_lines: int = 0
    """Lines that were longer than 64 KiB. The rest of such a line is dropped."""
    first: int | None = None
    """The time of the first line, in seconds since the epoch; None if no line has a time stamp."""
    last: int | None = None
    truncated: bool = False
    """Whether a part of the source could not be read."""


def time_of_line(line: bytes, clock: Clock) -> int | None:
    """Return the time of a line, None if it does not begin with a time stamp."""
    stamp = line[:15] if line[3:4] == b" " else line[:_MAX_STAMP_BYTES].partition(b" ")[0]
    try:
        return clock.seconds(stamp)
    except ValueError:
        return None


def whole_lines(chunks: Iterable[bytes], reading: Reading, *, limit: int = MAX_LINE_BYTES) -> Iterator[bytes]:
    """Yield blocks of whole lines with their ends. The rest after the last end of a line is dropped.

    Memory is bounded whatever the length of a line: one that is longer than the limit is cut and counted.
    """
    rest = b""
    for chunk in chunks:
        end = chunk.rfind(b"\n") + 1
        if end:
            # More of a line that is too long already is not kept.
            start = chunk.index(b"\n") if len(rest) > limit else 0
            # One copy, not two: that is most of the time that a block takes.
            yield _cut_long_lines(b"".join((rest, memoryview(chunk)[start:end])), reading, limit)
            rest = b""
        rest = (rest + chunk[end : end + limit + 1])[: limit + 1]


def _cut_long_lines(block: bytes, reading: Reading, limit: int) -> bytes:
    half = limit // 2
    # A line that is too long fills at least one of these parts.
    if all(block.find(b"\n", start, start + half) >= 0 for start in range(0, len(block), half)):
        return block
    lines = block.split(b"\n")
    reading.cut_lines += sum(len(line) > limit for line in lines)
    return b"\n".join([line[:limit] for line in lines])


def select_time(
    blocks: Iterable[bytes], clock: Clock, reading: Reading, *, since: float | None, until: float | None
) -> Iterator[bytes]:
    """Yield the lines of a time, both ends within, and count them. None: no limit.

    A line without a time stamp belongs to the line before it. Lines that are out of order by more than SLACK_SECONDS are seen only near
    a limit.
    """
    selection = _TimeSelection(clock, since, until)
    late = 0
    for block in blocks:
        found = selection.select(block)
        late = late + 1 if found is None else 0
        if late == _LATE_BLOCKS:
            return
        if found:
            reading.lines += found.count(b"\n")
            first = _first_time(found, 0, clock)
            reading.first = first if reading.first is None else reading.first
            last = _last_time(found, clock)
            reading.last = reading.last if last is None else last
            yield found


class _TimeSelection:
    """Selects the lines of a time from one block after the other."""

    def __init__(self, clock: Clock, since: float | None, until: float | None) -> None:
        self._clock = clock
        self._since = float("-inf") if since is None else since
        self._until = float("inf") if until is None else until
        self._has_limit = since is not None or until is not None
        # Whether the last line was selected.
        self._selected = since is None

    def select(self, block: bytes) -> bytes | None:
        """Return the lines of the time, None if all of them are certainly later."""
        times = _sample_times(block, self._clock) if self._has_limit else []
        if not times:
            return block if self._selected else b""
        low, high = min(times), max(times)
        head = self._untimed_head(block)
        kept = head if self._selected else b""
        if low > self._until + SLACK_SECONDS:
            self._selected = False
            return kept or None
        if high < self._since - SLACK_SECONDS:
            self._selected = False
            return kept
        if low >= self._since + SLACK_SECONDS and high <= self._until - SLACK_SECONDS:
            self._selected = True
            return block[len(head) - len(kept) :]
        return self._select_lines(block)

    def _untimed_head(self, block: bytes) -> bytes:
        """Return the lines at the start of a block that have no time, because they belong to the last line of the block before."""
        end = 0
        # Some line has a time, because the sample has one.
        while time_of_line(block[end : block.index(b"\n", end)], self._clock) is None:
            end = block.index(b"\n", end) + 1
        return block[:end]

    def _select_lines(self, block: bytes) -> bytes:
        lines = block.split(b"\n")
        # After the last end of a line there is nothing.
        lines.pop()
        selected = []
        for line in lines:
            time = time_of_line(line, self._clock)
            if time is not None:
                self._selected = self._since <= time <= self._until
            if self._selected:
                selected.append(line)
        return b"\n".join([*selected, b""])


def _sample_times(block: bytes, clock: Clock) -> list[int]:
    """Return the times of the first and the last line of a block, and of some in between."""
    quarter = len(block) // 4
    times = [_first_time(block, start, clock) for start in (0, quarter, 2 * quarter, 3 * quarter)]
    return [time for time in (*times, _last_time(block, clock)) if time is not None]


def _first_time(block: bytes, start: int, clock: Clock) -> int | None:
    """Return the time of the first line with a time stamp, from a place in a block on."""
    start = block.find(b"\n", start - 1) + 1 if start else 0
    for _number in range(_MAX_TRIES):
        time = time_of_line(block[start : start + _MAX_STAMP_BYTES], clock)
        if time is not None:
            return time
        start = block.find(b"\n", start) + 1
        if not start:
            return None
    return None


def _last_time(block: bytes, clock: Clock) -> int | None:
    """Return the time of the last line with a time stamp."""
    end = len(block) - 1
    for _number in range(_MAX_TRIES):
        start = block.rfind(b"\n", 0, max(end, 0)) + 1
        time = time_of_line(block[start : start + _MAX_STAMP_BYTES], clock)
        if time is not None or not start:
            return time
        end = start - 1
    return None


def middle_time(window: bytes, clock: Clock) -> tuple[int, int] | None:
    """Return where the first whole line of a part of a log starts, and the time there: the middle one of the next few.

    None if no line in the part has a time stamp. One wrong clock does not change the result.
    """
    start = window.find(b"\n") + 1
    if not start:
        return None
    lines = window[start:].split(b"\n", _MAX_TRIES)
    times = [time for time in (time_of_line(line, clock) for line in lines[:-1]) if time is not None][:5]
    return (start, sorted(times)[len(times) // 2]) if times else None
