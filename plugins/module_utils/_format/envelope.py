# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a queue file says of its message: the envelope. content.py reads the rest.

Sources: src/global/rec_type.h (records), src/cleanup/cleanup_final.c (the C record), src/smtpd/smtpd.c (attributes),
src/qmgr/qmgr_message.c (in which order a reader takes them).
"""

from __future__ import annotations

import enum
import hashlib
import re
from typing import Callable, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec

# fetch(offset, size) returns up to size bytes of the file from an offset on, b"" at its end.
Fetch = Callable[[int, int], bytes]

# That much holds the envelope of nearly every message, so that one read is enough.
FIRST_READ = 8192
NEXT_READ = 65536
# A reader of untrusted files needs a bound on everything. What lies within is read and decides; what lies beyond is missing.
MAX_RECORD = 1 << 20
# So many bytes of a file are read for its envelope, and as many for its text.
MAX_WALK = 128 << 20
# So many recipients and attributes of a message are kept, and so many bytes of them, counted as what they take in memory.
MAX_RECORDS_KEPT = 400000
MAX_BYTES_KEPT = 40 << 20
_BYTES_OF_A_RECORD = 48
# An envelope with anything longer, or with more attributes in bytes, is not kept as it is by those who sum up.
LONG_RECORD = 256
LONG_ATTRIBUTES = 1 << 16
_MAX_NUMBERS = 128
_IN_NUMBERS = b"0123456789 "

# Beside those that are taken: what qmgr(8) expects, and refuses a file for others (REC_TYPE_ENVELOPE, REC_TYPE_EXTRACT).
_ENVELOPE_TYPES = frozenset(b"CTcFILSWV>K<ionPrefdmw")
_TURNING = frozenset((rec.MESSAGE, rec.POINTER, rec.EXTRACTED, rec.END))
# Not a type of record: where the window ends within one.
CUT = -1
# Globals of this module are found faster than attributes of another one.
_SENDER = rec.SENDER
_ATTRIBUTE = rec.ATTRIBUTE
_RECIPIENT = rec.RECIPIENT
_DONE = rec.DONE
_ORIGINAL_RECIPIENT = rec.ORIGINAL_RECIPIENT
_FULL_NAME = rec.FULL_NAME
_POINTER = rec.POINTER
# How a file begins that cleanup(8) wrote: a C record of six numbers in 95 bytes, then the T record.
_PLAIN_HEAD = re.compile(rb"C_ *(\d{1,15}) +(\d{1,15}) +(\d{1,15})[ \d]{0,80}T[\0-\x7f](\d{1,15}) (\d{1,6})(?=[AS])")
_TIME_LENGTH = 98
_TIME_START = 99
_CONTENT_HEAD = b"M\0"
# Behind the content stand at least an X and an E record.
_TAIL = 4
_EXTRACTED = b"X"
_EXTRACTED_OR_UNSEEN = (_EXTRACTED, b"")
_EMPTY = "the file is empty"
_NO_END = "something else where the content should end"
_SIZE_LENGTH = 2 + _MAX_NUMBERS
_new_tuple = tuple.__new__


class Input(enum.Enum):
    """What a criterion needs of a message, and may be missing."""

    SENDER = "sender"
    ARRIVAL = "arrival"
    ATTRIBUTES = "attributes"
    RECIPIENTS = "recipients"
    REASONS = "reasons"
    HEADERS = "headers"
    CONTENT = "content"
    BODY = "body"


NOTHING: frozenset[Input] = frozenset()


class _TooFar(RecordError):
    """More would have to be read than MAX_WALK."""


class _Enough(Exception):
    """There is more of a file than is read or kept. It is not damaged."""


class Unparsed(NamedTuple):
    """What could not be read: the byte offset in the file, and why."""

    offset: int
    problem: str


def describe(unparsed: Unparsed) -> str:
    """Return in words what could not be read."""
    return unparsed.problem if unparsed.problem == _EMPTY else "%s at offset %d" % (unparsed.problem, unparsed.offset)


class Envelope(NamedTuple):
    """The envelope of one message.

    Not a dataclass, for a queue has 300,000 of them: this is the cheapest immutable value Python has.
    Addresses are as stored: internal form, without quotes, any bytes.
    """

    arrival: int
    """Second of arrival since the epoch, from the first T record; 0 where there is none."""
    microseconds: int
    size: int
    """Bytes of content as showq(8) counts them, the first field of the C record; the file's size without one."""
    sender: bytes | None
    """b"" for the null sender; None where no S record was found."""
    pending: list[bytes]
    """Recipients still to do (R records)."""
    done: int
    """How many recipients are delivered or bounced (D records)."""
    attribute_records: bytes
    """The records of the attributes, up to the first recipient: what stands behind it is the next recipient's."""
    data_offset: int
    """Where the content starts, in bytes; 0 where it is not known."""
    unparsed: Unparsed | None
    """The first thing that could not be read; the rest of the value is what stood before it."""
    missing: frozenset[Input] = NOTHING
    """What is not known, or not in full."""
    is_heavy: bool = False
    """Whether an address or an attribute is longer than any that mail needs, or attributes take more than some kilobytes."""

    @property
    def problem(self) -> str | None:
        """Why something is missing, None where nothing is."""
        if self.unparsed is not None:
            return describe(self.unparsed)
        if self.sender is None:
            return "no sender record"
        return "only its first %d recipients were read" % (len(self.pending) + self.done) if self.missing else None

    @property
    def attributes(self) -> list[bytes]:
        """Attributes as C(name=value), in the file's order, up to the first recipient."""
        return [record.payload for record in rec.iter_records(self.attribute_records)]

    def attribute(self, name: bytes) -> bytes | None:
        """Return the value of the first attribute of that name (qmgr(8) takes the first, too), or None."""
        return _find_attribute(self.attribute_records, name + b"=")

    @property
    def sasl_username(self) -> bytes | None:
        """The SASL login that submitted the message, None without one."""
        return _find_attribute(self.attribute_records, b"sasl_username=")

    @property
    def client_address(self) -> bytes | None:
        """The client's address; the one that XFORWARD gave where there is one, as qmgr(8) takes it.

        smtpd(8) stores an IPv6 address from XCLIENT or XFORWARD with RFC 2821's C(IPv6:) before it, which is left out.
        """
        address = _find_attribute(self.attribute_records, b"log_client_address=")
        if address is None:
            address = _find_attribute(self.attribute_records, b"client_address=")
        return address[5:] if address is not None and address[:5].lower() == b"ipv6:" else address

    @property
    def client_name(self) -> bytes | None:
        """The client's verified host name, C(unknown) where it has none."""
        return self._client(b"client_name")

    @property
    def helo_name(self) -> bytes | None:
        """The name that the client gave in HELO or EHLO."""
        return self._client(b"helo_name")

    @property
    def origin(self) -> str:
        """How the message came in: C(smtp), C(bounce) (Postfix made it, src/global/post_mail.c), or C(local)."""
        if self.client_address is not None:
            return "smtp"
        if self.attribute(b"log_message_origin") == b"local" and self.attribute(b"trace_flags") is not None:
            return "bounce"
        return "local"

    def _client(self, name: bytes) -> bytes | None:
        logged = self.attribute(b"log_" + name)
        return self.attribute(name) if logged is None else logged


