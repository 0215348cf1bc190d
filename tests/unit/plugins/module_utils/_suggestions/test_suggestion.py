# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import sample as samples
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions import suggestion as suggestions
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.evidence import Judgement
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.rules import Other
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.suggestion import (
    Findings,
    Found,
    Trait,
)
from tests.unit.support.sampled import NOW, WORDS, Queue

NOTHING = Findings([], [], is_doubtful=False)
PARCEL = "Your parcel %d waits here"
PARCELS: dict[str, Any] = {"header": {"Subject": r"/(?<!\S)parcel\s+\d+\s+waits\s+here(?!\S)/"}}
NO_OTHER = Other(share=0.0, at_most=0.0, counted=True)


@pytest.fixture
def queue() -> Queue:
    return Queue()


def rules(found: Sequence[Found]) -> list[list[object]]:
    return [list(row.match) for row in found]


def test_an_empty_queue(queue: Queue) -> None:
    assert queue.find() == NOTHING


def test_an_ordinary_queue(queue: Queue) -> None:
    queue.put_ordinary(200)
    assert queue.find() == NOTHING


def test_a_flood(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login=None, subject=PARCEL)
    flood = Found(
        match=({"client_address": "198.51.100.7"},),
        messages=40,
        exact=True,
        share=0.2857,
        # The 41st to the 72nd message of the flood's 40 that arrived one a minute; the first three are the youngest.
        first=NOW - 60 * 42,
        seconds=60 * 31,
        traits=(
            Trait("client_address", "198.51.100.7", 1.0, 0.0),
            Trait("subject", "parcel 0 waits here", 1.0, 0.0),
        ),
        other=NO_OTHER,
        judgement=Judgement(
            ("senders of 40 domains write the same subject", "one client sends under 40 foreign domains"), (), "likely"
        ),
    )
    assert queue.find() == Findings([flood], [flood], is_doubtful=False)


def test_an_innocent_group_is_no_suggestion(queue: Queue) -> None:
    queue.put_ordinary(100)
    for at in range(40):
        queue.put(
            "shop@shop.example", "c%d@customer%d.example" % (at, at), client="192.0.2.25", subject="Invoice %d" % at
        )
    found = queue.find()
    assert found.suggestions == []
    (group,) = found.groups
    assert group.match == ({"sender": "shop@shop.example"},)
    assert (group.messages, group.exact, group.share) == (40, True, 0.2857)
    assert group.judgement == Judgement((), (), None)
    assert group.traits == (
        Trait("sender", "shop@shop.example", 1.0, 0.0),
        Trait("client_address", "192.0.2.25", 1.0, 0.0),
        Trait("subject", "invoice 0", 1.0, 0.0),
    )


def test_the_surest_suggestion_comes_first_and_the_largest_group(queue: Queue) -> None:
    queue.put_ordinary(150)
    for _turn in range(50):
        queue.put("", "victim@example.org")
    queue.put_forged(30, login="max@home.example", subject="Cheap pills today", client="203.0.113.9")
    found = queue.find()
    assert [(row.match, row.judgement.confidence) for row in found.suggestions] == [
        (({"sasl_username": "max@home.example"},), "likely"),
        (({"sender": "<>", "recipient": "victim@example.org"},), "possible"),
    ]
    assert [row.messages for row in found.suggestions] == [30, 50]
    assert [row.messages for row in found.groups] == [50, 30]


def test_a_group_within_a_suggestion_is_suggested_once(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login="max@home.example", subject=PARCEL)
    for at in range(15):
        queue.put(
            "max@home.example",
            "z%d@z%d.example" % (at, at),
            login="max@home.example",
            client="10.0.0.1",
            subject="%s for you" % WORDS[at],
        )
    found = queue.find()
    assert rules(found.suggestions) == [[{"sasl_username": "max@home.example"}]]
    assert found.suggestions[0].messages == 55
    assert [row.messages for row in found.groups] == [55, 40, 15]
    # Of several values the most frequent one is shown.
    assert [trait.value for trait in found.groups[0].traits] == [
        "max@home.example",
        "x.y and below and 1 more",
        "parcel 0 waits here and 1 more",
    ]


