# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What postsuper(1) -p and -s would find in a queue directory, found by looking (src/postsuper/postsuper.c, super()), and whose it is."""

from __future__ import annotations

import os
import stat
from array import array
from bisect import bisect_left
from dataclasses import dataclass
from typing import Container, Iterator, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, reason_of, remedy_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import SUFFIX, directory_for, id_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import ALL_QUEUES, LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import MAX_DEPTH, Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import READY
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import (
    OPEN_DIRECTORY,
    OPEN_FILE,
    is_hash_name,
    name_of,
    open_below,
    open_quietly,
)

# In the order in which postsuper goes through them. It does not look at trace/ unless it is named.
LOG_QUEUES = ("defer", "bounce")
CHECKED = (*LOG_QUEUES, *LISTED_QUEUES, "flush")
# What is in these belongs to the mail owner, too, and postsuper does not look at it.
OWNED = ("trace", "corrupt", "saved")
# Of these only the directory itself: Postfix makes its sockets again when it starts.
SOCKETS = ("public", "private")
# What others than the mail owner may do there (conf/postfix-files): submit mail, and reach the sockets.
_GROUP_MODES = {"maildrop": 0o030, "public": 0o010}
# MAX_TEMP_AGE
STALE_SECONDS = 7 * 24 * 60 * 60


class Finding(NamedTuple):
    """Something that is not as it should be: what, where in the queue directory, and what it should be called or why it is bad."""

    kind: str
    path: str
    detail: str | None
    inode: int
    mtime: int
    stays: bool = False
    """Whether no repair changes it, whatever its kind."""
    blocks: bool = False
    """Whether it is a directory in which postsuper, which runs as the mail owner, cannot work."""
    goes_with: tuple[str, ...] = ()
    """Kinds of other findings about the same thing whose repair removes it."""
    remedy: str = ""
    """What to do about what cannot be read, where the detail does not say so."""

    @property
    def reason(self) -> str:
        """Why it cannot be read, and what to do about that."""
        return ". ".join(part for part in (self.detail, self.remedy) if part)

    def failure(self) -> Failure:
        """Return that it keeps a repair from being done."""
        return Failure(self.path, self.reason)


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

    @property
    def depth(self) -> int:
        """How many hash directories it is below its queue."""
        return self.below.count("/") + 1 if self.below else 0

    def finding(self, kind: str, detail: str | None = None, *, stays: bool = False) -> Finding:
        """Return a finding about it."""
        return Finding(kind, self.path, detail, self.status.st_ino, int(self.status.st_mtime), stays)


@dataclass(frozen=True)
class Owner:
    """Whose the queues are: the mail owner's user and group, and the group that may submit mail."""

    uid: int
    gid: int
    submitters: int


@dataclass(frozen=True)
class Rules:
    """What a queue directory must look like. purging: whether stale files are to go, so that their names do not matter."""

    hash_names: frozenset[str]
    hash_depth: int
    long_queue_ids: bool
    purging: bool
    now: int
    owner: Owner

    def depth(self, queue: str) -> int:
        """Return how many hash directories deep the files of a queue are."""
        return self.hash_depth if queue in self.hash_names else 0


class Failure(NamedTuple):
    """Something that could not be repaired: where it is in the queue directory, and why."""

    path: str
    reason: str

    @classmethod
    def of(cls, path: str, error: OSError) -> Failure:
        """Return a failure with what the system says and what to do about it."""
        return cls(path, "%s. %s" % (reason_of(error), remedy_of(error)))


# --- looking --------------------------------------------------------------------------------------------------------


def look(spool: Spool, rules: Rules, orphans: Orphans) -> Iterator[Finding]:
    """Yield all that is wrong in a queue directory, one after the other, so that their number does not matter.

    What cannot be read is a finding, too, and the rest goes on.
    """
    unread = set()
    for queue in (*CHECKED, *OWNED, *SOCKETS):
        finding = _judge_queue(spool, queue, rules)
        if finding is not None:
            yield finding
    for queue in (*CHECKED, *OWNED):
        for entry in walk(spool, queue):
            if isinstance(entry, Finding):
                unread.add(entry.path)
                yield entry
            else:
                yield from _judge(entry, rules, orphans)
    yield from (entry.finding("orphan_logs") for entry in orphans.entries(spool))
    yield from (finding for path, finding in orphans.unread.items() if path not in unread)


