# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Candidates for a rule, tried on messages before they are used: which messages each of them covers, and which several cover."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, AbstractSet, Any, Callable, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.address import undisplay, undisplay_text
from ansible_collections.mailops.postfix.plugins.module_utils._selection.patterns import split_regex
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Tally, Totals

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Subject

# Every candidate is tried on every message. A combination of them is kept as their numbers, a byte each.
MAX_CANDIDATES = 50
_EXAMPLES = 3


class CachedMessage:
    """A message whose content is read once, however many candidates ask for it."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self.queue_id = subject.queue_id
        self.identity = self.envelope = subject.envelope
        self._headers: Sequence[tuple[str, str]] | None = None
        self._window: Window | None = None
        self._text_parts: Sequence[str] | None = None

    @property
    def problem(self) -> str | None:
        """The first reason why something could not be read."""
        return self._subject.problem

    @property
    def missing(self) -> AbstractSet[Input]:
        """What could not be read."""
        return self._subject.missing

    def reasons(self) -> Mapping[bytes, bytes]:
        """Return {recipient: delay reason}."""
        return self._subject.reasons()

    def headers(self) -> Sequence[tuple[str, str]]:
        """Return the decoded header fields. Raises ContentError."""
        if self._headers is None:
            self._headers = self._subject.headers()
        return self._headers

    def holds(self, text: bytes) -> bool:
        """Return whether the stored text has this text in it. Raises ContentError."""
        return any(0 <= stored.find(text, start) < limit for stored, start, limit in self.text_windows())

    def text_windows(self) -> Iterator[Window]:
        """Yield the message as stored in windows; one that fits one window is kept. Raises ContentError."""
        if self._window is not None:
            yield self._window
            return
        whole = None
        for window in self._subject.text_windows():
            if not window.start and window.limit > len(window.text):
                whole = window
            else:
                yield window
        # A window is the whole message if no other window follows.
        if whole is not None:
            self._window = whole
            yield whole

    def text_parts(self) -> Sequence[str]:
        """Return the decoded text parts. Raises ContentError."""
        if self._text_parts is None:
            self._text_parts = self._subject.text_parts()
        return self._text_parts


@dataclass(frozen=True)
class Candidate:
    """A candidate: the rule as it can be pasted into C(match), what it selects, and how often it hits."""

    rule: Mapping[str, Any]
    selection: Selection
    counters: tuple[Callable[[Subject], int], ...]

    def hits(self, subject: Subject) -> int | None:
        """Return how often the text criteria of the rule are found in a message, at least 1 if the rule selects it, else 0.

        The text criteria are C(content) and C(body), also in rules within the rule, but not under C(not). None if it is undecided
        whether the rule selects the message. What could not be read is not counted.
        """
        verdict = self.selection.decide(subject)
        if verdict is Verdict.UNDECIDED:
            return None
        if verdict is not Verdict.YES:
            return 0
        try:
            return max(1, sum(count(subject) for count in self.counters))
        except ContentError:
            return 1


def parse_candidates(values: Sequence[object], *, recipient_scope: str, now: int) -> list[Candidate]:
    """Return the candidates. A text or regex is a candidate that looks for it in the message as stored.

    Raises SelectionError, naming the candidate, such as C(patterns[0].sender).
    """
    if len(values) > MAX_CANDIDATES:
        raise SelectionError("patterns", "%d are too many; try at most %d at once" % (len(values), MAX_CANDIDATES))
    return [
        _parse(value, "patterns[%d]" % index, recipient_scope=recipient_scope, now=now)
        for index, value in enumerate(values)
    ]


def _parse(value: object, place: str, *, recipient_scope: str, now: int) -> Candidate:
    rule: Any = {"content": value} if isinstance(value, str) else value
    try:
        selection = parse_selection(match=[rule], recipient_scope=recipient_scope, now=now)
    except SelectionError as error:
        raise SelectionError(error.place.replace("match[0]", place, 1), error.problem) from error
    counters = [_COUNTERS[key](values, place) for key, values in _text_criteria(selection.match[0].spec)]
    return Candidate(rule=rule, selection=selection, counters=tuple(counters))


def _text_criteria(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield the text criteria of a rule and of the rules within it, but not of those under C(not), with their values."""
    for key, value in spec.items():
        if key in _COUNTERS:
            yield key, value
        elif key in ("all", "any", "at_least"):
            for inner in value["of"] if key == "at_least" else value:
                yield from _text_criteria(inner)


