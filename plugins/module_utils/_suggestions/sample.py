# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A sample of a queue in bounded memory, from which suggestions are mined.

The queue IDs alone decide which messages are in the sample, not the order of reading or the number of processes.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import fold
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import NOTHING, Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import reason_for
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import bulk_header
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Tally

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window

# So many messages of a queue are kept. So many of them are opened to read their content, and more if that leaves a rule in doubt.
SAMPLE = 2000
CONTENTS = 500
MORE_CONTENTS = 1200
# Of a larger message only the headers are read. Of a text so many characters are kept.
MAX_SIZE = 256 << 10
MAX_TEXT = 16 << 10
# Postfix accepts no longer address or attribute. A longer address loses its beginning, so that its domain is kept.
_MAX_VALUE = 1000
_ATTRIBUTES = (
    b"sasl_username=",
    b"log_client_",
    b"client_",
    b"log_helo_name=",
    b"helo_name=",
    b"log_message_origin=",
    b"trace_flags=",
)
_MANY_RECIPIENTS = 50
# So many recipients are counted together.
_BATCH = 20000
# The headers that a suggestion may name, or that speak for or against one.
_HEADERS = frozenset(("subject", "from", "reply-to", "x-mailer", "user-agent", "x-php-originating-script"))


class Content(NamedTuple):
    """What was read of a message."""

    headers: tuple[tuple[str, str], ...]
    """The headers that a suggestion may need, with names in lower case."""
    bulk: str | None
    """C(list) or C(automatic) if its headers are those of honest bulk mail."""
    text: str
    whole: bool
    """Whether the text is complete."""


class SampledMessage(NamedTuple):
    """A message of the sample. A selection can decide about it."""

    order: int
    queue_id: str
    envelope: Envelope
    """With the attributes that a suggestion may need, and with two recipients that represent all."""
    recipients: int
    delays: Mapping[bytes, bytes]
    content: Content | None = None

    @property
    def problem(self) -> None:
        """Always None: whole messages are sampled, and content that was not read raises ContentError."""

    @property
    def missing(self) -> frozenset[Input]:
        """Always empty, for the same reason."""
        return NOTHING

    @property
    def identity(self) -> Envelope:
        """What distinguishes the message from any other."""
        return self.envelope

    def reasons(self) -> Mapping[bytes, bytes]:
        """Return the delay reasons of the recipients that are kept."""
        return self.delays

    def headers(self) -> Sequence[tuple[str, str]]:
        """Return the headers that are kept. Raises ContentError if the message was not opened."""
        return self._opened().headers

    def text_parts(self) -> Sequence[str]:
        """Return the part of the text that was kept. Raises ContentError if the message was not opened."""
        return (self._opened().text,)

    def holds(self, text: bytes) -> bool:
        """Raise ContentError: no suggestion needs the message as stored."""
        return any(text in window.text for window in self.text_windows())

    def text_windows(self) -> Iterable[Window]:
        """Raise ContentError: no suggestion needs the message as stored."""
        raise ContentError("the message as stored is not in the sample")

    def _opened(self) -> Content:
        if self.content is None:
            raise ContentError("the message was not opened")
        return self.content


def make_content(headers: Sequence[tuple[str, str]], parts: Sequence[str] | None) -> Content:
    """Return what is kept of a message. parts: its decoded texts, None if they were not read."""
    named = [(name.lower(), value) for name, value in headers]
    kinds = {bulk_header(name, value) for name, value in named}
    text = "\n".join(parts or ())
    return Content(
        headers=tuple((name, value[:_MAX_VALUE]) for name, value in named if name in _HEADERS),
        bulk=next((kind for kind in ("list", "automatic") if kind in kinds), None),
        text=text[:MAX_TEXT],
        whole=parts is not None and len(text) <= MAX_TEXT,
    )


class Contents:
    """The content of some messages by queue ID. The contents that several processes read can be merged."""

    def __init__(self) -> None:
        self.by_id: dict[str, Content] = {}

    def merge(self, other: Contents) -> None:
        """Add the contents that another process read."""
        self.by_id.update(other.by_id)


