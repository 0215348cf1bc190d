# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The module postfix_quarantine_info: it reads the journals of quarantines and counts their messages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Iterable, Iterator, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import LISTED_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module import _options, _quarantines
from ansible_collections.mailops.postfix.plugins.module_utils._module._layout import layout_of
from ansible_collections.mailops.postfix.plugins.module_utils._module._result import read_queues
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place, quarantine_records
from ansible_collections.mailops.postfix.plugins.module_utils._spool.job import Job
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Totals

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import QueueEntry
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Record
    from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage

_MAX_LISTED = 100
# The result has the selections and reasons of the last runs only, so that it stays small.
_MAX_RUNS = 10
_MAX_SELECTION = 2048
# After so many bytes of JSON, quarantines are shown without their runs. The option name shows those of one quarantine.
_BUDGET = 36 << 10
# After so many bytes, the other quarantines are left out, so that the result stays below 64 KiB.
_MOST = 56 << 10

ARGUMENTS = _options.compose(_options.INSTANCE, _options.READING, _quarantines.DIRECTORY, {"name": {"type": "str"}})


@dataclass
class QuarantineContent:
    """The totals of a quarantine, by queue. Plain data, which a process can send to another one."""

    queues: dict[str, Totals] = field(default_factory=lambda: {queue: Totals() for queue in LISTED_QUEUES})

    def merge(self, other: QuarantineContent) -> None:
        """Add the totals of another process."""
        for queue, totals in other.queues.items():
            self.queues[queue].merge(totals)


def run_module(module: AnsibleModule) -> dict[str, Any]:
    """Return the module's result. Raises MailopsError."""
    instance = _options.instance_of(module)
    instance.require_root()
    base = _quarantines.base_of(module.params, instance)
    name = module.params["name"]
    if name is not None:
        quarantine_place.check_name(name)
    known = [known for known in quarantine_place.names(base) if name in (None, known)]
    if name is not None and not known:
        quarantine_place.check_adoptable(base, name)
    rows, unreadable = _fit(_rows(module, instance, base, known))
    return {"changed": False, "directory": base, "quarantines": rows, "left_out": len(known) - len(rows) - unreadable}


def _rows(
    module: AnsibleModule, instance: Instance, base: str, known: Sequence[str]
) -> Iterator[dict[str, Any] | None]:
    """Yield the row of each quarantine, None after a warning for one that cannot be read."""
    for name in known:
        try:
            yield _show(module, instance, base, name)
        except QuarantineError as error:
            if module.params["name"] is not None:
                raise
            module.warn(str(error))
            yield None


def _fit(rows: Iterable[dict[str, Any] | None]) -> tuple[list[dict[str, Any]], int]:
    """Return the rows that fit into the result, the later ones without their runs, and the number that could not be read.

    The others are not read.
    """
    fitting: list[dict[str, Any]] = []
    unreadable = 0
    used = with_runs = 0
    for row in rows:
        if row is None:
            unreadable += 1
            continue
        with_runs += len(json.dumps(row))
        if with_runs > _BUDGET:
            row["runs"] = []
        used += len(json.dumps(row))
        if used > _MOST:
            break
        fitting.append(row)
    return fitting, unreadable


def _show(module: AnsibleModule, instance: Instance, base: str, name: str) -> dict[str, Any]:
    with Quarantine(base, name) as quarantine, QueueDirectory(layout_of(instance)) as postfix_queues:
        job: Job[QuarantineContent] = Job(
            queues=LISTED_QUEUES, make_result=QuarantineContent, visit=_count, pass_over=_pass_over, wanted=None
        )
        reading = read_queues(module, quarantine.spool, job, path=quarantine.path)
        collisions = _collisions(quarantine)
        total = Totals()
        for totals in reading.collector.queues.values():
            total.merge(totals)
        return {
            "name": name,
            "path": quarantine.path,
            **_history(quarantine.records),
            "queues": {
                queue: {"messages": totals.messages, "bytes": totals.size}
                for queue, totals in reading.collector.queues.items()
                if totals.messages
            },
            "total": {
                "messages": total.messages,
                "bytes": total.size,
                "recipients": total.recipients,
                "oldest": total.oldest,
            },
            "collisions": collisions[:_MAX_LISTED],
            "unfinished": _unfinished(quarantine, postfix_queues),
            "scan": reading.show(),
        }


def _count(message: SpoolMessage, content: QuarantineContent) -> None:
    if message.readable:
        content.queues[message.queue].add(message.envelope)


def _pass_over(_found: QueueEntry, _incomplete: bool, _content: QuarantineContent) -> None:
    """Ignore files that are not visited: only messages count."""


def _history(records: list[Record]) -> dict[str, Any]:
    """Return the history of a quarantine: who made it, for which instance, and what was done since."""
    made = records[0]
    taken = [record for record in records if record["op"] in ("take", "swap")]
    return {
        "host": made.get("host"),
        "instance": made.get("instance"),
        "created": made.get("time"),
        "created_by": made.get("by"),
        "filled": taken[-1]["time"] if taken else None,
        "quarantined": _done_after(records, "take", "swap"),
        "restored": _done_after(records, "give"),
        "deleted": sum(record["messages"] for record in records if record["op"] == "drop"),
        "runs": [_show_run(record) for record in taken[-_MAX_RUNS:]],
    }


def _done_after(records: list[Record], *operations: str) -> int:
    """Return the number of messages that were moved by these operations."""
    count = 0
    for intent, end in quarantine_records.finished_intents(records):
        if intent["op"] in operations:
            count += end["messages"]
    return count


def _show_run(record: Record) -> dict[str, Any]:
    selection = record["selection"]
    return {
        "time": record["time"],
        "by": printable(record["by"]),
        "mode": "queues" if record["op"] == "swap" else "messages",
        "reason": record["reason"] or None,
        "selection": selection if len(str(selection)) <= _MAX_SELECTION else None,
        "selection_digest": record["digest"],
    }


def _collisions(quarantine: Quarantine) -> list[str]:
    """Return the messages that could not be restored, because their queue IDs were taken, and that are still in the quarantine."""
    collided = {queue_id for record in quarantine.records for queue_id in record.get("collisions", ())}
    return sorted(quarantine.present(collided)) if collided else []


def _unfinished(quarantine: Quarantine, postfix_queues: QueueDirectory) -> str | None:
    """Return what an interrupted run was doing, None if no run was interrupted."""
    if quarantine.is_finished(postfix_queues):
        return None
    intent = quarantine.unfinished()
    return quarantine_records.INTENTS[intent["op"]] if intent else "moving"
