# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The envelope of any queue file, read record by record as src/qmgr/qmgr_message.c does. Few files need it: see envelope_reader.py."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import CUT, Cursor, WalkLimitReached
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import (
    EMPTY_FILE,
    WRONG_END,
    Envelope,
    Input,
    Unparsed,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.lines import Lines, skip_content

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

# So many recipients and attributes of a message are kept, and so many bytes of them, counted as what they take in memory.
MAX_RECORDS_KEPT = 400000
MAX_BYTES_KEPT = 40 << 20
_BYTES_OF_A_RECORD = 48

# Types of record that qmgr(8) expects besides those that are used here (REC_TYPE_ENVELOPE, REC_TYPE_EXTRACT). It refuses a file
# with any other type.
_ENVELOPE_TYPES = frozenset(b"CTcFILSWV>K<ionPrefdmw")
_TURNING = frozenset((rec.MESSAGE, rec.POINTER, rec.EXTRACTED, rec.END))
# Python finds globals of this module faster than attributes of another one.
_ATTRIBUTE = rec.ATTRIBUTE
_RECIPIENT = rec.RECIPIENT
_ORIGINAL_RECIPIENT = rec.ORIGINAL_RECIPIENT
# REC_TYPE_PTR_FORMAT, REC_TYPE_PTR_PAYL_SIZE.
_POINTER_HEAD = b"p\x0f"
_POINTER_LENGTH = 2 + 15
_EXTRACTED = b"X"
_EXTRACTED_OR_UNREAD = (_EXTRACTED, b"")


class _RecordsLimitReached(Exception):
    """The file has more recipients or attributes than are kept. It is not damaged."""


class _EnvelopeParts:
    """The parts of an envelope in the records that were read so far."""

    __slots__ = (
        "arrival",
        "attributes",
        "cancelled",
        "done",
        "longest",
        "measured",
        "microseconds",
        "pending",
        "sender",
        "size_kept",
        "sizes",
    )

    def __init__(self) -> None:
        self.arrival = 0
        self.microseconds = 0
        self.sizes: list[int] = []
        self.sender: bytes | None = None
        self.pending: list[bytes] = []
        self.done = 0
        self.cancelled = 0
        self.attributes: list[bytes] = []
        self.longest = 0
        self.measured = (0, 0)
        self.size_kept = 0

    def take(self, kind: int, payload: bytes, offset: int) -> None:
        """Take a record of a type that is rare or occurs once in a file. Raises RecordError."""
        try:
            if kind == rec.SENDER and self.sender is None:
                self.sender = payload
            elif kind == rec.TIME and not self.arrival:
                self.arrival, self.microseconds = _parse_time(payload)
            elif kind == rec.SIZE and not self.sizes:
                self.sizes = rec.parse_numbers(payload)
            elif kind == rec.DONE:
                self.done += 1
            elif kind == rec.CANCELLED:
                self.cancelled += 1
            elif kind not in _ENVELOPE_TYPES:
                raise ValueError("unexpected record type %r" % chr(kind))
        except ValueError as error:
            raise RecordError(str(error), offset=offset) from error

    def complete_at(self, content: int) -> bool:
        """Return whether all recipients were read if the content starts at an offset.

        The C record counts them all. Old files and files in maildrop have no C record that fits, and must be read to the end.
        """
        return (
            len(self.sizes) >= 3
            and self.sizes[1] == content
            and len(self.pending) + self.done + self.cancelled >= self.sizes[2]
        )

    def check_bound(self, offset: int, file_size: int) -> None:
        """Raise _RecordsLimitReached if there are more records than are kept, and RecordError if they do not fit a file of that size."""
        pending, attributes = self.measured
        for kept, measured in ((self.pending, pending), (self.attributes, attributes)):
            lengths = [*map(len, kept[measured:])]
            self.longest = max(self.longest, *lengths, 0)
            self.size_kept += sum(lengths) + _BYTES_OF_A_RECORD * len(lengths)
        self.measured = len(self.pending), len(self.attributes)
        records = sum(self.measured)
        if records > MAX_RECORDS_KEPT or self.size_kept > MAX_BYTES_KEPT:
            if self.size_kept - _BYTES_OF_A_RECORD * records + 2 * records > file_size:
                raise RecordError("a loop of pointers", offset=offset)
            raise _RecordsLimitReached

    def content_end(self, data_offset: int) -> int | None:
        """Return where the content ends by the C record, None if that does not fit the file (src/cleanup/cleanup_final.c)."""
        sizes = self.sizes
        return sizes[0] + sizes[1] if len(sizes) >= 3 and sizes[1] == data_offset else None

    def envelope(self, *, file_size: int, data_offset: int, unparsed: Unparsed | None, enough: bool) -> Envelope:
        """Return the envelope. enough: whether a bound was reached, so that there may be more in the file."""
        attributes = b"".join(rec.encode_record(_ATTRIBUTE, attribute) for attribute in self.attributes)
        longest = max(self.longest, len(self.sender or b""))
        return Envelope(
            self.arrival,
            self.microseconds,
            self.sizes[0] if self.sizes and self.sizes[0] > 0 else file_size,
            self.sender,
            self.pending,
            self.done,
            attributes,
            data_offset,
            unparsed,
            self._missing(data_offset, cut=unparsed is not None or enough),
            longest > bounds.LONG_RECORD or len(attributes) > bounds.LONG_ATTRIBUTES,
        )

    def _missing(self, data_offset: int, *, cut: bool) -> frozenset[Input]:
        """Return what is not known. cut: whether the file was not read to its end; if it was, only the sender can be missing."""
        known = {
            Input.SENDER: self.sender is not None,
            Input.ARRIVAL: not cut or self.arrival > 0,
            # All attributes of the message are before the first recipient.
            Input.ATTRIBUTES: not cut or bool(self.pending or self.done or self.cancelled or data_offset),
            Input.RECIPIENTS: not cut or (data_offset > 0 and self.complete_at(data_offset)),
        }
        return frozenset(name for name, is_known in known.items() if not is_known)


def read_records(fetch: Fetch, *, file_size: int, window: bytes) -> Envelope:
    """Return the envelope of a queue file, as envelope_reader.read_envelope() does. window: the first bytes of the file."""
    parts = _EnvelopeParts()
    cursor = Cursor(fetch, window=window)
    data_offset = 0
    unparsed = None
    enough = False
    try:
        while _scan(cursor, parts, file_size) == rec.MESSAGE:
            data_offset = cursor.offset
            if parts.complete_at(data_offset):
                break
            skip_content(cursor, parts.sizes)
    except _RecordsLimitReached:
        enough = True
    except WalkLimitReached as error:
        # A file shorter than the limit has a loop of pointers.
        enough = file_size >= bounds.MAX_WALK
        unparsed = None if enough else Unparsed(error.offset, error.problem)
    except RecordError as error:
        unparsed = Unparsed(error.offset, error.problem if file_size else EMPTY_FILE)
    if unparsed is None:
        unparsed = _content_problem(cursor, parts.content_end(data_offset), file_size)
    return parts.envelope(file_size=file_size, data_offset=data_offset, unparsed=unparsed, enough=enough)


def read_extracted(fetch: Fetch, envelope: Envelope, *, sizes: list[int], file_size: int) -> Unparsed | None:
    """Return what is wrong with the extracted segment or with the edits of milters behind it, None for nothing.

    cleanup(8) stores attributes in the segment, recipients, and a pointer for milters (src/cleanup/cleanup_extracted.c). qmgr(8)
    reads it to the end record.

    sizes: the numbers of the C record.
    """
    end = sizes[0] + sizes[1]
    cursor = Cursor(fetch, offset=end, window=fetch(end, bounds.FIRST_READ))
    if cursor.window[:1] != _EXTRACTED:
        return Unparsed(end, WRONG_END)
    parts = _EnvelopeParts()
    # What the envelope has is not taken a second time.
    parts.arrival, parts.sender, parts.done, parts.sizes = envelope.arrival, envelope.sender, envelope.done, sizes
    try:
        # A start of content means nothing here, as in qmgr(8).
        while _scan(cursor, parts, file_size) != rec.END:
            pass
        if cursor.offset < file_size and not _ends_with_pointer(fetch, file_size):
            # Delivery agents follow the pointers in the content to these edits.
            for _lines in Lines(Cursor(fetch, offset=envelope.data_offset), stop=rec.EXTRACTED):
                pass
    except _RecordsLimitReached:
        return None
    except WalkLimitReached as error:
        return None if file_size >= bounds.MAX_WALK else Unparsed(error.offset, error.problem)
    except RecordError as error:
        return Unparsed(error.offset, error.problem)
    return None


def _ends_with_pointer(fetch: Fetch, file_size: int) -> bool:
    """Return whether the last record is a pointer, as behind each edit of a milter (src/cleanup/cleanup_milter.c).

    A file may end otherwise and be whole: where one milter replaced the text of another one, the end of the old text is left.
    """
    data = fetch(file_size - _POINTER_LENGTH, _POINTER_LENGTH)
    return data[:2] == _POINTER_HEAD and data[2:].strip(b" ").isdigit()


def _content_problem(cursor: Cursor, end: int | None, file_size: int) -> Unparsed | None:
    """Return what is wrong with the end of the content, as far as the window shows it."""
    if end is None:
        return None
    if end + rec.MIN_TAIL > file_size:
        return Unparsed(file_size, "the file ends before its content does")
    place = end - cursor.base
    return None if cursor.window[place : place + 1] in _EXTRACTED_OR_UNREAD or place < 0 else Unparsed(end, WRONG_END)


def _scan(cursor: Cursor, parts: _EnvelopeParts, file_size: int) -> int:
    """Take records up to one that ends a segment, move the cursor to its end and return its type.

    Raises RecordError and _RecordsLimitReached.
    """
    while True:
        turn, payload, end = _scan_window(cursor, parts)
        # A loop of pointers passes the same recipients again and again, so this is checked after each window and each jump.
        parts.check_bound(cursor.offset, file_size)
        if turn == CUT:
            cursor.more()
        elif turn == rec.POINTER:
            cursor.follow(payload, end)
        else:
            cursor.position = end
            if turn != rec.EXTRACTED:
                return turn


def _scan_window(cursor: Cursor, parts: _EnvelopeParts) -> tuple[int, bytes, int]:
    """Take the records of the window up to one that leads elsewhere; return its type, payload and end, or CUT.

    This runs for every record, so records are decoded in place, without a function call, the frequent types first. Raises RecordError.
    """
    data = cursor.window
    size = len(data)
    position = cursor.position
    attributes = parts.attributes
    pending = parts.pending
    try:
        while True:
            kind = data[position]
            length = data[position + 1]
            start = position + 2
            if length > 0x7F:
                length, start = rec.decode_length(data, position + 1, base=cursor.base)
            end = start + length
            if end > size:
                break
            if kind == _RECIPIENT:
                pending.append(data[start:end])
            elif kind == _ATTRIBUTE:
                # Attributes after a recipient belong to the next recipient (dsn_orig_rcpt, notify_flags).
                if not pending and not parts.done:
                    attributes.append(data[start:end])
            elif kind in _TURNING:
                cursor.position = position
                return kind, data[start:end], end
            elif kind != _ORIGINAL_RECIPIENT:
                parts.take(kind, data[start:end], cursor.base + position)
            position = end
    except IndexError:
        pass
    cursor.position = position
    return CUT, b"", position


def _parse_time(payload: bytes) -> tuple[int, int]:
    """Return seconds and microseconds (REC_TYPE_TIME_FORMAT; old files have no microseconds). Raises ValueError."""
    numbers = rec.parse_numbers(payload)
    if len(numbers) > 2:
        raise ValueError("malformed arrival time %r" % payload[:40])
    return numbers[0], numbers[1] if len(numbers) == 2 else 0
