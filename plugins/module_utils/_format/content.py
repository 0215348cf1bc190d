# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The text of a queue file: the message as stored, its headers, and its content (src/global/rec_type.h). Few runs read it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import Cursor
from ansible_collections.mailops.postfix.plugins.module_utils._format.lines import Lines

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

MAX_HEADERS = 1 << 20
# So many bytes of a message are decoded for its text parts, at most.
MAX_DECODED = 4 << 20
# The stored text is searched in windows of so many bytes. A hit is found if it starts in a window and is no longer than the overlap.
WINDOW = 4 << 20
OVERLAP = 1 << 16
# A pattern that looks back sees so many bytes before a window.
_CONTEXT = 1 << 10
_END_RECORD = b"E\0"
_NORMAL = rec.NORMAL
_POINTER = rec.POINTER
# After these the text does not simply continue with the next record.
_STOPS = frozenset((rec.CONTINUED, rec.END))
# These are between lines, for the edits of milters. They have no text.
_GAPS = frozenset((rec.POINTER, rec.PADDING))


class Window(NamedTuple):
    """A piece of a text. A hit counts in the window in which it starts, from start on and before limit."""

    text: bytes
    start: int
    limit: int


def text_windows(fetch: Fetch) -> Iterator[Window]:
    """Yield the message as stored, each record of envelope and content on a line of its own (what strings(1) shows), in windows.

    Lines that Postfix split (L records) are whole again. If the file cannot be read to its end, the text up to there is yielded, then
    ContentError is raised.
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


def read_content(fetch: Fetch, envelope: Envelope) -> bytes:
    """Return headers and body with LF line ends. Raises ContentError if the file cannot be read to the end of the content."""
    content, problem = read_start_of_content(fetch, envelope, most=bounds.MAX_WALK)
    if problem is not None:
        raise ContentError(problem)
    return content


def read_start_of_content(fetch: Fetch, envelope: Envelope, *, most: int) -> tuple[bytes, str | None]:
    """Return headers and body with LF line ends, about so many bytes at most, and why this is not all (None if it is).

    Raises ContentError if the file has no content.
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
    """Return the header lines with LF line ends, without the empty line, and why these are not all (None if they are).

    A line that is incomplete is left out. Raises ContentError if the file has no content.
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
    """Return the complete lines: a pattern may match the end of a line."""
    text = b"".join(lines)
    return text[: text.rfind(b"\n") + 1]


def _content_cursor(fetch: Fetch, envelope: Envelope) -> Cursor:
    if not envelope.data_offset:
        raise ContentError("no start of content")
    return Cursor(fetch, offset=envelope.data_offset)


def holds(data: bytes, envelope: Envelope, text: bytes) -> bool | None:
    """Return whether the stored text of a file contains this text, None if only text_windows() can decide. data: the whole file.

    Most files are decided by a search in their bytes, together with where the records of the content start: no line is split
    (L records), no text is elsewhere (pointers that lead away), and the hit is within one record.
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
    # A file without an end record is damaged and is not decided here.
    return at >= 0 if data[position : position + 2] == _END_RECORD else None


def _pass_lines(data: bytes, position: int, goal: int) -> tuple[int, int]:
    """Pass the records from a position on that are whole lines, and gaps between lines, up to the line that ends beyond a goal.

    Returns where the text of the last record starts, and where the next record starts. Raises IndexError at the end of the data,
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
