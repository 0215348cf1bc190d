# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Reading a queue file in pieces, along its pointers (rec_goto() in src/global/record.c), with a bound on how much is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

# Stands for a type of record where the window ends within the record.
CUT = -1


class WalkLimitReached(RecordError):
    """More than bounds.MAX_WALK bytes would have to be read."""


class Cursor:
    """A position in a file and a window on the bytes around it. It moves no more than bounds.MAX_WALK bytes in all."""

    __slots__ = ("base", "fetch", "highest", "position", "reverse_jumps", "walked", "window")

    def __init__(self, fetch: Fetch, *, offset: int = 0, window: bytes = b"") -> None:
        self.fetch = fetch
        self.base = offset
        self.window = window
        self.position = 0
        self.walked = 0
        self.reverse_jumps = 0
        self.highest = 0

    @property
    def offset(self) -> int:
        """Where in the file the next record starts, in bytes."""
        return self.base + self.position

    def goto(self, offset: int) -> None:
        """Continue at an offset of the file. Raises RecordError if the jumps form a loop."""
        # As in rec_goto(), only jumps that do not go beyond the last target count.
        if offset <= self.highest:
            self.reverse_jumps += 1
            if self.reverse_jumps > rec.MAX_REVERSE_JUMPS:
                raise RecordError("too many reverse jumps", offset=self.offset)
        self.highest = offset
        if self.base <= offset <= self.base + len(self.window):
            self._walk(abs(offset - self.offset))
            self.position = offset - self.base
        else:
            self._walk(self.position)
            self.base, self.window, self.position = offset, b"", 0

    def follow(self, payload: bytes, end: int) -> None:
        """Continue where a pointer record leads; after the record, at its end, if it is a placeholder. Raises RecordError."""
        try:
            target = rec.pointer_target(payload)
        except ValueError as error:
            raise RecordError(str(error), offset=self.offset) from error
        if target:
            self.goto(target)
        else:
            self.position = end

    def more(self) -> None:
        """Read on and keep the record that is cut. Raises RecordError at the end of the file and beyond the bounds."""
        self._walk(self.position)
        kept = self.window[self.position :]
        if len(kept) > bounds.MAX_RECORD:
            raise RecordError("a record of more than %d bytes" % bounds.MAX_RECORD, offset=self.offset)
        fresh = self.fetch(
            self.offset + len(kept), bounds.NEXT_READ if len(kept) < bounds.NEXT_READ else bounds.MAX_RECORD
        )
        if not fresh:
            raise RecordError("the file ends within a record" if kept else "missing end record", offset=self.offset)
        self.base, self.window, self.position = self.offset, kept + fresh, 0

    def _walk(self, count: int) -> None:
        self.walked += count
        if self.walked > bounds.MAX_WALK:
            raise WalkLimitReached("more than %d bytes to read" % bounds.MAX_WALK, offset=self.offset)
