# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import content
from ansible_collections.mailops.postfix.plugins.module_utils._format import envelope as message
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Unparsed
from tests.unit.support.opened import stored_text
from tests.unit.support.queue_file import MilterEdits, QueueFile, fetch_from, pointer, todo

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Fetch


def read(data: bytes) -> Envelope:
    return message.read_envelope(fetch_from(data), file_size=len(data))


def records(*pairs: tuple[int, bytes]) -> bytes:
    return b"".join(rec.encode_record(kind, payload) for kind, payload in pairs)


ARRIVAL = (rec.TIME, b"1700000000 123456")
SENDER = (rec.SENDER, b"sender@example.com")
END = (rec.END, b"")


# --- the envelope ---------------------------------------------------------------------------------------------------


def test_an_ordinary_message() -> None:
    spec = QueueFile(
        recipients=todo(b"a@example.org", b"b@example.org"),
        before_sender=[b"sasl_username=user1@example.com"],
        after_sender=[b"log_client_address=192.0.2.1"],
    )
    data = spec.write()
    envelope = read(data)
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
    envelope = read(spec.write())
    assert (envelope.pending, envelope.done, envelope.unparsed) == (pending, done, None)


@pytest.mark.parametrize("sender", [b"", b"a@b", b"exactly@fifteen", b"a.long.address@example.com"])
def test_a_sender_that_a_milter_changed(sender: bytes) -> None:
    edits = MilterEdits(sender=b"new@example.net")
    assert read(QueueFile(sender=sender, milters=True).write()).sender == sender
    assert read(QueueFile(sender=sender, milters=True, edits=edits).write()).sender == b"new@example.net"


def test_recipients_after_the_content_are_not_looked_for_where_the_c_record_has_them_all() -> None:
    data = QueueFile(body=[b"x" * 1000] * 100).write()
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append((offset, size))
        return data[offset : offset + size]

    message.read_envelope(fetch, file_size=len(data))
    assert fetched == [(0, message.FIRST_READ)]


def test_no_read_at_all_where_the_head_is_at_hand() -> None:
    def fetch(offset: int, size: int) -> bytes:
        raise AssertionError("%d bytes at %d are not needed" % (size, offset))

    data = QueueFile().write()
    envelope = message.read_envelope(fetch, file_size=len(data), head=data[: message.FIRST_READ])
    assert envelope.pending == [b"recipient@example.org"]


def test_the_start_of_a_file_tells_its_identity_as_soon_as_the_sender_is_there() -> None:
    data = QueueFile().write()
    told = [message.read_identity(data[:size], file_size=len(data)) for size in range(len(data))]
    identity = (1700000000, 123456, read(data).size, b"sender@example.com")
    enough = data.index(b"sender@example.com") + len(b"sender@example.com")
    assert told == [None] * enough + [identity] * (len(data) - enough)


def test_the_content_is_jumped_over_to_the_extracted_recipients() -> None:
    spec = QueueFile(recipients=[], extracted=todo(b"a@example.org"), body=[b"x" * 1000] * 1000)
    data = spec.write()
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append(size)
        return data[offset : offset + size]

    assert message.read_envelope(fetch, file_size=len(data)).pending == [b"a@example.org"]
    assert fetched == [message.FIRST_READ, message.NEXT_READ]


def test_first_instances_win_as_in_qmgr() -> None:
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
    envelope = read(data)
    assert envelope[:4] == (1700000000, 123456, 1, b"sender@example.com")
    assert envelope.sasl_username == b"first"


def test_attributes_behind_a_recipient_are_not_the_messages() -> None:
    data = records(
        SENDER,
        (rec.ATTRIBUTE, b"a=1"),
        (rec.RECIPIENT, b"x"),
        (rec.ATTRIBUTE, b"dsn_orig_rcpt=rfc822;y"),
        (rec.RECIPIENT, b"y"),
        END,
    )
    assert read(data).attributes == [b"a=1"]


