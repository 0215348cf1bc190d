# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moving messages between a queue directory and a quarantine, each in exactly one place whatever interrupts it.

On one filesystem a message moves by one rename, so it is in the queue or in the quarantine. Its logs move while it is in the
quarantine: after it on the way in, before it on the way out.

Between filesystems messages are copied, in batches. The places on the way belong to one quarantine: their names contain the
quarantine's ID. The journal records each copy (its inode and final name, and the inode of its original) before anything else is
done with it, and records it again when it is in its place. Only then is the original removed.

Out of the queue directory:

1. Copies are written to C(staging) in the quarantine and synced.
2. The journal records the copies.
3. Each original is renamed into C(limbo) in pid/, where Postfix does not look.
4. Each copy is renamed into its place in the quarantine.
5. The directories are synced, and the journal records what is in its place.
6. The originals in C(limbo) are removed.

Back into the queue directory the originals need no limbo, because nobody else takes anything out of a quarantine: the copies are in
C(staging) in pid/, and the originals stay in the quarantine until step 5 is done.

An interrupted run is settled by what is seen, never by what is missing: an original is removed only if its copy was recorded in its
place, and a copy is removed only if its original is seen where it belongs. What proves nothing stays where it is, and is named.
"""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Collection, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QuarantineError, reason_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.file_names import directory_for
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry, Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Tree
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

STAGING = "staging"
LIMBO = "limbo"
# The records of a batch of copies: when they are written, and when they are in their places.
COPIED = "copied"
PLACED = "placed"
# A batch is that much at most: a copy of everything needs little more room than everything.
_BATCH_MESSAGES = 200
_BATCH_BYTES = 64 << 20
_BATCH_DIRECTORIES = 32
# How deep logs may be hashed: as those of messages that were moved one by one first.
_DEPTHS = range(5)
# What no other message escapes either.
_NO_ROOM = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EROFS))
# What stands in the way of a log, planted by the mail owner, is no reason to leave its message behind.
_IN_THE_WAY = frozenset((errno.ENOTDIR, errno.ELOOP, errno.EISDIR))


class Move(NamedTuple):
    """From which queue a message is to go to which one."""

    source: str
    queue: str


class Place(NamedTuple):
    """Where a file is to go."""

    directory: int
    name: str


class Copied(NamedTuple):
    """A message with a copy on the other side: the inodes of both, and the name that the copy is to have."""

    queue_id: str
    source: str
    queue: str
    original: int
    copy: int
    name: str

    def __str__(self) -> str:
        """Return it as the journal has it."""
        return " ".join(map(str, tuple(self)))

    @classmethod
    def parse(cls, text: str) -> Copied:
        """Return what the journal has. Raises ValueError for what is none."""
        queue_id, source, queue, original, copy, name = text.split(" ")
        if not (is_valid(queue_id) and is_valid(name) and source in LISTED_QUEUES and queue in LISTED_QUEUES):
            raise ValueError(text)
        return cls(queue_id, source, queue, int(original), int(copy), name)

    @property
    def staged(self) -> str:
        """The name of the copy in staging and of the original in limbo."""
        return _staged(Move(self.source, self.queue), self.queue_id)


@dataclass
class MoveResult:
    """What became of messages that were to be moved, by queue ID. What is in none of these was not there."""

    done: dict[str, str] = field(default_factory=dict)
    """With the queue ID that each has now."""
    collisions: set[str] = field(default_factory=set)
    """Stayed where they were, because their queue ID was taken."""
    failed: dict[str, str] = field(default_factory=dict)
    """Stayed where they were, with the reason of the system."""
    duplicates: set[str] = field(default_factory=set)
    """Are in the quarantine although their original was not seen: Postfix may have delivered it."""
    uncertain: set[str] = field(default_factory=set)
    """Stay in the quarantine although their copy was given back and is gone: Postfix may have delivered it."""
    emptied: set[str] = field(default_factory=set)
    """Stay in the quarantine, and somebody has removed the place in pid/ where their copies were."""
    leftovers: list[str] = field(default_factory=list)
    """Paths of files on their way that prove nothing, and stay."""
    odd_logs: list[str] = field(default_factory=list)
    """Names of logs that are no regular files or cannot be moved, and stay."""
    astray: set[str] = field(default_factory=set)
    """Messages and logs (as C(defer/ID)) that have left their place and are neither back nor where they were to go."""
    copies: set[str] = field(default_factory=set)
    """Names of copies in staging."""
    directories: bool = False
    """Whether whole directories were moved."""
    broken: MailopsError | None = None
    """What ended the move before all messages were tried."""

    @property
    def touched(self) -> bool:
        """Whether anything is no longer where it was."""
        return bool(self.done or self.astray or self.copies or self.directories)

    def put(self, queue_id: str, name: str) -> None:
        """Note that a message is where it was to go, under that name."""
        self.done[queue_id] = name
        self.astray.discard(queue_id)

    @property
    def renamed(self) -> dict[str, str]:
        """The messages whose queue ID is another one now."""
        return {queue_id: name for queue_id, name in self.done.items() if queue_id != name}


class _Station(NamedTuple):
    """A directory where messages are on their way from one filesystem to another."""

    tree: Tree
    path: str
    look: moves.FileAttributes

    def open(self) -> int:
        """Return it open, made where it is missing. Raises OSError."""
        return self.tree.directory(self.path, self.look)

    def is_there(self) -> bool:
        """Return whether there is one."""
        try:
            self.tree.directory(self.path)
        except FileNotFoundError:
            return False
        return True

    def names(self) -> list[str]:
        """Return what is in it, nothing where there is none."""
        return os.listdir(self.open()) if self.is_there() else []

    def remove_empty(self) -> None:
        """Remove it if nothing is in it."""
        if not self.is_there():
            return
        self.tree.forget()
        try:
            os.rmdir(self.path, dir_fd=self.tree.root)
        except OSError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY, errno.EEXIST):
                raise

    def __str__(self) -> str:
        return os.path.join(self.tree.path, self.path)


class _Batch:
    """Copies that are written, and the directories that their originals are in."""

    entries: list[Copied]

    def __init__(self) -> None:
        self._directories: dict[tuple[int, int], int] = {}
        self.clear()

    def add(self, entry: Copied, directory: int, size: int) -> None:
        """Add a copy. directory: the open directory of its original, which may be closed afterwards."""
        status = os.fstat(directory)
        key = (status.st_dev, status.st_ino)
        if key not in self._directories:
            self._directories[key] = os.dup(directory)
        self.entries.append(entry)
        self._places[entry.queue_id] = self._directories[key]
        self._size += size

    def is_full(self) -> bool:
        """Return whether it is time to go on with it."""
        return (
            len(self.entries) >= _BATCH_MESSAGES
            or self._size >= _BATCH_BYTES
            or len(self._directories) >= _BATCH_DIRECTORIES
        )

    def directory(self, entry: Copied) -> int:
        """Return the open directory of the original."""
        return self._places[entry.queue_id]

    def clear(self) -> None:
        """Forget everything."""
        for descriptor in self._directories.values():
            os.close(descriptor)
        self.entries = []
        self._size = 0
        self._directories = {}
        self._places: dict[str, int] = {}


class _Way(ABC):
    """One direction: out of a spool, to where place() says, through staging where the filesystem ends."""

    name: str

    def __init__(self, quarantine: Quarantine, live: QueueDirectory, moved: MoveResult, staging: _Station) -> None:
        self.quarantine = quarantine
        self.live = live
        self.moved = moved
        self._staging = staging
        self._crossing = quarantine.is_elsewhere(live)

    @property
    @abstractmethod
    def source(self) -> Spool:
        """Where the messages are."""

    @abstractmethod
    def final_name(self, queue_id: str, inode: int) -> str:
        """Return the name that a message has in its place."""

    @abstractmethod
    def place(self, queue: str, name: str) -> Place:
        """Return where a message of that final name goes. Raises OSError."""

    @abstractmethod
    def stations(self) -> Sequence[_Station]:
        """Return the directories that are there only while messages are on their way."""

    @abstractmethod
    def _carry_on(self, batch: _Batch) -> None:
        """Bring recorded copies to their places, and remove their originals. Raises OSError and QuarantineError."""

    # --- a run --------------------------------------------------------------------------------------------------

    def transfer(self, wanted: Mapping[str, Move]) -> None:
        """Move the wanted messages that are there. Raises OSError and QuarantineError; recover() then says what is where."""
        batch = _Batch()
        try:
            for found, target in self._walk(wanted):
                self._try(found, target, batch)
                if batch.is_full():
                    self._carry(batch)
            self._carry(batch)
        finally:
            batch.clear()
        self.close()

    def close(self) -> None:
        """Remove the directories that are there only while messages are on their way, if they are empty."""
        for station in self.stations():
            station.remove_empty()

    def is_settled(self) -> bool:
        """Return whether nothing is on its way."""
        return not any(station.is_there() for station in self.stations())

    def _walk(self, wanted: Mapping[str, Move]) -> Iterator[tuple[QueueEntry, Move]]:
        for queue in sorted({target.source for target in wanted.values()}):
            for found in self.source.walk(queue):
                target = wanted.get(found.name)
                if target is not None and target.source == queue and inode_of(found.name, found.directory):
                    self._trim()
                    yield found, target

    def _trim(self) -> None:
        self.live.tree.trim()
        self.quarantine.tree.trim()

    def _try(self, found: QueueEntry, target: Move, batch: _Batch) -> None:
        """Move one message, or note why it stays. Raises OSError where no other could be moved either."""
        try:
            if not self._crossing:
                self._crossing = not self._move(found, target)
            if self._crossing:
                self._copy(found, target, batch)
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise
            # Else somebody has moved or removed it meanwhile.
            if error.errno != errno.ENOENT or inode_of(found.name, found.directory):
                self.moved.failed[found.name] = reason_of(error)

    def _move(self, found: QueueEntry, target: Move) -> bool:
        """Move a message by a rename; return False where the filesystem ends between. Raises OSError."""
        name = self.final_name(found.name, inode_of(found.name, found.directory))
        try:
            self._put(found.name, found.directory, self.place(target.queue, name), found.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            return False
        return True

    def _put(self, name: str, directory: int, place: Place, queue_id: str) -> None:
        """Bring a message to its place, or note that it is taken. Raises OSError."""
        try:
            moves.rename(name, place.name, source_dir=directory, target_dir=place.directory)
        except FileExistsError:
            self.moved.collisions.add(queue_id)
        else:
            self.moved.put(queue_id, place.name)
            self.moved.copies.discard(name)

    def _copy(self, found: QueueEntry, target: Move, batch: _Batch) -> None:
        """Write a copy to staging. Raises OSError."""
        staged = _staged(target, found.name)
        try:
            copy = moves.copy(found.name, staged, source_dir=found.directory, target_dir=self._staging.open())
        except FileExistsError:
            # A copy that could not be settled.
            self.moved.collisions.add(found.name)
            return
        except moves.LeftBehindError:
            self.moved.copies.add(staged)
            raise
        self.moved.copies.add(staged)
        name = self.final_name(found.name, copy.inode)
        entry = Copied(found.name, target.source, target.queue, copy.original, copy.inode, name)
        batch.add(entry, found.directory, copy.size)

    def _carry(self, batch: _Batch) -> None:
        if batch.entries:
            os.fsync(self._staging.open())
            self.quarantine.write(COPIED, way=self.name, files=[str(entry) for entry in batch.entries])
            self._carry_on(batch)
        batch.clear()

    def _sync(self) -> None:
        self.live.tree.sync()
        self.quarantine.tree.sync()

    def _record_placed(self, entries: Iterable[Copied]) -> None:
        self._sync()
        self.quarantine.write(PLACED, way=self.name, ids=sorted(entry.queue_id for entry in entries))

    def _remove_copy(self, entry: Copied) -> None:
        """Remove a copy from staging. Its original was seen where it belongs. Raises OSError."""
        remove_same(entry.staged, self._staging.open(), entry.copy)
        self.moved.copies.discard(entry.staged)

    # --- logs ---------------------------------------------------------------------------------------------------

    def carry_log(self, log: str, name: str, directory: int, place: Place) -> None:
        """Move a log; where one has its name already, that one stays and this one goes. Raises OSError.

        What is no regular file is left where it is, and named.
        """
        if not inode_of(name, directory):
            self._note_odd(log, name)
            return
        try:
            self._carry_log(log, name, directory, place)
        except OSError as error:
            # A log is no reason to leave its message behind.
            if error.errno in _NO_ROOM:
                raise
            # Else Postfix has removed it.
            if error.errno != errno.ENOENT or inode_of(name, directory):
                self._note_odd(log, name)

    def _carry_log(self, log: str, name: str, directory: int, place: Place) -> None:
        try:
            moves.rename(name, place.name, source_dir=directory, target_dir=place.directory)
            return
        except FileExistsError:
            if not inode_of(place.name, place.directory):
                self._note_odd(log, place.name)
                return
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            self._copy_log(_staged(Move(log, log), name), name, directory, place)
        moves.remove(name, directory)

    def _note_odd(self, log: str, name: str) -> None:
        path = "%s/%s" % (log, name)
        if path not in self.moved.odd_logs:
            self.moved.odd_logs.append(path)

    def _copy_log(self, staged: str, name: str, directory: int, place: Place) -> None:
        staging = self._staging.open()
        moves.remove(staged, staging)
        moves.copy(name, staged, source_dir=directory, target_dir=staging)
        try:
            moves.rename(staged, place.name, source_dir=staging, target_dir=place.directory)
        except FileExistsError:
            moves.remove(staged, staging)

    # --- what an interrupted run left ---------------------------------------------------------------------------

    @abstractmethod
    def settle(self, entries: Sequence[Copied]) -> None:
        """Finish or undo recorded copies that were not recorded in their places. Raises OSError and QuarantineError."""

    @abstractmethod
    def clear(self, entries: Collection[Copied]) -> None:
        """Remove the originals of copies that were recorded in their places. Raises OSError."""

    def sweep(self) -> None:
        """Remove the copies that no record names, if their originals are seen; then the empty directories. Raises OSError.

        No original is touched before its copy is recorded, so such an original is where it was.
        """
        staged = {name: _parse_staged(name) for name in self._staging.names()}
        wanted = {parsed[1] for parsed in staged.values() if parsed}
        seen = {found.name for queue in LISTED_QUEUES for found in self.source.walk(queue) if found.name in wanted}
        for name, parsed in staged.items():
            if parsed and (parsed[0].source in LOGS or parsed[1] in seen):
                moves.remove(name, self._staging.open())
                self.moved.copies.discard(name)
            else:
                self._note_leftover(self._staging, name)
        self.close()

    def _note_leftover(self, station: _Station, name: str) -> None:
        path = "%s/%s" % (station, name)
        if path not in self.moved.leftovers:
            self.moved.leftovers.append(path)


def inode_of(name: str, directory: int) -> int:
    """Return the inode number of a regular file, 0 where there is none: links and the like are nobody's mail. Raises OSError."""
    status = moves.status_of(name, directory)
    if status is None:
        return 0
    return status.st_ino if stat.S_ISREG(status.st_mode) else 0


