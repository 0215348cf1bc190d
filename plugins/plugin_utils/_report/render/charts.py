# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The geometry of the charts of an HTML report. Pure: numbers in, numbers and SVG paths out.

The templates draw the charts. Nothing here handles text of a report.
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

HEAT_LEVELS = 5
_HEAT_RATIO = 2.5
_MIN_LENGTH = 1.0


class Part(NamedTuple):
    """A part of a bar: where it starts, and how long it is."""

    start: float
    length: float


def bar_length(value: float, greatest: float, length: float) -> float:
    """Return how long the bar of a value is, if the bar of the greatest value has a length. A value above 0 can always be seen."""
    if value <= 0 or greatest <= 0:
        return 0
    return round(max(_MIN_LENGTH, min(1.0, value / greatest) * length), 1)


def stack_parts(values: Sequence[float], greatest: float, length: float) -> list[Part]:
    """Return the parts of one bar that shows several values, one after the other."""
    parts = []
    start = 0.0
    for value in values:
        part = bar_length(value, greatest, length)
        parts.append(Part(round(start, 1), part))
        start += part
    return parts


def column_path(values: Sequence[float], *, width: float, height: float, gap: float = 1) -> str:
    """Return the path of a column chart: a column for each value, the greatest as high as the chart. Empty if all values are 0."""
    greatest = max(values, default=0)
    step = width / max(len(values), 1)
    columns = []
    for number, value in enumerate(values):
        column = bar_length(value, greatest, height)
        if column:
            columns.append(
                "M%g %gv-%gh%gv%gz" % (round(number * step, 1), height, column, round(step - gap, 1), column)
            )
    return "".join(columns)


def trend_points(values: Sequence[float | None], *, width: float, height: float) -> str:
    """Return the points of a line from the left to the right; 0 is at the bottom, the greatest value at the top.

    A value that is not known has no point. The text is empty if fewer than two values are known.
    """
    known = [(number, value) for number, value in enumerate(values) if value is not None]
    if len(known) < 2:
        return ""
    greatest = max(value for _number, value in known) or 1
    step = width / (len(values) - 1)
    return " ".join(
        "%g,%g" % (round(number * step, 1), round(height * (1 - max(value, 0) / greatest), 1))
        for number, value in known
    )


def heat_level(value: float, greatest: float) -> int:
    """Return how strong the colour of a cell of a heat map is: 0 for nothing, otherwise 1 to HEAT_LEVELS.

    The scale is logarithmic: each level is for values that are so many times smaller than those of the next one.
    """
    if value <= 0 or greatest <= 0:
        return 0
    steps = int(math.log(max(1.0, greatest / value), _HEAT_RATIO))
    return max(1, HEAT_LEVELS - steps)
