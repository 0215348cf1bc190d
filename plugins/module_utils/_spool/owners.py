# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The owners of the files and directories in a queue directory: finding wrong ones, as C(postfix check) does, and correcting them."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Container, Iterator

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import CHECKED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Failure, Finding, unreadable
from ansible_collections.mailops.postfix.plugins.module_utils._spool.links import name_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import (
    OPEN_DIRECTORY,
    OPEN_FILE,
    open_quietly,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_walk import StatEntry, walk

# The content of these must belong to the mail owner, too. postsuper does not read them.
OWNED = ("trace", "corrupt", "saved")


# Of these only the directory itself is checked: Postfix makes its sockets again when it starts.
SOCKETS = ("public", "private")


# What setgid_group may do there (conf/postfix-files): submit mail, and reach the sockets.
_GROUP_MODES = {"maildrop": 0o030, "public": 0o010}


@dataclass(frozen=True)
class Owner:
    """The owners of the queues: user ID and group ID of the mail owner, and the ID of setgid_group, which may submit mail."""

    uid: int
    gid: int
    submitters: int


def judge_owner(entry: StatEntry, owner: Owner) -> Finding | None:
    """Return a finding for a file or directory that does not belong to the mail owner, as C(postfix check) does."""
    status = entry.status
    # In maildrop the user who submitted a message owns its file.
    if status.st_uid == owner.uid or entry.queue == "maildrop":
        return None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return None
    detail = "it belongs to %s, not to %s" % (name_of(status.st_uid), name_of(owner.uid))
    if _is_linked(status):
        return entry.finding(
            "wrong_owner", "%s; it has %d links and is left as it is" % (detail, status.st_nlink), stays=True
        )
    return entry.finding("wrong_owner", detail)._replace(
        blocks=stat.S_ISDIR(status.st_mode) and not _may_work(status, owner)
    )


def _may_work(status: os.stat_result, owner: Owner) -> bool:
    """Return whether the mail owner may list, change and enter a directory."""
    shift = 6 if status.st_uid == owner.uid else 3 if status.st_gid == owner.gid else 0
    return status.st_mode >> shift & stat.S_IRWXO == stat.S_IRWXO


def _is_linked(status: os.stat_result) -> bool:
    """Return whether a file has another name. That may be outside the queues, and a new owner would own that file, too."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def judge_queue(spool: Spool, queue: str, owner: Owner) -> Finding | None:
    """Return a finding for a queue's own directory. If it cannot be opened, walk() yields the finding."""
    try:
        descriptor = spool.open_queue(queue)
    except (FileNotFoundError, MailopsError):
        return None
    try:
        status = os.fstat(descriptor)
    except OSError as error:
        return unreadable(queue, error)
    finally:
        os.close(descriptor)
    problems = _problems_of_queue(queue, status, owner)
    if not problems:
        return None
    blocks = queue in CHECKED_QUEUES and not _may_work(status, owner)
    return Finding("wrong_owner", queue, "; ".join(problems), status.st_ino, int(status.st_mtime), blocks=blocks)


def _problems_of_queue(queue: str, status: os.stat_result, owner: Owner) -> list[str]:
    """Return the problems with the owner and the mode of a queue's directory (conf/postfix-files)."""
    problems = []
    if status.st_uid != owner.uid:
        problems.append("it belongs to %s, not to %s" % (name_of(status.st_uid), name_of(owner.uid)))
    if queue in _GROUP_MODES and status.st_gid != owner.submitters:
        problems.append("its group is %d, not %d (setgid_group)" % (status.st_gid, owner.submitters))
    wanted = stat.S_IRWXU | _GROUP_MODES.get(queue, 0)
    if status.st_mode & wanted != wanted:
        problems.append("its mode is %04o and lacks %04o" % (stat.S_IMODE(status.st_mode), wanted))
    return problems


def set_owners(spool: Spool, owner: Owner, known: Container[str] = ()) -> Iterator[Failure]:
    """Give what judge_owner() and judge_queue() find to the mail owner, and yield what could not be given or read.

    known: as for Orphans.remove().
    """
    for queue in (*CHECKED_QUEUES, *OWNED, *SOCKETS):
        yield from _set_owner_of_queue(spool, queue, owner)
        for entry in walk(spool, queue) if queue not in SOCKETS else ():
            if isinstance(entry, Finding):
                if entry.kind == "unreadable" and entry.path not in known:
                    yield entry.failure()
                continue
            finding = judge_owner(entry, owner)
            if finding is not None and not finding.stays:
                try:
                    _set_owner(entry, owner)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    yield Failure.of(entry.path, error)


def _set_owner_of_queue(spool: Spool, queue: str, owner: Owner) -> Iterator[Failure]:
    """Correct owner, group and mode of a queue's own directory."""
    try:
        descriptor = spool.open_queue(queue)
    except FileNotFoundError:
        return
    except MailopsError as error:
        yield Failure(queue, str(error))
        return
    try:
        status = os.fstat(descriptor)
        if _problems_of_queue(queue, status, owner):
            os.fchown(descriptor, owner.uid, owner.submitters if queue in _GROUP_MODES else owner.gid)
            os.fchmod(descriptor, stat.S_IMODE(status.st_mode) | stat.S_IRWXU | _GROUP_MODES.get(queue, 0))
    except OSError as error:
        yield Failure.of(queue, error)
    finally:
        os.close(descriptor)


def _set_owner(entry: StatEntry, owner: Owner) -> None:
    """Give a file or directory to the mail owner by its open descriptor, if it is still the one that was listed. Raises OSError."""
    flags = OPEN_DIRECTORY if stat.S_ISDIR(entry.status.st_mode) else OPEN_FILE
    descriptor = open_quietly(entry.name, flags, entry.directory)
    try:
        status = os.fstat(descriptor)
        if os.path.samestat(status, entry.status) and not _is_linked(status):
            os.fchown(descriptor, owner.uid, owner.gid)
    finally:
        os.close(descriptor)