def test_only_what_the_evidence_is_about_is_suggested(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login="max@home.example", subject=PARCEL)
    # Others send the same without the login.
    for at in range(3):
        queue.put(
            "q%d@q%d.example" % (at, at), "r%d@r.example" % at, client="198.51.100.7", helo="x.y", subject=PARCEL % at
        )
    found = queue.find()
    assert rules(found.suggestions) == [[{"sasl_username": "max@home.example"}]]
    assert found.suggestions[0].messages == 40
    assert max(row.messages for row in found.groups) == 43


def put_notices(queue: Queue, recipient: str) -> None:
    """Add notices to a recipient, which is written with a number, and other mail to it; and notices to others."""
    queue.put_ordinary(100)
    for at in range(40):
        queue.put("", recipient.replace("%d", str(at)))
    for at in range(3):
        queue.put("f%d@friend%d.example" % (at, at), recipient.replace("%d", str(at)), client="10.3.%d.1" % at)
    for at in range(10):
        queue.put("", "w%d@there%d.example" % (at, at))


def test_backscatter_to_a_recipient_of_other_mail(queue: Queue) -> None:
    put_notices(queue, "Victim@example.org")
    (found,) = queue.find().suggestions
    assert found.match == ({"sender": "<>", "recipient": "victim@example.org"},)
    # The recipients of the null sender are counted in the whole queue.
    assert (found.messages, found.exact) == (40, True)
    assert found.judgement == Judgement(("the null sender writes to 1 recipient",), (), "possible")
    queue.sample.null_recipients.missed = 1
    assert [row.exact for row in queue.find().suggestions] == [False]


def test_backscatter_to_a_domain_with_other_mail(queue: Queue) -> None:
    put_notices(queue, "v%d@example.org")
    (found,) = queue.find().suggestions
    assert found.match == ({"sender": "<>", "recipient": "example.org"},)
    # A domain is counted in the sample, which has all messages here.
    assert (found.messages, found.exact) == (40, True)
    assert (found.judgement.evidence_against, found.judgement.confidence) == ((), "possible")