def _find_attribute(records: bytes, prefix: bytes) -> bytes | None:
    """Return what stands behind a prefix in the first record that has it, or None. Asked more than once for each message."""
    # What is nowhere in the bytes is in no record either.
    at = records.find(prefix)
    start = end = 0
    while at >= 0:
        while end <= at:
            length = records[end + 1]
            start = end + 2
            if length > 0x7F:
                length, start = rec.decode_length(records, end + 1)
            end = start + length
        if start == at:
            return records[at + len(prefix) : end]
        at = records.find(prefix, end)
    return None


class Identity(NamedTuple):
    """What tells a message from any other: the fields of the same names of its envelope."""

    arrival: int
    microseconds: int
    size: int
    sender: bytes | None


def fingerprint(identity: Identity | Envelope, *, inode: int) -> str:
    """Return 16 hexadecimal digits that change with the message behind a queue ID: inode, arrival, size and sender.

    What delivery changes (recipients done, permissions, the queue) does not count.
    """
    head = b"%d %d.%06d %d %b" % (inode, identity.arrival, identity.microseconds, identity.size, identity.sender or b"")
    return hashlib.blake2b(head, digest_size=8).hexdigest()


class _Found:
    """What the records of an envelope have told so far."""

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
        """Take a record that a file has once or seldom. Raises RecordError."""
        try:
            if kind == rec.SENDER and self.sender is None:
                self.sender = payload
            elif kind == rec.TIME and not self.arrival:
                self.arrival, self.microseconds = _parse_time(payload)
            elif kind == rec.SIZE and not self.sizes:
                self.sizes = parse_numbers(payload)
            elif kind == rec.DONE:
                self.done += 1
            elif kind == rec.CANCELLED:
                self.cancelled += 1
            elif kind not in _ENVELOPE_TYPES:
                raise ValueError("unexpected record type %r" % chr(kind))
        except ValueError as error:
            raise RecordError(str(error), offset=offset) from error

    def complete_at(self, content: int) -> bool:
        """Return whether all recipients were seen when the content starts at an offset.

        The C record counts them all; old files and files in maildrop have none that fits, and must be read to the end.
        """
        return (
            len(self.sizes) >= 3
            and self.sizes[1] == content
            and len(self.pending) + self.done + self.cancelled >= self.sizes[2]
        )

    def check_bound(self, offset: int, file_size: int) -> None:
        """Raise _Enough where more was found than is kept, and RecordError where a file of that size has no room for it."""
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
            raise _Enough

    def content_end(self, data_offset: int) -> int | None:
        """Return where the content ends by the C record, None where that does not fit the file (src/cleanup/cleanup_final.c)."""
        sizes = self.sizes
        return sizes[0] + sizes[1] if len(sizes) >= 3 and sizes[1] == data_offset else None

    def envelope(self, *, file_size: int, data_offset: int, unparsed: Unparsed | None, enough: bool) -> Envelope:
        """Return the value of what was found."""
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
            longest > LONG_RECORD or len(attributes) > LONG_ATTRIBUTES,
        )

    def _missing(self, data_offset: int, *, cut: bool) -> frozenset[Input]:
        """Return what is not known. cut: whether the file was not read to its end; otherwise that is a sender that it does not have."""
        known = {
            Input.SENDER: self.sender is not None,
            Input.ARRIVAL: not cut or self.arrival > 0,
            # They stand before the first recipient.
            Input.ATTRIBUTES: not cut or bool(self.pending or self.done or self.cancelled or data_offset),
            Input.RECIPIENTS: not cut or (data_offset > 0 and self.complete_at(data_offset)),
        }
        return frozenset(name for name, is_known in known.items() if not is_known)


