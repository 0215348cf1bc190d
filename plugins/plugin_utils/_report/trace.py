# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The report on what became of a message, from the mail logs of a fleet. Pure."""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import make_report, make_row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import (
    NO_RESULT,
    Result,
    Results,
    find_problem,
    first_problem,
    read_steps,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

# So many Message-IDs of a first trace are followed over the fleet.
MOST_MESSAGE_IDS = 10
# cleanup(8) logs it so (src/cleanup/cleanup_message.c): "QUEUE_ID: message-id=<...>".
_MESSAGE_ID = re.compile(r"\bmessage-id=<([^\s<>]+)>")


class TraceSteps(NamedTuple):
    """The steps of a trace.

    first: what postfix_log_info returned for what the operator gave. followed: what it returned for the Message-IDs in that, a result
    with results.
    """

    first: Result = NO_RESULT
    followed: Result = NO_RESULT


def trace_report(
    results: Results, *, created: int, hosts: Iterable[str] | None = None, trace: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the logs of a fleet say of a message, in the order of time.

    results: {host: {step: result}}, with the steps of TraceSteps. hosts: as in select_hosts(). created: seconds since the epoch.
    trace: what was asked for.
    """
    chosen = dict(read_steps(results, hosts, TraceSteps))
    events = [event for host, steps in chosen.items() for event in _events_of(host, steps)]
    rows = [_make_row(host, steps, events) for host, steps in chosen.items()]
    # Sorting keeps the order of a host's own lines of the same second.
    events.sort(key=lambda event: event["time"])
    return make_report(
        "trace", created, rows, trace=dict(trace or {}), events=events, message_ids=_message_ids(events, trace or {})
    )


def _make_row(host: str, steps: TraceSteps, events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    problem = find_problem(steps.first) or first_problem(steps.followed)
    found = sum(event["from_host"] == host for event in events)
    if problem:
        return make_row(host, *problem, events=found)
    return make_row(host, State.OK if found else State.NOT_FOUND, events=found)


def _events_of(host: str, steps: TraceSteps) -> Iterator[dict[str, Any]]:
    """Yield the lines of a host's log, each once, although several traces may have found it."""
    seen: set[tuple[Any, ...]] = set()
    lines: list[dict[str, Any]] = []
    for result in (steps.first, *(steps.followed.get("results") or ())):
        for event in (result.get("log") or {}).get("trace") or ():
            key = tuple(event.get(name) for name in ("time", "program", "queue_id", "line"))
            if key not in seen:
                seen.add(key)
                lines.append({**event, "from_host": host})
    yield from sorted(lines, key=lambda event: event["time"])


def _message_ids(events: Iterable[Mapping[str, Any]], trace: Mapping[str, Any]) -> list[str]:
    """Return the Message-IDs of the messages, without the one that was asked for. Other lines may have the same words, from a client."""
    lines = (str(event.get("line") or "") for event in events if event.get("event") == "message_id")
    matches = map(_MESSAGE_ID.search, lines)
    found = dict.fromkeys(match.group(1) for match in matches if match is not None)
    found.pop(str(trace.get("message_id") or "").strip("<>"), None)
    return list(found)[:MOST_MESSAGE_IDS]
