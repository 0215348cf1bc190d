# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Directories for messages that are on their way from one filesystem to another: staging and limbo (see transfer.py)."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree

STAGING = "staging"
LIMBO = "limbo"


class TransitDirectory(NamedTuple):
    """A directory where messages are on their way from one filesystem to another."""

    tree: Tree
    path: str
    attributes: FileAttributes

    def open(self) -> int:
        """Return the open directory, made if it is missing. Raises OSError."""
        return self.tree.directory(self.path, self.attributes)

    def is_there(self) -> bool:
        """Return whether the directory exists. Raises OSError."""
        try:
            self.tree.directory(self.path)
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """Return the names in it, none if it does not exist. Raises OSError."""
        return os.listdir(self.open()) if self.is_there() else []

    def remove_empty(self) -> None:
        """Remove the directory if it is empty. Raises OSError."""
        if not self.is_there():
            return
        self.tree.forget()
        try:
            os.rmdir(self.path, dir_fd=self.tree.root)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                raise

    def __str__(self) -> str:
        return os.path.join(self.tree.path, self.path)
