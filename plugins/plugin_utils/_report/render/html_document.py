# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What the page of a report of any kind but an audit shows beside its document. Pure."""

from __future__ import annotations

from typing import Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row, count_messages
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.charts import bar_length
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Document, Section
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import clip, one_line

TROUBLE, QUIET = "trouble", "quiet"
# So many hosts have a bar, those with the most messages.
_BARS = 40
_BAR = 100.0
_NAMED = 5
_NAME_WIDTH = 80
# These sections are shown before the table.
_FIRST = ("Refused", "Problems", "Failed")


class HostBar(NamedTuple):
    """How many messages of a host something was or would be done to, and of how many. The lengths are in percent."""

    host: str
    part: int
    whole: int
    part_length: float
    whole_length: float


class Bars(NamedTuple):
    """The bars of a report. more: how many hosts have none here."""

    title: str
    bars: Sequence[HostBar]
    more: int


class DocumentPage(NamedTuple):
    """What a page shows beside the document: the headline with its level, sections in front of the table and after it, and bars."""

    level: str
    headline: str
    first: Sequence[Section]
    last: Sequence[Section]
    bars: Bars | None


class _Chart(NamedTuple):
    title: str
    part: Callable[[Row], int]
    whole: Callable[[Row], int]


def _planned(row: Row) -> int:
    return count_messages(row.get("planned"))


_CHARTS: Mapping[str, _Chart] = {
    "plan": _Chart(
        "Selected messages, of all messages in the chosen queues",
        lambda row: count_messages(row["counts"]),
        lambda row: int((row["counts"] or {}).get("in_queues") or 0),
    ),
    "cleanup": _Chart("Cleaned messages, of the planned ones", lambda row: count_messages(row["purged"]), _planned),
}


def document_page(report: Report, document: Document) -> DocumentPage:
    """Return what the page of a report shows beside its document."""
    level, headline = _headline(report, document)
    filled = [section for section in document.sections if section.items]
    return DocumentPage(
        level=level,
        headline=headline,
        first=sorted(
            (section for section in filled if section.title in _FIRST), key=lambda part: _FIRST.index(part.title)
        ),
        last=[section for section in filled if section.title not in _FIRST],
        bars=_make_bars(report),
    )


def _headline(report: Report, document: Document) -> tuple[str, str]:
    troubled = [row for row in report["hosts"] if row.get("problem")]
    if any(section.title == "Refused" and section.items for section in document.sections):
        return TROUBLE, "Refused: nothing was changed. The reasons follow."
    if troubled:
        named = [
            "%s (%s)" % (clip(one_line(row["host"]), _NAME_WIDTH), state_word(row["state"]))
            for row in troubled[:_NAMED]
        ]
        more = len(troubled) - _NAMED
        names = ", ".join(named) + (" and %d more" % more if more > 0 else "")
        return TROUBLE, "%d of %d hosts have a problem: %s." % (len(troubled), len(report["hosts"]), names)
    return QUIET, "No host has a problem." if report["hosts"] else "The report has no hosts."


def _make_bars(report: Report) -> Bars | None:
    chart = _CHARTS.get(report["kind"])
    if chart is None:
        return None
    figures = [(row["host"], chart.part(row), chart.whole(row)) for row in report["hosts"]]
    figures = sorted((figure for figure in figures if figure[2]), key=lambda figure: (-figure[1], -figure[2]))
    greatest = max((whole for _host, _part, whole in figures), default=0)
    bars = [
        HostBar(
            clip(one_line(host), _NAME_WIDTH),
            part,
            whole,
            bar_length(part, greatest, _BAR),
            bar_length(whole, greatest, _BAR),
        )
        for host, part, whole in figures[:_BARS]
    ]
    return Bars(chart.title, bars, max(0, len(figures) - _BARS)) if bars else None
