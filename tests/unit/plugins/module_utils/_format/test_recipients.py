# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.recipients import Recipient, read_recipients
from tests.unit.support.queue_file import QueueFile, fetch_from, todo
from tests.unit.support.real_files import REAL_FILES, RealFile


def attribute(text: bytes) -> bytes:
    return rec.encode_record(rec.ATTRIBUTE, text)


def recipient(address: bytes, kind: int = rec.RECIPIENT) -> bytes:
    return rec.encode_record(kind, address)


END = rec.encode_record(rec.MESSAGE, b"") + rec.encode_record(rec.EXTRACTED, b"") + rec.encode_record(rec.END, b"")


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        pytest.param(recipient(b"a@b"), Recipient(b"a@b", "pending", None, None, ()), id="plain"),
        pytest.param(recipient(b"a@b", rec.DONE), Recipient(b"a@b", "done", None, None, ()), id="done"),
        pytest.param(recipient(b"a@b", rec.CANCELLED), Recipient(b"a@b", "cancelled", None, None, ()), id="cancelled"),
        pytest.param(
            attribute(b"dsn_orig_rcpt=rfc822;c@d")
            + attribute(b"notify_flags=12")
            + rec.encode_record(rec.ORIGINAL_RECIPIENT, b"c@d")
            + recipient(b"a@b"),
            Recipient(b"a@b", "pending", b"c@d", b"rfc822;c@d", ("failure", "delay")),
            id="rewritten",
        ),
        pytest.param(
            rec.encode_record(rec.ORIGINAL_RECIPIENT, b"A@B") + recipient(b"a@b"),
            Recipient(b"a@b", "pending", None, None, ()),
            id="the same in another case",
        ),
        pytest.param(
            rec.encode_record(rec.ORIGINAL_RECIPIENT, b"") + attribute(b"notify_flags=x") + recipient(b"a@b"),
            Recipient(b"a@b", "pending", None, None, ()),
            id="values that say nothing",
        ),
        pytest.param(
            attribute(b"notify_flags=4444") + attribute(b"other=1") + recipient(b"a@b"),
            Recipient(b"a@b", "pending", None, None, ()),
            id="a number that is no mask",
        ),
    ],
)
def test_a_recipient(data: bytes, expected: Recipient) -> None:
    found = read_recipients(fetch_from(data + END), most=10)
    assert found.listed == [expected]
    assert found.counts[expected.state] == sum(found.counts.values()) == 1
    assert found.problem is None


def test_details_of_a_recipient_are_not_those_of_the_next() -> None:
    data = rec.encode_record(rec.ORIGINAL_RECIPIENT, b"c@d") + recipient(b"a@b", rec.DONE) + recipient(b"e@f")
    assert read_recipients(fetch_from(data + END), most=10).listed == [
        Recipient(b"e@f", "pending", None, None, ()),
        Recipient(b"a@b", "done", b"c@d", None, ()),
    ]


def test_all_recipients_are_counted_and_a_few_are_listed() -> None:
    spec = QueueFile(recipients=[*todo(b"a@b", b"c@d", b"e@f"), (rec.DONE, b"g@h")], extracted=todo(b"i@j"))
    found = read_recipients(fetch_from(spec.write()), most=2)
    assert [row.address for row in found.listed] == [b"a@b", b"c@d", b"g@h"]
    assert found.listed[0].original == b"original+a@b"
    assert found.counts == {"pending": 4, "done": 1, "cancelled": 0}


def test_recipient_records_in_the_content_do_not_count() -> None:
    data = rec.encode_record(rec.MESSAGE, b"") + recipient(b"a@b") + END[2:]
    assert read_recipients(fetch_from(data), most=10).listed == []


def test_a_file_that_is_cut_says_so() -> None:
    found = read_recipients(fetch_from(recipient(b"a@b") + b"R\x05a"), most=10)
    assert found.counts["pending"] == 1
    assert found.problem == "the file ends within a record at offset 5"


def test_a_file_that_is_too_long_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_WALK", 3000)
    found = read_recipients(fetch_from(recipient(b"a@b") * 20000 + END), most=10)
    assert found.counts["pending"] == bounds.NEXT_READ // 5
    assert found.problem == "more than 3000 bytes to read at offset 65535"


def test_the_content_is_skipped() -> None:
    data = QueueFile(body=[b"x" * 1000] * 5000, extracted=todo(b"b@c")).write()
    fetched = []

    def fetch(offset: int, size: int) -> bytes:
        fetched.append(size)
        return data[offset : offset + size]

    assert read_recipients(fetch, most=10).counts["pending"] == 2
    assert fetched == [bounds.NEXT_READ] * 2


@pytest.mark.parametrize("sizes", [b"x", b"1 2", b"10 20 30"])
def test_a_size_record_that_does_not_fit_is_ignored(sizes: bytes) -> None:
    data = rec.encode_record(rec.SIZE, sizes) + recipient(b"a@b") + rec.encode_record(rec.MESSAGE, b"")
    data += (
        rec.encode_record(rec.NORMAL, b"text")
        + rec.encode_record(rec.EXTRACTED, b"")
        + recipient(b"c@d")
        + rec.encode_record(rec.END, b"")
    )
    assert read_recipients(fetch_from(data), most=10).counts["pending"] == 2


WHOLE = [real for real in REAL_FILES if real.content is not None]


@pytest.mark.parametrize("real", WHOLE, ids=["%s-%s" % (real.release, real.case) for real in WHOLE])
def test_recipients_are_what_postcat_prints(real: RealFile) -> None:
    found = read_recipients(fetch_from(real.data), most=1000)
    by_state = {state: [row.address for row in found.listed if row.state == state] for state in found.counts}
    assert by_state["pending"] == real.values("recipient")
    assert by_state["done"] == real.values("done_recipient")
    assert found.problem is None
    originals = {value.lower() for value in real.values("original_recipient")}
    assert {row.original.lower() for row in found.listed if row.original is not None} <= originals
