# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A quarantine on disk: queue files out of Postfix's sight, whole, each in exactly one place at any moment.

It is a directory that only root may enter, with the queues and logs of a spool in it, so that whatever reads a spool reads it::

    postfix.quarantine/NAME/
        journal                         what was begun and done, by whom, why (journal.py)
        maildrop/ incoming/ active/ deferred/ hold/     by the queue that a message came from
        bounce/ defer/ trace/           the messages' logs
        staging/ limbo/                 only while messages go from one filesystem to another

On one filesystem a message goes by one rename, so it is in the queue or in the quarantine, whatever happens. Its logs go while it is
in the quarantine: after it on the way in, before it on the way out. So for what an interrupted run left there is one rule: where a
message is in the quarantine, its logs belong there too.

From one filesystem to another three renames make it so, and each tells what has to follow:

1. The file is copied to C(staging) on the target's side, where Postfix does not look. Without step 2, the copy is removed.
2. The original goes to C(limbo) on its own side. From here on the copy is the message.
3. The copy goes to its place. Then the original is removed; an original in limbo without a copy in staging was on its way there.

Files and directories are synced where the order matters on disk: the intent before the first move (else a power loss leaves moves
that nobody knows of), each copy before step 2, limbo before step 3 (else the original might come back beside the copy), the copy's
new directory before the original is removed, and all directories before the journal says that a move is done. A rename on one
filesystem needs none of its own: a power loss undoes it or not, and both are one place.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Container, ContextManager, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._queue.naming import directory_for
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import NAME as JOURNAL
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.live import LOGS, QUEUES, Live
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Look, Tree

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Found
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record

VERSION = 1

# Who may have anything to do with a quarantine: root.
_OWNER = 0
_PRIVATE = Look(_OWNER, 0, 0o700, ())
_STAGING = "staging"
_LIMBO = "limbo"
_FRESH = "fresh"
# How deep logs may be hashed: as those of messages that were moved one by one first.
_DEPTHS = range(5)
# What is said of an intent that nothing ended.
UNFINISHED = {"take": "quarantining messages", "give": "restoring messages", "swap": "quarantining queues"}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
# The first record, and those that begin something that a later "done" ends.
_MADE = "made"
_DONE = "done"


# --- moving ---------------------------------------------------------------------------------------------------------


class Target(NamedTuple):
    """From which queue a message is to go to which one."""

    source: str
    queue: str


class Place(NamedTuple):
    """Where a file is to go."""

    directory: int
    name: str


@dataclass
class Moved:
    """What became of messages that were to be moved, by queue ID. What is in none of these was not there."""

    done: dict[str, str] = field(default_factory=dict)
    """With the queue ID that each has now."""
    collisions: set[str] = field(default_factory=set)
    """Stayed where they were, for their queue ID was taken."""

    @property
    def renamed(self) -> dict[str, str]:
        """The messages whose queue ID is another one now."""
        return {queue_id: name for queue_id, name in self.done.items() if queue_id != name}


class _Station(NamedTuple):
    """A directory where messages are on their way from one filesystem to another."""

    tree: Tree
    path: str

    def open(self) -> int:
        """Return it open, made where it is missing. Raises OSError."""
        return self.tree.directory(self.path, _PRIVATE)

    def is_there(self) -> bool:
        """Return whether there is one."""
        try:
            self.tree.directory(self.path)
        except FileNotFoundError:
            return False
        return True

    def remove(self) -> None:
        """Remove it, empty."""
        self.tree.forget()
        with suppress(FileNotFoundError):
            os.rmdir(self.path, dir_fd=self.tree.root)


