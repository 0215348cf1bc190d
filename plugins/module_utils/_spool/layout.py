# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The layout of a queue directory: where Postfix looks for a queue file, and how it names new ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes


@dataclass(frozen=True)
class Layout:
    """Where Postfix looks for a queue file in an instance's queue directory, and how it names new ones.

    Sources: hash_queue_names, hash_queue_depth and enable_long_queue_ids in postconf(5), src/global/mail_queue.c. The defaults of
    these parameters are in _postfix/instance.py."""

    queue_directory: str
    hash_names: frozenset[str]
    """The queues and logs with hash directories."""
    hash_depth: int
    """The number of levels of hash directories in these."""
    long_queue_ids: bool
    owner: FileAttributes
    """The owner and permissions that Postfix gives to a hash directory (mail_queue_mkdirs() in src/global/mail_queue.c)."""

    def depth(self, queue: str) -> int:
        """Return the number of hash directories above the files of a queue."""
        return self.hash_depth if queue in self.hash_names else 0

    def place(self, queue: str, queue_id: str) -> str:
        """Return the directory of a queue file, such as C(deferred/4)."""
        if queue not in self.hash_names:
            return queue
        return "%s/%s" % (queue, directory_for(queue_id, self.hash_depth))
