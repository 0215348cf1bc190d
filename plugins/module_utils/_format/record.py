# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Records, the building blocks of a Postfix queue file (src/global/record.c, src/global/rec_type.h).

A record is a type byte, a length in 7-bit groups (least significant first, 0x80 = more follow) and that many bytes.
"""

from __future__ import annotations

from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError

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

# rec_get_raw() gives up where another group would not fit an int: four groups.
MAX_LENGTH_GROUPS = 4
MAX_LENGTH = (1 << 7 * MAX_LENGTH_GROUPS) - 1
# rec_goto() follows that many pointers that do not go forward before it calls the file a loop.
MAX_REVERSE_JUMPS = 10000


class Record(NamedTuple):
    """One record: its type byte, where it starts and ends in the data, in bytes, and its payload."""

    kind: int
    offset: int
    end: int
    payload: bytes


def encode_record(kind: int, payload: bytes) -> bytes:
    """Return the record as rec_put() writes it. Raises RecordError where the payload is too long for one."""
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
    """Return the length that stands at a position, and the position behind it.

    base: where in the file the data start, for the error. Raises RecordError for more groups than Postfix reads, and
    IndexError where the data end within it.
    """
    length = 0
    for group in range(MAX_LENGTH_GROUPS):
        byte = data[position + group]
        length |= (byte & 0x7F) << 7 * group
        if byte < 0x80:
            return length, position + group + 1
    raise RecordError("a record length of more than %d bytes" % MAX_LENGTH_GROUPS, offset=base + position)


def decode_record(data: bytes, position: int, *, base: int = 0) -> Record | None:
    """Return the record at a position, or None where the data end before it does. Raises RecordError."""
    try:
        length, start = decode_length(data, position + 1, base=base)
    except IndexError:
        return None
    end = start + length
    if end > len(data):
        return None
    return Record(data[position], position, end, data[start:end])


def iter_records(data: bytes, position: int = 0) -> Iterator[Record]:
    """Yield records one behind the other, following no pointer, up to the end of the data or a cut record.

    Raises RecordError.
    """
    while position < len(data):
        record = decode_record(data, position)
        if record is None:
            return
        yield record
        position = record.end


def pointer_target(payload: bytes) -> int:
    """Return the offset that a pointer record names, 0 where it is a placeholder (REC_TYPE_PTR_FORMAT).

    Raises ValueError where it names none.
    """
    digits = payload.strip(b" ")
    if not digits.isdigit() or len(digits) > 18:
        raise ValueError("malformed pointer %r" % payload[:20])
    return int(digits)
