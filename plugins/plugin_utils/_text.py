# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Short texts for numbers, and untrusted text made safe for a terminal. Pure."""

from __future__ import annotations

import unicodedata
from itertools import accumulate
from typing import Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable

_ELLIPSIS = "…"
# If fewer characters of the end fit, they say nothing.
_LEAST_TAIL = 3
_MAX_NAMED = 5
_SIZE_UNITS = ("KiB", "MiB", "GiB", "TiB")


def and_more(names: Sequence[str]) -> str:
    """Return a few names as text, and how many more there are."""
    more = len(names) - _MAX_NAMED
    return ", ".join(names[:_MAX_NAMED]) + (" and %d more" % more if more > 0 else "")


def one_line(text: str) -> str:
    """Return the text on one line, with everything escaped that could control a terminal."""
    return printable(" ".join(text.split()))


def sentence(text: str) -> str:
    """Return a text with one full stop at its end."""
    return "%s." % text.rstrip(". \n")


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
    # Combining characters take no room, so those at the end stay.
    kept = sum(taken <= room for taken in accumulate(map(_width, text)))
    return text[:kept] + _ELLIPSIS


def shorten(text: str, width: int) -> str:
    """Return the text in at most that many columns of a terminal, without its middle if it is too long."""
    if width_of(text) <= width:
        return text
    room = width - width_of(_ELLIPSIS)
    if room < _LEAST_TAIL * 2:
        return clip(text, width)
    tail = _first_columns(text[::-1], room // 2)[::-1]
    return _first_columns(text, room - width_of(tail)) + _ELLIPSIS + tail


def _first_columns(text: str, width: int) -> str:
    """Return the first characters of a text that take at most so many columns."""
    return text[: sum(taken <= width for taken in accumulate(map(_width, text)))]


def fold(text: str, width: int, indent: str = "") -> list[str]:
    """Return a text as lines of at most that many columns of a terminal, broken at blanks where possible.

    Each line after the first begins with the indent.
    """
    lines: list[str] = []
    rest = text
    while width_of(rest) > width:
        line = _first_columns(rest, width) or rest[:1]
        blank = line.rfind(" ", len(indent) + 1)
        # A word that is cut is better than a line that is nearly empty.
        if rest[len(line)] != " " and blank > len(line) // 2:
            line = line[:blank]
        lines.append(line.rstrip())
        rest = indent + rest[len(line) :].lstrip()
    return [*lines, rest]


def age(seconds: int | None) -> str:
    """Return a length of time, such as C(2d 3h), C(3h 5m), C(5m) or C(20s); C(-) for none."""
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
    """Return a number of bytes in the largest unit that it has one of, such as C(1.2 MiB)."""
    if count < 1024:
        return "%d B" % count
    amount = float(count)
    for unit in _SIZE_UNITS:
        amount /= 1024
        if amount < 1024:
            return "%.1f %s" % (amount, unit)
    return "%.1f %s" % (amount, unit)