def remove_same(name: str, directory: int, inode: int) -> bool:
    """Remove a file that has that inode, and return whether there was one. Raises OSError."""
    return inode_of(name, directory) == inode and moves.remove(name, directory)


def _staged(target: Move, queue_id: str) -> str:
    """Return the name of a file in staging and limbo; a queue ID has no dots."""
    return ".".join((*target, queue_id))


def _parse_staged(name: str) -> tuple[Move, str] | None:
    """Return what the name of a file in staging or limbo says, None for a name of somebody else."""
    parts = name.split(".")
    if len(parts) != 3 or not {*parts[:2]}.issubset((*LISTED_QUEUES, *LOGS)) or not is_valid(parts[2]):
        return None
    return Move(parts[0], parts[1]), parts[2]


def _seen(spool: Spool, inodes: Mapping[str, Collection[int]]) -> set[tuple[str, int]]:
    """Return which files of these names and inodes are in any queue. It looks twice, because a message may move meanwhile."""
    seen = set()
    for _look in range(2):
        for queue in LISTED_QUEUES:
            for found in spool.walk(queue):
                wanted = inodes.get(found.name)
                if wanted is not None:
                    inode = inode_of(found.name, found.directory)
                    if inode in wanted:
                        seen.add((found.name, inode))
    return seen