@pytest.mark.parametrize(
    ("size_record", "size"),
    [
        pytest.param([], 7, id="none"),
        pytest.param([(rec.SIZE, b"              0")], 24, id="preliminary, in maildrop"),
        pytest.param([(rec.SIZE, b"           1234")], 1234, id="content size"),
    ],
)
def test_size(size_record: list[tuple[int, bytes]], size: int) -> None:
    assert read(records(*size_record, (rec.SENDER, b"abc"), END)).size == size


@pytest.mark.parametrize(
    ("arrival", "expected"),
    [
        pytest.param(b"1700000000 123456", (1700000000, 123456), id="with microseconds"),
        pytest.param(b"1700000000", (1700000000, 0), id="old, without"),
        pytest.param(b"0 0", (0, 0), id="zero"),
    ],
)
def test_arrival(arrival: bytes, expected: tuple[int, int]) -> None:
    assert read(records((rec.TIME, arrival), END))[:2] == expected


# --- attributes -----------------------------------------------------------------------------------------------------

_SMTP = [
    b"log_client_name=mx.example.net",
    b"log_client_address=192.0.2.1",
    b"log_message_origin=mx.example.net[192.0.2.1]",
    b"log_helo_name=helo.example.net",
    b"client_name=filter.example.com",
    b"client_address=127.0.0.1",
    b"helo_name=localhost",
]


def with_attributes(*attributes: bytes) -> Envelope:
    return read(QueueFile(before_sender=[], after_sender=attributes).write())


def test_xforward_wins_over_the_filter_that_handed_the_message_back() -> None:
    envelope = with_attributes(*_SMTP)
    assert envelope.client_name == b"mx.example.net"
    assert envelope.client_address == b"192.0.2.1"
    assert envelope.helo_name == b"helo.example.net"
    assert envelope.sasl_username is None


def test_the_client_itself_without_xforward() -> None:
    envelope = with_attributes(*_SMTP[4:])
    assert envelope.client_name == b"filter.example.com"
    assert envelope.client_address == b"127.0.0.1"
    assert envelope.helo_name == b"localhost"


@pytest.mark.parametrize(
    ("stored", "address"),
    [
        pytest.param(b"IPv6:2001:db8::1", b"2001:db8::1", id="from XFORWARD"),
        pytest.param(b"ipv6:::1", b"::1", id="in any case"),
        pytest.param(b"2001:db8::1", b"2001:db8::1", id="IPv6"),
        pytest.param(b"unknown", b"unknown", id="unknown"),
    ],
)
def test_client_addresses(stored: bytes, address: bytes) -> None:
    assert with_attributes(b"client_address=" + stored).client_address == address


def test_an_attribute_is_found_by_its_whole_name() -> None:
    envelope = with_attributes(b"xsasl_username=a", b"sasl_username_x=b", b"sasl_username=c=d")
    assert envelope.sasl_username == b"c=d"
    assert envelope.attribute(b"absent") is None


@pytest.mark.parametrize(
    ("attributes", "origin"),
    [
        pytest.param(_SMTP, "smtp", id="smtpd"),
        pytest.param([b"client_address=192.0.2.1"], "smtp", id="smtpd of long ago"),
        pytest.param([b"log_message_origin=local"], "local", id="pickup"),
        pytest.param([b"log_message_origin=local", b"trace_flags=0"], "bounce", id="made by Postfix"),
        pytest.param([b"trace_flags=1"], "local", id="sendmail -v"),
        pytest.param([], "local", id="nothing known"),
    ],
)
def test_origin(attributes: list[bytes], origin: str) -> None:
    assert with_attributes(*attributes).origin == origin


# --- damaged files --------------------------------------------------------------------------------------------------

_START = records(ARRIVAL, SENDER)
_OLD_FILE = QueueFile(size_fields=1).write()


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
def test_what_cannot_be_read_is_told_with_its_place(data: bytes, unparsed: Unparsed) -> None:
    assert read(data).unparsed == unparsed


