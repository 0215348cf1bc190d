# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import bounds
from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._format.cursor import Cursor
from ansible_collections.mailops.postfix.plugins.module_utils._format.lines import Lines, skip_content
from tests.unit.support.opened import stored_text
from tests.unit.support.queue_file import fetch_from, records

ARRIVAL = (rec.TIME, b"1700000000 123456")
SENDER = (rec.SENDER, b"sender@example.com")
END = (rec.END, b"")


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


def test_a_file_with_an_end_record_only_has_no_text() -> None:
    assert stored_text(fetch_from(records(END))) == b""


def test_a_list_of_lines_is_bounded() -> None:
    data = records(*[(rec.NORMAL, b"a line")] * 3000, END)
    lists = list(Lines(Cursor(fetch_from(data)), stop=rec.EXTRACTED))
    assert [line for lines in lists for line in lines] == [b"a line\n"] * 3000
    # A line takes eight bytes, and a list is made of 8 KiB of them.
    assert max(map(len, lists)) == 1024


def test_empty_lines_are_one_string() -> None:
    data = records(*[(rec.NORMAL, b"")] * 3000, (rec.NORMAL, b"x"), END)
    lists = list(Lines(Cursor(fetch_from(data)), stop=rec.EXTRACTED))
    assert [line for lines in lists for line in lines] == [b"\n" * 3000, b"x\n"]


_TEXT = records(*[(rec.NORMAL, b"x" * 5)] * 100000)
_FILE = records((rec.MESSAGE, b"")) + _TEXT + records((rec.EXTRACTED, b""), (rec.RECIPIENT, b"a@b"), END)


def at_the_content(fetched: list[int]) -> Cursor:
    def fetch(offset: int, size: int) -> bytes:
        fetched.append(offset)
        return _FILE[offset : offset + size]

    cursor = Cursor(fetch, window=_FILE[:2])
    cursor.position = 2
    return cursor


def test_content_is_skipped_by_the_size_record() -> None:
    fetched: list[int] = []
    cursor = at_the_content(fetched)
    skip_content(cursor, [len(_TEXT), 2, 1])
    assert _FILE[cursor.offset :].startswith(b"X\0")
    assert fetched == []


@pytest.mark.parametrize(
    "sizes",
    [
        pytest.param([len(_TEXT), 2], id="of an old version"),
        pytest.param([len(_TEXT), 3, 1], id="with another start of the content"),
        pytest.param([0, 2, 1], id="without a size, as in maildrop"),
    ],
)
def test_content_is_skipped_line_by_line_if_the_size_record_does_not_fit(sizes: list[int]) -> None:
    fetched: list[int] = []
    cursor = at_the_content(fetched)
    skip_content(cursor, sizes)
    assert _FILE[cursor.offset :].startswith(b"R\x03a@b")
    assert len(fetched) == len(_FILE) // bounds.NEXT_READ + 1
