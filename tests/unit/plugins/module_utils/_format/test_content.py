# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds, content
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Envelope, Unparsed
from tests.unit.support.opened import envelope_of, stored_text
from tests.unit.support.queue_file import MilterEdits, QueueFile, fetch_from, records, todo

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._format.record import Fetch

SENDER = (rec.SENDER, b"sender@example.com")
END = (rec.END, b"")
_START = records((rec.TIME, b"1700000000 123456"), SENDER)


def content_of(spec: QueueFile) -> tuple[bytes, bytes]:
    data = spec.write()
    envelope = envelope_of(data)
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


def test_content_without_an_extracted_segment_after_it() -> None:
    data = records(SENDER, (rec.MESSAGE, b""), (rec.NORMAL, b"Subject: a"), (rec.NORMAL, b""), (rec.NORMAL, b"x"), END)
    envelope = envelope_of(data)
    assert envelope.unparsed == Unparsed(len(data), "missing end record")
    assert content.read_content(fetch_from(data), envelope).startswith(b"Subject: a\n\nx\n")


def test_headers_without_an_empty_line_after_them() -> None:
    data = records(SENDER, (rec.MESSAGE, b""), (rec.NORMAL, b"Subject: a"), (rec.EXTRACTED, b""), END)
    envelope = envelope_of(data)
    assert content.read_headers(fetch_from(data), envelope) == (b"Subject: a\n", None)


def test_a_line_end_after_a_long_header_is_not_an_empty_line() -> None:
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
    assert content.read_headers(fetch_from(data), envelope_of(data)) == (b"Subject: long\nTo: b\n", None)


def read_stored(fetch: Fetch, _envelope: Envelope) -> bytes:
    return stored_text(fetch)


_WHOLE = QueueFile(headers=[b"A: b"] * 10).write()
_CUT = _WHOLE[: envelope_of(_WHOLE).data_offset + 20]
_CUT_OFFSET = envelope_of(_WHOLE).data_offset + 18


@pytest.mark.parametrize("reader", [read_stored, content.read_content])
def test_content_that_is_cut_is_refused(reader: Callable[[Fetch, Envelope], bytes]) -> None:
    with pytest.raises(ContentError) as caught:
        reader(fetch_from(_CUT), envelope_of(_CUT))
    assert str(caught.value) == "the file ends within a record at offset %d" % _CUT_OFFSET


def test_content_that_is_cut_is_read_up_to_the_cut() -> None:
    problem = "the file ends within a record at offset %d" % _CUT_OFFSET
    assert content.read_start_of_content(fetch_from(_CUT), envelope_of(_CUT), most=1000) == (b"A: b\n" * 3, problem)
    assert content.read_headers(fetch_from(_CUT), envelope_of(_CUT)) == (b"A: b\n" * 3, problem)
    seen = b""
    with contextlib.suppress(ContentError):
        for window in content.text_windows(fetch_from(_CUT)):
            seen += window.text
    assert seen.endswith(b"\n\n" + b"A: b\n" * 3)


@pytest.mark.parametrize("junk", [b"\0" * 5000, b"N\xff\xff\xff\xff\x00"])
def test_lines_before_damaged_content_are_read(junk: bytes) -> None:
    data = QueueFile(headers=[b"A: b"], body=[b"early", b"late"]).write()
    data = data[: data.index(b"N\x04late")] + junk
    start, problem = content.read_start_of_content(fetch_from(data), envelope_of(data), most=1000)
    assert start == b"A: b\n\nearly\n"
    assert problem is not None


@pytest.mark.parametrize("reader", [content.read_content, content.read_headers])
def test_a_file_without_content_is_refused(reader: Callable[[Fetch, Envelope], object]) -> None:
    data = records(SENDER, END)
    with pytest.raises(ContentError) as caught:
        reader(fetch_from(data), envelope_of(data))
    assert str(caught.value) == "no start of content"


def test_content_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_WALK", 1000)
    data = QueueFile(body=[b"x" * 100] * 3000).write()
    with pytest.raises(ContentError, match=r"^more than 1000 bytes of content$"):
        content.read_content(fetch_from(data), envelope_of(data))


def test_headers_have_a_bound() -> None:
    line = b"X: " + b"y" * 1000
    data = QueueFile(headers=[line] * 1100).write()
    headers, problem = content.read_headers(fetch_from(data), envelope_of(data))
    assert headers == (line + b"\n") * (content.MAX_HEADERS // 1004)
    assert problem == "more than 1048576 bytes of headers"


def test_a_header_line_beyond_the_bound_is_left_out() -> None:
    data = QueueFile(headers=[b"A: b", b"X: " + b"y" * (2 << 20)]).write()
    headers, _problem = content.read_headers(fetch_from(data), envelope_of(data))
    assert headers == b"A: b\n"


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
        pytest.param(_HELD._replace(milters=True), b"an end", True, id="next to places for a milter's edits"),
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
    assert content.holds(data, envelope_of(data), text) is held


@pytest.mark.parametrize(
    "data",
    [pytest.param(_HELD.write()[:-20], id="cut"), pytest.param(b"", id="empty"), pytest.param(_START, id="start")],
)
def test_a_damaged_file_is_not_decided(data: bytes) -> None:
    assert content.holds(data, envelope_of(data), b"no such text") is None


def test_a_record_of_impossible_length_is_not_decided() -> None:
    envelope = envelope_of(_HELD.write())
    data = _HELD.write()[: envelope.data_offset] + b"N\xff\xff\xff\xff\x00"
    assert content.holds(data, envelope, b"no such text") is None