class _Way:
    """One direction: out of a spool, through staging and limbo where the filesystem ends, to where place() says."""

    def __init__(self, quarantine: Quarantine, live: Live, *, staging: _Station, limbo: _Station) -> None:
        self.quarantine = quarantine
        self.live = live
        self._staging = staging
        self._limbo = limbo
        self._crossing = quarantine.is_elsewhere(live)

    @property
    def source(self) -> Spool:
        """Where the messages are."""
        raise NotImplementedError

    def place(self, queue: str, queue_id: str, inode: int) -> Place:
        """Return where a message with that inode goes. Raises OSError."""
        raise NotImplementedError

    def way_back(self, queue: str, queue_id: str) -> Place:
        """Return where an original in limbo came from. Raises OSError."""
        raise NotImplementedError

    def staging(self) -> int:
        """Return the directory for copies, on the target's filesystem. Raises OSError."""
        return self._staging.open()

    def limbo(self) -> int:
        """Return the directory for originals, on the source's filesystem. Raises OSError."""
        return self._limbo.open()

    def transfer(self, wanted: Mapping[str, Target]) -> Moved:
        """Move the wanted messages that are there. Raises OSError; settle() then says what is where."""
        moved = Moved()
        crossing: dict[str, Target] = {}
        for found, target in self._walk(wanted):
            try:
                if self._crossing:
                    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
                place = self.place(target.queue, found.name, _inode(found.name, found.directory))
                self._put(found.name, found.directory, place, found.name, moved)
            except FileNotFoundError:
                continue
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                self._crossing = True
                name, staging = _staged(target, found.name), self.staging()
                moves.copy(found.name, name, source_dir=found.directory, target_dir=staging)
                crossing[found.name] = target
        if crossing:
            os.fsync(self.staging())
            for found, target in self._walk(crossing):
                name, limbo = _staged(target, found.name), self.limbo()
                moves.rename(found.name, name, source_dir=found.directory, target_dir=limbo)
            self.settle(moved)
        return moved

    def _walk(self, wanted: Mapping[str, Target]) -> Iterator[tuple[Found, Target]]:
        for queue in sorted({target.source for target in wanted.values()}):
            for found in self.source.walk(queue):
                target = wanted.get(found.name)
                if target is not None and target.source == queue and _inode(found.name, found.directory):
                    self._trim()
                    yield found, target

    def _trim(self) -> None:
        self.live.tree.trim()
        self.quarantine.tree.trim()

    def _put(self, name: str, directory: int, place: Place, queue_id: str, moved: Moved) -> None:
        """Bring a message to its place, or note that it is taken. Raises OSError."""
        try:
            moves.rename(name, place.name, source_dir=directory, target_dir=place.directory)
        except FileExistsError:
            moved.collisions.add(queue_id)
        else:
            moved.done[queue_id] = place.name

    def settle(self, moved: Moved) -> None:
        """Finish what is in limbo and remove the copies of what is not: the last steps of a move, and of an interrupted one."""
        if self._limbo.is_there():
            self._settle_all(moved)
            self._limbo.remove()
        if self._staging.is_there():
            for name in os.listdir(self.staging()):
                moves.remove(name, self.staging())
            self._staging.remove()

    def is_settled(self) -> bool:
        """Return whether nothing is on its way."""
        return not self._limbo.is_there() and not self._staging.is_there()

    def _settle_all(self, moved: Moved) -> None:
        # The originals must not come back, after a power loss, when their copies are in their places.
        os.fsync(self.limbo())
        settled = [name for name in os.listdir(self.limbo()) if self._settle_one(name, moved)]
        self.live.tree.sync()
        self.quarantine.tree.sync()
        for name in settled:
            moves.remove(name, self.limbo())

    def _settle_one(self, name: str, moved: Moved) -> bool:
        """Bring a copy to its place, if it is not there yet, and return whether the original may go."""
        self._trim()
        target, queue_id = _parse_staged(name)
        staging = self.staging()
        inode = _inode(name, staging)
        if not inode and self.arrived(target.queue, queue_id):
            return True
        if inode:
            self._put(name, staging, self.place(target.queue, queue_id, inode), queue_id, moved)
        if queue_id in moved.done:
            return True
        back = self.way_back(target.source, queue_id)
        moves.rename(name, back.name, source_dir=self.limbo(), target_dir=back.directory)
        return False

    def arrived(self, queue: str, queue_id: str) -> bool:
        """Return whether the copy of an original in limbo is in its place, as far as that can be told."""
        raise NotImplementedError

    def carry_log(self, log: str, name: str, directory: int, place: Place) -> None:
        """Move a log; where one has its name already, that one stays and this one goes. Raises OSError."""
        try:
            moves.rename(name, place.name, source_dir=directory, target_dir=place.directory)
            return
        except FileExistsError:
            pass
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_log(_staged(Target(log, log), name), name, directory, place)
        moves.remove(name, directory)

    def _copy_log(self, staged: str, name: str, directory: int, place: Place) -> None:
        staging = self.staging()
        moves.remove(staged, staging)
        moves.copy(name, staged, source_dir=directory, target_dir=staging)
        with suppress(FileExistsError):
            moves.rename(staged, place.name, source_dir=staging, target_dir=place.directory)


