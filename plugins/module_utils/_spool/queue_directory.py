# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""An instance's queue directory, open for moves: where Postfix looks for a file there, and how it makes directories."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format import file_names
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Tree

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout


class QueueDirectory:
    """An instance's queue directory, open for moves."""

    def __init__(self, layout: Layout) -> None:
        """Open it. Raises MailopsError."""
        self.layout = layout
        self.spool = Spool(layout.queue_directory)
        # The administrator may have replaced it, or a queue in it, by a link. No other link is followed.
        try:
            self.tree = Tree(os.path.realpath(layout.queue_directory), queues_may_be_links=True)
        except OSError as error:
            self.spool.close()
            raise SystemRefusal("The queue directory %s cannot be opened" % layout.queue_directory, error) from error

    def __enter__(self) -> QueueDirectory:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.tree.close()
        self.spool.close()

    def directory(self, queue: str, queue_id: str) -> int:
        """Return the open directory where Postfix looks for a queue file. A missing directory is made. Raises OSError."""
        return self.tree.directory(self.layout.place(queue, queue_id), self.layout.owner)

    def remove_logs(self, queue_id: str) -> None:
        """Remove the logs of a message from where Postfix looks for them. Raises OSError.

        A link is removed, not the file that it leads to. A directory is not a log and stays: the mail owner may have made it.
        """
        for log in LOGS:
            directory = self.spool.log_directory(self.layout.place(log, queue_id))
            if directory is None:
                continue
            try:
                # Most messages have one of the three, so this asks once, as postsuper(1) does, and moves.remove() asks again.
                os.unlink(queue_id, dir_fd=directory)
            except FileNotFoundError:
                continue
            except (IsADirectoryError, PermissionError):
                if not stat.S_ISDIR(os.lstat(queue_id, dir_fd=directory).st_mode):
                    raise

    def fitted_id(self, queue_id: str, inode: int) -> str:
        """Return the queue ID that a message must have in a file with that inode."""
        return file_names.fitted_id(queue_id, inode=inode, long_queue_ids=self.layout.long_queue_ids)

    def queue_ids(self) -> set[str]:
        """Return the names of all files in the queues of messages.

        A name in one queue is taken in all queues: if Postfix moved that message to another queue, it would overwrite a file of
        the same name there.
        """
        return {found.name for queue in LISTED_QUEUES for found in self.spool.walk(queue)}