def test_what_stood_before_the_damage_is_kept() -> None:
    envelope = read(_START + records((rec.RECIPIENT, b"a@example.org")) + b"R\x09short")
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
        missing=frozenset({message.Input.RECIPIENTS}),
    )


def test_a_loop_of_pointers_over_recipients_keeps_few_of_them() -> None:
    data = _START + records(*[(rec.RECIPIENT, b"ab")] * 15000) + pointer(len(_START))
    envelope = read(data)
    assert envelope.unparsed is not None
    assert envelope.unparsed.problem == "a loop of pointers"
    assert len(envelope.pending) < message.MAX_RECORDS_KEPT + 15001


def test_a_loop_of_pointers_over_long_records_ends() -> None:
    loop = records(*[(ord("W"), b"x" * 1000)] * 60) + pointer(len(_START))
    envelope = read(_START + loop)
    assert envelope.unparsed is not None
    assert envelope.unparsed.problem == "more than 134217728 bytes to read"


def test_a_record_that_no_envelope_has_ends_it() -> None:
    assert read(_START + records((rec.NORMAL, b"x"))).unparsed == Unparsed(len(_START), "unexpected record type 'N'")


def test_content_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message, "MAX_WALK", 1000)
    data = QueueFile(body=[b"x" * 100] * 3000).write()
    with pytest.raises(ContentError, match=r"^more than 1000 bytes of content$"):
        content.read_content(fetch_from(data), read(data))


def test_pointers_far_apart_end() -> None:
    far = 3 * message.NEXT_READ
    data = bytearray(far)
    data[: len(_START)] = _START
    data[len(_START) : len(_START) + 17] = pointer(far)
    data += pointer(len(_START))
    envelope = read(bytes(data))
    assert envelope.unparsed == Unparsed(far, "too many reverse jumps")


def test_forward_pointers_are_no_loop() -> None:
    chain = bytearray(_START)
    for _jump in range(2 * rec.MAX_REVERSE_JUMPS):
        chain += pointer(len(chain) + 17)
    assert read(bytes(chain) + records((rec.RECIPIENT, b"a"), END)).pending == [b"a"]


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
    envelope = read(spec.write())
    assert envelope.pending == spec.pending()
    assert envelope.attributes == [b"create_time=1700000001", *spec.before_sender]
    monkeypatch.setattr(message, "_scan", None)
    if short:
        assert read(spec.write()) == envelope
    else:
        with pytest.raises(TypeError):
            read(spec.write())


# --- content --------------------------------------------------------------------------------------------------------


def content_of(spec: QueueFile) -> tuple[bytes, bytes]:
    data = spec.write()
    envelope = read(data)
    headers, problem = content.read_headers(fetch_from(data), envelope)
    assert problem is None
    return content.read_content(fetch_from(data), envelope), headers


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(QueueFile(), id="plain"),
        pytest.param(QueueFile(body=[]), id="no body"),
        pytest.param(QueueFile(headers=[]), id="no headers"),
        pytest.param(QueueFile(body=[b"x" * 2048, b"y" * 10000, b"z"]), id="long lines"),
        pytest.param(QueueFile(headers=[b"X: " + b"y" * 5000]), id="a long header"),
        pytest.param(QueueFile(body=[b"\x00\xff" * 100]), id="any bytes"),
        pytest.param(QueueFile(milters=True, headers=[b"A: b"], body=[b"x"]), id="padding"),
        pytest.param(
            QueueFile(milters=True, edits=MilterEdits(appended_headers=[b"X-A: 1", b"X-B: 2"])), id="headers added"
        ),
        pytest.param(QueueFile(milters=True, edits=MilterEdits(body=[b"replaced", b"", b"twice"])), id="body replaced"),
    ],
)
def test_content(spec: QueueFile) -> None:
    content, headers = content_of(spec)
    assert content == spec.content()
    assert headers == spec.content().partition(b"\n\n")[0] + b"\n" if spec.headers else headers == b""