class Out(_Way):
    """Out of Postfix's sight. The logs follow when the messages are there."""

    name = "out"

    def __init__(self, quarantine: Quarantine, live: QueueDirectory, moved: MoveResult) -> None:
        super().__init__(quarantine, live, moved, _Station(quarantine.tree, STAGING, quarantine.private))
        self._limbo = _Station(live.tree, quarantine.beside_pid(LIMBO), quarantine.private)

    @property
    def source(self) -> Spool:
        return self.live.spool

    def final_name(self, queue_id: str, inode: int) -> str:  # noqa: ARG002  there a name need not fit
        return queue_id

    def place(self, queue: str, name: str) -> Place:
        return Place(self.quarantine.tree.directory(queue, self.quarantine.private), name)

    def stations(self) -> Sequence[_Station]:
        return (self._staging, self._limbo)

    def _carry_on(self, batch: _Batch) -> None:
        limbo = self._limbo.open()
        for entry in batch.entries:
            directory = batch.directory(entry)
            try:
                if inode_of(entry.queue_id, directory) == entry.original:
                    moves.rename(entry.queue_id, entry.staged, source_dir=directory, target_dir=limbo)
                    self.moved.astray.add(entry.queue_id)
            except OSError as error:
                if error.errno != errno.ENOENT or inode_of(entry.queue_id, directory):
                    self.moved.failed[entry.queue_id] = reason_of(error)
        self.settle(batch.entries)

    def settle(self, entries: Sequence[Copied]) -> None:
        # After a power loss an original must not be back in the queue when its copy is in its place.
        if self._limbo.is_there():
            os.fsync(self._limbo.open())
        seen: set[tuple[str, int]] | None = None
        done = []
        for entry in entries:
            self._trim()
            if self._limbo.is_there() and inode_of(entry.staged, self._limbo.open()) == entry.original:
                if self._settle_one(entry):
                    done.append(entry)
                continue
            if seen is None:
                seen = _seen(self.live.spool, {entry.queue_id: (entry.original,) for entry in entries})
            if self._settle_without(entry, is_seen=(entry.queue_id, entry.original) in seen):
                done.append(entry)
        self._record_placed(done)
        self.clear(done)

    def _settle_one(self, entry: Copied) -> bool:
        """Bring the copy of an original in limbo to its place; return whether it is there. Else put the original back."""
        place = self.place(entry.queue, entry.name)
        if inode_of(place.name, place.directory) == entry.copy:
            self.moved.put(entry.queue_id, entry.name)
            return True
        if self._is_staged(entry):
            try:
                self._put(entry.staged, self._staging.open(), place, entry.queue_id)
            except OSError as error:
                self.moved.failed[entry.queue_id] = reason_of(error)
            if entry.queue_id in self.moved.done:
                return True
        if self._put_back(Move(entry.source, entry.queue), entry.queue_id) and self._is_staged(entry):
            self._remove_copy(entry)
        return False

    def _put_back(self, target: Move, queue_id: str) -> bool:
        """Put an original back where it was, and return whether it is there. Raises OSError.

        Where its name is taken there, it stays in limbo and is named.
        """
        staged = _staged(target, queue_id)
        directory = self.live.directory(target.source, queue_id)
        try:
            moves.rename(staged, queue_id, source_dir=self._limbo.open(), target_dir=directory)
        except FileExistsError:
            self._note_leftover(self._limbo, staged)
            return False
        self.moved.astray.discard(queue_id)
        return True

    def _settle_without(self, entry: Copied, *, is_seen: bool) -> bool:
        """Settle a copy whose original is not in limbo; return whether the copy is in its place. Raises OSError."""
        place = self.place(entry.queue, entry.name)
        is_placed = inode_of(place.name, place.directory) == entry.copy
        if is_seen:
            if is_placed:
                remove_same(place.name, place.directory, entry.copy)
                self.moved.done.pop(entry.queue_id, None)
            elif self._is_staged(entry):
                self._remove_copy(entry)
            return False
        if not is_placed and self._is_staged(entry):
            self._put(entry.staged, self._staging.open(), place, entry.queue_id)
            is_placed = entry.queue_id in self.moved.done
        if is_placed:
            self.moved.put(entry.queue_id, entry.name)
            self.moved.duplicates.add(entry.queue_id)
        return is_placed

    def _is_staged(self, entry: Copied) -> bool:
        return self._staging.is_there() and inode_of(entry.staged, self._staging.open()) == entry.copy

    def clear(self, entries: Collection[Copied]) -> None:
        if self._limbo.is_there():
            for entry in entries:
                remove_same(entry.staged, self._limbo.open(), entry.original)

    def sweep(self) -> None:
        """Also put back the originals that no record names, where the quarantine has nothing under their queue ID."""
        limbo = {name: _parse_staged(name) for name in self._limbo.names()}
        taken = self.quarantine.present({parsed[1] for parsed in limbo.values() if parsed}) if limbo else set()
        for name, parsed in limbo.items():
            if parsed and parsed[1] not in taken and inode_of(name, self._limbo.open()):
                self._put_back(*parsed)
            else:
                self._note_leftover(self._limbo, name)
        super().sweep()

    def take_logs(self, queue_ids: Mapping[str, str], *, replace: bool) -> None:
        """Move the logs of messages that are in the quarantine. queue_ids: by the name of the log. Raises OSError.

        replace: whether a log that is in the quarantine already is older than the message's being there, and so of no use.
        """
        if not queue_ids:
            return
        for log in LOGS:
            for found in self.live.spool.walk(log):
                queue_id = queue_ids.get(found.name)
                if queue_id is not None:
                    self._trim()
                    place = self.place(log, queue_id)
                    if replace and inode_of(found.name, found.directory):
                        remove_same(place.name, place.directory, inode_of(place.name, place.directory))
                    self.carry_log(log, found.name, found.directory, place)
        self.close()


