# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""All recipients of a message and what became of each, as src/qmgr/qmgr_message.c reads them.

The envelope of message.py knows those that are still to be served, which is what a selection asks for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.content import iter_envelope

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Fetch

# src/global/rec_type.h; cancelled ones were taken out by a milter before the message was queued.
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
    """The address before virtual aliases and the like; None where it is the same or not known."""
    dsn_original: bytes | None
    """What the client gave as ORCPT, as C(rfc822;a@example.com), or Postfix in its place."""
    notify: tuple[str, ...]
    """What the client asked to be told of (NOTIFY); empty where it did not say."""


class Recipients(NamedTuple):
    """The recipients of a message, those to be served first, and how many there are of each state."""

    listed: list[Recipient]
    counts: dict[str, int]
    problem: str | None
    """Why the file could not be read to its end; there may be more recipients then."""


class _About:
    """What the records before a recipient say of it."""

    __slots__ = ("dsn_original", "notify", "original")

    def __init__(self) -> None:
        self.original: bytes | None = None
        self.dsn_original: bytes | None = None
        self.notify: tuple[str, ...] = ()

    def hear(self, kind: int, payload: bytes) -> None:
        """Take a record that may say something of the next recipient."""
        if kind == rec.ORIGINAL_RECIPIENT:
            self.original = payload
        elif kind == rec.ATTRIBUTE and payload.startswith(_DSN_ORIGINAL):
            self.dsn_original = payload[len(_DSN_ORIGINAL) :]
        elif kind == rec.ATTRIBUTE and payload.startswith(_DSN_NOTIFY):
            flags = payload[len(_DSN_NOTIFY) :]
            number = int(flags) if flags.isdigit() and len(flags) < 4 else 0
            self.notify = tuple(name for bit, name in _NOTIFY.items() if number & bit)

    def recipient(self, address: bytes, state: str) -> Recipient:
        """Return the recipient that all this was about."""
        original = self.original if self.original and self.original.lower() != address.lower() else None
        return Recipient(address, state, original, self.dsn_original, self.notify)


def read_recipients(fetch: Fetch, *, most: int) -> Recipients:
    """Return all recipients of a queue file, at most so many of each state by name, and the counts of all.

    Never raises for what the file holds.
    """
    listed: dict[str, list[Recipient]] = {state: [] for state in STATES.values()}
    counts = dict.fromkeys(listed, 0)
    about = _About()
    problem = None
    try:
        for kind, payload in iter_envelope(fetch):
            if kind in STATES:
                state = STATES[kind]
                counts[state] += 1
                if len(listed[state]) < most:
                    listed[state].append(about.recipient(payload, state))
                about = _About()
            else:
                about.hear(kind, payload)
    except (RecordError, ContentError) as error:
        problem = str(error)
    return Recipients([recipient for several in listed.values() for recipient in several], counts, problem)
