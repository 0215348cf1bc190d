# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import suggestion as suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.sample import Contents, Sample, make_content
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import Suggestion, suggest
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import Summary
from tests.unit.support.subject import make_envelope

NOW = 1700000000
_WORD_LIST = "tea oil gas ink hay ore fur wax tin rye fig egg jam nut pea oat ash elm ivy bay fir yew box may"
WORDS = _WORD_LIST.split()


class Queue:
    """A made-up queue."""

    def __init__(self) -> None:
        self.sample = Sample()
        self.summary = Summary(now=NOW)
        self.contents = Contents()

    def put(
        self,
        sender: str,
        recipient: str = "b@example.org",
        *,
        login: str | None = None,
        client: str | None = None,
        helo: str = "mx.example.com",
        subject: str = "",
        text: str = "",
        reason: str = "",
    ) -> None:
        """Add a message."""
        number = self.sample.messages
        attributes = [b"sasl_username=" + login.encode()] if login else []
        if client:
            names = ["log_client_name=" + helo, "log_client_address=" + client, "log_helo_name=" + helo]
            attributes += [name.encode() for name in names]
        envelope = make_envelope(
            arrival=NOW - 60 * (number % 97),
            size=1000 + 100 * (number % 37),
            sender=sender.encode(),
            pending=[recipient.encode()],
            attributes=attributes,
        )
        reasons = {recipient.encode(): reason.encode()} if reason else {}
        queue_id = "4A%05X" % number
        self.sample.add(queue_id, envelope, reasons)
        self.summary.add(envelope, reasons)
        self.contents.by_id[queue_id] = make_content([("Subject", subject)], [text])

    def ordinary(self, number: int) -> None:
        """Add mail of everybody to everybody."""
        for at in range(number):
            self.put("u%d@home%d.example" % (at, at), "v%d@away%d.example" % (at, at), subject=WORDS[at % 24] * 3)

    def flood(
        self, number: int, *, login: str | None, subject: str, client: str = "198.51.100.7", helo: str = "x.y"
    ) -> None:
        """Add mail of many senders with one subject."""
        for at in range(number):
            word = WORDS[at % 24]
            self.put("%s%d@%s.example" % (word, at, word), login=login, client=client, helo=helo, subject=subject % at)

    def suggestions(self) -> list[Suggestion]:
        """Return what is suggested."""
        return suggest(self.sample, self.contents, self.summary)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def test_an_empty_queue(queue: Queue) -> None:
    assert queue.suggestions() == []


def test_an_ordinary_queue(queue: Queue) -> None:
    queue.ordinary(200)
    assert queue.suggestions() == []


def test_a_suggestion(queue: Queue) -> None:
    queue.ordinary(60)
    for _turn in range(40):
        queue.put("", "Victim@example.org")
    (found,) = queue.suggestions()
    assert found == Suggestion(
        rule={"sender": "<>", "recipient": "victim@example.org"},
        messages=40,
        exact=True,
        share=0.4,
        first=found.first,
        seconds=found.seconds,
        evidence=("the null sender writes to one recipient",),
    )
    assert NOW - 6000 < found.first < NOW
    assert 0 < found.seconds < 6000


def test_a_pair_leaves_out_the_owner(queue: Queue) -> None:
    queue.ordinary(100)
    queue.flood(40, login="a@home.example", subject="Your parcel %d waits here")
    for at in range(15):
        queue.put("a@home.example", login="a@home.example", client="10.0.0.1", subject="%s for you" % WORDS[at])
        queue.put("c%d@home.example" % at, client="198.51.100.7", helo="x.y", subject=WORDS[at])
    rules = [suggestion.rule for suggestion in queue.suggestions()]
    assert rules == [{"header": {"Subject": r"/\A\s*Your\s+parcel\s+\d+\s+waits\s+here\s*\Z/"}}]
    for queue_id, content in queue.contents.by_id.items():
        queue.contents.by_id[queue_id] = content._replace(headers=())
    (found,) = queue.suggestions()
    assert found.rule == {"sasl_username": "a@home.example", "client_address": "198.51.100.7"}
    assert (found.messages, found.exact) == (40, True)


def test_a_rule_for_half_a_flood_is_not_suggested(queue: Queue) -> None:
    queue.ordinary(100)
    queue.flood(30, login="a@home.example", subject="Your parcel %d waits here")
    queue.flood(20, login="a@home.example", subject="Your parcel %d waits here", client="203.0.113.9")
    (found,) = queue.suggestions()
    assert found.rule == {"sasl_username": "a@home.example"}


