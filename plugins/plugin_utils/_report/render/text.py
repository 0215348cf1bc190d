# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Documents as lines for a terminal. Pure."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Document, Table
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import one_line, width_of


def text_lines(document: Document) -> list[str]:
    """Return the lines of a document for a terminal. Everything that could control it is escaped."""
    title = "%s, %s" % (document.title, time_text(document.created))
    lines = [title, *document.summary, "", *text_table(document.table)]
    for section in document.sections:
        if section.items:
            items = ["  %s: %s" % (one_line(item.label), one_line(item.text)) for item in section.items]
            lines += ["", "%s:" % section.title, *items]
    return lines


def text_table(table: Table) -> list[str]:
    """Return the lines of a table for a terminal."""
    cells = [[column.title for column in table.columns], *([one_line(cell) for cell in row] for row in table.rows)]
    widths = [max(width_of(row[index]) for row in cells) for index in range(len(table.columns))]
    return ["  ".join(map(_pad, row, widths, (column.numbers for column in table.columns))).rstrip() for row in cells]


def _pad(text: str, width: int, numbers: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if numbers else text + blanks
