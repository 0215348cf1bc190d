# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._spool import journal

texts = st.text(max_size=20)
records = st.dictionaries(texts, texts | st.integers() | st.lists(texts, max_size=3), max_size=4)


@given(st.lists(records, max_size=5))
def test_what_is_written_is_read(written: list[dict[str, Any]]) -> None:
    data = b"".join(map(journal.encode, written))
    assert journal.decode(data) == (written, len(data))


@given(st.lists(records, min_size=1, max_size=5), st.data())
def test_a_cut_journal_has_the_records_that_are_whole(written: list[dict[str, Any]], data: st.DataObject) -> None:
    lines = list(map(journal.encode, written))
    whole = b"".join(lines)
    cut = data.draw(st.integers(0, len(whole)))
    known, end = journal.decode(whole[:cut])
    assert written[: len(known)] == known
    assert b"".join(lines[: len(known)]) == whole[:end]
    assert cut - end < len(lines[len(known)]) if len(known) < len(lines) else cut == end


BEGINNING = b'{"op":"made",'


@given(records, st.data())
def test_a_first_record_that_was_cut_is_a_beginning(record: dict[str, Any], data: st.DataObject) -> None:
    rest = {key: value for key, value in record.items() if key not in ("op", "version")}
    line = journal.encode({"op": "made", "version": 2, **rest})
    assert journal.is_cut_beginning(line[: data.draw(st.integers(0, len(line) - 1))], BEGINNING)


@given(st.binary(max_size=40))
def test_what_was_not_ours_is_no_beginning(data: bytes) -> None:
    if journal.is_cut_beginning(data, BEGINNING) and data.strip(b"\0"):
        rest = data[9:]
        assert int(data[:8], 16) >= 0
        assert BEGINNING.startswith(rest) or rest.startswith(BEGINNING)


@given(st.binary(max_size=80))
def test_no_bytes_break_it(data: bytes) -> None:
    try:
        known, end = journal.decode(data)
    except ValueError:
        return
    assert b"".join(map(journal.encode, known)) == data[:end] or known
