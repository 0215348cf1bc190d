# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Decisions by rules with operators, and decisions about messages of which something could not be read.

A rule is evaluated for each pending recipient. A message criterion has the same value for all of them. A message without pending
recipients is evaluated as if it had one for whom no recipient criterion holds.

A rule's value is a number of any length: bit i says whether it holds for the pending recipient i. Python continues the bits of a number
without end. A recipient criterion leaves those beyond the last recipient 0, so they are the value for a recipient for whom none holds.
0 is a rule that holds for nobody, -1 one that holds for everybody; and, or and not are &, | and ~. For two recipients:

    recipient criterion    its value   not: its value   match, scope all   match, scope any   exclude
                                                        (not: ...)         (not: ...)         (not: ...)
    holds for both         0b11        ...100           NO                 NO                 no protection
    holds for the first    0b01        ...110           PARTIAL            YES                protection
    holds for none         0b00        ...111           YES                YES                protection
    there is no recipient  0b0         ...111           YES                YES                protection

What is not known yet has two values, which are its bounds: low has the recipients for whom the rule certainly holds, high those for whom
it may hold. A rule is decided for the recipients whose bits are the same in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, NamedTuple, Sequence, Tuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import (
    Branch,
    MessageCheck,
    RecipientCheck,
    Rule,
    Stage,
    Verdict,
)

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Subject

NOBODY = 0
EVERYBODY = -1
# The low and the high bound.
Bounds = Tuple[int, int]
_UNKNOWN = (NOBODY, EVERYBODY)


