# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Reading queues, and how results show what was read and selected."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, Sequence, TypeVar

from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import (
    Gap,
    Job,
    ScanCounts,
    Share,
    is_empty,
    read_nothing,
)

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

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
    share = read_nothing(job) if is_empty(spool, job.queues) else _scan(spool, job)
    if source is not None:
        source.check(share.counts)
    warn_of_gaps(module, share.counts, share.gaps, path)
    return Reading(share.result, share.counts, share.gaps, started)


def _scan(spool: Spool, job: Job[_Collector]) -> Share[_Collector]:
    # An empty queue needs nothing that reads messages.
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan  # noqa: PLC0415

    return scan(spool, job)


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
        {"queue_id": gap.queue_id or None, "queue": gap.queue, "size": gap.size, "problem": _show_problem(gap)}
        for gap in gaps
    ]


def _show_problem(gap: Gap) -> str:
    # Few queues have files that cannot be read.
    from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable  # noqa: PLC0415
    from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip  # noqa: PLC0415

    return clip(printable(gap.problem))


def name_gaps(gaps: Sequence[Gap]) -> str:
    """Return the first of these messages for a sentence, as C(4A0F9AC in deferred: the file ends within a record)."""
    from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable  # noqa: PLC0415

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
