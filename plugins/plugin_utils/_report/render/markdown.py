# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Documents as Markdown. Pure."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Iterable, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import one_line

# GitHub cuts the summary of a job at 1 MiB, in the middle of a line.
MOST_BYTES = 1_000_000
# So many rows and items are shown. Of more rows there is the sum.
MOST_ROWS = 50
_MOST_CHARACTERS = 500
_ELLIPSIS = "…"
_LEFT_OUT = "The rest is left out here. The report in JSON has it."
_NUMBER = re.compile(r"[+-]?[0-9]+")


def markdown_text(document: Document) -> str:
    """Return a document as Markdown of at most MOST_BYTES. Untrusted text is code, so that it cannot be a link, mark-up or HTML.

    The urgent rows of the table come first.
    """
    summary = ["- %s" % line for line in document.summary]
    lines = ["# %s" % document.title, "", time_text(document.created), "", *summary, ""]
    rows = sorted(document.table.rows, key=lambda row: row[0] not in document.urgent)
    lines += markdown_table(document.table._replace(rows=rows))
    for section in document.sections:
        if section.items:
            items = [line for item in section.items[:MOST_ROWS] for line in _item_lines(item)]
            more = len(section.items) - MOST_ROWS
            lines += ["", "## %s" % section.title, "", *items, *(["- and %d more" % more] if more > 0 else [])]
    return "\n".join(_bounded(lines)) + "\n"


def _item_lines(item: Item) -> list[str]:
    lines = ["- %s: %s" % (code(item.label), code(item.text)), *("  - %s" % code(text) for text in item.more)]
    # No line of the block begins with text of a stranger, so that none can end it.
    return [*lines, "", "  ```console", "  %s" % " ".join(item.command), "  ```", ""] if item.command else lines


def _bounded(lines: Sequence[str]) -> list[str]:
    """Return the first lines, as many as fit, and a line that says so if some do not."""
    room = MOST_BYTES - len(_LEFT_OUT) - 2
    ends = list(accumulate(len(line.encode("utf-8", "surrogateescape")) + 1 for line in lines))
    kept = sum(end <= room for end in ends)
    return list(lines) if kept == len(lines) else [*lines[:kept], "", _LEFT_OUT]


def markdown_table(table: Table) -> list[str]:
    """Return the lines of a table in GitHub's Markdown, which GitLab and others also read."""
    rules = ["---:" if column.numbers else "---" for column in table.columns]
    rows = [[_cell(column, text) for column, text in zip(table.columns, row)] for row in table.rows[:MOST_ROWS]]
    rest = table.rows[MOST_ROWS:]
    rows += [
        ["and %d more" % len(rest), *(_sum_text(row[place] for row in rest) for place in range(1, len(rules)))]
    ] * bool(rest)
    return ["| %s |" % " | ".join(row) for row in ([column.title for column in table.columns], rules, *rows)]


def _sum_text(cells: Iterable[str]) -> str:
    """Return the sum of a column, C(-) if it holds anything but numbers."""
    numbers = [cell for cell in cells if cell != "-"]
    if not numbers or not all(map(_NUMBER.fullmatch, numbers)):
        return "-"
    return ("%+d" if any(number.startswith("+") for number in numbers) else "%d") % sum(map(int, numbers))


def _cell(column: Column, text: str) -> str:
    return code(text) if column.untrusted else one_line(text)[:_MOST_CHARACTERS]


def code(text: str) -> str:
    """Return the text as code in Markdown, so that it cannot be a link, mark-up or HTML, also within a table."""
    text = one_line(text)
    if len(text) > _MOST_CHARACTERS:
        text = text[:_MOST_CHARACTERS] + _ELLIPSIS
    if not text or text == "-":
        return text
    if "|" in text or "`" in text:
        # In a table no escape for these works in a code span. HTML with each special character as a number does.
        return "<code>%s</code>" % "".join(
            char if char.isalnum() or char == " " else "&#%d;" % ord(char) for char in text
        )
    return "`%s`" % text
