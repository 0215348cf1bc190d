# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The text of a queue file: the message as stored, its headers, and its content (src/global/rec_type.h). Few runs ask for it."""

from __future__ import annotations

import contextlib
import io
import re
from typing import TYPE_CHECKING, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import envelope as message
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import (
    CUT,
    Cursor,
    parse_numbers,
    skip_content,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Fetch

MAX_HEADERS = 1 << 20
# So much of a message is decoded at the most, for its text parts.
MAX_DECODED = 4 << 20
# The stored text is searched in windows of so many bytes. What begins in a window and is no longer than the overlap is found.
WINDOW = 4 << 20
OVERLAP = 1 << 16
# So much of what stood before a window is in sight of a pattern that looks back.
_CONTEXT = 1 << 10
# Not a type of record: where a reader stops for breath.
_PAUSE = -2
_LINES_AT_ONCE = 8192
_EMPTY_LINES = re.compile(rb"(?:N\0)+")
_END_RECORD = b"E\0"
_NORMAL = rec.NORMAL
_POINTER = rec.POINTER
# Where a text does not simply go on with the next record.
_STOPS = frozenset((rec.CONTINUED, rec.END))
# Between lines, for the edits of milters; nothing in them is text.
_GAPS = frozenset((rec.POINTER, rec.PADDING))


class Window(NamedTuple):
    """A piece of a text. A hit counts in the window in which it starts, from start on and before limit."""

    text: bytes
    start: int
    limit: int


class Lines:
    """The lines of a file from the cursor on, pointers followed, up to a type of record or the end record, which is passed over.

    Iterating gives lists of lines, with the line ends that they stand for; a list holds no more than some kilobytes, or one line,
    for an object for each line takes many times its size. Raises RecordError.
    """

    def __init__(self, cursor: Cursor, *, stop: int) -> None:
        self._cursor = cursor
        self._stop = stop
        # Whoever stops at the end record began in the envelope.
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
            # What stood before the damage is text all the same.
            yield lines
            if problem is not None:
                raise problem
            if turn == CUT:
                cursor.more()
            elif turn == rec.POINTER:
                cursor.follow(payload, end)
            elif turn != _PAUSE:
                cursor.position = end
                return

    def _take_window(self, lines: list[bytes]) -> tuple[int, bytes, int]:
        """Take lines of the window up to a record that turns elsewhere; return its type, payload and end, or CUT, or _PAUSE.

        Speed counts here as in _scan_window(), so records are decoded in line. Raises RecordError.
        """
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
                    # No record has that type, but a block that the disk lost is full of it.
                    raise RecordError("unexpected record type '\\x00'", offset=cursor.base + position)
                elif kind != rec.PADDING:
                    lines.append(data[start:end] + self._line_end(kind))
                position = end
            else:
                turn = _PAUSE if position < size else CUT
        except IndexError:
            pass
        cursor.position = position
        return turn, b"", position

    def _line_end(self, kind: int) -> bytes:
        """Return what stands for the end of a record's line."""
        # L is an unterminated line in the content, a content filter in the envelope (rec_type.h).
        self._in_content = self._in_content or kind == rec.MESSAGE
        return b"" if self._in_content and kind == rec.CONTINUED else b"\n"


def _empty_lines(data: bytes, position: int, end: int) -> tuple[bytes, int]:
    """Return the empty line of a record, with those that follow it, and where the last one ends."""
    run = _EMPTY_LINES.match(data, position)
    return (b"\n", end) if run is None else (b"\n" * ((run.end() - position) // 2), run.end())


def text_windows(fetch: Fetch) -> Iterator[Window]:
    """Yield the message as stored, each record of envelope and content on a line of its own (what strings(1) shows), in windows.

    Lines that Postfix split (L records) are whole again. Raises ContentError where the file cannot be read to its end, after what
    stood before.
    """
    waiting: list[bytes] = []
    size = start = 0
    problem = None
    try:
        for lines in Lines(Cursor(fetch), stop=rec.END):
            waiting.append(b"".join(lines))
            size += len(waiting[-1])
            if size >= WINDOW + OVERLAP + _CONTEXT:
                text = b"".join(waiting)
                yield Window(text, start, size - OVERLAP)
                waiting = [text[size - OVERLAP - _CONTEXT :]]
                size, start = OVERLAP + _CONTEXT, _CONTEXT
                del text
    except RecordError as error:
        problem = str(error)
    yield whole_window(b"".join(waiting), start)
    if problem is not None:
        raise ContentError(problem)


def whole_window(text: bytes, start: int = 0) -> Window:
    """Return the last window of a text, which may be the only one."""
    return Window(text, start, len(text) + 1)


def iter_envelope(fetch: Fetch) -> Iterator[tuple[int, bytes]]:
    """Yield type and payload of each record of the envelope and of the extracted segment, in the order in which Postfix reads them.

    The content is passed over. Raises RecordError.
    """
    cursor = Cursor(fetch)
    sizes: list[int] = []
    while True:
        record = rec.decode_record(cursor.window, cursor.position, base=cursor.base)
        if record is None:
            cursor.more()
            continue
        if record.kind == rec.POINTER:
            cursor.follow(record.payload, record.end)
            continue
        cursor.position = record.end
        yield record.kind, record.payload
        if record.kind == rec.SIZE and not sizes:
            with contextlib.suppress(ValueError):
                sizes = parse_numbers(record.payload)
        elif record.kind == rec.MESSAGE:
            skip_content(cursor, sizes)
        elif record.kind == rec.END:
            return


def read_content(fetch: Fetch, envelope: Envelope) -> bytes:
    """Return headers and body with LF line ends. Raises ContentError where the file cannot be read to the content's end."""
    content, problem = read_start_of_content(fetch, envelope, most=message.MAX_WALK)
    if problem is not None:
        raise ContentError(problem)
    return content


def read_start_of_content(fetch: Fetch, envelope: Envelope, *, most: int) -> tuple[bytes, str | None]:
    """Return headers and body with LF line ends, about so many bytes at the most, and why this is not all.

    Raises ContentError where the file has no content.
    """
    text = io.BytesIO()
    try:
        for lines in Lines(_content_cursor(fetch, envelope), stop=rec.EXTRACTED):
            text.write(b"".join(lines))
            if text.tell() > most:
                return text.getvalue(), "more than %d bytes of content" % most
    except RecordError as error:
        return text.getvalue(), str(error)
    return text.getvalue(), None


def read_headers(fetch: Fetch, envelope: Envelope) -> tuple[bytes, str | None]:
    """Return the header lines with LF line ends, without the empty line, and why these are not all.

    A line that is not there in full is left out. Raises ContentError where the file has no content.
    """
    headers: list[bytes] = []
    size = 0
    at_line_start = True
    try:
        for lines in Lines(_content_cursor(fetch, envelope), stop=rec.EXTRACTED):
            for line in lines:
                if at_line_start and line[:1] == b"\n":
                    return b"".join(headers), None
                size += len(line)
                if size > MAX_HEADERS:
                    return _whole_lines(headers), "more than %d bytes of headers" % MAX_HEADERS
                headers.append(line)
                at_line_start = line[-1:] == b"\n"
    except RecordError as error:
        return _whole_lines(headers), str(error)
    return b"".join(headers), None


def _whole_lines(lines: Sequence[bytes]) -> bytes:
    """Return what is whole of lines in pieces: a pattern may ask for the end of a line."""
    text = b"".join(lines)
    return text[: text.rfind(b"\n") + 1]


def _content_cursor(fetch: Fetch, envelope: Envelope) -> Cursor:
    if not envelope.data_offset:
        raise ContentError("no start of content")
    return Cursor(fetch, offset=envelope.data_offset)


def holds(data: bytes, envelope: Envelope, text: bytes) -> bool | None:
    """Return whether the whole file's stored text has this text in it, None where only text_windows() can tell.

    Most files are decided by a search in their bytes, and one look at where the records from the content's start on begin: no line
    was split (L records), nothing is elsewhere (pointers that lead away), and what was found lies within one record.
    """
    if b"\n" in text or not envelope.data_offset:
        return None
    at = data.find(text)
    position = envelope.data_offset
    try:
        if at >= 0:
            start, position = _pass_lines(data, position, at)
            if not start <= at <= at + len(text) <= position:
                return None
        _start, position = _pass_lines(data, position, len(data))
    except (IndexError, ValueError, RecordError):
        return None
    # A file without its end is damaged, and nothing is said of it.
    return at >= 0 if data[position : position + 2] == _END_RECORD else None


def _pass_lines(data: bytes, position: int, goal: int) -> tuple[int, int]:
    """Pass the records from a position on that are whole lines, and gaps between them, up to the line that ends beyond a goal.

    Returns where the text of the last one starts, and where the next record does. Raises IndexError at the end of the data,
    ValueError and RecordError.
    """
    start = goal + 1
    while position <= goal:
        kind = data[position]
        if kind != _NORMAL and kind in _STOPS:
            break
        length = data[position + 1]
        start = position + 2
        if length > 0x7F:
            length, start = rec.decode_length(data, position + 1)
        end = start + length
        if (
            kind != _NORMAL
            and kind in _GAPS
            and (end > goal or (kind == _POINTER and rec.pointer_target(data[start:end])))
        ):
            break
        position = end
    return start, position
