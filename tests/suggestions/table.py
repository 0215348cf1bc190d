# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of precision and recall in docs/suggestions.md."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

from tests.suggestions.development import DEVELOPMENT
from tests.suggestions.held_out import HELD_OUT
from tests.suggestions.innocent import INNOCENT
from tests.suggestions.measure import Measured, measure

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "suggestions.md"
_START, _END = "<!-- made by `make suggestions` -->\n", "<!-- end -->"
_HEAD = "| queue | messages | spam | suggestions | precision | recall |\n|---|---|---|---|---|---|\n"


def row(measured: Measured) -> str:
    """Return the row of a table."""
    return "| %s | %d | %d | %d | %s | %s |\n" % (
        measured.scene.name,
        measured.messages,
        measured.spam,
        len(measured.suggestions),
        _figure(measured.precision),
        _figure(measured.recall),
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else "%.3f" % value


def _table(title: str, rows: Iterable[Measured]) -> str:
    return "\n### %s\n\n%s%s" % (title, _HEAD, "".join(map(row, rows)))


def tables() -> str:
    """Measure everything and return all tables."""
    titles = {"Development": DEVELOPMENT, "Held out": HELD_OUT, "Innocent": INNOCENT}
    return "".join(_table(title, map(measure, scenes)) for title, scenes in titles.items())


def with_tables(document: str, text: str) -> str:
    """Return the document with its tables replaced."""
    head, _start, rest = document.partition(_START)
    _old, _end, tail = rest.partition(_END)
    return head + _START + text + "\n" + _END + tail
