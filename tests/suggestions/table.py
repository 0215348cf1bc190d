# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables in docs/suggestions-measured.md, and the details of each queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.suggestions.measure import GOOD_PRECISION, GOOD_RECALL, LIKELY, Measured, Part

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "suggestions-measured.md"
_START, _END = "<!-- made by `make suggestions` -->\n", "<!-- end -->"
_FLOODS = (
    "queue",
    "messages",
    "spam",
    "suggestions",
    "likely",
    "precision",
    "recall",
    "precision, likely",
    "recall, likely",
)
_INNOCENT = ("queue", "messages", "groups", "possible", "false likely")


def row(measured: Measured) -> str:
    """Return the row of a table."""
    return _line(_of_flood(measured) if measured.is_flooded else _of_innocent(measured))


def _of_flood(measured: Measured) -> Sequence[object]:
    worths = [_figure(value) for of in (measured.all, measured.likely) for value in (of.precision, of.recall)]
    return (
        measured.name,
        measured.messages,
        measured.spam,
        measured.all.suggestions,
        measured.likely.suggestions,
        *worths,
    )


def _of_innocent(measured: Measured) -> Sequence[object]:
    possible = measured.all.suggestions - measured.likely.suggestions
    return measured.name, measured.messages, len(measured.groups), possible, measured.false_likely


def _figure(value: float | None) -> str:
    return "-" if value is None else "%.3f" % value


def _line(cells: Sequence[object]) -> str:
    return "| %s |\n" % " | ".join(map(str, cells))


def table(title: str, results: Sequence[Measured]) -> str:
    """Return the tables of one half of the measure: its floods, its innocent queues, and what they come to."""
    floods = [measured for measured in results if measured.is_flooded]
    innocent = [measured for measured in results if not measured.is_flooded]
    text = "\n### %s\n\n" % title
    for head, rows in ((_FLOODS, floods), (_INNOCENT, innocent)):
        if rows:
            text += _line(head) + "|" + "---|" * len(head) + "\n" + "".join(map(row, rows)) + "\n"
    return text + "\n".join(_sums(floods, innocent)) + "\n"


def _sums(floods: Sequence[Measured], innocent: Sequence[Measured]) -> Iterator[str]:
    """Yield sentences that sum up the tables."""
    reached = "Recall %s and precision %s are reached" % (GOOD_RECALL, GOOD_PRECISION)
    if floods:
        yield "%s on %d of %d queues with a flood, with the likely suggestions alone on %d." % (
            reached,
            sum(measured.all.is_good for measured in floods),
            len(floods),
            sum(measured.likely.is_good for measured in floods),
        )
        yield "False likely suggestions on queues with a flood: %d." % sum(one.false_likely for one in floods)
    if innocent:
        yield "Innocent queues with a likely suggestion: %d of %d." % (
            sum(measured.false_likely > 0 for measured in innocent),
            len(innocent),
        )


def details(measured: Measured) -> str:
    """Return what the suggestions for a queue are, what else stands in it, and what they cover of each kind of message."""
    lines = ["%s: %d messages, %d spam" % (measured.name, measured.messages, measured.spam), "  note: " + measured.note]
    for suggestion, ids, spam in zip(measured.suggestions, measured.by_rule, measured.spam_by_rule, strict=True):
        lines += [
            "  %s: %s" % (suggestion["confidence"], suggestion["match"]),
            "    selects %d, of these %d spam; says %d messages, %s, other %s"
            % (
                len(ids),
                spam,
                suggestion["messages"],
                "exact" if suggestion["exact"] else "estimated",
                suggestion["other"],
            ),
            *("    + " + sentence for sentence in suggestion["evidence_for"]),
            *("    - " + sentence for sentence in suggestion["evidence_against"]),
        ]
    for group in measured.groups:
        traits = ", ".join("%(trait)s %(value)s %(share).2f/%(elsewhere).2f" % trait for trait in group["traits"])
        lines.append("  group: %d messages: %s (%s)" % (group["messages"], group["match"], traits))
    lines += map(_part, measured.parts)
    return "\n".join(lines) + "\n"


def _part(part: Part) -> str:
    return "  %s %s: %d messages, %d covered, %d of these by %s suggestions" % (
        "spam" if part.is_spam else "good",
        part.name,
        part.messages,
        part.covered,
        part.likely,
        LIKELY,
    )


def is_wrong(measured: Measured) -> bool:
    """Return whether the suggestions miss what the measure asks for."""
    return measured.false_likely > 0 or (measured.is_flooded and not measured.all.is_good)


def with_tables(document: str, text: str) -> str:
    """Return the document with its tables replaced."""
    head, _start, rest = document.partition(_START)
    _old, _end, tail = rest.partition(_END)
    return head + _START + text + "\n" + _END + tail
