# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The form that all reports share: rows of hosts, their problems and sums. Pure: values in, JSON-ready values out."""

from __future__ import annotations

from typing import Any, Collection, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State

VERSION = 1
SUMS = ("messages", "bytes", "recipients")

Report = Mapping[str, Any]
Row = Mapping[str, Any]


def make_report(kind: str, created: int, rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Return a report. rows: its hosts, each from make_row(). created: seconds since the epoch."""
    problems = {row["host"]: row["problem"] for row in rows if row["problem"]}
    return {"kind": kind, "version": VERSION, "created": created, **more, "hosts": rows, "problems": problems}


def make_run_report(
    kind: str,
    created: int,
    rows: list[dict[str, Any]],
    *,
    refusals: list[dict[str, Any]] | None,
    started: Collection[str] | None,
    **more: Any,
) -> dict[str, Any]:
    """Return a report on a run that acts on hosts.

    refusals: why it must not act, given for a preview, before anything is touched. started: for a run that was interrupted, the hosts
    on which it had begun.
    """
    return make_report(
        kind,
        created,
        rows,
        **more,
        interrupted=started is not None,
        preview=refusals is not None,
        refusals=refusals or [],
    )


def make_row(host: str, state: State, problem: str | None = None, **figures: Any) -> dict[str, Any]:
    """Return the row of a host. A host without an answer has a problem, and None for its figures."""
    return {"host": host, "state": state.value, "problem": problem, **figures}


def add_up(counts: Iterable[Mapping[str, Any]], names: Iterable[str] = SUMS) -> dict[str, int]:
    """Return the sum of each named count. A count that is missing adds nothing."""
    known = list(counts)
    return {name: sum(count.get(name) or 0 for count in known) for name in names}


def count_messages(sums: Mapping[str, int] | None) -> int:
    """Return the messages of sums that a host may not have."""
    return (sums or {}).get("messages", 0)