class Cursor:
    """A window on the file that moves, with a bound on how far it may move in all."""

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
        """Continue at an offset of the file. Raises RecordError where the jumps make a loop."""
        # The rule of rec_goto(): only jumps that do not go beyond the last target count.
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
        """Continue where a pointer record names, behind the record where it is a placeholder. Raises RecordError."""
        try:
            target = rec.pointer_target(payload)
        except ValueError as error:
            raise RecordError(str(error), offset=self.offset) from error
        if target:
            self.goto(target)
        else:
            self.position = end

    def more(self) -> None:
        """Read on, keeping the record that is cut. Raises RecordError at the end of the file, and past the bounds."""
        self._walk(self.position)
        kept = self.window[self.position :]
        if len(kept) > MAX_RECORD:
            raise RecordError("a record of more than %d bytes" % MAX_RECORD, offset=self.offset)
        fresh = self.fetch(self.offset + len(kept), NEXT_READ if len(kept) < NEXT_READ else MAX_RECORD)
        if not fresh:
            raise RecordError("the file ends within a record" if kept else "missing end record", offset=self.offset)
        self.base, self.window, self.position = self.offset, kept + fresh, 0

    def _walk(self, count: int) -> None:
        self.walked += count
        if self.walked > MAX_WALK:
            raise _TooFar("more than %d bytes to read" % MAX_WALK, offset=self.offset)


