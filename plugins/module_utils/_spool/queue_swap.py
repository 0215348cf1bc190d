# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moving whole queues into a quarantine, with empty queues in their place."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Container, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES, LOGS
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine_contents, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

# The directory in the quarantine where the empty queues are made.
FRESH = "fresh"


def make_empty_queues(quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, names: Sequence[str]) -> None:
    """Make empty directories that will replace these. names: of queues and logs. Raises SystemRefusal, and then nothing was made."""
    try:
        for name in names:
            attributes = FileAttributes.of(postfix_queues.tree.directory(name))
            attributes.put_on(quarantine.tree.directory(FRESH + "/" + name, quarantine.private))
        postfix_queues.tree.forget()
        quarantine.tree.sync()
    except OSError as error:
        with suppress(OSError):
            place_empty_queues(quarantine, postfix_queues)
        refusal = SystemRefusal(
            "New queue directories cannot be made in %s, and nothing was touched" % quarantine.path, error
        )
        raise quarantine_place.with_disk_hint(refusal, error) from error


def move_queues(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, names: Sequence[str], moved: MoveResult
) -> None:
    """Move queues and logs into the quarantine, put the empty ones in their place, and move back logs whose messages stay.

    Raises OSError and MailopsError.
    """
    quarantine.tree.forget()
    try:
        for name in names:
            moves.move_directory(name, source_dir=postfix_queues.tree.root, target_dir=quarantine.tree.root)
            moved.directories = True
    finally:
        place_empty_queues(quarantine, postfix_queues)
    _leave_logs(quarantine, postfix_queues, moved)


def place_empty_queues(quarantine: QuarantineDirectory, postfix_queues: QueueDirectory) -> None:
    """Put the empty directories where queues were moved away, and remove those that are not needed. Raises OSError."""
    # Directories that were opened before the move are those in the quarantine now.
    postfix_queues.tree.forget()
    quarantine.tree.forget()
    try:
        fresh = quarantine.tree.directory(FRESH)
    except FileNotFoundError:
        return
    for name in os.listdir(fresh):
        try:
            moves.rename(name, name, source_dir=fresh, target_dir=postfix_queues.tree.root)
        except FileExistsError:
            os.rmdir(name, dir_fd=fresh)
    postfix_queues.tree.sync()
    quarantine.tree.sync()
    quarantine.tree.forget()
    os.rmdir(FRESH, dir_fd=quarantine.tree.root)


def give_to_root(quarantine: QuarantineDirectory) -> None:
    """Give the directories that were moved to root. Raises OSError.

    They belonged to the mail owner, and a process that keeps one of them open could still remove files there.
    """
    for name in (*LISTED_QUEUES, *LOGS):
        quarantine_contents.give_to(quarantine.private, name, quarantine.tree.root)


def _leave_logs(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, moved: MoveResult, but: Container[str] = ()
) -> None:
    """Move back the logs of messages that are in queues which were not moved. but: queue IDs to leave out."""
    restoration = Restoration(quarantine, postfix_queues, moved)
    for queue in LISTED_QUEUES:
        for found in postfix_queues.spool.walk(queue):
            if found.name not in but:
                for log in LOGS:
                    restoration.give_log(log, found.name, found.name)


def recover_swap(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, intent: Record, moved: MoveResult
) -> dict[str, Any]:
    """Finish an interrupted swap, and return the fields of the record that ends it. Queues that were not moved stay."""
    here = quarantine.present()
    _leave_logs(quarantine, postfix_queues, moved, here)
    give_to_root(quarantine)
    new = here.difference(intent["earlier"])
    return {"messages": len(new), "ids_in": sorted(new)}
