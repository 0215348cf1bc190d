# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a trace. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    problem_section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import clip, one_line

_LINE_WIDTH = 400


def trace_document(report: Report) -> Document:
    """Return a trace laid out."""
    columns = [
        Column("time"),
        HOST,
        *(Column(title, untrusted=True) for title in ("program", "queue ID", "event")),
        Column("line", untrusted=True, long=True),
    ]
    rows = [_make_cells(event) for event in report["events"]]
    asked = [Item(name.replace("_", " "), str(value)) for name, value in report["trace"].items() if value]
    sections = (Section("Asked for", asked), problem_section(report))
    return Document("Trace", report["created"], _summary(report), Table(columns, rows), sections)


def _summary(report: Report) -> list[str]:
    found = sum(row["events"] > 0 for row in report["hosts"])
    lines = ["%d lines on %d of %d hosts." % (len(report["events"]), found, len(report["hosts"]))]
    if not report["events"]:
        lines.append("No log has it. Give an earlier message_trace_since, or name older files in message_trace_files.")
    return lines


def _make_cells(event: Mapping[str, Any]) -> list[str]:
    return [
        time_text(int(event["time"])),
        event["from_host"],
        str(event.get("program") or "-"),
        str(event.get("queue_id") or "-"),
        str(event.get("event") or "-"),
        clip(one_line(str(event.get("line") or "")), _LINE_WIDTH),
    ]