def read_envelope(fetch: Fetch, *, file_size: int, head: bytes | None = None) -> Envelope:
    """Return the envelope of a queue file, reading no further than is needed.

    head: the first bytes of the file where they are at hand (then fetch is seldom called). Never raises for what the file
    holds: what cannot be read stands in C(unparsed), with its place. So does a file that ends before its content does, or in which
    something else stands at the end of the content, as far as the bytes that are read show it (check_end() reads more).
    """
    window = fetch(0, FIRST_READ) if head is None else head
    plain = _read_plain(window, fetch, file_size)
    if plain is not None:
        return plain
    found = _Found()
    cursor = Cursor(fetch, window=window)
    data_offset = 0
    unparsed = None
    enough = False
    try:
        while _scan(cursor, found, file_size) == rec.MESSAGE:
            data_offset = cursor.offset
            if found.complete_at(data_offset):
                break
            skip_content(cursor, found.sizes)
    except _Enough:
        enough = True
    except _TooFar as error:
        # A file that is no longer than that has a loop in it.
        enough = file_size >= MAX_WALK
        unparsed = None if enough else Unparsed(error.offset, error.problem)
    except RecordError as error:
        unparsed = Unparsed(error.offset, error.problem if file_size else _EMPTY)
    if unparsed is None:
        unparsed = _content_problem(cursor, found.content_end(data_offset), file_size)
    return found.envelope(file_size=file_size, data_offset=data_offset, unparsed=unparsed, enough=enough)


def _content_problem(cursor: Cursor, end: int | None, file_size: int) -> Unparsed | None:
    """Return what is wrong with the end of the content, as far as the window shows it."""
    if end is None:
        return None
    if end + _TAIL > file_size:
        return Unparsed(file_size, "the file ends before its content does")
    place = end - cursor.base
    return None if cursor.window[place : place + 1] in _EXTRACTED_OR_UNSEEN or place < 0 else Unparsed(end, _NO_END)


def check_end(fetch: Fetch, envelope: Envelope) -> Unparsed | None:
    """Return what is wrong with the end of the content of a file whose envelope is whole: a disk may have lost the last blocks."""
    size = rec.decode_record(fetch(0, _SIZE_LENGTH), 0)
    try:
        numbers = parse_numbers(size.payload) if size is not None and size.kind == rec.SIZE else []
    except ValueError:
        numbers = []
    if len(numbers) < 3 or numbers[1] != envelope.data_offset:
        return None
    end = numbers[0] + numbers[1]
    return None if fetch(end, 1) == _EXTRACTED else Unparsed(end, _NO_END)


def _read_plain(data: bytes, fetch: Fetch, file_size: int) -> Envelope | None:
    """Return the envelope of a file in the form that nearly all have, None for any other: that is read record by record.

    The form: C, T, attributes, a full name (of local mail), one S, attributes, recipients, M where the C record says, no other type of
    record, no pointer but the placeholders for milters behind the sender and the recipients, ASCII only. So no length byte has its
    high bit set, and each record is short. The result is what the other way gives, at half the time.
    """
    head = _plain_head(data)
    if head is None:
        return None
    size, content, count, arrival, microseconds = map(int, head.groups())
    try:
        if len(data) < content <= NEXT_READ:
            data += fetch(len(data), content - len(data))
        start = head.end()
        before = _end_of_attributes(data, start)
        sender = _behind(data, before, _FULL_NAME)
        behind_sender = sender + 2 + data[sender + 1]
        after = _behind_placeholder(data, behind_sender)
        end = _end_of_attributes(data, after)
        pending, done = _plain_recipients(data, end, content - len(_CONTENT_HEAD))
        if content + size + _TAIL > file_size or data[content + size : content + size + 1] not in _EXTRACTED_OR_UNSEEN:
            return None
        if not data[:content].isascii() or data[sender] != _SENDER or not arrival or len(pending) + done < count:
            return None
    except (ValueError, IndexError):
        return None
    attributes = data[start:before] + data[after:end]
    # The same as Envelope(...), without the Python code that a named tuple has for it.
    fields = (
        arrival,
        microseconds,
        size or file_size,
        data[sender + 2 : behind_sender],
        pending,
        done,
        attributes,
        content,
        None,
        NOTHING,
        False,
    )
    return _new_tuple(Envelope, fields)


def read_identity(head: bytes, *, file_size: int) -> Identity | None:
    """Return what the first bytes of a file in the plain form tell, None where only the envelope does; both say the same."""
    found = _plain_head(head)
    if found is None:
        return None
    try:
        sender = _behind(head, _end_of_attributes(head, found.end()), _FULL_NAME)
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
    """Return the C and the T record at the start of a file in the plain form, None where it does not start so."""
    head = _PLAIN_HEAD.match(data)
    if head is None or head.start(4) != _TIME_START or head.end() != _TIME_START + data[_TIME_LENGTH]:
        return None
    return head


