# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Queue IDs, short and long (src/global/mail_queue.h, src/global/mail_queue.c)."""

from __future__ import annotations

import re

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
# An inode number is an unsigned long on every system that Postfix runs on.
_MAX_NUMBER = (1 << 64) - 1


def is_valid(text: str) -> bool:
    """Return whether Postfix accepts the text as the name of a queue file (mail_queue_id_ok())."""
    # The first half decides for nearly every name, in a fraction of the time.
    return (text.isalnum() and text.isascii() and len(text) <= MAX_LENGTH) or _VALID.match(text) is not None


def hash_directory(text: str, depth: int) -> str:
    """Return the directories below a hashed queue in which Postfix looks for a queue ID, as C(1/A), "" for depth 0.

    Long IDs hash on their microseconds in hexadecimal; short names are padded with C(_) (mail_queue_dir(), dir_forest()).
    Raises QueueIdError for a long ID whose microseconds cannot be read.
    """
    separator = find_separator(text)
    if separator >= 0:
        text = "%05X" % decode_number(text, separator - MICROSECONDS_PAD, separator, SECONDS_BASE)
    return "/".join(text[:depth].ljust(depth, "_"))


def find_separator(text: str) -> int:
    """Return the position of the "z" in a long ID, -1 for a short ID (MQID_FIND_LG_INUM_SEPARATOR)."""
    found = text.rfind(SEPARATOR)
    return found if found >= SECONDS_PAD + MICROSECONDS_PAD else -1


def decode_number(text: str, start: int, end: int, base: int) -> int:
    """Return the number that a part of a queue ID stands for. Raises QueueIdError."""
    number = 0
    for character in text[start:end]:
        value = _VALUES.get(character, base)
        number = number * base + value
        if value >= base or number > _MAX_NUMBER:
            raise QueueIdError("not a queue ID", queue_id=text)
    if start == end:
        raise QueueIdError("not a queue ID", queue_id=text)
    return number