def _search_bytes(value: str, place: str) -> re.Pattern[bytes]:
    """Return the pattern that finds what a value of C(content) finds."""
    parts = split_regex(value, place)
    if parts is None:
        return re.compile(re.escape(undisplay(value)))
    return re.compile(parts[0].encode("utf-8"), parts[1] | re.MULTILINE)


def _search_text(value: str, place: str) -> re.Pattern[str]:
    """Return the pattern that finds what a value of C(body) finds."""
    parts = split_regex(value, place) or (re.escape(undisplay_text(value)), 0)
    return re.compile(parts[0], parts[1] | re.MULTILINE)


def _count_content(values: Sequence[str], place: str) -> Callable[[Subject], int]:
    searches = [_search_bytes(value, place) for value in values]
    return lambda subject: sum(
        hit.start() < limit
        for text, start, limit in subject.text_windows()
        for search in searches
        for hit in search.finditer(text, start)
    )


def _count_body(values: Sequence[str], place: str) -> Callable[[Subject], int]:
    searches = [_search_text(value, place) for value in values]
    return lambda subject: sum(
        1 for part in subject.text_parts() for search in searches for _hit in search.finditer(part)
    )


_COUNTERS: Mapping[str, Callable[[Any, str], Callable[[Subject], int]]] = {
    "content": _count_content,
    "body": _count_body,
}


class CandidateCoverage:
    """What one candidate covers."""

    def __init__(self) -> None:
        self.totals = Totals()
        self.partial = 0
        self.undecided = 0
        """Messages whose content could not be read far enough to decide."""
        self.alone = 0
        """Messages that no other candidate covers."""
        self.examples: list[str] = []

    def merge(self, other: CandidateCoverage) -> None:
        """Add what it covers elsewhere."""
        self.totals.merge(other.totals)
        self.partial += other.partial
        self.undecided += other.undecided
        self.alone += other.alone
        self.examples = (self.examples + other.examples)[:_EXAMPLES]


@dataclass
class Coverage:
    """What the candidates cover of the messages on which they were tried. It is plain data; merge() adds two of them."""

    rows: list[CandidateCoverage]
    combinations: Tally = field(default_factory=Tally)
    covered: int = 0
    """Messages that at least one covers."""

    def merge(self, other: Coverage) -> None:
        """Add what another process tried."""
        for row, more in zip(self.rows, other.rows):
            row.merge(more)
        self.combinations.merge(other.combinations)
        self.covered += other.covered

    def add(self, candidates: Sequence[Candidate], subject: Subject) -> None:
        """Try the candidates on a message."""
        cached = CachedMessage(subject)
        hitting = [number for number, candidate in enumerate(candidates) if self._holds(number, candidate, cached)]
        if not hitting:
            return
        self.covered += 1
        self.combinations.waiting.append(bytes(hitting))
        self.combinations.count_waiting()
        if len(hitting) == 1:
            self.rows[hitting[0]].alone += 1

    def _holds(self, number: int, candidate: Candidate, subject: Subject) -> bool:
        row = self.rows[number]
        verdict = candidate.selection.decide(subject)
        row.undecided += verdict is Verdict.UNDECIDED
        row.partial += verdict is Verdict.PARTIAL
        if verdict is not Verdict.YES:
            return False
        row.totals.add(subject.envelope)
        if len(row.examples) < _EXAMPLES:
            row.examples.append(subject.queue_id)
        return True


def show_coverage(coverage: Coverage, candidates: Sequence[Candidate], *, messages: int, most: int) -> dict[str, Any]:
    """Return the coverage as a result shows it. messages: how many there were. most: how many combinations to show at most."""
    shown = coverage.combinations.top(most)
    return {
        "patterns": [
            {
                "match": candidate.rule,
                "messages": row.totals.messages,
                "bytes": row.totals.size,
                "recipients": row.totals.recipients,
                "percent": round(100 * row.totals.messages / messages, 1) if messages else 0.0,
                "alone": row.alone,
                "partial": row.partial,
                "undecided": row.undecided,
                "examples": row.examples,
            }
            for candidate, row in zip(candidates, coverage.rows)
        ],
        "combinations": [{"patterns": list(numbers), "messages": count} for numbers, count in shown],
        "combinations_left_out": len(coverage.combinations.counts()) - len(shown),
        "covered": coverage.covered,
        "uncovered": messages - coverage.covered,
    }