def test_a_greeting_is_counted_in_the_sample(queue: Queue) -> None:
    queue.ordinary(100)
    for at in range(40):
        sender = "%s@%s%d.example" % (WORDS[at % 24] * 2, WORDS[at % 24], at)
        queue.put(sender, client="198.51.%d.7" % at, helo="ylmf-pc", subject="Your parcel is waiting")
    (found,) = queue.suggestions()
    assert found.rule == {"helo_name": "ylmf-pc"}
    assert (found.messages, found.exact) == (40, True)


def mixed_up(queue: Queue) -> None:
    """Fill a queue with a flood of which each value is other mail's, too."""
    queue.ordinary(100)
    cheap = "Cheap pills here %d"
    for at in range(40):
        word = WORDS[at % 24]
        queue.put("%s@forged.example" % word, client="192.0.2.9", helo="d.e", subject=cheap % at)
        # The domain's own mail, a forwarder's mail, and who writes about such subjects.
        queue.put("%s@forged.example" % word, client="192.0.2.%d" % (100 + at), helo="b.c", subject=word * 2)
        queue.put("%s@d%d.example" % (word, at), client="192.0.2.9", helo="d.e", subject=word * 4)
        queue.put("%s@e%d.example" % (word, at), client="203.0.113.%d" % at, helo="f.g", subject=cheap % at)


def test_a_pair_separates_what_neither_value_separates_alone(queue: Queue) -> None:
    mixed_up(queue)
    (found,) = queue.suggestions()
    assert found.rule == {"sender": "forged.example", "client_address": "192.0.2.9"}
    assert (found.messages, found.exact) == (40, True)


def test_pairs_are_tried_within_a_bound(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(suggestions, "_MAX_PAIRS", 0)
    mixed_up(queue)
    assert queue.suggestions() == []


def test_estimates(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(samples, "SAMPLE", 100)
    monkeypatch.setattr(samples, "CONTENTS", 60)
    queue.ordinary(200)
    queue.flood(200, login=None, subject="Your parcel %d waits here", client="198.51.100.7")
    for at in range(200):
        queue.put("c%d@home.example" % at, client="198.51.100.7", helo="x.y", subject=WORDS[at % 24])
    opened = queue.sample.to_open()
    queue.contents.by_id = {queue_id: queue.contents.by_id[queue_id] for queue_id in opened}
    (found,) = queue.suggestions()
    assert "header" in found.rule
    assert not found.exact
    assert 100 < found.messages < 300


def test_text_that_was_cut_makes_an_estimate(queue: Queue) -> None:
    queue.ordinary(40)
    queue.flood(40, login=None, subject="Your parcel %d waits here")
    for at in range(30):
        queue.put("c%d@home.example" % at, client="198.51.100.7", helo="x.y", subject=WORDS[at % 24])
    first = min(queue.contents.by_id)
    queue.contents.by_id[first] = queue.contents.by_id[first]._replace(whole=False)
    (found,) = queue.suggestions()
    assert not found.exact


def test_a_text_of_unrelated_senders_is_not_suggested(queue: Queue) -> None:
    queue.ordinary(100)
    for at in range(60):
        word = WORDS[at % 24]
        queue.put(
            "%s@%s%d.example" % (word * 2, word, at),
            client="198.51.%d.7" % at,
            helo="mx%d.example" % at,
            subject="Your parcel is waiting",
            text="http://%s%d.example/parcel/claim" % (word, at),
        )
    assert queue.suggestions() == []


def test_a_text_of_one_network_is_suggested(queue: Queue) -> None:
    queue.ordinary(100)
    queue.flood(40, login=None, subject="Your parcel %d waits here")
    for at in range(15):
        queue.put("c%d@home.example" % at, client="198.51.100.7", helo="x.y", subject=WORDS[at % 24])
    (found,) = queue.suggestions()
    assert list(found.rule) == ["header"]


def test_no_more_suggestions_than_asked_for(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.ordinary(50)
    for at in range(90):
        queue.put("", "victim%d@example%d.org" % (at % 3, at % 3))
    assert len(queue.suggestions()) == 3
    monkeypatch.setattr(suggestions, "MAX_SUGGESTIONS", 2)
    assert len(queue.suggestions()) == 2


def test_values_that_are_too_long_are_not_suggested(queue: Queue) -> None:
    queue.ordinary(50)
    for _turn in range(40):
        queue.put("", "\x01" * 150 + "@example.org")
    assert [len(str(suggestion.rule)) < 700 for suggestion in queue.suggestions()] == [True]
