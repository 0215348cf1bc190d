# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import json
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Stage
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import (
    MAX_LEVELS,
    MAX_WITHIN,
    parse_rule,
    parse_rules,
)

NOW = 1700000000
DAY = 86400
A = {"sender": "a@"}
B = {"content": "b"}
TO = {"recipient": "c@"}


def nested(levels: int) -> dict[str, Any]:
    """Return a rule with so many levels."""
    rule: dict[str, Any] = {"sender": "a@"}
    for _level in range(1, levels):
        rule = {"not": rule}
    return rule


# --- what a rule becomes --------------------------------------------------------------------------------------------


def test_a_plain_rule() -> None:
    rule = parse_rule({"content": "x", "recipient": "a@", "sender": ["b@", "c@"]}, "match[0]", NOW)
    assert rule.place == "match[0]"
    assert rule.spec == {"content": ["x"], "recipient": ["a@"], "sender": ["b@", "c@"]}
    assert rule.criteria == ("content", "recipient", "sender")
    assert [check.stage for check in rule.message_tests] == [Stage.IDENTITY, Stage.CONTENT]
    assert len(rule.early_tests) == len(rule.recipient_tests) == 1
    assert rule.branches == ()
    assert rule.stages == {Stage.IDENTITY, Stage.ENVELOPE, Stage.CONTENT}
    assert rule.last_stage is Stage.CONTENT


def test_a_rule_with_operators_is_frozen_as_it_is_written() -> None:
    rule = {
        "any": ({"age": "2d"}, {"not": {"size": 5}}),
        "sender": "a@",
        "at_least": {"number": "2", "of": [A, {"all": [B, {"header": {"Subject": "x"}}]}]},
    }
    spec = {
        "any": [{"age": [{"before": NOW - 2 * DAY}]}, {"not": {"size": [5]}}],
        "sender": ["a@"],
        "at_least": {
            "number": 2,
            "of": [{"sender": ["a@"]}, {"all": [{"content": ["b"]}, {"header": {"Subject": ["x"]}}]}],
        },
    }
    parsed = parse_rule(rule, "match[0]", NOW)
    assert json.dumps(parsed.spec) == json.dumps(spec)
    assert parsed.criteria == ("age", "size", "sender", "content", "header")
    assert parsed.stages == {Stage.IDENTITY, Stage.CONTENT}
    assert parse_rule(json.loads(json.dumps(spec)), "match[0]", NOW + DAY) == parsed


@pytest.mark.parametrize(
    ("rule", "stages"),
    [
        pytest.param({"all": [B, A]}, [Stage.IDENTITY, Stage.CONTENT], id="all"),
        pytest.param({"any": [B]}, [Stage.CONTENT], id="any of one"),
        pytest.param({"at_least": {"number": 2, "of": [B, A]}}, [Stage.IDENTITY, Stage.CONTENT], id="at_least all"),
        pytest.param({"all": [{"all": [B]}], **A}, [Stage.IDENTITY, Stage.CONTENT], id="all within all"),
    ],
)
def test_rules_that_must_all_hold_are_one_plain_rule(rule: Mapping[str, Any], stages: list[Stage]) -> None:
    parsed = parse_rule(rule, "match[0]", NOW)
    assert parsed.branches == ()
    assert [check.stage for check in parsed.message_tests] == stages


@pytest.mark.parametrize(
    ("rule", "branches"),
    [
        pytest.param({"any": [A, B]}, [(1, 2, False)], id="any"),
        pytest.param({"not": A}, [(1, 1, True)], id="not"),
        pytest.param({"at_least": {"number": 2, "of": [A, B, TO]}}, [(2, 3, False)], id="at_least"),
        pytest.param({"all": [A, TO, B, TO]}, [(2, 2, False)], id="recipient criteria stay apart"),
        pytest.param(
            {"all": [{"not": A}, {"any": [A, B]}, B]}, [(1, 1, True), (1, 2, False)], id="operators within all"
        ),
    ],
)
def test_other_operators_are_branches(rule: Mapping[str, Any], branches: list[tuple[int, int, bool]]) -> None:
    parsed = parse_rule(rule, "match[0]", NOW)
    assert [(branch.number, len(branch.rules), branch.negated) for branch in parsed.branches] == branches


# --- what is refused ------------------------------------------------------------------------------------------------

