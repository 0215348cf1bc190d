# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
from collections import Counter
from typing import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domain_of
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope
from ansible_collections.mailops.postfix.plugins.module_utils._summary import summary as summaries
from ansible_collections.mailops.postfix.plugins.module_utils._summary.summary import (
    SHAPE_MINUTES,
    Summary,
    Tally,
    Totals,
)
from tests.unit.support.strategies import envelopes

NOW = 12000
queues = st.lists(envelopes(), max_size=25)


def summed(queue: Iterable[Envelope]) -> Summary:
    summary = Summary(now=NOW)
    for envelope in queue:
        summary.add(envelope, dict.fromkeys(envelope.pending[:2], b"full"))
    return summary


def shown(summary: Summary) -> tuple[dict[str, Mapping[bytes, int]], list[dict[bytes, int]], list[int]]:
    return (
        {name: tally.counts() for name, tally in summary.tops.items()},
        [dict(tally.counts()) for tally in summary.shape],
        list(summary.recipients_by_age),
    )


@given(queues)
def test_tops_and_shape_agree_with_counting_one_by_one(queue: list[Envelope]) -> None:
    tops, shape, by_age = shown(summed(queue))
    assert tops["senders"] == Counter(envelope.sender for envelope in queue if envelope.sender is not None)
    assert tops["recipients"] == Counter(address for envelope in queue for address in set(envelope.pending))
    assert tops["recipient_domains"] == Counter(
        domain for envelope in queue for domain in {domain_of(address) for address in envelope.pending} - {b""}
    )
    assert tops["sasl_usernames"] == Counter(envelope.sasl_username for envelope in queue if envelope.sasl_username)
    assert tops["reasons"] == Counter(b"full" for envelope in queue if envelope.pending)
    everybody = [domain_of(address) for envelope in queue for address in envelope.pending]
    assert sum(map(Counter, shape), Counter()) == Counter(everybody)
    assert sum(by_age) == len(everybody)
    for bucket, end in enumerate([*SHAPE_MINUTES, 10**9]):
        start = ([0, *SHAPE_MINUTES])[bucket]
        aged = [envelope for envelope in queue if start <= (NOW - envelope.arrival) / 60 < end]
        assert by_age[bucket] == sum(len(envelope.pending) for envelope in aged)


@given(queues, st.data())
def test_any_parts_are_merged_in_any_order(queue: list[Envelope], data: st.DataObject) -> None:
    parts = [Summary(now=NOW) for _part in range(3)]
    for envelope in queue:
        parts[data.draw(st.integers(0, 2))].add(envelope, dict.fromkeys(envelope.pending[:2], b"full"))
    first, second, third = parts
    third.merge(pickle.loads(pickle.dumps(first)))
    third.merge(second)
    assert shown(third) == shown(summed(queue))


@given(queues, st.integers(0, 25))
def test_totals_of_parts_are_the_totals_of_the_whole(queue: list[Envelope], split: int) -> None:
    parts = Totals(), Totals()
    for number, envelope in enumerate(queue):
        parts[number >= split].add(envelope)
    parts[0].merge(parts[1])
    assert (parts[0].messages, parts[0].size, parts[0].recipients, parts[0].oldest) == (
        len(queue),
        sum(envelope.size for envelope in queue),
        sum(len(envelope.pending) for envelope in queue),
        min((envelope.arrival for envelope in queue if envelope.arrival), default=None),
    )


values = st.lists(st.integers(0, 60).map(lambda number: b"%d" % (number * number // 9)), max_size=200)


@pytest.mark.usefixtures("few")
@given(st.lists(values, min_size=1, max_size=4))
def test_no_count_lacks_more_than_the_tally_says(parts: list[list[bytes]]) -> None:
    tallies = []
    for part in parts:
        tally = Tally()
        for value in part:
            tally.waiting.append(value)
            tally.count_waiting()
        tallies.append(tally)
    whole = tallies[0]
    for tally in tallies[1:]:
        whole.merge(tally)
    exact = Counter(value for part in parts for value in part)
    assert len(whole.counts()) <= 8
    for value, count in exact.items():
        assert whole.counts().get(value, 0) <= count <= whole.counts().get(value, 0) + whole.missed


@pytest.fixture(scope="module")
def few() -> Iterable[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(summaries, "MAX_DISTINCT", 8)
        patch.setattr(summaries, "_KEPT_DISTINCT", 4)
        yield
