# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Recovery of transfers: finishing or undoing what an interrupted run left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import last_batch, parse_batch
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine_directory import QuarantineDirectory
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory

_TRANSFERS = {Intake.way: Intake, Restoration.way: Restoration}


def transfers(
    quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, moved: MoveResult
) -> list[Intake | Restoration]:
    """Return the transfers in both directions."""
    return [transfer(quarantine, postfix_queues, moved) for transfer in (Intake, Restoration)]


def recover_transfers(quarantine: QuarantineDirectory, postfix_queues: QueueDirectory, moved: MoveResult) -> None:
    """Finish or undo unfinished transfers, and note the result in C(moved). Raises OSError and QuarantineError."""
    batch, placed = last_batch(quarantine.records)
    transfer = None if batch is None else _TRANSFERS[batch["way"]](quarantine, postfix_queues, moved)
    if batch is not None and transfer is not None:
        entries = parse_batch(batch, quarantine.path)
        if placed is None:
            transfer.recover_batch(entries)
        else:
            known = set(placed["ids"])
            transfer.remove_originals([entry for entry in entries if entry.queue_id in known])
    for each in transfers(quarantine, postfix_queues, moved):
        each.recover_unrecorded()
