# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import tracemalloc
from typing import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds, content, envelope_records
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Input, Unparsed
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import (
    check_end,
    read_envelope,
    read_identity,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch
from tests.unit.support.opened import envelope_of, stored_text
from tests.unit.support.queue_file import MilterEdits, QueueFile, fetch_from, pointer, todo
from tests.unit.support.strategies import damaged_files, queue_files

Reader = Callable[[Fetch, Envelope], bytes]


def read_stored(fetch: Fetch, _envelope: Envelope) -> bytes:
    return stored_text(fetch)


def read_headers(fetch: Fetch, envelope: Envelope) -> bytes:
    headers, problem = content.read_headers(fetch, envelope)
    return headers if problem is None else headers + b"; " + problem.encode()


READERS: tuple[Reader, ...] = (read_stored, content.read_content, read_headers)


def _text(reader: Reader, data: bytes, envelope: Envelope, *, at_most: int | None = None) -> bytes | str:
    """Return what a reader of content gives: the text, or the message of the one error that it may raise."""
    try:
        return reader(fetch_from(data, at_most=at_most), envelope)
    except ContentError as error:
        return str(error)


def texts(data: bytes, envelope: Envelope, *, at_most: int | None = None) -> list[bytes | str]:
    return [_text(reader, data, envelope, at_most=at_most) for reader in READERS]


def problem_of(data: bytes) -> Unparsed | None:
    """Return what is wrong with a file, as far as its envelope and its end show that."""
    envelope = envelope_of(data)
    return envelope.unparsed or check_end(fetch_from(data), envelope, file_size=len(data))


# --- valid files ----------------------------------------------------------------------------------------------------


@given(queue_files())
def test_a_file_as_cleanup_writes_it_is_read_back(spec: QueueFile) -> None:
    data = spec.write()
    envelope = envelope_of(data)
    stored = [*spec.recipients, *spec.extracted]
    assert problem_of(data) is None
    assert b"%d %d" % (envelope.arrival, envelope.microseconds) == spec.arrival
    assert envelope.sender == (spec.sender if spec.edits.sender is None else spec.edits.sender)
    assert sorted(envelope.pending) == sorted(spec.pending())
    assert envelope.done == sum(kind == rec.DONE for kind, _address in stored)
    expected = [b"create_time=1700000001", *spec.before_sender, *spec.after_sender]
    assert envelope.attributes[: len(expected)] == expected
    assert data[envelope.data_offset - 2 : envelope.data_offset] == b"M\x00"


@given(queue_files())
def test_content_is_read_back(spec: QueueFile) -> None:
    data = spec.write()
    stored, content, headers = texts(data, envelope_of(data))
    assert content == spec.content()
    assert isinstance(headers, bytes)
    assert spec.content().startswith(headers + b"\n")
    assert headers == b"".join(line + b"\n" for line in [*spec.headers, *spec.edits.appended_headers])
    assert isinstance(stored, bytes)
    assert spec.content() in stored


@given(queue_files(), st.integers(0))
def test_a_file_that_is_cut_has_a_problem_or_all_values(spec: QueueFile, cut: int) -> None:
    data = spec.write()
    whole, part = envelope_of(data), envelope_of(data[: cut % len(data)])
    if part.unparsed is None:
        assert part == whole
    assert set(part.pending) <= set(whole.pending)


@given(queue_files(), st.integers(0))
def test_a_file_that_is_cut_is_damaged(spec: QueueFile, cut: int) -> None:
    # A file that is cut where an edit ends looks whole until its content is read.
    data = spec._replace(edits=MilterEdits()).write()
    part = envelope_of(data[: cut % len(data)])
    assert problem_of(data[: cut % len(data)]) is not None
    assert Input.RECIPIENTS in part.missing or part.pending == envelope_of(data).pending
    assert Input.SENDER in part.missing or part.sender == spec.sender
    # Those of recipients that stand behind the content count for nothing.
    assert Input.ATTRIBUTES in part.missing or spec.of_recipients or part.attributes == envelope_of(data).attributes


# The content is whole, only what is behind it is lost: the placeholder for milters and the end record.
@example(
    QueueFile(
        sender=bytes(20),
        recipients=[],
        before_sender=[],
        headers=[b"\0"],
        body=[],
        arrival=b"100 10000",
        milters=True,
        size_fields=3,
    ),
    179,
)
@given(queue_files().filter(lambda spec: spec.size_fields >= 3), st.integers(0))
def test_a_file_whose_end_is_nulled_is_damaged(spec: QueueFile, start: int) -> None:
    data = spec.write()
    # The end record has a null byte itself.
    start %= len(data.rstrip(b"\0"))
    assert problem_of(data[:start] + bytes(len(data) - start)) is not None


# --- any file -------------------------------------------------------------------------------------------------------


@given(damaged_files)
def test_any_bytes_are_an_envelope(data: bytes) -> None:
    envelope = envelope_of(data)
    if envelope.unparsed is not None:
        assert envelope.unparsed.offset >= 0
        assert envelope.unparsed.problem
    assert envelope.size >= 0
    assert envelope.origin in ("smtp", "local", "bounce")


@given(damaged_files)
def test_any_bytes_are_content_or_our_error(data: bytes) -> None:
    assert len(texts(data, envelope_of(data))) == 3


@given(damaged_files | queue_files().map(QueueFile.write), st.integers(1, 90), st.integers(0, 5000))
def test_the_size_of_reads_makes_no_difference(data: bytes, at_most: int, head: int) -> None:
    envelope = envelope_of(data)
    in_pieces = fetch_from(data, at_most=at_most)
    assert read_envelope(in_pieces, file_size=len(data)) == envelope
    assert read_envelope(in_pieces, file_size=len(data), head=data[:head]) == envelope
    assert texts(data, envelope, at_most=at_most) == texts(data, envelope)


@given(damaged_files | queue_files().map(QueueFile.write), st.integers(0, 500) | st.just(5000))
def test_the_identity_is_that_of_the_envelope(data: bytes, head: int) -> None:
    identity = read_identity(data[:head], file_size=len(data))
    assert identity in (None, envelope_of(data)[:4])


@given(damaged_files | queue_files().map(QueueFile.write), st.data())
def test_holds_agrees_with_the_stored_text(data: bytes, draw: st.DataObject) -> None:
    stored = _text(read_stored, data, envelope_of(data))
    raw = stored if isinstance(stored, bytes) and draw.draw(st.booleans()) else data
    start = draw.draw(st.integers(0, max(len(raw) - 1, 0)))
    text = raw[start : start + draw.draw(st.integers(1, 30))] or b"x"
    held = content.holds(data, envelope_of(data), text)
    if held is not None:
        assert isinstance(stored, bytes)
        assert held == (text in stored)


# --- files that are traps -------------------------------------------------------------------------------------------

_START = rec.encode_record(rec.TIME, b"1700000000 1") + rec.encode_record(rec.SENDER, b"a@example.com")


def _loop(kind: int, payload: bytes) -> bytes:
    return _START + rec.encode_record(kind, payload) * (6000 // (len(payload) + 2)) + pointer(len(_START))


def _jumps(count: int, apart: int) -> bytes:
    """Return pointers that lead back and forth between two places."""
    data = bytearray(_START)
    for number in range(count):
        data += pointer(len(_START) + (number * 7919 % count) * (17 + apart)) + bytes(apart)
    return bytes(data)


TRAPS = {
    "loop": _START + pointer(len(_START)),
    "loop over recipients": _loop(rec.RECIPIENT, b"ab"),
    "loop over empty recipients": _loop(rec.RECIPIENT, b""),
    "loop over attributes": _loop(rec.ATTRIBUTE, b"ab"),
    "loop over content": _START + rec.encode_record(rec.MESSAGE, b"") + _loop(rec.NORMAL, b"ab")[len(_START) :],
    "loop over starts of content": _loop(rec.MESSAGE, b""),
    "loop over sizes": _loop(rec.SIZE, b"5"),
    "jumps": _jumps(1000, 0),
    "wide jumps": _jumps(30, 4000),
    "length bomb": _START + b"R\xff\xff\xff\x7f",
    "length bomb in a long file": _START + b"R\xff\xff\xff\x7f" + bytes(2 << 20),
    "many recipients": _START + rec.encode_record(rec.RECIPIENT, b"ab") * 20000,
    "many attributes": _START + rec.encode_record(rec.ATTRIBUTE, b"ab") * 20000,
    "many lines": QueueFile(size_fields=1, body=[b"ab"] * 30000).write(),
    "far": _START + pointer(10**17),
    "number bomb": rec.encode_record(rec.SIZE, b"9" * 100) + _START + rec.encode_record(rec.MESSAGE, b""),
}


@pytest.fixture
def low_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lower the reader's bounds, for the time that it takes to reach them."""
    monkeypatch.setattr(bounds, "MAX_WALK", bounds.MAX_WALK // 400)
    monkeypatch.setattr(envelope_records, "MAX_RECORDS_KEPT", envelope_records.MAX_RECORDS_KEPT // 400)
    monkeypatch.setattr(rec, "MAX_REVERSE_JUMPS", rec.MAX_REVERSE_JUMPS // 400)


@pytest.mark.usefixtures("low_bounds")
@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_ends_and_few_of_its_records_are_kept(name: str) -> None:
    envelope = envelope_of(TRAPS[name])
    in_a_window = bounds.NEXT_READ // 2
    assert len(envelope.pending) + len(envelope.attributes) <= envelope_records.MAX_RECORDS_KEPT + in_a_window
    for text in texts(TRAPS[name], envelope):
        assert len(text) <= 2 * bounds.MAX_WALK


@pytest.mark.usefixtures("low_bounds")
@pytest.mark.parametrize("name", ["loop over recipients", "length bomb in a long file", "many lines"])
def test_a_trap_takes_little_memory(name: str) -> None:
    data = TRAPS[name]
    window = bounds.MAX_RECORD + bounds.NEXT_READ if "bomb" in name else bounds.NEXT_READ
    tracemalloc.start()
    try:
        found = texts(data, envelope_of(data))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(found) == 3
    # The texts themselves, and what is in sight: not an object for each line.
    assert peak < 4 * window + 2 * sum(map(len, found)) + (256 << 10)


def test_ordinary_large_messages_are_read_in_full() -> None:
    spec = QueueFile(
        recipients=todo(*(b"%d@example.org" % number for number in range(50000))), body=[b"x" * 998] * 10000
    )
    data = spec.write()
    envelope = envelope_of(data)
    assert envelope.pending == spec.pending()
    assert envelope.unparsed is None
    assert content.read_content(fetch_from(data), envelope) == spec.content()
