# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules with operators say what a naive evaluator says, which evaluates the rule as it is written for one recipient at a time."""

from __future__ import annotations

import json
from typing import Any, Callable, Mapping, NamedTuple, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Stage, Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from tests.property.test_selections import NOW, ORACLE, messages, rules, scopes, written
from tests.property.test_undecided import NEEDS, answer, inputs, without
from tests.unit.support.subject import MadeUpMessage

Rule = Mapping[str, Any]
# True, False, or None where it is undecided.
Truth = Any

MEANINGS = {(key, repr(value)): meaning for key, value, meaning in ORACLE}
PER_RECIPIENT = ("recipient", "reason")


# --- the naive evaluator --------------------------------------------------------------------------------------------


def at_least(number: int, truths: Sequence[Truth]) -> Truth:
    if truths.count(True) >= number:
        return True
    return None if truths.count(True) + truths.count(None) >= number else False


def opposite(truth: Truth) -> Truth:
    return None if truth is None else not truth


def holds_for(rule: Rule, message: MadeUpMessage, recipient: int | None, known: Callable[[str], bool]) -> Truth:
    """Return whether a rule holds for one recipient, None for one that is not known or does not exist.

    known: whether a criterion has been asked; it is undecided otherwise.
    """
    truths: list[Truth] = []
    together: list[Truth] = []
    for key, value in rule.items():
        if key in ("all", "any"):
            several = [holds_for(inner, message, recipient, known) for inner in value]
            truths.append(at_least(len(several) if key == "all" else 1, several))
        elif key == "not":
            truths.append(opposite(holds_for(value, message, recipient, known)))
        elif key == "at_least":
            several = [holds_for(inner, message, recipient, known) for inner in value["of"]]
            truths.append(at_least(value["number"], several))
        elif not known(key):
            truths.append(None)
        elif key in PER_RECIPIENT:
            fits = recipient is not None and recipient in MEANINGS[key, repr(value)](message)
            together.append(
                (fits, (recipient is None and Input.RECIPIENTS in message.missing) or NEEDS.get(key) in message.missing)
            )
        else:
            truths.append(answer(key, value, message))
    # Where one of the recipient criteria of a rule is undecided for lack of input, all are.
    if together and not all(fits for fits, _unsure in together):
        truths.append(None if any(unsure for _fits, unsure in together) else False)
    return at_least(len(truths), truths)


def verdict_of(rule: Rule, message: MadeUpMessage, scope: str, known: Callable[[str], bool]) -> Verdict:
    """Return what a rule says of a message, by what it says of each recipient."""
    recipients: Sequence[int | None] = range(len(message.envelope_.pending)) or [None]
    each = [holds_for(rule, message, recipient, known) for recipient in recipients]
    others = [holds_for(rule, message, None, known)] if Input.RECIPIENTS in message.missing else []
    if (True in each) if scope == "any" else all(truth is True for truth in each + others):
        return Verdict.YES
    if all(truth is False for truth in each + others):
        return Verdict.NO
    return Verdict.PARTIAL if scope == "all" and True in each and False in each else Verdict.UNDECIDED


class Case(NamedTuple):
    """Rules as they are written, and a message."""

    match: Sequence[Rule]
    exclude: Sequence[Rule]
    scope: str
    message: MadeUpMessage

    @property
    def selection(self) -> Selection:
        return parse_selection(match=self.match, exclude=self.exclude, recipient_scope=self.scope, now=NOW)

    def said(self, message: MadeUpMessage, known: Callable[[str], bool]) -> tuple[set[Verdict], set[Verdict]]:
        """Return what the rules of match and of exclude say."""
        return (
            {verdict_of(rule, message, self.scope, known) for rule in self.match} if self.match else {Verdict.YES},
            {verdict_of(rule, message, "any", known) for rule in self.exclude},
        )

    def expected(self, message: MadeUpMessage, known: Callable[[str], bool] = lambda _key: True) -> Verdict:
        """Return the verdict on a message."""
        selects, protects = self.said(message, known)
        if Verdict.YES in protects:
            return Verdict.NO
        for verdict in (Verdict.YES, Verdict.UNDECIDED, Verdict.PARTIAL):
            if verdict in selects:
                unsure = verdict is Verdict.YES and Verdict.UNDECIDED in protects
                return Verdict.UNDECIDED if unsure else verdict
        return Verdict.NO


# --- rules ----------------------------------------------------------------------------------------------------------


