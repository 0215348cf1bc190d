# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Records, of which a Postfix queue file consists (src/global/record.c, src/global/rec_type.h).

A record is a type byte, a length in 7-bit groups (least significant first, 0x80 = more follow) and that many bytes.
"""

from __future__ import annotations

from typing import Callable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds

# fetch(offset, size) returns up to size bytes of the file from an offset on, b"" at its end.
Fetch = Callable[[int, int], bytes]

# Record types, src/global/rec_type.h.
SIZE = ord("C")
TIME = ord("T")
CREATE_TIME = ord("c")
FULL_NAME = ord("F")
SENDER = ord("S")
RECIPIENT = ord("R")
DONE = ord("D")
CANCELLED = ord("/")
ORIGINAL_RECIPIENT = ord("O")
ATTRIBUTE = ord("A")
MESSAGE = ord("M")
NORMAL = ord("N")
CONTINUED = ord("L")
PADDING = ord("w")
POINTER = ord("p")
EXTRACTED = ord("X")
END = ord("E")

# After the content there are at least an X and an E record, two bytes each.
MIN_TAIL = 4
# rec_get_raw() gives up if another group would not fit an int: four groups.
MAX_LENGTH_GROUPS = 4
MAX_LENGTH = (1 << 7 * MAX_LENGTH_GROUPS) - 1
# rec_goto() follows so many pointers that do not lead forward; with one more the file has a loop.
MAX_REVERSE_JUMPS = 10000

_IN_NUMBERS = b"0123456789 "


class Record(NamedTuple):
    """One record: its type byte, where it starts and ends in the data, in bytes, and its payload."""

    kind: int
    offset: int
    end: int
    payload: bytes


def encode_record(kind: int, payload: bytes) -> bytes:
    """Return the record as rec_put() writes it. Raises RecordError if the payload is too long for a record."""
    length = len(payload)
    if length > MAX_LENGTH:
        raise RecordError("a payload of %d bytes is too long for a record" % length, offset=0)
    head = bytearray((kind,))
    while length > 0x7F:
        head.append(length & 0x7F | 0x80)
        length >>= 7
    head.append(length)
    return bytes(head) + payload


def decode_length(data: bytes, position: int, *, base: int = 0) -> tuple[int, int]:
    """Return the length field at a position, and where it ends.

    base: where in the file the data start, for the error. Raises RecordError for more groups than Postfix reads, and
    IndexError if the data end within the field.
    """
    length = 0
    for group in range(MAX_LENGTH_GROUPS):
        byte = data[position + group]
        length |= (byte & 0x7F) << 7 * group
        if byte < 0x80:
            return length, position + group + 1
    raise RecordError("a record length of more than %d bytes" % MAX_LENGTH_GROUPS, offset=base + position)


def decode_record(data: bytes, position: int, *, base: int = 0) -> Record | None:
    """Return the record at a position, or None if the data end before the record does. Raises RecordError."""
    try:
        length, start = decode_length(data, position + 1, base=base)
    except IndexError:
        return None
    end = start + length
    if end > len(data):
        return None
    return Record(data[position], position, end, data[start:end])


def iter_records(data: bytes, position: int = 0) -> Iterator[Record]:
    """Yield records one after the other up to the end of the data or a cut record. Pointers are not followed.

    Raises RecordError.
    """
    while position < len(data):
        record = decode_record(data, position)
        if record is None:
            return
        yield record
        position = record.end


def pointer_target(payload: bytes) -> int:
    """Return the offset to which a pointer record leads, 0 for a placeholder (REC_TYPE_PTR_FORMAT).

    Raises ValueError if the payload is not an offset.
    """
    digits = payload.strip(b" ")
    if not digits.isdigit() or len(digits) > 18:
        raise ValueError("malformed pointer %r" % payload[:20])
    return int(digits)


def parse_numbers(payload: bytes) -> list[int]:
    """Return the numbers of a record, at least one. A C record has one to six, depending on the file's age (REC_TYPE_SIZE_FORMAT).

    Raises ValueError.
    """
    numbers = (
        []
        if payload.translate(None, _IN_NUMBERS) or len(payload) > bounds.MAX_NUMBERS
        else [*map(int, payload.split())]
    )
    if not numbers:
        raise ValueError("malformed numbers %r" % payload[:40])
    return numbers
