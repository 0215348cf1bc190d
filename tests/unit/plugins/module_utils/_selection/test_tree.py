# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from dataclasses import replace
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection import tree
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection, parse_selection
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700000000

Rules = Sequence[Mapping[str, Any]]


def parse(match: Rules = (), exclude: Rules = (), *, scope: str = "all") -> Selection:
    return parse_selection(match=match, exclude=exclude, recipient_scope=scope, now=NOW)


TO_BOTH = MadeUpMessage(
    make_envelope(pending=[b"a@example.com", b"b@example.org"]),
    reasons_={b"a@example.com": b"full"},
    stored_text_=b"casino",
)
TO_NONE = MadeUpMessage(make_envelope(pending=[]))
SOMEBODY, NOBODY = {"sender": "sender@"}, {"sender": "nobody@"}
A, B, NEITHER = {"recipient": "example.com"}, {"recipient": "example.org"}, {"recipient": "example.net"}
BOTH = {"recipient": ["example.com", "example.org"]}
FULL = {"reason": "full"}


def two_of(*rules: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"at_least": {"number": 2, "of": rules}}


# --- verdicts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        pytest.param({"any": [NOBODY, SOMEBODY]}, True, id="any"),
        pytest.param({"any": [NOBODY, NOBODY]}, False, id="none of any"),
        pytest.param({"all": [SOMEBODY, {"not": NOBODY}]}, True, id="all"),
        pytest.param({"all": [SOMEBODY, {"not": SOMEBODY}]}, False, id="not all"),
        pytest.param({"not": NOBODY}, True, id="not"),
        pytest.param({"not": SOMEBODY}, False, id="not what holds"),
        pytest.param({"not": {**SOMEBODY, "size": "1g"}}, True, id="not all of a rule"),
        pytest.param({"not": {"not": SOMEBODY}}, True, id="not not"),
        pytest.param({"not": {"any": [NOBODY, SOMEBODY]}}, False, id="none of two"),
        pytest.param(two_of(SOMEBODY, NOBODY, {"content": "casino"}), True, id="two of three"),
        pytest.param(two_of(SOMEBODY, NOBODY, {"content": "pills"}), False, id="one of three"),
        pytest.param({**SOMEBODY, "any": [NOBODY, {"content": "casino"}]}, True, id="a criterion and an operator"),
        pytest.param({**NOBODY, "any": [SOMEBODY]}, False, id="every key must hold"),
        pytest.param({"any": [SOMEBODY], "not": SOMEBODY}, False, id="every operator must hold"),
    ],
)
def test_operators(rule: Mapping[str, Any], holds: bool) -> None:
    assert parse([rule]).decide(TO_BOTH) is (Verdict.YES if holds else Verdict.NO)
    assert parse([], [rule]).decide(TO_BOTH) is (Verdict.NO if holds else Verdict.YES)
    assert parse([NOBODY, rule]).decide(TO_BOTH) is (Verdict.YES if holds else Verdict.NO)


_NO, _YES, _PARTIAL = Verdict.NO, Verdict.YES, Verdict.PARTIAL


@pytest.mark.parametrize(
    ("rule", "message", "every", "some", "protected"),
    [
        # The table of docs/rules.md.
        pytest.param({"not": BOTH}, TO_BOTH, _NO, _NO, False, id="not, and it holds for all"),
        pytest.param({"not": A}, TO_BOTH, _PARTIAL, _YES, True, id="not, and it holds for some"),
        pytest.param({"not": NEITHER}, TO_BOTH, _YES, _YES, True, id="not, and it holds for none"),
        pytest.param(A, TO_NONE, _NO, _NO, False, id="no recipients"),
        pytest.param({"not": A}, TO_NONE, _YES, _YES, True, id="not, no recipients"),
        # Each recipient by itself.
        pytest.param({"any": [A, B]}, TO_BOTH, _YES, _YES, True, id="each recipient fits one of two"),
        pytest.param({"all": [A, B]}, TO_BOTH, _NO, _NO, False, id="no recipient fits both"),
        pytest.param({"all": [A, FULL]}, TO_BOTH, _PARTIAL, _YES, True, id="one recipient fits both"),
        pytest.param({"all": [B, FULL]}, TO_BOTH, _NO, _NO, False, id="different recipients"),
        pytest.param(two_of(A, B, SOMEBODY), TO_BOTH, _YES, _YES, True, id="two of three for each"),
        pytest.param(two_of(A, NEITHER, SOMEBODY), TO_BOTH, _PARTIAL, _YES, True, id="two of three for one"),
        pytest.param(two_of(A, B, NOBODY), TO_BOTH, _NO, _NO, False, id="two of three for nobody"),
        pytest.param({"any": [A, SOMEBODY]}, TO_NONE, _YES, _YES, True, id="no recipients, but a message criterion"),
        pytest.param({**A, "not": FULL}, TO_BOTH, _NO, _NO, False, id="not, of the same recipient"),
        pytest.param({**B, "not": FULL}, TO_BOTH, _PARTIAL, _YES, True, id="not, of another recipient"),
    ],
)
def test_recipients(
    rule: Mapping[str, Any], message: MadeUpMessage, every: Verdict, some: Verdict, protected: bool
) -> None:
    assert parse([rule], scope="all").decide(message) is every
    assert parse([rule], scope="any").decide(message) is some
    assert parse([], [rule]).decide(message) is (Verdict.NO if protected else Verdict.YES)


