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
        staging/                        only while messages come from another filesystem (transfer.py)
        fresh/                          only while whole queues are moved

The journal is what makes a directory a quarantine. Its first record has a random ID, which names the quarantine's places in pid/,
and what it does not prove to be the quarantine's is never removed (contents.py).

Directories are synced where the order matters on disk: the intent before the first move (else a power loss leaves moves that nobody
knows of), and all directories before the journal says that a move is done. A rename on one filesystem needs no sync of its own: a
power loss undoes it or not, and both are one place.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Callable, Container, ContextManager, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
    reason_of,
    remedy_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import contents, journal, moves, transfer
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import NAME as JOURNAL
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import (
    Back,
    Move,
    MoveResult,
    Out,
    inode_of,
)

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record

VERSION = 2

# Who may have anything to do with a quarantine: root.
_OWNER = 0
_PRIVATE = FileAttributes(_OWNER, 0, 0o700, ())
_FRESH = "fresh"
# What is said of an intent that nothing ended.
UNFINISHED = {"take": "quarantining messages", "give": "restoring messages", "swap": "quarantining queues"}
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}\Z")
_ID = re.compile(r"[0-9a-f]{16}\Z")
_ID_BYTES = 8
# The first record, and those that begin something that a later "done" ends.
_MADE = "made"
_DONE = "done"
_BEGINNING = b'{"op":"made",'
# How much of a journal holds its first record.
_FIRST_RECORD = 64 << 10
_MAX_NAMED = 5
# Postfix's own directories in the queue directory (conf/postfix-files), and those of a chroot environment.
_POSTFIX_OWN = frozenset(
    (
        *LISTED_QUEUES,
        *LOGS,
        "corrupt",
        "flush",
        "saved",
        "pid",
        "private",
        "public",
        "dev",
        "etc",
        "lib",
        "lib64",
        "run",
        "usr",
        "var",
    )
)


# --- the quarantine -------------------------------------------------------------------------------------------------


def default_base(queue_directory: str) -> str:
    """Return where quarantines are kept: next to the queue directory, or in it where it is a filesystem of its own."""
    path = os.path.realpath(queue_directory)
    return path + (".quarantine" if are_together(path, os.path.dirname(path)) else "/quarantine")


def are_together(one: str, other: str) -> bool:
    """Return whether files can be renamed from one directory to the other; a directory that is not there stands in no way.

    Raises OSError.
    """
    try:
        with Tree(one) as first, Tree(other) as second:
            return moves.can_rename(first.root, second.root)
    except FileNotFoundError:
        return True


def check_name(name: str) -> None:
    """Raise QuarantineError for a name that is none."""
    if not _NAME.match(name):
        raise QuarantineError(
            "name: %r is no name for a quarantine; take at most 64 letters, digits, and . _ - but not first." % name
        )


def names(base: str) -> list[str]:
    """Return the names of all quarantines there, sorted. Raises MailopsError where the directory cannot be trusted or read."""
    if not _is_trusted(base):
        return []
    try:
        found = os.listdir(base)
    except OSError as error:
        raise SystemRefusal("The directory %s cannot be read" % base, error) from error
    return sorted(name for name in found if _NAME.match(name) and _has_journal(os.path.join(base, name)))


def exists(base: str, name: str) -> bool:
    """Return whether there is a quarantine of that name. Raises MailopsError where the directory cannot be trusted."""
    return _is_trusted(base) and _has_journal(os.path.join(base, name))


def _has_journal(path: str) -> bool:
    """Return whether a directory has a journal that begins as those of quarantines do, of whatever version.

    One that the system does not let us read counts, too: who opens the quarantine learns why.
    """
    name = os.path.join(path, JOURNAL)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        # A network filesystem may say so of what is there.
        return os.path.isfile(name) and not os.path.islink(name)
    except OSError as error:
        return error.errno not in (errno.ENOTDIR, errno.ELOOP)
    with os.fdopen(descriptor, "rb") as stream:
        try:
            line = stream.readline(_FIRST_RECORD) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
            records, _end = journal.decode(line)
        except OSError:
            return True
        except ValueError:
            return False
    return bool(records) and records[0].get("op") == _MADE


