# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a report on a lockout. Pure."""

from __future__ import annotations

from typing import Any, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import lock_text
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
    message_section,
    number_columns,
    number_text,
    problem_section,
    refusal_section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import CLEANUPS, state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import and_more, clip, one_line

_LOCK_WIDTH = 120
_CHANGES = {"added": "added", "updated": "updated", "removed": "removed", "expired": "expired"}

_DONE_TEXT = "%d sessions ended, %d messages held%s."
_NO_EFFECT = (
    "Some locks select no message in the queues and in the logs. If you expected some, check how they are written."
)


def lockout_document(report: Report) -> Document:
    """Return a report on a lockout laid out."""
    cleaned = CLEANUPS.get(report["cleanup"])
    titles = [*_CHANGES.values(), "sessions", "held", *([cleaned] if cleaned else []), _left_title(report)]
    columns = [HOST, STATE, *number_columns(titles)]
    rows = [_make_cells(report, row, has_cleanup=cleaned is not None) for row in report["hosts"]]
    sections = (
        Section("Why", [Item("reason", report["reason"])] if report["reason"] else []),
        Section("Locks", list(_lock_items(report))),
        refusal_section(report, "Refused"),
        message_section("Failed", report["hosts"], lambda row: row["failures"]),
        problem_section(report),
    )
    return Document(_title(report), report["created"], _summary(report), Table(columns, rows), sections)


def _title(report: Report) -> str:
    title = "Unlocked" if report["unlock"] else "Lockout"
    if report["preview"]:
        return "%s, before anything is touched" % title
    return "%s, interrupted" % title if report["interrupted"] else title


def _left_title(report: Report) -> str:
    return "on hold" if report["unlock"] else "left"


def _summary(report: Report) -> list[str]:
    fleet = report["fleet"]
    verb = "unlocked" if report["unlock"] else "locked"
    copula = "would be" if report["check"] or report["preview"] else "are"
    lines = ["%d of %d hosts %s %s." % (fleet["done"], fleet["hosts"], copula, verb)]
    if report["unlock"]:
        if report["not_found"]:
            lines.append(
                "No host that answered had %s. The playbook mailops.postfix.locks lists the locks."
                % and_more(report["not_found"])
            )
        if fleet["on_hold"]:
            lines.append(
                "%d messages are still on hold. Unlocking does not release them: examine them, then release or delete them."
                % fleet["on_hold"]
            )
        return lines
    if not report["preview"]:
        figures = (fleet["sessions"], fleet["held"]["messages"], _cleaned_text(report))
        text = "%d sessions would be ended, %d messages would be held%s." if report["check"] else _DONE_TEXT
        lines.append(text % figures)
    if any(effect["queue"] == 0 and effect["log"] == 0 for effect in report["locks"]):
        lines.append(_NO_EFFECT)
    if fleet.get("unknown_sessions"):
        lines.append(
            "%d sessions that began before have sent nothing so far, or are not in the mail log, so their account is not known. Run it again "
            "to end them if they send." % fleet["unknown_sessions"]
        )
    if report["quarantine"] and report["cleanup"] == "quarantine":
        lines.append("The quarantine is %s." % report["quarantine"])
    if report["interrupted"]:
        lines.append("The run was interrupted. Its results are known only for the hosts that it had finished.")
    return lines


def _cleaned_text(report: Report) -> str:
    word = CLEANUPS.get(report["cleanup"])
    return ", %d %s" % (report["fleet"]["cleaned"]["messages"], word) if word else ""


def _lock_items(report: Report) -> Iterator[Item]:
    """Yield each lock with what it stops now and would have stopped."""
    for effect in report["locks"]:
        parts = []
        if effect["queue"] is not None:
            parts.append("%d messages in the queues before" % effect["queue"])
        if effect["log"] is not None:
            parts.append("would have stopped %d messages in the last %s" % (effect["log"], report["since"]))
        text = clip(one_line(lock_text(effect["lock"])), _LOCK_WIDTH)
        yield Item("lock", "%s: %s" % (text, ", ".join(parts)) if parts else text)
    for lock_id in report["ids"]:
        yield Item("ID", lock_id)


def _make_cells(report: Report, row: Row, *, has_cleanup: bool) -> list[str]:
    return [
        row["host"],
        state_word(row["state"]),
        *(number_text(len(row[name])) for name in _CHANGES),
        number_text(row["sessions"]),
        _messages_text(row["held"]),
        *([_messages_text(row["cleaned"])] if has_cleanup else []),
        number_text(row["on_hold"] if report["unlock"] else row["left"]),
    ]


def _messages_text(sums: Mapping[str, Any] | None) -> str:
    return number_text(None if sums is None else sums["messages"])