def test_partly_by_one_rule_and_wholly_by_another() -> None:
    assert parse([{"not": A}, {"any": [A, B]}]).decide(TO_BOTH) is Verdict.YES
    assert parse([{"not": A}, {"not": B}]).decide(TO_BOTH) is Verdict.PARTIAL
    assert parse([{"not": A}], [{"all": [B, SOMEBODY]}]).decide(TO_BOTH) is Verdict.NO
    assert parse([{"not": A}, {"content": "pills"}]).decide(TO_BOTH) is Verdict.PARTIAL
    assert parse([{"not": A}, {"content": "casino"}]).decide(TO_BOTH) is Verdict.YES


def test_many_recipients() -> None:
    pending = [b"%d@example.%s" % (number, b"com" if number % 3 else b"org") for number in range(1000)]
    message = MadeUpMessage(make_envelope(pending=pending))
    assert parse([{"any": [A, B]}]).decide(message) is Verdict.YES
    assert parse([{"not": A}]).decide(message) is Verdict.PARTIAL
    assert parse([{"not": NEITHER}]).decide(message) is Verdict.YES


# --- what is read ---------------------------------------------------------------------------------------------------

CASINO, PILLS, SUBJECT = {"content": "casino"}, {"content": "pills"}, {"header": {"Subject": "x"}}


