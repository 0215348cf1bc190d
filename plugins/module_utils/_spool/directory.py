# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The queue directory on disk: listing its files and opening them. Links that other users could have made are not followed.

Files are opened relative to the open directory that lists them: the directories belong to the mail owner, who may rename and link
files while root reads.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QueueIdError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import FIRST_READ, MAX_LOG, NEXT_READ
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import hash_directory
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import MAX_HASH_DEPTH
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import (
    OPEN_FILE,
    is_hash_name,
    is_link,
    open_below,
    open_queue,
    open_quietly,
)

if TYPE_CHECKING:
    _Order = Callable[[int, Iterator[os.DirEntry[str]]], Iterator[str]]

_OPEN_ROOT = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
# So many log directories are kept open: all 256 of hash_queue_depth = 2.
_MAX_LOG_DIRECTORIES = 300
_LOG_DEPTHS = (1, 0, 2, 3, 4)
_DIGITS = "0123456789ABCDEF"
# Stands for a directory that cannot be read. No descriptor has this number.
_REFUSED = -1
# Stands for a file that is not open.
NO_FILE = -1
_new_tuple = tuple.__new__
_NAME = attrgetter("name")


class QueueEntry(NamedTuple):
    """A name in a queue: the queue, the open directory that holds it, and the name."""

    queue: str
    directory: int
    name: str


class _WalkedDirectory(NamedTuple):
    """A directory on a walk: its queue, its path in the queue directory, its depth in the queue, and the functions that were given."""

    queue: str
    path: str
    depth: int
    unreadable: Callable[[str, OSError], None] | None
    order: _Order | None


class RequestedFiles:
    """Files that were requested from the disk and are open, until they are read (see read_ahead.py). Who reads one takes it out."""

    __slots__ = ("files", "logs")

    def __init__(self) -> None:
        self.files: dict[tuple[str, int], int] = {}
        """Descriptors by name and directory."""
        self.logs: dict[str, tuple[int, int]] = {}
        """Depths of hash directories and descriptors of defer logs, by queue ID."""

    def close(self, name: str, directory: int) -> None:
        """Close a file and its log, if nobody has taken them."""
        descriptor = self.files.pop((name, directory), NO_FILE)
        if descriptor != NO_FILE:
            os.close(descriptor)
        if name in self.logs:
            os.close(self.logs.pop(name)[1])

    def close_all(self) -> None:
        """Close all that nobody has taken."""
        for name, directory in list(self.files):
            self.close(name, directory)
        for name in list(self.logs):
            os.close(self.logs.pop(name)[1])