def _inode(name: str, directory: int) -> int:
    """Return the inode number of a regular file, 0 where there is none: links and the like are nobody's mail."""
    try:
        status = os.lstat(name, dir_fd=directory)
    except FileNotFoundError:
        return 0
    return status.st_ino if stat.S_ISREG(status.st_mode) else 0


def _staged(target: Target, queue_id: str) -> str:
    """Return the name of a file in staging and limbo; a queue ID has no dots."""
    return ".".join((*target, queue_id))


def _parse_staged(name: str) -> tuple[Target, str]:
    source, queue, queue_id = name.split(".")
    return Target(source, queue), queue_id


class _Out(_Way):
    """Out of Postfix's sight. The logs follow when the messages are there."""

    def __init__(self, quarantine: Quarantine, live: Live) -> None:
        super().__init__(
            quarantine,
            live,
            staging=_Station(quarantine.tree, _STAGING),
            limbo=_Station(live.tree, quarantine.beside_pid(_LIMBO)),
        )

    @property
    def source(self) -> Spool:
        return self.live.spool

    def place(self, queue: str, queue_id: str, inode: int) -> Place:  # noqa: ARG002  # there a name need not fit
        return Place(self.quarantine.tree.directory(queue, _PRIVATE), queue_id)

    def way_back(self, queue: str, queue_id: str) -> Place:
        return Place(self.live.directory(queue, queue_id), queue_id)

    def arrived(self, queue: str, queue_id: str) -> bool:
        place = self.place(queue, queue_id, 0)
        return _inode(place.name, place.directory) != 0

    def take_logs(self, queue_ids: Mapping[str, str], *, replace: bool) -> None:
        """Move the logs of messages that are in the quarantine. queue_ids: by the name of the log. Raises OSError.

        replace: whether a log that is in the quarantine already is older than the message's being there, and so of no use.
        """
        for log in LOGS:
            for found in self.live.spool.walk(log):
                queue_id = queue_ids.get(found.name)
                if queue_id is not None:
                    self._trim()
                    place = self.place(log, queue_id, 0)
                    if replace:
                        moves.remove(place.name, place.directory)
                    self.carry_log(log, found.name, found.directory, place)
        self.settle(Moved())


