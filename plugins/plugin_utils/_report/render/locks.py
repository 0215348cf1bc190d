# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The document of a list of locks. Pure."""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    TOP_WIDTH,
    number_columns,
    number_text,
    problem_section,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import hosts_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line

_VALUE_WIDTH = 48


def locks_document(report: Report) -> Document:
    """Return a list of locks laid out."""
    columns = [
        *(Column(title, untrusted=True) for title in ("lock", "value")),
        Column("action"),
        *number_columns(["hosts", "made", "ends"]),
        *(Column(title, untrusted=True) for title in ("by", "reason", "missing on")),
    ]
    rows = [_make_cells(report, lock) for lock in report["locks"]]
    sections = (Section("Expired", list(_expired_items(report))), problem_section(report))
    return Document("Locks", report["created"], _summary(report), Table(columns, rows), sections)


def _summary(report: Report) -> list[str]:
    answered = sum(row["locks"] is not None for row in report["hosts"])
    lines = ["%d of %d hosts answered. They have %d locks." % (answered, len(report["hosts"]), len(report["locks"]))]
    missing = sum(bool(lock["missing"]) for lock in report["locks"])
    if missing:
        lines.append("%d locks are missing on some hosts. Run the lockout again for them, or unlock them." % missing)
    differing = sum(bool(lock["differing"]) for lock in report["locks"])
    if differing:
        lines.append("%d locks have another action or text on some hosts." % differing)
    return lines


def _make_cells(report: Report, lock: Mapping[str, Any]) -> list[str]:
    return [
        str(lock["id"]),
        clip(one_line(_value_text(lock["value"])), _VALUE_WIDTH),
        str(lock["action"]),
        number_text(len(lock["hosts"])),
        "-" if lock["created"] is None else "%s ago" % age(int(report["created"] - lock["created"])),
        _end_text(report, lock["expires"]),
        clip(one_line(lock["created_by"] or "-"), TOP_WIDTH),
        clip(one_line(lock["reason"] or "-"), TOP_WIDTH),
        hosts_text(lock["missing"]) or "-",
    ]


def _value_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _end_text(report: Report, expires: float | None) -> str:
    """Return when a lock ends."""
    if expires is None:
        return "-"
    return "in %s" % age(int(expires - report["created"])) if expires > report["created"] else "expired"


def _expired_items(report: Report) -> Iterator[Item]:
    verb = "would be removed" if report["check"] else "removed"
    for row in report["hosts"]:
        for lock_id in row["expired"]:
            yield Item(row["host"], "%s: %s" % (verb, lock_id))
