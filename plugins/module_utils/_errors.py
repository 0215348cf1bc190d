# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Everything the collection raises on purpose: one root, subclasses that carry data."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class MailopsError(Exception):
    """Root of the collection's own errors; the text names the thing and the remedy."""


# What to do about an error of the system, by its number. What is not here gets _ANY_REMEDY.
_REMEDIES = {
    errno.ENOSPC: "Make room for data and inodes (df, df -i), then run this again.",
    errno.EDQUOT: "Raise the quota or make room, then run this again.",
    errno.EROFS: "The kernel log says why the file system is read-only. Mount it read-write, then run this again.",
    errno.EIO: "The disk has an error: look at the kernel log and check the disk, then run this again.",
    errno.EMFILE: "Raise the limit on open files of a process (ulimit -n), then run this again.",
    errno.ENFILE: "Raise the limit on open files of the system (fs.file-max), then run this again.",
    errno.ESTALE: "Mount the network file system again, then run this again.",
    errno.ENOENT: "Check the path, then run this again.",
    errno.ENOTDIR: "Put a directory there, then run this again.",
    errno.ELOOP: "It is a symbolic link, and this one is not followed. Put a file or directory there, then run this again.",
    errno.EXDEV: "Use a directory on the same file system.",
}
_ANY_REMEDY = "Fix that, then run this again."
_PERMISSION = frozenset((errno.EACCES, errno.EPERM))


def remedy_of(error: OSError) -> str:
    """Return what to do about an error of the system: one or two sentences."""
    if error.errno in _PERMISSION:
        if os.geteuid():
            return "Run this as root (become: true)."
        return (
            "This process is root, so it lacks a capability (such as CAP_DAC_OVERRIDE in a container), or SELinux or AppArmor forbids "
            "it. Change that, then run this again."
        )
    return _REMEDIES.get(error.errno or 0, _ANY_REMEDY)


def reason_of(error: OSError) -> str:
    """Return the system's own words for an error."""
    return error.strerror or str(error) or "unknown error"


class SystemRefusal(MailopsError):
    """The system did not let a run do something. error: what it said.

    what: the thing and what could not be done, as C(The queue deferred in /var/spool/postfix cannot be read).
    """

    def __init__(self, what: str, error: OSError) -> None:
        super().__init__("%s: %s. %s" % (what, reason_of(error), remedy_of(error)))
        self.error = error


class RecordError(MailopsError):
    """Bytes that are no queue-file record. offset is where they start, in bytes."""

    def __init__(self, problem: str, *, offset: int) -> None:
        super().__init__("%s at offset %d" % (problem, offset))
        self.problem = problem
        self.offset = offset


class QueueIdError(MailopsError):
    """A text that is no Postfix queue ID, or one that holds no time and inode."""

    def __init__(self, problem: str, *, queue_id: str) -> None:
        super().__init__("%s: %r" % (problem, queue_id))
        self.queue_id = queue_id


class ShowqError(MailopsError):
    """A line of postqueue's output that cannot be read. line counts from 1."""

    def __init__(self, problem: str, *, line: int) -> None:
        super().__init__("postqueue output, line %d: %s" % (line, problem))
        self.line = line


class SelectionError(MailopsError):
    """A selection that is refused. place names the rule and key, as C(match[0].sender)."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__("%s: %s" % (place, problem))
        self.place = place
        self.problem = problem


class UnknownHere(MailopsError):
    """A criterion needs what this source cannot know (postqueue shows no content, SASL or client)."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "The criterion %s needs the queue files, which postqueue does not show: run this as root "
            "(become: true) with source: spool." % key
        )
        self.key = key


class PatternTimeout(MailopsError):
    """A pattern took too long on one message."""

    def __init__(self, *, queue_id: str, seconds: float) -> None:
        super().__init__(
            "The patterns of the selection took more than %g seconds of CPU time on message %s. Make them simpler "
            "(no repeat within a repeat, such as (a+)+), or exclude that message by its queue_id; nothing was changed."
            % (seconds, queue_id)
        )
        self.queue_id = queue_id


class ContentError(MailopsError):
    """A message whose content cannot be read far enough to decide about it."""


class PlanError(MailopsError):
    """A plan that is damaged, altered, too old, or for another host or instance."""


class InstanceError(MailopsError):
    """There is no such Postfix, or it cannot be asked."""


class PrivilegeError(MailopsError):
    """This user may not do that."""


class LimitError(MailopsError):
    """The selection is larger than the operator allowed."""

    def __init__(self, text: str, *, matched: int, allowed: float) -> None:
        super().__init__(text)
        self.matched = matched
        self.allowed = allowed


class OutcomeError(MailopsError):
    """Some messages are not as they should be after the act. result: what the module returns all the same."""

    def __init__(self, text: str, *, result: dict[str, Any]) -> None:
        super().__init__(text)
        self.result = result


class QuarantineError(MailopsError):
    """There is no such quarantine, it belongs to something else, or it is damaged."""


class BusyError(MailopsError):
    """Another run works on this queue."""


class CommandError(MailopsError):
    """A Postfix command failed. command is its argv, status its exit status."""

    def __init__(self, command: list[str], *, status: int, output: str) -> None:
        super().__init__(
            "%s failed with exit status %d: %s" % (" ".join(command), status, output.strip() or "no output")
        )
        self.command = command
        self.status = status
        self.output = output
