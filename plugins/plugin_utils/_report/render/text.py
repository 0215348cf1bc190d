# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Documents as lines for a terminal. Pure."""

from __future__ import annotations

from typing import Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import fold, one_line, shorten, width_of

# No line has more columns of a terminal, apart from a word of a command that is longer.
WIDTH = 100
_GAP = "  "
_INDENT = "    "
_CONTINUED = " \\"
# No column is made narrower than that, so that its values can still be told apart: what a row is about, numbers, other text.
_KEY_WIDTH = 32
_NUMBER_WIDTH = 24
_LEAST_WIDTH = 20
_LABEL_WIDTH = 40


def text_lines(document: Document, width: int = WIDTH) -> list[str]:
    """Return the lines of a document for a terminal, each of at most so many columns. Everything that could control it is escaped."""
    title = "%s, %s" % (one_line(document.title), time_text(document.created))
    lines = [title, *(line for text in document.summary for line in fold(one_line(text), width, "  "))]
    lines += ["", *text_table(document.table, width)]
    for section in document.sections:
        if section.items:
            lines += ["", *fold("%s:" % section.title, width)]
            lines += [line for item in section.items for line in _item_lines(item, width)]
    return lines


def command_lines(words: Sequence[str], width: int = WIDTH) -> list[str]:
    """Return a command for the shell, in several lines if it is long. words: quoted already. A longer word has a line of its own."""
    lines = ["  "]
    for word in words:
        # There has to be room for the sign that the command goes on.
        if len(lines[-1]) > len(_INDENT) and width_of(lines[-1]) + width_of(word) > width - len(_CONTINUED):
            lines[-1] += _CONTINUED.lstrip()
            lines.append(_INDENT)
        lines[-1] += "%s " % word
    return [*lines[:-1], lines[-1].rstrip()]


def _item_lines(item: Item, width: int) -> list[str]:
    text = "  %s: %s" % (shorten(one_line(item.label), _LABEL_WIDTH), one_line(item.text))
    lines = fold(text.rstrip(), width, _INDENT)
    lines += [line for more in item.more for line in fold(_INDENT + one_line(more), width, _INDENT + _GAP)]
    if item.command:
        lines += [_GAP + line for line in command_lines(item.command, width - len(_GAP))]
    return lines


def text_table(table: Table, width: int = WIDTH) -> list[str]:
    """Return the lines of a table for a terminal, each of at most so many columns.

    Wide columns are shortened, and long ones are in lines below each row. Columns for which there is no room are in another table
    below, which has the first column again.
    """
    cells = [[column.title for column in table.columns], *([one_line(cell) for cell in row] for row in table.rows)]
    widths = [max(width_of(row[index]) for row in cells) for index in range(len(table.columns))]
    is_narrow = sum(widths) + len(_GAP) * (len(widths) - 1) <= width
    below = [] if is_narrow else [index for index, column in enumerate(table.columns) if column.long]
    lines: list[str] = []
    parts = _parts_of(table.columns, widths, [index for index in range(len(widths)) if index not in below], width)
    for part in parts:
        fitting = _fit(table.columns, widths, part, width)
        lines += [""] if lines else []
        for number, row in enumerate(cells):
            lines.append(_line_of(table.columns, row, fitting))
            if number and part is parts[-1]:
                texts = [row[index] for index in below if row[index] not in ("", "-")]
                lines += [line for text in texts for line in fold(_INDENT + text, width, _INDENT)]
    return lines


def _least_width(column: Column, width: int, *, is_key: bool) -> int:
    if is_key or column.splits:
        return min(width, _KEY_WIDTH)
    return min(width, _NUMBER_WIDTH if column.numbers else _LEAST_WIDTH)


def _parts_of(columns: Sequence[Column], widths: Sequence[int], shown: Sequence[int], width: int) -> list[list[int]]:
    """Return the columns of each table, by their indexes, so that at their least widths they fit side by side.

    shown: the indexes of all columns. The first one is in each table.
    """
    first, *others = shown
    key_width = _least_width(columns[first], widths[first], is_key=True)
    needed = {index: len(_GAP) + _least_width(columns[index], widths[index], is_key=False) for index in others}
    is_split = key_width + sum(needed.values()) > width
    parts, room = [[first]], width - key_width
    for index in others:
        if len(parts[-1]) > 1 and (needed[index] > room or (is_split and columns[index].splits)):
            parts.append([first])
            room = width - key_width
        parts[-1].append(index)
        room -= needed[index]
    return parts


def _fit(columns: Sequence[Column], widths: Sequence[int], part: Sequence[int], width: int) -> dict[int, int]:
    """Return the width of each column of a table: its own, or less for the widest columns if they do not fit."""
    least = {index: _least_width(columns[index], widths[index], is_key=not index) for index in part}
    spare = width - sum(least.values()) - len(_GAP) * (len(part) - 1)
    fitting = dict(least)
    # The columns that need the least more come first, and what they leave is for the others.
    wanting = sorted(
        (index for index in part if widths[index] > least[index]), key=lambda index: widths[index] - least[index]
    )
    for place, index in enumerate(wanting):
        more = min(widths[index] - least[index], max(0, spare) // (len(wanting) - place))
        fitting[index] += more
        spare -= more
    return fitting


def _line_of(columns: Sequence[Column], row: Sequence[str], widths: dict[int, int]) -> str:
    return _GAP.join(
        _pad(shorten(row[index], width), width, columns[index].numbers) for index, width in widths.items()
    ).rstrip()


def _pad(text: str, width: int, numbers: bool) -> str:
    blanks = " " * (width - width_of(text))
    return blanks + text if numbers else text + blanks
