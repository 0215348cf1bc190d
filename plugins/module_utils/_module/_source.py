# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Where queue files are read: an instance's queue directory, a copy of one, a quarantine, or a directory with nothing but queue files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import ALL_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import ScanCounts


class QueueSource(NamedTuple):
    """An open directory with queues or queue files."""

    spool: Spool
    path: str
    queues: Sequence[str] = ()
    """For a directory of queue files: its name, which stands for a queue. Empty for a queue directory."""

    @property
    def flat(self) -> bool:
        """Whether it is a directory of queue files, hashed or not, and not one of queues."""
        return bool(self.queues)

    @classmethod
    def of_instance(cls, queue_directory: str) -> QueueSource:
        """Return the queue directory of an instance. Raises MailopsError."""
        return cls(Spool(queue_directory), queue_directory)

    def check(self, counts: ScanCounts) -> None:
        """Raise MailopsError for a directory that has files, none of which is a queue file. counts: what reading it gave."""
        if self.flat and counts.files == counts.unparsed and counts.files + counts.not_files:
            raise MailopsError(
                "%s is no queue directory and holds no queue files. Name a queue directory, or a directory of queue files such as a "
                "queue that was moved away." % self.path
            )


def source_of(path: str) -> QueueSource:
    """Return the directory of that path, as the option spool names it. Raises MailopsError."""
    # Only what is below the administrator's path may have been put there by others.
    path = os.path.realpath(path)
    spool = Spool(path)
    if any(spool.has(queue) for queue in ALL_QUEUES):
        return QueueSource(spool, path)
    spool.close()
    # Seen from above, it looks like one queue.
    above, name = os.path.split(path)
    return QueueSource(Spool(above), path, (name,))
