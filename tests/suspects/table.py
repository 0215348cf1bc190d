# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables of precision and recall in docs/suspects.md."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Iterable, Sequence

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "suspects.md"
_START, _END = "<!-- made by `python -m tests.suspects measure` -->\n", "<!-- end -->"
_HEAD = "| log | stolen | suspects | evidence | precision | recall |\n|---|---|---|---|---|---|\n"


@dataclass(frozen=True)
class Measured:
    """What the suspects of a log are worth."""

    group: str
    name: str
    stolen: frozenset[str]
    suspects: Sequence[dict[str, Any]]
    """As the module returns them."""

    @property
    def found(self) -> frozenset[str]:
        """The accounts that are suspects."""
        return frozenset(suspect["sasl_username"] for suspect in self.suspects)

    @property
    def precision(self) -> float | None:
        """The share of stolen accounts in the suspects; None where there are none."""
        return len(self.found & self.stolen) / len(self.found) if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of the stolen accounts that are suspects; None where none is stolen."""
        return len(self.found & self.stolen) / len(self.stolen) if self.stolen else None


def row(measured: Measured) -> str:
    """Return the row of a table."""
    evidence = {item["threshold"] for suspect in measured.suspects for item in suspect["evidence"]}
    cells = (
        measured.name,
        ", ".join(sorted(measured.stolen)),
        ", ".join(sorted(measured.found)),
        ", ".join(sorted(evidence)),
        _figure(measured.precision),
        _figure(measured.recall),
    )
    return "| %s |\n" % " | ".join(cell or "-" for cell in cells)


def _figure(value: float | None) -> str:
    return "-" if value is None else "%.3f" % value


def tables(measured: Iterable[Measured]) -> str:
    """Return a table for each group."""
    parts = []
    for group, rows in groupby(measured, key=lambda one: one.group):
        parts.append("\n### %s\n\n%s%s" % (group, _HEAD, "".join(map(row, rows))))
    return "".join(parts)


def with_tables(document: str, text: str) -> str:
    """Return the document with its tables replaced."""
    head, _start, rest = document.partition(_START)
    _old, _end, tail = rest.partition(_END)
    return head + _START + text + "\n" + _END + tail
