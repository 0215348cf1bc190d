# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What the journal of a quarantine says: its records, and what follows from them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import operator

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move

VERSION = 2
# The first record, and what ends an intent.
MADE = "made"
DONE = "done"
# What is said of an intent that nothing ended.
INTENTS = {"take": "quarantining messages", "give": "restoring messages", "swap": "quarantining queues"}


def finished_intents(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Yield each intent with the record that ends it."""
    intent: Record | None = None
    for record in records:
        if record["op"] in INTENTS:
            intent = record
        elif record["op"] == DONE and intent is not None:
            yield intent, record
            intent = None


def queue_ids_of(intent: Record) -> set[str]:
    return {queue_id for queue in intent["messages"].values() for queue_id in queue}


def ids_by_queue(wanted: Mapping[str, Move], which: str) -> dict[str, list[str]]:
    """Return the messages as the journal has them, by their queue in the quarantine."""
    queues: dict[str, list[str]] = {}
    for queue_id, target in sorted(wanted.items()):
        queues.setdefault(getattr(target, which), []).append(queue_id)
    return queues


def time_and_operator() -> dict[str, Any]:
    """Return when and by whom a record is written."""
    return {"time": int(time.time()), "by": operator()}
