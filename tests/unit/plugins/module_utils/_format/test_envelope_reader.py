# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds, envelope_records
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope_reader import (
    check_end,
    read_envelope,
    read_identity,
)
from tests.unit.support.opened import envelope_of
from tests.unit.support.queue_file import MilterEdits, QueueFile, fetch_from, todo


def test_an_ordinary_message() -> None:
    spec = QueueFile(
        recipients=todo(b"a@example.org", b"b@example.org"),
        before_sender=[b"sasl_username=user1@example.com"],
        after_sender=[b"log_client_address=192.0.2.1"],
    )
    data = spec.write()
    envelope = envelope_of(data)
    assert envelope.arrival == 1700000000
    assert envelope.microseconds == 123456
    assert envelope.sender == b"sender@example.com"
    assert envelope.pending == [b"a@example.org", b"b@example.org"]
    assert envelope.done == 0
    assert envelope.attributes == [
        b"create_time=1700000001",
        b"sasl_username=user1@example.com",
        b"log_client_address=192.0.2.1",
    ]
    assert envelope.size == data.index(b"X\x00") - envelope.data_offset
    assert data[envelope.data_offset - 2 : envelope.data_offset] == b"M\x00"
    assert envelope.unparsed is None


@pytest.mark.parametrize(
    ("spec", "pending", "done"),
    [
        pytest.param(QueueFile(recipients=todo()), [], 0, id="none"),
        pytest.param(
            QueueFile(recipients=[(rec.DONE, b"a"), *todo(b"b"), (rec.DONE, b"c")]), [b"b"], 2, id="partly delivered"
        ),
        pytest.param(QueueFile(recipients=[], extracted=todo(b"a", b"b")), [b"a", b"b"], 0, id="sendmail -t"),
        pytest.param(
            QueueFile(recipients=todo(b"a"), extracted=[*todo(b"b"), (rec.DONE, b"c")]),
            [b"a", b"b"],
            1,
            id="in both segments",
        ),
        pytest.param(QueueFile(recipients=[(rec.CANCELLED, b"a"), *todo(b"b")]), [b"b"], 0, id="cancelled by a milter"),
        pytest.param(
            QueueFile(milters=True, edits=MilterEdits(added=[b"x", b"y"])),
            [b"recipient@example.org", b"x", b"y"],
            0,
            id="added by a milter",
        ),
        pytest.param(
            QueueFile(milters=True, recipients=[], extracted=todo(b"a"), edits=MilterEdits(added=[b"x"])),
            [b"a", b"x"],
            0,
            id="added by a milter to sendmail -t",
        ),
        pytest.param(QueueFile(milters=True), [b"recipient@example.org"], 0, id="milters that changed nothing"),
        pytest.param(
            QueueFile(size_fields=1, extracted=todo(b"b")),
            [b"recipient@example.org", b"b"],
            0,
            id="a C record of long ago",
        ),
        pytest.param(
            QueueFile(size_fields=3, extracted=todo(b"b")),
            [b"recipient@example.org", b"b"],
            0,
            id="a C record of Postfix 1",
        ),
        pytest.param(
            QueueFile(recipients=todo(*(b"user%d@example.org" % number for number in range(1000)))),
            [b"user%d@example.org" % number for number in range(1000)],
            0,
            id="more than one read holds",
        ),
    ],
)
def test_recipients(spec: QueueFile, pending: list[bytes], done: int) -> None:
    envelope = envelope_of(spec.write())
    assert (envelope.pending, envelope.done, envelope.unparsed) == (pending, done, None)


@pytest.mark.parametrize("sender", [b"", b"a@b", b"exactly@fifteen", b"a.long.address@example.com"])
def test_a_sender_that_a_milter_changed(sender: bytes) -> None:
    edits = MilterEdits(sender=b"new@example.net")
    assert envelope_of(QueueFile(sender=sender, milters=True).write()).sender == sender
    assert envelope_of(QueueFile(sender=sender, milters=True, edits=edits).write()).sender == b"new@example.net"


