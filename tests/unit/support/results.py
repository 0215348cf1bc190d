# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Results of modules as Ansible registers them, from which reports are made."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Mapping

NOW = 1_795_171_149
UNREACHABLE = {"unreachable": True, "msg": "no route to host"}
FAILED = {"failed": True, "msg": "there is no Postfix"}
# The counts of a plan.
COUNTS = {"messages": 40, "bytes": 4000, "recipients": 80, "partial": 1, "in_queues": 100}


def facts_of(messages: int, *, oldest: int | None = NOW, **top: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_facts."""
    figures = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    queue_facts = {
        "queues": {"deferred": {"messages": messages}, "hold": {"messages": 1}, "corrupt": None},
        "total": {**figures, "oldest": oldest},
        "matched": {**figures, "partial": 3},
        "top": top,
    }
    return {"changed": False, "ansible_facts": {"postfix_queue": queue_facts}}


def plan_of(**counts: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge in check mode."""
    summary = {"queues": {"deferred": 40}, "senders": [], "recipient_domains": [], "oldest": NOW, "youngest": NOW}
    return {"changed": True, "plan": {"created": NOW, "counts": {**COUNTS, **counts}, "summary": summary}}


def purged_of(messages: int, **outcomes: int) -> dict[str, Any]:
    """Return a result of postfix_queue_purge."""
    counted = {"purged": messages, "vanished": 0, "changed": 0, "in_flight": 0, "failed": 0, **outcomes}
    return {
        "changed": messages > 0,
        "purged": {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages},
        "outcomes": counted,
        "selection_digest": "abc",
    }


def left_of(messages: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds of the selection afterwards."""
    return {"ansible_facts": {"postfix_queue": {"matched": {"messages": messages}}}}


NOTHING: Mapping[str, Any] = MappingProxyType({})
SKIPPED = {"skipped": True, "changed": False}


def by_host(step: str, results: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return results of one step, {host: {step: result}}."""
    return {host: {step: result} for host, result in results.items()}


def cleanup_steps(
    plan: Mapping[str, Any],
    purge: Mapping[str, Any] = NOTHING,
    left: Mapping[str, Any] = NOTHING,
    left_old: Mapping[str, Any] = NOTHING,
) -> dict[str, Mapping[str, Any]]:
    """Return what the tasks of a cleanup returned on one host."""
    return {"plan": plan, "purge": purge, "left": left, "left_old": left_old}


def ruled_plan(match: list[dict[str, Any]], *, created: int = NOW, messages: int = 40, **more: Any) -> dict[str, Any]:
    """Return a result of postfix_queue_purge in check mode that has a selection as Selection.frozen() gives it."""
    result = plan_of(messages=messages)
    selection = {"match": match, "exclude": [], "queues": ["deferred"], "recipient_scope": "all"}
    result["plan"].update(selection=selection, created=created, **more)
    return result


ANY = [{"recipient": ["/@/"]}]


def preview_of(matched: int, total: int) -> dict[str, Any]:
    """Return what postfix_queue_facts finds in a quarantine."""
    sums = {"messages": matched, "bytes": 100 * matched, "recipients": 2 * matched}
    return {"ansible_facts": {"postfix_queue": {"matched": sums, "total": {**sums, "messages": total}}}}


def service_of(running: bool) -> dict[str, Any]:
    """Return what postfix_queue_facts says of the running instance."""
    return {"ansible_facts": {"postfix_queue": {"instance": {"running": running}}}}


def quarantined_of(messages: int) -> dict[str, Any]:
    """Return what postfix_spool_quarantine returns of whole queues."""
    sums = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    return {"changed": messages > 0, "path": "/q/spam", "down": 1.5 if messages else 0.0, "quarantined": sums}


def restored_of(messages: int, collisions: int = 0) -> dict[str, Any]:
    """Return what postfix_spool_quarantine returns of a restoration."""
    sums = {"messages": messages, "bytes": 100 * messages, "recipients": 2 * messages}
    return {"changed": messages > 0, "restored": sums, "outcomes": {"collision": collisions}, "renamed": []}