def _end_of_attributes(data: bytes, position: int) -> int:
    """Return where the short records from a position on are no attributes any more. Raises IndexError at the end of the data."""
    while data[position] == _ATTRIBUTE:
        position += 2 + data[position + 1]
    return position


def _behind(data: bytes, position: int, kind: int) -> int:
    """Return where the next record starts if the short one at a position is of that type, else the position. Raises IndexError."""
    return position + 2 + data[position + 1] if data[position] == kind else position


def _behind_placeholder(data: bytes, position: int) -> int:
    """Return what _behind() does for a pointer that leads nowhere. Raises ValueError for any other, and IndexError."""
    end = _behind(data, position, _POINTER)
    if end != position and rec.pointer_target(data[position + 2 : end]):
        raise ValueError("a pointer leads away")
    return end


def _plain_recipients(data: bytes, position: int, end: int) -> tuple[list[bytes], int]:
    """Return the recipients to do, and how many are done, of the short records up to the M record at an offset.

    Raises ValueError where other records stand there, or none begins at the end, and IndexError where the data end before.
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
            position = _behind_placeholder(data, position)
            break
    if position != end or data[end : end + len(_CONTENT_HEAD)] != _CONTENT_HEAD:
        raise ValueError("no content where it should be")
    return pending, done


def _scan(cursor: Cursor, found: _Found, file_size: int) -> int:
    """Take records up to one that ends a segment, and return its type; the cursor stands behind it. Raises RecordError, _Enough."""
    while True:
        turn, payload, end = _scan_window(cursor, found)
        # After each window and each jump, for a loop of pointers passes the same recipients again and again.
        found.check_bound(cursor.offset, file_size)
        if turn == CUT:
            cursor.more()
        elif turn == rec.POINTER:
            cursor.follow(payload, end)
        else:
            cursor.position = end
            if turn != rec.EXTRACTED:
                return turn


def _scan_window(cursor: Cursor, found: _Found) -> tuple[int, bytes, int]:
    """Take the records of the window up to one that turns elsewhere; return its type, payload and end, or CUT.

    The one place where speed counts: records are decoded in line, the frequent types first. Raises RecordError.
    """
    data = cursor.window
    size = len(data)
    position = cursor.position
    attributes = found.attributes
    pending = found.pending
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
                # What stands behind a recipient belongs to the next one (dsn_orig_rcpt, notify_flags).
                if not pending and not found.done:
                    attributes.append(data[start:end])
            elif kind in _TURNING:
                cursor.position = position
                return kind, data[start:end], end
            elif kind != _ORIGINAL_RECIPIENT:
                found.take(kind, data[start:end], cursor.base + position)
            position = end
    except IndexError:
        pass
    cursor.position = position
    return CUT, b"", position


def skip_content(cursor: Cursor, sizes: Sequence[int]) -> None:
    """Move from the start of the content to the extracted segment: by the numbers of the C record, else record by record."""
    if len(sizes) >= 3 and sizes[1] == cursor.offset and sizes[0] > 0:
        cursor.goto(cursor.offset + sizes[0])
        return
    # Only files in maildrop, and old ones, have to be read that way.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Lines  # noqa: PLC0415

    for _lines in Lines(cursor, stop=rec.EXTRACTED):
        pass


def _parse_time(payload: bytes) -> tuple[int, int]:
    """Return seconds and microseconds (REC_TYPE_TIME_FORMAT; old files have no microseconds). Raises ValueError."""
    numbers = parse_numbers(payload)
    if len(numbers) > 2:
        raise ValueError("malformed arrival time %r" % payload[:40])
    return numbers[0], numbers[1] if len(numbers) == 2 else 0


def parse_numbers(payload: bytes) -> list[int]:
    """Return the numbers of a record, one at least: a C record has one to six by age of the file (REC_TYPE_SIZE_FORMAT).

    Raises ValueError.
    """
    numbers = (
        [] if payload.translate(None, _IN_NUMBERS) or len(payload) > _MAX_NUMBERS else [*map(int, payload.split())]
    )
    if not numbers:
        raise ValueError("malformed numbers %r" % payload[:40])
    return numbers