class Sample:
    """The messages with the lowest hashes of queue IDs, and a count that the summary does not have.

    add() runs for every message, so it does little: most messages of a large queue are not in the sample.
    """

    def __init__(self) -> None:
        self.messages = 0
        self.null_recipients = Tally()
        """The recipient of each message from the null sender that has one recipient only."""
        self._kept: list[SampledMessage] = []
        self._fresh: list[SampledMessage] = []
        # IDs of messages that are reduced at the end only, because most messages that are kept at first are replaced later.
        self._whole: set[str] = set()
        self._bound = 1 << 32

    def add(self, queue_id: str, envelope: Envelope, reasons: Mapping[bytes, bytes] | None) -> None:
        """Count a message, and keep it if the hash of its queue ID is low enough."""
        self.messages += 1
        # No suggestion names a very long address or login.
        if envelope.is_heavy:
            return
        if envelope.sender == b"" and envelope.pending:
            self._add_null(envelope.pending)
        # Multiplied, because CRC-32 alone gives consecutive names consecutive hashes.
        order = zlib.crc32(queue_id.encode()) * 2654435761 & 0xFFFFFFFF
        if order < self._bound:
            message = SampledMessage(order, queue_id, envelope, len(envelope.pending), reasons or {})
            # A message that may be large is reduced at once.
            self._fresh.append(message if message.recipients <= _MANY_RECIPIENTS else _reduced(message))
            if len(self._fresh) >= SAMPLE:
                self._cut()

    def _add_null(self, pending: Sequence[bytes]) -> None:
        if len(set(pending)) == 1:
            self.null_recipients.waiting.append(pending[0])
            if len(self.null_recipients.waiting) >= _BATCH:
                self.null_recipients.count_waiting()
        elif _is_one_address(pending):
            # One address in several spellings. A rule may match one of them only.
            self.null_recipients.missed += 1

    def merge(self, other: Sample) -> None:
        """Add another sample."""
        self.messages += other.messages
        self.null_recipients.merge(other.null_recipients)
        self._cut(other.kept())

    def kept(self) -> list[SampledMessage]:
        """Return the messages of the sample, always in the same order."""
        self._cut()
        if self._whole:
            self._kept = [_reduced(message) if message.queue_id in self._whole else message for message in self._kept]
            self._whole = set()
        return self._kept

    def __getstate__(self) -> dict[str, Any]:
        """Pass to another process only what a suggestion may need."""
        self.kept()
        return self.__dict__

    def to_open(self, number: int) -> list[str]:
        """Return the queue IDs of so many messages to open. A longer list begins with a shorter one."""
        return [message.queue_id for message in self.kept()[:number]]

    def _cut(self, others: Iterable[SampledMessage] = ()) -> None:
        """Keep the messages with the lowest hashes. others: messages that are reduced already."""
        self._whole.update(message.queue_id for message in self._fresh)
        # A message that moved while the queues were read may occur twice.
        known = {message.queue_id: message for message in (*self._kept, *self._fresh, *others)}
        self._kept = sorted(known.values(), key=lambda message: message[:2])[:SAMPLE]
        self._fresh = []
        if len(self._kept) == SAMPLE:
            self._bound = self._kept[-1].order


def _is_one_address(addresses: Sequence[bytes]) -> bool:
    """Return whether all addresses are spellings of one address."""
    first = fold(addresses[0])
    return all(fold(address) == first for address in addresses)


def _reduced(message: SampledMessage) -> SampledMessage:
    """Return a message with only what a suggestion may need. A reduced message is returned unchanged."""
    envelope = message.envelope
    pending = [address[-_MAX_VALUE:] for address in _representatives(envelope.pending)]
    return message._replace(
        envelope=envelope._replace(
            sender=None if envelope.sender is None else envelope.sender[-_MAX_VALUE:],
            pending=pending,
            attribute_records=b"".join(
                rec.encode_record(rec.ATTRIBUTE, item)
                for item in envelope.attributes
                if item.startswith(_ATTRIBUTES) and len(item) <= _MAX_VALUE
            ),
        ),
        delays=_delays_of(pending, message.delays),
    )


def _delays_of(pending: Sequence[bytes], delays: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
    """Return the delay reasons of recipients, each with the length that a suggestion may need at most."""
    known = ((address, reason_for(delays, address)) for address in pending)
    return {address: reason[:_MAX_VALUE] for address, reason in known if reason is not None}


def _representatives(pending: Sequence[bytes]) -> Sequence[bytes]:
    """Return one or two recipients. They have one address only if all recipients have one, and one domain only if all have one."""
    for same in (_folded_domain, fold):
        wanted = [same(address) for address in pending[:1]]
        other = next((address for address in pending if same(address) not in wanted), None)
        if other is not None:
            return [pending[0], other]
    return pending[:1]


def _folded_domain(address: bytes) -> str:
    return fold(address).rpartition("@")[2]
