# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The lines of text in a queue file (src/global/rec_type.h)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Iterator, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import CUT

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import Cursor

# Stands for a type of record where a list of lines is long enough.
_FULL = -2
# So many bytes of records become one list of lines.
_LINES_AT_ONCE = 8192
_EMPTY_LINES = re.compile(rb"(?:N\0)+")
_NORMAL = rec.NORMAL


class Lines:
    """The lines of a file from the cursor up to a type of record or the end record. The cursor ends after that record.

    Iterating yields lists of lines, each line with its line end; pointers are followed. A list holds some kilobytes at most, or
    one line: as Python objects, lines take many times their size. Raises RecordError.
    """

    def __init__(self, cursor: Cursor, *, stop: int) -> None:
        self._cursor = cursor
        self._stop = stop
        # A reader that stops at the end record only started in the envelope.
        self._in_content = stop != rec.END

    def __iter__(self) -> Iterator[list[bytes]]:
        cursor = self._cursor
        problem: RecordError | None
        while True:
            lines: list[bytes] = []
            try:
                turn, payload, end = self._take_window(lines)
            except RecordError as error:
                problem = error
            else:
                problem = None
            # The lines before the damage are text too.
            yield lines
            if problem is not None:
                raise problem
            if turn == CUT:
                cursor.more()
            elif turn == rec.POINTER:
                cursor.follow(payload, end)
            elif turn != _FULL:
                cursor.position = end
                return

    def _take_window(self, lines: list[bytes]) -> tuple[int, bytes, int]:
        """Take lines of the window up to a record that leads elsewhere; return its type, payload and end, or CUT, or _FULL."""
        # This runs for every line, so records are decoded in place, without a function call.
        cursor = self._cursor
        data = cursor.window
        size = len(data)
        position = cursor.position
        pause = min(position + _LINES_AT_ONCE, size)
        turn = CUT
        try:
            while position < pause:
                kind = data[position]
                length = data[position + 1]
                start = position + 2
                if length > 0x7F:
                    length, start = rec.decode_length(data, position + 1, base=cursor.base)
                end = start + length
                if end > size:
                    break
                if kind == _NORMAL:
                    if length:
                        lines.append(data[start:end] + b"\n")
                    else:
                        line, end = _empty_lines(data, position, end)
                        lines.append(line)
                elif kind in (self._stop, rec.POINTER, rec.END):
                    cursor.position = position
                    return kind, data[start:end], end
                elif not kind:
                    # No record has this type, but a block that the disk lost is full of null bytes.
                    raise RecordError("unexpected record type '\\x00'", offset=cursor.base + position)
                elif kind != rec.PADDING:
                    lines.append(data[start:end] + self._line_end(kind))
                position = end
            else:
                turn = _FULL if position < size else CUT
        except IndexError:
            pass
        cursor.position = position
        return turn, b"", position

    def _line_end(self, kind: int) -> bytes:
        """Return the line end after the payload of a record."""
        # L is an unterminated line in the content, a content filter in the envelope (rec_type.h).
        self._in_content = self._in_content or kind == rec.MESSAGE
        return b"" if self._in_content and kind == rec.CONTINUED else b"\n"


def _empty_lines(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the empty line of a record together with the empty lines that follow, and where the last one ends."""
    run = _EMPTY_LINES.match(data, position)
    return (b"\n", end) if run is None else (b"\n" * ((run.end() - position) // 2), run.end())


def skip_content(cursor: Cursor, sizes: Sequence[int]) -> None:
    """Move from the start of the content to the extracted segment: by the numbers of the C record, else record by record.

    sizes: the numbers of the C record. Raises RecordError.
    """
    if len(sizes) >= 3 and sizes[1] == cursor.offset and sizes[0] > 0:
        cursor.goto(cursor.offset + sizes[0])
        return
    # Old files, and files in maildrop.
    for _lines in Lines(cursor, stop=rec.EXTRACTED):
        pass