def test_content_without_an_extracted_segment_behind_it() -> None:
    data = records(SENDER, (rec.MESSAGE, b""), (rec.NORMAL, b"Subject: a"), (rec.NORMAL, b""), (rec.NORMAL, b"x"), END)
    envelope = read(data)
    assert envelope.unparsed == Unparsed(len(data), "missing end record")
    assert content.read_content(fetch_from(data), envelope).startswith(b"Subject: a\n\nx\n")


def test_headers_without_an_empty_line_behind_them() -> None:
    data = records(SENDER, (rec.MESSAGE, b""), (rec.NORMAL, b"Subject: a"), (rec.EXTRACTED, b""), END)
    envelope = read(data)
    assert content.read_headers(fetch_from(data), envelope) == (b"Subject: a\n", None)


def test_a_line_end_after_a_long_header_is_no_empty_line() -> None:
    data = records(
        SENDER,
        (rec.MESSAGE, b""),
        (rec.CONTINUED, b"Subject: long"),
        (rec.NORMAL, b""),
        (rec.NORMAL, b"To: b"),
        (rec.NORMAL, b""),
        (rec.EXTRACTED, b""),
        END,
    )
    assert content.read_headers(fetch_from(data), read(data)) == (b"Subject: long\nTo: b\n", None)


def test_stored_text_has_every_record_on_a_line() -> None:
    data = records(
        ARRIVAL,
        (rec.CONTINUED, b"filter"),
        SENDER,
        (rec.RECIPIENT, b"a@example.org"),
        (rec.MESSAGE, b""),
        (rec.CONTINUED, b"one "),
        (rec.NORMAL, b"line"),
        (rec.PADDING, b"0"),
        (rec.EXTRACTED, b""),
        END,
    )
    assert (
        stored_text(fetch_from(data)) == b"1700000000 123456\nfilter\nsender@example.com\na@example.org\n\none line\n\n"
    )


def read_stored(fetch: Fetch, _envelope: Envelope) -> bytes:
    return stored_text(fetch)


_CUT = QueueFile(headers=[b"A: b"] * 10).write()
_CUT = _CUT[: read(_CUT).data_offset + 20]
_CUT_OFFSET = read(_CUT).data_offset + 18


@pytest.mark.parametrize("reader", [read_stored, content.read_content])
def test_content_that_is_cut_is_refused(reader: Callable[[Fetch, Envelope], bytes]) -> None:
    with pytest.raises(ContentError) as caught:
        reader(fetch_from(_CUT), read(_CUT))
    assert str(caught.value) == "the file ends within a record at offset %d" % _CUT_OFFSET


def test_content_that_is_cut_is_read_as_far_as_it_goes() -> None:
    problem = "the file ends within a record at offset %d" % _CUT_OFFSET
    assert content.read_start_of_content(fetch_from(_CUT), read(_CUT), most=1000) == (b"A: b\n" * 3, problem)
    assert content.read_headers(fetch_from(_CUT), read(_CUT)) == (b"A: b\n" * 3, problem)
    seen = b""
    with contextlib.suppress(ContentError):
        for window in content.text_windows(fetch_from(_CUT)):
            seen += window.text
    assert seen.endswith(b"\n\n" + b"A: b\n" * 3)


@pytest.mark.parametrize("junk", [b"\0" * 5000, b"N\xff\xff\xff\xff\x00"])
def test_what_stands_before_damaged_content_is_read(junk: bytes) -> None:
    data = QueueFile(headers=[b"A: b"], body=[b"early", b"late"]).write()
    data = data[: data.index(b"N\x04late")] + junk
    start, problem = content.read_start_of_content(fetch_from(data), read(data), most=1000)
    assert start == b"A: b\n\nearly\n"
    assert problem is not None


@pytest.mark.parametrize("reader", [content.read_content, content.read_headers])
def test_a_file_without_content_is_refused(reader: Callable[[Fetch, Envelope], object]) -> None:
    data = records(SENDER, END)
    with pytest.raises(ContentError) as caught:
        reader(fetch_from(data), read(data))
    assert str(caught.value) == "no start of content"


