# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds, envelope_records
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Input, Unparsed
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import check_end, read_envelope
from tests.unit.support.opened import envelope_of
from tests.unit.support.queue_file import MilterEdits, QueueFile, fetch_from, pointer, records, todo

ARRIVAL = (rec.TIME, b"1700000000 123456")
SENDER = (rec.SENDER, b"sender@example.com")
END = (rec.END, b"")
_START = records(ARRIVAL, SENDER)
_OLD_FILE = QueueFile(size_fields=1).write()


def test_the_content_is_skipped_up_to_the_extracted_recipients() -> None:
    spec = QueueFile(recipients=[], extracted=todo(b"a@example.org"), body=[b"x" * 1000] * 1000)
    data = spec.write()
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append(size)
        return data[offset : offset + size]

    assert read_envelope(fetch, file_size=len(data)).pending == [b"a@example.org"]
    assert fetched == [bounds.FIRST_READ, bounds.NEXT_READ]


def test_the_first_record_of_a_type_counts_as_in_qmgr() -> None:
    data = records(
        (rec.SIZE, b"1 2 3"),
        (rec.SIZE, b"4 5 6"),
        ARRIVAL,
        (rec.TIME, b"1 1"),
        SENDER,
        (rec.SENDER, b"other@example.com"),
        (rec.ATTRIBUTE, b"sasl_username=first"),
        (rec.ATTRIBUTE, b"sasl_username=second"),
        END,
    )
    envelope = envelope_of(data)
    assert envelope[:4] == (1700000000, 123456, 1, b"sender@example.com")
    assert envelope.sasl_username == b"first"


def test_attributes_after_a_recipient_are_not_those_of_the_message() -> None:
    data = records(
        SENDER,
        (rec.ATTRIBUTE, b"a=1"),
        (rec.RECIPIENT, b"x"),
        (rec.ATTRIBUTE, b"dsn_orig_rcpt=rfc822;y"),
        (rec.RECIPIENT, b"y"),
        END,
    )
    assert envelope_of(data).attributes == [b"a=1"]


@pytest.mark.parametrize(
    ("size_record", "size"),
    [
        pytest.param([], 7, id="none"),
        pytest.param([(rec.SIZE, b"              0")], 24, id="preliminary, in maildrop"),
        pytest.param([(rec.SIZE, b"           1234")], 1234, id="content size"),
    ],
)
def test_size(size_record: list[tuple[int, bytes]], size: int) -> None:
    assert envelope_of(records(*size_record, (rec.SENDER, b"abc"), END)).size == size


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        pytest.param(b"1700000000 123456", (1700000000, 123456), id="with microseconds"),
        pytest.param(b"1700000000", (1700000000, 0), id="old, without"),
        pytest.param(b"0 0", (0, 0), id="zero"),
    ],
)
def test_arrival(arrival: bytes, expected: tuple[int, int]) -> None:
    assert envelope_of(records((rec.TIME, arrival), END))[:2] == expected


@pytest.mark.parametrize(
    ("data", "unparsed"),
    [
        pytest.param(b"", Unparsed(0, "the file is empty"), id="empty"),
        pytest.param(_START, Unparsed(len(_START), "missing end record"), id="no end"),
        pytest.param(_START + b"R\x09short", Unparsed(len(_START), "the file ends within a record"), id="cut"),
        pytest.param(_START + b"R", Unparsed(len(_START), "the file ends within a record"), id="cut before the length"),
        pytest.param(
            _START + b"R\xff\xff\xff\xff\x01",
            Unparsed(len(_START) + 1, "a record length of more than 4 bytes"),
            id="a length that is none",
        ),
        pytest.param(
            _START + b"R\xff\xff\xff\x7f" + b"x" * (3 << 20),
            Unparsed(len(_START), "a record of more than 1048576 bytes"),
            id="a length bomb",
        ),
        pytest.param(
            records((rec.TIME, b"yesterday")), Unparsed(0, "malformed numbers b'yesterday'"), id="no arrival time"
        ),
        pytest.param(
            records((rec.TIME, b"1 2 3")), Unparsed(0, "malformed arrival time b'1 2 3'"), id="three arrival times"
        ),
        pytest.param(
            records(SENDER, (rec.TIME, b" ")), Unparsed(20, "malformed numbers b' '"), id="blank arrival time"
        ),
        pytest.param(records((rec.SIZE, b"-1 2")), Unparsed(0, "malformed numbers b'-1 2'"), id="no size"),
        pytest.param(
            records((rec.SIZE, b"1" * 129)), Unparsed(0, "malformed numbers b'%s'" % ("1" * 40)), id="a number bomb"
        ),
        pytest.param(
            _START + records((rec.POINTER, b"here")),
            Unparsed(len(_START), "malformed pointer b'here'"),
            id="no pointer",
        ),
        pytest.param(
            _START + pointer(5000), Unparsed(5000, "missing end record"), id="a pointer behind the end of the file"
        ),
        pytest.param(_START + pointer(19), Unparsed(len(_START), "too many reverse jumps"), id="a loop"),
        pytest.param(_OLD_FILE[:-4], Unparsed(len(_OLD_FILE) - 4, "missing end record"), id="cut within the content"),
    ],
)
def test_the_first_problem_is_returned_with_its_offset(data: bytes, unparsed: Unparsed) -> None:
    assert envelope_of(data).unparsed == unparsed