def _is_trusted(path: str) -> bool:
    """Return whether there is such a directory. Raises MailopsError for one that others than root can write to."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise SystemRefusal("%s cannot be looked at" % path, error) from error
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != _OWNER or status.st_mode & 0o022:
        raise QuarantineError(
            "%s is not a directory that only root can write to: a quarantine in it would not be safe. Name another directory, "
            "or give this one to root (chown root, chmod 0700)." % path
        )
    return True


def check_place(base: str, name: str, *, queue_directory: str, others: Mapping[str, str]) -> None:
    """Raise QuarantineError for a path that belongs to Postfix. others: further directories of the instance, by parameter."""
    path = os.path.join(os.path.realpath(base), name)
    queues = os.path.realpath(queue_directory)
    if _is_same_or_above(path, queues):
        problem = "the queue directory %s is there" % queue_directory
    elif path.startswith(queues + "/") and path[len(queues) + 1 :].split("/", 1)[0] in _POSTFIX_OWN:
        problem = "that is one of Postfix's own directories"
    elif any(os.path.lexists(os.path.join(path, known)) for known in ("main.cf", "master.cf")):
        problem = "that is a configuration directory of Postfix"
    else:
        for parameter, directory in others.items():
            if directory and _is_same_or_above(path, os.path.realpath(directory)):
                problem = "the %s %s is there" % (parameter, directory)
                break
        else:
            return
    raise QuarantineError(
        "%s cannot be a quarantine: %s. Nothing was touched. Use another name or directory."
        % (os.path.join(base, name), problem)
    )


def _is_same_or_above(path: str, other: str) -> bool:
    return (other + "/").startswith(path.rstrip("/") + "/")


def check_room(path: str) -> None:
    """Raise SystemRefusal where no file can be made in a directory, or in the first of its parents that is there.

    What is reserved for root counts as room, because this runs as root.
    """
    while not os.path.isdir(path) and path != os.path.dirname(path):
        path = os.path.dirname(path)
    with suppress(OSError):
        status = os.statvfs(path)
        number = 0
        if status.f_flag & os.ST_RDONLY:
            number = errno.EROFS
        elif (status.f_blocks and not status.f_bfree) or (status.f_files and not status.f_ffree):
            number = errno.ENOSPC
        if number:
            error = OSError(number, os.strerror(number))
            raise _no_room(SystemRefusal("No file can be written in %s" % path, error), error)


def _no_room(refusal: SystemRefusal, error: OSError) -> SystemRefusal:
    """Return the refusal, with what else can be done on a full disk."""
    refusal.args = (str(refusal) + journal.HINTS.get(error.errno or 0, ""),)
    return refusal


@dataclass
class Deleted:
    """What became of messages that were to be deleted in a quarantine. What is in neither set was not there."""

    gone: set[str] = field(default_factory=set)
    failed: dict[str, str] = field(default_factory=dict)
    """By queue ID, with the reason of the system."""
    touched: bool = False
    """Whether anything was removed, a message or not."""
    broken: MailopsError | None = None
    """What ended it before all messages were tried."""

    def remove(self, found: QueueEntry) -> None:
        """Delete a message, or note why it stays."""
        try:
            if _remove_file(found):
                self.touched = True
                self.gone.add(found.name)
        except OSError as error:
            self.failed[found.name] = reason_of(error)


class Quarantine:
    """A quarantine that exists, open. Close it, or use it as a context manager."""

    def __init__(self, base: str, name: str) -> None:
        """Open it. Raises MailopsError where there is none, or where it is not root's own or has no journal that can be read."""
        self.name = name
        self.base = base
        self.path = os.path.join(base, name)
        self._elsewhere: bool | None = None
        if not (_is_trusted(base) and _is_trusted(self.path)):
            raise QuarantineError(
                "There is no quarantine %s in %s; there are %s." % (name, base, ", ".join(names(base)) or "none")
            )
        self.spool = Spool(self.path)
        try:
            self.tree = Tree(self.path)
        except OSError as error:
            self.spool.close()
            raise SystemRefusal("The quarantine %s cannot be opened" % self.path, error) from error
        self.journal = Journal(self.tree.root, self.path)
        try:
            self.records = self.journal.read()
            self._check_made()
        except MailopsError:
            self._close()
            raise
        self._forget_batches()

    def _check_made(self) -> None:
        made: Mapping[str, Any] = self.records[0] if self.records else {}
        if made.get("op") != _MADE:
            raise QuarantineError(
                "%s is not a quarantine: it has no journal. Nothing was touched. If it was one, read it with the option spool of "
                "postfix_queue_facts, and move what is in it by hand." % self.path
            )
        if made.get("version") != VERSION:
            raise QuarantineError(
                "The quarantine %s has format version %s, this collection knows version %d; nothing was touched. Use the release of "
                "the collection that made it." % (self.path, made.get("version"), VERSION)
            )
        if not _ID.match(str(made.get("id"))) or not isinstance(made.get("instance"), dict):
            raise QuarantineError(
                "The journal of %s cannot be read: its first record has no ID or no instance. Its messages are where they are; look "
                "at the directory, and move it aside if need be." % self.path
            )

    def __enter__(self) -> Quarantine:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._close()

    def _close(self) -> None:
        self.tree.close()
        self.spool.close()

    @classmethod
    def make(cls, base: str, name: str, *, host: str, instance: Mapping[str, str]) -> Quarantine:
        """Return the quarantine of that name, made where there is none. Raises MailopsError, and then nothing was made."""
        path = os.path.join(base, name)
        check_adoptable(base, name)
        if _is_trusted(path) and _has_journal(path):
            return cls(base, name)
        with _made_directories(base, path):
            made = {"op": _MADE, "version": VERSION, "id": os.urandom(_ID_BYTES).hex(), **_signature()}
            with Tree(path) as tree:
                Journal(tree.root, path).append({**made, "host": host, "instance": dict(instance)})
            return cls(base, name)

    def check_owner(self, instance: Mapping[str, str]) -> None:
        """Raise QuarantineError where it belongs to another instance."""
        made = self.records[0]
        if made["instance"] != dict(instance):
            raise QuarantineError(
                "The quarantine %s belongs to the instance in %s, this one is in %s; choose another name, or that instance."
                % (self.path, made["instance"].get("config_directory"), instance["config_directory"])
            )

    @property
    def private(self) -> FileAttributes:
        """How directories look that only root may enter."""
        return _PRIVATE

    def beside_pid(self, part: str) -> str:
        """Return the queue directory's own place for messages of this quarantine on their way. Like all of pid/ it is root's."""
        return "pid/mailops.%s.%s" % (self.records[0]["id"], part)

    def write(self, operation: str, **fields: Any) -> None:
        """Add a record to the journal. Raises QuarantineError."""
        record = {"op": operation, **_signature(), **fields}
        self.journal.append(record)
        self.records.append(record)
        if operation == transfer.COPIED:
            self._forget_batches()

    def _forget_batches(self) -> None:
        """Keep in memory the files of the last batch of copies only: those of the others are done with."""
        batches = [number for number, record in enumerate(self.records) if "files" in record]
        for number in batches[:-1]:
            self.records[number] = {key: value for key, value in self.records[number].items() if key != "files"}

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

    def is_elsewhere(self, live: QueueDirectory) -> bool:
        """Return whether it is on another filesystem than the queue directory. It looks once. Raises SystemRefusal."""
        if self._elsewhere is None:
            try:
                self._elsewhere = not moves.can_rename(self.tree.root, live.tree.root)
            except OSError as error:
                what = "Whether %s and %s are on one filesystem cannot be seen" % (
                    live.layout.queue_directory,
                    self.path,
                )
                raise SystemRefusal(what, error) from error
        return self._elsewhere

    def swapped(self) -> bool:
        """Return whether whole queues were moved here, to the end."""
        return any(intent["op"] == "swap" and "recovered" not in end for intent, end in ended(self.records))

    def _files(self, wanted: Container[str]) -> Iterator[QueueEntry]:
        for queue in LISTED_QUEUES:
            for found in self.spool.walk(queue):
                if found.name in wanted:
                    yield found

    def present(self, wanted: Container[str] | None = None) -> set[str]:
        """Return the queue IDs in the quarantine, all or of these."""
        if wanted is not None:
            return {found.name for found in self._files(wanted)}
        return {found.name for queue in LISTED_QUEUES for found in self.spool.walk(queue) if is_valid(found.name)}

    def collisions(self, live: QueueDirectory, wanted: Container[str]) -> set[str]:
        """Return which of these messages cannot be given back, because their queue ID is taken.

        Across filesystems nobody can know.
        """
        if self.is_elsewhere(live):
            return set()
        taken = live.names()
        return {
            found.name
            for found in self._files(wanted)
            if live.fit(found.name, inode_of(found.name, found.directory)) in taken
        }

    # --- moving -------------------------------------------------------------------------------------------------

    def take(self, live: QueueDirectory, wanted: Mapping[str, Move], **said: Any) -> MoveResult:
        """Move messages and their logs into the quarantine. said: what the journal is to say of it.

        Raises QuarantineError where nothing was moved; what ends the move later is in the result.
        """
        self.write("take", messages=_by_queue(wanted, "queue"), **said)
        moved = MoveResult()
        with self._settling(live, wanted, moved):
            out = Out(self, live, moved)
            out.transfer(wanted)
            out.take_logs({queue_id: queue_id for queue_id in moved.done}, replace=True)
        return moved

    def give(self, live: QueueDirectory, wanted: Mapping[str, Move], **said: Any) -> MoveResult:
        """Move messages and their logs back to Postfix, never over a file. said, result and errors as of take()."""
        self.write("give", messages=_by_queue(wanted, "source"), **said)
        moved = MoveResult()
        with self._settling(live, wanted, moved):
            Back(self, live, moved).transfer(wanted)
        return moved

    @contextmanager
    def _settling(self, live: QueueDirectory, wanted: Mapping[str, Move], moved: MoveResult) -> Iterator[None]:
        """Record that a move is done; finish or undo what a full disk or the like leaves half done, and note what it was."""
        try:
            yield
            live.tree.sync()
            self.tree.sync()
            self.write(_DONE, messages=len(moved.done), collisions=sorted(moved.collisions))
        except (OSError, MailopsError) as error:
            moved.broken = broken_off(self, live, error) if isinstance(error, OSError) else error
            self._recover_quietly(live, moved)
            reason = reason_of(error) if isinstance(error, OSError) else str(error)
            known = {*moved.done, *moved.collisions, *moved.failed}
            moved.failed.update((queue_id, reason) for queue_id in wanted if queue_id not in known)

    def _recover_quietly(self, live: QueueDirectory, moved: MoveResult) -> None:
        """Finish or undo what can be; what cannot be now, the next run finishes or undoes."""
        with suppress(OSError, MailopsError):
            self.recover(live, moved=moved)
        for queue_id in moved.done:
            moved.failed.pop(queue_id, None)

    # --- removing -----------------------------------------------------------------------------------------------

    def proof(self, *, whole: bool = True) -> contents.Proof:
        """Return what the journal proves to be in the quarantine. whole: whether nothing may be on its way."""
        queue_ids = {queue_id for record in self.records for queue_id in record.get("ids_in", ())}
        for record in self.records:
            if record["op"] == "take":
                queue_ids |= _queue_ids(record)
        return contents.Proof(
            queue_ids=frozenset(queue_ids),
            whole_logs=any(record["op"] == "swap" for record in self.records),
            working=frozenset() if whole else frozenset((transfer.STAGING, _FRESH)),
        )

    def check_proved(self, wanted: Container[str] | None, *, whole: bool) -> None:
        """Raise QuarantineError where anything is here that the journal does not prove to be the quarantine's.

        wanted: look at these messages only. whole: as for proof().
        """
        proof = self.proof(whole=whole)
        if wanted is None:
            try:
                foreign = (entry.path for entry in contents.walk(self.tree.root, proof) if not entry.is_own)
                named = list(islice(foreign, _MAX_NAMED + 1))
            except OSError as error:
                raise SystemRefusal("The quarantine %s cannot be read" % self.path, error) from error
        else:
            strangers = ("%s/%s" % (found.queue, found.name) for found in self._files(wanted))
            unproved = (path for path in strangers if path.rpartition("/")[2] not in proof.queue_ids)
            named = list(islice(unproved, _MAX_NAMED + 1))
        if named:
            raise self._unproved(named, " Nothing was touched.")

    def _unproved(self, paths: Sequence[str], touched: str = "") -> QuarantineError:
        return QuarantineError(
            "The quarantine %s holds what its journal does not name: %s.%s Move that to another place, then run this again."
            % (self.path, _list(paths), touched)
        )

    def drop(self, wanted: Mapping[str, str], **said: Any) -> Deleted:
        """Delete messages and their logs, and return what became of them. wanted: queues by ID.

        The record of it comes last, because deleting needs no room.
        """
        deleted = Deleted()
        try:
            # As postsuper(1) does: a log that stays behind would be nobody's.
            for log in LOGS:
                for found in self.spool.walk(log):
                    if found.name in wanted:
                        with suppress(OSError):
                            deleted.touched |= _remove_file(found)
            for found in self._files(wanted):
                if wanted[found.name] == found.queue:
                    deleted.remove(found)
            if deleted.gone:
                self.write("drop", messages=len(deleted.gone), ids=sorted(deleted.gone), **said)
        except MailopsError as error:
            deleted.broken = error
        except OSError as error:
            deleted.broken = SystemRefusal("The quarantine %s cannot be read" % self.path, error)
        return deleted

    def ended_for(self, state: str) -> set[str]:
        """Return the queue IDs of messages that were restored or deleted. state: C(restored) or C(absent)."""
        if state == "absent":
            return {queue_id for record in self.records if record["op"] == "drop" for queue_id in record["ids"]}
        return {queue_id for record in self.records if record["op"] == "give" for queue_id in _queue_ids(record)}

    def remove(self) -> Deleted:
        """Delete the quarantine with all that the journal proves to be in it, and return what became of the messages.

        The journal goes last, and only if everything else is gone. Raises QuarantineError where there is anything that it does not
        prove, and then nothing was deleted.
        """
        self.check_proved(None, whole=True)
        deleted = Deleted()
        try:
            for entry in contents.walk(self.tree.root, self.proof()):
                self._remove_entry(entry, deleted)
            left = sorted(name for name in os.listdir(self.tree.root) if name != JOURNAL)
            if left and deleted.broken is None:
                deleted.broken = self._unproved(left)
            if deleted.broken is None:
                deleted.touched |= moves.remove(JOURNAL, self.tree.root)
                os.rmdir(self.path)
        except OSError as error:
            deleted.broken = deleted.broken or SystemRefusal("The quarantine %s cannot be removed" % self.path, error)
        return deleted

    def _remove_entry(self, entry: contents.Entry, deleted: Deleted) -> None:
        if not entry.is_own:
            return
        is_message = entry.path.split("/", 1)[0] in LISTED_QUEUES and not entry.is_directory
        try:
            if entry.is_directory:
                os.rmdir(entry.name, dir_fd=entry.directory)
                deleted.touched = True
            elif moves.remove(entry.name, entry.directory):
                deleted.touched = True
                if is_message:
                    deleted.gone.add(entry.name)
        except OSError as error:
            if is_message:
                deleted.failed[entry.name] = reason_of(error)
            place = os.path.join(self.path, entry.path)
            deleted.broken = deleted.broken or SystemRefusal("%s cannot be removed" % place, error)

    # --- what an interrupted run left ---------------------------------------------------------------------------

    def is_whole(self, live: QueueDirectory) -> bool:
        """Return whether nothing is half done."""
        if self.unfinished() is not None or moves.is_there(_FRESH, self.tree.root):
            return False
        return all(way.is_settled() for way in transfer.ways(self, live, MoveResult()))

    def recover(
        self, live: QueueDirectory, *, start: Callable[[], None] | None = None, moved: MoveResult | None = None
    ) -> MoveResult | None:
        """Finish or undo what an interrupted run left, and return what became of it, None where there was nothing.

        It goes by the files that it sees; so it may itself be interrupted. Raises OSError and MailopsError.
        start: what else is to be done before the journal says that it is finished. moved: what became of messages before, to which
        it adds.
        """
        if self.is_whole(live):
            return None
        moved = moved or MoveResult()
        transfer.settle(self, live, moved)
        self.settle_swap(live)
        intent = self.unfinished()
        if intent is not None:
            result = _RECOVERIES[intent["op"]](self, live, intent, moved)
            live.tree.sync()
            self.tree.sync()
            if start is not None:
                start()
            self.write(_DONE, **{"collisions": [], "recovered": True, **result})
        return moved

    def recover_take(self, live: QueueDirectory, intent: Record, moved: MoveResult) -> dict[str, Any]:
        """Bring the logs of messages that were taken after them; return how many those are."""
        here = self.present(_queue_ids(intent))
        strangers = live.names()
        Out(self, live, moved).take_logs({name: name for name in here if name not in strangers}, replace=True)
        return {"messages": len(here)}

    def recover_give(self, live: QueueDirectory, intent: Record, moved: MoveResult) -> dict[str, Any]:
        """Bring back the logs of messages that were not given any more; return how many were."""
        wanted = _queue_ids(intent)
        here = {}
        for found in self._files(wanted):
            here[live.fit(found.name, inode_of(found.name, found.directory))] = found.name
        # What Postfix has under such an ID is another message, and its logs are its own.
        strangers = live.names()
        out = Out(self, live, moved)
        out.take_logs({name: here[name] for name in here if name not in strangers}, replace=False)
        return {"messages": len(wanted.difference(here.values()))}

    # --- whole queues -------------------------------------------------------------------------------------------

    def swap(
        self,
        live: QueueDirectory,
        queues: Sequence[str],
        stopped: Callable[[], ContextManager[None]],
        moved: MoveResult,
        **said: Any,
    ) -> None:
        """Move whole queues with all logs into the quarantine and put empty ones in their place.

        stopped: while that is entered, Postfix does not run. What is done in it does not grow with the queues, but for the logs of
        messages that stay. moved: gets whether anything was moved. said: as for take(). Raises MailopsError.
        """
        # Asked while Postfix runs.
        self.is_elsewhere(live)
        names = [name for name in (*queues, *LOGS) if live.spool.has(name)]
        earlier = self.present()
        self._make_fresh(live, names)
        try:
            self.write("swap", queues=list(queues), earlier=sorted(earlier), **said)
        except QuarantineError:
            with suppress(OSError):
                self.settle_swap(live)
            raise
        try:
            with stopped():
                self._swap(live, names, moved)
            self._secure()
            live.tree.sync()
            self.tree.sync()
            here = self.present() - earlier
            self.write(_DONE, messages=len(here), collisions=[], ids_in=sorted(here))
        except OSError as error:
            self._recover_quietly(live, moved)
            raise broken_off(self, live, error) from error
        except MailopsError:
            # The intent stays open: it says that Postfix ran, and the next run starts it if this one could not.
            with suppress(OSError):
                self.settle_swap(live)
            raise

    def _make_fresh(self, live: QueueDirectory, names: Sequence[str]) -> None:
        """Make the directories that are to take the place of those. Raises SystemRefusal, and then nothing was made."""
        try:
            for name in names:
                look = FileAttributes.of(live.tree.directory(name))
                look.put_on(self.tree.directory(_FRESH + "/" + name, _PRIVATE))
            live.tree.forget()
            self.tree.sync()
        except OSError as error:
            with suppress(OSError):
                self.settle_swap(live)
            refusal = SystemRefusal(
                "New queue directories cannot be made in %s, and nothing was touched" % self.path, error
            )
            raise _no_room(refusal, error) from error

    def _swap(self, live: QueueDirectory, names: Sequence[str], moved: MoveResult) -> None:
        self.tree.forget()
        try:
            for name in names:
                moves.move_directory(name, source_dir=live.tree.root, target_dir=self.tree.root)
                moved.directories = True
        finally:
            self.settle_swap(live)
        self._leave_logs(live, moved)

    def _secure(self) -> None:
        """Give the directories that were moved to root. Raises OSError.

        They were the mail owner's, and a process that has kept one of them open could still remove files there.
        """
        for name in (*LISTED_QUEUES, *LOGS):
            contents.give_to(_PRIVATE, name, self.tree.root)

    def settle_swap(self, live: QueueDirectory) -> None:
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

    def _leave_logs(self, live: QueueDirectory, moved: MoveResult, but: Container[str] = ()) -> None:
        """Give back the logs of messages that are in the queue, where not all queues were moved."""
        back = Back(self, live, moved)
        for queue in LISTED_QUEUES:
            for found in live.spool.walk(queue):
                if found.name not in but:
                    for log in LOGS:
                        back.give_log(log, found.name, found.name)

    def recover_swap(self, live: QueueDirectory, intent: Record, moved: MoveResult) -> dict[str, Any]:
        """Return what came into the quarantine. The next run takes the rest."""
        here = self.present()
        self._leave_logs(live, moved, here)
        self._secure()
        new = here.difference(intent["earlier"])
        return {"messages": len(new), "ids_in": sorted(new)}


