# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Which name and place a queue file must have, as postsuper(1) -s checks them (src/postsuper/postsuper.c, super())."""

from __future__ import annotations

import re
from dataclasses import replace

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import (
    SHORT_MICROSECONDS_PAD,
    QueueId,
    decode,
    hash_directory,
)

# What postsuper appends while it renames files in two passes; no name that Postfix itself takes ends like that.
SUFFIX = "#FIX"
# MQID_SH_DECODE_INUM is strtoul(3), which takes letters in any case and a prefix.
_SHORT_INODE = re.compile(r"(?:0[xX])?([0-9A-Fa-f]{1,16})\Z")


def id_for(name: str, *, inode: int, long_queue_ids: bool) -> str | None:
    """Return the queue ID that a file with this name and inode must have, the name itself where it has it.

    None for a name that says no inode, which postsuper leaves alone. A long ID never repeats, so it need not fit its inode.
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
    """Return the queue ID that a file with this name must have where its inode is a new one, as C(postsuper -S) names it.

    That fits long IDs to their inode, too. A name that says no inode stays.
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
    """Return the hash directory that a file belongs into, as C(1/A), "" at depth 0."""
    try:
        return hash_directory(name, depth)
    except QueueIdError:
        # MQID_LG_GET_HEX_USEC takes microseconds that it cannot read for none.
        return "/".join("00000"[:depth].ljust(depth, "_"))