def test_records_before_the_damage_are_kept() -> None:
    envelope = envelope_of(_START + records((rec.RECIPIENT, b"a@example.org")) + b"R\x09short")
    assert envelope == Envelope(
        arrival=1700000000,
        microseconds=123456,
        size=len(_START) + 22,
        sender=b"sender@example.com",
        pending=[b"a@example.org"],
        done=0,
        attribute_records=b"",
        data_offset=0,
        unparsed=Unparsed(len(_START) + 15, "the file ends within a record"),
        missing=frozenset({Input.RECIPIENTS}),
    )


def test_a_loop_of_pointers_over_recipients_keeps_few_of_them() -> None:
    data = _START + records(*[(rec.RECIPIENT, b"ab")] * 15000) + pointer(len(_START))
    envelope = envelope_of(data)
    assert envelope.unparsed is not None
    assert envelope.unparsed.problem == "a loop of pointers"
    assert len(envelope.pending) < envelope_records.MAX_RECORDS_KEPT + 15001


def test_a_loop_of_pointers_over_long_records_ends() -> None:
    loop = records(*[(ord("W"), b"x" * 1000)] * 60) + pointer(len(_START))
    envelope = envelope_of(_START + loop)
    assert envelope.unparsed is not None
    assert envelope.unparsed.problem == "more than 134217728 bytes to read"


def test_a_record_of_another_type_ends_the_envelope() -> None:
    assert envelope_of(_START + records((rec.NORMAL, b"x"))).unparsed == Unparsed(
        len(_START), "unexpected record type 'N'"
    )


def test_recipients_beyond_the_bound_are_missing_and_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope_records, "MAX_RECORDS_KEPT", 100)
    envelope = envelope_of(
        QueueFile(recipients=todo(*(b"user%d@example.org" % number for number in range(5000)))).write()
    )
    assert (envelope.sender, envelope.unparsed, envelope.missing) == (
        b"sender@example.com",
        None,
        frozenset({Input.RECIPIENTS}),
    )
    assert envelope.problem == "only its first %d recipients were read" % len(envelope.pending)


def test_long_recipients_are_bounded_in_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope_records, "MAX_BYTES_KEPT", 1 << 20)
    envelope = envelope_of(QueueFile(recipients=todo(*[b"a" * 100000] * 40)).write())
    assert envelope.missing == {Input.RECIPIENTS}
    assert 10 <= len(envelope.pending) <= 13
    assert envelope.is_heavy


def test_content_that_is_too_long_to_skip_is_not_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    # As in maildrop, where the size record does not say where the content ends.
    monkeypatch.setattr(bounds, "MAX_WALK", 100000)
    envelope = envelope_of(QueueFile(size_fields=1, body=[b"x" * 100] * 3000).write())
    assert (envelope.pending, envelope.unparsed) == ([b"recipient@example.org"], None)
    assert envelope.missing == {Input.RECIPIENTS}


def test_a_file_without_a_sender_says_so() -> None:
    data = rec.encode_record(rec.TIME, b"1700000000 1") + rec.encode_record(rec.END, b"")
    assert (envelope_of(data).problem, envelope_of(data).missing) == ("no sender record", frozenset({Input.SENDER}))


# --- behind the content ---------------------------------------------------------------------------------------------

_SMTP = QueueFile().write()
_EXTRACTED = _SMTP.index(b"X\0")
_NEW_BODY = QueueFile(milters=True, edits=MilterEdits(body=[b"another text"])).write()
_EDIT = _NEW_BODY.index(b"E\0N") + 2
# As Postfix 3.10 writes it.
_ATTRIBUTES = records((rec.ATTRIBUTE, b"message_id=<1@example.com>"), (rec.ATTRIBUTE, b"encoding=8bit"))