class Back(_Way):
    """Back to Postfix. The logs go just before their message, because Postfix may look at it at once."""

    name = "back"

    def __init__(self, quarantine: Quarantine, live: QueueDirectory, moved: MoveResult) -> None:
        staging = _Station(live.tree, quarantine.beside_pid(STAGING), quarantine.private)
        super().__init__(quarantine, live, moved, staging)
        self._logs: Mapping[str, set[str]] | None = None
        self._taken: set[str] | None = None

    @property
    def source(self) -> Spool:
        return self.quarantine.spool

    def final_name(self, queue_id: str, inode: int) -> str:
        return self.live.fit(queue_id, inode)

    def place(self, queue: str, name: str) -> Place:
        return Place(self.live.directory(queue, name), name)

    def stations(self) -> Sequence[_Station]:
        return (self._staging,)

    def _put(self, name: str, directory: int, place: Place, queue_id: str) -> None:
        # Nobody can get one of these names later: it holds the number of an inode that is in use.
        if self._taken is None:
            self._taken = self.live.names()
        if place.name in self._taken:
            self.moved.collisions.add(queue_id)
            return
        if self._logs is None:
            self._logs = {log: {found.name for found in self.source.walk(log)} for log in LOGS}
        try:
            for log in LOGS:
                if queue_id in self._logs[log]:
                    self.moved.astray.add("%s/%s" % (log, place.name))
                    self.give_log(log, queue_id, place.name)
            super()._put(name, directory, place, queue_id)
        except (OSError, MailopsError):
            self._return_logs({place.name: queue_id})
            raise
        if queue_id in self.moved.collisions:
            self._return_logs({place.name: queue_id})
        self._forget_logs([place.name])

    def _return_logs(self, queue_ids: Mapping[str, str]) -> None:
        Out(self.quarantine, self.live, self.moved).take_logs(queue_ids, replace=False)
        self._forget_logs(queue_ids)

    def _forget_logs(self, names: Iterable[str]) -> None:
        """Note that the logs of these names are where they belong."""
        self.moved.astray.difference_update("%s/%s" % (log, name) for log in LOGS for name in names)

    def _carry_on(self, batch: _Batch) -> None:
        done, undone = [], []
        for entry in batch.entries:
            self._trim()
            try:
                place = self.place(entry.queue, entry.name)
                self._put(entry.staged, self._staging.open(), place, entry.queue_id)
            except OSError as error:
                self.moved.failed[entry.queue_id] = reason_of(error)
            if entry.queue_id in self.moved.done:
                done.append(entry)
            elif inode_of(entry.queue_id, batch.directory(entry)) == entry.original:
                undone.append(entry)
        # Without that record a copy that is gone may be one that Postfix has delivered.
        self._record_placed(done)
        for entry in undone:
            self._remove_copy(entry)
        for entry in done:
            remove_same(entry.queue_id, batch.directory(entry), entry.original)

    def settle(self, entries: Sequence[Copied]) -> None:
        originals = _seen(self.source, {entry.queue_id: (entry.original,) for entry in entries})
        copies = _seen(self.live.spool, {entry.name: (entry.copy,) for entry in entries})
        was_emptied = not self._staging.is_there()
        done, undone = [], []
        for entry in entries:
            has_original = (entry.queue_id, entry.original) in originals
            if (entry.name, entry.copy) in copies:
                self.moved.put(entry.queue_id, entry.name)
                done.append(entry)
            elif not was_emptied and inode_of(entry.staged, self._staging.open()) == entry.copy:
                if has_original:
                    undone.append(entry)
                else:
                    self._finish(entry)
            elif has_original:
                (self.moved.emptied if was_emptied else self.moved.uncertain).add(entry.queue_id)
        taken = self.live.names() if undone else set()
        self._return_logs({entry.name: entry.queue_id for entry in undone if entry.name not in taken})
        self._record_placed(done)
        for entry in undone:
            self._remove_copy(entry)
        self.clear(done)

    def _finish(self, entry: Copied) -> None:
        """Bring a copy whose original is gone to its place; where that cannot be done, it stays in staging."""
        with suppress(OSError):
            self._put(entry.staged, self._staging.open(), self.place(entry.queue, entry.name), entry.queue_id)

    def clear(self, entries: Collection[Copied]) -> None:
        wanted = {entry.queue_id: entry.original for entry in entries}
        for queue in LISTED_QUEUES if wanted else ():
            for found in self.source.walk(queue):
                if found.name in wanted:
                    remove_same(found.name, found.directory, wanted[found.name])

    def give_log(self, log: str, queue_id: str, name: str) -> None:
        """Move a message's log, if it has one. name: the queue ID that the message has in the queue. Raises OSError."""
        # Messages that were moved one by one have their logs side by side, whole queues those of their hash directories.
        for depth in _DEPTHS:
            with suppress(FileNotFoundError):
                directory = self.quarantine.tree.directory((log + "/" + directory_for(queue_id, depth)).rstrip("/"))
                if moves.is_there(queue_id, directory):
                    self._give_log(log, queue_id, directory, name)

    def _give_log(self, log: str, queue_id: str, directory: int, name: str) -> None:
        try:
            place = Place(self.live.directory(log, name), name)
        except OSError as error:
            if error.errno not in _IN_THE_WAY:
                raise
            self._note_odd(log, name)
            return
        self.carry_log(log, queue_id, directory, place)


