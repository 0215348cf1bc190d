# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write queue files as cleanup(8) writes them (src/cleanup/cleanup_final.c, cleanup_milter.c), for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

# An address that is shorter leaves no room for a pointer, so cleanup pads it (REC_TYPE_PTR_PAYL_SIZE).
POINTER_PAYLOAD = 15
# The longest piece of a line that Postfix stores in one record (line_length_limit).
LINE_LIMIT = 2048

# One recipient: record type, address.
Recipient = Tuple[int, bytes]


def pointer(target: int) -> bytes:
    """Return a pointer record, a placeholder for 0 (REC_TYPE_PTR_FORMAT)."""
    return rec.encode_record(rec.POINTER, b"%15d" % target)


def records(*pairs: tuple[int, bytes]) -> bytes:
    """Return records of these types and payloads."""
    return b"".join(rec.encode_record(kind, payload) for kind, payload in pairs)


def padding(kind: int, missing: int) -> bytes:
    """Return what rec_pad() writes."""
    return rec.encode_record(kind, b"0".rjust(max(missing - 2, 1)))


def fetch_from(data: bytes, *, at_most: int | None = None) -> Fetch:
    """Return a fetch that reads these bytes, never more than at_most of them at once (short reads)."""

    def fetch(offset: int, size: int) -> bytes:
        return data[offset : offset + (size if at_most is None else min(size, at_most))]

    return fetch


def todo(*addresses: bytes) -> list[Recipient]:
    """Return pending recipients."""
    return [(rec.RECIPIENT, address) for address in addresses]


class MilterEdits(NamedTuple):
    """The edits of milters. Each is stored after the end record, and pointers lead there (cleanup_milter.c)."""

    sender: bytes | None = None
    added: Sequence[bytes] = ()
    """Recipients that a milter added."""
    appended_headers: Sequence[bytes] = ()
    body: Sequence[bytes] | None = None


class QueueFile(NamedTuple):
    """A message and how it was submitted. write() returns its queue file."""

    sender: bytes = b"sender@example.com"
    recipients: Sequence[Recipient] = ((rec.RECIPIENT, b"recipient@example.org"),)
    extracted: Sequence[Recipient] = ()
    """Recipients that sendmail -t took from the headers."""
    before_sender: Sequence[bytes] = (b"rewrite_context=remote",)
    full_name: bytes = b""
    """The full name that sendmail(1) gave; empty for a message from SMTP."""
    after_sender: Sequence[bytes] = ()
    of_recipients: Sequence[bytes] = ()
    """Attributes before each recipient (dsn_orig_rcpt, notify_flags)."""
    headers: Sequence[bytes] = (b"Subject: a test", b"From: sender@example.com")
    body: Sequence[bytes] = (b"a line", b"another line")
    arrival: bytes = b"1700000000 123456"
    created: bytes = b"1700000001"
    """The second in which cleanup wrote the file; empty for old versions, which did not store it."""
    milters: bool = False
    """Whether milters are configured. If they are, cleanup leaves placeholders for their edits."""
    edits: MilterEdits = MilterEdits()
    size_fields: int = 6

    def content(self) -> bytes:
        """Return headers and body as a reader must return them, after all edits."""
        body = self.body if self.edits.body is None else self.edits.body
        lines = [*self.headers, *self.edits.appended_headers, b"", *body]
        return b"".join(line + b"\n" for line in lines)

    def pending(self) -> list[bytes]:
        """Return the pending recipients in the order in which a reader finds them."""
        stored = [*self.recipients, *self.extracted]
        return [address for kind, address in stored if kind == rec.RECIPIENT] + list(self.edits.added)

    def write(self) -> bytes:
        """Return the queue file."""
        return _Writer(self).write()


