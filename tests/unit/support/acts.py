# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of postfix_queue_hold and postfix_queue_flush, from which reports are made."""

from __future__ import annotations

from typing import Any

NOW = 1_795_176_000


def message_of(
    queue_id: str, outcome: str | None, *, sender: str | None = "a@example.com", more: int = 0
) -> dict[str, Any]:
    """Return a listed message. more: recipients that are not listed."""
    return {
        "queue_id": queue_id,
        "queue": "deferred",
        "arrival_time": NOW - 7200,
        "size": 1024,
        "sender": sender,
        "recipients": ["b@example.org"],
        "recipient_count": 1 + more,
        "outcome": outcome,
    }


def act_of(sums_name: str, changed: int, messages: list[dict[str, Any]] | None = None, **more: Any) -> dict[str, Any]:
    """Return a result. sums_name: moved or tried. changed: how many messages were changed; two more were selected."""
    sums = {"messages": changed, "bytes": 1024 * changed, "recipients": 2 * changed}
    selected = changed + 2 if changed else 0
    return {
        "changed": changed > 0,
        sums_name: sums,
        "matched": {**sums, "messages": selected, "partial": 0, "undecided": 0},
        "messages": messages or [],
        "truncated": False,
        "selection_digest": "abc",
        **more,
    }


def held_of(changed: int, outcome: str = "held", **more: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_hold."""
    listed = [message_of("4A0F9AC", outcome)] if changed else []
    return {**act_of("moved", changed, listed), "outcomes": {outcome: changed, "vanished": 0}, **more}


def flushed_of(changed: int, **more: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_flush."""
    listed = [message_of("4A0F9AC", "tried")] if changed else []
    return {**act_of("tried", changed, listed), "outcomes": {"tried": changed, "under_way": 2}, **more}


REFUSED = {"failed": True, "msg": "The selection has 9 messages, max_messages allows 5.", "matched": 9}
