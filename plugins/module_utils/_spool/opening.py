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
import pwd
import stat

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, SystemRefusal

OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
OPEN_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_NONBLOCK | os.O_CLOEXEC
# Reading does not change the time of access, so the kernel need not write an inode for each file. With relatime (mount(8)) it would
# do that for most deferred messages: their mtime is the time of the next attempt (src/qmgr/qmgr_active.c). Linux only.
_NO_TRACE = getattr(os, "O_NOATIME", 0)
# Errors of open(2) for a name that does not exist or is no directory.
_NO_DIRECTORY = frozenset((errno.ENOENT, errno.ENOTDIR, errno.ELOOP))
# The limit of the kernel (MAXSYMLINKS).
_MAX_LINKS = 40
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class LinkError(MailopsError):
    """A queue is a link that is not followed. reason: why."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            "%s is a link that is not followed: %s. Make root the owner of the link and of all directories on its path, and let "
            "no other user write to them; or use a directory or a bind mount instead of the link." % (path, reason)
        )
        self.reason = reason


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
    try:
        return _LinkResolver(path, root).open(queue)
    except OSError as error:
        raise LinkError(os.path.join(path, queue), os.strerror(error.errno or 0)) from error


def is_link(name: str, directory: int) -> bool:
    """Return whether there is a symbolic link of that name."""
    try:
        return stat.S_ISLNK(os.lstat(name, dir_fd=directory).st_mode)
    except OSError:
        return False


class _LinkResolver:
    """Follows a link, one part of its path at a time. Each directory is checked while it is open, before a name in it is used."""

    def __init__(self, path: str, root: int) -> None:
        self._path = path
        self._root = root
        self._trusted = frozenset((0, os.geteuid()))

    def open(self, name: str) -> int:
        """Return the open directory that the link of that name leads to. Raises LinkError and OSError."""
        link = os.path.join(self._path, name)
        place, current = self._path, os.dup(self._root)
        names, links = [name], 0
        try:
            while names:
                self._check(link, place, os.fstat(current))
                part = names.pop()
                target = self._target(link, os.path.join(place, part), part, current)
                if target is None:
                    place = os.path.normpath(os.path.join(place, part))
                    step = open_quietly(part, OPEN_DIRECTORY, current)
                else:
                    links += 1
                    if links > _MAX_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                    names += reversed([part for part in target.split("/") if part not in ("", ".")])
                    if not target.startswith("/"):
                        continue
                    place, step = "/", open_quietly("/", OPEN_DIRECTORY)
                os.close(current)
                current = step
        except BaseException:
            os.close(current)
            raise
        return current

    def _target(self, link: str, path: str, name: str, directory: int) -> str | None:
        """Return the target of a link, None for a name that is no link. Raises LinkError for the link of another user."""
        status = os.lstat(name, dir_fd=directory)
        if not stat.S_ISLNK(status.st_mode):
            return None
        if status.st_uid not in self._trusted:
            raise LinkError(link, "%s belongs to %s" % (path, name_of(status.st_uid)))
        return os.readlink(name, dir_fd=directory)

    def _check(self, link: str, place: str, status: os.stat_result) -> None:
        """Raise LinkError for a directory in which another user may replace a file."""
        if status.st_uid not in self._trusted:
            raise LinkError(link, "%s belongs to %s" % (place, name_of(status.st_uid)))
        if status.st_mode & _OTHERS_WRITE:
            raise LinkError(link, "other users may write to %s (mode %04o)" % (place, stat.S_IMODE(status.st_mode)))


def name_of(uid: int) -> str:
    """Return a user, by name if it has one, for an error."""
    try:
        return "user %s" % pwd.getpwuid(uid).pw_name
    except KeyError:
        return "user ID %d" % uid
