# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from tests.unit.support.strategies import damaged_files

kinds = st.integers(0, 255)
payloads = st.binary(max_size=300) | st.integers(127, 20000).map(bytes)


@given(st.lists(st.tuples(kinds, payloads), max_size=8))
def test_records_are_read_back_as_they_were_written(pairs: list[tuple[int, bytes]]) -> None:
    data = b"".join(rec.encode_record(kind, payload) for kind, payload in pairs)
    found = list(rec.iter_records(data))
    assert [(record.kind, record.payload) for record in found] == pairs
    assert [record.offset for record in found] == [0, *(record.end for record in found)][: len(found)]
    assert b"".join(rec.encode_record(record.kind, record.payload) for record in found) == data


@given(st.tuples(kinds, payloads), st.integers(0))
def test_a_record_that_is_cut_anywhere_is_none(pair: tuple[int, bytes], cut: int) -> None:
    data = rec.encode_record(*pair)
    assert rec.decode_record(data[: cut % len(data)], 0) is None


@given(damaged_files, st.integers(0, 250))
def test_any_bytes_are_records_or_our_error(data: bytes, position: int) -> None:
    try:
        for record in rec.iter_records(data, position):
            assert data[record.offset] == record.kind
            assert record.payload == data[record.end - len(record.payload) : record.end]
            assert position <= record.offset < record.end <= len(data)
    except RecordError as error:
        assert 0 <= error.offset <= len(data)


@given(st.binary(max_size=25) | st.integers(0, 10**20).map(b"%15d".__mod__))
def test_any_payload_is_a_pointer_or_a_value_error(payload: bytes) -> None:
    try:
        target = rec.pointer_target(payload)
    except ValueError as error:
        assert str(error).startswith("malformed pointer ")
    else:
        assert 0 <= target < 10**18
