# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Queue IDs, short and long (src/global/mail_queue.h, src/global/mail_queue.c)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError

# MQID_LG_*: ten digits, then letters without vowels. "z" separates time and inode.
ALPHABET = "0123456789BCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz"
SECONDS_BASE = 52
INODE_BASE = 51
SECONDS_PAD = 6
MICROSECONDS_PAD = 4
SHORT_MICROSECONDS_PAD = 5
SEPARATOR = "z"

_VALUES = {character: value for value, character in enumerate(ALPHABET)}
# mail_queue_id_ok() accepts 255 characters at most (VALID_HOSTNAME_LEN). flush(8) names its logs after domains.
MAX_LENGTH = 255
_VALID = re.compile(r"[A-Za-z0-9_]{1,%d}\Z" % MAX_LENGTH)
_SHORT = re.compile(r"[0-9A-F]{6,21}\Z")
# An inode number is an unsigned long on every system that Postfix runs on.
_MAX_NUMBER = (1 << 64) - 1


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


def is_valid(text: str) -> bool:
    """Return whether Postfix accepts the text as the name of a queue file (mail_queue_id_ok())."""
    # The first half decides for nearly every name, in a fraction of the time.
    return (text.isalnum() and text.isascii() and len(text) <= MAX_LENGTH) or _VALID.match(text) is not None


def decode(text: str) -> QueueId:
    """Return the parts of a queue ID. Raises QueueIdError if the text is not a queue ID."""
    separator = _separator(text)
    if separator < 0:
        if not _SHORT.match(text):
            raise QueueIdError("not a queue ID", queue_id=text)
        return QueueId(
            inode=int(text[SHORT_MICROSECONDS_PAD:], 16), microseconds=int(text[:SHORT_MICROSECONDS_PAD], 16)
        )
    middle = separator - MICROSECONDS_PAD
    return QueueId(
        inode=_decode(text, separator + 1, len(text), INODE_BASE),
        microseconds=_decode(text, middle, separator, SECONDS_BASE),
        seconds=_decode(text, 0, middle, SECONDS_BASE),
    )


def hash_directory(text: str, depth: int) -> str:
    """Return the directories below a hashed queue in which Postfix looks for a queue ID, as C(1/A), "" for depth 0.

    Long IDs hash on their microseconds in hexadecimal; short names are padded with C(_) (mail_queue_dir(), dir_forest()).
    Raises QueueIdError for a long ID whose microseconds cannot be read.
    """
    separator = _separator(text)
    if separator >= 0:
        text = "%05X" % _decode(text, separator - MICROSECONDS_PAD, separator, SECONDS_BASE)
    return "/".join(text[:depth].ljust(depth, "_"))


def _separator(text: str) -> int:
    """Return the position of the "z" in a long ID, -1 for a short ID (MQID_FIND_LG_INUM_SEPARATOR)."""
    found = text.rfind(SEPARATOR)
    return found if found >= SECONDS_PAD + MICROSECONDS_PAD else -1


def _encode(number: int, base: int, pad: int) -> str:
    digits = []
    while number:
        number, digit = divmod(number, base)
        digits.append(ALPHABET[digit])
    return "".join(reversed(digits)).rjust(pad, "0") or "0"


def _decode(text: str, start: int, end: int, base: int) -> int:
    number = 0
    for character in text[start:end]:
        value = _VALUES.get(character, base)
        number = number * base + value
        if value >= base or number > _MAX_NUMBER:
            raise QueueIdError("not a queue ID", queue_id=text)
    if start == end:
        raise QueueIdError("not a queue ID", queue_id=text)
    return number
