# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The rules that select a group, and how much other mail they select."""

from __future__ import annotations

import json
from math import sqrt
from typing import Any, Iterable, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import FIELDS, RANK, Rule
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Mask, Universe, size_of
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import SampledMessage

# A suggested rule selects at most so much other mail.
MAX_OTHER = 0.05
_MAX_RULES = 3
# Bytes of JSON.
_MAX_RULE = 500
# A rule is looked for until so much of the group is selected, and a further one must add so much.
_ENOUGH = 0.95
_LEAST = 0.1
# Rules that select nearly the same are equal. Then the simpler one is taken.
_EQUAL = 0.03
_Z = 1.6449


class Other(NamedTuple):
    """How much of what a rule selects does not belong to the group."""

    share: float
    at_most: float
    """The upper end of the interval; the same as the share if all messages were looked at."""
    counted: bool


class Choice(NamedTuple):
    """The rules for a group, and the messages that they select."""

    match: tuple[Rule, ...]
    cover: Mask
    in_content: bool


class _Candidate(NamedTuple):
    rank: tuple[int, ...]
    rule: Rule
    cover: Mask
    in_content: bool


def upper_bound(hits: int, number: int) -> float:
    """Return the upper end of Wilson's interval for a share (Wilson, Probable inference, 1927): in 95 of 100 samples it is not exceeded."""
    if not number:
        return 1.0
    share, square = hits / number, _Z * _Z
    middle = share + square / (2 * number)
    return min(
        1.0, (middle + _Z * sqrt((share * (1 - share) + square / (4 * number)) / number)) / (1 + square / number)
    )


class RuleFinder:
    """Finds rules for groups of the messages of a sample."""

    def __init__(self, universe: Universe, kept: Sequence[SampledMessage], *, messages: int) -> None:
        """kept: the same messages. messages: how many the selection has."""
        self.universe = universe
        self._kept = kept
        self._known = len(kept) / max(1, messages)
        self._known_in_content = sum(message.content is not None and message.content.whole for message in kept) / max(
            1, messages
        )

    def other(self, cover: Mask, core: Mask, *, in_content: bool) -> Other:
        """Return how much of what a rule selects is not of the group: exactly among the messages looked at, an interval for the others."""
        selected, other = size_of(cover), size_of(cover & ~core)
        share = other / max(1, selected)
        known = self._known_in_content if in_content else self._known
        return Other(share, known * share + (1 - known) * upper_bound(other, selected), known >= 1)

    def best(self, core: Mask) -> Choice | None:
        """Return the one rule that describes a group best, however much other mail it selects; None if no rule tells anything."""
        candidates = self._candidates(core)
        if not candidates:
            return None
        scores = [_harmonic(size_of(row.cover & core), size_of(row.cover), size_of(core)) for row in candidates]
        highest = max(scores)
        near = [row for row, score in zip(candidates, scores) if score >= highest - _EQUAL]
        taken = min(near, key=_simplicity)
        return self._checked([taken], core)

    def clean(self, core: Mask) -> Choice | None:
        """Return rules that select a group and little else; None if there are none."""
        notices = self.universe.binding("sender", core)
        is_null = notices is not None and notices.values == ("<>",) and notices.share >= _ENOUGH
        candidates = [row for row in self._candidates(core) if _is_safe(row, is_null=is_null)]
        chosen: list[_Candidate] = []
        covered: Mask = 0
        size = size_of(core)
        while len(chosen) < _MAX_RULES and size_of(covered & core) < _ENOUGH * size:
            rows = [
                (size_of(row.cover & core & ~covered), row)
                for row in candidates
                if self._is_clean(covered | row.cover, core, row.in_content or any(one.in_content for one in chosen))
            ]
            most = max((gain for gain, _row in rows), default=0)
            if most < max(1.0, _LEAST * size):
                break
            near = [row for gain, row in rows if gain >= most - _EQUAL * size]
            taken = min(near, key=_simplicity)
            chosen.append(taken)
            covered |= taken.cover
        return self._checked(chosen, core) if chosen else None

    def _is_clean(self, cover: Mask, core: Mask, in_content: bool) -> bool:
        return self.other(cover, core, in_content=in_content).at_most <= MAX_OTHER

    def _checked(self, chosen: Sequence[_Candidate], core: Mask) -> Choice | None:
        """Return the rules with what they really select, asked as every module asks; None if that is nothing of the group."""
        match = tuple(row.rule for row in chosen)
        in_content = any(row.in_content for row in chosen)
        selection = parse_selection(match=[dict(rule) for rule in match], now=0)
        cover = sum(
            1 << number
            for number, message in enumerate(self._kept)
            if (message.content is not None or not in_content) and selection.decide(message) is Verdict.YES
        )
        return Choice(match, cover, in_content) if cover & core else None

    def _candidates(self, core: Mask) -> list[_Candidate]:
        """Return rules on one field, and on two fields that tell different things."""
        singles = [row for name in FIELDS for row in self._of_field(name, core)]
        pairs = [
            _Candidate(
                one.rank + other.rank,
                {**one.rule, **other.rule},
                one.cover & other.cover,
                one.in_content or other.in_content,
            )
            for at, one in enumerate(singles)
            for other in singles[at + 1 :]
            if not set(one.rule) & set(other.rule)
        ]
        return [row for row in (*singles, *pairs) if len(json.dumps(row.rule)) <= _MAX_RULE]

    def _of_field(self, name: str, core: Mask) -> Iterable[_Candidate]:
        """Yield the rule for as many values of a field as fit into a rule, and the rule for the most frequent one."""
        field = FIELDS[name]
        if field.rule is None:
            return
        found = self.universe.binding(name, core)
        if found is None:
            return
        covers = {item.value: item.cover for item in self.universe.items[name]}
        values = list(found.values)
        while values and len(json.dumps(field.rule(values))) > _MAX_RULE:
            values.pop()
        if values:
            yield _Candidate(
                (RANK[name],), field.rule(values), _union(covers[value] for value in values), field.in_content
            )
        if len(values) > 1:
            yield _Candidate((RANK[name],), field.rule(values[:1]), covers[values[0]], field.in_content)


def _is_safe(row: _Candidate, *, is_null: bool) -> bool:
    """Return whether a rule says more than why mail waits, what domain it goes to, that it is a notice, or that it is of this host.

    is_null: whether it is for notices. Then it selects only notices, by whom they are for.
    """
    if "reason" in row.rule or (set(row.rule) <= {"sender", "origin"} and row.rule.get("sender", "<>") == "<>"):
        return False
    return row.rank != (RANK["recipient_domain"],) and (
        not is_null or (row.rule.get("sender") == "<>" and "recipient" in row.rule)
    )


def _union(covers: Iterable[Mask]) -> Mask:
    union: Mask = 0
    for cover in covers:
        union |= cover
    return union


def _harmonic(both: int, selected: int, size: int) -> float:
    """Return the harmonic mean of precision and recall."""
    return 2 * both / max(1, selected + size)


def _simplicity(row: _Candidate) -> tuple[Any, ...]:
    return len(row.rank), row.in_content, row.rank, json.dumps(row.rule, sort_keys=True)
