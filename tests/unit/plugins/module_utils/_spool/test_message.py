# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import ContentError
from ansible_collections.mailops.postfix.plugins.module_utils._format.bounds import FIRST_READ
from ansible_collections.mailops.postfix.plugins.module_utils._format.envelope import Input, fingerprint
from ansible_collections.mailops.postfix.plugins.module_utils._spool import message as stored
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.queue_file import QueueFile, todo
from tests.unit.support.spool import MadeUpSpool

ID = "4A0F9AC"
FILE = QueueFile(
    recipients=todo(b"a@example.org", b"b@example.org"),
    headers=[b"Subject: =?utf-8?q?gr=C3=BC=C3=9Fe?=", b"Content-Transfer-Encoding: base64"],
    body=[b"aGVsbG8="],
)
DATA = FILE.write()


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.fixture
def spool(made: MadeUpSpool) -> Iterator[Spool]:
    with Spool(str(made.path)) as opened:
        yield opened


def only(spool: Spool, queue: str = "deferred") -> SpoolMessage:
    """Return the one message of a queue, open."""
    messages = [SpoolMessage(spool, found) for found in spool.walk(queue)]
    assert len(messages) == 1
    return messages[0]


def test_a_message(made: MadeUpSpool, spool: Spool) -> None:
    path = made.put("deferred", ID, DATA, mtime=1700000900)
    message = only(spool)
    assert (message.queue, message.queue_id) == ("deferred", ID)
    assert message.envelope.pending == [b"a@example.org", b"b@example.org"]
    assert message.ready
    assert message.readable
    assert not message.forced_expire
    assert message.next_retry == 1700000900
    assert message.origin == "local"
    assert message.fingerprint == fingerprint(message.envelope, inode=path.stat().st_ino)
    message.close()


def test_its_content(made: MadeUpSpool, spool: Spool) -> None:
    made.put("hold", ID, DATA)
    message = only(spool, "hold")
    assert message.headers() == [("Subject", "grüße"), ("Content-Transfer-Encoding", "base64")]
    assert message.text_parts() == ["hello"]
    assert [b"sender@example.com\n" in window.text for window in message.text_windows()] == [True]
    assert (message.problem, message.missing) == (None, frozenset())
    assert message.next_retry is None
    message.close()


def test_its_reasons_are_read_once(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA)
    log = made.put_defer_log(ID, a="mailbox full", b="refused")
    message = only(spool)
    expected = {b"a@example.org": b"mailbox full", b"b@example.org": b"refused"}
    assert message.reasons() == expected
    log.unlink()
    assert message.reasons() == expected
    message.close()


@pytest.mark.parametrize(
    ("mode", "ready", "forced_expire"),
    [
        pytest.param(0o700, True, False, id="ready"),
        pytest.param(0o710, True, True, id="expired by hand"),
        pytest.param(0o740, True, False, id="unthrottled"),
        pytest.param(0o750, True, True, id="both"),
        pytest.param(0o600, False, False, id="being written"),
        pytest.param(0o400, False, False, id="corrupt"),
    ],
)
def test_modes(made: MadeUpSpool, spool: Spool, mode: int, ready: bool, forced_expire: bool) -> None:
    made.put("deferred", ID, DATA, mode=mode)
    message = only(spool)
    assert (message.ready, message.forced_expire) == (ready, forced_expire)
    message.close()


def test_in_maildrop_the_size_is_the_files(made: MadeUpSpool, spool: Spool) -> None:
    made.put("maildrop", ID, DATA)
    message = only(spool, "maildrop")
    assert message.envelope.size == len(DATA)
    message.close()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(DATA[:100], id="cut"),
        pytest.param(b"\x00" * 5000, id="zeros"),
        pytest.param(b"T\x0c1700000000 1E\x00", id="no sender"),
    ],
)
def test_damaged_files_say_so(made: MadeUpSpool, spool: Spool, data: bytes) -> None:
    made.put("deferred", ID, data)
    message = only(spool)
    assert not message.readable
    assert message.damaged
    assert message.problem == message.envelope.problem
    assert message.missing == message.envelope.missing
    message.close()


# Longer than what is read first, so that the end of its content is not in sight.
LONG = QueueFile(body=[b"a needle in it", *[b"x" * 100] * 200], headers=[b"Subject: a test"])


def test_the_end_of_a_long_content_is_looked_at_on_request(made: MadeUpSpool, spool: Spool) -> None:
    whole = LONG.write()
    made.put("deferred", ID, whole)
    made.put("hold", ID, whole[:12000].ljust(len(whole), b"\0"))
    message = only(spool)
    message.check_end()
    assert (message.damaged, message.problem) == (False, None)
    nulled = only(spool, "hold")
    assert nulled.readable
    nulled.check_end()
    assert nulled.damaged
    place = whole.index(b"X\x00")
    assert nulled.problem == "the content does not end where the size record says at offset %d" % place
    for opened in (message, nulled):
        opened.close()


def test_the_end_of_a_damaged_file_is_not_looked_at(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA[:100])
    message = only(spool)
    message.check_end()
    assert message.problem == message.envelope.problem
    message.close()


def test_what_is_left_of_a_cut_content_can_be_asked_for(made: MadeUpSpool, spool: Spool) -> None:
    whole = LONG.write()
    made.put("deferred", ID, whole[:10000])
    message = only(spool)
    assert not message.readable
    assert message.problem == "the file ends before its content does at offset 10000"
    assert message.headers() == [("Subject", "a test")]
    assert message.missing == frozenset()
    assert message.holds(b"a needle")
    assert message.missing == frozenset()
    assert not message.holds(b"no such text")
    assert "a needle in it\n" in message.text_parts()[0]
    assert message.missing == {Input.CONTENT, Input.BODY}
    message.close()


