# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moving queue files and directories. Nothing is overwritten, no link is followed, and each file is complete at any moment.

A rename is one step of the filesystem: before it and after it a file is in exactly one place, also after a power loss. A link and
an unlink are two steps, and between them Postfix may deliver the file under its new name while the old name still exists. So files
are renamed. renameat2(2) refuses an existing target. Without that call, the target is checked first. Postfix cannot create the
target between the check and the rename: the name of a queue file contains its inode number, and no other file has that inode.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Callable, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import MAX_HASH_DEPTH
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import is_link, open_queue

try:
    import ctypes
except ImportError:  # a Python that was built without libffi
    ctypes = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from typing import Any

OPEN_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
# RENAME_NOREPLACE of renameat2(2), and its errors if the kernel or the filesystem does not support it.
_NOREPLACE = 1
_NOT_SUPPORTED = frozenset((errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP))
_PART = 1 << 20
# A directory has this in front of its name until it has its owner, permissions and attributes.
UNFINISHED = "mailops."
# So many directories are kept open: all 256 of hash_queue_depth = 2, and the others of a spool.
_MAX_OPEN = 300


class FileAttributes(NamedTuple):
    """Owner, group, permissions and extended attributes (the SELinux context, ACLs) of a file or directory."""

    uid: int
    gid: int
    mode: int
    attributes: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, descriptor: int) -> FileAttributes:
        """Return the attributes of an open file or directory. Raises OSError."""
        status = os.fstat(descriptor)
        return cls(status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode), _attributes(descriptor))

    def put_on(self, descriptor: int) -> None:
        """Give these attributes to an open file or directory. Raises OSError."""
        os.fchown(descriptor, self.uid, self.gid)
        for name, value in self.attributes:
            try:
                os.setxattr(descriptor, name, value)
            except OSError as error:
                # Another filesystem may have no attributes, or its mount sets the context of all files.
                if error.errno not in (errno.ENOTSUP, errno.EPERM, errno.EACCES):
                    raise
        # Last: changing the owner clears the set-id bits.
        os.fchmod(descriptor, self.mode)


def _attributes(descriptor: int) -> tuple[tuple[str, bytes], ...]:
    if not hasattr(os, "listxattr"):
        return ()
    try:
        return tuple((name, os.getxattr(descriptor, name)) for name in os.listxattr(descriptor))
    except OSError:
        return ()


def _find_renameat2() -> Callable[..., int] | None:
    """Return the C library's renameat2(), None if there is none (glibc has it since 2.28)."""
    try:
        function: Any = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError, TypeError):
        return None

    def call(source_dir: int, source: str, target_dir: int, target: str) -> int:
        """Return 0 or the error number."""
        if not function(source_dir, os.fsencode(source), target_dir, os.fsencode(target), _NOREPLACE):
            return 0
        return ctypes.get_errno()

    return call


renameat2 = _find_renameat2()


def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
    """Rename a file, and never overwrite one. Raises FileExistsError if the target exists, and OSError."""
    if renameat2 is not None:
        number = renameat2(source_dir, source, target_dir, target)
        if not number:
            return
        if number not in _NOT_SUPPORTED:
            raise OSError(number, os.strerror(number), target if number == errno.EEXIST else source)
    if is_there(target, target_dir):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(source, target, src_dir_fd=source_dir, dst_dir_fd=target_dir)


def can_rename(one: int, other: int) -> bool:
    """Return whether files can be renamed from one open directory to the other, as far as the system shows that.

    They must be on one filesystem and in one mount of it: rename(2) fails between two bind mounts, too. Raises OSError.
    """
    return os.fstat(one).st_dev == os.fstat(other).st_dev and _mount(one) == _mount(other)


def _mount(descriptor: int) -> str | None:
    """Return the line of proc(5) that names a file's mount, None on systems without it. Raises OSError."""
    try:
        with open("/proc/self/fdinfo/%d" % descriptor, encoding="ascii") as stream:
            return next((line for line in stream if line.startswith("mnt_id:")), None)
    except FileNotFoundError:
        return None


def is_there(name: str, directory: int) -> bool:
    """Return whether a file, directory or link of that name exists. Raises OSError."""
    return status_of(name, directory) is not None


def status_of(name: str, directory: int) -> os.stat_result | None:
    """Return the status of a name, None if it does not exist; a link is not followed. Raises OSError.

    If the name is not found, it asks again: a network filesystem may not find a file that exists.
    """
    for _try in range(2):
        with suppress(FileNotFoundError):
            return os.lstat(name, dir_fd=directory)
    return None


class Copy(NamedTuple):
    """A finished copy: the inode numbers of the original and of the copy, and the size in bytes."""

    original: int
    inode: int
    size: int


class LeftBehindError(OSError):
    """A copy failed when it was complete, and it could not be removed."""


def copy(source: str, target: str, *, source_dir: int, target_dir: int) -> Copy:
    """Copy a regular file to another filesystem, safe on disk when this returns.

    Owner, permissions, times and attributes are kept. If the copying fails, the copy is removed. Raises LeftBehindError if that
    fails as well, and OSError.
    """
    reader = os.open(source, _OPEN_FILE, dir_fd=source_dir)
    try:
        status = os.fstat(reader)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "not a file", source)
        writer = os.open(target, _CREATE_FILE, 0o600, dir_fd=target_dir)
        try:
            _copy_content(reader, writer)
            FileAttributes.of(reader).put_on(writer)
            os.utime(writer, ns=(status.st_atime_ns, status.st_mtime_ns))
            os.fsync(writer)
            return Copy(status.st_ino, os.fstat(writer).st_ino, status.st_size)
        except OSError as error:
            try:
                os.unlink(target, dir_fd=target_dir)
            except OSError:
                if os.lseek(writer, 0, os.SEEK_CUR) >= status.st_size:
                    raise LeftBehindError(error.errno, error.strerror, target) from error
            raise
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy_content(reader: int, writer: int) -> None:
    part = os.read(reader, _PART)
    while part:
        written = os.write(writer, part)
        part = part[written:] or os.read(reader, _PART)


