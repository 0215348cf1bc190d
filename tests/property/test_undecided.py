# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decisions about messages of which something is missing: what is decided is what the whole message would say."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from tests.property.test_selections import (
    NOW,
    ORACLE,
    exclude_lists,
    holds,
    messages,
    parse,
    rule_lists,
    scopes,
)
from tests.unit.support.subject import MadeUpMessage

Rules = Sequence[Sequence[int]]

# What each key of the table needs to be sure of a no.
NEEDS = {
    "sender": Input.SENDER,
    "sasl_username": Input.ATTRIBUTES,
    "client_address": Input.ATTRIBUTES,
    "age": Input.ARRIVAL,
    "content": Input.CONTENT,
    "body": Input.BODY,
    "header": Input.HEADERS,
    "reason": Input.REASONS,
}


class Partly(MadeUpMessage):
    """A message that raises where nothing at all can be read."""

    broken: frozenset[Input] = frozenset()

    def text_parts(self) -> Sequence[str]:
        """Return the text parts. Raises ContentError."""
        if Input.BODY in self.broken:
            raise ContentError("it cannot be taken apart")
        return super().text_parts()


def without(message: MadeUpMessage, missing: frozenset[Input], keep: int) -> Partly:
    """Return what a reader sees of a message from which this is missing."""
    envelope = message.envelope_._replace(missing=missing)
    if Input.SENDER in missing:
        envelope = envelope._replace(sender=None)
    if Input.ARRIVAL in missing:
        envelope = envelope._replace(arrival=0)
    if Input.ATTRIBUTES in missing:
        envelope = envelope._replace(attribute_records=b"")
    if Input.RECIPIENTS in missing:
        envelope = envelope._replace(pending=envelope.pending[:keep])
    return Partly(
        envelope,
        queue_id=message.queue_id,
        reasons_={} if Input.REASONS in missing else message.reasons_,
        headers_=() if Input.HEADERS in missing else message.headers_,
        stored_text_=b"" if Input.CONTENT in missing else message.stored_text_,
        text_parts_=message.text_parts_[:1] if Input.BODY in missing else message.text_parts_,
        problem="the file ends within a record" if missing else None,
        missing=missing,
    )


inputs = st.frozensets(st.sampled_from(list(Input)), max_size=3)


def naive(rule: Sequence[int], message: MadeUpMessage, scope: str) -> Verdict:
    """Return what a rule says, the long way: each criterion yes, no or undecided, and then the rule."""
    missing = message.missing
    answers: list[bool | None] = []
    held: set[int] | None = None
    unsure = False
    for number in rule:
        key, value, _oracle = ORACLE[number]
        found = holds([number], message)
        if not isinstance(found, bool):
            held = found if held is None else held & found
            unsure = unsure or NEEDS.get(key) in missing
        else:
            answers.append(answer(key, value, message))
    if False in answers:
        return Verdict.NO
    verdict = Verdict.YES if held is None else _recipients(held, message, scope, unsure=unsure)
    return Verdict.UNDECIDED if None in answers and verdict is not Verdict.NO else verdict


def answer(key: str, value: Any, message: MadeUpMessage) -> bool | None:
    """Return whether a message criterion of the table holds, None where that is undecided."""
    (number,) = (number for number, row in enumerate(ORACLE) if row[:2] == (key, value))
    found = holds([number], message)
    assert isinstance(found, bool)
    if key == "recipient_count" and Input.RECIPIENTS in message.missing:
        return _count(value, len(message.envelope_.pending))
    if key == "origin" and Input.ATTRIBUTES in message.missing:
        # A client makes it smtp, which the rule of the table does not ask for.
        return None if message.envelope_.origin != "smtp" else found
    return None if not found and NEEDS.get(key) in message.missing else found


def _count(value: Any, known: int) -> bool | None:
    """Return whether a number that is at least so much is within one of the bounds."""
    bounds = value if isinstance(value, list) else [value]
    possible = {
        any(number <= -int(bound) if str(bound).startswith("-") else number >= int(bound) for bound in bounds)
        for number in range(known, known + 50)
    }
    return possible.pop() if len(possible) == 1 else None


def _recipients(held: set[int], message: MadeUpMessage, scope: str, *, unsure: bool) -> Verdict:
    everybody = set(range(len(message.envelope_.pending)))
    more = Input.RECIPIENTS in message.missing
    if held and (scope == "any" or (held == everybody and not more)):
        return Verdict.YES
    if held and held != everybody and not unsure:
        return Verdict.PARTIAL
    return Verdict.UNDECIDED if unsure or more else Verdict.NO


def expected(match: Rules, exclude: Rules, scope: str, message: MadeUpMessage) -> Verdict:
    """Return the verdict by the rules of three-valued logic."""
    said = {naive(rule, message, scope) for rule in match} if match else {Verdict.YES}
    protects = {naive(rule, message, "any") for rule in exclude}
    if Verdict.YES in protects:
        return Verdict.NO
    for verdict in (Verdict.YES, Verdict.UNDECIDED, Verdict.PARTIAL):
        if verdict in said:
            unsure = verdict is Verdict.YES and Verdict.UNDECIDED in protects
            return Verdict.UNDECIDED if unsure else verdict
    return Verdict.NO


class Case(NamedTuple):
    """A selection, a message, and the same message as far as it was read."""

    match: list[list[int]]
    exclude: list[list[int]]
    scope: str
    message: MadeUpMessage
    missing: frozenset[Input]
    keep: int

    @property
    def selection(self) -> Selection:
        return parse(self.match, self.exclude, self.scope)

    @property
    def seen(self) -> MadeUpMessage:
        return without(self.message, self.missing, self.keep)


cases = st.builds(Case, rule_lists, exclude_lists, scopes, messages(), inputs, st.integers(0, 4))


@given(cases)
def test_what_is_missing_is_undecided_where_it_could_matter(case: Case) -> None:
    seen = case.seen
    assert case.selection.decide(seen) is expected(case.match, case.exclude, case.scope, seen)


@given(cases)
def test_what_is_decided_holds_for_the_whole_message(case: Case) -> None:
    selection = case.selection
    verdict = selection.decide(case.seen)
    whole = selection.decide(case.message)
    assert whole is not Verdict.UNDECIDED
    if verdict is Verdict.PARTIAL:
        # It is not selected in any case.
        assert whole is not Verdict.YES
    elif verdict is not Verdict.UNDECIDED:
        assert verdict is whole


@given(cases)
def test_what_the_start_rules_out_is_surely_not_selected(case: Case) -> None:
    selection, seen = case.selection, case.seen
    if selection.rules_out(seen):
        assert selection.decide(seen) is Verdict.NO
        assert selection.decide(case.message) is Verdict.NO


@given(messages(), st.booleans())
def test_a_text_that_raises_is_undecided_as_one_that_is_missing(message: MadeUpMessage, protect: bool) -> None:
    broken = Partly(message.envelope_, text_parts_=message.text_parts_)
    broken.broken = frozenset({Input.BODY})
    rule = [{"body": "no such text"}]
    selection = parse_selection(match=[] if protect else rule, exclude=rule if protect else [], now=NOW)
    assert selection.decide(broken) is Verdict.UNDECIDED