def walk(spool: Spool, queue: str) -> Iterator[Entry | Finding]:
    """Yield what is in a queue, hash directories before what is in them; nothing for a queue that does not exist.

    What cannot be read, and a hash directory that is too deep, is a finding. The directory of an entry is open until the next one
    is asked for.
    """
    try:
        top = spool.open_queue(queue)
    except FileNotFoundError:
        return
    except MailopsError as error:
        yield Finding("unreadable", queue, str(error), 0, 0)
        return
    yield from _walk_directory(queue, "", top)


def _walk_directory(queue: str, below: str, directory: int) -> Iterator[Entry | Finding]:
    inner = []
    try:
        with os.scandir(directory) as names:
            for listed in names:
                entry = _entry(queue, below, listed.name, directory)
                if entry is None:
                    continue
                yield entry
                # postsuper does not step into maildrop's, which others may write to.
                if isinstance(entry, Entry) and _is_hash_directory(entry):
                    inner.append(entry)
        for entry in inner:
            yield from _walk_below(entry)
    except OSError as error:
        yield _unreadable("/".join(part for part in (queue, below) if part), error)
    finally:
        os.close(directory)


def _walk_below(entry: Entry) -> Iterator[Entry | Finding]:
    """Yield what is in a hash directory."""
    if entry.depth >= MAX_DEPTH:
        yield entry.finding("too_deep", "this many hash directories are not looked into, and Postfix never makes them")
        return
    try:
        child = open_below(entry.name, entry.directory)
    except OSError as error:
        yield _unreadable(entry.path, error)
        return
    if child is not None:
        below = "/".join(part for part in (entry.below, entry.name) if part)
        yield from _walk_directory(entry.queue, below, child)


