# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Opening files and directories of a queue directory. No link is followed, no open blocks, and no time of access changes.

The mail owner may rename and link files in the queues while root reads. There is one exception: a link that the administrator made
for a whole queue is followed, if no other user can change where it leads.
"""

from __future__ import annotations

import errno
import os
import stat

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal

OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
OPEN_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
# Reading does not change the time of access, so the kernel need not write an inode for each file. With relatime (mount(8)) it would
# do that for most deferred messages: their mtime is the time of the next attempt (src/qmgr/qmgr_active.c). Linux only.
_NO_TRACE = getattr(os, "O_NOATIME", 0)
# Errors of open(2) for a name that does not exist or is no directory.
_NO_DIRECTORY = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))


def open_quietly(name: str, flags: int, directory: int | None = None) -> int:
    """Return the open file or directory. Reading it does not change its time of access, if this process may request that.

    Raises OSError.
    """
    try:
        return os.open(name, flags | _NO_TRACE, dir_fd=directory)
    except PermissionError as error:
        # Only the owner and root may (open(2), O_NOATIME).
        if error.errno != errno.EPERM:
            raise
    return os.open(name, flags, dir_fd=directory)


def open_below(name: str, directory: int) -> int | None:
    """Return the open directory of that name, None if it is no directory, a link, or gone. Raises OSError."""
    try:
        return open_quietly(name, OPEN_DIRECTORY, directory)
    except OSError as error:
        if error.errno in _NO_DIRECTORY:
            return None
        raise


def is_hash_name(name: str) -> bool:
    """Return whether a name can be that of a hash directory: it has one byte (src/global/mail_scan_dir.c)."""
    return len(name) == 1 and (name.isascii() or len(os.fsencode(name)) == 1)


def open_queue(queue: str, root: int, path: str) -> int:
    """Return the open directory of a queue. root: the open queue directory. path: its path, for errors.

    A safe link is followed (see the top of this file). Raises FileNotFoundError if there is no such queue, LinkError for an unsafe
    link, and SystemRefusal for other errors.
    """
    try:
        return open_quietly(queue, OPEN_DIRECTORY, root)
    except FileNotFoundError:
        raise
    except OSError as error:
        refusal = SystemRefusal("The queue %s in %s cannot be read" % (queue, path), error)
        if error.errno not in _NO_DIRECTORY or not is_link(queue, root):
            raise refusal from error
    # Few queues are links.
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.links import open_link  # noqa: PLC0415

    return open_link(queue, root, path, open_directory=_open_directory)


def _open_directory(name: str, directory: int | None) -> int:
    return open_quietly(name, OPEN_DIRECTORY, directory)


def is_link(name: str, directory: int) -> bool:
    """Return whether there is a symbolic link of that name."""
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=directory).st_mode)
    except OSError:
        return False
