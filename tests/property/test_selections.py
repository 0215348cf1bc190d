# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import random
import warnings
from typing import Any, Iterable, Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Stage, Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from tests.unit.support.strategies import envelopes
from tests.unit.support.subject import MadeUpMessage, content_test

NOW = 12000

Rule = Mapping[str, Any]

# Rules that often hold for the messages below, and the same criteria in words of their own: key, value, what it means.
ORACLE: Sequence[tuple[str, Any, Any]] = [
    ("sender", "example.com", lambda message: (message.envelope_.sender or b"").endswith(b"@example.com")),
    ("sender", "<>", lambda message: message.envelope_.sender == b""),
    ("sender", ["a@", ".example.com"], lambda message: (message.envelope_.sender or b"").startswith((b"a@", b"c@"))),
    ("sasl_username", "A", lambda message: message.envelope_.sasl_username == b"a"),
    ("client_address", "192.0.2.2/32", lambda message: message.envelope_.sasl_username == b"b"),
    ("size", "2k", lambda message: message.envelope_.size >= 2048),
    ("size", "-2000", lambda message: message.envelope_.size <= 2000),
    ("recipient_count", ["-1", 3], lambda message: len(message.envelope_.pending) != 2),
    ("recipient_count", -1, lambda message: len(message.envelope_.pending) <= 1),
    ("age", "100m", lambda message: 0 < message.envelope_.arrival <= NOW - 6000),
    ("origin", ["local", "bounce"], lambda message: message.envelope_.sasl_username is None),
    ("queue_id", "4A0F9AC", lambda message: message.queue_id == "4A0F9AC"),
    ("content", "x", lambda message: b"x" in message.stored_text_),
    ("body", "/^y/", lambda message: any(part.startswith("y") for part in message.text_parts_)),
    ("header", {"A": "z"}, lambda message: ("A", "z") in message.headers_),
    ("recipient", "example.com", lambda message: _those(message, lambda to: to.endswith(b"@example.com"))),
    ("recipient", ["<>", "example.org"], lambda message: _those(message, lambda to: to in (b"", b"a@example.org"))),
    ("reason", "full", lambda message: _those(message, lambda to: message.reasons_.get(to) == b"full")),
]


def _those(message: MadeUpMessage, test: Any) -> set[int]:
    return {number for number, address in enumerate(message.envelope_.pending) if test(address)}


@st.composite
def rules(draw: st.DrawFn) -> list[int]:
    """Make a rule as positions in the table above, each key once."""
    # Those at the end are about recipients, and most intricate.
    numbers = st.integers(0, len(ORACLE) - 1) | st.integers(len(ORACLE) - 3, len(ORACLE) - 1)
    chosen = draw(st.lists(numbers, min_size=1, max_size=3))
    return list({ORACLE[number][0]: number for number in chosen}.values())


@st.composite
def messages(draw: st.DrawFn) -> MadeUpMessage:
    envelope = draw(envelopes())
    reasons = st.sampled_from([b"full", b"refused"])
    return MadeUpMessage(
        envelope,
        reasons_={address: draw(reasons) for address in envelope.pending if draw(st.booleans())},
        stored_text_=draw(st.sampled_from([b"", b"x"])),
        text_parts_=draw(st.sampled_from([[], ["y"], ["ay", "y"]])),
        headers_=draw(st.sampled_from([[], [("A", "z")]])),
    )


def written(rule: Iterable[int]) -> Rule:
    return {ORACLE[number][0]: ORACLE[number][1] for number in rule}


def holds(rule: Iterable[int], message: MadeUpMessage) -> set[int] | bool:
    """Return whether a rule holds, or for which recipients where it asks about them."""
    found: set[int] | bool = True
    for number in rule:
        answer = ORACLE[number][2](message)
        if isinstance(answer, bool):
            if not answer:
                return False
        else:
            found = answer if found is True else answer & found
    return found


def expected(match: Sequence[list[int]], exclude: Sequence[list[int]], scope: str, message: MadeUpMessage) -> Verdict:
    """Return the verdict as the documentation has it, the long way: everything is asked."""
    if any(holds(rule, message) for rule in exclude):
        return Verdict.NO
    if not match:
        return Verdict.YES
    answers = [answer for answer in (holds(rule, message) for rule in match) if answer]
    everybody = set(range(len(message.envelope_.pending)))
    if any(answer is True or scope == "any" or answer == everybody for answer in answers):
        return Verdict.YES
    return Verdict.PARTIAL if answers else Verdict.NO


def parse(match: Sequence[list[int]], exclude: Sequence[list[int]], scope: str) -> Selection:
    return parse_selection(
        match=[written(rule) for rule in match],
        exclude=[written(rule) for rule in exclude],
        recipient_scope=scope,
        now=NOW,
    )


rule_lists = st.lists(rules(), max_size=3)
exclude_lists: st.SearchStrategy[list[list[int]]] = st.just([]) | rule_lists
scopes = st.sampled_from(["all", "any"])


@given(rule_lists, exclude_lists, scopes, st.lists(messages(), min_size=1, max_size=5))
def test_verdicts_are_those_of_the_documentation(
    match: list[list[int]], exclude: list[list[int]], scope: str, subjects: list[MadeUpMessage]
) -> None:
    selection = parse(match, exclude, scope)
    later = parse_selection(**json.loads(json.dumps(selection.frozen())), now=NOW + 10**6)
    assert later.digest() == selection.digest()
    for message in subjects:
        verdict = expected(match, exclude, scope, message)
        assert selection.decide(message) is verdict
        assert later.decide(message) is verdict


