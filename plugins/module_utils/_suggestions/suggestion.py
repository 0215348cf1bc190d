# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What a queue consists of, and which part of it looks like a flood, found in a sample of the queue."""

from __future__ import annotations

from typing import Any, Callable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.case import Case, Crowd
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.evidence import (
    LIKELY,
    Judgement,
    judge,
    meant_by,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import FIELDS, Rule
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import (
    Binding,
    Group,
    Mask,
    Universe,
    by_family,
    members_of,
    size_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.rules import (
    MAX_OTHER,
    Choice,
    Other,
    RuleFinder,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import (
    Contents,
    Sample,
    SampledMessage,
)
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import traits_of
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary, Tally

MAX_SHOWN = 10
_MAX_TRAITS = 8
# A later suggestion must add so much of its group to the earlier ones.
_NEW = 0.5
# Rules for a smaller part of a group may miss the rest because too few messages were opened.
_ENOUGH = 0.9


class Trait(NamedTuple):
    """What messages of a group have in common."""

    trait: str
    value: str
    share: float
    elsewhere: float


class Found(NamedTuple):
    """A group, the rules that select it, and why it is suggested."""

    match: tuple[Rule, ...]
    messages: int
    exact: bool
    """Whether C(messages) was counted, not estimated from the sample."""
    share: float
    first: int
    """The first second of the shortest time in which four fifths of the messages arrived."""
    seconds: int
    """The length of that time."""
    traits: tuple[Trait, ...]
    other: Other
    judgement: Judgement


class Findings(NamedTuple):
    """The groups of a queue, the largest first, and the suggestions, the surest first."""

    groups: Sequence[Found]
    suggestions: Sequence[Found]
    is_doubtful: bool
    """Whether a group looks like a flood, but too few messages were opened to trust a rule for it."""


def find(sample: Sample, contents: Contents, summary: Summary) -> Findings:
    """Return what a queue consists of. summary: the summary of the same messages, with its tops."""
    kept = [message._replace(content=contents.by_id.get(message.queue_id)) for message in sample.kept()]
    opened = [message for message in kept if message.content is not None]
    return _Finder(opened or kept, sample, summary, kept).findings()


class _Finder:
    """Finds the groups of a sample and the rules for them."""

    def __init__(
        self, looked_at: Sequence[SampledMessage], sample: Sample, summary: Summary, kept: Sequence[SampledMessage]
    ) -> None:
        """looked_at: the messages that are compared. kept: all messages of the sample."""
        self._universe = Universe([traits_of(message) for message in looked_at])
        self._rules = RuleFinder(self._universe, looked_at, messages=sample.messages)
        self._counter = _MessageCounter(looked_at, kept, sample, summary)

    def findings(self) -> Findings:
        """Return everything that was found."""
        judged = [(group, self._judge(group)) for group in self._universe.groups()]
        shown = [self._found(group, self._rules.best(group.core), judgement) for group, judgement in judged]
        suspected = sorted(
            ((group, judgement) for group, judgement in judged if judgement.confidence),
            key=lambda row: (
                row[1].confidence != LIKELY,
                -round(row[0].bits ** 2 / size_of(row[0].core), 6),
                row[0].core,
            ),
        )
        suggestions: list[Found] = []
        selected: Mask = 0
        is_doubtful = False
        for suspect, judgement in suspected:
            group = self._meant(suspect)
            if size_of(group.core & ~selected) < _NEW * size_of(group.core):
                continue
            choice = self._rules.clean(group.core)
            found = self._found(group, choice, judgement)
            if choice is None or size_of(choice.cover & group.core) < _ENOUGH * size_of(group.core):
                is_doubtful = True
            if choice is None or found is None or found.other.at_most > MAX_OTHER:
                is_doubtful = True
                continue
            suggestions.append(found)
            selected |= choice.cover
        groups = sorted((found for found in shown if found), key=lambda found: -found.messages)
        return Findings(groups[:MAX_SHOWN], suggestions[:MAX_SHOWN], is_doubtful)

    def _crowd(self, mask: Mask) -> Crowd:
        return Crowd([self._universe.messages[number] for number in members_of(mask)])

    def _judge(self, group: Group) -> Judgement:
        return judge(self._case(group))

    def _case(self, group: Group) -> Case:
        rest = self._universe.everything & ~group.core
        return Case(self._crowd(group.core), self._crowd(rest), by_family(group))

    def _meant(self, group: Group) -> Group:
        """Return the part of a group that the evidence is about."""
        test = meant_by(self._case(group))
        core = sum(1 << number for number in members_of(group.core) if test(self._universe.messages[number]))
        return group if core == group.core else Group(core, self._universe.bindings(core))

    def _found(self, group: Group, choice: Choice | None, judgement: Judgement) -> Found | None:
        if choice is None:
            return None
        messages, exact = self._counter.count(choice)
        first, seconds = self._crowd(group.core).window()
        return Found(
            match=choice.match,
            messages=messages,
            exact=exact,
            share=round(messages / self._counter.messages, 4),
            first=first,
            seconds=seconds,
            traits=tuple(map(_trait, group.bindings[:_MAX_TRAITS])),
            other=self._rules.other(choice.cover, group.core, in_content=choice.in_content),
            judgement=judgement,
        )


def _trait(binding: Binding) -> Trait:
    field = FIELDS[binding.field]
    value = field.show(binding.values[0])
    if len(binding.values) > 1:
        value += " and %d more" % (len(binding.values) - 1)
    return Trait(field.trait, value, round(binding.share, 4), round(binding.elsewhere, 4))


# --- counting -------------------------------------------------------------------------------------------------------


class _MessageCounter:
    """Counts the messages that rules select: in the whole queue if it is known there, else in the sample."""

    def __init__(
        self, opened: Sequence[SampledMessage], kept: Sequence[SampledMessage], sample: Sample, summary: Summary
    ) -> None:
        self.messages = sample.messages
        self._opened = opened
        self._kept = kept
        tops = summary.tops
        self._tallies: Mapping[str, Tally] = {
            "sender": tops["senders"],
            "sasl_username": tops["sasl_usernames"],
            "client_address": tops["client_addresses"],
        }
        self._null_recipients = sample.null_recipients

    def count(self, choice: Choice) -> tuple[int, bool]:
        """Return how many messages rules select, and whether that is exact."""
        if len(choice.match) == 1:
            counted = self._count_all(choice.match[0])
            if counted is not None:
                return counted
        selection = parse_selection(match=[dict(rule) for rule in choice.match], now=0)
        asked = [
            message
            for message in (self._opened if choice.in_content else self._kept)
            if not choice.in_content or (message.content is not None and message.content.whole)
        ]
        selected = sum(selection.decide(message) is Verdict.YES for message in asked)
        # The sample has the reasons of two recipients at most.
        whole = len(asked) == self.messages and not any("reason" in rule for rule in choice.match)
        return round(selected * self.messages / max(1, len(asked))), whole

    def _count_all(self, rule: Rule) -> tuple[int, bool] | None:
        """Return how many messages a rule selects, and whether that is exact, by a tally of the whole queue; None if there is no tally."""
        if set(rule) == {"sender", "recipient"} and rule["sender"] == "<>" and _are_addresses(rule["recipient"]):
            return _count_tally(self._null_recipients, patterns.address_test, rule["recipient"], "recipient")
        (key, *more) = rule
        if more or key not in self._tallies:
            return None
        return _count_tally(self._tallies[key], _TESTS[key], rule[key], key)


_Test = Callable[[object, str], Callable[[bytes], bool]]
_TESTS: Mapping[str, _Test] = {
    "sender": patterns.sender_test,
    "sasl_username": patterns.login_test,
    "client_address": patterns.network_test,
}


def _are_addresses(value: Any) -> bool:
    """Return whether a criterion names addresses, not domains: then a message has one recipient."""
    return all("@" in text[1:] for text in ([value] if isinstance(value, str) else value))


def _count_tally(tally: Tally, test: _Test, value: Any, place: str) -> tuple[int, bool]:
    tests = [test(one, place) for one in ([value] if isinstance(value, str) else value)]
    number = sum(count for text, count in tally.counts().items() if any(holds(text) for holds in tests))
    return number, not tally.missed