class _Writer:
    """Writes one file: first all records in order, then the edits after the end record, then the first record again."""

    def __init__(self, spec: QueueFile) -> None:
        self.spec = spec
        self.data = bytearray()
        self.sender_place = (0, 0)
        self.append_recipient_place = (0, 0)
        self.append_header_place = (0, 0)
        self.body_place = (0, 0)
        self.data_offset = 0
        self.extra_offset = 0

    def write(self) -> bytes:
        self._put(rec.SIZE, b" " * (16 * self.spec.size_fields - 1))
        self._envelope()
        self._content()
        self._extracted()
        self._edit()
        self._patch_sizes()
        return bytes(self.data)

    def _put(self, kind: int, payload: bytes) -> None:
        self.data += rec.encode_record(kind, payload)

    def _placeholder(self) -> tuple[int, int]:
        """Write a pointer that leads nowhere yet; return where it starts and ends."""
        start = len(self.data)
        if self.spec.milters:
            self.data += pointer(0)
        return start, len(self.data)

    def _envelope(self) -> None:
        spec = self.spec
        self._put(rec.TIME, spec.arrival)
        if spec.created:
            self._put(rec.ATTRIBUTE, b"create_time=" + spec.created)
        for attribute in spec.before_sender:
            self._put(rec.ATTRIBUTE, attribute)
        if spec.full_name:
            self._put(rec.FULL_NAME, spec.full_name)
        start = len(self.data)
        self._put(rec.SENDER, spec.sender)
        if spec.milters and len(spec.sender) < POINTER_PAYLOAD:
            self.data += padding(rec.POINTER, POINTER_PAYLOAD - len(spec.sender))
        self.sender_place = start, len(self.data)
        for attribute in spec.after_sender:
            self._put(rec.ATTRIBUTE, attribute)
        self._recipients(spec.recipients)
        if spec.recipients:
            self.append_recipient_place = self._placeholder()
        self._put(rec.MESSAGE, b"")

    def _recipients(self, recipients: Sequence[Recipient]) -> None:
        for kind, address in recipients:
            for attribute in self.spec.of_recipients:
                self._put(rec.ATTRIBUTE, attribute)
            self._put(rec.ORIGINAL_RECIPIENT, b"original+" + address)
            self._put(kind, address)

    def _content(self) -> None:
        self.data_offset = len(self.data)
        for header in self.spec.headers:
            self._line(header)
            if self.spec.milters and len(header) < POINTER_PAYLOAD:
                self.data += padding(rec.PADDING, POINTER_PAYLOAD - len(header))
        self.append_header_place = self._placeholder()
        self._line(b"")
        start = len(self.data)
        for line in self.spec.body:
            self._line(line)
        if self.spec.milters and len(self.data) - start < len(pointer(0)):
            self.data += padding(rec.PADDING, len(pointer(0)))
        self.body_place = start, len(self.data)
        self._placeholder()
        self.extra_offset = len(self.data)

    def _line(self, line: bytes) -> None:
        while len(line) > LINE_LIMIT:
            self._put(rec.CONTINUED, line[:LINE_LIMIT])
            line = line[LINE_LIMIT:]
        self._put(rec.NORMAL, line)

    def _extracted(self) -> None:
        self._put(rec.EXTRACTED, b"")
        self._recipients(self.spec.extracted)
        if not self.spec.recipients:
            self.append_recipient_place = self._placeholder()
        self._put(rec.END, b"")

    def _edit(self) -> None:
        edits = self.spec.edits
        if edits.sender is not None:
            self._detour(self.sender_place, rec.encode_record(rec.SENDER, edits.sender))
        if edits.body is not None:
            self._detour(self.body_place, b"".join(rec.encode_record(rec.NORMAL, line) for line in edits.body))
        for address in edits.added:
            self.append_recipient_place = self._append(self.append_recipient_place, rec.RECIPIENT, address)
        for header in edits.appended_headers:
            self.append_header_place = self._append(self.append_header_place, rec.NORMAL, header)

    def _append(self, place: tuple[int, int], kind: int, payload: bytes) -> tuple[int, int]:
        """Add a record at a placeholder; return the place for the next record, which is the pointer that leads back from this one."""
        back = self._detour(place, rec.encode_record(kind, payload))
        return back, place[1]

    def _detour(self, place: tuple[int, int], records: bytes) -> int:
        """Write records after the end record, with a pointer from a place to them and one back; return where the one back starts."""
        start, end = place
        target = len(self.data)
        self.data += records
        back = len(self.data)
        self.data += pointer(end)
        forward = pointer(target)
        self.data[start : start + len(forward)] = forward
        return back

    def _patch_sizes(self) -> None:
        spec = self.spec
        recipients = len(spec.recipients) + len(spec.extracted) + len(spec.edits.added)
        content = self.extra_offset - self.data_offset
        fields = (content, self.data_offset, recipients, 0, content, 0)[: spec.size_fields]
        record = rec.encode_record(rec.SIZE, b" ".join(b"%15d" % field for field in fields))
        self.data[: len(record)] = record
