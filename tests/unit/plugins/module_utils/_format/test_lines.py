# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
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
