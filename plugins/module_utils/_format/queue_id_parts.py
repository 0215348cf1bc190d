# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The parts of queue IDs, short and long: inode and time (src/global/mail_queue.h)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import (
    ALPHABET,
    INODE_BASE,
    MICROSECONDS_PAD,
    SECONDS_BASE,
    SECONDS_PAD,
    SEPARATOR,
    SHORT_MICROSECONDS_PAD,
    decode_number,
    find_separator,
)

_SHORT = re.compile(r"[0-9A-F]{6,21}\Z")


@dataclass(frozen=True)
class QueueId:
    """A decoded queue ID: inode, microseconds, and for a long one the second since the epoch (else None)."""

    inode: int
    microseconds: int
    seconds: int | None = None

    @property
    def long(self) -> bool:
        """True for a long queue ID (enable_long_queue_ids)."""
        return self.seconds is not None

    def __str__(self) -> str:
        if self.seconds is None:
            return "%05X%X" % (self.microseconds, self.inode)
        return (
            _encode(self.seconds, SECONDS_BASE, SECONDS_PAD)
            + _encode(self.microseconds, SECONDS_BASE, MICROSECONDS_PAD)
            + SEPARATOR
            + _encode(self.inode, INODE_BASE, 0)
        )


def decode(text: str) -> QueueId:
    """Return the parts of a queue ID. Raises QueueIdError if the text is not a queue ID."""
    separator = find_separator(text)
    if separator < 0:
        if not _SHORT.match(text):
            raise QueueIdError("not a queue ID", queue_id=text)
        return QueueId(
            inode=int(text[SHORT_MICROSECONDS_PAD:], 16), microseconds=int(text[:SHORT_MICROSECONDS_PAD], 16)
        )
    middle = separator - MICROSECONDS_PAD
    return QueueId(
        inode=decode_number(text, separator + 1, len(text), INODE_BASE),
        microseconds=decode_number(text, middle, separator, SECONDS_BASE),
        seconds=decode_number(text, 0, middle, SECONDS_BASE),
    )


def _encode(number: int, base: int, pad: int) -> str:
    digits = []
    while number:
        number, digit = divmod(number, base)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits)).rjust(pad, "0") or "0"