def make_directory(name: str, directory: int, attributes: FileAttributes) -> int:
    """Return the open directory of that name, made with these attributes if it is missing. Raises OSError for a link or a file.

    A new directory gets its name after its attributes: Postfix does not start with a hash directory that its owner may not enter.
    An interrupted run leaves it under the other name. The next run uses it, or postsuper(1) removes it.
    """
    with suppress(FileNotFoundError):
        return os.open(name, OPEN_DIRECTORY, dir_fd=directory)
    fresh = UNFINISHED + name
    with suppress(FileExistsError):
        os.mkdir(fresh, 0o700, dir_fd=directory)
    made = os.open(fresh, OPEN_DIRECTORY, dir_fd=directory)
    try:
        attributes.put_on(made)
        rename(fresh, name, source_dir=directory, target_dir=directory)
    except FileExistsError:
        # Postfix has made it meanwhile.
        os.close(made)
        os.rmdir(fresh, dir_fd=directory)
        return os.open(name, OPEN_DIRECTORY, dir_fd=directory)
    except OSError:
        os.close(made)
        raise
    return made


def move_directory(name: str, *, source_dir: int, target_dir: int, depth: int = 0) -> None:
    """Move a directory with its content. If the target has a directory of that name, the content goes there. Raises OSError.

    Usually that is one rename. Entries are moved one by one if the target directory exists, and on an overlay (a container's root),
    which cannot rename a directory of its image. That takes longer; if it is interrupted, another call continues. A file whose name
    is taken stays, with its directory. depth: the number of directories of this move above it. What is deeper than MAX_HASH_DEPTH
    stays, too: Postfix has no mail there.
    """
    try:
        rename(name, name, source_dir=source_dir, target_dir=target_dir)
    except OSError as error:
        if error.errno not in (errno.EXDEV, errno.EEXIST) or not _is_directory(name, source_dir):
            raise
        if depth <= MAX_HASH_DEPTH:
            _move_entries(name, source_dir=source_dir, target_dir=target_dir, depth=depth)


def _move_entries(name: str, *, source_dir: int, target_dir: int, depth: int) -> None:
    source = os.open(name, OPEN_DIRECTORY, dir_fd=source_dir)
    try:
        target = make_directory(name, target_dir, FileAttributes.of(source))
        try:
            for entry in os.listdir(source):
                with suppress(FileExistsError):
                    move_directory(entry, source_dir=source, target_dir=target, depth=depth + 1)
        finally:
            os.close(target)
        empty = not os.listdir(source)
    finally:
        os.close(source)
    if empty:
        os.rmdir(name, dir_fd=source_dir)


def _is_directory(name: str, directory: int) -> bool:
    return stat.S_ISDIR(os.lstat(name, dir_fd=directory).st_mode)


def remove(name: str, directory: int) -> bool:
    """Remove a file or link, and return whether it existed. Raises OSError."""
    try:
        os.unlink(name, dir_fd=directory)
    except FileNotFoundError:
        if is_there(name, directory):
            raise
        return False
    return True


def inode_of(name: str, directory: int) -> int:
    """Return the inode number of a regular file, 0 if there is none, or a link or directory, which is no mail. Raises OSError."""
    status = status_of(name, directory)
    if status is None:
        return 0
    return status.st_ino if stat.S_ISREG(status.st_mode) else 0


def remove_same(name: str, directory: int, inode: int) -> bool:
    """Remove a regular file if it has that inode number, and return whether it had. Raises OSError."""
    return inode_of(name, directory) == inode and remove(name, directory)


class Tree:
    """The directories below an open directory. Each is opened by itself, no link is followed, and it is kept open for the next file."""

    def __init__(self, path: str, *, queues_may_be_links: bool = False) -> None:
        """Open the directory. queues_may_be_links: whether a safe link is followed at its top (see open_queue()). Raises OSError."""
        self.path = path
        self.root = os.open(path, OPEN_DIRECTORY)
        self._queues_may_be_links = queues_may_be_links
        self._open: dict[str, int] = {}

    def __enter__(self) -> Tree:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all directories."""
        self.forget()
        os.close(self.root)

    def forget(self) -> None:
        """Close the directories below. directory() opens them again."""
        for descriptor in self._open.values():
            os.close(descriptor)
        self._open = {}

    def directory(self, path: str, make: FileAttributes | None = None) -> int:
        """Return the open directory of that relative path. make: the attributes of missing directories, None to make none.

        Raises OSError if it does not exist, and MailopsError for a queue that is an unsafe link.
        """
        known = self._open.get(path)
        if known is not None:
            return known
        parent, _slash, name = path.rpartition("/")
        above = self.directory(parent, make) if parent else self.root
        if not parent and self._queues_may_be_links and is_link(name, above):
            found = open_queue(name, above, self.path)
        else:
            found = os.open(name, OPEN_DIRECTORY, dir_fd=above) if make is None else make_directory(name, above, make)
        self._open[path] = found
        return found

    def trim(self) -> None:
        """Close the open directories if they are many. Call it between files: it closes directories that were returned before."""
        if len(self._open) > _MAX_OPEN:
            self.sync()
            self.forget()

    def sync(self) -> None:
        """Sync the open directories to disk, so that a journal may record their renames as done. Raises OSError."""
        for descriptor in (self.root, *self._open.values()):
            os.fsync(descriptor)