@pytest.mark.parametrize(
    ("match", "exclude", "asked"),
    [
        pytest.param([{"any": [CASINO, SOMEBODY]}], [], ["identity"], id="any, by what is cheap"),
        pytest.param([{"all": [CASINO, NOBODY]}], [], ["identity"], id="all, by what is cheap"),
        pytest.param([{**NOBODY, "not": CASINO}], [], ["identity"], id="a criterion and not"),
        pytest.param([{"not": {**NOBODY, **CASINO}}], [], ["identity"], id="not, by what is cheap"),
        pytest.param([two_of(CASINO, SOMEBODY, {"size": 1})], [], ["identity"], id="enough already"),
        pytest.param([two_of(CASINO, NOBODY, {"size": "1g"})], [], ["identity"], id="too few already"),
        pytest.param([two_of(CASINO, PILLS, NOBODY)], [], ["identity", "stored_text", "stored_text"], id="still open"),
        pytest.param(
            [two_of(CASINO, SUBJECT, SOMEBODY)], [], ["identity", "stored_text"], id="enough by the first of two texts"
        ),
        pytest.param(
            [{"any": [{"all": [NOBODY, CASINO]}, {"all": [SOMEBODY, SUBJECT]}]}],
            [],
            ["identity", "headers"],
            id="only the branch that is open",
        ),
        pytest.param(
            [{"all": [{"any": [SOMEBODY, CASINO]}, {"any": [NOBODY, SUBJECT]}]}],
            [],
            ["identity", "headers"],
            id="not the branch that holds",
        ),
        pytest.param([{"any": [CASINO, SUBJECT]}], [], ["stored_text"], id="any, by the first text"),
        pytest.param([{"not": SUBJECT}, CASINO], [], ["headers"], id="selected by the first rule"),
        pytest.param([{**PILLS, "not": SUBJECT}], [], ["stored_text"], id="a text and not, which is not there"),
        pytest.param([{"any": [SOMEBODY, A]}], [], ["identity"], id="any, without the envelope"),
        pytest.param(
            [{"all": [{"all": [A, CASINO]}, {"any": [A, SUBJECT]}]}],
            [],
            ["envelope", "stored_text"],
            id="no header for a recipient who does not fit",
        ),
        pytest.param([{"not": {**NEITHER, **FULL}}], [], ["envelope"], id="no recipient left to have a reason"),
        pytest.param([{"any": [BOTH, CASINO]}], [], ["envelope"], id="any, by all recipients"),
        pytest.param([{"any": [A, CASINO]}], [], ["envelope", "stored_text"], id="any, by some recipients"),
        pytest.param([{"not": {"all": [NEITHER, CASINO]}}], [], ["envelope"], id="not, by no recipient"),
        pytest.param([{"all": [A, {"not": CASINO}]}], [], ["envelope", "stored_text"], id="partial or not at all"),
        pytest.param(
            [{"any": [A, {"all": [A, CASINO]}]}], [], ["envelope"], id="content for recipients that are selected"
        ),
        pytest.param(
            [{"not": A}, {"all": [B, CASINO]}], [], ["envelope"], id="what is partly selected cannot be so twice"
        ),
        pytest.param(
            [{"not": A}],
            [{**SOMEBODY, "not": CASINO}],
            ["identity", "envelope", "stored_text"],
            id="partial, maybe protected",
        ),
        pytest.param([{"not": CASINO}], [SOMEBODY], ["identity"], id="protected already"),
        pytest.param([CASINO], [{"any": [A, SUBJECT]}], ["envelope"], id="protected for one recipient"),
        pytest.param([NOBODY], [{"not": CASINO}], ["identity"], id="what nothing selects needs no protection"),
        pytest.param([SOMEBODY], [{"all": [NOBODY, {"not": CASINO}]}], ["identity"], id="no protection any more"),
        pytest.param([], [{"not": CASINO}], ["stored_text"], id="everything, maybe protected"),
    ],
)
def test_a_message_is_read_no_further_than_is_needed(match: Rules, exclude: Rules, asked: list[str]) -> None:
    message = replace(TO_BOTH, asked=[])
    parse(match, exclude).decide(message)
    assert message.asked == asked


@pytest.mark.parametrize(
    ("match", "ruled_out"),
    [
        pytest.param([{"any": [NOBODY, {"size": "1g"}]}], True, id="any"),
        pytest.param([{"any": [NOBODY, CASINO]}], False, id="any, with what is not read"),
        pytest.param([{"not": SOMEBODY}], True, id="not"),
        pytest.param([{"not": NOBODY}], False, id="not another sender"),
        pytest.param([{"not": {"queue_id": "4A0F9AC"}}], True, id="not this queue ID"),
        pytest.param([{"not": {"queue_id": "4A0F9AD"}}], False, id="not another queue ID"),
        pytest.param([{"not": {**SOMEBODY, **CASINO}}], False, id="not the sender with a text"),
        pytest.param([{**NOBODY, "not": CASINO}], True, id="a criterion"),
        pytest.param([two_of(NOBODY, CASINO)], True, id="two of two"),
        pytest.param([two_of(NOBODY, CASINO, A)], False, id="two of three"),
        pytest.param([{"not": SOMEBODY}, SOMEBODY], False, id="another rule holds"),
        pytest.param([{"not": SOMEBODY}, NOBODY], True, id="no rule holds"),
        pytest.param([{"not": A}], False, id="recipients, which are not read"),
        pytest.param([], False, id="everything"),
    ],
)
def test_what_the_start_of_a_file_rules_out(match: Rules, ruled_out: bool) -> None:
    message = replace(TO_BOTH, asked=[])
    assert parse(match, [{"not": NOBODY}]).rules_out(message) is ruled_out
    assert set(message.asked) <= {"identity"}
    damaged = replace(TO_BOTH, problem="cut")
    assert parse(match, [{"not": NOBODY}]).rules_out(damaged) is False


# --- what is missing ------------------------------------------------------------------------------------------------


def without(*missing: Input) -> MadeUpMessage:
    return replace(TO_BOTH, problem="cut", missing=frozenset(missing), asked=[])


