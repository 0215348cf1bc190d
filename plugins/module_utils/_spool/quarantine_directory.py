# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The open directory of a quarantine: its messages and logs, its journal, and questions about its records."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any, Container, Iterator, Mapping, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
    reason_of,
    remedy_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import COPIED
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import (
    DONE,
    INTENTS,
    MADE,
    VERSION,
    finished_intents,
    queue_ids_of,
    time_and_operator,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

_ID = re.compile(r"[0-9a-f]{16}\Z")
_ID_BYTES = 8


_Self = TypeVar("_Self", bound="QuarantineDirectory")


class QuarantineDirectory:
    """The open directory of a quarantine. Use it as a context manager."""

    def __init__(self, base: str, name: str) -> None:
        """Open it. Raises MailopsError if there is none, if it does not belong to root only, or if its journal cannot be read."""
        self.name = name
        self.base = base
        self.path = os.path.join(base, name)
        self._elsewhere: bool | None = None
        if not (quarantine_place.is_trusted(base) and quarantine_place.is_trusted(self.path)):
            raise QuarantineError(
                "There is no quarantine %s in %s. Existing quarantines: %s."
                % (name, base, ", ".join(quarantine_place.names(base)) or "none")
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
        """Raise QuarantineError if the first record is not that of a quarantine, or of another version."""
        made: Mapping[str, Any] = self.records[0] if self.records else {}
        if made.get("op") != MADE:
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
                "The journal of %s cannot be read: its first record has no ID or no instance. Its messages stay where they "
                "are. Look at the directory, and move it to another place." % self.path
            )

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self._close()

    def _close(self) -> None:
        self.tree.close()
        self.spool.close()

    @classmethod
    def make(cls: type[_Self], base: str, name: str, *, host: str, instance: Mapping[str, str]) -> _Self:
        """Return the quarantine of that name, made if there is none. Raises MailopsError, and then nothing was made."""
        path = os.path.join(base, name)
        quarantine_place.check_adoptable(base, name)
        if quarantine_place.is_trusted(path) and quarantine_place.has_journal(path):
            return cls(base, name)
        with quarantine_place.make_directories(base, path):
            made = {"op": MADE, "version": VERSION, "id": os.urandom(_ID_BYTES).hex(), **time_and_operator()}
            with Tree(path) as tree:
                Journal(tree.root, path).append({**made, "host": host, "instance": dict(instance)})
            return cls(base, name)

    def check_owner(self, instance: Mapping[str, str]) -> None:
        """Raise QuarantineError if it belongs to another instance."""
        made = self.records[0]
        if made["instance"] != dict(instance):
            raise QuarantineError(
                "The quarantine %s belongs to the instance in %s, this one is in %s; choose another name, or that instance."
                % (self.path, made["instance"].get("config_directory"), instance["config_directory"])
            )

    @property
    def private(self) -> FileAttributes:
        """The attributes of directories that only root may enter."""
        return quarantine_place.PRIVATE

    def pid_path(self, part: str) -> str:
        """Return the path, in the queue directory, of a directory for messages of this quarantine on their way. pid/ belongs to root."""
        return "pid/mailops.%s.%s" % (self.records[0]["id"], part)

    def write(self, operation: str, **fields: Any) -> None:
        """Add a record to the journal. It is on disk when this returns. Raises QuarantineError."""
        record = {"op": operation, **time_and_operator(), **fields}
        self.journal.append(record)
        self.records.append(record)
        if operation == COPIED:
            self._forget_batches()

    def _forget_batches(self) -> None:
        """Keep in memory only the files of the last batch of copies. The other batches are finished."""
        batches = [number for number, record in enumerate(self.records) if "files" in record]
        for number in batches[:-1]:
            self.records[number] = {key: value for key, value in self.records[number].items() if key != "files"}

    def unfinished(self) -> Record | None:
        """Return the record of an intent that no later record ends, None if there is none."""
        for record in reversed(self.records):
            if record["op"] == DONE:
                return None
            if record["op"] in INTENTS:
                return record
        return None

    def last_moved_in(self) -> int:
        """Return the time of the last move into the quarantine, in seconds since the epoch."""
        return max((record["time"] for record in self.records if record["op"] in (MADE, "take", "swap")), default=0)

    def is_elsewhere(self, postfix_queues: QueueDirectory) -> bool:
        """Return whether the queue directory is on another filesystem. It is checked once. Raises SystemRefusal."""
        if self._elsewhere is None:
            try:
                self._elsewhere = not moves.can_rename(self.tree.root, postfix_queues.tree.root)
            except OSError as error:
                what = "It cannot be determined whether %s and %s are on one filesystem" % (
                    postfix_queues.layout.queue_directory,
                    self.path,
                )
                raise SystemRefusal(what, error) from error
        return self._elsewhere

    def has_swapped(self) -> bool:
        """Return whether whole queues were moved here by a run that was not interrupted."""
        return any(intent["op"] == "swap" and "recovered" not in end for intent, end in finished_intents(self.records))

    def messages(self, wanted: Container[str]) -> Iterator[QueueEntry]:
        """Yield the files of these messages. Raises OSError and MailopsError."""
        for queue in LISTED_QUEUES:
            for found in self.spool.walk(queue):
                if found.name in wanted:
                    yield found

    def present(self, wanted: Container[str] | None = None) -> set[str]:
        """Return the queue IDs of the messages in the quarantine. wanted: return only these."""
        if wanted is not None:
            return {found.name for found in self.messages(wanted)}
        return {found.name for queue in LISTED_QUEUES for found in self.spool.walk(queue) if is_valid(found.name)}

    def collisions(self, postfix_queues: QueueDirectory, wanted: Container[str]) -> set[str]:
        """Return which of these messages cannot be restored, because their queue ID is taken.

        Between filesystems that cannot be predicted, and the result is empty: a copy gets a new inode, and with it a new queue ID.
        """
        if self.is_elsewhere(postfix_queues):
            return set()
        taken = postfix_queues.queue_ids()
        return {
            found.name
            for found in self.messages(wanted)
            if postfix_queues.fitted_id(found.name, moves.inode_of(found.name, found.directory)) in taken
        }

    def handled_ids(self, state: str) -> set[str]:
        """Return the queue IDs of messages that were restored or deleted. state: C(restored) or C(absent)."""
        if state == "absent":
            return {queue_id for record in self.records if record["op"] == "drop" for queue_id in record["ids"]}
        return {queue_id for record in self.records if record["op"] == "give" for queue_id in queue_ids_of(record)}

    def interruption_error(self, postfix_queues: QueueDirectory, error: OSError) -> QuarantineError:
        """Return the error to raise after an error of the system has ended a move."""
        return QuarantineError(
            "The move between %s and %s was interrupted: %s. Every message is in one of them, and what was moved before stays moved. %s"
            % (postfix_queues.layout.queue_directory, self.path, reason_of(error), remedy_of(error))
        )