class _Back(_Way):
    """Back to Postfix. The logs go just before their message, for Postfix may look at it at once."""

    def __init__(self, quarantine: Quarantine, live: Live) -> None:
        super().__init__(
            quarantine,
            live,
            staging=_Station(live.tree, quarantine.beside_pid(_STAGING)),
            limbo=_Station(quarantine.tree, _LIMBO),
        )
        self._logs: Mapping[str, set[str]] | None = None
        self._taken: set[str] | None = None

    @property
    def source(self) -> Spool:
        return self.quarantine.spool

    def place(self, queue: str, queue_id: str, inode: int) -> Place:
        name = self.live.fit(queue_id, inode)
        return Place(self.live.directory(queue, name), name)

    def way_back(self, queue: str, queue_id: str) -> Place:
        return Place(self.quarantine.tree.directory(queue, _PRIVATE), queue_id)

    def arrived(self, queue: str, queue_id: str) -> bool:  # noqa: ARG002  Postfix may have delivered it by now
        return True

    def _put(self, name: str, directory: int, place: Place, queue_id: str, moved: Moved) -> None:
        # Nobody can get one of these names later: it holds the number of an inode that is in use.
        if self._taken is None:
            self._taken = self.live.names()
        if place.name in self._taken:
            moved.collisions.add(queue_id)
            return
        if self._logs is None:
            self._logs = {log: {found.name for found in self.source.walk(log)} for log in LOGS}
        for log in LOGS:
            if queue_id in self._logs[log]:
                self.give_log(log, queue_id, place.name)
        try:
            super()._put(name, directory, place, queue_id, moved)
        except OSError:
            _Out(self.quarantine, self.live).take_logs({place.name: queue_id}, replace=True)
            raise

    def give_log(self, log: str, queue_id: str, name: str) -> None:
        """Move a message's log, if it has one. name: the queue ID that the message has in the queue. Raises OSError."""
        # Messages that were moved one by one have their logs side by side, whole queues those of their hash directories.
        for depth in _DEPTHS:
            with suppress(FileNotFoundError):
                directory = self.quarantine.tree.directory((log + "/" + directory_for(queue_id, depth)).rstrip("/"))
                if moves.is_there(queue_id, directory):
                    self.carry_log(log, queue_id, directory, Place(self.live.directory(log, name), name))


# --- the quarantine -------------------------------------------------------------------------------------------------


def default_base(queue_directory: str) -> str:
    """Return where quarantines are kept: beside the queue directory, or in it where it is a filesystem of its own."""
    path = os.path.realpath(queue_directory)
    return path + (".quarantine" if are_together(path, os.path.dirname(path)) else "/quarantine")


def are_together(one: str, other: str) -> bool:
    """Return whether files can be renamed from one directory to the other, as far as that can be told."""
    try:
        with Tree(one) as first, Tree(other) as second:
            return moves.can_rename(first.root, second.root)
    except OSError:
        return True


def check_name(name: str) -> None:
    """Raise QuarantineError for a name that is none."""
    if not _NAME.match(name):
        raise QuarantineError(
            "name: %r is no name for a quarantine; take at most 64 letters, digits, and . _ - but not first." % name
        )


def names(base: str) -> list[str]:
    """Return the names of all quarantines there, sorted. Raises QuarantineError where the directory cannot be trusted or read."""
    if not _is_trusted(base):
        return []
    try:
        return sorted(
            name for name in os.listdir(base) if _NAME.match(name) and os.path.isdir(os.path.join(base, name))
        )
    except OSError as error:
        raise QuarantineError(
            "The directory %s cannot be read: %s. Run this as root." % (base, error.strerror)
        ) from error


