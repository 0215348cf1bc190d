# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions, known_deletions
from tests.unit.support.spool import MadeUpSpool

ABOUT = {"purpose": "postfix_queue_purge", "user": "ops", "since": 1700000000}
ONE, OTHER = ("4A0F9AC", "0123456789abcdef"), ("3Vgspm0WfDz30Dy", "fedcba9876543210")
BOTH = dict([ONE, OTHER])


@pytest.fixture
def queue(tmp_path: Path) -> str:
    return str(MadeUpSpool(tmp_path / "spool").path)


@pytest.fixture
def logged() -> list[list[str]]:
    return []


@pytest.fixture
def record(queue: str, logged: list[list[str]]) -> Deletions:
    return Deletions(queue, log=lambda queue_ids: logged.append(list(queue_ids)))


def path_of(queue: str) -> Path:
    return Path(queue) / "pid" / "mailops.deleted"


def test_a_run_that_ends_is_remembered(queue: str, record: Deletions, logged: list[list[str]]) -> None:
    record.begin(ABOUT)
    record.announce(*ONE)
    record.confirm(ONE[0])
    record.begin(ABOUT)
    record.end()
    assert path_of(queue).read_bytes() == (
        b'run {"purpose": "postfix_queue_purge", "user": "ops", "since": 1700000000}\n4A0F9AC 0123456789abcdef\nend\n'
    )
    assert path_of(queue).stat().st_mode & 0o777 == 0o600
    assert logged == [[ONE[0]]]
    assert record.interrupted() is None
    assert known_deletions(queue, BOTH) == {ONE[0]}
    assert known_deletions(queue, {ONE[0]: OTHER[1]}) == set()


def test_a_run_that_deletes_nothing_leaves_nothing(queue: str, record: Deletions, logged: list[list[str]]) -> None:
    record.end()
    assert not path_of(queue).exists()
    assert logged == []
    assert record.interrupted() is None
    assert known_deletions(queue, BOTH) == set()


def test_what_a_killed_run_left(queue: str, record: Deletions) -> None:
    record.begin(ABOUT)
    record.announce(*ONE)
    record.announce(*OTHER)
    record.retract(OTHER[0])
    later = Deletions(queue, log=lambda _queue_ids: None)
    assert later.interrupted() == (ABOUT, dict([ONE]))
    later.close_interrupted()
    assert later.interrupted() is None
    assert later.known(BOTH) == {ONE[0]}


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_record_that_is_cut_anywhere(queue: str, record: Deletions, cut: int) -> None:
    record.begin(ABOUT)
    record.announce(*ONE)
    record.announce(*OTHER)
    path = path_of(queue)
    path.write_bytes(path.read_bytes()[:-cut])
    left = record.interrupted()
    assert left is not None
    # A line that is cut may have a shorter fingerprint, which no message has.
    assert {
        queue_id: fingerprint for queue_id, fingerprint in left.messages.items() if len(fingerprint) == 16
    }.items() <= BOTH.items()
    record.close_interrupted()
    assert record.interrupted() is None


@pytest.mark.parametrize("head", [b"run \n", b"run []\n", b"run {\n", b"run \xff\n"])
def test_a_head_that_is_damaged(queue: str, record: Deletions, head: bytes) -> None:
    path_of(queue).write_bytes(head + b"../x 1\n4A0F9AC 0123456789abcdef\n\xff \xff\n")
    assert record.interrupted() == ({}, dict([ONE]))


def test_the_mail_log_has_each_batch_before_the_next_is_removed(
    record: Deletions, logged: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "_BATCH", 2)
    for number in range(5):
        record.confirm("4A0F9A%d" % number)
    assert logged == [["4A0F9A0", "4A0F9A1"], ["4A0F9A2", "4A0F9A3"]]
    record.flush_in_helper()
    assert len(logged) == 2
    monkeypatch.setattr(os, "getpid", lambda: -1)
    record.flush_in_helper()
    assert logged[2:] == [["4A0F9A4"]]


@pytest.mark.parametrize("call", ["open", "write"])
def test_on_a_full_disk_lines_wait_until_there_is_room(
    queue: str, record: Deletions, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def refuse(*_arguments: Any, **_options: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, call, refuse)
        record.begin(ABOUT)
        record.announce(*ONE)
    record.announce(*OTHER)
    record.end()
    assert known_deletions(queue, BOTH) == set(BOTH)
    assert record.interrupted() is None


def test_of_a_large_record_the_end_is_kept(queue: str, record: Deletions, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deletions, "MAX_SIZE", 100)
    monkeypatch.setattr(deletions, "_KEPT_SIZE", 60)
    path_of(queue).write_bytes(b"%b %b\n" % tuple(part.encode() for part in ONE) * 5)
    record.begin(ABOUT)
    record.announce(*OTHER)
    record.end()
    lines = path_of(queue).read_bytes().splitlines()
    assert lines[:2] == [b"4A0F9AC 0123456789abcdef"] * 2
    assert lines[2].startswith(b"run ")
    assert os.listdir(path_of(queue).parent) == ["mailops.deleted"]


def test_a_record_that_is_a_link_is_not_followed(queue: str, record: Deletions, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    path_of(queue).symlink_to(tmp_path / "precious")
    record.begin(ABOUT)
    record.announce(*ONE)
    record.end()
    assert (tmp_path / "precious").read_text() == "x"
    assert record.interrupted() is None
    assert record.known(BOTH) == set()
