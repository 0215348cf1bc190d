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
from ansible_collections.mailops.postfix.plugins.module_utils._queue.message import FIRST_READ, fingerprint
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
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
    assert b"sender@example.com\n" in message.stored_text()
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
def test_damaged_files_are_not_readable(made: MadeUpSpool, spool: Spool, data: bytes) -> None:
    made.put("deferred", ID, data)
    message = only(spool)
    assert not message.readable
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
    before = len(os.listdir("/proc/self/fd"))
    message = SpoolMessage(spool, found)
    with pytest.raises(ContentError) as caught:
        assert message.envelope
    message.close()
    assert str(caught.value) == "reading stopped at offset 8192: [Errno 5] Input/output error"
    assert len(os.listdir("/proc/self/fd")) == before


def test_an_offset_that_no_file_has_is_a_content_error(made: MadeUpSpool, spool: Spool) -> None:
    sizes = b"C\x35" + b"1" * 30 + b" %15d 999" % 62
    # Longer than what is read first, which would answer for a shorter file.
    data = sizes.ljust(55, b"0")[:55] + b"S\x03a@bM\x00" + bytes(FIRST_READ)
    made.put("deferred", ID, data)
    message = only(spool)
    with pytest.raises(ContentError, match=r"\Areading stopped at offset 1{28,30}"):
        assert message.envelope
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
