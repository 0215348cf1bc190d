# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from dataclasses import replace
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection import selection as sel
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import Selection
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700000000
DAY = 86400

Rules = Sequence[Mapping[str, Any]]


def parse(match: Rules = (), exclude: Rules = (), *, scope: str = "all", now: int = NOW) -> Selection:
    return sel.parse_selection(match=match, exclude=exclude, recipient_scope=scope, now=now)


# --- match, exclude, recipient_scope --------------------------------------------------------------------------------

TO_BOTH = MadeUpMessage(
    make_envelope(pending=[b"a@example.com", b"b@example.org"]), reasons_={b"a@example.com": b"full"}
)
A, B, NEITHER = {"recipient": "example.com"}, {"recipient": "example.org"}, {"recipient": "example.net"}
BOTH = {"recipient": ["example.com", "example.org"]}
SOMEBODY = {"sender": "sender@"}
NOBODY = {"sender": "nobody@"}


@pytest.mark.parametrize(
    ("match", "exclude", "scope", "verdict"),
    [
        pytest.param([], [], "all", Verdict.YES, id="no rule selects everything"),
        pytest.param([SOMEBODY], [], "all", Verdict.YES, id="match"),
        pytest.param([NOBODY], [], "all", Verdict.NO, id="no match"),
        pytest.param([NOBODY, SOMEBODY], [], "all", Verdict.YES, id="any rule"),
        pytest.param([], [SOMEBODY], "all", Verdict.NO, id="exclude from everything"),
        pytest.param([], [NOBODY], "all", Verdict.YES, id="exclude somebody else"),
        pytest.param([SOMEBODY], [SOMEBODY], "all", Verdict.NO, id="exclude wins"),
        pytest.param([SOMEBODY], [NOBODY, SOMEBODY], "all", Verdict.NO, id="any exclude rule wins"),
        pytest.param([BOTH], [], "all", Verdict.YES, id="all recipients"),
        pytest.param([A], [], "all", Verdict.PARTIAL, id="some recipients"),
        pytest.param([A], [], "any", Verdict.YES, id="some recipients are enough"),
        pytest.param([NEITHER], [], "any", Verdict.NO, id="no recipient is not enough"),
        pytest.param([NEITHER], [], "all", Verdict.NO, id="no recipient is not partial"),
        pytest.param([A, B], [], "all", Verdict.PARTIAL, id="each rule by itself must hold for all"),
        pytest.param([A, BOTH], [], "all", Verdict.YES, id="partly by one rule, wholly by another"),
        pytest.param([A], [B], "all", Verdict.NO, id="exclude wins over partial"),
        pytest.param([BOTH], [B], "all", Verdict.NO, id="one recipient protects the message"),
        pytest.param([BOTH], [{**B, **NOBODY}], "all", Verdict.YES, id="a protection that asks for more"),
        pytest.param([{**A, "reason": "full"}], [], "any", Verdict.YES, id="recipient and reason of the same one"),
        pytest.param([{**B, "reason": "full"}], [], "any", Verdict.NO, id="recipient and reason of different ones"),
        pytest.param([SOMEBODY], [{**B, "reason": "full"}], "all", Verdict.YES, id="the same in exclude"),
        pytest.param([{"reason": "full"}], [], "all", Verdict.PARTIAL, id="a reason for some"),
        pytest.param([A, {"reason": "full"}], [], "any", Verdict.YES, id="decided before the reasons"),
    ],
)
def test_verdicts(match: Rules, exclude: Rules, scope: str, verdict: Verdict) -> None:
    selection = parse(match, exclude, scope=scope)
    assert selection.decide(TO_BOTH) is verdict
    later = sel.parse_selection(**selection.frozen(), now=NOW + DAY)
    assert later.decide(TO_BOTH) is verdict


@pytest.mark.parametrize(
    ("match", "verdict"),
    [
        pytest.param([A], Verdict.PARTIAL, id="some recipients"),
        pytest.param([BOTH], Verdict.YES, id="all recipients"),
        pytest.param([NEITHER], Verdict.NO, id="no recipient"),
        pytest.param([NEITHER, A], Verdict.PARTIAL, id="the stronger of two rules"),
        pytest.param([{"header": {"Subject": "x"}}], Verdict.UNDECIDED, id="what is missing"),
    ],
)
def test_what_is_missing_does_not_hinder_other_criteria(match: Rules, verdict: Verdict) -> None:
    message = replace(TO_BOTH, problem="too many headers", missing=frozenset([Input.HEADERS]), asked=[])
    assert parse(match).decide(message) is verdict


