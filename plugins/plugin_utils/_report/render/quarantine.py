# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a quarantine report. Pure."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
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
    first_top,
    message_section,
    more_outcomes,
    number_columns,
    number_text,
    problem_section,
    refusal_section,
    sort_rows,
    undecided_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    MAIL,
    outcome_word,
    state_word,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import size

_NUMBERS = ("seconds down", "quarantined", "to restore", "restored", "collisions", "left")


def quarantine_document(report: Report) -> Document:
    """Return a quarantine report laid out."""
    outcomes = more_outcomes(report["hosts"], (str(Outcome.RESTORED), str(Outcome.COLLISION)))
    columns = [
        HOST,
        STATE,
        Column("mail"),
        *number_columns(_NUMBERS),
        *number_columns(["deleted"] if report["expire"] is None else ["to delete", "deleted"]),
        *number_columns([outcome_word(name) for name in outcomes]),
        *([Column("top sender to restore", untrusted=True)] if report["preview"] else []),
    ]
    rows = sort_rows(report, lambda row: row["left"])
    reason = [Item("reason", report["reason"])] if report["reason"] else []
    sections = (
        Section("What", [Item("quarantine", report["name"]), *reason]),
        refusal_section(report, "Nothing is restored or deleted"),
        message_section("Failed", rows, lambda row: row["failures"]),
        problem_section(report),
    )
    table = Table(columns, [_make_cells(report, row, outcomes) for row in rows])
    return Document(_title(report), report["created"], _summary(report), table, sections)


def _title(report: Report) -> str:
    if report["interrupted"]:
        return "Quarantine, interrupted"
    return "Quarantine, before anything is restored or deleted" if report["preview"] else "Quarantine"


def _summary(report: Report) -> list[str]:
    fleet = report["fleet"]
    prefix = "would be " if report["check"] else ""
    counts = {"%squarantined" % prefix: fleet["quarantined"]}
    if report["preview"]:
        counts["to be restored"] = fleet["selected"]
    else:
        counts["%srestored" % prefix] = fleet["restored"]
    if fleet["deleted"]["messages"]:
        counts["%sdeleted" % prefix] = fleet["deleted"]
    lines = [
        "%s: %d messages (%s) to %d recipients."
        % (words.capitalize(), sums["messages"], size(sums["bytes"]), sums["recipients"])
        for words, sums in counts.items()
    ]
    lines.append("%d messages %s in quarantine." % (fleet["left"], "would be left" if report["check"] else "are"))
    if report["preview"]:
        lines += _preview_lines(report)
    if fleet["down"]:
        lines.append("Mail was down for %.1f seconds at the most." % fleet["down"])
    return lines


def _preview_lines(report: Report) -> list[str]:
    """Return what an operator must know before anything is restored or deleted."""
    fleet = report["fleet"]
    lines = []
    if fleet["selected"]["messages"] and fleet["selected"]["messages"] == fleet["left"]:
        lines.append("ALL of them would be restored.")
    if fleet["to_delete"]:
        lines.append(
            "%d of them would be DELETED at the end, because nothing was moved into their quarantine for %s."
            % (fleet["to_delete"], report["expire"])
        )
    if fleet["partial"]:
        lines.append("%d messages match for some of their recipients only, and stay there." % fleet["partial"])
    return lines + undecided_lines(fleet["undecided"])


def _make_cells(report: Report, row: Row, outcomes: Sequence[str]) -> list[str]:
    return [
        row["host"],
        state_word(row["state"]),
        MAIL[row["mail_runs"]],
        "-" if row["down"] is None else "%.1f" % row["down"],
        number_text((row["quarantined"] or {}).get("messages")),
        _selected_text(report, row),
        number_text((row["restored"] or {}).get("messages")),
        number_text(row["collisions"]),
        number_text(row["left"]),
        *([] if report["expire"] is None else [number_text(row["to_delete"])]),
        number_text((row["deleted"] or {}).get("messages")),
        *(number_text((row["outcomes"] or {}).get(name)) for name in outcomes),
        *([first_top(row["top"] if row["selected"] else None, "senders")] if report["preview"] else []),
    ]


def _selected_text(report: Report, row: Row) -> str:
    """Return how many messages are selected, with the word ALL if a preview has all of them."""
    selected = (row["selected"] or {}).get("messages")
    return "ALL %d" % selected if report["preview"] and selected and selected == row["left"] else number_text(selected)
