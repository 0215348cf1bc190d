# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a plan report. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    STATE,
    ago_text,
    first_top,
    number_columns,
    number_text,
    problem_section,
    refusal_section,
    rule_section,
    seconds_since,
    sort_rows,
    undecided_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, size

_NUMBERS = ("messages", "of", "recipients", "size", "partial", "oldest", "youngest", "plan made")
_TOP_COLUMNS = {"senders": "top sender", "recipient_domains": "top recipient domain"}


def plan_document(report: Report) -> Document:
    """Return a plan report laid out."""
    columns = [
        HOST,
        STATE,
        *number_columns(_NUMBERS),
        *(Column(title, untrusted=True) for title in _TOP_COLUMNS.values()),
    ]
    rows = sort_rows(report, lambda row: (row["counts"] or {}).get("messages"))
    table = Table(columns, [_make_cells(report, row) for row in rows])
    sections = (
        rule_section(report),
        refusal_section(report, "Refused"),
        problem_section(report),
        _fleet_plan_section(report),
    )
    return Document("Cleanup plan", report["created"], _summary(report["fleet"]), table, sections)


def _fleet_plan_section(report: Report) -> Section:
    """Return the section that says which fleet plan this is, for the one who approves it or carries it out."""
    known = report.get("fleet_plan")
    items = [Item("digest", known["digest"]), Item("directory", known["run"])] if known else []
    return Section("Fleet plan", items)


def _summary(fleet: Mapping[str, Any]) -> list[str]:
    lines = [
        "%d of %d hosts have a plan." % (fleet["planned"], fleet["hosts"]),
        "To be cleaned: %d messages (%s) to %d recipients, of %d messages in the chosen queues."
        % (fleet["messages"], size(fleet["bytes"]), fleet["recipients"], fleet["in_queues"]),
    ]
    if fleet["messages"] and fleet["messages"] == fleet["in_queues"]:
        lines.append("That is ALL of the messages in the chosen queues.")
    if fleet["partial"]:
        lines.append("%d messages match for some of their recipients only, and are left alone." % fleet["partial"])
    return lines + undecided_lines(fleet["undecided"])


def _make_cells(report: Report, row: Row) -> list[str]:
    counts, summary = row["counts"] or {}, row["summary"] or {}
    return [
        row["host"],
        state_word(row["state"]),
        number_text(counts.get("messages")),
        _total_text(counts),
        number_text(counts.get("recipients")),
        size(counts["bytes"]) if counts else "-",
        number_text(counts.get("partial")),
        *(age(seconds_since(report, summary.get(name))) for name in ("oldest", "youngest")),
        ago_text(report, row["planned_at"]),
        *(first_top(summary, name) for name in _TOP_COLUMNS),
    ]


def _total_text(counts: Mapping[str, Any]) -> str:
    """Return how many messages are in the chosen queues, with the word ALL if the plan has all of them."""
    messages, total = counts.get("messages"), counts.get("in_queues")
    return "ALL %d" % messages if messages and messages == total else number_text(total)
