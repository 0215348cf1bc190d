# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import ALL_QUEUES
from ansible_collections.mailops.postfix.plugins.module_utils._module._packed_messages import (
    PackedMessages,
    SameForAll,
    SelectedMessage,
)

# So few queue IDs that some are set again.
names = st.sampled_from(["%06X" % number for number in range(100)]) | st.text(min_size=1, max_size=3)
numbers = st.integers(0, 1 << 31) | st.integers(-(1 << 70), 1 << 70)
messages = st.builds(
    SelectedMessage,
    queue_id=names,
    queue=st.sampled_from(ALL_QUEUES) | st.just("moved-away"),
    fingerprint=st.integers(0, (1 << 64) - 1).map("{:016x}".format) | st.sampled_from(["", "xyz", "1", "A" * 16]),
    size=numbers,
    recipients=numbers,
    forced_expire=st.booleans(),
    created=numbers,
    retry=numbers,
    changed_at=numbers,
    null_sender=st.booleans(),
    is_verified=st.booleans(),
)
# Some runs need no times.
messages |= messages.map(lambda message: message._replace(created=0, retry=0, changed_at=0))


def fitting(number: int, *, time: int = 1700000000) -> SelectedMessage:
    """Return a message that fits into a record. time: 0 for none."""
    return SelectedMessage(
        queue_id="%010X" % number,
        queue="deferred",
        fingerprint="%016x" % number,
        size=number,
        recipients=1,
        forced_expire=False,
        created=time,
        retry=time,
        changed_at=time * 10**9,
        null_sender=False,
        is_verified=True,
    )


def packed_of(chosen: list[SelectedMessage]) -> PackedMessages:
    packed = PackedMessages()
    for message in chosen:
        packed[message.queue_id] = message
    return packed


@given(chosen=st.lists(messages, max_size=150), other=names)
def test_they_are_a_mapping_like_any_other(chosen: list[SelectedMessage], other: str) -> None:
    packed, expected = packed_of(chosen), {message.queue_id: message for message in chosen}
    assert len(packed) == len(expected)
    assert sorted(packed) == sorted(expected)
    assert dict(packed.items()) == expected
    assert sorted(packed.messages()) == sorted(expected.values()) == sorted(packed.values())
    assert (other in packed) is (other in expected)
    assert packed.get(other) == expected.get(other)
    assert packed == expected


@given(first=st.lists(messages, max_size=80), second=st.lists(messages, max_size=80), is_packed=st.booleans())
def test_others_are_added_as_to_a_dictionary(
    first: list[SelectedMessage], second: list[SelectedMessage], is_packed: bool
) -> None:
    packed = packed_of(first)
    others = {message.queue_id: message for message in second}
    packed.update(packed_of(second) if is_packed else others)
    assert dict(packed.items()) == {**{message.queue_id: message for message in first}, **others}


@given(first=st.lists(messages, max_size=80), second=st.lists(messages, max_size=80), was_sent=st.booleans())
def test_all_of_another_mapping_are_taken(
    first: list[SelectedMessage], second: list[SelectedMessage], was_sent: bool
) -> None:
    packed, other = packed_of(first), packed_of(second)
    if was_sent:
        packed, other = pickle.loads(pickle.dumps((packed, other)))
    packed.take(other)
    assert dict(packed.items()) == {message.queue_id: message for message in (*first, *second)}
    assert (len(other), list(other), "000001" in other) == (0, [], False)


@given(chosen=st.lists(messages, max_size=150), again=messages)
def test_all_are_taken_out(chosen: list[SelectedMessage], again: SelectedMessage) -> None:
    packed = packed_of(chosen)
    assert sorted(packed.drain()) == sorted({message.queue_id: message for message in chosen}.values())
    assert (len(packed), dict(packed.items())) == (0, {})
    packed[again.queue_id] = again
    assert dict(packed.items()) == {again.queue_id: again}


@pytest.mark.parametrize("was_sent", [False, True])
def test_many_that_no_longer_fit_do_not_fill_the_table(was_sent: bool) -> None:
    packed, expected = PackedMessages(), {}
    for number in range(1000):
        for message in (fitting(number), fitting(number)._replace(size=1 << 40), fitting(1000 + number // 9)):
            packed[message.queue_id] = expected[message.queue_id] = message
        if was_sent:
            packed = pickle.loads(pickle.dumps(packed))
        assert "missing" not in packed
    assert (len(packed), dict(packed.items())) == (len(expected), expected)
    assert [message for message in packed.drain() if expected.pop(message.queue_id) != message] == []
    assert expected == {}


def test_many_are_taken_in_portions() -> None:
    packed, other = packed_of([fitting(1)]), packed_of([fitting(number) for number in range(2, 10000)])
    packed.take(other)
    assert list(packed) == ["%010X" % number for number in range(1, 10000)]
    assert list(packed.drain()) == [fitting(number) for number in range(1, 10000)]


def test_the_order_is_that_in_which_they_were_set() -> None:
    packed = packed_of([fitting(number) for number in range(1000, 0, -1)])
    assert list(packed) == ["%010X" % number for number in range(1000, 0, -1)]


@given(chosen=st.lists(messages, max_size=150), again=messages)
def test_they_can_be_sent_to_another_process(chosen: list[SelectedMessage], again: SelectedMessage) -> None:
    packed = packed_of(chosen)
    sent = pickle.loads(pickle.dumps(packed))
    assert dict(sent.items()) == dict(packed.items())
    sent[again.queue_id] = packed[again.queue_id] = again
    assert sent == packed


@pytest.mark.parametrize(("time", "most"), [(0, 45), (1700000000, 64)])
def test_each_takes_little_memory(time: int, most: int) -> None:
    packed = packed_of([fitting(number, time=time) for number in range(10000)])
    assert sum(map(sys.getsizeof, vars(packed).values())) < most * 10000


def test_a_message_that_is_not_there() -> None:
    with pytest.raises(KeyError, match="4A0F9AC"):
        PackedMessages()["4A0F9AC"]
    assert "4A0F9AC" not in PackedMessages()


# --- one value for all ----------------------------------------------------------------------------------------------


def test_one_value_for_all() -> None:
    same = SameForAll({"4A0F9AC": None, "4A0F9AD": None}, "purged")
    assert dict(same) == {"4A0F9AC": "purged", "4A0F9AD": "purged"}
    assert (len(same), same.get("4A0F9AE")) == (2, None)
    assert (list(same.values()), "purged" in same.values()) == (["purged", "purged"], True)
    assert (list(same.items()), ("4A0F9AC", "purged") in same.items()) == (list(dict(same).items()), True)
    with pytest.raises(KeyError, match="4A0F9AE"):
        same["4A0F9AE"]
