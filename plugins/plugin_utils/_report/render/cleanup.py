# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a cleanup report. Pure."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    STATE,
    ago_text,
    message_section,
    more_outcomes,
    number_columns,
    number_text,
    problem_section,
    rule_section,
    sort_rows,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    METHODS,
    outcome_word,
    state_word,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import size

# Outcomes that always have a column. Others have one if a message has that outcome.
_OUTCOMES = tuple(map(str, (Outcome.VANISHED, Outcome.CHANGED, Outcome.IN_FLIGHT, Outcome.FAILED)))
_NUMBERS_BEFORE = ("planned", "purged", "recipients", "size")
_NUMBERS_AFTER = ("left", "arrived")
# How many of the messages that were to stay did; only if a host has counted them.
_KEPT = "kept"
_PLANNED = "plan made"


def cleanup_document(report: Report) -> Document:
    """Return a cleanup report laid out."""
    outcomes = (
        *_OUTCOMES,
        *more_outcomes(report["hosts"], (*_OUTCOMES, str(Outcome.PURGED), str(Outcome.QUARANTINED))),
    )
    has_rest = any(row.get("rest") for row in report["hosts"])
    columns = [
        HOST,
        STATE,
        *number_columns(
            [*_NUMBERS_BEFORE, *map(outcome_word, outcomes), *_NUMBERS_AFTER, *([_KEPT] if has_rest else []), _PLANNED]
        ),
    ]
    rows = sort_rows(report, lambda row: (row["purged"] or {}).get("messages"))
    sections = (
        Section("Why", [Item("reason", report["reason"])] if report["reason"] else []),
        rule_section(report),
        message_section("Failed", rows, lambda row: row["failures"]),
        message_section("Undecided", rows, lambda row: row["undecided"]),
        problem_section(report),
    )
    title = "Cleanup, interrupted" if report["interrupted"] else "Cleanup"
    table = Table(columns, [_make_cells(report, row, outcomes, has_rest=has_rest) for row in rows])
    return Document(title, report["created"], _summary(report), table, sections)


def _summary(report: Report) -> list[str]:
    fleet, purged, verb = report["fleet"], report["fleet"]["purged"], METHODS[report["method"]]
    lines = [
        "%s: %d of %d planned messages (%s) to %d recipients."
        % (
            ("would be %s" % verb if report["check"] else verb).capitalize(),
            purged["messages"],
            fleet["planned"],
            size(purged["bytes"]),
            purged["recipients"],
        )
    ]
    if report["nothing_left"]:
        lines.append("Nothing was left to do. The figures are those of the whole run.")
    lines += _more_lines(report)
    if fleet["arrived"]:
        lines.append("%d more messages of the selection have arrived since; run the cleanup again." % fleet["arrived"])
    if report["interrupted"]:
        lines.append("The run was interrupted. Its results are known only for the hosts that it had finished.")
    return lines


def _more_lines(report: Report) -> list[str]:
    """Return lines about what was done before this run was resumed, about the messages that stay, and about the canary."""
    fleet, verb = report["fleet"], METHODS[report["method"]]
    rest = fleet.get("rest") or {}
    lines = []
    if fleet.get("earlier"):
        lines.append("%d more were %s before the run was cut off and resumed." % (fleet["earlier"], verb))
    if fleet.get("drift"):
        lines.append(
            "%d planned messages are no longer as planned; what was not %s is left alone." % (fleet["drift"], verb)
        )
    if rest.get("before"):
        lines.append(
            "Not in the plan: %(before)d messages. %(kept)d stayed as they were, %(gone)d left the queue by themselves, %(changed)d are "
            "not as they were, %(new)d arrived." % rest
        )
    if fleet.get("before") and fleet.get("after") is not None:
        lines.append("In the queues: %d before, %d after." % (fleet["before"], fleet["after"]))
    if report.get("waiting"):
        lines.append(
            "The canary is clean, and the other hosts wait. Resume the run with queue_cleanup_run. With queue_cleanup_canary_pause=approval, "
            "approve the plan again first."
        )
    return lines


def _kept_text(row: Row) -> str:
    """Return how many of the messages that were to stay did, C(-) if that is not known."""
    rest = row.get("rest")
    return "%(kept)d of %(before)d" % rest if rest else "-"


def _make_cells(report: Report, row: Row, outcomes: Sequence[str], *, has_rest: bool) -> list[str]:
    purged, counted = row["purged"] or {}, row["outcomes"] or {}
    return [
        row["host"],
        state_word(row["state"]),
        number_text((row["planned"] or {}).get("messages")),
        *(number_text(purged.get(name)) for name in ("messages", "recipients")),
        size(purged["bytes"]) if purged else "-",
        *(number_text(counted.get(name)) for name in outcomes),
        number_text(row["left"]),
        number_text(row["arrived"]),
        *([_kept_text(row)] if has_rest else []),
        ago_text(report, row["planned_at"]),
    ]
