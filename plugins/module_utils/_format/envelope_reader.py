# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Read the envelope of a queue file.

Nearly all files have one form, the plain form, which is read here. envelope_records.py reads the others, record by record.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import (
    NOTHING,
    Envelope,
    Identity,
    Unparsed,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

# Python finds globals of this module faster than attributes of another one.
_SENDER = rec.SENDER
_ATTRIBUTE = rec.ATTRIBUTE
_RECIPIENT = rec.RECIPIENT
_DONE = rec.DONE
_ORIGINAL_RECIPIENT = rec.ORIGINAL_RECIPIENT
_FULL_NAME = rec.FULL_NAME
_POINTER = rec.POINTER
_NEXT_READ = bounds.NEXT_READ
_TAIL = rec.MIN_TAIL
# How cleanup(8) starts a file: a C record of six numbers in 95 bytes, then the T record (src/cleanup/cleanup_final.c).
_PLAIN_HEAD = re.compile(rb"C_ *(\d{1,15}) +(\d{1,15}) +(\d{1,15})[ \d]{0,80}T[\0-\x7f](\d{1,15}) (\d{1,6})(?=[AS])")
_TIME_LENGTH = 98
_TIME_START = 99
_CONTENT_HEAD = b"M\0"
_EXTRACTED = b"X"
_EXTRACTED_OR_UNREAD = (_EXTRACTED, b"")
_SIZE_LENGTH = 2 + bounds.MAX_NUMBERS
_new_tuple = tuple.__new__


def read_envelope(fetch: Fetch, *, file_size: int, head: bytes | None = None) -> Envelope:
    """Return the envelope of a queue file. No more of the file is read than is needed.

    head: the first bytes of the file if they are known; then fetch is seldom called.

    What the file holds raises no error: C(unparsed) says what could not be read, and where. It also says so if the file ends before
    its content does, or if something else stands at the end of the content, as far as the bytes that are read show that.
    check_end() reads more. What fetch raises is raised.
    """
    window = fetch(0, bounds.FIRST_READ) if head is None else head
    plain = _read_plain(window, fetch, file_size)
    if plain is not None:
        return plain
    # Most runs meet no such file, and must not wait until its reader is compiled.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_records import read_records  # noqa: PLC0415

    return read_records(fetch, file_size=file_size, window=window)


def check_end(fetch: Fetch, envelope: Envelope, *, file_size: int) -> Unparsed | None:
    """Return what is wrong behind the content of a file whose envelope was read in full, None for nothing.

    A disk may have lost the last blocks of a file. qmgr(8) refuses a file that it cannot read to its end record. What fetch
    raises is raised.
    """
    size = rec.decode_record(fetch(0, _SIZE_LENGTH), 0)
    try:
        numbers = rec.parse_numbers(size.payload) if size is not None and size.kind == rec.SIZE else []
    except ValueError:
        numbers = []
    if len(numbers) < 3 or numbers[1] != envelope.data_offset:
        return None
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_records import read_extracted  # noqa: PLC0415

    return read_extracted(fetch, envelope, sizes=numbers, file_size=file_size)


# The plain form has these records: C, T, attributes, a full name (of local mail), one S, attributes, recipients, and M if the
# C record says. There are no other records and no pointers but the placeholders for milters after the sender and the recipients,
# and all is ASCII. So no length byte has its high bit set, and each record is short.


def _read_plain(data: bytes, fetch: Fetch, file_size: int) -> Envelope | None:
    """Return the envelope of a file in the plain form, None for any other. It is what read_records() gives, in half the time."""
    head = _plain_head(data)
    if head is None:
        return None
    size, content, count, arrival, microseconds = map(int, head.groups())
    try:
        if len(data) < content <= _NEXT_READ:
            data += fetch(len(data), content - len(data))
        start = head.end()
        before = _end_of_attributes(data, start)
        sender = _after(data, before, _FULL_NAME)
        after_sender = sender + 2 + data[sender + 1]
        after = _after_placeholder(data, after_sender)
        end = _end_of_attributes(data, after)
        pending, done = _plain_recipients(data, end, content - len(_CONTENT_HEAD))
        if content + size + _TAIL > file_size or data[content + size : content + size + 1] not in _EXTRACTED_OR_UNREAD:
            return None
        if not data[:content].isascii() or data[sender] != _SENDER or not arrival or len(pending) + done < count:
            return None
    except (ValueError, IndexError):
        return None
    # The same as Envelope(...), without the Python code that a named tuple has for it.
    fields = (
        arrival,
        microseconds,
        size or file_size,
        data[sender + 2 : after_sender],
        pending,
        done,
        data[start:before] + data[after:end],
        content,
        None,
        NOTHING,
        False,
    )
    return _new_tuple(Envelope, fields)


def read_identity(head: bytes, *, file_size: int) -> Identity | None:
    """Return the identity of a message from the first bytes of its file, None if only the envelope has it.

    The identity is the same as that in the envelope.
    """
    found = _plain_head(head)
    if found is None:
        return None
    try:
        sender = _after(head, _end_of_attributes(head, found.end()), _FULL_NAME)
        start = sender + 2
        end = start + head[sender + 1]
    except IndexError:
        return None
    if head[sender] != _SENDER or end > len(head) or not head[:end].isascii():
        return None
    size, content, _count, arrival, microseconds = map(int, found.groups())
    if content + size + _TAIL > file_size:
        return None
    return Identity(arrival, microseconds, size or file_size, head[start:end]) if arrival else None


def _plain_head(data: bytes) -> re.Match[bytes] | None:
    """Return the C and the T record at the start of a file in the plain form, None if it starts otherwise."""
    head = _PLAIN_HEAD.match(data)
    if head is None or head.start(4) != _TIME_START or head.end() != _TIME_START + data[_TIME_LENGTH]:
        return None
    return head


def _end_of_attributes(data: bytes, position: int) -> int:
    """Return where the short attribute records from a position on end. Raises IndexError at the end of the data."""
    while data[position] == _ATTRIBUTE:
        position += 2 + data[position + 1]
    return position


def _after(data: bytes, position: int, kind: int) -> int:
    """Return the end of the short record at a position if it has that type, else the position. Raises IndexError."""
    return position + 2 + data[position + 1] if data[position] == kind else position


def _after_placeholder(data: bytes, position: int) -> int:
    """Do as _after() for a pointer that leads nowhere. Raises ValueError for any other pointer, and IndexError."""
    end = _after(data, position, _POINTER)
    if end != position and rec.pointer_target(data[position + 2 : end]):
        raise ValueError("the pointer leads elsewhere")
    return end


def _plain_recipients(data: bytes, position: int, end: int) -> tuple[list[bytes], int]:
    """Return the recipients to do, and how many are done, from the short records up to the M record, which is at the end.

    Raises ValueError if there are other records, or no M record, and IndexError if the data end before it.
    """
    pending = []
    done = 0
    while position < end:
        # In the order in which Postfix writes what belongs to one recipient.
        if data[position] == _ATTRIBUTE:
            position += 2 + data[position + 1]
        if data[position] == _ORIGINAL_RECIPIENT:
            position += 2 + data[position + 1]
        kind = data[position]
        if kind == _RECIPIENT:
            start = position + 2
            position = start + data[position + 1]
            pending.append(data[start:position])
        elif kind == _DONE:
            position += 2 + data[position + 1]
            done += 1
        elif kind != _ATTRIBUTE and kind != _ORIGINAL_RECIPIENT:
            position = _after_placeholder(data, position)
            break
    if position != end or data[end : end + len(_CONTENT_HEAD)] != _CONTENT_HEAD:
        raise ValueError("no content where it should be")
    return pending, done
