# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec


@pytest.mark.parametrize(
    ("length", "head"),
    [
        pytest.param(0, b"N\x00", id="empty"),
        pytest.param(1, b"N\x01", id="one byte"),
        pytest.param(127, b"N\x7f", id="one group, full"),
        pytest.param(128, b"N\x80\x01", id="two groups"),
        pytest.param(16383, b"N\xff\x7f", id="two groups, full"),
        pytest.param(16384, b"N\x80\x80\x01", id="three groups"),
    ],
)
def test_lengths_are_in_groups_of_seven_bits_least_significant_first(length: int, head: bytes) -> None:
    payload = b"x" * length
    encoded = rec.encode_record(rec.NORMAL, payload)
    assert encoded == head + payload
    assert rec.decode_record(encoded, 0) == rec.Record(rec.NORMAL, 0, len(encoded), payload)


def test_a_record_is_read_at_its_position() -> None:
    data = rec.encode_record(rec.SENDER, b"a@example.com") + rec.encode_record(rec.RECIPIENT, b"b@example.org")
    assert rec.decode_record(data, 15) == rec.Record(rec.RECIPIENT, 15, 30, b"b@example.org")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"N", id="no length"),
        pytest.param(b"N\x80", id="half a length"),
        pytest.param(b"N\x02a", id="half a payload"),
    ],
)
def test_a_record_that_is_cut_is_none(data: bytes) -> None:
    assert rec.decode_record(data, 0) is None
    assert list(rec.iter_records(data)) == []


def test_four_groups_are_the_most() -> None:
    longest = b"N\xff\xff\xff\x7f"
    assert rec.decode_length(longest, 1) == (rec.MAX_LENGTH, 5)
    assert rec.decode_record(longest, 0) is None


def test_a_longer_length_is_refused_as_postfix_refuses_it() -> None:
    with pytest.raises(RecordError) as caught:
        rec.decode_record(b"E\x00N\xff\xff\xff\xff\x01", 2, base=4096)
    assert str(caught.value) == "a record length of more than 4 bytes at offset 4099"
    assert caught.value.offset == 4099
    assert caught.value.problem == "a record length of more than 4 bytes"


def test_a_payload_that_is_too_long_is_refused() -> None:
    class Huge(bytes):
        def __len__(self) -> int:
            return rec.MAX_LENGTH + 1

    with pytest.raises(RecordError) as caught:
        rec.encode_record(rec.NORMAL, Huge())
    assert str(caught.value) == "a payload of 268435456 bytes is too long for a record at offset 0"


def test_records_follow_each_other_up_to_a_cut_one() -> None:
    data = b"M\x00" + b"N\x03abc" + b"X\x00"
    assert list(rec.iter_records(data + b"E")) == [
        rec.Record(rec.MESSAGE, 0, 2, b""),
        rec.Record(rec.NORMAL, 2, 7, b"abc"),
        rec.Record(rec.EXTRACTED, 7, 9, b""),
    ]
    assert [record.kind for record in rec.iter_records(data, 7)] == [rec.EXTRACTED]


@pytest.mark.parametrize(
    ("payload", "target"),
    [
        pytest.param(b"              0", 0, id="placeholder"),
        pytest.param(b"0", 0, id="padding behind a sender of 14 bytes"),
        pytest.param(b"            693", 693, id="REC_TYPE_PTR_FORMAT"),
        pytest.param(b"999999999999999999", 10**18 - 1, id="as far as an offset goes"),
    ],
)
def test_pointers(payload: bytes, target: int) -> None:
    assert rec.pointer_target(payload) == target


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        pytest.param(b"", "malformed pointer b''", id="empty"),
        pytest.param(b"   ", "malformed pointer b'   '", id="blank"),
        pytest.param(b"-1", "malformed pointer b'-1'", id="negative"),
        pytest.param(b"12 34", "malformed pointer b'12 34'", id="two numbers"),
        pytest.param(b"1" * 19, "malformed pointer b'1111111111111111111'", id="too far"),
        pytest.param(b"x" * 99, "malformed pointer b'%s'" % ("x" * 20), id="long, shown in part"),
    ],
)
def test_malformed_pointers(payload: bytes, message: str) -> None:
    with pytest.raises(ValueError, match="malformed") as caught:
        rec.pointer_target(payload)
    assert str(caught.value) == message