class Spool:
    """An open queue directory: of an instance, of a stopped server, a copy, or a quarantine. Close it, or use it as a context manager."""

    def __init__(self, path: str) -> None:
        """Open the directory. Raises SystemRefusal if it cannot be opened."""
        self.path = path
        try:
            # The path belongs to the administrator and may be a link. The directories below belong to the mail owner.
            self.root = open_quietly(path, _OPEN_ROOT)
        except OSError as error:
            raise SystemRefusal("The queue directory %s cannot be opened" % path, error) from error
        self._log_directories: dict[str, int | None] = {}
        # Depths of hash directories, the one where the last log was found first.
        self._log_depths: tuple[int, ...] = _LOG_DEPTHS
        self.log_reads = 0
        """How many defer logs were read, or searched for."""
        self.reads_ahead = True
        """Whether a scan may request files from the disk before it reads them (see read_ahead.py)."""
        self.requested = RequestedFiles()
        """What a scan has requested."""

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
        os.close(self.root)

    def readable(self, queues: tuple[str, ...]) -> bool:
        """Return whether this process may list the queues that exist."""
        return all(os.access(queue, os.R_OK | os.X_OK, dir_fd=self.root) for queue in queues if self.has(queue))

    def has(self, queue: str) -> bool:
        """Return whether there is a directory for that queue, or a link, which may lead nowhere."""
        return os.access(queue, os.F_OK, dir_fd=self.root) or is_link(queue, self.root)

    def open_queue(self, queue: str) -> int:
        """Return the open directory of a queue; the caller closes it. A safe link is followed (see open_queue() in opening.py).

        Raises FileNotFoundError if there is none, and MailopsError with the reason if it cannot be read.
        """
        return open_queue(queue, self.root, self.path)

    def walk(
        self,
        queue: str,
        *,
        share: tuple[int, int] = (0, 1),
        unreadable: Callable[[str, OSError], None] | None = None,
        order: _Order | None = None,
    ) -> Iterator[QueueEntry]:
        """Yield the names in a queue, at any hash depth, in no order; nothing for a queue that does not exist.

        share: (index, number of processes): yield only the names of one of several processes. They are divided by the first hash
        directory of a queue ID, also in queues without hash directories. So processes read different directories, and a message
        that moves to another queue stays in its share.

        unreadable: called with the path (such as C(deferred/A)) and the error of each hash directory that cannot be read; then the walk
        goes on. Without it such a directory is an error.

        order: gets an open directory and the entries of its files, and yields their names in the order that it likes.

        Names of one byte are Postfix's hash directories (src/global/mail_scan_dir.c). A directory is open only until the next name
        is requested. Raises MailopsError if the queue cannot be read.
        """
        try:
            top = self.open_queue(queue)
        except FileNotFoundError:
            return
        yield from self._walk_directory(_WalkedDirectory(queue, queue, 0, unreadable, order), top, share)

    def _walk_directory(self, walked: _WalkedDirectory, directory: int, share: tuple[int, int]) -> Iterator[QueueEntry]:
        queue = walked.queue
        below: list[str] = []
        try:
            with os.scandir(directory) as entries:
                files = _files_of(entries, share, below)
                names = map(_NAME, files) if walked.order is None else walked.order(directory, files)
                for name in names:
                    # The same as QueueEntry(...), but faster: it runs no Python code.
                    yield _new_tuple(QueueEntry, (queue, directory, name))
            for name in below:
                inner = walked._replace(path="%s/%s" % (walked.path, name), depth=walked.depth + 1)
                child = self._enter(inner, name, directory)
                if child is None:
                    yield QueueEntry(queue, directory, name)
                elif child != _REFUSED:
                    yield from self._walk_directory(inner, child, (0, 1))
        except OSError as error:
            self._refuse(walked, error)
        finally:
            os.close(directory)

    def _enter(self, walked: _WalkedDirectory, name: str, directory: int) -> int | None:
        """Return the open hash directory of that name, None if it is none or too deep, _REFUSED if it cannot be read."""
        if walked.depth > MAX_HASH_DEPTH:
            return None
        try:
            return open_below(name, directory)
        except OSError as error:
            self._refuse(walked, error)
            return _REFUSED

    def _refuse(self, walked: _WalkedDirectory, error: OSError) -> None:
        """Report a directory that cannot be read to the caller of walk(). Raises SystemRefusal if C(unreadable) was not given."""
        if walked.unreadable is None:
            raise SystemRefusal("The directory %s in %s cannot be read" % (walked.path, self.path), error) from error
        walked.unreadable(walked.path, error)

    def path_of(self, found: QueueEntry) -> str:
        """Return the path of a file in the queue directory, such as C(deferred/A/4A0F9AC); without proc(5) it has no hash directories."""
        below = ""
        try:
            top = self.open_queue(found.queue)
            try:
                below = os.path.relpath(_name_in_proc(found.directory), _name_in_proc(top))
            finally:
                os.close(top)
        except (OSError, MailopsError):
            pass
        return "/".join(part for part in (found.queue, below.strip("."), found.name) if part)

    def log_directory(self, path: str) -> int | None:
        """Return the open directory of logs of that path, None if there is none. Each part of the path is opened by itself.

        It is kept open until many more were requested. C(defer), C(bounce) and C(trace) may be safe links; no other link is
        followed. Raises LinkError for an unsafe link there, and OSError for a directory that cannot be opened.
        """
        if path not in self._log_directories:
            if len(self._log_directories) >= _MAX_LOG_DIRECTORIES:
                self._forget_log_directories()
            parent, _slash, name = path.rstrip("/").rpartition("/")
            if parent:
                above = self.log_directory(parent)
                self._log_directories[path] = None if above is None else open_below(name, above)
            else:
                self._log_directories[path] = self._open_logs(name)
        return self._log_directories[path]

    def _open_logs(self, queue: str) -> int | None:
        try:
            return self.open_queue(queue)
        except FileNotFoundError:
            return None
        except SystemRefusal as refusal:
            if refusal.error.errno == errno.ENOTDIR:
                return None
            raise refusal.error from refusal

    def open_quickly(self, found: QueueEntry) -> tuple[int, os.stat_result, bytes]:
        """Return an open descriptor, its status and the file's first bytes. Raises OSError as open_file() does."""
        requested = self.requested.files
        name, directory = found.name, found.directory
        return open_quickly(name, directory, requested.pop((name, directory), NO_FILE) if requested else NO_FILE)

    def read_defer_log(self, queue_id: str) -> bytes:
        """Return the defer log of a message, b"" if there is none. All hash depths are searched."""
        self.log_reads += 1
        if queue_id in self.requested.logs:
            depth, descriptor = self.requested.logs.pop(queue_id)
            log = self._read_log(queue_id, depth, NO_FILE, descriptor)
            if log is not None:
                return log
        for depth, directory in self.defer_directories(queue_id):
            log = self._read_log(queue_id, depth, directory)
            if log is not None:
                return log
        return b""

    def _read_log(self, queue_id: str, depth: int, directory: int, opened: int = NO_FILE) -> bytes | None:
        """Return the log in a directory, None if there is none that can be read. opened: the log, if it is open."""
        try:
            descriptor, _status, head = open_quickly(queue_id, directory, opened)
        except OSError:
            return None
        if depth != self._log_depths[0]:
            self._log_depths = (depth, *(other for other in self._log_depths if other != depth))
        try:
            # A read that returns less is at the end of the file.
            return head if len(head) < FIRST_READ else head + read_all(descriptor, MAX_LOG - len(head))
        except OSError:
            return None
        finally:
            os.close(descriptor)

    def defer_directories(self, queue_id: str) -> Iterator[tuple[int, int]]:
        """Yield the open directories that may have the defer log of a message, each with its depth in front.

        The depth where the last log was found comes first.
        """
        for depth in self._log_depths:
            try:
                directory = self.log_directory("defer/" + hash_directory(queue_id, depth))
            except (QueueIdError, OSError):
                continue
            if directory is not None:
                yield depth, directory

    def _forget_log_directories(self) -> None:
        for descriptor in self._log_directories.values():
            if descriptor is not None:
                os.close(descriptor)
        self._log_directories = {}