_RECOVERIES: Mapping[str, Callable[[Quarantine, QueueDirectory, Record, MoveResult], dict[str, Any]]] = {
    "take": Quarantine.recover_take,
    "give": Quarantine.recover_give,
    "swap": Quarantine.recover_swap,
}


def ended(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Yield each intent with the record that ends it."""
    intent: Record | None = None
    for record in records:
        if record["op"] in _RECOVERIES:
            intent = record
        elif record["op"] == _DONE and intent is not None:
            yield intent, record
            intent = None


def is_empty(base: str, name: str) -> bool:
    """Return whether there is an empty directory of that name, or one with nothing but the beginning of a journal."""
    path = os.path.join(base, name)
    return _is_trusted(base) and _is_trusted(path) and not _has_journal(path) and not _foreign_in(path)


def check_adoptable(base: str, name: str) -> None:
    """Raise MailopsError where a quarantine of that name is not there and cannot be made, because something else is."""
    path = os.path.join(base, name)
    if not (_is_trusted(base) and _is_trusted(path)) or _has_journal(path):
        return
    found = _foreign_in(path)
    if found:
        raise QuarantineError(
            "%s is not a quarantine and is not empty: it holds %s. Nothing was touched. Use another name, or move that to another "
            "place." % (path, _list(found[: _MAX_NAMED + 1]))
        )


def _foreign_in(path: str) -> list[str]:
    """Return what is in a directory that is no quarantine, but for the beginning of a journal."""
    try:
        with Tree(path) as tree:
            found = sorted(os.listdir(tree.root))
            if found == [JOURNAL]:
                data = Journal(tree.root, path).read_bytes()
                found = [] if data is not None and journal.is_cut_beginning(data, _BEGINNING) else found
    except OSError as error:
        raise SystemRefusal("The directory %s cannot be read" % path, error) from error
    return found


@contextmanager
def _made_directories(*paths: str) -> Iterator[None]:
    """Make the directories that are missing, and remove those again where anything fails. Raises SystemRefusal."""
    made: list[str] = []
    try:
        for path in paths:
            if not _is_trusted(path):
                os.mkdir(path, 0o700)
                made.append(path)
        yield
    except (OSError, MailopsError) as error:
        for path in reversed(made):
            with suppress(OSError):
                os.rmdir(path)
        if isinstance(error, OSError):
            refusal = SystemRefusal("The directory %s cannot be made" % paths[-1], error)
            raise _no_room(refusal, error) from error
        raise


def broken_off(quarantine: Quarantine, live: QueueDirectory, error: OSError) -> QuarantineError:
    """Return what to say where the system did not let a move go on."""
    return QuarantineError(
        "Moving between %s and %s broke off: %s. Every message is in one of them, and what was moved before stays moved. %s"
        % (live.layout.queue_directory, quarantine.path, reason_of(error), remedy_of(error))
    )


def _remove_file(found: QueueEntry) -> bool:
    """Remove a regular file and return whether there was one. Raises OSError."""
    return bool(inode_of(found.name, found.directory)) and moves.remove(found.name, found.directory)


def _signature() -> dict[str, Any]:
    """Return when and by whom a record is written."""
    return {"time": int(time.time()), "by": operator()}


def _list(paths: Sequence[str]) -> str:
    """Return the first of these paths in words."""
    shown = ", ".join(printable(path) for path in paths[:_MAX_NAMED])
    return shown + (" and more" if len(paths) > _MAX_NAMED else "")


def _by_queue(wanted: Mapping[str, Move], which: str) -> dict[str, list[str]]:
    """Return the messages as the journal has them, by their queue in the quarantine."""
    queues: dict[str, list[str]] = {}
    for queue_id, target in sorted(wanted.items()):
        queues.setdefault(getattr(target, which), []).append(queue_id)
    return queues


def _queue_ids(intent: Record) -> set[str]:
    return {queue_id for queue in intent["messages"].values() for queue_id in queue}
