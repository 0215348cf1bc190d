# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Finding the lines of a mail log that a question is about, without parsing all the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, Iterator, NamedTuple, Pattern

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line, parse_line

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Event
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# Postfix cuts its lines long before that (src/util/msg_output.c, src/global/maillog_client.c), and so does syslog.
LONGEST_LINE = 1 << 15


class FoundLine(NamedTuple):
    """A line of the log and what it says; None if it is not understood. offset: where it starts in its block, in bytes."""

    offset: int
    line: Line
    event: Event | None
    raw: bytes


def find_lines(block: bytes, hits: Iterable[int], clock: Clock) -> Iterator[FoundLine]:
    """Yield each line of a block that has a hit, once. block: whole lines. hits: positions in the block, in order.

    A hit only saves work. What a line says is read from its beginning, so untrusted text in it does not count.
    """
    end = 0
    for hit in hits:
        if hit < end:
            continue
        start = block.rfind(b"\n", 0, hit) + 1
        end = block.find(b"\n", hit) + 1 or len(block)
        if end - start > LONGEST_LINE:
            continue
        raw = block[start:end].rstrip(b"\n")
        line = parse_line(raw, clock)
        if line is not None:
            yield FoundLine(start, line, read_event(line), raw)


def pattern_hits(block: bytes, pattern: Pattern[bytes]) -> Iterator[int]:
    """Yield where a pattern is found."""
    return (found.start() for found in pattern.finditer(block))


def needle_hits(block: bytes, needles: Iterable[bytes]) -> list[int]:
    """Return where any of a few byte strings is found. This is much faster than a regular expression."""
    hits = []
    for needle in needles:
        hit = block.find(needle)
        while hit >= 0:
            hits.append(hit)
            hit = block.find(needle, hit + len(needle))
    return sorted(hits)