@given(rule_lists, exclude_lists, scopes, messages())
def test_what_the_start_of_a_file_rules_out_is_not_selected(
    match: list[list[int]], exclude: list[list[int]], scope: str, message: MadeUpMessage
) -> None:
    selection = parse(match, exclude, scope)
    early = [[number for number in rule if CRITERIA[ORACLE[number][0]].stage <= Stage.IDENTITY] for rule in match]
    assert selection.rules_out(message) == (match != [] and not any(holds(start, message) for start in early))
    assert set(message.asked) <= {"identity"}
    if selection.rules_out(message):
        assert selection.decide(message) is Verdict.NO


@given(rule_lists, exclude_lists, scopes, messages(), st.integers(0, 10**6))
def test_the_order_of_rules_and_keys_makes_no_difference(
    match: list[list[int]], exclude: list[list[int]], scope: str, message: MadeUpMessage, seed: int
) -> None:
    verdict = parse(match, exclude, scope).decide(message)
    dice = random.Random(seed)

    def shuffled(rules_: list[list[int]]) -> list[list[int]]:
        return [dice.sample(rule, len(rule)) for rule in dice.sample(rules_, len(rules_))]

    assert parse(shuffled(match), shuffled(exclude), scope).decide(message) is verdict


_EXPENSIVE = {
    "reasons": Stage.REASONS,
    "headers": Stage.CONTENT,
    "stored_text": Stage.CONTENT,
    "text_parts": Stage.CONTENT,
}


@given(rule_lists, exclude_lists, scopes, messages())
def test_what_is_expensive_is_read_only_while_it_can_matter(
    match: list[list[int]], exclude: list[list[int]], scope: str, message: MadeUpMessage
) -> None:
    parse(match, exclude, scope).decide(message)
    asked = max((_EXPENSIVE.get(name, Stage.ENVELOPE) for name in message.asked), default=Stage.NAME)
    if asked <= Stage.ENVELOPE:
        return

    def known(rules_: Sequence[list[int]]) -> list[list[int]]:
        """Return of each rule what is asked about before that stage, without the rules that this rules out."""
        cheap = [[number for number in rule if CRITERIA[ORACLE[number][0]].stage < asked] for rule in rules_]
        return [rule for rule, start in zip(rules_, cheap) if holds(start, message)]

    def decided(rules_: Sequence[list[int]]) -> list[list[int]]:
        return [rule for rule in rules_ if all(CRITERIA[ORACLE[number][0]].stage < asked for number in rule)]

    alive, protecting = known(match), known(exclude)
    assert not decided(protecting)
    # Without a rule everything would be selected.
    sure = not match or (decided(alive) != [] and expected(decided(alive), [], scope, message) is Verdict.YES)
    assert (not sure and len(decided(alive)) < len(alive)) or (protecting and (sure or alive))


# --- any rule -------------------------------------------------------------------------------------------------------

_values: Any = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 10**6)
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(["2d", "-5m", "/a/", "<>"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
_any_rules: Any = st.dictionaries(st.sampled_from([*CRITERIA, "from"]), _values, max_size=3) | _values


@given(st.lists(_any_rules, max_size=2), st.lists(_any_rules, max_size=2), messages())
def test_any_rule_is_a_rule_or_our_error(match: list[Any], exclude: list[Any], message: MadeUpMessage) -> None:
    with warnings.catch_warnings():
        # What Python has to say of a regular expression is for who wrote it.
        warnings.simplefilter("ignore")
        try:
            selection = parse_selection(match=match, exclude=exclude, now=NOW)
        except SelectionError as error:
            assert error.place.startswith(("match[", "exclude["))
            return
    assert selection.decide(message) in Verdict
    json.dumps(selection.frozen())


_regex_pieces = st.sampled_from(
    [
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "*",
        "+",
        "?",
        "|",
        "^",
        "$",
        ".",
        "\\",
        "a",
        "ü",
        "1",
        ",",
        "-",
        "(?",
        "(?i)",
        "(?P<n>",
        ":",
        "\\d",
        "\\x",
        "\\u00fc",
        "\\1",
        "[[:alpha:]]",
        "(?L)",
        "(?au)",
        "99999999999",
    ]
)
_regexes = st.lists(_regex_pieces, min_size=1, max_size=12).map(lambda pieces: "/%s/" % "".join(pieces)) | st.text(
    max_size=10
).map("/{}/".format)
MAKERS: Sequence[Any] = (
    patterns.address_test,
    patterns.client_name_test,
    patterns.login_test,
    patterns.text_test,
    content_test,
    patterns.network_test,
)


@pytest.mark.parametrize("make", MAKERS)
@given(_regexes | st.text(max_size=20))
def test_any_text_is_a_pattern_or_our_error(make: Any, text: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            test = make(text, "match[0].sender")
        except SelectionError as error:
            assert str(error).startswith("match[0].sender: ")
            return
    subjects: Sequence[Any] = ["", "a@b", "ü"] if make is patterns.text_test else [b"", b"a@b", b"\xff", b"192.0.2.1"]
    for subject in subjects:
        assert test(subject) in (True, False)


@given(st.from_regex(r"[a-z]{1,5}(\.[a-z]{1,5}){0,2}", fullmatch=True), st.binary(max_size=10))
def test_a_domain_matches_no_other_domain(domain: str, local: bytes) -> None:
    exact, below = patterns.address_test(domain, "x"), patterns.address_test("." + domain, "x")
    address = local + b"@" + domain.upper().encode()
    assert exact(address)
    assert not below(address)
    for other in (b"bad" + domain.encode(), domain.encode() + b"x"):
        assert not exact(local + b"@" + other)
        assert not below(local + b"@" + other)
    sub = local + b"@sub." + domain.encode()
    assert below(sub)
    assert not exact(sub)
