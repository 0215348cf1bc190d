# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark found, as one table: medians of pairwise ratios, against their bounds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .target import Measured

_TITLES = ("work", "measured against", "result", "bound", "", "ours", "peer", "CPU ours", "CPU peer")
_COST_TITLES = ("imported module", "compiling", "running", "both")


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    work: str
    peer: str
    result: str
    bound: str = "-"
    verdict: str = "-"
    ours: str = "-"
    theirs: str = "-"
    our_cpu: str = "-"
    their_cpu: str = "-"

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.work,
            self.peer,
            self.result,
            self.bound,
            self.verdict,
            self.ours,
            self.theirs,
            self.our_cpu,
            self.their_cpu,
        )


def _verdict(value: float, bound: float | None) -> str:
    if bound is None:
        return "-"
    return "within" if value <= bound else "OVER"


def ratios(work: str, peer: str, *, ours: Sequence[float], theirs: Sequence[float], bound: float | None = None) -> Row:
    """Compare seconds that were measured in turn: the ratio of each pair, their median and their range."""
    pairs = [our / their for our, their in zip(ours, theirs, strict=True)]
    middle = median(pairs)
    return Row(
        work=work,
        peer=peer,
        result=f"{middle:.2f} ({min(pairs):.2f}..{max(pairs):.2f})",
        bound="-" if bound is None else f"{bound:g}",
        verdict=_verdict(middle, bound),
        ours=f"{median(ours):.2f} s",
        theirs=f"{median(theirs):.2f} s",
    )


def compare(
    work: str, peer: str, *, ours: Sequence[Measured], theirs: Sequence[Measured], bound: float | None = None
) -> Row:
    """Compare commands that were measured in turn. Without a bound, a row only informs."""
    row = ratios(work, peer, ours=_seconds(ours), theirs=_seconds(theirs), bound=bound)
    return replace(row, our_cpu=_cpu(ours), their_cpu=_cpu(theirs))


def _seconds(runs: Iterable[Measured]) -> list[float]:
    return [run.seconds for run in runs]


def _cpu(runs: Iterable[Measured]) -> str:
    return f"{median(run.cpu_seconds for run in runs):.2f} s"


def not_measured(work: str, why: str) -> Row:
    """Say that something was not measured, and why."""
    return Row(work=work, peer="-", result=f"not measured: {why}")


def scaled(work: str, peer: str, *, ours: Sequence[float], sample: float, factor: float) -> Row:
    """Compare with a peer that ran once, on a part of the work."""
    theirs = sample * factor
    return Row(
        work=work,
        peer=f"{peer} (1/{factor:.0f} of the work, scaled)",
        result=f"{median(ours) / theirs:.3f}",
        ours=f"{median(ours):.2f} s",
        theirs=f"{theirs:.0f} s",
    )


def figure(work: str, what: str, *, value: float, unit: str, bound: float | None = None) -> Row:
    """Report a figure that has no peer."""
    return Row(
        work=work,
        peer=what,
        result=f"{value:.1f} {unit}",
        bound="-" if bound is None else f"{bound:g} {unit}",
        verdict=_verdict(value, bound),
    )


@dataclass(frozen=True)
class Cost:
    """The CPU time that importing a module takes, in milliseconds, without that of the modules that it imports itself."""

    module: str
    compiling: float
    running: float

    @property
    def cells(self) -> tuple[str, ...]:
        return (
            self.module,
            *(f"{value:.1f} ms" for value in (self.compiling, self.running, self.compiling + self.running)),
        )


def cost_table(costs: Sequence[Cost]) -> str:
    """Return a table of modules, the most expensive first, with the sum at the end."""
    by_cost = sorted(costs, key=lambda cost: -(cost.compiling + cost.running))
    total = Cost("all of them", sum(cost.compiling for cost in costs), sum(cost.running for cost in costs))
    return _table(_COST_TITLES, [cost.cells for cost in (*by_cost, total)])


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a table."""
    return _table(_TITLES, [row.cells for row in rows])


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns stand below each other in plain text too."""
    lines = [titles, *rows]
    widths = [max(len(cell) for cell in column) for column in zip(*lines, strict=True)]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)) + " |"
        for cells in (lines[0], rule, *lines[1:])
    )
