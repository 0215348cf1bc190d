# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Suggestions: rules that explain a flood in the queue, mined from a sample of it.

Each value that an outlying share of the sample has is a candidate; so is a pair of values that separates what neither does
alone. What stands in content is a candidate only where something of the envelope holds together the messages that have it:
what unrelated senders have in common is no flood's. The candidates that bear the signs of a flood (traits.py) are ordered by
how much they explain at how little else, and each that adds nothing to those before it is left out.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import shapes
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample, Sampled
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import (
    Group,
    Judged,
    Traits,
    judge,
    traits_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary, Tally

MAX_SUGGESTIONS = 10
# An outlying share of the queue, in messages of the sample.
MIN_SHARE = 0.02
_MIN_MESSAGES = 8
_MIN_OPENED = 5
_PER_FIELD = 12
_MAX_PAIRED = 40
_MAX_PAIRS = 100
# A pair separates something where it has less than that of what either value has.
_PAIR_SHARE = 0.7
# In bytes of JSON, so that all suggestions together stay below 16 KiB.
_MAX_RULE = 500

Rule = Mapping[str, Any]


class _Field(NamedTuple):
    """What candidates are made of: the values of a message, and the rule for one of them."""

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


# In the order in which one is preferred where two explain the same: what is known of the whole queue first.
_FIELDS: Mapping[str, _Field] = {
    "sasl_username": _Field(_one("login"), lambda value: {"sasl_username": shapes.name(value)}),
    "null_to": _Field(_one("null_to"), lambda value: {"sender": "<>", "recipient": shapes.address(value)}),
    "sender": _Field(_one("sender"), lambda value: {"sender": shapes.address(value)}),
    "null_to_domain": _Field(_one("null_to_domain"), lambda value: {"sender": "<>", "recipient": shapes.domain(value)}),
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
    """A rule that may be suggested, and the messages of the sample that it is for, by index."""

    rank: tuple[int, ...]
    values: tuple[str, ...]
    rule: Rule
    covered: frozenset[int]
    in_content: bool
    """Whether only messages that were opened are among those covered."""


class Suggestion(NamedTuple):
    """A rule, what it covers, and why it is suggested."""

    rule: Rule
    messages: int
    exact: bool
    """Whether messages is counted, not estimated from the sample."""
    share: float
    first: int
    """The second in which the shortest time begins that has four fifths of the messages."""
    seconds: int
    evidence: tuple[str, ...]


def suggest(sample: Sample, contents: Contents, summary: Summary) -> list[Suggestion]:
    """Return what explains a flood, the best first; nothing where nothing stands out.

    summary: of the same messages, with its tops.
    """
    kept = [message._replace(content=contents.by_id.get(message.queue_id)) for message in sample.kept()]
    miner = _Miner(traits_of(kept))
    counting = _Counting(kept, sample, summary)
    found = (counting.suggestion(candidate, judged, miner) for candidate, judged in miner.best())
    return [suggestion for suggestion in found if suggestion.messages]


# --- mining ---------------------------------------------------------------------------------------------------------


class _Miner:
    """Finds the candidates of a sample and judges them."""

    def __init__(self, sample: Sequence[Traits]) -> None:
        self.sample = sample
        self.opened = frozenset(index for index, traits in enumerate(sample) if traits.opened)
        self._everything = frozenset(range(len(sample)))

    def group(self, covered: Iterable[int]) -> Group:
        """Return messages of the sample as a group."""
        return Group([self.sample[index] for index in sorted(covered)])

    def judge(self, covered: frozenset[int], *, in_content: bool) -> Judged:
        """Return what the signs say of some messages, compared with the others that could be among them."""
        others = (self.opened if in_content else self._everything) - covered
        return judge(self.group(covered), self.group(others))

    def best(self) -> list[tuple[_Candidate, Judged]]:
        """Return the candidates to suggest, in order."""
        judged = [(candidate, self._judge_candidate(candidate)) for candidate in self._singles()]
        floods = [row for row in judged if row[1].is_flood]
        floods += [pair for row in floods for pair in self._narrowed(*row, [single for single, _judged in judged])]
        floods += self._pairs([candidate for candidate, verdict in judged if not verdict.is_flood])
        return self._chosen(floods)

    def _judge_candidate(self, candidate: _Candidate) -> Judged:
        return self.judge(candidate.covered, in_content=candidate.in_content)

    def _needed(self, *, in_content: bool) -> float:
        if in_content:
            return max(_MIN_OPENED, MIN_SHARE * len(self.opened))
        return max(_MIN_MESSAGES, MIN_SHARE * len(self.sample))

    def _singles(self) -> list[_Candidate]:
        """Return the values that an outlying share of the sample has, in each field the most frequent ones."""
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
        """Return whether a rule, alone or in a pair, rests on more than what messages of unrelated senders have in common."""
        if not candidate.in_content:
            return True
        return self.group(candidate.covered).held_together(self.group(self.opened - candidate.covered))

    def _pair(self, one: _Candidate, other: _Candidate) -> _Candidate | None:
        """Return the candidate that has both values, None where their keys do not go together or too few have both."""
        if set(one.rule) & set(other.rule):
            return None
        in_content = one.in_content or other.in_content
        covered = one.covered & other.covered
        if len(covered) < self._needed(in_content=in_content):
            return None
        return _Candidate(
            one.rank + other.rank, one.values + other.values, {**one.rule, **other.rule}, covered, in_content
        )

    def _seen(self, candidate: _Candidate, *, in_content: bool) -> frozenset[int]:
        return candidate.covered & self.opened if in_content else candidate.covered

    def _narrowed(
        self, candidate: _Candidate, judged: Judged, others: Sequence[_Candidate]
    ) -> Iterable[tuple[_Candidate, Judged]]:
        """Yield the pairs that leave out of a candidate what does not look like a flood."""
        for other in others:
            pair = self._pair(candidate, other)
            if pair is None:
                continue
            whole = self._seen(candidate, in_content=pair.in_content)
            left = whole - pair.covered
            if len(left) < max(2.0, 0.02 * len(whole)) or len(pair.covered) < 0.5 * len(whole):
                continue
            verdict = self._judge_candidate(pair)
            if verdict.is_flood and verdict.purity > judged.purity and not self._is_flood(left, pair.in_content):
                yield pair, verdict

    def _is_flood(self, covered: frozenset[int], in_content: bool) -> bool:
        return self.judge(covered, in_content=in_content).is_flood

    def _pairs(self, candidates: Sequence[_Candidate]) -> list[tuple[_Candidate, Judged]]:
        """Return the pairs that are a flood's where neither value is."""
        found: list[tuple[_Candidate, Judged]] = []
        tried = 0
        for at, one in enumerate(candidates[:_MAX_PAIRED]):
            for other in candidates[at + 1 : _MAX_PAIRED]:
                pair = self._pair(one, other)
                if pair is None or tried >= _MAX_PAIRS:
                    continue
                sides = [len(self._seen(side, in_content=pair.in_content)) for side in (one, other)]
                if len(pair.covered) <= _PAIR_SHARE * min(sides):
                    tried += 1
                    verdict = self._judge_candidate(pair)
                    if verdict.is_flood:
                        found.append((pair, verdict))
        return found

    def _chosen(self, floods: Sequence[tuple[_Candidate, Judged]]) -> list[tuple[_Candidate, Judged]]:
        """Return the candidates that explain most at least, each with what those before it leave."""
        # What stands in content is known of the opened messages only; there all candidates can be compared.
        in_content = any(candidate.in_content for candidate, _judged in floods)
        open_rows = [(row, self._seen(row[0], in_content=in_content)) for row in floods]
        least = 3 if in_content else _MIN_MESSAGES
        chosen: list[tuple[_Candidate, Judged]] = []
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


class _Counting:
    """Counts what a rule covers, as the selection does it: in the whole queue where that is known, else in the sample."""

    def __init__(self, kept: Sequence[Sampled], sample: Sample, summary: Summary) -> None:
        self._kept = kept
        self._messages = sample.messages
        tops = summary.tops
        self._tallies: Mapping[str, Tally] = {
            "sender": tops["senders"],
            "sasl_username": tops["sasl_usernames"],
            "client_address": tops["client_addresses"],
        }
        self._null_recipients = sample.null_recipients

    def suggestion(self, candidate: _Candidate, judged: Judged, miner: _Miner) -> Suggestion:
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
        # Of many recipients' reasons the sample has two.
        whole = whole and "reason" not in candidate.rule
        return round(selected * self._messages / max(1, asked)), whole

    def _count_all(self, candidate: _Candidate) -> tuple[int, bool] | None:
        """Return how many messages a rule covers that a tally knows all of; None for other rules."""
        rule = candidate.rule
        if candidate.rank == (_RANK["null_to"],):
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