def test_a_recipient_that_stands_twice_is_two_recipients() -> None:
    twice = MadeUpMessage(make_envelope(pending=[b"a@example.com", b"a@example.com", b"b@example.org"]))
    assert parse([A]).decide(twice) is Verdict.PARTIAL
    assert parse([BOTH]).decide(twice) is Verdict.YES


# --- what is asked of a message -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("match", "ruled_out"),
    [
        pytest.param([], False, id="everything"),
        pytest.param([SOMEBODY], False, id="the sender"),
        pytest.param([NOBODY], True, id="another sender"),
        pytest.param([{**SOMEBODY, "content": "x"}], False, id="the sender, and more that is not looked at"),
        pytest.param([{**NOBODY, "content": "x"}], True, id="another sender, and more"),
        pytest.param([NOBODY, SOMEBODY], False, id="one of two senders"),
        pytest.param([NOBODY, {"content": "x"}], False, id="another sender, or what is not looked at"),
        pytest.param([NEITHER], False, id="recipients, which are not looked at"),
        pytest.param([{"age": "1d"}], True, id="too young"),
        pytest.param([{"size": "1g"}], True, id="too small"),
        pytest.param([{"queue_id": "000001", "body": "x"}], True, id="another queue ID"),
    ],
)
def test_what_the_start_of_a_file_rules_out(match: Rules, ruled_out: bool) -> None:
    message = MadeUpMessage(make_envelope(sender=TO_BOTH.envelope_.sender, arrival=NOW - 60))
    assert parse(match, [SOMEBODY]).rules_out(message) is ruled_out
    assert set(message.asked) <= {"identity"}


@pytest.mark.parametrize(
    ("match", "exclude", "asked"),
    [
        pytest.param([], [], [], id="everything"),
        pytest.param([{"queue_id": "4A0F9AC"}], [], [], id="a name needs no file"),
        pytest.param([{"queue_id": "000001", "content": "x"}], [], [], id="a name rules out the content"),
        pytest.param([SOMEBODY], [], ["identity"], id="identity"),
        pytest.param([A], [], ["envelope"], id="envelope"),
        pytest.param(
            [{**NOBODY, **A, "reason": "x", "body": "x"}],
            [],
            ["identity"],
            id="the identity rules out what is expensive",
        ),
        pytest.param([SOMEBODY, {"content": "x"}], [], ["identity"], id="selected already"),
        pytest.param([{"content": "x"}, SOMEBODY], [], ["identity"], id="selected already, in any order"),
        pytest.param([{"content": "x"}], [SOMEBODY], ["identity"], id="protected already"),
        pytest.param([NOBODY], [{"content": "x"}], ["identity"], id="what nothing selects needs no protection"),
        pytest.param(
            [SOMEBODY], [{**NOBODY, "content": "x"}], ["identity"], id="a protection that cannot hold any more"
        ),
        pytest.param([SOMEBODY], [{"content": "x"}], ["identity", "stored_text"], id="selected, maybe protected"),
        pytest.param([A], [{"content": "x"}], ["envelope", "stored_text"], id="partly selected, maybe protected"),
        pytest.param([{"reason": "x", **SOMEBODY}], [], ["identity", "reasons"], id="reasons"),
        pytest.param([{**NEITHER, "reason": "x"}], [], ["envelope"], id="no recipient left to have a reason"),
        pytest.param([{"reason": "x", "header": {"A": "b"}}], [], ["reasons"], id="no reason, no header"),
        pytest.param(
            [{"header": {"A": "b"}, "body": "x"}], [], ["headers"], id="keys of one stage in the rule's order"
        ),
        pytest.param([{"body": "x"}, {"header": {"A": "b"}}], [], ["text_parts", "headers"], id="no rule holds"),
    ],
)
def test_a_message_is_asked_for_no_more_than_is_needed(match: Rules, exclude: Rules, asked: list[str]) -> None:
    message = MadeUpMessage(make_envelope(pending=[b"a@example.com", b"b@example.org"]))
    parse(match, exclude).decide(message)
    assert message.asked == asked
