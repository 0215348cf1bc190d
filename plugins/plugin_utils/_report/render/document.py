# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""A report laid out, before it becomes text, Markdown or another format. Pure.

Cells and items may hold untrusted text, unchanged. Each renderer escapes it, once.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence


class Column(NamedTuple):
    """A column: its title, and whether it holds numbers (aligned right), untrusted text (shown as code in Markdown), or neither.

    long: whether it holds long text, which a terminal without room shows in lines of its own below each row, and does not shorten.
    splits: whether a table that is too wide is split before this column, which is then as important as the first one.
    """

    title: str
    numbers: bool = False
    untrusted: bool = False
    long: bool = False
    splits: bool = False


class Table(NamedTuple):
    """Columns, and rows with one text for each."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]


class Item(NamedTuple):
    """A line of a list: a label, and untrusted text.

    more: lines of untrusted text below it. command: the words of a command to copy, quoted for the shell already. Only audits have
    these; their page in HTML is not made from the document.
    """

    label: str
    text: str
    more: Sequence[str] = ()
    command: Sequence[str] = ()


class Section(NamedTuple):
    """A list with a title. A section without items is not shown."""

    title: str
    items: Sequence[Item]


class Document(NamedTuple):
    """A report laid out. created: seconds since the epoch. summary: lines that hold no untrusted text.

    urgent: what the first cell has in the rows that must not be left out where not all fit.
    """

    title: str
    created: int
    summary: Sequence[str]
    table: Table
    sections: Sequence[Section]
    urgent: frozenset[str] = frozenset()