def _at_least(rules_: Sequence[Rule], number: int) -> Rule:
    return {"at_least": {"number": 1 + number % len(rules_), "of": rules_}}


def _within(inner: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    lists = st.lists(inner, min_size=1, max_size=3)
    operators = (
        lists.map(lambda rules_: {"all": rules_})
        | lists.map(lambda rules_: {"any": rules_})
        | inner.map(lambda rule: {"not": rule})
        | st.builds(_at_least, lists, st.integers(0, 2))
    )
    return st.builds(
        lambda several, plain: {**plain, **{k: v for one in several for k, v in one.items()}},
        st.lists(operators, min_size=1, max_size=2),
        st.just({}) | plain_rules,
    )


plain_rules = rules().map(written)
trees = st.recursive(plain_rules, _within, max_leaves=6)
tree_lists = st.lists(trees, max_size=2)
exclude_lists: st.SearchStrategy[list[Rule]] = st.just([]) | tree_lists
cases = st.builds(Case, tree_lists, exclude_lists, scopes, messages())


@given(cases)
def test_verdicts_are_those_of_each_recipient(case: Case) -> None:
    assert case.selection.decide(case.message) is case.expected(case.message)


@given(trees, scopes, messages())
def test_not_selects_the_other_messages(rule: Rule, scope: str, message: MadeUpMessage) -> None:
    other = {"all": "any", "any": "all"}[scope]
    one = parse_selection(match=[rule], recipient_scope=scope, now=NOW).decide(message)
    negated = parse_selection(match=[{"not": rule}], recipient_scope=other, now=NOW).decide(message)
    assert (one is Verdict.YES) != (negated is Verdict.YES)


@given(cases)
def test_a_frozen_selection_is_the_same_selection(case: Case) -> None:
    selection = case.selection
    later = parse_selection(**json.loads(json.dumps(selection.frozen())), now=NOW + 10**6)
    assert later == selection
    assert later.frozen() == selection.frozen()
    assert later.digest() == selection.digest()
    assert later.decide(case.message) is selection.decide(case.message)


@given(cases)
def test_the_start_of_a_file_rules_out_what_it_makes_certain(case: Case) -> None:
    message = case.message
    early = [verdict_of(rule, message, "any", lambda key: CRITERIA[key].stage <= Stage.IDENTITY) for rule in case.match]
    ruled_out = case.selection.rules_out(message)
    assert ruled_out == (early != [] and set(early) == {Verdict.NO})
    assert set(message.asked) <= {"identity"}
    if ruled_out:
        assert case.selection.decide(message) is Verdict.NO


_EXPENSIVE = {
    "reasons": Stage.REASONS,
    "headers": Stage.CONTENT,
    "stored_text": Stage.CONTENT,
    "text_parts": Stage.CONTENT,
}


def _asked_before(stage: Stage) -> Callable[[str], bool]:
    return lambda key: CRITERIA[key].stage < stage


@given(cases)
def test_what_is_expensive_is_read_only_while_the_verdict_is_open(case: Case) -> None:
    case.selection.decide(case.message)
    for stage in {_EXPENSIVE[name] for name in case.message.asked if name in _EXPENSIVE}:
        selects, protects = case.said(case.message, _asked_before(stage))
        assert Verdict.YES not in protects
        # A protected message is not even partly selected.
        left = selects - {Verdict.NO} if Verdict.UNDECIDED in protects else set()
        assert left or (Verdict.UNDECIDED in selects and Verdict.YES not in selects)


# --- what is missing ------------------------------------------------------------------------------------------------


@given(cases, inputs, st.integers(0, 4))
def test_what_is_missing_is_undecided_where_it_could_matter(case: Case, missing: frozenset[Input], keep: int) -> None:
    seen = without(case.message, missing, keep)
    assert case.selection.decide(seen) is case.expected(seen)


@given(cases, inputs, st.integers(0, 4))
def test_what_is_decided_holds_for_the_whole_message(case: Case, missing: frozenset[Input], keep: int) -> None:
    selection = case.selection
    seen = without(case.message, missing, keep)
    verdict, whole = selection.decide(seen), selection.decide(case.message)
    if verdict is Verdict.PARTIAL:
        assert whole is not Verdict.YES
    elif verdict is not Verdict.UNDECIDED:
        assert verdict is whole
    if selection.rules_out(seen):
        assert whole is Verdict.NO
