# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""How results show what a module has read, selected and changed."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, Iterable, Mapping, NamedTuple, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import Gap, Job, ScanCounts, scan
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import clip

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import SelectedMessage
    from ansible_collections.mailops.postfix.plugins.module_utils._module._selected_messages import SelectedMessages
    from ansible_collections.mailops.postfix.plugins.module_utils._module._source import QueueSource
    from ansible_collections.mailops.postfix.plugins.module_utils._module._visitor import Verdicts
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.parallel import Mergeable
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

# A sentence names so many messages.
_NAMED = 3

_Collector = TypeVar("_Collector", bound="Mergeable")


@dataclass(frozen=True)
class Reading(Generic[_Collector]):
    """What reading the queues gave, and how it went."""

    collector: _Collector
    counts: ScanCounts
    gaps: Sequence[Gap]
    started: float
    """When it began (time.monotonic())."""

    def show(self, *, source: str = "spool") -> dict[str, Any]:
        """Return how reading went, as C(scan) in a result."""
        return {
            "source": source,
            "seconds": round(time.monotonic() - self.started, 3),
            **asdict(self.counts),
            "damaged": show_gaps(self.gaps),
        }


def read_queues(
    module: AnsibleModule, spool: Spool, job: Job[_Collector], *, path: str, source: QueueSource | None = None
) -> Reading[_Collector]:
    """Read the queues of a job and warn of files that cannot be read. path: the directory that the warning names.

    source: refuse a directory that is none of queue files. Raises MailopsError.
    """
    started = time.monotonic()
    spool.reads_ahead = module.params["read_ahead"]
    share = scan(spool, job)
    if source is not None:
        source.check(share.counts)
    warn_of_gaps(module, share.counts, share.gaps, path)
    return Reading(share.result, share.counts, share.gaps, started)


def warn_of_gaps(module: AnsibleModule, counts: ScanCounts, gaps: Sequence[Gap], path: str) -> None:
    """Warn of files that could not be read in full: only rules that do not need the rest select them."""
    if counts.unreadable or counts.unparsed or gaps:
        module.warn(
            "%s: %d queue files could not be read and %d are damaged (%s). Only a rule that does not need what is missing selects them, "
            "such as queue_id." % (path, counts.unreadable, counts.unparsed, name_gaps(gaps) or "none named")
        )


def show_gaps(gaps: Sequence[Gap]) -> list[dict[str, Any]]:
    """Return messages that could not be read or decided, as a result shows them."""
    return [
        {
            "queue_id": gap.queue_id or None,
            "queue": gap.queue,
            "size": gap.size,
            "problem": clip(printable(gap.problem)),
        }
        for gap in gaps
    ]


def name_gaps(gaps: Sequence[Gap]) -> str:
    """Return the first of these messages for a sentence, as C(4A0F9AC in deferred: the file ends within a record)."""
    named = [
        "%s in %s: %s" % (gap.queue_id or "a directory", gap.queue, printable(gap.problem)) for gap in gaps[:_NAMED]
    ]
    return "; ".join(named) + ("; and more" if len(gaps) > _NAMED else "")


def show_matched(totals: Totals, verdicts: Verdicts) -> dict[str, int]:
    """Return the counts of a selection, as C(matched) in a result."""
    return {
        **show_totals(totals),
        "partial": verdicts.partial,
        "undecided": verdicts.undecided,
    }


def show_totals(totals: Totals) -> dict[str, int]:
    """Return the sums over some messages, as results show them."""
    return {"messages": totals.messages, "bytes": totals.size, "recipients": totals.recipients}


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
