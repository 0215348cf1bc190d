# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The name and the directory that a queue file must have, as postsuper(1) -s checks them (src/postsuper/postsuper.c, super())."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import (
    SHORT_MICROSECONDS_PAD,
    hash_directory,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id_parts import QueueId, decode

# postsuper appends this while it renames files in two passes. No queue ID ends with it.
SUFFIX = "#FIX"
# MQID_SH_DECODE_INUM is strtoul(3), which accepts letters in any case and a prefix.
_SHORT_INODE = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,16})\Z")


def id_for(name: str, *, inode: int, long_queue_ids: bool) -> str | None:
    """Return the queue ID that a file with this name and inode must have: the name itself if it is right.

    None for a name that contains no inode; postsuper does not rename such a file. A long ID never repeats, so it need not contain the
    inode of its file.
    """
    try:
        known: QueueId | None = decode(name)
    except QueueIdError:
        known = None
    if known is not None and known.long:
        return name if long_queue_ids else "%05X%X" % (known.microseconds, inode)
    found = _SHORT_INODE.match(name[SHORT_MICROSECONDS_PAD:])
    if found is None:
        return None
    return name if int(found.group(1), 16) == inode else "%s%X" % (name[:SHORT_MICROSECONDS_PAD], inode)


def fitted_id(name: str, *, inode: int, long_queue_ids: bool) -> str:
    """Return the queue ID that a file with this name must have if its inode is new, as C(postsuper -S) names it.

    A long ID gets the new inode too. A name that contains no inode stays the same.
    """
    wanted = id_for(name, inode=inode, long_queue_ids=long_queue_ids)
    if wanted != name:
        return wanted or name
    try:
        known = decode(name)
    except QueueIdError:
        return name
    return str(replace(known, inode=inode)) if known.long and known.inode != inode else name


def directory_for(name: str, depth: int) -> str:
    """Return the hash directory in which a file must be, as C(1/A), "" for depth 0."""
    try:
        return hash_directory(name, depth)
    except QueueIdError:
        # MQID_LG_GET_HEX_USEC takes microseconds that it cannot read for 0.
        return "/".join("00000"[:depth].ljust(depth, "_"))
