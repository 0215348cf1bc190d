# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Following a link that the administrator made for a whole queue, if no other user can change where it leads (see opening.py)."""

from __future__ import annotations

import errno
import os
import pwd
import stat
from typing import Callable, Optional

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError

# Opens a directory that is no link: its name, and the open directory that holds it (None for a whole path).
_OpenDirectory = Callable[[str, Optional[int]], int]

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


def open_link(queue: str, root: int, path: str, *, open_directory: _OpenDirectory) -> int:
    """Return the open directory that the link of a queue leads to. root: the open queue directory. path: its path, for errors.

    Raises LinkError for an unsafe link, and for one that leads nowhere.
    """
    try:
        return _LinkResolver(path, root, open_directory).open(queue)
    except OSError as error:
        raise LinkError(os.path.join(path, queue), os.strerror(error.errno or 0)) from error


class _LinkResolver:
    """Follows a link, one part of its path at a time. Each directory is checked while it is open, before a name in it is used."""

    def __init__(self, path: str, root: int, open_directory: _OpenDirectory) -> None:
        self._path = path
        self._root = root
        self._open_directory = open_directory
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
                    step = self._open_directory(part, current)
                else:
                    links += 1
                    if links > _MAX_LINKS:
                        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
                    names += reversed([part for part in target.split("/") if part not in ("", ".")])
                    if not target.startswith("/"):
                        continue
                    place, step = "/", self._open_directory("/", None)
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
