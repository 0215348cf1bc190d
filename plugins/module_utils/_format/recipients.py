# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""All recipients of a message and the state of each, as src/qmgr/qmgr_message.c reads them.

The envelope of envelope.py has the pending recipients only, which is what a selection needs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import Cursor
from ansible_collections.mailops.postfix.plugins.module_utils._format.lines import skip_content

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

# src/global/rec_type.h. A milter removed the cancelled recipients before the message was queued.
STATES = {rec.RECIPIENT: "pending", rec.DONE: "done", rec.CANCELLED: "cancelled"}
# src/global/dsn_mask.h: DSN_NOTIFY_NEVER and so on.
_NOTIFY = {1: "never", 2: "success", 4: "failure", 8: "delay"}
_DSN_ORIGINAL = b"dsn_orig_rcpt="
_DSN_NOTIFY = b"notify_flags="


class Recipient(NamedTuple):
    """One recipient. Addresses are as stored: internal form, without quotes, any bytes."""

    address: bytes
    state: str
    original: bytes | None
    """The address before virtual aliases and the like; None if it is the same or not known."""
    dsn_original: bytes | None
    """The ORCPT that the client gave, as C(rfc822;a@example.com), or that Postfix added."""
    notify: tuple[str, ...]
    """The events for which the client asked to be notified (NOTIFY); empty if it did not say."""


class Recipients(NamedTuple):
    """The recipients of a message, the pending ones first, and how many there are of each state."""

    listed: list[Recipient]
    counts: dict[str, int]
    problem: str | None
    """Why the file could not be read to its end, None if it could. There may be more recipients after the problem."""


class _RecipientDetails:
    """The details of a recipient in the records before it."""

    __slots__ = ("dsn_original", "notify", "original")

    def __init__(self) -> None:
        self.original: bytes | None = None
        self.dsn_original: bytes | None = None
        self.notify: tuple[str, ...] = ()

    def take(self, kind: int, payload: bytes) -> None:
        """Take a record that may have a detail of the next recipient."""
        if kind == rec.ORIGINAL_RECIPIENT:
            self.original = payload
        elif kind == rec.ATTRIBUTE and payload.startswith(_DSN_ORIGINAL):
            self.dsn_original = payload[len(_DSN_ORIGINAL) :]
        elif kind == rec.ATTRIBUTE and payload.startswith(_DSN_NOTIFY):
            flags = payload[len(_DSN_NOTIFY) :]
            number = int(flags) if flags.isdigit() and len(flags) < 4 else 0
            self.notify = tuple(name for bit, name in _NOTIFY.items() if number & bit)

    def recipient(self, address: bytes, state: str) -> Recipient:
        """Return the recipient with these details."""
        original = self.original if self.original and self.original.lower() != address.lower() else None
        return Recipient(address, state, original, self.dsn_original, self.notify)


def read_recipients(fetch: Fetch, *, most: int) -> Recipients:
    """Return the recipients of a queue file: at most so many addresses of each state, and the counts of all.

    What the file holds raises no error.
    """
    listed: dict[str, list[Recipient]] = {state: [] for state in STATES.values()}
    counts = dict.fromkeys(listed, 0)
    details = _RecipientDetails()
    problem = None
    try:
        for kind, payload in _iter_envelope(fetch):
            if kind in STATES:
                state = STATES[kind]
                counts[state] += 1
                if len(listed[state]) < most:
                    listed[state].append(details.recipient(payload, state))
                details = _RecipientDetails()
            else:
                details.take(kind, payload)
    except (RecordError, ContentError) as error:
        problem = str(error)
    return Recipients([recipient for several in listed.values() for recipient in several], counts, problem)


def _iter_envelope(fetch: Fetch) -> Iterator[tuple[int, bytes]]:
    """Yield type and payload of each record of the envelope and of the extracted segment, in the order in which Postfix reads them.

    The content is skipped. Raises RecordError.
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
                sizes = rec.parse_numbers(record.payload)
        elif record.kind == rec.MESSAGE:
            skip_content(cursor, sizes)
        elif record.kind == rec.END:
            return