_AT_LEAST = "write at_least: {number: 2, of: [rule, rule, rule]}"
_EMPTY = "an empty rule would select every message; give it at least one criterion"
_EMPTY_LIST = "the list of rules is empty; give it at least one rule"
_NO_RULE = "is not a rule; write a mapping of criteria, such as {sender: example.com}"
_NO_LIST = "is not a list of rules; write a list, such as [{sender: example.com}]"
_NO_NOT = "it takes one rule and not a list; write not: {any: [rule, rule]} for messages that fit none of them"
_KNOWN = "there is no such criterion; known are %s, and the operators all, any, not, at_least" % ", ".join(CRITERIA)
_NO_TEXT = "the text is empty; leave the key out or give it a value"
_TWO = [A, B]


def at_least(number: object) -> dict[str, Any]:
    return {"at_least": {"number": number, "of": _TWO}}


def no_number(shown: str) -> str:
    return ".at_least.number: %s is not a whole number from 1 to 2, the number of rules in of" % shown


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        pytest.param({"all": [A, {"content": ""}]}, ".all[1].content: " + _NO_TEXT, id="a value in all"),
        pytest.param({"any": [{"header": {"A": ""}}]}, ".any[0].header.A: " + _NO_TEXT, id="a header in any"),
        pytest.param({"not": {"any": [A, {"body": ""}]}}, ".not.any[1].body: " + _NO_TEXT, id="any in not"),
        pytest.param(
            {"at_least": {"number": 1, "of": [{"content": ""}]}}, ".at_least.of[0].content: " + _NO_TEXT, id="at_least"
        ),
        pytest.param({"all": [{"form": "x"}]}, ".all[0].form: " + _KNOWN, id="unknown key"),
        pytest.param({"All": [A]}, ".All: " + _KNOWN, id="operator in another case"),
        pytest.param({"all": [A, {}]}, ".all[1]: " + _EMPTY, id="empty rule in all"),
        pytest.param({"not": {}}, ".not: " + _EMPTY, id="empty rule in not"),
        pytest.param({"all": []}, ".all: " + _EMPTY_LIST, id="empty all"),
        pytest.param({"any": []}, ".any: " + _EMPTY_LIST, id="empty any"),
        pytest.param({"at_least": {"number": 1, "of": []}}, ".at_least.of: " + _EMPTY_LIST, id="empty at_least"),
        pytest.param({"all": None}, ".all: it has no value", id="no value for all"),
        pytest.param({"any": None}, ".any: it has no value", id="no value for any"),
        pytest.param({"not": None}, ".not: it has no value", id="no value for not"),
        pytest.param({"at_least": None}, ".at_least: it has no value", id="no value for at_least"),
        pytest.param({"at_least": {"number": 1, "of": None}}, ".at_least.of: it has no value", id="no value for of"),
        pytest.param({"all": A}, ".all: {'sender': 'a@'} " + _NO_LIST, id="one rule for all"),
        pytest.param({"any": "x"}, ".any: 'x' " + _NO_LIST, id="text for any"),
        pytest.param({"any": ["x"]}, ".any[0]: 'x' " + _NO_RULE, id="texts for any"),
        pytest.param({"not": "x"}, ".not: 'x' " + _NO_RULE, id="text for not"),
        pytest.param({"not": [A]}, ".not: " + _NO_NOT, id="list for not"),
        pytest.param(
            {"at_least": 2}, ".at_least: 2 is not a mapping of number and of; " + _AT_LEAST, id="only a number"
        ),
        pytest.param({"at_least": {"of": _TWO}}, ".at_least: it has no number; " + _AT_LEAST, id="no number"),
        pytest.param({"at_least": {"number": 1}}, ".at_least: it has no of; " + _AT_LEAST, id="no rules"),
        pytest.param(
            {"at_least": {"number": 1, "off": _TWO}},
            ".at_least.off: there is no such key; " + _AT_LEAST,
            id="another key",
        ),
        pytest.param(at_least(0), no_number("0"), id="none of two"),
        pytest.param(at_least(-1), no_number("-1"), id="fewer than none of two"),
        pytest.param(at_least(3), no_number("3"), id="three of two"),
        pytest.param(at_least(True), no_number("True"), id="yes of two"),
        pytest.param(at_least(1.5), no_number("1.5"), id="one and a half of two"),
        pytest.param(at_least("two"), no_number("'two'"), id="a number in words"),
        pytest.param(at_least(None), no_number("None"), id="no number at all"),
        pytest.param(at_least("9" * 5000), no_number("'999999999999...9999999999999'"), id="a number without end"),
        pytest.param({"any": [{"not": []}, {"not": {}}]}, ".any[0].not: " + _NO_NOT, id="the first fault counts"),
    ],
)
def test_a_rule_that_is_refused(rule: Any, message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_rules([A, rule], [], now=NOW)
    assert str(caught.value) == "match[1]" + message
    with pytest.raises(SelectionError) as caught:
        parse_rules([A], [rule], now=NOW)
    assert str(caught.value) == "exclude[0]" + message
    with pytest.raises(SelectionError) as caught:
        parse_rule(rule, "queue_cleanup_match[3]", NOW)
    assert str(caught.value) == "queue_cleanup_match[3]" + message


# --- bounds ---------------------------------------------------------------------------------------------------------

_TOO_DEEP = (
    "the rules within rules have more than 8 levels; write them with fewer; a YAML anchor must not contain itself"
)
_TOO_MANY = (
    "there are more than 1000 rules and criteria within rules; write several values of a criterion as one list, as "
    "{sender: [a@example.com, b@example.com]}"
)


def test_levels_are_bounded() -> None:
    parse_rule(nested(MAX_LEVELS), "match[0]", NOW)
    with pytest.raises(SelectionError) as caught:
        parse_rule(nested(MAX_LEVELS + 1), "match[0]", NOW)
    assert str(caught.value) == "match[0]%s: %s" % (".not" * MAX_LEVELS, _TOO_DEEP)


@pytest.mark.parametrize("operator", ["all", "any"])
def test_a_rule_that_stands_within_itself_is_refused(operator: str) -> None:
    # In YAML: &rule {all: [*rule, *rule]}
    rule: dict[str, Any] = {}
    rule[operator] = [rule, rule]
    with pytest.raises(SelectionError) as caught:
        parse_rule(rule, "match[0]", NOW)
    assert str(caught.value) == "match[0]%s: %s" % (".%s[0]" % operator * MAX_LEVELS, _TOO_DEEP)


def test_rules_of_not_and_at_least_that_stand_within_themselves_are_refused() -> None:
    rule: dict[str, Any] = {}
    rule["not"] = {"at_least": {"number": 1, "of": [rule]}}
    with pytest.raises(SelectionError) as caught:
        parse_rule(rule, "match[0]", NOW)
    assert str(caught.value) == "match[0]%s: %s" % (".not.at_least.of[0]" * (MAX_LEVELS // 2), _TOO_DEEP)


def test_what_stands_within_itself_is_shown_in_part() -> None:
    several: list[Any] = []
    several += [several] * 1000
    for rule, place, problem in (
        (several, "", _NO_RULE),
        ({"all": {"of": several}}, ".all", _NO_LIST),
        ({"at_least": several}, ".at_least", "is not a mapping of number and of; " + _AT_LEAST),
    ):
        with pytest.raises(SelectionError) as caught:
            parse_rule(rule, "match[0]", NOW)
        assert str(caught.value).startswith("match[0]%s: " % place)
        assert str(caught.value).endswith(problem)
        assert "..." in str(caught.value)


def plenty(rules: int) -> Sequence[Mapping[str, Any]]:
    """Return one rule that has so many rules with a criterion each."""
    return [{"any": [A] * rules}]


def test_rules_within_rules_are_bounded() -> None:
    half = MAX_WITHIN // 4
    parse_rules(plenty(half), plenty(half), now=NOW)
    with pytest.raises(SelectionError) as caught:
        parse_rules(plenty(half), plenty(half + 1), now=NOW)
    assert str(caught.value) == "exclude[0].any[%d]: %s" % (half, _TOO_MANY)
    with pytest.raises(SelectionError) as caught:
        parse_rule(plenty(2 * half + 1)[0], "match[0]", NOW)
    assert str(caught.value) == "match[0].any[%d]: %s" % (2 * half, _TOO_MANY)


def test_many_rules_of_a_few_lines_are_refused() -> None:
    rule: Mapping[str, Any] = A
    for _level in range(1, MAX_LEVELS):
        rule = {"any": [rule] * 10}
    with pytest.raises(SelectionError) as caught:
        parse_rule(rule, "match[0]", NOW)
    assert str(caught.value).endswith(_TOO_MANY)


def test_plain_rules_are_not_bounded() -> None:
    match, exclude = parse_rules([A] * (MAX_WITHIN + 1), [B] * (MAX_WITHIN + 1), now=NOW)
    assert len(match) == len(exclude) == MAX_WITHIN + 1