def _files_of(
    entries: Iterable[os.DirEntry[str]], share: tuple[int, int], below: list[str]
) -> Iterator[os.DirEntry[str]]:
    """Yield the entries of a share that are no hash directories, and add the names of hash directories to C(below)."""
    which, number = share
    for entry in entries:
        name = entry.name
        if number > 1 and _hash_number(name) % number != which:
            continue
        if len(name) == 1 and is_hash_name(name):
            below.append(name)
        else:
            yield entry


def _name_in_proc(descriptor: int) -> str:
    return os.readlink("/proc/self/fd/%d" % descriptor)


def _hash_number(name: str) -> int:
    """Return the number of the first hash directory of a queue ID, or of that directory itself; its name is the number in hexadecimal."""
    try:
        digit = hash_directory(name, 1)
    except QueueIdError:
        digit = name[0]
    return _DIGITS.find(digit)


@contextmanager
def open_file(name: str, directory: int) -> Iterator[int]:
    """Open a regular file of that name for reading. Raises OSError for a link and for all other types."""
    descriptor = open_quietly(name, OPEN_FILE, directory)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        yield descriptor
    finally:
        os.close(descriptor)


def open_quickly(name: str, directory: int, opened: int = NO_FILE) -> tuple[int, os.stat_result, bytes]:
    """Return an open descriptor, its status and the file's first bytes. Raises OSError as open_file() does.

    opened: its descriptor, if it is open already. If it was removed since, it is opened by its name again.
    """
    descriptor = open_quietly(name, OPEN_FILE, directory) if opened == NO_FILE else opened
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a file")
        if opened == NO_FILE or status.st_nlink:
            return descriptor, status, os.read(descriptor, FIRST_READ)
    except OSError:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return open_quickly(name, directory)


def read_all(descriptor: int, limit: int) -> bytes:
    """Return the rest of a file, at most limit bytes of it."""
    parts = []
    while limit > 0:
        size = min(limit, NEXT_READ)
        part = os.read(descriptor, size)
        parts.append(part)
        # A read that returns less is at the end of the file.
        if len(part) < size:
            break
        limit -= size
    return b"".join(parts)
