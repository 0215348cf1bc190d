# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The queue directory on disk: walking it and opening what is in it, without ever following a link.

Files are opened relative to the open directory they were listed in, for the mail owner, whom these directories belong to,
may rename and link as they please while root reads.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from typing import Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QueueIdError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import FIRST_READ
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import hash_directory
from ansible_collections.mailops.postfix.plugins.module_utils._queue.reasons import MAX_LOG

_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_OPEN_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
# Postfix hashes one or two deep; a deeper tree is somebody's mistake or trap.
_MAX_DEPTH = 16
# Open log directories that are kept: all 256 of hash_queue_depth = 2.
_MAX_LOG_DIRECTORIES = 300
_LOG_DEPTHS = (1, 0, 2, 3, 4)
# A look leaves no trace, and does not have the kernel write an inode for each file that it reads: the mtime of a deferred message
# is the time of its next attempt (qmgr_active.c), and relatime in mount(8) sets the time of access wherever that is older. Linux only.
_NO_TRACE = getattr(os, "O_NOATIME", 0)
_DIGITS = "0123456789ABCDEF"
_new_tuple = tuple.__new__


class Found(NamedTuple):
    """A name in a queue: the queue, the open directory that holds it, and the name."""

    queue: str
    directory: int
    name: str


class Spool:
    """A queue directory, a stopped server's, a copy's or a quarantine's too. Close it, or use it as a context manager."""

    def __init__(self, path: str) -> None:
        """Open the directory. Raises MailopsError where it cannot be opened."""
        self.path = path
        try:
            # The path is the administrator's, who may have made a link of it; what is below is the mail owner's.
            self._root = _open(path, _OPEN_ROOT)
        except OSError as error:
            raise MailopsError(
                "The queue directory %s cannot be opened: %s. Name a directory that exists, and read it as root "
                "(become: true)." % (path, error.strerror)
            ) from error
        self._log_directories: dict[str, int | None] = {}

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all directories."""
        for descriptor in self._log_directories.values():
            if descriptor is not None:
                os.close(descriptor)
        self._log_directories = {}
        os.close(self._root)

    def readable(self, queues: tuple[str, ...]) -> bool:
        """Return whether this process may list the queues that exist."""
        return all(os.access(queue, os.R_OK | os.X_OK, dir_fd=self._root) for queue in queues if self.has(queue))

    def has(self, queue: str) -> bool:
        """Return whether there is a directory for that queue."""
        return os.access(queue, os.F_OK, dir_fd=self._root)

    def walk(self, queue: str, *, share: tuple[int, int] = (0, 1)) -> Iterator[Found]:
        """Yield what is in a queue, at any hash depth, in no order; nothing for a queue that does not exist.

        share: (which, of how many): only the names that fall to one of several processes. It goes by the first hash directory that
        a queue ID has, in a queue that has none, too: so processes are in different directories, and a message that moves from one
        queue to another stays in its share.

        Names of one character are Postfix's hash directories (src/global/mail_scan_dir.c). A directory stays open only until
        the next name is asked for. Raises MailopsError where the queue may not be read.
        """
        try:
            top = _open(queue, _OPEN_DIRECTORY, self._root)
        except FileNotFoundError:
            return
        except OSError as error:
            raise MailopsError(
                "The queue %s in %s cannot be read: %s. Run this as root (become: true)."
                % (queue, self.path, error.strerror)
            ) from error
        yield from self._walk_directory(queue, top, 0, share)

    def _walk_directory(self, queue: str, directory: int, depth: int, share: tuple[int, int]) -> Iterator[Found]:
        which, number = share
        try:
            below = []
            with os.scandir(directory) as entries:
                for entry in entries:
                    name = entry.name
                    if number > 1 and _lane(name) % number != which:
                        continue
                    if len(name) == 1:
                        below.append(name)
                    else:
                        # The same as Found(...), without the Python code that a named tuple has for it.
                        yield _new_tuple(Found, (queue, directory, name))
            for name in below:
                child = _open_directory(name, directory) if depth < _MAX_DEPTH else None
                if child is None:
                    yield Found(queue, directory, name)
                else:
                    yield from self._walk_directory(queue, child, depth + 1, (0, 1))
        finally:
            os.close(directory)

    def log_directory(self, path: str) -> int | None:
        """Return the open directory of logs of that path, None where there was none; each part is opened by itself, no link followed.

        It stays open until many more were asked for.
        """
        if path not in self._log_directories:
            if len(self._log_directories) >= _MAX_LOG_DIRECTORIES:
                self._forget_log_directories()
            parent, _slash, name = path.rstrip("/").rpartition("/")
            above = self.log_directory(parent) if parent else self._root
            self._log_directories[path] = None if above is None else _open_directory(name, above)
        return self._log_directories[path]

    def read_defer_log(self, queue_id: str) -> bytes:
        """Return the defer log of a message, b"" without one; it is looked for at every hash depth."""
        for depth in _LOG_DEPTHS:
            try:
                directory = self.log_directory("defer/" + hash_directory(queue_id, depth))
            except QueueIdError:
                continue
            if directory is None:
                continue
            try:
                descriptor, _status, head = open_quickly(queue_id, directory)
            except OSError:
                continue
            try:
                # A short read of a file is its end.
                return head if len(head) < FIRST_READ else head + read_all(descriptor, MAX_LOG - len(head))
            except OSError:
                continue
            finally:
                os.close(descriptor)
        return b""

    def _forget_log_directories(self) -> None:
        for descriptor in self._log_directories.values():
            if descriptor is not None:
                os.close(descriptor)
        self._log_directories = {}


def _lane(name: str) -> int:
    """Return a number that a queue ID has in common with its first hash directory, whose name is the number in hexadecimal."""
    try:
        digit = hash_directory(name, 1)
    except QueueIdError:
        digit = name[0]
    return _DIGITS.find(digit)


def _open_directory(name: str, directory: int) -> int | None:
    """Return the open directory of that name, None where it is none or is a link."""
    try:
        return _open(name, _OPEN_DIRECTORY, directory)
    except OSError:
        return None


def _open(name: str, flags: int, directory: int | None = None) -> int:
    """Return the open file or directory, whose time of access reading leaves alone where this process may ask for that."""
    try:
        return os.open(name, flags | _NO_TRACE, dir_fd=directory)
    except PermissionError as error:
        # open(2): only the owner and root may.
        if error.errno != errno.EPERM:
            raise
    return os.open(name, flags, dir_fd=directory)


@contextmanager
def open_file(name: str, directory: int) -> Iterator[int]:
    """Open a regular file of that name for reading; a link or anything else raises OSError."""
    descriptor = _open(name, _OPEN_FILE, directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def open_quickly(name: str, directory: int) -> tuple[int, os.stat_result, bytes]:
    """Return an open descriptor, its status and the file's first bytes. Raises OSError as open_file() does."""
    descriptor = _open(name, _OPEN_FILE, directory)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        return descriptor, status, os.read(descriptor, FIRST_READ)
    except OSError:
        os.close(descriptor)
        raise


def read_all(descriptor: int, limit: int) -> bytes:
    """Return the rest of a file, at most limit bytes of it."""
    parts = []
    while limit > 0:
        part = os.read(descriptor, min(limit, 1 << 20))
        if not part:
            break
        parts.append(part)
        limit -= len(part)
    return b"".join(parts)
