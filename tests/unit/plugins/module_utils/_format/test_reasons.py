# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.reasons import (
    parse_defer_log,
    parse_log,
    reason_for,
)

# As bounce(8) writes it (src/bounce/bounce_append_service.c).
_REFUSED = b"""<a@example.org>: connect to mx.example.org[192.0.2.1]:25: Connection refused
recipient=a@example.org
offset=693
dsn_orig_rcpt=rfc822;a@example.org
status=4.4.1
action=delayed
reason=connect to mx.example.org[192.0.2.1]:25: Connection refused

"""
_FULL = b"""<"john doe"@example.org>: mailbox full
recipient="john doe"@example.org
status=4.2.2
action=delayed
reason=mailbox full

"""


@pytest.mark.parametrize(
    ("log", "reasons"),
    [
        pytest.param(b"", {}, id="empty"),
        pytest.param(
            _REFUSED, {b"a@example.org": b"connect to mx.example.org[192.0.2.1]:25: Connection refused"}, id="one"
        ),
        pytest.param(
            _FULL + _REFUSED,
            {
                b"john doe@example.org": b"mailbox full",
                b"a@example.org": b"connect to mx.example.org[192.0.2.1]:25: Connection refused",
            },
            id="several, in internal form",
        ),
        pytest.param(
            _REFUSED + _REFUSED.replace(b"connect to", b"lost connection with"),
            {b"a@example.org": b"lost connection with mx.example.org[192.0.2.1]:25: Connection refused"},
            id="the last word counts",
        ),
        pytest.param(b"recipient = a@b\nreason =\tfull\n", {b"a@b": b"full"}, id="blanks round the sign"),
        pytest.param(b"recipient=a@b\nreason=x=y=z\n", {b"a@b": b"x=y=z"}, id="signs in the value"),
        pytest.param(b"reason=lost\nrecipient=a@b\nstatus=4.0.0\n", {}, id="no reason for a recipient"),
        pytest.param(
            b"recipient=a@b\nrecipient=c@d\nreason=full\n", {b"c@d": b"full"}, id="an entry that was cut before another"
        ),
        pytest.param(
            b"<a@b>: mailbox full\n\n<c@d>: no route\n", {b"a@b": b"mailbox full", b"c@d": b"no route"}, id="before 2.3"
        ),
        pytest.param(b"recipient=<>\nreason=full\n", {b"": b"full"}, id="an empty recipient"),
        pytest.param(b'recipient="<>"\nreason=full\n', {b"<>": b"full"}, id="one that looks like it"),
        pytest.param(b"\x00\xff= reason\nreasons=x\n", {}, id="none of the log's"),
        pytest.param(b"recipient=\xff@b\nreason=\xfe\n", {b"\xff@b": b"\xfe"}, id="any bytes"),
    ],
)
def test_parse_defer_log(log: bytes, reasons: dict[bytes, bytes]) -> None:
    assert parse_defer_log(log) == reasons


@pytest.mark.parametrize(
    ("recipient", "logged"),
    [
        pytest.param(b"a@example.org", b"a@example.org", id="as it is"),
        pytest.param(b"jos\xe9@example.org", b"jos?@example.org", id="no UTF-8"),
        pytest.param(
            "jos\u00e9@example.org".encode(), "jos\u00e9@example.org".encode(), id="UTF-8, where it is enabled"
        ),
        pytest.param("jos\u00e9@example.org".encode(), b"jos??@example.org", id="UTF-8, where it is not"),
        pytest.param("\u00e9\x07\udcff@b".encode("utf-8", "surrogateescape"), "\u00e9??@b".encode(), id="both"),
        pytest.param(b"a\x7fb\tc@example.org", b"a?b?c@example.org", id="control characters"),
        pytest.param("a\u009bb@example.org".encode(), "a\u009bb@example.org".encode(), id="C1, which is UTF-8"),
    ],
)
def test_the_reason_for_a_recipient_in_the_form_of_the_log(recipient: bytes, logged: bytes) -> None:
    assert reason_for({logged: b"full", b"other@example.org": b"no route"}, recipient) == b"full"
    assert reason_for({b"other@example.org": b"no route"}, recipient) is None


def test_the_exact_form_comes_first() -> None:
    assert reason_for({b"jos?@b": b"masked", b"jos\xe9@b": b"exact"}, b"jos\xe9@b") == b"exact"


def test_parse_log() -> None:
    assert parse_log(b"lost=1\n" + _FULL + _REFUSED + b"recipient=a@example.org\nreason = last word\nno line\n") == {
        b"john doe@example.org": {b"status": b"4.2.2", b"action": b"delayed", b"reason": b"mailbox full"},
        b"a@example.org": {b"reason": b"last word"},
    }