_WAYS = {Out.name: Out, Back.name: Back}


def ways(quarantine: Quarantine, live: QueueDirectory, moved: MoveResult) -> list[Out | Back]:
    """Return both directions."""
    return [way(quarantine, live, moved) for way in (Out, Back)]


def settle(quarantine: Quarantine, live: QueueDirectory, moved: MoveResult) -> None:
    """Finish or undo what is on its way. Raises OSError and QuarantineError."""
    batch, placed = last_batch(quarantine.records)
    way = None if batch is None else _WAYS[batch["way"]](quarantine, live, moved)
    if batch is not None and way is not None:
        entries = parse_batch(batch, quarantine.path)
        if placed is None:
            way.settle(entries)
        else:
            known = set(placed["ids"])
            way.clear([entry for entry in entries if entry.queue_id in known])
    for each in ways(quarantine, live, moved):
        each.sweep()


def last_batch(records: Sequence[Record]) -> tuple[Record | None, Record | None]:
    """Return the last batch of copies that may not be done with, and the record that they are in their places."""
    placed = None
    for record in reversed(records):
        if record["op"] == COPIED:
            return (record if record["way"] in _WAYS else None), placed
        if record["op"] != PLACED:
            break
        placed = record
    return None, None


def parse_batch(batch: Record, path: str) -> list[Copied]:
    """Return the copies of a batch. Raises QuarantineError for what is no batch."""
    try:
        return [Copied.parse(text) for text in batch["files"]]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise QuarantineError(
            "The journal of %s has a record of copies that cannot be read. Its messages are where they are: look at the directory, "
            "and move it aside if need be." % path
        ) from None