def _with_extracted(segment: bytes) -> bytes:
    return _SMTP[:_EXTRACTED] + segment


def _problem_at_end(data: bytes) -> Unparsed | None:
    envelope = envelope_of(data)
    assert envelope.unparsed is None
    return check_end(fetch_from(data), envelope, file_size=len(data))


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_with_extracted(b"X\0" + _ATTRIBUTES + b"E\0"), id="attributes"),
        pytest.param(_with_extracted(b"X\0" + records(ARRIVAL, SENDER, (rec.TIME, b"x")) + b"E\0"), id="other times"),
        pytest.param(_with_extracted(b"X\0M\0E\0"), id="a start of content, which qmgr ignores"),
        pytest.param(_with_extracted(b"X\0E\0the end of an older text"), id="bytes that belong to nothing"),
        pytest.param(QueueFile(recipients=[], milters=True).write(), id="a placeholder"),
        pytest.param(_NEW_BODY, id="another body"),
        pytest.param(_NEW_BODY + b"7", id="another body over a longer one"),
        pytest.param(
            QueueFile(recipients=[], milters=True, edits=MilterEdits(added=[b"a@example.org"])).write(),
            id="an added recipient",
        ),
    ],
)
def test_what_is_behind_the_content_is_whole(data: bytes) -> None:
    assert _problem_at_end(data) is None


@pytest.mark.parametrize(
    ("data", "unparsed"),
    [
        pytest.param(
            _with_extracted(b"X\0" + bytes(len(_ATTRIBUTES) + 2)),
            Unparsed(_EXTRACTED + 2, "unexpected record type '\\x00'"),
            id="nulled",
        ),
        pytest.param(
            _with_extracted(b"X\0" + _ATTRIBUTES),
            Unparsed(_EXTRACTED + 2 + len(_ATTRIBUTES), "missing end record"),
            id="without an end record",
        ),
        pytest.param(
            _with_extracted(b"X\0" + _ATTRIBUTES[:-1]),
            Unparsed(_EXTRACTED + 2 + _ATTRIBUTES.rindex(b"A"), "the file ends within a record"),
            id="cut in an attribute",
        ),
        pytest.param(
            _with_extracted(b"X\0p\x0f              xE\0"),
            Unparsed(_EXTRACTED + 2, "malformed pointer b'              x'"),
            id="no pointer",
        ),
        pytest.param(
            _with_extracted(b"X\0" + pointer(_EXTRACTED)),
            Unparsed(_EXTRACTED + 2, "too many reverse jumps"),
            id="a loop",
        ),
        pytest.param(
            _NEW_BODY[:_EDIT] + bytes(len(_NEW_BODY) - _EDIT),
            Unparsed(_EDIT, "unexpected record type '\\x00'"),
            id="a nulled body",
        ),
        pytest.param(
            _NEW_BODY[: _EDIT + 3],
            Unparsed(_EDIT, "the file ends within a record"),
            id="a body that is cut",
        ),
    ],
)
def test_what_is_behind_the_content_is_damaged(data: bytes, unparsed: Unparsed) -> None:
    assert _problem_at_end(data) == unparsed


def test_content_is_not_read_if_the_edits_end_as_they_should() -> None:
    envelope = envelope_of(_NEW_BODY)
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append(offset)
        return _NEW_BODY[offset : offset + size]

    assert check_end(fetch, envelope, file_size=len(_NEW_BODY)) is None
    assert envelope.data_offset not in fetched


def test_too_many_records_behind_the_content_are_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(envelope_records, "MAX_RECORDS_KEPT", 100)
    assert _problem_at_end(_with_extracted(b"X\0" + records(*[(rec.RECIPIENT, b"a")] * 5000))) is None


@pytest.mark.parametrize(
    ("size", "problem"),
    [
        pytest.param(50000, "more than 100000 bytes to read", id="a loop"),
        pytest.param(200000, None, id="a long file"),
    ],
)
def test_only_a_long_file_has_so_much_behind_its_content(
    monkeypatch: pytest.MonkeyPatch, size: int, problem: str | None
) -> None:
    monkeypatch.setattr(bounds, "MAX_WALK", 100000)
    data = _with_extracted(b"X\0" + records(*[(ord("W"), b"x" * 98)] * (size // 100)))
    data += pointer(_EXTRACTED + 2)
    unparsed = _problem_at_end(data)
    assert (None if unparsed is None else unparsed.problem) == problem
