# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
import random
import tracemalloc
from collections import Counter
from typing import Iterable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from ansible_collections.mailops.postfix.plugins.module_utils._summary import summary as summaries
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import (
    TOPS,
    Summary,
    Tally,
    Totals,
)
from tests.unit.support.subject import make_envelope

NOW = 1700000000


def tally(values: Iterable[bytes]) -> Tally:
    counted = Tally()
    for value in values:
        counted.waiting.append(value)
        counted.count_waiting()
    return counted


# --- tallies --------------------------------------------------------------------------------------------------------


def test_the_most_frequent_values_come_first_and_equal_ones_in_order() -> None:
    counted = tally([b"b", b"c", b"a", b"c", b"d", b"d"])
    assert counted.top(3) == [(b"c", 2), (b"d", 2), (b"a", 1)]
    assert counted.top(0) == []
    assert counted.counts() == {b"a": 1, b"b": 1, b"c": 2, b"d": 2}
    assert counted.missed == 0


def test_waiting_values_are_counted_when_needed() -> None:
    counted = Tally()
    counted.waiting += [b"a", b"a"]
    assert counted.top(1) == [(b"a", 2)]
    assert counted.waiting == []
    counted.count_waiting()
    assert counted.top(1) == [(b"a", 2)]


def test_tallies_are_merged() -> None:
    whole, part = tally([b"a", b"b"]), tally([b"b", b"c"])
    whole.waiting.append(b"c")
    whole.merge(part)
    assert whole.counts() == {b"a": 1, b"b": 2, b"c": 2}
    assert part.counts() == {b"b": 1, b"c": 1}
    empty = Tally()
    empty.merge(part)
    assert empty.counts() == part.counts()


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "MAX_DISTINCT", 20)
    monkeypatch.setattr(summaries, "_KEPT_DISTINCT", 10)
    monkeypatch.setattr(summaries, "_AT_ONCE", 3)
    monkeypatch.setattr(summaries, "_BATCH", 7)
    monkeypatch.setattr(summaries, "_MAX_WHOLE", 20)


@pytest.mark.usefixtures("few")
def test_the_rarest_values_are_dropped_and_the_tally_says_what_it_may_lack() -> None:
    counted = tally([b"often"] * 5 + [b"%d" % number for number in range(20)])
    assert counted.top(1) == [(b"often", 5)]
    assert len(counted.counts()) == 10
    assert counted.missed == 1


@pytest.mark.usefixtures("few")
def test_no_count_lacks_more_than_the_tally_says() -> None:
    dice = random.Random(5)
    values = [b"%d" % min(dice.randrange(100), dice.randrange(100)) for _index in range(5000)]
    halves = tally(values[:2000]), tally(values[2000:])
    halves[0].merge(halves[1])
    exact = Counter(values)
    assert halves[0].missed > 0
    assert len(halves[0].counts()) <= 20
    for value, count in halves[0].counts().items():
        assert count <= exact[value] <= count + halves[0].missed
    assert all(exact[value] <= halves[0].missed for value in exact if value not in halves[0].counts())


def test_the_default_bound_holds() -> None:
    counted = Tally()
    counted.waiting += [b"%d" % number for number in range(summaries.MAX_DISTINCT)]
    assert len(counted.counts()) == summaries.MAX_DISTINCT
    assert counted.missed == 0
    counted.waiting += [b"one more", b"0"]
    assert len(counted.counts()) == 20000
    assert counted.missed == 1
    assert counted.top(1) == [(b"0", 2)]


# --- totals ---------------------------------------------------------------------------------------------------------


def figures(totals: Totals) -> tuple[int, int, int, int | None, int | None]:
    return totals.messages, totals.size, totals.recipients, totals.oldest, totals.youngest


def test_totals_are_merged() -> None:
    totals, other, none = Totals(), Totals(), Totals()
    totals.add(make_envelope(arrival=NOW, size=5, pending=[b"a", b"b"]))
    totals.add(make_envelope(arrival=0, size=7, pending=[]))
    other.add(make_envelope(arrival=NOW - 1, size=1))
    other.add(make_envelope(arrival=NOW + 1, size=2))
    totals.merge(none)
    assert figures(totals) == (2, 12, 2, NOW, NOW)
    totals.merge(other)
    assert figures(totals) == (4, 15, 4, NOW - 1, NOW + 1)
    assert figures(none) == (0, 0, 0, None, None)


# --- summaries ------------------------------------------------------------------------------------------------------

