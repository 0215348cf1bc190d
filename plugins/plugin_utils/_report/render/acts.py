# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Reports on holds, releases and flushes laid out: one table for the fleet, then each listed message with its outcome. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    RULE_WIDTH,
    STATE,
    message_section,
    more_outcomes,
    number_columns,
    number_text,
    problem_section,
    refusal_section,
    seconds_since,
    sort_rows,
    undecided_lines,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    outcome_word,
    rule_text,
    state_word,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line, size

# So many messages are listed of a host, and of all hosts together. The JSON has more.
_MESSAGES_OF_HOST = 10
_MESSAGES = 100
# The line of a message, without blanks and colon at its beginning.
_LINE_WIDTH = 96
_MIN_ADDRESS_WIDTH = 12
_ARROW = " -> "
_TITLES: Mapping[str, str] = {"held": "Hold", "released": "Release"}


def hold_document(report: Report) -> Document:
    """Return a report on a hold or a release laid out."""
    lines = _summary(report, report["state"])
    if report["own"] and report["record"]:
        lines.append("Only what earlier holds of this collection held is released.")
    return _document(report, _TITLES[report["state"]], lines)


def flush_document(report: Report) -> Document:
    """Return a report on a flush laid out."""
    lines = _summary(report, "requeued" if report["requeue"] else "tried")
    after = report["fleet"]["after"]
    if after:
        ends = ", ".join("%d %s" % (count, outcome_word(name)) for name, count in after.items())
        lines.append("What became of them within %d seconds: %s." % (report["wait"], ends))
    return _document(report, "Flush", lines)


def _document(report: Report, title: str, lines: Sequence[str]) -> Document:
    rows = sort_rows(report, lambda row: (row["changed"] or {}).get("messages"))
    outcomes = more_outcomes(rows, ())
    columns = [HOST, STATE, *number_columns(["selected", *map(outcome_word, outcomes), "size"])]
    table = Table(columns, [_make_cells(row, outcomes) for row in rows])
    sections = (
        Section("Why", [Item("reason", report["reason"])] if report["reason"] else []),
        Section("Rules", _rule_items(report)),
        Section("Record", [Item("directory", report["record"])] if report.get("record") else []),
        Section(_messages_title(report), list(_message_items(report, rows))),
        Section("Not as planned", list(_missing_items(rows))),
        message_section("Failed", rows, lambda row: row["failures"]),
        message_section("Undecided", rows, lambda row: row["undecided"]),
        refusal_section(report, "Refused"),
        problem_section(report),
    )
    return Document(title, report["created"], lines, table, sections)


def _summary(report: Report, verb: str) -> list[str]:
    fleet = report["fleet"]
    predicts = report["check"] or report["preview"]
    changed = fleet["changed"]
    line = "%s: %d of %d selected messages (%s) to %d recipients, on %d of %d hosts." % (
        ("would be %s" % verb if predicts else verb).capitalize(),
        changed["messages"],
        fleet["matched"]["messages"],
        size(changed["bytes"]),
        changed["recipients"],
        sum((row["changed"] or {}).get("messages", 0) > 0 for row in report["hosts"]),
        fleet["hosts"],
    )
    lines = [line]
    if fleet["matched"]["partial"]:
        lines.append(
            "%d messages match for some of their recipients only, and are left alone." % fleet["matched"]["partial"]
        )
    return lines + undecided_lines(fleet["matched"]["undecided"])


def _make_cells(row: Row, outcomes: Sequence[str]) -> list[str]:
    changed, counted = row["changed"] or {}, row["outcomes"] or {}
    return [
        row["host"],
        state_word(row["state"]),
        number_text((row["matched"] or {}).get("messages")),
        *(number_text(counted.get(name)) for name in outcomes),
        size(changed["bytes"]) if changed else "-",
    ]


def _rule_items(report: Report) -> list[Item]:
    if not report["match"] and not report["exclude"]:
        return []
    rule = {"match": report["match"], "exclude": report["exclude"], "method": None}
    return [Item("rule", clip(rule_text(rule), RULE_WIDTH))]


def _messages_title(report: Report) -> str:
    return "Messages, with what would be done" if report["check"] or report["preview"] else "Messages"


def _message_items(report: Report, rows: Sequence[Row]) -> Iterator[Item]:
    """Yield the listed messages of each host with their outcomes, the oldest first, and how many more there are."""
    left = _MESSAGES
    for row in rows:
        shown = row["messages"][: min(_MESSAGES_OF_HOST, left)]
        left -= len(shown)
        yield from (Item(row["host"], _message_text(report, row["host"], message)) for message in shown)
        more = (row["matched"] or {}).get("messages", 0) - len(shown)
        if row["messages"] and more > 0:
            yield Item(row["host"], "and %d more" % more)


def _message_text(report: Report, host: str, message: Mapping[str, Any]) -> str:
    """Return a message on one line: its queue ID, its outcome, its age, its sender and its recipients."""
    outcome = outcome_word(message.get("outcome") or "unchanged")
    start = "%s %s %s " % (message.get("queue_id"), outcome, age(seconds_since(report, message.get("arrival_time"))))
    more = (message.get("recipient_count") or 1) - 1
    end = " +%d" % more if more > 0 else ""
    room = _LINE_WIDTH - len(host) - len(start) - len(end) - len(_ARROW)
    width = max(_MIN_ADDRESS_WIDTH, room // 2)
    sender, recipients = message.get("sender"), message.get("recipients") or ["-"]
    shown = [one_line("-" if sender is None else sender or "<>"), one_line(recipients[0])]
    return start + _ARROW.join(clip(address, width) for address in shown) + end


def _missing_items(rows: Sequence[Row]) -> Iterator[Item]:
    """Yield the planned messages that are gone, or whose queue ID another message has."""
    for row in rows:
        missing = row["not_as_planned"]
        for message in missing[:_MESSAGES_OF_HOST]:
            yield Item(row["host"], "%s: %s" % (message["queue_id"], outcome_word(message["outcome"])))
        if len(missing) > _MESSAGES_OF_HOST:
            yield Item(row["host"], "and %d more" % (len(missing) - _MESSAGES_OF_HOST))
