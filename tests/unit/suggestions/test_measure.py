# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.suggestions import measure as measuring
from tests.suggestions.background import FIRM, colleague
from tests.suggestions.letters import Letter, Scene, World
from tests.suggestions.measure import Part, Worth, measure


def _letter(local: str) -> Letter:
    return Letter(
        sender="%s@example.net" % local,
        recipients=["user@example.com"],
        subject="Hello",
        text="Hello",
        age=60,
        is_spam=True,
    )


def bad(_world: World, _rng: random.Random) -> Letter:
    """Make one message of spam."""
    return _letter("bad")


def good(_world: World, _rng: random.Random) -> Letter:
    """Make one message of other mail."""
    return replace(_letter("good"), is_spam=False)


SCENE = Scene("made up", 1, FIRM, {good: 6, bad: 4})


def _suggestion(sender: str, confidence: str) -> dict[str, Any]:
    return {"match": [{"sender": sender}], "confidence": confidence}


def _answer(monkeypatch: pytest.MonkeyPatch, *suggestions: dict[str, Any]) -> None:
    """Let the module answer that."""
    facts = {"matched": {"messages": 10}, "groups": [], "suggestions": list(suggestions), "suggestions_note": "note"}

    def ask(spool: Path) -> dict[str, Any]:
        assert spool.is_dir()
        return facts

    monkeypatch.setattr(measuring, "ask", ask)


def test_what_the_suggestions_cover_is_compared_with_the_truth(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, _suggestion("bad@example.net", "likely"), _suggestion("example.net", "possible"))
    measured = measure(SCENE)
    assert (measured.messages, measured.spam, measured.note) == (10, 4, "note")
    assert measured.all == Worth(suggestions=2, covered=10, spam_covered=4, spam=4)
    assert measured.likely == Worth(suggestions=1, covered=4, spam_covered=4, spam=4)
    assert (measured.all.precision, measured.all.recall, measured.all.is_good) == (0.4, 1.0, False)
    assert (measured.likely.precision, measured.likely.recall, measured.likely.is_good) == (1.0, 1.0, True)
    assert measured.spam_by_rule == [4, 4]
    assert measured.false_likely == 0


def test_a_likely_suggestion_that_selects_more_other_mail_than_spam_is_false(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, _suggestion("example.net", "likely"), _suggestion("good@example.net", "possible"))
    assert measure(SCENE).false_likely == 1


def test_each_likely_suggestion_is_false_on_an_innocent_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, _suggestion("good@example.net", "likely"))
    measured = measure(Scene("innocent", 1, FIRM, {good: 5}, is_flooded=False))
    assert (measured.all.recall, measured.all.precision, measured.false_likely) == (None, 0.0, 1)


def test_without_a_suggestion_there_is_no_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch)
    measured = measure(SCENE)
    assert (measured.all.precision, measured.all.recall, measured.all.is_good) == (None, 0.0, False)


def test_the_kinds_of_messages_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, _suggestion("bad@example.net", "possible"))
    measured = measure(Scene("parts", 1, FIRM, {colleague: 3, bad: 2}))
    assert measured.parts == [
        Part("bad", is_spam=True, messages=2, covered=2, likely=0),
        Part("colleague", is_spam=False, messages=3, covered=0, likely=0),
    ]