def test_a_file_of_an_end_only_has_no_text() -> None:
    assert stored_text(fetch_from(records(END))) == b""


def test_headers_have_a_bound() -> None:
    line = b"X: " + b"y" * 1000
    data = QueueFile(headers=[line] * 1100).write()
    headers, problem = content.read_headers(fetch_from(data), read(data))
    assert headers == (line + b"\n") * (content.MAX_HEADERS // 1004)
    assert problem == "more than 1048576 bytes of headers"


def test_a_header_line_that_goes_beyond_the_bound_is_left_out() -> None:
    data = QueueFile(headers=[b"A: b", b"X: " + b"y" * (2 << 20)]).write()
    headers, _problem = content.read_headers(fetch_from(data), read(data))
    assert headers == b"A: b\n"


def test_a_fetch_that_fails_is_not_hidden() -> None:
    def fetch(_offset: int, _size: int) -> bytes:
        raise OSError(os.strerror(5))

    with pytest.raises(OSError, match="Input/output error"):
        message.read_envelope(fetch, file_size=1)


# --- what the stored text holds -------------------------------------------------------------------------------------

_HELD = QueueFile(sender=b"who@example.com", body=[b"a line of text", b"b" * 50, b"an end"])


@pytest.mark.parametrize(
    ("spec", "text", "held"),
    [
        pytest.param(_HELD, b"line of", True, id="within a line"),
        pytest.param(_HELD, b"a line of text", True, id="a whole line"),
        pytest.param(_HELD, b"Subject: a test", True, id="a header"),
        pytest.param(_HELD, b"no such text", False, id="nowhere"),
        pytest.param(_HELD, b"who@", None, id="in the envelope"),
        pytest.param(_HELD, b"textN2bbb", None, id="across the head of a record"),
        pytest.param(_HELD, b"text\nbbb", None, id="more than one line"),
        pytest.param(_HELD._replace(extracted=todo(b"later@x")), b"later@x", True, id="behind the content"),
        pytest.param(
            _HELD._replace(extracted=todo(b"later@x")), b"no such text", False, id="nowhere, not behind it either"
        ),
        pytest.param(_HELD._replace(body=[b"a" * 3000]), b"no such text", None, id="a line that was split"),
        pytest.param(
            _HELD._replace(milters=True), b"no such text", False, id="nowhere, not in the place for a milter's edits"
        ),
        pytest.param(_HELD._replace(milters=True), b"an end", True, id="beside places for a milter's edits"),
        pytest.param(_HELD._replace(milters=True), b"        0", None, id="in a place for a milter's edits"),
        pytest.param(
            _HELD._replace(milters=True, headers=[b"X: y"]), b" 0", None, id="in what fills up a short header"
        ),
        pytest.param(
            _HELD._replace(milters=True, edits=MilterEdits(appended_headers=[b"X: y"])),
            b"no such",
            None,
            id="a pointer",
        ),
        pytest.param(
            _HELD._replace(milters=True, edits=MilterEdits(body=[b"z"])), b"a line", None, id="a line that was replaced"
        ),
    ],
)
def test_holds(spec: QueueFile, text: bytes, held: bool | None) -> None:
    data = spec.write()
    assert content.holds(data, read(data), text) is held


@pytest.mark.parametrize(
    "data",
    [pytest.param(_HELD.write()[:-20], id="cut"), pytest.param(b"", id="empty"), pytest.param(_START, id="start")],
)
def test_a_file_that_is_damaged_is_not_decided_about(data: bytes) -> None:
    assert content.holds(data, read(data), b"no such text") is None


def test_a_record_of_impossible_length_is_not_decided_about() -> None:
    envelope = read(_HELD.write())
    data = _HELD.write()[: envelope.data_offset] + b"N\xff\xff\xff\xff\x00"
    assert content.holds(data, envelope, b"no such text") is None
