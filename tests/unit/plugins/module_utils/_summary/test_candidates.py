# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Iterable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError, SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import (
    CachedMessage,
    Candidate,
    CandidateCoverage,
    Coverage,
    parse_candidates,
    show_coverage,
)
from tests.unit.support.subject import MadeUpMessage, make_envelope

NOW = 1700000000


def parse(*values: object, scope: str = "all") -> list[Candidate]:
    return parse_candidates(values, recipient_scope=scope, now=NOW)


def tried(candidates: Sequence[Candidate], *messages: MadeUpMessage) -> Coverage:
    coverage = Coverage([CandidateCoverage() for _candidate in candidates])
    for message in messages:
        coverage.add(candidates, message)
    return coverage


class Broken(MadeUpMessage):
    """A message whose content cannot be read."""

    def text_windows(self) -> Iterable[Window]:
        raise ContentError("cut")


MESSAGE = MadeUpMessage(
    stored_text_=b"Subject: buy\nbuy pills, BUY now\n",
    text_parts_=["buy pills", "BUY buy"],
    headers_=[("Subject", "buy")],
)


@pytest.mark.parametrize(
    ("candidate", "hits"),
    [
        pytest.param("buy", 2, id="text"),
        pytest.param("/buy/", 3, id="regex"),
        pytest.param("/buy/i", 2, id="regex that minds case"),
        pytest.param("a.b", 0, id="text that would be another regex"),
        pytest.param({"content": ["pills", "/now/"]}, 2, id="several"),
        pytest.param({"body": "buy"}, 2, id="body"),
        pytest.param({"body": "/buy/", "content": "pills"}, 4, id="both"),
        pytest.param({"header": {"Subject": "/./"}}, 1, id="a rule without text to count"),
        pytest.param({"content": "pills", "sender": "other.example"}, 0, id="a rule that does not hold"),
        pytest.param({"all": [{"content": "buy"}, {"body": "pills"}]}, 3, id="all"),
        pytest.param({"any": [{"content": "pills"}, {"content": "casino"}], "body": "BUY"}, 2, id="any"),
        pytest.param({"content": "pills", "not": {"content": "casino"}}, 1, id="not, which counts nothing"),
        pytest.param({"content": "pills", "not": {"not": {"body": "buy"}}}, 1, id="not not, which counts nothing"),
        pytest.param({"not": {"content": "casino"}}, 1, id="only not"),
        pytest.param(
            {"at_least": {"number": 2, "of": [{"content": "buy"}, {"content": "casino"}, {"all": [{"body": "BUY"}]}]}},
            3,
            id="at_least, of which two hold",
        ),
        pytest.param(
            {"at_least": {"number": 2, "of": [{"content": "buy"}, {"content": "casino"}, {"body": "roulette"}]}},
            0,
            id="at_least, of which one holds",
        ),
    ],
)
def test_hits(candidate: object, hits: int) -> None:
    (parsed,) = parse(candidate)
    assert parsed.hits(MESSAGE) == hits


def test_a_candidate_is_a_rule_to_paste() -> None:
    rule = {"sender": "<>", "age": "2d"}
    assert [candidate.rule for candidate in parse("text", rule)] == [{"content": "text"}, rule]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        pytest.param(
            ["fine", ""],
            "patterns[1].content: the text is empty; leave the key out or give it a value",
            id="empty",
        ),
        pytest.param(
            [{}], "patterns[0]: an empty rule would select every message; give it at least one criterion", id="rule"
        ),
        pytest.param(
            [{"size": "x"}],
            "patterns[0].size: 'x' is not an amount; write a number and one of b, k, m, g, t, with a minus sign for that much or less",
            id="value",
        ),
        pytest.param(
            [7], "patterns[0]: 7 is not a rule; write a mapping of criteria, such as {sender: example.com}", id="number"
        ),
        pytest.param(
            ["fine", {"all": [{"content": "x"}, {"body": ""}]}],
            "patterns[1].all[1].body: the text is empty; leave the key out or give it a value",
            id="value within a rule",
        ),
        pytest.param(["x"] * 51, "patterns: 51 are too many; try at most 50 at once", id="many"),
    ],
)
def test_what_is_no_candidate_is_refused(values: Sequence[object], message: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse(*values)
    assert str(caught.value) == message


def test_content_is_read_once() -> None:
    message = MadeUpMessage(stored_text_=b"x", headers_=[("A", "x")], text_parts_=["x"])
    rules: list[Any] = ["x", "y", {"header": {"A": "x"}}, {"header": {"A": "y"}}, {"body": "x"}, {"body": "y"}]
    tried(parse(*rules), message)
    assert sorted(message.asked) == ["envelope", "headers", "stored_text", "text_parts"]
    assert CachedMessage(MadeUpMessage(reasons_={b"a": b"b"})).reasons() == {b"a": b"b"}


def test_coverage() -> None:
    candidates = parse("a", "b", {"recipient": "example.org"})
    to_both = make_envelope(pending=[b"x@example.org", b"x@example.net"])
    messages = [
        MadeUpMessage(make_envelope(size=10), queue_id="1A", stored_text_=b"ab"),
        MadeUpMessage(make_envelope(size=20), queue_id="1B", stored_text_=b"ab"),
        MadeUpMessage(to_both, queue_id="1C", stored_text_=b"a"),
        MadeUpMessage(to_both, queue_id="1D", stored_text_=b"c"),
        Broken(to_both, queue_id="1E"),
    ]
    one, two = tried(candidates, *messages[:2]), tried(candidates, *messages[2:])
    one.merge(two)
    assert show_coverage(one, candidates, messages=5, most=1) == {
        "patterns": [
            {
                "match": {"content": "a"},
                "messages": 3,
                "bytes": 1030,
                "recipients": 4,
                "percent": 60.0,
                "alone": 1,
                "partial": 0,
                "undecided": 1,
                "examples": ["1A", "1B", "1C"],
            },
            {
                "match": {"content": "b"},
                "messages": 2,
                "bytes": 30,
                "recipients": 2,
                "percent": 40.0,
                "alone": 0,
                "partial": 0,
                "undecided": 1,
                "examples": ["1A", "1B"],
            },
            {
                "match": {"recipient": "example.org"},
                "messages": 2,
                "bytes": 30,
                "recipients": 2,
                "percent": 40.0,
                "alone": 0,
                "partial": 3,
                "undecided": 0,
                "examples": ["1A", "1B"],
            },
        ],
        "combinations": [{"patterns": [0, 1, 2], "messages": 2}],
        "combinations_left_out": 1,
        "covered": 3,
        "uncovered": 2,
    }


def test_few_examples_are_kept() -> None:
    candidates = parse({"sender": "example.com"})
    coverage = tried(candidates, *(MadeUpMessage(queue_id="1%d" % number) for number in range(9)))
    assert coverage.rows[0].examples == ["10", "11", "12"]
    assert (
        show_coverage(Coverage([CandidateCoverage()]), candidates, messages=0, most=1)["patterns"][0]["percent"] == 0.0
    )
