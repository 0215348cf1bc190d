# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Tables for a terminal and for Markdown, and the words in them. Pure.

What comes from a queue was written by strangers: a sender may hold terminal escapes, a reason may hold Markdown. Every text
passes printable() before it is laid out, and code() before it stands in Markdown.
"""

from __future__ import annotations

import unicodedata
from typing import NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable

_ELLIPSIS = "…"
_SIZE_UNITS = ("KiB", "MiB", "GiB", "TiB")


class Column(NamedTuple):
    """A column: its title, and whether it holds numbers (right), text of strangers (code), or neither."""

    title: str
    numbers: bool = False
    foreign: bool = False


class Table(NamedTuple):
    """Columns, and rows with one text for each."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


def one_line(text: str) -> str:
    """Return the text on one line, with nothing in it that could steer a terminal."""
    return printable(" ".join(text.split()))


def width_of(text: str) -> int:
    """Return how many columns of a terminal the text takes."""
    return len(text) if text.isascii() else sum(map(_width, text))


def _width(char: str) -> int:
    return 0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")


def clip(text: str, width: int) -> str:
    """Return the text, cut to at most that many columns of a terminal."""
    if width_of(text) <= width:
        return text
    room = width - width_of(_ELLIPSIS)
    for index, char in enumerate(text):
        room -= _width(char)
        if room < 0:
            return text[:index] + _ELLIPSIS
    return text


def age(seconds: int | None) -> str:
    """Return a length of time as C(2d 3h), C(3h 5m), C(5m) or C(20s); C(-) for none."""
    if seconds is None:
        return "-"
    days, rest = divmod(max(seconds, 0), 86400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return "%dd %dh" % (days, hours)
    if hours:
        return "%dh %dm" % (hours, minutes)
    return "%dm" % minutes if minutes else "%ds" % rest


def size(count: int) -> str:
    """Return a number of bytes in the largest unit that it has one of, as C(1.2 MiB)."""
    if count < 1024:
        return "%d B" % count
    amount = float(count)
    for unit in _SIZE_UNITS:
        amount /= 1024
        if amount < 1024:
            return "%.1f %s" % (amount, unit)
    return "%.1f %s" % (amount, unit)


def text_table(table: Table) -> list[str]:
    """Return the lines of the table for a terminal."""
    cells = [[column.title for column in table.columns], *([one_line(cell) for cell in row] for row in table.rows)]
    widths = [max(width_of(row[index]) for row in cells) for index in range(len(table.columns))]
    return [
        "  ".join(map(_padded, row, widths, (column.numbers for column in table.columns))).rstrip() for row in cells
    ]


def _padded(text: str, width: int, numbers: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if numbers else text + blanks


def markdown_table(table: Table) -> list[str]:
    """Return the lines of the table in GitHub's Markdown, which GitLab and others read too."""
    rules = ["---:" if column.numbers else "---" for column in table.columns]
    rows = [[_cell(column, text) for column, text in zip(table.columns, row)] for row in table.rows]
    return ["| %s |" % " | ".join(row) for row in ([column.title for column in table.columns], rules, *rows)]


def _cell(column: Column, text: str) -> str:
    return code(text) if column.foreign else one_line(text)


def code(text: str) -> str:
    """Return the text as code in Markdown, where it is no link, no mark-up and no HTML, also within a table."""
    text = one_line(text)
    if not text or text == "-":
        return text
    if "|" in text or "`" in text:
        # No way of escaping these holds in a code span in a table; HTML with every mark as a number does.
        return "<code>%s</code>" % "".join(
            char if char.isalnum() or char == " " else "&#%d;" % ord(char) for char in text
        )
    return "`%s`" % text
