# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Messages that are very long or cannot be read in full: windows, hits of patterns, and decisions."""

from __future__ import annotations

import re
from typing import Any, Iterable, Iterator, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import content, lines
from ansible_collections.mailops.postfix.plugins.module_utils._format.content import Window
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Input
from ansible_collections.mailops.postfix.plugins.module_utils._selection.patterns import CachedTest
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Verdict
from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.module_utils._summary.candidates import CachedMessage, parse_candidates
from tests.unit.support.queue_file import QueueFile, fetch_from
from tests.unit.support.subject import MadeUpMessage, make_envelope

# --- windows --------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "WINDOW", 3000)
    monkeypatch.setattr(content, "OVERLAP", 200)
    monkeypatch.setattr(lines, "_LINES_AT_ONCE", 100)


class Stored(MadeUpMessage):
    """A message whose text comes in windows."""

    data: bytes = b""

    def text_windows(self) -> Iterator[Window]:
        """Yield the windows of the file."""
        return content.text_windows(fetch_from(self.data))

    def holds(self, text: bytes) -> bool:
        """Return whether the text is in one of them."""
        return any(0 <= stored.find(text, start) < limit for stored, start, limit in self.text_windows())


def stored(*lines: bytes) -> Stored:
    made = Stored()
    made.data = QueueFile(body=lines).write()
    return made


FILLING = [b"filling %d" % number for number in range(700)]


@pytest.mark.usefixtures("small_windows")
@pytest.mark.parametrize("place", [0, 250, 251, 252, 253, 254, 255, 400, 699])
@pytest.mark.parametrize(
    ("value", "hits"),
    [
        pytest.param("a needle", 1, id="text"),
        pytest.param("/^a needle$/", 1, id="a whole line"),
        pytest.param("/needle\\nfilling/", 1, id="two lines"),
        pytest.param("/(?<=a )needle/", 1, id="what stands before it"),
        pytest.param("/\\Aneedle/", 0, id="the start of all"),
        pytest.param("/^needle/", 0, id="no line starts so"),
        pytest.param("/a needl$/", 0, id="no line ends so"),
    ],
)
def test_what_is_found_does_not_depend_on_windows(place: int, value: str, hits: int) -> None:
    subject = stored(*FILLING[:place], b"a needle", *FILLING[place:], b"filling")
    (candidate,) = parse_candidates([value], recipient_scope="all", now=0)
    assert candidate.hits(subject) == hits
    assert candidate.hits(CachedMessage(subject)) == hits
    assert len(list(CachedMessage(subject).text_windows())) > 2


@pytest.mark.usefixtures("small_windows")
def test_a_line_longer_than_a_window_has_one_start_and_one_end() -> None:
    subject = stored(b"x" * 20000)
    whole = b"".join(text[start:limit] for text, start, limit in subject.text_windows())
    for value in ("/^x/", "/x$/"):
        (candidate,) = parse_candidates([value], recipient_scope="all", now=0)
        assert candidate.hits(subject) == len(re.findall(value.strip("/").encode(), whole, re.MULTILINE))
    assert CachedMessage(subject).holds(b"x" * 150)
    assert not CachedMessage(subject).holds(b"y")


# --- candidates -----------------------------------------------------------------------------------------------------


class Unreadable(MadeUpMessage):
    """A message of which the text cannot be read."""

    def text_windows(self) -> Iterable[Window]:
        """Raise ContentError."""
        raise ContentError("cut")

    def holds(self, text: bytes) -> bool:
        """Raise ContentError."""
        return any(text in window.text for window in self.text_windows())

    def reasons(self) -> Mapping[bytes, bytes]:
        """Raise ContentError."""
        raise ContentError("cut")


def test_hits_of_what_cannot_be_read() -> None:
    undecided, selected, other = parse_candidates(
        ["x", {"content": "x", "sender": "nobody.example"}, {"sender": "example.com"}], recipient_scope="all", now=0
    )
    assert [one.hits(Unreadable()) for one in (undecided, selected, other)] == [None, 0, 1]
    (fast,) = parse_candidates(["x"], recipient_scope="all", now=0)

    class Held(Unreadable):
        def holds(self, text: bytes) -> bool:
            return text == b"x"

    # It is there, but how often cannot be counted.
    assert fast.hits(Held()) == 1


def test_a_remembered_message_has_the_problem_of_the_message() -> None:
    message_ = MadeUpMessage(problem="cut", missing=frozenset({Input.BODY}))
    assert (CachedMessage(message_).problem, CachedMessage(message_).missing) == ("cut", {Input.BODY})


# --- decisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        pytest.param({"reason": "full"}, Verdict.UNDECIDED, id="reasons that cannot be read"),
        pytest.param({"reason": "full", "sender": "nobody.example"}, Verdict.NO, id="of another sender"),
        pytest.param({"reason": "full", "recipient": "nobody.example"}, Verdict.NO, id="of another recipient"),
    ],
)
def test_reasons_that_cannot_be_read(rule: dict[str, Any], verdict: Verdict) -> None:
    assert parse_selection(match=[rule], now=0).decide(Unreadable()) is verdict


class NoStart(MadeUpMessage):
    """A message whose file cannot be read at all."""

    @property
    def identity(self) -> Envelope:
        """Raise ContentError."""
        raise ContentError("reading stopped")


def test_what_cannot_be_read_at_all_is_not_ruled_out() -> None:
    selection = parse_selection(match=[{"sender": "nobody.example"}], now=0)
    assert not selection.rules_out(NoStart())
    assert selection.decide(NoStart()) is Verdict.UNDECIDED


def test_an_origin_is_sure_only_with_a_client() -> None:
    missing = frozenset({Input.ATTRIBUTES})
    local = MadeUpMessage(make_envelope()._replace(missing=missing), problem="cut", missing=missing)
    client = make_envelope(attributes=[b"client_address=192.0.2.1"])._replace(missing=missing)
    remote = MadeUpMessage(client, problem="cut", missing=missing)
    said = [
        parse_selection(match=[{"origin": origin}], now=0).decide(subject)
        for subject in (local, remote)
        for origin in ("local", "smtp")
    ]
    assert said == [Verdict.UNDECIDED, Verdict.UNDECIDED, Verdict.NO, Verdict.YES]


LONG = b"a" * 100000


def test_verdicts_on_long_values_are_not_kept() -> None:
    asked = []

    def test(value: bytes) -> bool:
        asked.append(value)
        return True

    remembered = CachedTest(test)
    assert all([remembered(b"short"), remembered(b"short"), remembered(LONG), remembered(LONG)])
    assert asked == [b"short", LONG, LONG]


@pytest.mark.parametrize(
    ("count", "verdict"),
    [
        pytest.param(2, Verdict.YES, id="so many are known"),
        pytest.param(-1, Verdict.NO, id="more are known"),
        pytest.param([5, -1], Verdict.UNDECIDED, id="there may be more"),
    ],
)
def test_a_count_of_recipients_that_are_not_all_known(count: object, verdict: Verdict) -> None:
    missing = frozenset({Input.RECIPIENTS})
    envelope = make_envelope(pending=[b"a", b"b"])._replace(missing=missing)
    subject = MadeUpMessage(envelope, problem="cut", missing=missing)
    assert parse_selection(match=[{"recipient_count": count}], now=0).decide(subject) is verdict
