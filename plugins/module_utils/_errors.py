# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The exceptions of the collection: one root, and subclasses that carry data. Their texts name the thing and the remedy."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class MailopsError(Exception):
    """The root of all exceptions of the collection."""


# {error number of the system: what to do about it}. All other errors get _ANY_REMEDY.
_REMEDIES = {
    errno.ENOSPC: "Make room for data and inodes (df, df -i), then run this again.",
    errno.EDQUOT: "Raise the quota or make room, then run this again.",
    errno.EROFS: "The kernel log says why the filesystem is read-only. Mount it read-write, then run this again.",
    errno.EIO: "The disk has an error: look at the kernel log and check the disk, then run this again.",
    errno.EMFILE: "Raise the limit on open files of a process (ulimit -n), then run this again.",
    errno.ENFILE: "Raise the limit on open files of the system (fs.file-max), then run this again.",
    errno.ESTALE: "Mount the network filesystem again, then run this again.",
    errno.ENOENT: "Check the path, then run this again.",
    errno.ENOTDIR: "Put a directory there, then run this again.",
    errno.ELOOP: "It is a symbolic link, which is not followed here. Put a file or directory in its place, then run this again.",
    errno.EXDEV: "Use a directory on the same filesystem.",
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
    """Return the system's own text for an error."""
    return error.strerror or str(error) or "unknown error"


class SystemRefusal(MailopsError):
    """A call to the system failed. error: the error that it raised.

    what: the thing and what failed, such as C(The queue deferred in /var/spool/postfix cannot be read).
    """

    def __init__(self, what: str, error: OSError) -> None:
        super().__init__("%s: %s. %s" % (what, reason_of(error), remedy_of(error)))
        self.error = error


class RecordError(MailopsError):
    """Bytes that are not a record of a queue file. offset: where they start, in bytes."""

    def __init__(self, problem: str, *, offset: int) -> None:
        super().__init__("%s at offset %d" % (problem, offset))
        self.problem = problem
        self.offset = offset


class QueueIdError(MailopsError):
    """A text that is not a queue ID of Postfix, or a queue ID without time and inode."""

    def __init__(self, problem: str, *, queue_id: str) -> None:
        super().__init__("%s: %r" % (problem, queue_id))
        self.queue_id = queue_id


class ShowqError(MailopsError):
    """A line of postqueue's output that cannot be parsed. line: its number, from 1."""

    def __init__(self, problem: str, *, line: int) -> None:
        super().__init__("postqueue output, line %d: %s" % (line, problem))
        self.line = line


class SelectionError(MailopsError):
    """A selection that is refused. place: the rule and key, such as C(match[0].sender)."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__("%s: %s" % (place, problem))
        self.place = place
        self.problem = problem


class UnlistedCriterionError(MailopsError):
    """A criterion that this source cannot decide: postqueue shows no content, login or client. key: the criterion."""

    def __init__(self, key: str) -> None:
        super().__init__(
            "The criterion %s needs the queue files, and postqueue does not show them. Run this as root "
            "(become: true) with source: spool." % key
        )
        self.key = key


class PatternTimeout(MailopsError):
    """The patterns took too long on one message."""

    def __init__(self, *, queue_id: str, seconds: float) -> None:
        super().__init__(
            "The patterns of the selection took more than %g seconds of CPU time on message %s. Make them simpler "
            "(no repeat within a repeat, such as (a+)+), or exclude that message by its queue_id. Nothing was changed."
            % (seconds, queue_id)
        )
        self.queue_id = queue_id


class ContentError(MailopsError):
    """A message of which too little content can be read to decide about it."""


class PlanError(MailopsError):
    """A plan that is damaged, was changed, is too old, or is for another host or instance."""


class InstanceError(MailopsError):
    """A Postfix instance that does not exist, or that cannot be used as it is configured or running."""


class PrivilegeError(MailopsError):
    """This user lacks the permission."""


class LimitError(MailopsError):
    """A selection that is larger than the operator allowed. matched: its size; allowed: the limit."""

    def __init__(self, text: str, *, matched: int, allowed: float) -> None:
        super().__init__(text)
        self.matched = matched
        self.allowed = allowed


class OutcomeError(MailopsError):
    """An act that failed for some messages. result: the result that the module returns with the error."""

    def __init__(self, text: str, *, result: dict[str, Any]) -> None:
        super().__init__(text)
        self.result = result


class DriftError(OutcomeError):
    """A plan of which too many messages are no longer as planned. result: as of OutcomeError, with C(drift)."""


class QuarantineError(MailopsError):
    """A quarantine that does not exist, belongs to something else, or is damaged."""


class LogError(MailopsError):
    """A mail log that cannot be read, or an option with a bad value for which part of the log to read."""


class BusyError(MailopsError):
    """Another run is working on this queue."""


class CommandError(MailopsError):
    """A Postfix command that failed. command: its argv; status: its exit status; output: what it printed."""

    def __init__(self, command: list[str], *, status: int, output: str) -> None:
        super().__init__(
            "%s failed with exit status %d: %s" % (" ".join(command), status, output.strip() or "no output")
        )
        self.command = command
        self.status = status
        self.output = output