def test_the_end_of_a_file_is_not_read_if_all_recipients_are_known() -> None:
    data = QueueFile(body=[b"x" * 1000] * 100).write()
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append((offset, size))
        return data[offset : offset + size]

    read_envelope(fetch, file_size=len(data))
    assert fetched == [(0, bounds.FIRST_READ)]


def test_nothing_is_read_if_the_head_is_enough() -> None:
    def fetch(offset: int, size: int) -> bytes:
        raise AssertionError("%d bytes at %d are not needed" % (size, offset))

    data = QueueFile().write()
    envelope = read_envelope(fetch, file_size=len(data), head=data[: bounds.FIRST_READ])
    assert envelope.pending == [b"recipient@example.org"]


def test_the_start_of_a_file_has_its_identity_once_it_has_the_sender() -> None:
    data = QueueFile().write()
    found = [read_identity(data[:size], file_size=len(data)) for size in range(len(data))]
    identity = (1700000000, 123456, envelope_of(data).size, b"sender@example.com")
    enough = data.index(b"sender@example.com") + len(b"sender@example.com")
    assert found == [None] * enough + [identity] * (len(data) - enough)


def test_the_start_of_a_file_that_is_cut_has_no_identity() -> None:
    data = QueueFile().write()
    assert read_identity(data, file_size=len(data)) == envelope_of(data)[:4]
    assert read_identity(data, file_size=len(data) - 10) is None


@pytest.mark.parametrize(
    ("spec", "short"),
    [
        pytest.param(QueueFile(milters=True), True, id="placeholders for milters"),
        pytest.param(QueueFile(milters=True, sender=b"a@b"), True, id="a padded sender"),
        pytest.param(
            QueueFile(milters=True, edits=MilterEdits(body=[b"x"], appended_headers=[b"X: y"])),
            True,
            id="content edited",
        ),
        pytest.param(QueueFile(full_name=b"root", milters=True), True, id="local mail"),
        pytest.param(QueueFile(milters=True, edits=MilterEdits(sender=b"new@b")), False, id="another sender"),
        pytest.param(QueueFile(milters=True, edits=MilterEdits(added=[b"new@b"])), False, id="another recipient"),
    ],
)
def test_which_files_are_read_record_by_record(
    spec: QueueFile, monkeypatch: pytest.MonkeyPatch, *, short: bool
) -> None:
    envelope = envelope_of(spec.write())
    assert envelope.pending == spec.pending()
    assert envelope.attributes == [b"create_time=1700000001", *spec.before_sender]
    monkeypatch.setattr(envelope_records, "_scan", None)
    if short:
        assert envelope_of(spec.write()) == envelope
    else:
        with pytest.raises(TypeError):
            envelope_of(spec.write())


def test_a_fetch_that_fails_is_not_hidden() -> None:
    def fetch(_offset: int, _size: int) -> bytes:
        raise OSError(os.strerror(5))

    with pytest.raises(OSError, match="Input/output error"):
        read_envelope(fetch, file_size=1)


@pytest.mark.parametrize("size", [b"x", b"1 2", b"1 2 3"])
def test_an_end_without_a_size_record_is_not_checked(size: bytes) -> None:
    data = rec.encode_record(rec.SIZE, size) + QueueFile().write()[97:]
    assert check_end(fetch_from(data), envelope_of(QueueFile().write()), file_size=len(data)) is None


def test_the_end_of_the_content_is_checked() -> None:
    data = QueueFile().write()
    envelope = envelope_of(data)
    assert check_end(fetch_from(data), envelope, file_size=len(data)) is None
    end = data.index(b"X\0")
    broken = data[:end] + b"\0\0" + data[end + 2 :]
    assert check_end(fetch_from(broken), envelope, file_size=len(data)) == (
        end,
        "the content does not end where the size record says",
    )
