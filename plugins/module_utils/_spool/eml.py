# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Messages as .eml files, for a person or a scanner, in a directory that only their owner can read."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QueueIdError, SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import open_file, read_all

OUTCOMES = ("written", "present", "collisions", "failed")
_NOT_A_DIRECTORY = frozenset((errno.ENOTDIR, errno.ELOOP))
_OPEN_DIRECTORY = os.O_RDONLY | os.O_NOFOLLOW | os.O_DIRECTORY | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600


class EmlDirectory:
    """The directory, as a context manager. With check_mode it predicts what would be written, and touches nothing."""

    def __init__(self, path: str, *, check_mode: bool) -> None:
        self.path = path
        self.check_mode = check_mode
        self.created = False
        self.problem: str | None = None
        """Why the first message that failed could not be written."""
        self._descriptor: int | None = None
        self._promised: dict[str, bytes] = {}
        """In check mode, the names that would have been written, with a digest of their content."""

    def __enter__(self) -> EmlDirectory:
        """Open the directory, and make it if it is missing. Raises MailopsError if other users may read it."""
        if not os.path.isabs(self.path):
            raise MailopsError("eml_directory %s is not an absolute path; write it from / on." % self.path)
        self.created = not os.path.lexists(self.path)
        if self.created and not os.path.isdir(os.path.dirname(self.path.rstrip("/"))):
            raise MailopsError(
                "eml_directory %s cannot be made: the directory above it does not exist. Make that first." % self.path
            )
        if self.created and self.check_mode:
            return self
        try:
            if self.created:
                os.mkdir(self.path, _DIRECTORY_MODE)
            self._descriptor = os.open(self.path, _OPEN_DIRECTORY)
        except OSError as error:
            if error.errno in _NOT_A_DIRECTORY:
                raise MailopsError(
                    "eml_directory %s is a link or no directory. Name a directory, or one that does not exist yet."
                    % self.path
                ) from error
            raise SystemRefusal("eml_directory %s cannot be used" % self.path, error) from error
        self._require_ours(self._descriptor)
        return self

    def __exit__(self, *_exc: object) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def write(self, queue_id: str, content: bytes) -> str:
        """Write a message as QUEUE_ID.eml, and return its outcome. An existing file is never overwritten.

        C(written), C(present) if the file exists with this content, C(collisions) if it exists with other content, C(failed) if it
        could not be written. Raises QueueIdError.
        """
        if not is_valid(queue_id):
            raise QueueIdError("not a queue ID", queue_id=queue_id)
        name = queue_id + ".eml"
        digest = hashlib.sha256(content).digest()
        if name in self._promised:
            return "present" if self._promised[name] == digest else "collisions"
        if self._descriptor is None:
            self._promised[name] = digest
            return "written"
        try:
            if _exists(name, self._descriptor):
                return "present" if _holds(name, self._descriptor, content) else "collisions"
            if self.check_mode:
                self._promised[name] = digest
            else:
                _write(name, self._descriptor, content)
        except FileExistsError:
            return "collisions"
        except OSError as error:
            self.problem = self.problem or str(SystemRefusal("%s in %s cannot be written" % (name, self.path), error))
            return "failed"
        return "written"

    def _require_ours(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
            raise MailopsError(
                "eml_directory %s is open to others: it has mode %04o and belongs to uid %d. Messages are private: give it to "
                "uid %d with mode 0700, or name one that does not exist yet."
                % (self.path, stat.S_IMODE(status.st_mode), status.st_uid, os.geteuid())
            )


def _exists(name: str, directory: int) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _holds(name: str, directory: int, content: bytes) -> bool:
    """Return whether there is a regular file of that name with that content."""
    try:
        with open_file(name, directory) as descriptor:
            return read_all(descriptor, len(content) + 1) == content
    except OSError:
        return False


def _write(name: str, directory: int, content: bytes) -> None:
    """Write a file completely or not at all. Raises OSError."""
    # No queue ID starts with a dot, so a file of this name is left from an interrupted run.
    half = "." + name
    with suppress(FileNotFoundError):
        os.unlink(half, dir_fd=directory)
    descriptor = os.open(half, _CREATE, _FILE_MODE, dir_fd=directory)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        # A link fails if the name exists now. A rename would replace that file.
        os.link(half, name, src_dir_fd=directory, dst_dir_fd=directory, follow_symlinks=False)
    finally:
        os.unlink(half, dir_fd=directory)
