# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a list of quarantines. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    HOST,
    TOP_WIDTH,
    number_columns,
    number_text,
    problem_section,
    seconds_since,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line, size

_NUMBERS = ("filled", "messages", "size", "oldest", "restored", "deleted", "collisions")


def quarantine_list_document(report: Report) -> Document:
    """Return a list of quarantines laid out."""
    columns = [
        HOST,
        Column("quarantine", untrusted=True),
        *number_columns(_NUMBERS),
        *(Column(title, untrusted=True) for title in ("unfinished", "by", "reason")),
    ]
    rows = [
        _make_cells(report, row["host"], quarantine) for row in report["hosts"] for quarantine in row["quarantines"]
    ]
    hosts = sum(bool(row["quarantines"]) for row in report["hosts"])
    summary = ["%d quarantines on %d of %d hosts." % (len(rows), hosts, len(report["hosts"]))]
    return Document("Quarantines", report["created"], summary, Table(columns, rows), (problem_section(report),))


def _make_cells(report: Report, host: str, quarantine: Mapping[str, Any]) -> list[str]:
    last = quarantine["runs"][-1] if quarantine["runs"] else {}
    return [
        host,
        quarantine["name"],
        age(seconds_since(report, quarantine["filled"])),
        number_text(quarantine["total"]["messages"]),
        size(quarantine["total"]["bytes"]),
        age(seconds_since(report, quarantine["total"]["oldest"])),
        *(number_text(quarantine[name]) for name in ("restored", "deleted")),
        number_text(len(quarantine["collisions"])),
        quarantine["unfinished"] or "-",
        quarantine["created_by"] or "-",
        clip(one_line(last.get("reason") or "-"), TOP_WIDTH),
    ]
