# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Files that are replaced as a whole: on disk when the call returns, and never half written."""

from __future__ import annotations

import os
import stat
import time
from contextlib import suppress
from typing import Callable

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal

# The name of a new file until it takes the place of the old one ends so.
SUFFIX = ".mailops"
# Postfix's programs wait up to two seconds for a main.cf that was changed in this second or the last one, because it could be changing
# still (src/util/dict.c). A file that takes its place at once is complete, so it gets an earlier time.
_AGE_SECONDS = 3
_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def read_text(path: str) -> str:
    """Return the text of a file; a byte that is not UTF-8 becomes one surrogate. Raises SystemRefusal."""
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except OSError as error:
        raise SystemRefusal("%s cannot be read" % path, error) from error


def write_file(path: str, text: str, *, mode: int) -> None:
    """Write a file of root with this mode in the place of the old one, if there is one. Raises SystemRefusal."""
    try:
        _replace(path, text, lambda descriptor: os.fchmod(descriptor, mode))
    except OSError as error:
        raise SystemRefusal("%s cannot be written" % path, error) from error


def replace_text(path: str, text: str) -> None:
    """Replace the text of a file that exists, and keep its owner, mode and extended attributes. Raises SystemRefusal.

    If the path is a symbolic link, the file that it leads to is replaced.
    """
    real = os.path.realpath(path)

    def copy_attributes(descriptor: int) -> None:
        status = os.stat(real)
        os.fchown(descriptor, status.st_uid, status.st_gid)
        os.fchmod(descriptor, stat.S_IMODE(status.st_mode))
        if hasattr(os, "listxattr"):
            # The filesystem may have none.
            with suppress(OSError):
                for name in os.listxattr(real):
                    os.setxattr(descriptor, name, os.getxattr(real, name))

    try:
        _replace(real, text, copy_attributes)
    except OSError as error:
        raise SystemRefusal("%s cannot be replaced" % path, error) from error


def remove_unfinished(path: str) -> None:
    """Remove what an interrupted run left next to a file."""
    with suppress(OSError):
        os.unlink(os.path.realpath(path) + SUFFIX)


def _replace(path: str, text: str, prepare: Callable[[int], None]) -> None:
    new = path + SUFFIX
    try:
        # A file or link with this name is what an interrupted run left, or somebody else's: nothing is written into it.
        with suppress(FileNotFoundError):
            os.unlink(new)
        descriptor = os.open(new, _FLAGS, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(text)
            stream.flush()
            prepare(descriptor)
            earlier = time.time() - _AGE_SECONDS
            os.utime(descriptor, (earlier, earlier))
            os.fsync(descriptor)
        os.rename(new, path)
    except OSError:
        with suppress(OSError):
            os.unlink(new)
        raise
    sync_directory(os.path.dirname(path))


def sync_directory(path: str) -> None:
    """Write the names in a directory to the disk. Raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
