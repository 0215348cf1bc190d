# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The envelope of a message, as a value. envelope_reader.py reads it from a queue file.

Sources: src/global/rec_type.h (records), src/cleanup/cleanup_final.c (the C record), src/smtpd/smtpd.c (attributes).
"""

from __future__ import annotations

import enum
import hashlib
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec

# Problems of a file that more than one reader finds.
EMPTY_FILE = "the file is empty"
WRONG_END = "the content does not end where the size record says"


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


class Unparsed(NamedTuple):
    """What could not be read: the byte offset in the file, and why."""

    offset: int
    problem: str


def describe(unparsed: Unparsed) -> str:
    """Return in words what could not be read."""
    return (
        unparsed.problem if unparsed.problem == EMPTY_FILE else "%s at offset %d" % (unparsed.problem, unparsed.offset)
    )


class Envelope(NamedTuple):
    """The envelope of one message.

    This is not a dataclass: a queue has 300,000 messages, and a named tuple is the cheapest immutable value that Python has.
    Addresses are as stored: internal form, without quotes, any bytes.
    """

    arrival: int
    """Second of arrival since the epoch, from the first T record; 0 if there is none."""
    microseconds: int
    size: int
    """Bytes of content as showq(8) counts them, the first field of the C record; the size of the file if there is no C record."""
    sender: bytes | None
    """b"" for the null sender; None if no S record was found."""
    pending: list[bytes]
    """Recipients still to do (R records)."""
    done: int
    """How many recipients are delivered or bounced (D records)."""
    attribute_records: bytes
    """The records of the attributes up to the first recipient. Attributes after a recipient belong to the next recipient."""
    data_offset: int
    """Where the content starts, in bytes; 0 if that is not known."""
    unparsed: Unparsed | None
    """The first thing that could not be read; the other fields have what was read before it."""
    missing: frozenset[Input] = NOTHING
    """What is not known, or not in full."""
    is_heavy: bool = False
    """Whether an address or an attribute has more than LONG_RECORD bytes, or all attributes have more than LONG_ATTRIBUTES."""

    @property
    def problem(self) -> str | None:
        """Why something is missing, None if nothing is."""
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
        """Return the value of the first attribute with that name, or None. qmgr(8) takes the first one too."""
        return _find_attribute(self.attribute_records, name + b"=")

    @property
    def sasl_username(self) -> bytes | None:
        """The SASL login that submitted the message, None if there was no login."""
        return _find_attribute(self.attribute_records, b"sasl_username=")

    @property
    def client_address(self) -> bytes | None:
        """The client's address; if XFORWARD gave one, that one, as qmgr(8) takes it.

        smtpd(8) stores an IPv6 address from XCLIENT or XFORWARD with the prefix C(IPv6:) of RFC 2821, which is left out here.
        """
        address = _find_attribute(self.attribute_records, b"log_client_address=")
        if address is None:
            address = _find_attribute(self.attribute_records, b"client_address=")
        return address[5:] if address is not None and address[:5].lower() == b"ipv6:" else address

    @property
    def client_name(self) -> bytes | None:
        """The client's verified host name, C(unknown) if it has none."""
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
    """Return what follows a prefix in the first record that starts with it, or None. This is called several times for each message."""
    # A prefix that the bytes do not contain is in no record either.
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
    """What distinguishes a message from any other: the fields with the same names in its envelope."""

    arrival: int
    microseconds: int
    size: int
    sender: bytes | None


def fingerprint(identity: Identity | Envelope, *, inode: int) -> str:
    """Return 16 hexadecimal digits that depend on the message under a queue ID: its inode, arrival, size and sender.

    Delivery does not change them: recipients done, permissions and the queue do not count.
    """
    head = b"%d %d.%06d %d %b" % (inode, identity.arrival, identity.microseconds, identity.size, identity.sender or b"")
    return hashlib.blake2b(head, digest_size=8).hexdigest()