def _entry(queue: str, below: str, name: str, directory: int) -> Entry | Finding | None:
    """Return a name with its status, None where it is gone already."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    except OSError as error:
        return _unreadable("/".join(part for part in (queue, below, name) if part), error)
    return Entry(queue, below, name, status, directory)


def _is_hash_directory(entry: Entry) -> bool:
    return stat.S_ISDIR(entry.status.st_mode) and entry.queue != "maildrop" and is_hash_name(entry.name)


def _unreadable(path: str, error: OSError) -> Finding:
    return Finding("unreadable", path, reason_of(error), 0, 0, remedy=remedy_of(error))


# --- logs without a message -----------------------------------------------------------------------------------------


class Orphans:
    """The logs in defer/, bounce/ and trace/ that were last written before a second and belong to no message.

    Of each name only a number is kept (hash()), so that a million logs take some megabytes. Where two names have the same number,
    a log stays.
    """

    def __init__(self, spool: Spool, *, before: int) -> None:
        """Read the logs first and the messages twice: while Postfix runs, a message may move from a queue that is still to be read
        into one that has been.

        Where not all messages can be read, no log is known to be without one.
        """
        self.unread: dict[str, Finding] = {}
        """What kept logs from being found, by path."""
        self._before = before
        self._numbers = array("q", sorted({hash(entry.name) for entry in self._old_logs(spool)}))
        for _pass in range(2):
            if self._numbers:
                self._numbers = self._without(spool)

    def has(self, entry: Entry) -> bool:
        """Return whether an entry is such a log."""
        return self._is_old_log(entry) and self._place(hash(entry.name)) is not None

    def entries(self, spool: Spool) -> Iterator[Entry]:
        """Yield these logs as they are now, without those that somebody has written to."""
        if self._numbers:
            yield from (entry for entry in self._old_logs(spool) if self.has(entry))

    def remove(self, spool: Spool, known: Container[str] = ()) -> Iterator[Failure]:
        """Remove these logs, without those that somebody has written to, and yield what could not be removed or read.

        known: paths of which it is known that they cannot be read.
        """
        for entry in self.entries(spool):
            try:
                os.unlink(entry.name, dir_fd=entry.directory)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Failure.of(entry.path, error)
        yield from (unread.failure() for path, unread in self.unread.items() if path not in known)

    def _old_logs(self, spool: Spool) -> Iterator[Entry]:
        for queue in LOGS:
            for entry in walk(spool, queue):
                if isinstance(entry, Finding):
                    self._note(entry)
                elif self._is_old_log(entry):
                    yield entry

    def _note(self, finding: Finding) -> None:
        """Note what cannot be read."""
        if finding.kind == "unreadable":
            self.unread.setdefault(finding.path, finding)

    def _is_old_log(self, entry: Entry) -> bool:
        status = entry.status
        is_log = entry.queue in LOGS and stat.S_ISREG(status.st_mode) and is_valid(entry.name)
        return is_log and status.st_mtime < self._before

    def _place(self, number: int) -> int | None:
        place = bisect_left(self._numbers, number)
        return place if place < len(self._numbers) and self._numbers[place] == number else None

    def _without(self, spool: Spool) -> array[int]:
        """Return the numbers that no message has, none at all where not all messages can be read."""
        taken = bytearray(len(self._numbers))
        unread: list[str] = []

        def note(path: str, error: OSError) -> None:
            unread.append(path)
            self._note(_unreadable(path, error))

        try:
            for queue in ALL_QUEUES:
                for found in spool.walk(queue, unreadable=note):
                    place = self._place(hash(_id_in(found.name)))
                    if place is not None:
                        taken[place] = True
                    elif (
                        is_hash_name(found.name) and queue != "maildrop" and _is_directory(found.name, found.directory)
                    ):
                        # It is too deep to be looked into.
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


def _id_in(name: str) -> str:
    """Return the queue ID of a file, one that an interrupted postsuper left, too."""
    return name[: -len(SUFFIX)] if name.endswith(SUFFIX) else name


# --- judging --------------------------------------------------------------------------------------------------------


def _judge(entry: Entry, rules: Rules, orphans: Orphans) -> Iterator[Finding]:
    """Yield what is wrong with an entry: the first of what postsuper would come to, and whose it is."""
    wrong = _judge_structure(entry, rules) if entry.queue in CHECKED else None
    goes_with = ("orphan_logs",) if orphans.has(entry) else ()
    if wrong is not None:
        yield wrong._replace(goes_with=goes_with)
        if wrong.kind in _REMOVED and not wrong.stays:
            goes_with = (*goes_with, wrong.kind)
    owner = _judge_owner(entry, rules.owner)
    if owner is not None:
        yield owner._replace(goes_with=goes_with)


# What is gone when it is repaired.
_REMOVED = frozenset(("stale_files", "surplus_directories", "not_files", "alien_directories"))


def _judge_structure(entry: Entry, rules: Rules) -> Finding | None:
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
    if not _is_hash_directory(entry):
        problem = _why_it_stays(entry)
        return entry.finding("alien_directories", problem, stays=problem is not None)
    return entry.finding("surplus_directories") if entry.depth >= rules.depth(entry.queue) else None


def _why_it_stays(entry: Entry) -> str | None:
    """Return why postsuper cannot remove a directory, None where it can."""
    try:
        descriptor = open_below(entry.name, entry.directory)
        if descriptor is None:
            return None
        try:
            with os.scandir(descriptor) as names:
                return "it is not empty, and stays" if next(names, None) is not None else None
        finally:
            os.close(descriptor)
    except OSError as error:
        return "it cannot be read (%s), and stays" % reason_of(error)


def _judge_name(entry: Entry, rules: Rules) -> Finding | None:
    name = _id_in(entry.name)
    unfinished = name != entry.name
    is_message = entry.queue in LISTED_QUEUES
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
    return entry.queue in LISTED_QUEUES and not ready and now > entry.status.st_mtime + STALE_SECONDS


# --- whose it is ----------------------------------------------------------------------------------------------------


def _judge_owner(entry: Entry, owner: Owner) -> Finding | None:
    """Return a finding for a file or directory that is not the mail owner's, as postfix check has it."""
    status = entry.status
    # Who submits mail owns its file in maildrop.
    if status.st_uid == owner.uid or entry.queue == "maildrop":
        return None
    if not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
        return None
    detail = "it belongs to %s, and not to %s" % (name_of(status.st_uid), name_of(owner.uid))
    if _is_linked(status):
        return entry.finding("wrong_owner", "%s; it has %d links, and stays" % (detail, status.st_nlink), stays=True)
    return entry.finding("wrong_owner", detail)._replace(
        blocks=stat.S_ISDIR(status.st_mode) and not _may_work(status, owner)
    )


