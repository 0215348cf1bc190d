# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import record as rec
from ansible_collections.mailops.postfix.plugins.module_utils._summary.detail import BUDGETS, show_message
from tests.unit.support.opened import Opened
from tests.unit.support.queue_file import QueueFile, todo

LOG = b"""<a@example.org>: full
recipient=a@example.org
status=4.2.2
action=delayed
diag_type=smtp
diag_text=452 4.2.2 full
mta_type=dns
mta_mname=mx.example.org
reason=host said: full
"""
PLAIN = QueueFile(recipients=todo(b"a@example.org"), headers=[b"Subject: =?utf-8?q?=C3=BC?="], body=[b"a secret"])


def test_a_message_in_full() -> None:
    row = show_message(Opened(PLAIN.write(), LOG), excerpt=0)
    assert row.pop("size") > 0
    assert row == {
        "queue_id": "4A0F9AC",
        "queue": "deferred",
        "arrival_time": 1700000000,
        "origin": "local",
        "next_retry": None,
        "forced_expire": False,
        "sender": "sender@example.com",
        "attributes": [{"name": "create_time", "value": "1700000001"}, {"name": "rewrite_context", "value": "remote"}],
        "recipient_count": {"pending": 1, "done": 0, "cancelled": 0},
        "recipients": [
            {
                "address": "a@example.org",
                "state": "pending",
                "original": "original+a@example.org",
                "dsn_original": None,
                "notify": [],
                "status": "4.2.2",
                "reason": "host said: full",
                "diagnostic": "452 4.2.2 full",
                "mta": "mx.example.org",
            }
        ],
        "headers": [{"name": "Subject", "value": "ü"}],
        "parts": [
            {
                "number": "0",
                "content_type": "text/plain",
                "charset": None,
                "encoding": None,
                "disposition": None,
                "filename": None,
                "size": 9,
            }
        ],
        "cut": [],
        "problem": None,
    }


@pytest.mark.parametrize(
    ("headers", "excerpt"),
    [
        pytest.param([], "a secret\n", id="text"),
        pytest.param([b"Content-Type: image/png"], None, id="no text"),
    ],
)
def test_an_excerpt_on_request(headers: list[bytes], excerpt: str | None) -> None:
    data = PLAIN._replace(headers=headers).write()
    assert show_message(Opened(data), excerpt=100)["excerpt"] == excerpt
    assert "secret" not in json.dumps(show_message(Opened(data), excerpt=0))


def test_untrusted_text_is_escaped() -> None:
    spec = QueueFile(
        sender=b"s\x9b@example.com",
        recipients=todo("a\u202eb@example.org".encode()),
        after_sender=[b"sasl_username=*@x\x1b", b"client_name=.x\xff", b"helo_name=*.x", b"\x07=\x07"],
        headers=[
            b'Content-Type: text/plain; charset="\x1bx"; name="\x9b\xe2\x80\xae"',
            b"Subject: a\x1bb",
            b"\tc",
            b"X-Regex: /x/",
            b"X(odd): y",
        ],
        body=[b"one\x1b\ttwo", b"C:\\x41"],
    )
    row = show_message(Opened(spec.write(), b"recipient=a\xe2\x80\xaeb@example.org\nreason=\x1b no\n"), excerpt=100)
    assert row["sender"] == r"s\x9b@example.com"
    assert row["recipients"][0]["address"] == r"a\u202eb@example.org"
    assert row["recipients"][0]["reason"] == r"\x1b no"
    assert {attribute["name"]: attribute["value"] for attribute in row["attributes"]}.items() >= {
        ("sasl_username", r"\x2a@x\x1b"),
        ("client_name", r"\x2ex\xff"),
        ("helo_name", r"\x2a.x"),
        (r"\x07", r"\x07"),
    }
    assert {"name": "Subject", "value": r"a\x1bb c"} in row["headers"]
    assert {"name": "X-Regex", "value": r"\x2fx/"} in row["headers"]
    assert {"name": "X(odd)", "value": "y"} in row["headers"]
    assert row["excerpt"] == "one\\x1b\ttwo\nC:\\x5cx41\n"
    assert all(text.isprintable() for part in row["parts"] for text in part.values() if isinstance(text, str))


def test_an_original_that_the_client_gave() -> None:
    data = rec.encode_record(rec.SENDER, b"")
    data += rec.encode_record(rec.ATTRIBUTE, b"a=1") + rec.encode_record(rec.ATTRIBUTE, b"a=2")
    data += rec.encode_record(rec.ATTRIBUTE, b"dsn_orig_rcpt=rfc822;x")
    data += rec.encode_record(rec.RECIPIENT, b"a@b")
    row = show_message(Opened(data), excerpt=5)
    assert row["sender"] == "<>"
    assert row["recipients"][0]["dsn_original"] == "rfc822;x"
    assert row["recipients"][0]["reason"] is None
    assert row["attributes"][0] == {"name": "a", "value": "1"}
    assert row["problem"] == "missing end record at offset 41; no start of content"
    assert (row["headers"], row["parts"], row["excerpt"]) == ([], [], None)


def test_an_unknown_value_is_null() -> None:
    row = show_message(Opened(b""), excerpt=0)
    assert (row["sender"], row["arrival_time"]) == (None, None)
    assert row["problem"] == "the file is empty; missing end record at offset 0; no start of content"


def test_what_could_not_be_read_is_a_problem() -> None:
    opened = Opened(PLAIN.write())
    opened.problem = "parts nested more than 300 deep"
    assert show_message(opened, excerpt=0)["problem"] == "parts nested more than 300 deep"


@pytest.mark.parametrize("junk", [b"x" * 500, b'"\\' * 250, "ü".encode() * 500, b"\xff" * 500])
def test_every_list_is_bounded(junk: bytes) -> None:
    part = b'--b\nContent-Type: text/plain; name="' + junk + b'"\n\nx\n'
    spec = QueueFile(
        sender=junk,
        recipients=todo(*(b"%d" % number + junk for number in range(300))),
        after_sender=[b"a%d=" % number + junk for number in range(100)],
        headers=[b"Content-Type: multipart/mixed; boundary=b", *(b"X: " + junk for _number in range(100))],
        body=part.split(b"\n") * 100,
    )
    row = show_message(Opened(spec.write()), excerpt=50)
    assert row["cut"] == ["attributes", "recipients", "headers", "parts"]
    for name, budget in BUDGETS.items():
        assert len(json.dumps(row[name])) <= budget
    assert len(json.dumps(row)) < sum(BUDGETS.values()) + 1500
