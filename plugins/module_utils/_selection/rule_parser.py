# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Rules from options: what is refused, and what a rule becomes.

A rule is a mapping. Its keys are criteria (criteria.py) and operators, which hold rules within the rule. Every key must hold.
"""

from __future__ import annotations

import re
import reprlib
from operator import itemgetter
from typing import Any, Callable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA, freeze
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import (
    Branch,
    MessageCheck,
    RecipientCheck,
    Rule,
    Stage,
)

# A rule in match is on level 1, a rule within it on level 2. A YAML anchor can put a rule within itself: it has no last level.
MAX_LEVELS = 8
# Rules within rules and their criteria, in all rules of a selection together. YAML anchors can make many of a few lines.
MAX_WITHIN = 1000
_AT_LEAST = "write at_least: {number: 2, of: [rule, rule, rule]}"


class _Operator(NamedTuple):
    """What an operator becomes: its frozen, JSON-ready form, and the branch of the rule."""

    spec: Any
    branch: Branch


def parse_rule(rule: object, place: str, now: int) -> Rule:
    """Return the compiled rule. now: the second since the epoch that ages count from.

    Raises SelectionError with the path of the fault, such as C(match[0].all[1].content), for an empty rule, an unknown key, a bad value, and
    too many levels or rules.
    """
    return _Parser(now).parse(rule, place)


def parse_rules(
    match: Sequence[object], exclude: Sequence[object], *, now: int
) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
    """Return the compiled rules of C(match) and C(exclude), which share one limit of rules. Raises SelectionError."""
    parser = _Parser(now)
    return (
        tuple(parser.parse(rule, "match[%d]" % index) for index, rule in enumerate(match)),
        tuple(parser.parse(rule, "exclude[%d]" % index) for index, rule in enumerate(exclude)),
    )


class _Parser:
    """Parses the rules of one selection, and counts what stands within rules."""

    def __init__(self, now: int) -> None:
        self._now = now
        self._within = 0

    def parse(self, rule: object, place: str, level: int = 1) -> Rule:
        """Return the compiled rule. Raises SelectionError."""
        keys = _checked_keys(rule, place)
        if level > 1:
            self._count(1 + sum(key in CRITERIA for key in keys), place, level)
        frozen = {
            key: freeze(key, value, "%s.%s" % (place, key), self._now)
            for key, value in keys.items()
            if key not in OPERATORS
        }
        compiled = [
            (CRITERIA[key], CRITERIA[key].compile(value, "%s.%s" % (place, key))) for key, value in frozen.items()
        ]
        operators = {
            key: OPERATORS[key](self, value, "%s.%s" % (place, key), level + 1)
            for key, value in keys.items()
            if key in OPERATORS
        }
        return _make_rule(
            place=place,
            spec={key: operators[key].spec if key in operators else frozen[key] for key in keys},
            criteria=_criteria(keys, operators),
            message_checks=[MessageCheck(row.stage, test, row.need) for row, test in compiled if not row.per_recipient],
            recipient_checks=[RecipientCheck(row.stage, test, row.need) for row, test in compiled if row.per_recipient],
            branches=[operator.branch for operator in operators.values()],
        )

    def parse_list(self, rules: object, place: str, level: int) -> tuple[Rule, ...]:
        """Return the compiled rules of an operator. Raises SelectionError."""
        if rules is None:
            raise SelectionError(place, "it has no value")
        if not isinstance(rules, (list, tuple)):
            raise SelectionError(
                place, "%s is not a list of rules; write a list, such as [{sender: example.com}]" % reprlib.repr(rules)
            )
        if not rules:
            raise SelectionError(place, "the list of rules is empty; give it at least one rule")
        return tuple(self.parse(rule, "%s[%d]" % (place, index), level) for index, rule in enumerate(rules))

    def _count(self, number: int, place: str, level: int) -> None:
        """Count a rule within another one and its criteria. Raises SelectionError if that is too much."""
        if level > MAX_LEVELS:
            raise SelectionError(
                place,
                "the rules within rules have more than %d levels; write them with fewer; a YAML anchor must not contain itself"
                % MAX_LEVELS,
            )
        self._within += number
        if self._within > MAX_WITHIN:
            raise SelectionError(
                place,
                "there are more than %d rules and criteria within rules; write several values of a criterion as one list, as "
                "{sender: [a@example.com, b@example.com]}" % MAX_WITHIN,
            )


def _checked_keys(rule: object, place: str) -> Mapping[str, Any]:
    """Return the rule as a mapping whose keys are known, with at least one of them. Raises SelectionError."""
    if not isinstance(rule, Mapping):
        raise SelectionError(
            place, "%s is not a rule; write a mapping of criteria, such as {sender: example.com}" % reprlib.repr(rule)
        )
    if not rule:
        raise SelectionError(place, "an empty rule would select every message; give it at least one criterion")
    for key in rule:
        if key not in CRITERIA and key not in OPERATORS:
            raise SelectionError(
                "%s.%s" % (place, key),
                "there is no such criterion; known are %s, and the operators %s"
                % (", ".join(CRITERIA), ", ".join(OPERATORS)),
            )
    return rule


def _criteria(keys: Mapping[str, Any], operators: Mapping[str, _Operator]) -> tuple[str, ...]:
    """Return the criteria of a rule and of the rules within it, each once and in order of use."""

    def each() -> Iterator[str]:
        for key in keys:
            if key in operators:
                for rule in operators[key].branch.rules:
                    yield from rule.criteria
            else:
                yield key

    return tuple(dict.fromkeys(each()))


def _make_rule(
    *,
    place: str,
    spec: Mapping[str, Any],
    criteria: tuple[str, ...],
    message_checks: list[MessageCheck],
    recipient_checks: Sequence[RecipientCheck],
    branches: Sequence[Branch],
) -> Rule:
    """Return a rule of its parts. Rules that must hold anyway become part of it, so that C(all) of plain rules is a plain rule."""
    kept: list[Branch] = []
    for branch in branches:
        if branch.negated or branch.number < len(branch.rules):
            kept.append(branch)
            continue
        # The recipient criteria of one rule are judged together if something is missing: those of several rules stay separate.
        with_recipients = tuple(rule for rule in branch.rules if rule.recipient_tests)
        if with_recipients:
            kept.append(Branch(len(with_recipients), with_recipients, negated=False))
        for rule in branch.rules:
            if not rule.recipient_tests:
                message_checks += rule.message_tests
                kept += rule.branches
    message_tests = sorted(message_checks, key=itemgetter(0))
    stages = {check.stage for check in message_tests}.union(check.stage for check in recipient_checks)
    for branch in kept:
        stages = stages.union(*(rule.stages for rule in branch.rules))
    return Rule(
        place=place,
        spec=spec,
        criteria=criteria,
        message_tests=tuple(message_tests),
        early_tests=tuple(check.test for check in message_tests if check.stage <= Stage.IDENTITY),
        recipient_tests=tuple(recipient_checks),
        branches=tuple(kept),
        stages=frozenset(stages),
        last_stage=max(stages),
    )


# --- operators ------------------------------------------------------------------------------------------------------


def _all(parser: _Parser, value: object, place: str, level: int) -> _Operator:
    rules = parser.parse_list(value, place, level)
    return _Operator(_specs(rules), Branch(len(rules), rules, negated=False))


def _any(parser: _Parser, value: object, place: str, level: int) -> _Operator:
    rules = parser.parse_list(value, place, level)
    return _Operator(_specs(rules), Branch(1, rules, negated=False))


def _not(parser: _Parser, value: object, place: str, level: int) -> _Operator:
    if value is None:
        raise SelectionError(place, "it has no value")
    if isinstance(value, (list, tuple)):
        raise SelectionError(
            place, "it takes one rule and not a list; write not: {any: [rule, rule]} for messages that fit none of them"
        )
    rule = parser.parse(value, place, level)
    return _Operator(dict(rule.spec), Branch(1, (rule,), negated=True))


def _at_least(parser: _Parser, value: object, place: str, level: int) -> _Operator:
    if value is None:
        raise SelectionError(place, "it has no value")
    if not isinstance(value, Mapping):
        raise SelectionError(place, "%s is not a mapping of number and of; %s" % (reprlib.repr(value), _AT_LEAST))
    for key in value:
        if key not in ("number", "of"):
            raise SelectionError("%s.%s" % (place, key), "there is no such key; %s" % _AT_LEAST)
    for key in ("number", "of"):
        if key not in value:
            raise SelectionError(place, "it has no %s; %s" % (key, _AT_LEAST))
    rules = parser.parse_list(value["of"], place + ".of", level)
    number = _whole_number(value["number"], place + ".number", most=len(rules))
    return _Operator({"number": number, "of": _specs(rules)}, Branch(number, rules, negated=False))


def _whole_number(value: object, place: str, *, most: int) -> int:
    """Return a number from 1 to most. A template makes text of it. Raises SelectionError."""
    whole = isinstance(value, (int, str)) and not isinstance(value, bool) and re.match(r"[0-9]{1,9}\Z", str(value))
    if not whole or not 1 <= int(str(value)) <= most:
        raise SelectionError(
            place, "%s is not a whole number from 1 to %d, the number of rules in of" % (reprlib.repr(value), most)
        )
    return int(str(value))


def _specs(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    return [dict(rule.spec) for rule in rules]


# What each operator makes of its value, its place and the level of the rules within it.
OPERATORS: Mapping[str, Callable[[_Parser, object, str, int], _Operator]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "at_least": _at_least,
}
