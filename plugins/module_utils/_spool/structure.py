# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postsuper(1) -p and -s would find in a queue directory, found by looking (src/postsuper/postsuper.c, super())."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import Iterable, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.naming import SUFFIX, directory_for, id_for
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import READY

# In the order in which postsuper goes through them. It does not look at trace/ unless it is told to.
LOG_QUEUES = ("defer", "bounce")
MESSAGE_QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")
CHECKED = (*LOG_QUEUES, *MESSAGE_QUEUES, "flush")
# Where logs named after messages are, and where a message may be that such a log belongs to.
ALL_LOGS = (*LOG_QUEUES, "trace")
ALL_MESSAGES = (*MESSAGE_QUEUES, "corrupt", "saved")
# MAX_TEMP_AGE
STALE_SECONDS = 7 * 24 * 60 * 60


class Finding(NamedTuple):
    """Something that is not as it should be: what, where in the queue directory, and what it should be called or why it is bad."""

    kind: str
    path: str
    detail: str | None
    inode: int
    mtime: int


class Entry(NamedTuple):
    """A name in a queue: the queue, the hash directories above it, the name, its status, and the open directory."""

    queue: str
    below: str
    name: str
    status: os.stat_result
    directory: int

    @property
    def path(self) -> str:
        """Where it is in the queue directory."""
        return "/".join(part for part in (self.queue, self.below, self.name) if part)

    def finding(self, kind: str, detail: str | None = None) -> Finding:
        """Return a finding about it."""
        return Finding(kind, self.path, detail, self.status.st_ino, int(self.status.st_mtime))


@dataclass(frozen=True)
class Rules:
    """What a queue directory must look like. purging: whether stale files are to go, so that their names do not matter."""

    hash_names: frozenset[str]
    hash_depth: int
    long_queue_ids: bool
    purging: bool
    now: int

    def depth(self, queue: str) -> int:
        """Return how many hash directories deep the files of a queue are."""
        return self.hash_depth if queue in self.hash_names else 0


def look(queue_directory: str, rules: Rules, *, orphan_seconds: int) -> list[Finding]:
    """Return all that is wrong in a queue directory. orphan_seconds: how old a log without a message must be.

    Raises MailopsError.
    """
    judged = (_judge(entry, rules) for queue in CHECKED for entry in walk(queue_directory, queue))
    findings = [finding for finding in judged if finding is not None]
    return findings + find_orphans(queue_directory, before=rules.now - orphan_seconds)


def find_orphans(queue_directory: str, *, before: int) -> list[Finding]:
    """Return the logs in defer/, bounce/ and trace/ that were last written before a second and belong to no message.

    The logs are read first and the messages twice, for while Postfix runs a message may move from a queue that is still to be
    read into one that has been.
    """
    logs = {
        entry.path: entry
        for queue in ALL_LOGS
        for entry in walk(queue_directory, queue)
        if stat.S_ISREG(entry.status.st_mode) and is_valid(entry.name) and entry.status.st_mtime < before
    }
    for _pass in range(2):
        if logs:
            there = {_id_in(entry.name) for queue in ALL_MESSAGES for entry in walk(queue_directory, queue)}
            logs = {path: entry for path, entry in logs.items() if entry.name not in there}
    return [entry.finding("orphan_logs") for entry in logs.values()]


def _id_in(name: str) -> str:
    """Return the queue ID of a file, one that an interrupted postsuper left, too."""
    return name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name


def remove_logs(queue_directory: str, findings: Iterable[Finding]) -> None:
    """Remove the logs that nobody has written to since they were found. Raises MailopsError."""
    wanted = {finding.path: finding for finding in findings}
    for queue in ALL_LOGS:
        for entry in walk(queue_directory, queue):
            if wanted.get(entry.path) == entry.finding("orphan_logs"):
                os.unlink(entry.name, dir_fd=entry.directory)


def walk(queue_directory: str, queue: str) -> Iterator[Entry]:
    """Yield what is in a queue, hash directories left out, no link followed; nothing for a queue that does not exist.

    The directory of an entry is open until the next one is asked for. Raises MailopsError.
    """
    top = os.path.join(queue_directory, queue)
    try:
        for path, directories, files, descriptor in os.fwalk(top, onerror=_fail):
            below = os.path.relpath(path, top).strip(".")
            # postsuper does not step into maildrop's, which others may write to.
            inner = [] if queue == "maildrop" else [name for name in directories if len(name) == 1]
            others = [*files, *(name for name in directories if name not in inner)]
            for name in others + inner:
                try:
                    status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
                except FileNotFoundError:
                    continue
                yield Entry(queue, below, name, status, descriptor)
            directories[:] = inner
    except FileNotFoundError:
        return
    except OSError as error:
        raise MailopsError(
            "The queue %s in %s cannot be read: %s. Run this as root (become: true)."
            % (queue, queue_directory, error.strerror)
        ) from error


def _fail(error: OSError) -> None:
    # A hash directory may go while we look.
    if not isinstance(error, FileNotFoundError):
        raise error


def _judge(entry: Entry, rules: Rules) -> Finding | None:
    """Return what is wrong with an entry, None where nothing is; the first of what postsuper would come to."""
    mode = entry.status.st_mode
    if stat.S_ISDIR(mode):
        return _judge_directory(entry, rules)
    if not stat.S_ISREG(mode):
        return entry.finding("not_files")
    wrong = _judge_name(entry, rules)
    if _is_stale(entry, rules.now) and (rules.purging or wrong is None):
        return entry.finding("stale_files")
    return wrong


def _judge_directory(entry: Entry, rules: Rules) -> Finding | None:
    if len(entry.name) != 1 or entry.queue == "maildrop":
        empty = not _listed(entry)
        return entry.finding("alien_directories", None if empty else "it is not empty, and stays")
    depth = len(entry.below.split("/")) + 1 if entry.below else 1
    return entry.finding("surplus_directories") if depth > rules.depth(entry.queue) else None


def _listed(entry: Entry) -> list[str]:
    try:
        descriptor = os.open(entry.name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=entry.directory)
    except OSError:
        return []
    try:
        return os.listdir(descriptor)
    finally:
        os.close(descriptor)


def _judge_name(entry: Entry, rules: Rules) -> Finding | None:
    name = _id_in(entry.name)
    unfinished = name != entry.name
    is_message = entry.queue in MESSAGE_QUEUES
    if not is_valid(name):
        return entry.finding("bogus_names", "no queue file has such a name")
    if is_message:
        wanted = id_for(name, inode=entry.status.st_ino, long_queue_ids=rules.long_queue_ids)
        if wanted is None or (unfinished and wanted != name):
            return entry.finding("bogus_names", "the name says no inode, or another one")
        if wanted != name:
            return entry.finding("misnamed", wanted)
    place = directory_for(name, rules.depth(entry.queue))
    wanted_path = "/".join(part for part in (entry.queue, place, name) if part)
    if unfinished:
        return entry.finding("unfinished", wanted_path)
    return entry.finding("misplaced", wanted_path) if place != entry.below else None


def _is_stale(entry: Entry, now: int) -> bool:
    """Return whether -p removes the file: of a message, not ready, and untouched for a week."""
    ready = entry.status.st_mode & READY == READY
    return entry.queue in MESSAGE_QUEUES and not ready and now > entry.status.st_mtime + STALE_SECONDS
