# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The records in the journal of a quarantine, and questions about them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move

VERSION = 2
# The operations of the first record, and of a record that ends an intent.
MADE = "made"
DONE = "done"
# The operations that are intents: they are recorded before their first move. With words for one that was interrupted.
INTENTS = {"take": "quarantining messages", "give": "restoring messages", "swap": "quarantining queues"}


def finished_intents(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Yield each finished intent with the record that ends it."""
    intent: Record | None = None
    for record in records:
        if record["op"] in INTENTS:
            intent = record
        elif record["op"] == DONE and intent is not None:
            yield intent, record
            intent = None


def queue_ids_of(intent: Record) -> set[str]:
    """Return the queue IDs of the messages that a record names."""
    return {queue_id for queue in intent["messages"].values() for queue_id in queue}


def ids_by_queue(wanted: Mapping[str, Move], which: str) -> dict[str, list[str]]:
    """Return the queue IDs as a record has them, by the queue in the quarantine. which: the field of Move with that queue."""
    queues: dict[str, list[str]] = {}
    for queue_id, target in sorted(wanted.items()):
        queues.setdefault(getattr(target, which), []).append(queue_id)
    return queues


def time_and_operator() -> dict[str, Any]:
    """Return the fields of a record that say when and by whom it is written."""
    return {"time": int(time.time()), "by": operator()}
