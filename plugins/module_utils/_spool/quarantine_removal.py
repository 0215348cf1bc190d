# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Deleting messages in a quarantine, or the whole quarantine. Only files that the journal proves to belong to it are deleted."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Container, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    MailopsError,
    QuarantineError,
    SystemRefusal,
    reason_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import (
    moves,
    quarantine_contents,
    quarantine_place,
    queue_swap,
)
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import NAME as JOURNAL
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_records import queue_ids_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transit_directory import STAGING

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory


@dataclass
class RemovalResult:
    """What became of the messages of a deletion, by queue ID. A message in none of these was not found."""

    done: set[str] = field(default_factory=set)
    """Messages that were deleted."""
    failed: dict[str, str] = field(default_factory=dict)
    """Messages that stay because of an error, with the reason."""
    touched: bool = False
    """Whether any file was removed, a message or not."""
    broken: MailopsError | None = None
    """The error that ended the deletion before all messages were tried."""

    def remove(self, found: QueueEntry) -> None:
        """Delete a message, or note why it stays."""
        try:
            if _remove_file(found):
                self.touched = True
                self.done.add(found.name)
        except OSError as error:
            self.failed[found.name] = reason_of(error)


def proof_of(quarantine: QuarantineDirectory, *, whole: bool = True) -> quarantine_contents.Proof:
    """Return what the journal proves about the content. whole: whether files of an unfinished move count as foreign, too."""
    queue_ids = {queue_id for record in quarantine.records for queue_id in record.get("ids_in", ())}
    for record in quarantine.records:
        if record["op"] == "take":
            queue_ids |= queue_ids_of(record)
    return quarantine_contents.Proof(
        queue_ids=frozenset(queue_ids),
        whole_logs=any(record["op"] == "swap" for record in quarantine.records),
        working=frozenset() if whole else frozenset((STAGING, queue_swap.FRESH)),
    )


def check_proved(quarantine: QuarantineDirectory, wanted: Container[str] | None, *, whole: bool) -> None:
    """Raise QuarantineError if there is a file that the journal does not prove to belong to the quarantine.

    wanted: check only these messages. whole: as in proof_of().
    """
    proof = proof_of(quarantine, whole=whole)
    if wanted is None:
        try:
            foreign = (
                entry.path for entry in quarantine_contents.walk(quarantine.tree.root, proof) if not entry.is_own
            )
            named = list(islice(foreign, quarantine_place.MAX_NAMED + 1))
        except OSError as error:
            raise SystemRefusal("The quarantine %s cannot be read" % quarantine.path, error) from error
    else:
        paths = ("%s/%s" % (found.queue, found.name) for found in quarantine.messages(wanted))
        unproved = (path for path in paths if path.rpartition("/")[2] not in proof.queue_ids)
        named = list(islice(unproved, quarantine_place.MAX_NAMED + 1))
    if named:
        raise _unproved(quarantine, named, " Nothing was touched.")


def _unproved(quarantine: QuarantineDirectory, paths: Sequence[str], touched: str = "") -> QuarantineError:
    return QuarantineError(
        "The quarantine %s holds what its journal does not name: %s.%s Move that to another place, then run this again."
        % (quarantine.path, quarantine_place.list_paths(paths), touched)
    )


def delete_messages(quarantine: QuarantineDirectory, wanted: Mapping[str, str], **details: Any) -> RemovalResult:
    """Delete messages and their logs, and return the result. wanted: queues by queue ID.

    The record comes last, so that deleting needs no room on the disk.
    """
    deleted = RemovalResult()
    try:
        # The logs first, as postsuper(1) does: otherwise an interruption leaves logs without a message.
        for log in LOGS:
            for found in quarantine.spool.walk(log):
                if found.name in wanted:
                    with suppress(OSError):
                        deleted.touched |= _remove_file(found)
        for found in quarantine.messages(wanted):
            if wanted[found.name] == found.queue:
                deleted.remove(found)
        if deleted.done:
            quarantine.write("drop", messages=len(deleted.done), ids=sorted(deleted.done), **details)
    except MailopsError as error:
        deleted.broken = error
    except OSError as error:
        deleted.broken = SystemRefusal("The quarantine %s cannot be read" % quarantine.path, error)
    return deleted


def remove_all(quarantine: QuarantineDirectory) -> RemovalResult:
    """Delete the quarantine, and return the result for its messages.

    The caller checks before that nothing in it is foreign (check_proved()). A foreign file that was made since stays, and so does the
    journal: it is deleted last, and only if everything else is gone.
    """
    deleted = RemovalResult()
    try:
        for entry in quarantine_contents.walk(quarantine.tree.root, proof_of(quarantine)):
            _remove_entry(quarantine, entry, deleted)
        left = sorted(name for name in os.listdir(quarantine.tree.root) if name != JOURNAL)
        if left and deleted.broken is None:
            deleted.broken = _unproved(quarantine, left)
        if deleted.broken is None:
            deleted.touched |= moves.remove(JOURNAL, quarantine.tree.root)
            os.rmdir(quarantine.path)
    except OSError as error:
        deleted.broken = deleted.broken or SystemRefusal("The quarantine %s cannot be removed" % quarantine.path, error)
    return deleted


def _remove_entry(
    quarantine: QuarantineDirectory, entry: quarantine_contents.QuarantineEntry, deleted: RemovalResult
) -> None:
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
                deleted.done.add(entry.name)
    except OSError as error:
        if is_message:
            deleted.failed[entry.name] = reason_of(error)
        place = os.path.join(quarantine.path, entry.path)
        deleted.broken = deleted.broken or SystemRefusal("%s cannot be removed" % place, error)


def _remove_file(found: QueueEntry) -> bool:
    """Remove a regular file and return whether there was one. Raises OSError."""
    return bool(moves.inode_of(found.name, found.directory)) and moves.remove(found.name, found.directory)