def _may_work(status: os.stat_result, owner: Owner) -> bool:
    """Return whether the mail owner may list, change and enter a directory."""
    shift = 6 if status.st_uid == owner.uid else 3 if status.st_gid == owner.gid else 0
    return status.st_mode >> shift & stat.S_IRWXO == stat.S_IRWXO


def _is_linked(status: os.stat_result) -> bool:
    """Return whether a file has another name, which may be outside the queues: to give it away would be to give that away."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink > 1


def _judge_queue(spool: Spool, queue: str, rules: Rules) -> Finding | None:
    """Return a finding for a queue's own directory; what cannot be opened is one when it is walked."""
    try:
        descriptor = spool.open_queue(queue)
    except (FileNotFoundError, MailopsError):
        return None
    try:
        status = os.fstat(descriptor)
    except OSError as error:
        return _unreadable(queue, error)
    finally:
        os.close(descriptor)
    problems = _problems_of_queue(queue, status, rules.owner)
    if not problems:
        return None
    blocks = queue in CHECKED and not _may_work(status, rules.owner)
    return Finding("wrong_owner", queue, "; ".join(problems), status.st_ino, int(status.st_mtime), blocks=blocks)


def _problems_of_queue(queue: str, status: os.stat_result, owner: Owner) -> list[str]:
    """Return what is wrong with the owner and the mode of a queue's directory (conf/postfix-files)."""
    problems = []
    if status.st_uid != owner.uid:
        problems.append("it belongs to %s, and not to %s" % (name_of(status.st_uid), name_of(owner.uid)))
    if queue in _GROUP_MODES and status.st_gid != owner.submitters:
        problems.append("its group is %d, and not setgid_group, which is %d" % (status.st_gid, owner.submitters))
    wanted = stat.S_IRWXU | _GROUP_MODES.get(queue, 0)
    if status.st_mode & wanted != wanted:
        problems.append("its mode is %04o and lacks %04o" % (stat.S_IMODE(status.st_mode), wanted))
    return problems


def set_owners(spool: Spool, owner: Owner, known: Container[str] = ()) -> Iterator[Failure]:
    """Give all that _judge_owner() and _judge_queue() find to the mail owner, and yield what could not be given or read.

    known: as for Orphans.remove().
    """
    for queue in (*CHECKED, *OWNED, *SOCKETS):
        yield from _set_owner_of_queue(spool, queue, owner)
        for entry in walk(spool, queue) if queue not in SOCKETS else ():
            if isinstance(entry, Finding):
                if entry.kind == "unreadable" and entry.path not in known:
                    yield entry.failure()
                continue
            finding = _judge_owner(entry, owner)
            if finding is not None and not finding.stays:
                try:
                    _set_owner(entry, owner)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    yield Failure.of(entry.path, error)


def _set_owner_of_queue(spool: Spool, queue: str, owner: Owner) -> Iterator[Failure]:
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


def _set_owner(entry: Entry, owner: Owner) -> None:
    """Give a file or directory to the mail owner by its open descriptor, if it is still what was listed. Raises OSError."""
    flags = OPEN_DIRECTORY if stat.S_ISDIR(entry.status.st_mode) else OPEN_FILE
    descriptor = open_quietly(entry.name, flags, entry.directory)
    try:
        status = os.fstat(descriptor)
        if os.path.samestat(status, entry.status) and not _is_linked(status):
            os.fchown(descriptor, owner.uid, owner.gid)
    finally:
        os.close(descriptor)