MESSAGES = [
    (
        make_envelope(
            arrival=NOW,
            sender=b"a@Example.com",
            pending=[b"x@example.org", b"y@EXAMPLE.org", b"x@example.org", b"z@example.net"],
            attributes=[b"sasl_username=a", b"client_address=192.0.2.1"],
        ),
        {b"x@example.org": b"full", b"y@example.org": b"full", b"z@example.net": b"refused"},
    ),
    (make_envelope(arrival=NOW - 300, sender=b"", pending=[b"postmaster"]), {}),
    (make_envelope(arrival=NOW - 86400, sender=None, pending=[]), None),
]
TOTALS_BY_AGE = [4, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def summed(number: slice = slice(None), *, tops: bool = True, shape: bool = True) -> Summary:
    summary = Summary(now=NOW, tops=tops, shape=shape)
    for envelope, reasons in MESSAGES[number]:
        summary.add(envelope, reasons)
    return summary


def test_all_messages_are_in_the_totals() -> None:
    for summary in (summed(), summed(tops=False, shape=False)):
        assert figures(summary.totals) == (
            3,
            sum(envelope.size for envelope, _reasons in MESSAGES),
            5,
            NOW - 86400,
            NOW,
        )


def shown(summary: Summary) -> tuple[dict[str, list[tuple[bytes, int]]], list[dict[bytes, int]], list[int]]:
    return (
        {name: tally.top(9) for name, tally in summary.tops.items()},
        [dict(tally.counts()) for tally in summary.shape],
        list(summary.recipients_by_age),
    )


def test_a_message_counts_once_for_each_of_its_values() -> None:
    tops, _shape, _by_age = shown(summed())
    assert tops == {
        "senders": [(b"", 1), (b"a@Example.com", 1)],
        "sender_domains": [(b"example.com", 1)],
        "recipients": [(b"postmaster", 1), (b"x@example.org", 1), (b"y@EXAMPLE.org", 1), (b"z@example.net", 1)],
        "recipient_domains": [(b"example.net", 1), (b"example.org", 1)],
        "reasons": [(b"full", 1), (b"refused", 1)],
        "sasl_usernames": [(b"a", 1)],
        "client_addresses": [(b"192.0.2.1", 1)],
    }
    assert tuple(tops) == TOPS


def test_the_shape_counts_recipients() -> None:
    _tops, shape, by_age = shown(summed())
    assert shape[0] == {b"example.org": 3, b"example.net": 1}
    assert shape[1] == {b"": 1}
    assert shape[2:] == [{}] * 8
    assert by_age == TOTALS_BY_AGE


@pytest.mark.parametrize(
    ("minutes", "bucket"),
    [(-5, 0), (0, 0), (4.99, 0), (5, 1), (9.99, 1), (10, 2), (40, 4), (1279.99, 8), (1280, 9), (10**6, 9)],
)
def test_buckets_are_those_of_qshape(minutes: float, bucket: int) -> None:
    summary = Summary(now=NOW)
    summary.add(make_envelope(arrival=NOW - int(minutes * 60)))
    assert [index for index, tally in enumerate(summary.shape) if tally.counts()] == [bucket]


def test_summaries_of_parts_are_merged() -> None:
    for split in range(4):
        first, second = summed(slice(split)), pickle.loads(pickle.dumps(summed(slice(split, None))))
        first.merge(second)
        assert shown(first) == shown(summed())


@pytest.mark.usefixtures("few")
def test_batches_make_no_difference() -> None:
    summary = summed()
    for _round in range(4):
        summary.merge(summed())
    assert shown(summary)[2] == [5 * number for number in TOTALS_BY_AGE]
    assert summary.tops["senders"].top(9) == [(b"", 5), (b"a@Example.com", 5)]


@pytest.mark.usefixtures("few")
def test_totals_by_age_stay_exact_when_domains_are_swept() -> None:
    summary = Summary(now=NOW)
    for number in range(100):
        summary.add(make_envelope(arrival=NOW, pending=[b"a@domain%d" % number]))
    assert summary.shape[0].missed > 0
    assert summary.recipients_by_age == [100, 0, 0, 0, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize(("tops", "shape"), [(True, False), (False, True), (False, False)])
def test_only_what_is_needed_is_counted(tops: bool, shape: bool) -> None:
    found_tops, found_shape, by_age = shown(summed(tops=tops, shape=shape))
    assert any(found_tops.values()) == tops
    assert any(found_shape) == shape
    assert any(by_age) == shape


def test_memory_is_bounded_whatever_the_queue_holds() -> None:
    summary = Summary(now=NOW)
    for number in range(70000):
        address = b"%d@%d.example" % (number, number)
        summary.add(make_envelope(sender=address, pending=[address]))
    assert {name for name in TOPS if summary.tops[name].missed} == {
        "senders",
        "sender_domains",
        "recipients",
        "recipient_domains",
    }
    kept = [len(tally.counts()) for tally in (*summary.tops.values(), *summary.shape)]
    assert max(kept) <= summaries.MAX_DISTINCT


def test_recipients_that_repeat_within_messages_take_no_more_memory() -> None:
    summary = Summary(now=NOW)
    envelope = make_envelope(pending=[b"a@example.org"] * 50)
    for _number in range(200):
        summary.add(envelope)
    tracemalloc.start()
    try:
        for _number in range(5000):
            summary.add(envelope)
        grown = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    # A list of all repetitions has two megabytes.
    assert grown < 1 << 20
    assert summary.tops["recipients"].top(1) == [(b"a@example.org", 5200)]


LONG = b"a" * 100000


def heavy(recipients: Sequence[bytes], *, sender: bytes | None = LONG + b"@example.com") -> Envelope:
    envelope = make_envelope(sender=sender, pending=recipients, attributes=[b"sasl_username=" + LONG])
    return envelope._replace(is_heavy=True)


def test_long_values_are_counted_under_their_beginning() -> None:
    summary = Summary(now=1700000000)
    for number in range(3):
        summary.add(heavy([b"b", LONG + b"%d@example.org" % number, LONG, b"x@" + LONG]))
    summary.add(heavy([], sender=None), {b"b": LONG})
    tops = {name: tally.top(5) for name, tally in summary.tops.items()}
    assert tops["senders"] == [(b"a" * 244 + b"@example.com", 3)]
    assert tops["sender_domains"] == [(b"example.com", 3)]
    assert tops["recipients"] == [
        (b"a" * 244 + b"@example.org", 3),
        (b"a" * 256, 3),
        (b"b", 3),
        (b"x@" + b"a" * 254, 3),
    ]
    assert tops["sasl_usernames"] == [(b"a" * 256, 4)]
    assert tops["reasons"] == [(b"a" * 512, 1)]