def _is_trusted(path: str) -> bool:
    """Return whether there is such a directory. Raises QuarantineError for one that others than root can write to."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise QuarantineError("%s cannot be looked at: %s. Run this as root." % (path, error.strerror)) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != _OWNER or status.st_mode & 0o022:
        raise QuarantineError(
            "%s is not a directory that only root can write to: a quarantine in it would not be safe. Name another directory, "
            "or give this one to root (chown root, chmod 0700)." % path
        )
    return True


class Quarantine:
    """A quarantine that exists, open. Close it, or use it as a context manager."""

    def __init__(self, base: str, name: str) -> None:
        """Open it. Raises QuarantineError where there is none, or where it is not root's own."""
        self.name = name
        self.base = base
        self.path = os.path.join(base, name)
        if not (_is_trusted(base) and _is_trusted(self.path)):
            raise QuarantineError(
                "There is no quarantine %s in %s; there are %s." % (name, base, ", ".join(names(base)) or "none")
            )
        self.spool = Spool(self.path)
        self.tree = Tree(self.path)
        self.journal = Journal(self.tree.root, self.path)
        self.records = self.journal.read()

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.tree.close()
        self.spool.close()

    @classmethod
    def make(cls, base: str, name: str, *, host: str, instance: Mapping[str, str]) -> Quarantine:
        """Return the quarantine of that name, made where there is none. Raises QuarantineError."""
        for path in (base, os.path.join(base, name)):
            if not _is_trusted(path):
                try:
                    os.mkdir(path, 0o700)
                except OSError as error:
                    raise QuarantineError(
                        "The directory %s cannot be made: %s. Make room or mend that, or name another directory."
                        % (path, error.strerror)
                    ) from error
        quarantine = cls(base, name)
        if not quarantine.records:
            quarantine.write(_MADE, version=VERSION, host=host, instance=dict(instance))
        return quarantine

    def check_owner(self, instance: Mapping[str, str]) -> None:
        """Raise QuarantineError where it belongs to another instance, or has a format of a later version."""
        made = self.records[0] if self.records else {}
        if made.get("version", VERSION) != VERSION:
            raise QuarantineError(
                "The quarantine %s has format version %s, this collection knows version %d; use the collection that made it."
                % (self.path, made["version"], VERSION)
            )
        if made and made["instance"] != dict(instance):
            raise QuarantineError(
                "The quarantine %s belongs to the instance in %s, this one is in %s; choose another name, or that instance."
                % (self.path, made["instance"]["config_directory"], instance["config_directory"])
            )

    def beside_pid(self, part: str) -> str:
        """Return the queue directory's own place for messages on their way. Like all of pid/ it is root's."""
        return "pid/mailops.%s.%s" % (self.name, part)

    def write(self, operation: str, **fields: Any) -> None:
        """Add a record to the journal. Raises QuarantineError."""
        record = {"op": operation, "time": int(time.time()), "by": operator(), **fields}
        self.journal.append(record)
        self.records.append(record)

    def unfinished(self) -> Record | None:
        """Return the intent that no later record ends."""
        for record in reversed(self.records):
            if record["op"] == _DONE:
                return None
            if record["op"] in _RECOVERIES:
                return record
        return None

    def filled(self) -> int:
        """Return when something was last moved here, in seconds since the epoch."""
        return max((record["time"] for record in self.records if record["op"] in (_MADE, "take", "swap")), default=0)

    def is_elsewhere(self, live: Live) -> bool:
        """Return whether it is on another filesystem than the queue directory."""
        return not moves.can_rename(self.tree.root, live.tree.root)

    def swapped(self) -> bool:
        """Return whether whole queues were moved here, to the end."""
        return any(
            intent["op"] == "swap" and end["op"] == _DONE and "recovered" not in end
            for intent, end in zip(self.records, self.records[1:])
        )

    def _files(self, wanted: Container[str]) -> Iterator[Found]:
        for queue in QUEUES:
            for found in self.spool.walk(queue):
                if found.name in wanted:
                    yield found

    def present(self, wanted: Container[str] | None = None) -> set[str]:
        """Return the queue IDs in the quarantine, all or of these."""
        if wanted is not None:
            return {found.name for found in self._files(wanted)}
        return {found.name for queue in QUEUES for found in self.spool.walk(queue) if is_valid(found.name)}

    def collisions(self, live: Live, wanted: Container[str]) -> set[str]:
        """Return which of these messages cannot be given back, for their queue ID is taken. Across filesystems nobody can know."""
        if self.is_elsewhere(live):
            return set()
        taken = live.names()
        return {
            found.name
            for found in self._files(wanted)
            if live.fit(found.name, _inode(found.name, found.directory)) in taken
        }

    # --- moving -------------------------------------------------------------------------------------------------

    def take(self, live: Live, wanted: Mapping[str, Target], **said: Any) -> Moved:
        """Move messages and their logs into the quarantine. said: what the journal is to tell of it. Raises QuarantineError."""
        self.write("take", messages=_by_queue(wanted, "queue"), **said)
        with self._whole(live):
            way = _Out(self, live)
            moved = way.transfer(wanted)
            way.take_logs({queue_id: queue_id for queue_id in moved.done}, replace=True)
        self._finish(live, moved)
        return moved

    def give(self, live: Live, wanted: Mapping[str, Target], **said: Any) -> Moved:
        """Move messages and their logs back to Postfix, never over a file. said: as for take(). Raises QuarantineError."""
        self.write("give", messages=_by_queue(wanted, "source"), **said)
        with self._whole(live):
            moved = _Back(self, live).transfer(wanted)
        self._finish(live, moved)
        return moved

    @contextmanager
    def _whole(self, live: Live) -> Iterator[None]:
        """Finish or undo what a full disk or the like leaves half done, and say so. Raises QuarantineError."""
        try:
            yield
        except OSError as error:
            # What cannot be put right now, the next run puts right.
            with suppress(OSError, QuarantineError):
                self.recover(live)
            raise broken_off(self, live, error) from error

    def _finish(self, live: Live, moved: Moved) -> None:
        live.tree.sync()
        self.tree.sync()
        self.write(_DONE, messages=len(moved.done), collisions=sorted(moved.collisions))

    def drop(self, wanted: Mapping[str, str], **said: Any) -> set[str]:
        """Delete messages and their logs and return the IDs of those that were there. wanted: queues by ID. Raises QuarantineError."""
        self.write("drop", messages=len(wanted), **said)
        gone = set()
        try:
            # As postsuper(1) does: a log that stays behind would be nobody's.
            for log in LOGS:
                for found in self.spool.walk(log):
                    if found.name in wanted:
                        moves.remove(found.name, found.directory)
            for found in self._files(wanted):
                if wanted[found.name] == found.queue and moves.remove(found.name, found.directory):
                    gone.add(found.name)
        except OSError as error:
            raise QuarantineError(
                "Deleting in %s broke off: %s. Mend that, then run this again." % (self.path, error.strerror)
            ) from error
        return gone

    def remove(self) -> None:
        """Delete the quarantine with all that is in it; the journal goes last, so that what is left is still a quarantine.

        Raises QuarantineError.
        """
        try:
            for name in os.listdir(self.tree.root):
                if name != JOURNAL:
                    moves.remove_tree(name, self.tree.root)
            moves.remove(JOURNAL, self.tree.root)
            os.rmdir(self.path)
        except OSError as error:
            raise QuarantineError(
                "The quarantine %s cannot be removed: %s. Mend that, then run this again." % (self.path, error.strerror)
            ) from error

    # --- what an interrupted run left ---------------------------------------------------------------------------

    def is_whole(self, live: Live) -> bool:
        """Return whether nothing is half done."""
        fresh = _Station(self.tree, _FRESH)
        ways = (_Out(self, live), _Back(self, live))
        return self.unfinished() is None and not fresh.is_there() and all(way.is_settled() for way in ways)

    def recover(self, live: Live) -> bool:
        """Finish or undo what an interrupted run left, and return whether there was anything. Raises OSError and QuarantineError.

        It asks where the files are and needs the journal only to know which logs to look for; so it may itself be interrupted.
        """
        if self.is_whole(live):
            return False
        _Out(self, live).settle(Moved())
        _Back(self, live).settle(Moved())
        self.settle_swap(live)
        intent = self.unfinished()
        if intent is not None:
            count = _RECOVERIES[intent["op"]](self, live, intent)
            live.tree.sync()
            self.tree.sync()
            self.write(_DONE, messages=count, collisions=[], recovered=True)
        return True

    def recover_take(self, live: Live, intent: Record) -> int:
        """Bring the logs of messages that were taken after them; return how many those are."""
        here = self.present(_queue_ids(intent))
        strangers = live.names()
        _Out(self, live).take_logs({name: name for name in here if name not in strangers}, replace=True)
        return len(here)

    def recover_give(self, live: Live, intent: Record) -> int:
        """Bring back the logs of messages that were not given any more; return how many were."""
        wanted = _queue_ids(intent)
        here = {}
        for found in self._files(wanted):
            here[live.fit(found.name, _inode(found.name, found.directory))] = found.name
        # What Postfix has under such an ID is another message, and its logs are its own.
        strangers = live.names()
        out = _Out(self, live)
        out.take_logs({name: here[name] for name in here if name not in strangers}, replace=False)
        return len(wanted.difference(here.values()))

    # --- whole queues -------------------------------------------------------------------------------------------

    def swap(self, live: Live, queues: Sequence[str], stopped: Callable[[], ContextManager[None]], **said: Any) -> None:
        """Move whole queues with all logs into the quarantine and put empty ones in their place.

        stopped: while that is entered, Postfix does not run. What is done in it does not grow with the queues, but for the logs of
        messages that stay. said: as for take(). Raises QuarantineError.
        """
        names = [name for name in (*queues, *LOGS) if live.spool.has(name)]
        earlier = len(self.present())
        try:
            for name in names:
                look = Look.of(live.tree.directory(name))
                look.put_on(self.tree.directory(_FRESH + "/" + name, _PRIVATE))
            live.tree.forget()
            self.tree.sync()
        except OSError as error:
            with suppress(OSError):
                self.settle_swap(live)
            raise QuarantineError(
                "The queue directories cannot be made anew in %s: %s. Nothing was touched. Make room or mend that, then run this "
                "again." % (self.path, error.strerror)
            ) from error
        self.write("swap", queues=list(queues), **said)
        with stopped():
            self._swap(live, names)
        live.tree.sync()
        self.tree.sync()
        self.write(_DONE, messages=len(self.present()) - earlier, collisions=[])

    def _swap(self, live: Live, names: Sequence[str]) -> None:
        with self._whole(live):
            self.tree.forget()
            try:
                for name in names:
                    moves.move_directory(name, source_dir=live.tree.root, target_dir=self.tree.root)
            finally:
                self.settle_swap(live)
            self._leave_logs(live)

    def settle_swap(self, live: Live) -> None:
        """Put the empty directories where the moved ones were; remove those that are not needed. Raises OSError."""
        # What was opened before the directories were moved is of no use, least of all to the process that stands by.
        live.tree.forget()
        self.tree.forget()
        try:
            fresh = self.tree.directory(_FRESH)
        except FileNotFoundError:
            return
        for name in os.listdir(fresh):
            try:
                moves.rename(name, name, source_dir=fresh, target_dir=live.tree.root)
            except FileExistsError:
                os.rmdir(name, dir_fd=fresh)
        live.tree.sync()
        self.tree.sync()
        self.tree.forget()
        os.rmdir(_FRESH, dir_fd=self.tree.root)

    def _leave_logs(self, live: Live, but: Container[str] = ()) -> None:
        """Give back the logs of messages that are in the queue, where not all queues were moved."""
        back = _Back(self, live)
        for queue in QUEUES:
            for found in live.spool.walk(queue):
                if found.name not in but:
                    for log in LOGS:
                        back.give_log(log, found.name, found.name)

    def recover_swap(self, live: Live, _intent: Record) -> int:
        """Return how many messages are in the quarantine. The next run takes the rest."""
        here = self.present()
        self._leave_logs(live, here)
        return len(here)


_RECOVERIES: Mapping[str, Callable[[Quarantine, Live, Record], int]] = {
    "take": Quarantine.recover_take,
    "give": Quarantine.recover_give,
    "swap": Quarantine.recover_swap,
}


def broken_off(quarantine: Quarantine, live: Live, error: OSError) -> QuarantineError:
    """Return what to say where the system did not let a move go on."""
    return QuarantineError(
        "Moving between %s and %s broke off: %s. Every message is in one of them, and what was moved before stays moved. "
        "Make room or mend that, then run this again." % (live.layout.queue_directory, quarantine.path, error.strerror)
    )


def _by_queue(wanted: Mapping[str, Target], which: str) -> dict[str, list[str]]:
    """Return the messages as the journal has them, by their queue in the quarantine."""
    queues: dict[str, list[str]] = {}
    for queue_id, target in sorted(wanted.items()):
        queues.setdefault(getattr(target, which), []).append(queue_id)
    return queues


def _queue_ids(intent: Record) -> set[str]:
    return {queue_id for queue in intent["messages"].values() for queue_id in queue}