def mask(indexes: Iterable[int], size: int) -> int:
    """Return the number whose bits with these indexes are 1; each index is below size."""
    data = bytearray(size // 8 + 1)
    for index in indexes:
        data[index >> 3] |= 1 << (index & 7)
    return int.from_bytes(data, "little")


def recipients_held_by(number: int, values: Sequence[int]) -> int:
    """Return the recipients for whom at least this number of the values hold."""
    number -= values.count(EVERYBODY)
    if number <= 0:
        return EVERYBODY
    # held[n]: those for whom at least n of the values so far hold.
    held = [EVERYBODY] + [NOBODY] * number
    for value in values:
        if value != NOBODY and value != EVERYBODY:
            for count in range(number, 0, -1):
                held[count] |= held[count - 1] & value
    return held[number]


def _verdict(low: int, high: int, known: int, whole: int, *, scope: str) -> Verdict:
    """Return what a rule says by its bounds, UNDECIDED while they leave that open.

    known: the recipients that are known. whole: these, and one for those that may exist beyond them.
    """
    if low & known and (scope == "any" or low & whole == whole):
        return Verdict.YES
    if not high & whole:
        return Verdict.NO
    return Verdict.PARTIAL if low & known and high & known != known else Verdict.UNDECIDED


def _pending(subject: Subject) -> int:
    """Return the bits of a message's pending recipients, one bit if it has none."""
    return (1 << max(1, len(subject.envelope.pending))) - 1


# --- by stage -------------------------------------------------------------------------------------------------------


class _Node(NamedTuple):
    """A part of a rule: a check, or an operator, which holds if at least C(number) of its parts hold (with C(negated): if fewer hold)."""

    place: int
    """Its place in the lists of bounds."""
    stages: frozenset[Stage]
    check: MessageCheck | RecipientCheck | None = None
    number: int = 0
    parts: Sequence[_Node] = ()
    negated: bool = False


class _Progress:
    """The bounds of all nodes for one message, which checks make narrower."""

    __slots__ = ("high", "low", "subject")

    def __init__(self, subject: Subject, nodes: int) -> None:
        self.subject = subject
        self.low = [NOBODY] * nodes
        self.high = [EVERYBODY] * nodes

    def ask(self, node: _Node, stage: Stage, relevant: int) -> None:
        """Run the checks of a stage in a node, as long as they can change its value for a relevant recipient. Raises ContentError."""
        place = node.place
        low, high = self.low, self.high
        still_open = relevant & high[place] & ~low[place]
        if not still_open:
            return
        if node.check is not None:
            low[place] = high[place] = self._value_of(node.check)
            return
        for part in node.parts:
            if stage in part.stages:
                self.ask(part, stage, still_open)
                if node.number == len(node.parts):
                    still_open &= high[part.place]
                elif node.number == 1:
                    still_open &= ~low[part.place]
                else:
                    self._combine(node)
                    still_open = relevant & high[place] & ~low[place]
                if not still_open:
                    break
        self._combine(node)

    def _combine(self, node: _Node) -> None:
        low = recipients_held_by(node.number, [self.low[part.place] for part in node.parts])
        high = recipients_held_by(node.number, [self.high[part.place] for part in node.parts])
        self.low[node.place], self.high[node.place] = (~high, ~low) if node.negated else (low, high)

    def _value_of(self, check: MessageCheck | RecipientCheck) -> int:
        held = check.test(self.subject)
        if isinstance(held, set):
            return mask(held, len(self.subject.envelope.pending))
        return EVERYBODY if held else NOBODY


class Trees:
    """The rules of a selection in which at least one rule has operators. They are decided stage by stage, the cheapest first."""

    def __init__(self, match: Sequence[Rule], exclude: Sequence[Rule], *, recipient_scope: str) -> None:
        self._nodes = 0
        self._match = [self._node_of(rule) for rule in match]
        self._exclude = [self._node_of(rule) for rule in exclude]
        self._scope = recipient_scope
        self._stages = sorted(set().union(*(rule.stages for rule in (*match, *exclude))))
        self._asks_recipients = any(map(_asks_recipients, (*match, *exclude)))

    def _next_place(self) -> int:
        self._nodes += 1
        return self._nodes - 1

    def _node_of(self, rule: Rule) -> _Node:
        checks: list[MessageCheck | RecipientCheck] = [*rule.message_tests, *rule.recipient_tests]
        parts = [_Node(self._next_place(), frozenset([check.stage]), check) for check in checks]
        for branch in rule.branches:
            inner = [self._node_of(child) for child in branch.rules]
            stages = frozenset().union(*(node.stages for node in inner))
            parts.append(_Node(self._next_place(), stages, None, branch.number, inner, branch.negated))
        return _Node(self._next_place(), rule.stages, None, len(parts), parts)

    def may_select(self, subject: Subject) -> bool:
        """Return whether a match rule may hold by what the name and the start of a file say. Raises ContentError."""
        progress = _Progress(subject, self._nodes)
        for node in self._match:
            progress.ask(node, Stage.NAME, EVERYBODY)
            progress.ask(node, Stage.IDENTITY, EVERYBODY)
            if progress.high[node.place] != NOBODY:
                return True
        return False

    def decide(self, subject: Subject) -> Verdict:
        """Return the verdict on a message of which nothing is missing. Raises ContentError."""
        progress = _Progress(subject, self._nodes)
        verdict = Verdict.NO if self._match else Verdict.YES
        matching: Sequence[_Node] = self._match
        protecting: Sequence[_Node] = self._exclude
        # Without recipient criteria all bits of a value are the same.
        everybody = EVERYBODY if self._asks_recipients else 1
        for stage in self._stages:
            # What nothing selects needs no protection.
            if not matching and (verdict is Verdict.NO or not protecting):
                break
            if everybody == EVERYBODY and stage >= Stage.ENVELOPE:
                everybody = _pending(subject)
            protects, protecting = self._ask(progress, protecting, stage, everybody, scope="any")
            if protects is Verdict.YES:
                return Verdict.NO
            if verdict is Verdict.PARTIAL:
                # Only what may still hold for all recipients makes a difference.
                matching = [node for node in matching if progress.high[node.place] & everybody == everybody]
            if verdict is not Verdict.YES:
                rule_verdict, matching = self._ask(progress, matching, stage, everybody, scope=self._scope)
                verdict = verdict if rule_verdict is Verdict.NO else rule_verdict
        return verdict

    def _ask(
        self, progress: _Progress, nodes: Sequence[_Node], stage: Stage, everybody: int, *, scope: str
    ) -> tuple[Verdict, Sequence[_Node]]:
        """Return what the rules say after a stage, YES, PARTIAL or NO, and those that are still open; none after a YES."""
        verdict = Verdict.NO
        still_open = []
        for node in nodes:
            progress.ask(node, stage, everybody)
            rule_verdict = _verdict(
                progress.low[node.place], progress.high[node.place], everybody, everybody, scope=scope
            )
            if rule_verdict is Verdict.YES:
                return rule_verdict, ()
            if rule_verdict is Verdict.PARTIAL:
                verdict = rule_verdict
            elif rule_verdict is Verdict.UNDECIDED:
                still_open.append(node)
        return verdict, still_open


def _asks_recipients(rule: Rule) -> bool:
    return bool(rule.recipient_tests) or any(
        _asks_recipients(child) for branch in rule.branches for child in branch.rules
    )


# --- by what is known -----------------------------------------------------------------------------------------------


def truth(rule: Rule, subject: Subject, *, scope: str) -> Verdict:
    """Return what a rule by itself says of a message of which something may be missing, by three-valued logic."""
    low, high = _bounds(rule, subject)
    if low == EVERYBODY:
        return Verdict.YES
    if high == NOBODY:
        return Verdict.NO
    if (low, high) == _UNKNOWN:
        return Verdict.UNDECIDED
    known = _pending(subject)
    whole = known
    if Input.RECIPIENTS in subject.missing:
        whole |= 1 << len(subject.envelope.pending)
    return _verdict(low, high, known, whole, scope=scope)


def _bounds(rule: Rule, subject: Subject) -> Bounds:
    """Return for which recipients a rule certainly holds, and for which it may hold."""
    low = high = EVERYBODY
    for check in rule.message_tests:
        answer = _answer(check, subject)
        if answer is False:
            return NOBODY, NOBODY
        if answer is None:
            low = NOBODY
    several = [_bounds_of_branch(branch, subject) for branch in rule.branches]
    if rule.recipient_tests:
        several.append(_bounds_of_recipients(rule.recipient_tests, subject))
    for least, most in several:
        low &= least
        high &= most
    return low, high


def _bounds_of_branch(branch: Branch, subject: Subject) -> Bounds:
    several = [_bounds(rule, subject) for rule in branch.rules]
    low = recipients_held_by(branch.number, [least for least, _most in several])
    high = recipients_held_by(branch.number, [most for _least, most in several])
    return (~high, ~low) if branch.negated else (low, high)


def _answer(check: MessageCheck, subject: Subject) -> bool | None:
    """Return what a test says, None if that is not certain."""
    try:
        if check.test(subject):
            return True
    except ContentError:
        return None
    return None if check.need in subject.missing else False


def _bounds_of_recipients(checks: Sequence[RecipientCheck], subject: Subject) -> Bounds:
    """Return for whom the recipient criteria of a rule hold together. They are unknown if what one of them needs is missing."""
    try:
        held = set.intersection(*(check.test(subject) for check in checks))
        count = len(subject.envelope.pending)
    except ContentError:
        return _UNKNOWN
    low = mask(held, count)
    if not subject.missing.isdisjoint(check.need for check in checks):
        return low, EVERYBODY
    # There may be recipients beyond the known ones.
    return low, low | (EVERYBODY << count if Input.RECIPIENTS in subject.missing else NOBODY)