@pytest.mark.parametrize(
    ("rule", "missing", "verdict"),
    [
        pytest.param({"not": PILLS}, Input.CONTENT, Verdict.UNDECIDED, id="not of undecided is undecided"),
        pytest.param({"not": CASINO}, Input.CONTENT, Verdict.NO, id="not of a hit in what was read"),
        pytest.param({"any": [PILLS, SOMEBODY]}, Input.CONTENT, Verdict.YES, id="any, by another criterion"),
        pytest.param({"any": [PILLS, NOBODY]}, Input.CONTENT, Verdict.UNDECIDED, id="any, undecided"),
        pytest.param({"all": [{"not": PILLS}, NOBODY]}, Input.CONTENT, Verdict.NO, id="all, by another criterion"),
        pytest.param(two_of(PILLS, SOMEBODY, NOBODY), Input.CONTENT, Verdict.UNDECIDED, id="one, and one possible"),
        pytest.param(two_of(PILLS, SOMEBODY, CASINO), Input.CONTENT, Verdict.YES, id="two without the possible one"),
        pytest.param(two_of(PILLS, NOBODY, {"size": "1g"}), Input.CONTENT, Verdict.NO, id="one with the possible one"),
        pytest.param({"not": FULL}, Input.REASONS, Verdict.UNDECIDED, id="reasons"),
        pytest.param(
            {"not": {**NEITHER, **FULL}}, Input.REASONS, Verdict.UNDECIDED, id="recipient and reason of one rule"
        ),
        pytest.param(
            {"all": [NEITHER, {"not": FULL}]}, Input.REASONS, Verdict.NO, id="recipient and reason of two rules"
        ),
        pytest.param({"not": A}, Input.RECIPIENTS, Verdict.PARTIAL, id="recipients, partial in any case"),
        pytest.param({"not": NEITHER}, Input.RECIPIENTS, Verdict.UNDECIDED, id="recipients, maybe not all"),
        pytest.param({"not": BOTH}, Input.RECIPIENTS, Verdict.UNDECIDED, id="recipients, maybe others"),
    ],
)
def test_what_is_missing(rule: Mapping[str, Any], missing: Input, verdict: Verdict) -> None:
    assert parse([rule]).decide(without(missing)) is verdict
    protection = {Verdict.YES: Verdict.NO, Verdict.NO: Verdict.YES, Verdict.PARTIAL: Verdict.NO}.get(verdict, verdict)
    if missing is not Input.RECIPIENTS:
        assert parse([], [rule]).decide(without(missing)) is protection


class NoRecipients(MadeUpMessage):
    """A message whose envelope cannot be read."""

    @property
    def envelope(self) -> Envelope:
        """Raise ContentError."""
        raise ContentError("cut")


def test_an_envelope_that_cannot_be_read_is_undecided() -> None:
    assert parse([{"not": A}]).decide(NoRecipients()) is Verdict.UNDECIDED
    assert parse([{"not": A}, SOMEBODY]).decide(NoRecipients()) is Verdict.YES
    assert parse([{"not": A}, SOMEBODY]).decide(NoRecipients(problem="cut")) is Verdict.YES
    assert parse([{"not": {**A, **NOBODY}}]).decide(NoRecipients(problem="cut")) is Verdict.YES
    assert parse([{"all": [NOBODY, {"not": A}]}]).decide(NoRecipients()) is Verdict.NO


# --- values as numbers ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("indexes", "size", "value"),
    [([], 0, 0), ([], 9, 0), ([0, 2], 3, 0b101), ([7, 8], 9, 0b110000000), ([64], 65, 1 << 64)],
)
def test_mask(indexes: list[int], size: int, value: int) -> None:
    assert tree.mask(indexes, size) == value


@pytest.mark.parametrize(
    ("number", "values", "held"),
    [
        pytest.param(1, [0b011, 0b110], 0b111, id="any"),
        pytest.param(2, [0b011, 0b110], 0b010, id="all"),
        pytest.param(2, [0b011, 0b110, 0b101], 0b111, id="two of three"),
        pytest.param(3, [0b011, 0b110, 0b111, 0b010], 0b010, id="three of four"),
        pytest.param(2, [-1, 0b110, 0], 0b110, id="with everybody"),
        pytest.param(2, [-1, 0, -1], -1, id="everybody is enough"),
        pytest.param(1, [0, 0], 0, id="nobody"),
        pytest.param(2, [~0b01, ~0b10], ~0b11, id="all but two"),
    ],
)
def test_held_by(number: int, values: list[int], held: int) -> None:
    assert tree.recipients_held_by(number, values) == held