def test_a_file_without_content_has_nothing_to_ask_for(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA[:200])
    message = only(spool)
    assert (message.headers(), message.text_parts(), message.structure()[0].size) == ([], [""], 0)
    assert message.missing >= {Input.HEADERS, Input.BODY}
    message.close()


def test_more_reasons_than_are_read_are_missing(
    made: MadeUpSpool, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put("deferred", ID, DATA)
    log = made.put_defer_log(ID, a="mailbox full", b="refused")
    monkeypatch.setattr(stored, "MAX_LOG", log.stat().st_size)
    message = only(spool)
    assert len(message.reasons()) == 2
    assert message.missing == {Input.REASONS}
    assert message.problem == "more than %d bytes of delay reasons" % log.stat().st_size
    message.close()


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        pytest.param(["Content-Type: message/rfc822"], None, id="one message in it"),
        pytest.param(["Content-Type: message/rfc822", ""] * 400, "parts nested more than 300 deep", id="many"),
    ],
)
def test_parts_that_are_too_deep_are_missing(
    made: MadeUpSpool, spool: Spool, headers: list[str], problem: str | None
) -> None:
    made.put("deferred", ID, QueueFile(headers=[line.encode() for line in headers]).write())
    message = only(spool)
    assert message.text_parts() is message.text_parts()
    assert message.problem == problem
    assert message.structure()
    assert message.missing == (frozenset() if problem is None else {Input.BODY})
    message.close()


def test_a_file_that_is_larger_than_one_read(made: MadeUpSpool, spool: Spool) -> None:
    large = QueueFile(
        recipients=todo(*(b"%d@example.org" % number for number in range(1000))), body=[b"x" * 100] * 1000
    )
    made.put("deferred", ID, large.write())
    message = only(spool)
    assert message.envelope.pending == large.pending()
    assert message.text_parts() == [("x" * 100 + "\n") * 1000]
    message.close()


def test_a_disk_that_fails_is_a_content_error_and_leaves_nothing_open(
    made: MadeUpSpool, spool: Spool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put("deferred", ID, QueueFile(recipients=todo(*[b"a" * 1000] * 10)).write())

    def fail(_descriptor: int, _size: int, _offset: int) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "pread", fail)
    walk = spool.walk("deferred")
    found = next(walk)
    before = open_descriptors()
    message = SpoolMessage(spool, found)
    with pytest.raises(ContentError) as caught:
        assert message.envelope
    message.close()
    assert str(caught.value) == "reading stopped at offset 8192: [Errno 5] Input/output error"
    assert open_descriptors() == before


def test_an_offset_that_no_file_has_is_behind_its_end(made: MadeUpSpool, spool: Spool) -> None:
    sizes = b"C\x35" + b"1" * 30 + b" %15d 999" % 62
    # Longer than what is read first, which would answer for a shorter file.
    data = sizes.ljust(55, b"0")[:55] + b"S\x03a@bM\x00" + bytes(FIRST_READ)
    made.put("deferred", ID, data)
    message = only(spool)
    assert (message.envelope.sender, message.damaged) == (b"a@b", True)
    assert message.problem is not None
    assert message.problem.startswith("missing end record at offset 1111")
    message.close()


def test_a_closed_one_reads_no_other_file(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA)
    message = only(spool)
    message.close()
    with open(os.devnull, "rb"), pytest.raises(ContentError, match="Bad file descriptor"):
        assert message.envelope


def test_its_identity_is_that_of_its_envelope(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA)
    message = only(spool)
    early, fingerprint = message.identity, message.fingerprint
    envelope = message.envelope
    assert early == (1700000000, 123456, envelope.size, envelope.sender)
    assert message.identity is envelope
    assert message.fingerprint == fingerprint
    message.close()


def test_a_file_that_is_gone(made: MadeUpSpool, spool: Spool) -> None:
    made.put("deferred", ID, DATA)
    walk = spool.walk("deferred")
    found = next(walk)
    made.file("deferred", ID).unlink()
    with pytest.raises(FileNotFoundError):
        SpoolMessage(spool, found)


@pytest.mark.parametrize(
    ("operation", "busy"),
    [
        pytest.param(fcntl.LOCK_SH, True, id="a delivery agent reads it"),
        pytest.param(fcntl.LOCK_EX, True, id="the queue manager loads it"),
        pytest.param(fcntl.LOCK_UN, False, id="nobody"),
    ],
)
def test_whether_it_is_in_delivery(made: MadeUpSpool, spool: Spool, operation: int, busy: bool) -> None:
    with made.put("active", ID, DATA).open("rb") as agent:
        fcntl.flock(agent, operation)
        message = only(spool, "active")
        assert message.in_delivery() == busy
        message.close()
        # The probe takes nothing away from Postfix.
        fcntl.flock(agent, fcntl.LOCK_EX | fcntl.LOCK_NB)


@pytest.mark.parametrize("body", [[b"some text"], [b"x" * 9000, b"some text"], [b"some text", b"y" * 3000]])
def test_whether_it_holds_a_text(made: MadeUpSpool, spool: Spool, body: list[bytes]) -> None:
    made.put("deferred", ID, QueueFile(body=body).write())
    message = only(spool)
    assert message.holds(b"some text")
    assert not message.holds(b"other text")
    message.close()
