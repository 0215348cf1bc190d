# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Orphan logs: those that belong to no message."""

from __future__ import annotations

import os
import stat
from array import array
from bisect import bisect_left
from typing import Container, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import SUFFIX
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import ALL_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Failure, Finding, unreadable
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import is_hash_name
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_walk import StatEntry, walk


class Orphans:
    """The logs in defer/, bounce/ and trace/ that belong to no message and were last written before a given time.

    Only the hash() of each name is kept, so that a million logs take a few megabytes. If a log and a message have the same
    hash(), the log stays.
    """

    def __init__(self, spool: Spool, *, before: int) -> None:
        """Find the logs. before: the time, in seconds since the epoch.

        The logs are read first, and the messages twice: while Postfix runs, a message may move from a queue that is not read yet
        to a queue that was read already. If any message cannot be read, no log counts as an orphan.
        """
        self.unread: dict[str, Finding] = {}
        """The paths that could not be read, so that logs may not have been found."""
        self._before = before
        self._numbers = array("q", sorted({hash(entry.name) for entry in self._old_logs(spool)}))
        for _pass in range(2):
            if self._numbers:
                self._numbers = self._without(spool)

    def has(self, entry: StatEntry) -> bool:
        """Return whether an entry is an orphan log."""
        return self._is_old_log(entry) and self._place(hash(entry.name)) is not None

    def entries(self, spool: Spool) -> Iterator[StatEntry]:
        """Yield the orphan logs, without those that were written to since."""
        if self._numbers:
            yield from (entry for entry in self._old_logs(spool) if self.has(entry))

    def remove(self, spool: Spool, known: Container[str] = ()) -> Iterator[Failure]:
        """Remove the orphan logs, without those that were written to since, and yield what could not be removed or read.

        known: paths that are reported as unreadable already.
        """
        for entry in self.entries(spool):
            try:
                os.unlink(entry.name, dir_fd=entry.directory)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Failure.of(entry.path, error)
        yield from (unread.failure() for path, unread in self.unread.items() if path not in known)

    def _old_logs(self, spool: Spool) -> Iterator[StatEntry]:
        for queue in LOGS:
            for entry in walk(spool, queue):
                if isinstance(entry, Finding):
                    self._note(entry)
                elif self._is_old_log(entry):
                    yield entry

    def _note(self, finding: Finding) -> None:
        """Note a path that cannot be read."""
        if finding.kind == "unreadable":
            self.unread.setdefault(finding.path, finding)

    def _is_old_log(self, entry: StatEntry) -> bool:
        status = entry.status
        is_log = entry.queue in LOGS and stat.S_ISREG(status.st_mode) and is_valid(entry.name)
        return is_log and status.st_mtime < self._before

    def _place(self, number: int) -> int | None:
        place = bisect_left(self._numbers, number)
        return place if place < len(self._numbers) and self._numbers[place] == number else None

    def _without(self, spool: Spool) -> array[int]:
        """Return the numbers that belong to no message; none if any message cannot be read."""
        taken = bytearray(len(self._numbers))
        unread: list[str] = []

        def note(path: str, error: OSError) -> None:
            unread.append(path)
            self._note(unreadable(path, error))

        try:
            for queue in ALL_QUEUES:
                for found in spool.walk(queue, unreadable=note):
                    place = self._place(hash(id_in(found.name)))
                    if place is not None:
                        taken[place] = True
                    elif (
                        is_hash_name(found.name) and queue != "maildrop" and _is_directory(found.name, found.directory)
                    ):
                        # This hash directory is too deep, so its content is unknown.
                        unread.append(queue)
                    if unread:
                        return array("q")
        except MailopsError as error:
            self._note(Finding("unreadable", queue, str(error), 0, 0))
            return array("q")
        if unread:
            return array("q")
        return array("q", (number for number, is_taken in zip(self._numbers, taken) if not is_taken))


def _is_directory(name: str, directory: int) -> bool:
    try:
        return stat.S_ISDIR(os.lstat(name, dir_fd=directory).st_mode)
    except OSError:
        return False


def id_in(name: str) -> str:
    """Return the queue ID of a file, also of one that an interrupted postsuper left."""
    return name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name
