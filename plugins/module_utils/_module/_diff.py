# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""How results show what a module changes: the sums of the messages, and the diff."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages


def show_sums(messages: Iterable[SelectedMessage]) -> dict[str, int]:
    """Return the same sums over selected messages."""
    sums = {"messages": 0, "bytes": 0, "recipients": 0}
    for message in messages:
        sums["messages"] += 1
        sums["bytes"] += message.size
        sums["recipients"] += message.recipients
    return sums


class Destination(NamedTuple):
    """Where a message is after a run, for the diff."""

    queue: str | None
    """Its queue then; None for a message that is gone."""
    mark: str
    """What stands at the end of its line then."""


def make_diff(
    selected: SelectedMessages, rows: Sequence[Mapping[str, Any]], destinations: Mapping[str, Destination]
) -> dict[str, str]:
    """Return the queues before and after. It is made from the selection alone, so that check mode shows what a real run does."""
    before = dict(selected.in_queues)
    after = dict(before)
    for queue_id, destination in destinations.items():
        after[selected.by_id[queue_id].queue] -= 1
        if destination.queue is not None:
            after[destination.queue] = after.get(destination.queue, 0) + 1
    lines = {row["queue_id"]: _line(row) for row in rows}
    stays = Destination("", "")
    there = {queue_id: destinations.get(queue_id, stays) for queue_id in lines}
    kept = [line + there[queue_id].mark for queue_id, line in lines.items() if there[queue_id].queue is not None]
    return {
        "before_header": "queues",
        "after_header": "queues",
        "before": _text_of(before, lines.values()),
        "after": _text_of(after, kept),
    }


def _text_of(counts: Mapping[str, int], lines: Iterable[str]) -> str:
    counted = ["%s: %d messages" % (queue, count) for queue, count in counts.items()]
    return "".join(line + "\n" for line in (*counted, *lines))


def _line(row: Mapping[str, Any]) -> str:
    """Return a message as a line of a diff. Nothing in it can control a terminal."""
    more = row["recipient_count"] - 1
    recipients = (row["recipients"][0] if row["recipients"] else "nobody") + (" and %d more" % more if more > 0 else "")
    return printable(
        "%s %s, %d bytes, from %s to %s" % (row["queue"], row["queue_id"], row["size"], row["sender"], recipients)
    )
