# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Damaged queue files: those that cannot be read to their end. They are empty, cut, overwritten, or on a disk with an error."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    ContentError,
    MailopsError,
    reason_of,
    remedy_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import in_shares, worth_processes

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool


def problem_of(message: SpoolMessage) -> str | None:
    """Return why a queue file cannot be read to its end, with the place of the damage; None if it can."""
    try:
        message.check_end()
    except ContentError as error:
        return str(error)
    return message.problem if message.damaged else None


class Damage:
    """Findings about damaged and unreadable queue files: the number of each kind, and some findings, in no order."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.counts = {"damaged": 0, "unreadable": 0}
        self.findings: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Count a finding, and keep it if there is room."""
        self.counts[finding.kind] += 1
        if len(self.findings) < self._limit:
            self.findings.append(finding)

    def merge(self, other: Damage) -> None:
        """Add the findings of another process."""
        for kind, number in other.counts.items():
            self.counts[kind] += number
        self.findings = (self.findings + other.findings)[: self._limit]


def find_damage(spool: Spool, *, limit: int) -> Damage:
    """Return the damaged files in the queues of messages. limit: the number of findings to keep.

    Files that are still being written are left out. So are directories that cannot be read: list_findings() in structure.py
    reports those.
    """
    return in_shares(partial(_find_share, spool, limit), worth_processes(spool, LISTED_QUEUES))


def _find_share(spool: Spool, limit: int, index: int, number: int) -> Damage:
    damage = Damage(limit)
    for queue in LISTED_QUEUES:
        with suppress(MailopsError):
            for found in spool.walk(queue, share=(index, number), unreadable=_pass_over):
                finding = _judge(spool, found) if is_valid(found.name) else None
                if finding is not None:
                    damage.add(finding)
    return damage


def _pass_over(_path: str, _error: OSError) -> None:
    """Ignore a directory that cannot be read."""


def _judge(spool: Spool, found: QueueEntry) -> Finding | None:
    try:
        status = os.lstat(found.name, dir_fd=found.directory)
        if not stat.S_ISREG(status.st_mode):
            return None
        message = SpoolMessage(spool, found)
    except FileNotFoundError:
        return None
    except OSError as error:
        return Finding("unreadable", spool.path_of(found), reason_of(error), 0, 0, remedy=remedy_of(error))
    try:
        problem = problem_of(message) if message.ready else None
    finally:
        message.close()
    if problem is None:
        return None
    return Finding("damaged", spool.path_of(found), problem, message.status.st_ino, int(message.status.st_mtime))
