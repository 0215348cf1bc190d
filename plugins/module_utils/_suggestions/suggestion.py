# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Suggestions: rules that explain a flood in the queue, mined from a sample of the queue.

A value is a candidate if a large enough share of the sample has it. A pair of values is a candidate if it separates a flood that
neither value separates alone. A value in the content is a candidate only if the messages that have it also share a value in the
envelope: a text that unrelated senders have in common is not a sign of a flood. The candidates with the signs of a flood (traits.py)
are ordered: first those that explain most of it and select least else. Candidates that add nothing to those before them are left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    Contents,
    Sample,
    SampledMessage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import (
    Group,
    Judgement,
    Traits,
    judge,
    traits_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary, Tally

MAX_SUGGESTIONS = 10
# The smallest share of the sample, and the smallest number of messages, that a candidate must have.
MIN_SHARE = 0.02
_MIN_MESSAGES = 8
_MIN_OPENED = 5
_PER_FIELD = 12
_MAX_PAIRED = 40
_MAX_PAIRS = 100
# A pair separates something if it has at most this share of the messages of each value.
_PAIR_SHARE = 0.7
# Bytes of JSON. With this bound all suggestions together stay below 16 KiB.
_MAX_RULE = 500

Rule = Mapping[str, Any]


class _Field(NamedTuple):
    """A source of candidates: the values that a message has, and the rule for one value."""

    values: Callable[[Traits], Iterable[str]]
    rule: Callable[[str], Rule]
    in_content: bool = False


def _one(name: str) -> Callable[[Traits], Iterable[str]]:
    def values(traits: Traits) -> Iterable[str]:
        value = getattr(traits, name)
        return () if value is None else (value,)

    return values


def _shaped(name: str) -> Callable[[Traits], Iterable[str]]:
    def values(traits: Traits) -> Iterable[str]:
        shaped = getattr(traits, name)
        return (shaped.regex,) if shaped is not None and shaped.words else ()

    return values


# If two candidates explain the same, the earlier field is preferred: first those that are counted in the whole queue.
_FIELDS: Mapping[str, _Field] = {
    "sasl_username": _Field(_one("login"), lambda value: {"sasl_username": shapes.name(value)}),
    "null_recipient": _Field(
        _one("null_recipient"), lambda value: {"sender": "<>", "recipient": shapes.address(value)}
    ),
    "sender": _Field(_one("sender"), lambda value: {"sender": shapes.address(value)}),
    "null_recipient_domain": _Field(
        _one("null_recipient_domain"), lambda value: {"sender": "<>", "recipient": shapes.domain(value)}
    ),
    "domain": _Field(_one("domain"), lambda value: {"sender": shapes.domain(value)}),
    "address": _Field(_one("address"), lambda value: {"client_address": value}),
    "network": _Field(_one("network"), lambda value: {"client_address": value}),
    "helo": _Field(_one("helo"), lambda value: {"helo_name": shapes.name(value)}),
    "path": _Field(
        lambda traits: {shaped.regex for _host, shaped in traits.paths if shaped.words},
        lambda value: {"body": value},
        in_content=True,
    ),
    "subject": _Field(_shaped("subject"), lambda value: {"header": {"Subject": value}}, in_content=True),
    "host": _Field(
        lambda traits: {host for host, _shaped in traits.paths},
        lambda value: {"body": shapes.containing("//" + value)},
        in_content=True,
    ),
    "reason": _Field(_shaped("reason"), lambda value: {"reason": value}),
}
_RANK = {name: rank for rank, name in enumerate(_FIELDS)}


class _Candidate(NamedTuple):
    """A rule that may be suggested, and the messages of the sample that it covers, by index."""

    rank: tuple[int, ...]
    values: tuple[str, ...]
    rule: Rule
    covered: frozenset[int]
    in_content: bool
    """Whether only messages that were opened are covered."""


class Suggestion(NamedTuple):
    """A rule, the messages that it covers, and why it is suggested."""

    rule: Rule
    messages: int
    exact: bool
    """Whether C(messages) was counted, not estimated from the sample."""
    share: float
    first: int
    """The first second of the shortest time in which four fifths of the messages arrived."""
    seconds: int
    """The length of that time."""
    evidence: tuple[str, ...]


def suggest(sample: Sample, contents: Contents, summary: Summary) -> list[Suggestion]:
    """Return the rules that explain a flood, the best first; an empty list if there is no flood.

    summary: the summary of the same messages, with its tops.
    """
    kept = [message._replace(content=contents.by_id.get(message.queue_id)) for message in sample.kept()]
    miner = _Miner(traits_of(kept))
    counter = _MessageCounter(kept, sample, summary)
    found = (counter.suggestion(candidate, judged, miner) for candidate, judged in miner.best())
    return [suggestion for suggestion in found if suggestion.messages]


# --- mining ---------------------------------------------------------------------------------------------------------


class _Miner:
    """Finds the candidates in a sample and judges them."""

    def __init__(self, sample: Sequence[Traits]) -> None:
        self.sample = sample
        self.opened = frozenset(index for index, traits in enumerate(sample) if traits.opened)
        self._everything = frozenset(range(len(sample)))

    def group(self, covered: Iterable[int]) -> Group:
        """Return messages of the sample as a group."""
        return Group([self.sample[index] for index in sorted(covered)])

    def judge(self, covered: frozenset[int], *, in_content: bool) -> Judgement:
        """Return the judgement of some messages, compared with the others of the sample that the same rule could cover."""
        others = (self.opened if in_content else self._everything) - covered
        return judge(self.group(covered), self.group(others))

    def best(self) -> list[tuple[_Candidate, Judgement]]:
        """Return the candidates to suggest, in order."""
        judged = [(candidate, self._judge_candidate(candidate)) for candidate in self._singles()]
        floods = [row for row in judged if row[1].is_flood]
        floods += [pair for row in floods for pair in self._narrowed(*row, [single for single, _judged in judged])]
        floods += self._pairs([candidate for candidate, judgement in judged if not judgement.is_flood])
        return self._chosen(floods)

    def _judge_candidate(self, candidate: _Candidate) -> Judgement:
        return self.judge(candidate.covered, in_content=candidate.in_content)

    def _needed(self, *, in_content: bool) -> float:
        if in_content:
            return max(_MIN_OPENED, MIN_SHARE * len(self.opened))
        return max(_MIN_MESSAGES, MIN_SHARE * len(self.sample))

    def _singles(self) -> list[_Candidate]:
        """Return the values that a large enough share of the sample has, the most frequent ones of each field."""
        candidates = []
        for name, field in _FIELDS.items():
            covered: dict[str, set[int]] = defaultdict(set)
            for index, traits in enumerate(self.sample):
                for value in field.values(traits):
                    covered[value].add(index)
            frequent = sorted(
                (-len(indexes), value)
                for value, indexes in covered.items()
                if len(indexes) >= self._needed(in_content=field.in_content)
            )
            candidates += [
                _Candidate((_RANK[name],), (value,), field.rule(value), frozenset(covered[value]), field.in_content)
                for _number, value in frequent[:_PER_FIELD]
                if len(json.dumps(field.rule(value))) <= _MAX_RULE
            ]
        return [candidate for candidate in candidates if self._is_safe(candidate)]

    def _is_safe(self, candidate: _Candidate) -> bool:
        """Return whether a rule, alone or in a pair, uses more than what messages of unrelated senders have in common."""
        if not candidate.in_content:
            return True
        return self.group(candidate.covered).has_one_origin(self.group(self.opened - candidate.covered))

    def _pair(self, one: _Candidate, other: _Candidate) -> _Candidate | None:
        """Return the candidate with both values, None if they have a key in common or too few messages have both."""
        if set(one.rule) & set(other.rule):
            return None
        in_content = one.in_content or other.in_content
        covered = one.covered & other.covered
        if len(covered) < self._needed(in_content=in_content):
            return None
        return _Candidate(
            one.rank + other.rank, one.values + other.values, {**one.rule, **other.rule}, covered, in_content
        )

    def _comparable(self, candidate: _Candidate, *, in_content: bool) -> frozenset[int]:
        return candidate.covered & self.opened if in_content else candidate.covered

    def _narrowed(
        self, candidate: _Candidate, judged: Judgement, others: Sequence[_Candidate]
    ) -> Iterable[tuple[_Candidate, Judgement]]:
        """Yield the pairs that exclude from a candidate the messages that do not look like a flood."""
        for other in others:
            pair = self._pair(candidate, other)
            if pair is None:
                continue
            whole = self._comparable(candidate, in_content=pair.in_content)
            left = whole - pair.covered
            if len(left) < max(2.0, 0.02 * len(whole)) or len(pair.covered) < 0.5 * len(whole):
                continue
            judgement = self._judge_candidate(pair)
            if judgement.is_flood and judgement.purity > judged.purity and not self._is_flood(left, pair.in_content):
                yield pair, judgement

    def _is_flood(self, covered: frozenset[int], in_content: bool) -> bool:
        return self.judge(covered, in_content=in_content).is_flood

    def _pairs(self, candidates: Sequence[_Candidate]) -> list[tuple[_Candidate, Judgement]]:
        """Return the pairs that are a flood although neither value is."""
        found: list[tuple[_Candidate, Judgement]] = []
        tried = 0
        for at, one in enumerate(candidates[:_MAX_PAIRED]):
            for other in candidates[at + 1 : _MAX_PAIRED]:
                pair = self._pair(one, other)
                if pair is None or tried >= _MAX_PAIRS:
                    continue
                sides = [len(self._comparable(side, in_content=pair.in_content)) for side in (one, other)]
                if len(pair.covered) <= _PAIR_SHARE * min(sides):
                    tried += 1
                    judgement = self._judge_candidate(pair)
                    if judgement.is_flood:
                        found.append((pair, judgement))
        return found

    def _chosen(self, floods: Sequence[tuple[_Candidate, Judgement]]) -> list[tuple[_Candidate, Judgement]]:
        """Return the candidates that explain most, each counted without the messages that earlier ones explain."""
        # Content is known of the opened messages only. Among these all candidates can be compared.
        in_content = any(candidate.in_content for candidate, _judged in floods)
        open_rows = [(row, self._comparable(row[0], in_content=in_content)) for row in floods]
        least = 3 if in_content else _MIN_MESSAGES
        chosen: list[tuple[_Candidate, Judgement]] = []
        explained: frozenset[int] = frozenset()
        while open_rows and len(chosen) < MAX_SUGGESTIONS:
            open_rows = [(row, seen) for row, seen in open_rows if len(seen - explained) >= max(least, 0.2 * len(seen))]
            gains = [len(seen - explained) * row[1].purity ** 2 for row, seen in open_rows]
            near = [index for index, gain in enumerate(gains) if gain >= 0.95 * max(gains)]
            if not near:
                break
            taken = min(near, key=lambda index: (len(open_rows[index][0][0].rank), open_rows[index][0][0][:2]))
            row, seen = open_rows.pop(taken)
            if not seen & explained or self._is_flood(seen - explained, in_content):
                chosen.append(row)
                explained |= seen
        return chosen


# --- counting -------------------------------------------------------------------------------------------------------


class _MessageCounter:
    """Counts the messages that a rule selects: in the whole queue if it is known there, else in the sample."""

    def __init__(self, kept: Sequence[SampledMessage], sample: Sample, summary: Summary) -> None:
        self._kept = kept
        self._messages = sample.messages
        tops = summary.tops
        self._tallies: Mapping[str, Tally] = {
            "sender": tops["senders"],
            "sasl_username": tops["sasl_usernames"],
            "client_address": tops["client_addresses"],
        }
        self._null_recipients = sample.null_recipients

    def suggestion(self, candidate: _Candidate, judged: Judgement, miner: _Miner) -> Suggestion:
        """Return a candidate as a suggestion."""
        messages, exact = self._count(candidate)
        first, seconds = miner.group(candidate.covered).window()
        return Suggestion(
            rule=candidate.rule,
            messages=messages,
            exact=exact,
            share=round(messages / self._messages, 4),
            first=first,
            seconds=seconds,
            evidence=tuple(found.text for found in judged.signs if found.points > 0),
        )

    def _count(self, candidate: _Candidate) -> tuple[int, bool]:
        counted = self._count_all(candidate)
        if counted is not None:
            return counted
        selection = parse_selection(match=[candidate.rule], now=0)
        asked = selected = 0
        whole = len(self._kept) == self._messages
        for message in self._kept:
            if candidate.in_content and (message.content is None or not message.content.whole):
                whole = False
                continue
            asked += 1
            selected += selection.decide(message) is Verdict.YES
        # The sample has the reasons of two recipients at most.
        whole = whole and "reason" not in candidate.rule
        return round(selected * self._messages / max(1, asked)), whole

    def _count_all(self, candidate: _Candidate) -> tuple[int, bool] | None:
        """Return how many messages a rule covers, and whether that is exact, by a tally of the whole queue; None if there is no tally."""
        rule = candidate.rule
        if candidate.rank == (_RANK["null_recipient"],):
            return _count_tally(self._null_recipients, patterns.address_test(rule["recipient"], "recipient"))
        (key, *more) = rule
        if more or key not in self._tallies:
            return None
        return _count_tally(self._tallies[key], _TESTS[key](rule[key], key))


_TESTS: Mapping[str, Callable[[object, str], Callable[[bytes], bool]]] = {
    "sender": patterns.address_test,
    "sasl_username": patterns.login_test,
    "client_address": patterns.network_test,
}


def _count_tally(tally: Tally, test: Callable[[bytes], bool]) -> tuple[int, bool]:
    return sum(number for value, number in tally.counts().items() if test(value)), not tally.missed
