# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import RecordError
from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import Cursor, WalkLimitReached
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Unparsed
from tests.unit.support.opened import envelope_of
from tests.unit.support.queue_file import fetch_from, pointer, records

_START = records((rec.TIME, b"1700000000 123456"), (rec.SENDER, b"sender@example.com"))


def test_a_loop_of_pointers_far_apart_ends() -> None:
    far = 3 * bounds.NEXT_READ
    data = bytearray(far)
    data[: len(_START)] = _START
    data[len(_START) : len(_START) + 17] = pointer(far)
    data += pointer(len(_START))
    envelope = envelope_of(bytes(data))
    assert envelope.unparsed == Unparsed(far, "too many reverse jumps")


def test_forward_pointers_are_not_a_loop() -> None:
    chain = bytearray(_START)
    for _jump in range(2 * rec.MAX_REVERSE_JUMPS):
        chain += pointer(len(chain) + 17)
    assert envelope_of(bytes(chain) + records((rec.RECIPIENT, b"a"), (rec.END, b""))).pending == [b"a"]


@pytest.mark.parametrize(
    ("payload", "offset"),
    [
        pytest.param(b"              0", 17, id="placeholder"),
        pytest.param(b"             40", 40, id="forward, in the window"),
        pytest.param(b"            500", 500, id="forward, out of the window"),
    ],
)
def test_follow(payload: bytes, offset: int) -> None:
    cursor = Cursor(fetch_from(b""), window=bytes(100))
    cursor.follow(payload, 17)
    assert cursor.offset == offset


def test_a_malformed_pointer_is_an_error_with_its_offset() -> None:
    cursor = Cursor(fetch_from(b""), offset=1000, window=bytes(100))
    cursor.position = 7
    with pytest.raises(RecordError, match=r"^malformed pointer b'x' at offset 1007$"):
        cursor.follow(b"x", 20)


def test_a_record_that_is_cut_is_kept() -> None:
    data = bytes(range(200))
    cursor = Cursor(fetch_from(data, at_most=50), window=data[:50])
    cursor.position = 45
    cursor.more()
    assert (cursor.offset, cursor.window, cursor.position) == (45, data[45:100], 0)


def test_the_bytes_to_read_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_WALK", 99)
    cursor = Cursor(fetch_from(b""), window=bytes(200))
    cursor.goto(99)
    with pytest.raises(WalkLimitReached, match=r"^more than 99 bytes to read at offset 99$"):
        cursor.goto(100)