def test_a_rule_for_half_a_flood_is_not_suggested(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(30, login="max@home.example", subject=PARCEL)
    queue.put_forged(20, login="max@home.example", subject=PARCEL, client="203.0.113.9")
    (found,) = queue.find().suggestions
    assert (found.match, found.messages) == (({"sasl_username": "max@home.example"},), 50)


# --- counting -------------------------------------------------------------------------------------------------------


def sampled_in_part(queue: Queue, monkeypatch: pytest.MonkeyPatch, number: int, opened: int) -> None:
    """Keep a number of messages in the sample, and open some of them."""
    monkeypatch.setattr(samples, "SAMPLE", number)
    queue.contents.by_id = {queue_id: queue.contents.by_id[queue_id] for queue_id in queue.sample.to_open(opened)}


def test_what_the_summary_counts_is_exact(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put_ordinary(300)
    queue.put_forged(300, login="max@home.example", subject=PARCEL)
    sampled_in_part(queue, monkeypatch, 300, 200)
    (found,) = queue.find().suggestions
    assert found.match == ({"sasl_username": "max@home.example"},)
    assert (found.messages, found.exact, found.share) == (300, True, 0.5)
    assert (found.other.share, found.other.counted) == (0.0, False)
    assert 0.0 < found.other.at_most < 0.05


def test_what_a_summary_dropped_is_not_exact(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login=None, subject=PARCEL)
    queue.summary.tops["client_addresses"].missed = 1
    (found,) = queue.find().suggestions
    assert (found.match, found.messages, found.exact) == (({"client_address": "198.51.100.7"},), 40, False)


def test_content_is_estimated(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put_ordinary(300)
    queue.put_forged(300, login=None, subject=PARCEL)
    for at in range(300):
        queue.put(
            "c%d@own.example" % at,
            "d%d@d%d.example" % (at, at),
            client="198.51.100.7",
            helo="x.y",
            subject=WORDS[at % 24],
        )
    sampled_in_part(queue, monkeypatch, 600, 300)
    (found,) = queue.find().suggestions
    assert found.match == (PARCELS,)
    assert not found.exact
    assert 240 < found.messages < 360
    assert found.share == round(found.messages / 900, 4)


def test_text_that_was_cut_makes_an_estimate(queue: Queue) -> None:
    queue.put_ordinary(100)
    queue.put_forged(40, login=None, subject=PARCEL)
    for at in range(40):
        queue.put(
            "c%d@own.example" % at,
            "d%d@d%d.example" % (at, at),
            client="198.51.100.7",
            helo="x.y",
            subject=WORDS[at % 24],
        )
    (found,) = queue.find().suggestions
    assert (found.match, found.messages, found.exact) == ((PARCELS,), 40, True)
    first = min(queue.contents.by_id)
    queue.contents.by_id[first] = queue.contents.by_id[first]._replace(whole=False)
    (found,) = queue.find().suggestions
    # The 179 others are looked at.
    assert (found.match, found.messages, found.exact) == ((PARCELS,), 40, False)


def test_several_rules_are_counted_in_the_sample(queue: Queue) -> None:
    queue.put_ordinary(100)
    # Most characters of the text are invisible, so that a rule for it is too long.
    text = " ".join(word + "\u200b" * 16 for word in ("buy", "pills", "here", "now"))
    for at in range(40):
        queue.put(
            "%s@%s%d.example" % (WORDS[at % 24], WORDS[at % 24], at),
            "w%d@there%d.example" % (at, at),
            client="198.51.100.7" if at >= 16 else "203.%d.113.7" % at,
            helo="workstation" if at < 24 else WORDS[at % 24] + WORDS[at % 23],
            text=text,
        )
    (found,) = queue.find().suggestions
    assert found.match == (
        {"client_address": "198.51.100.7"},
        {"client_name": ["workstation", ".workstation"]},
    )
    assert (found.messages, found.exact, found.other) == (40, True, NO_OTHER)
    assert found.judgement == Judgement(
        ("senders of 40 domains write the same text", "its clients have no name of a mail server"), (), "likely"
    )


def test_reasons_are_estimated(queue: Queue) -> None:
    queue.put_ordinary(100)
    for at in range(40):
        queue.put(
            "s%d@s%d.example" % (at, at),
            "b%d@b%d.example" % (at, at),
            client="%d.9.8.7" % (11 + at),
            helo="mx.%s%s.example" % (WORDS[at % 24], WORDS[at % 23]),
            subject="Weekly numbers",
            reason="mailbox full",
        )
    found = queue.find()
    # The sample has the reasons of two recipients at most.
    assert [(row.match, row.messages, row.exact) for row in found.groups] == [
        (({"reason": r"/mailbox\ full/"},), 40, False)
    ]


# --- doubt ----------------------------------------------------------------------------------------------------------


def test_too_few_opened_messages_leave_doubt(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put_ordinary(300)
    queue.put_forged(60, login=None, subject=PARCEL)
    sampled_in_part(queue, monkeypatch, 300, 100)
    found = queue.find()
    assert (found.suggestions, found.is_doubtful) == ([], True)
    assert rules(found.groups) == [[{"client_address": "198.51.100.7"}]]


def test_nothing_was_opened(queue: Queue) -> None:
    queue.put_ordinary(60)
    for _turn in range(40):
        queue.put("", "victim@example.org")
    queue.contents.by_id = {}
    (found,) = queue.find().suggestions
    rule = {"sender": "<>", "recipient": "victim@example.org"}
    assert (found.match, found.messages, found.exact) == ((rule,), 40, True)


def test_results_are_bounded(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    queue.put_ordinary(100)
    for number, word in enumerate(["Cheap pills", "Your parcel waits", "Claim refund"]):
        queue.put_forged(
            30 + 10 * number, login="%s@home.example" % WORDS[number], subject=word, client="198.51.100.%d" % number
        )
    logins = [[{"sasl_username": "%s@home.example" % word}] for word in ("gas", "oil", "tea")]
    assert rules(queue.find().suggestions) == logins
    monkeypatch.setattr(suggestions, "MAX_SHOWN", 2)
    found = queue.find()
    assert rules(found.suggestions) == logins[:2]
    assert len(found.groups) == 2


def test_values_that_are_too_long_are_no_rule(queue: Queue) -> None:
    queue.put_ordinary(60)
    for _turn in range(40):
        queue.put("", "\x01" * 150 + "@example.org")
    (found,) = queue.find().suggestions
    # The null sender alone would select every notice.
    assert found.match == ({"sender": "<>", "recipient": "example.org"},)
