# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Documents as Markdown. Pure."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import one_line


def markdown_text(document: Document) -> str:
    """Return a document as Markdown. Untrusted text is code, so that it cannot be a link, mark-up or HTML."""
    summary = ["- %s" % line for line in document.summary]
    lines = ["# %s" % document.title, "", time_text(document.created), "", *summary, ""]
    lines += markdown_table(document.table)
    for section in document.sections:
        if section.items:
            items = ["- %s: %s" % (code(item.label), code(item.text)) for item in section.items]
            lines += ["", "## %s" % section.title, "", *items]
    return "\n".join(lines) + "\n"


def markdown_table(table: Table) -> list[str]:
    """Return the lines of a table in GitHub's Markdown, which GitLab and others also read."""
    rules = ["---:" if column.numbers else "---" for column in table.columns]
    rows = [[_cell(column, text) for column, text in zip(table.columns, row)] for row in table.rows]
    return ["| %s |" % " | ".join(row) for row in ([column.title for column in table.columns], rules, *rows)]


def _cell(column: Column, text: str) -> str:
    return code(text) if column.untrusted else one_line(text)


def code(text: str) -> str:
    """Return the text as code in Markdown, so that it cannot be a link, mark-up or HTML, also within a table."""
    text = one_line(text)
    if not text or text == "-":
        return text
    if "|" in text or "`" in text:
        # In a table no escape for these works in a code span. HTML with each special character as a number does.
        return "<code>%s</code>" % "".join(
            char if char.isalnum() or char == " " else "&#%d;" % ord(char) for char in text
        )
    return "`%s`" % text
