# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from tests.unit.support.acting import killed_before
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


@pytest.fixture(params=[False, True], ids=["one filesystem", "two filesystems"])
def either(host: QuarantineHost, request: pytest.FixtureRequest) -> QuarantineHost:
    if request.param:
        host.separate()
    return host


def take(host: QuarantineHost, *queue_ids: str, source: str = "deferred", queue: str = "deferred") -> MoveResult:
    """Move messages into the quarantine, then their logs."""
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        intake = Intake(quarantine, queues, moved)
        intake.transfer(dict.fromkeys(queue_ids, Move(source, queue)))
        intake.take_logs({queue_id: queue_id for queue_id in moved.done}, replace=True)
        assert intake.is_finished()
    return moved


def test_messages_and_logs_go_into_the_quarantine(either: QuarantineHost) -> None:
    queue_id, other = put_message(either.made, "hold", log=True), put_message(either.made, "hold", log=True)
    moved = take(either, queue_id, source="hold", queue="active")
    assert (moved.done, moved.renamed, moved.in_transit) == ({queue_id: queue_id}, {}, set())
    assert either.files() == sorted(
        [HERE + "active/" + queue_id, HERE + "defer/" + queue_id, "spool/hold/" + other, "spool/defer/" + other]
    )


def test_a_name_that_is_taken_in_the_quarantine_stays_in_the_queue(either: QuarantineHost) -> None:
    queue_id = put_message(either.made)
    either.quarantine().__exit__()
    (either.path / "deferred").mkdir(mode=0o700)
    (either.path / "deferred" / queue_id).write_bytes(b"another one")
    moved = take(either, queue_id)
    assert (moved.done, moved.collisions, moved.failed) == ({}, {queue_id}, {})
    assert either.files() == sorted([HERE + "deferred/" + queue_id, "spool/deferred/" + queue_id])
    assert (either.path / "deferred" / queue_id).read_bytes() == b"another one"


def test_an_older_log_in_the_quarantine_is_replaced(either: QuarantineHost) -> None:
    queue_id = put_message(either.made, log=True)
    log = either.made.file("defer", queue_id).read_bytes()
    either.quarantine().__exit__()
    (either.path / "defer").mkdir(mode=0o700)
    (either.path / "defer" / queue_id).write_bytes(b"old")
    take(either, queue_id)
    assert (either.path / "defer" / queue_id).read_bytes() == log
    assert not either.made.file("defer", queue_id).exists()


def test_a_log_that_is_no_regular_file_stays_and_is_named(either: QuarantineHost, tmp_path: Path) -> None:
    queue_id = put_message(either.made)
    path = either.made.file("defer", queue_id)
    path.parent.mkdir(exist_ok=True)
    path.symlink_to(tmp_path)
    moved = take(either, queue_id)
    assert (moved.done, moved.stuck_logs) == ({queue_id: queue_id}, ["defer/" + queue_id])
    assert path.is_symlink()


def test_an_original_in_limbo_without_a_record_is_put_back(host: QuarantineHost) -> None:
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        limbo = host.made.path / quarantine.pid_path("limbo")
        limbo.mkdir(mode=0o700)
        (limbo / "hold.deferred.4A0F9AC").write_bytes(b"x")
        (limbo / "notes.txt").touch()
        Intake(quarantine, queues, moved).recover_unrecorded()
    assert (host.made.path / "hold" / "4A0F9AC").read_bytes() == b"x"
    assert moved.leftovers == [str(limbo / "notes.txt")]


def test_an_original_in_limbo_whose_name_is_taken_stays_there(host: QuarantineHost) -> None:
    moved = MoveResult()
    host.made.put("hold", "4A0F9AC", b"another one")
    with host.quarantine() as quarantine, host.queues() as queues:
        limbo = host.made.path / quarantine.pid_path("limbo")
        limbo.mkdir(mode=0o700)
        (limbo / "hold.deferred.4A0F9AC").write_bytes(b"x")
        Intake(quarantine, queues, moved).recover_unrecorded()
    assert moved.leftovers == [str(limbo / "hold.deferred.4A0F9AC")]
    assert (limbo / "hold.deferred.4A0F9AC").read_bytes() == b"x"
    assert (host.made.path / "hold" / "4A0F9AC").read_bytes() == b"another one"


def test_a_copy_whose_original_was_delivered_is_a_duplicate(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.separate()
    queue_id = put_message(host.made)
    with killed_before(monkeypatch, Intake, "_place_batch"):
        take(host, queue_id)
    host.made.file("deferred", queue_id).unlink()
    with host.quarantine() as quarantine, host.queues() as queues:
        moved = quarantine.recover(queues)
    assert moved is not None
    assert (moved.done, moved.duplicates) == ({queue_id: queue_id}, {queue_id})
    assert host.files() == [HERE + "deferred/" + queue_id]


def test_a_transfer_that_was_killed_before_its_record_changes_nothing(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.separate()
    queue_id = put_message(host.made, log=True)
    host.quarantine().__exit__()
    before = host.files()
    with killed_before(monkeypatch, Journal, "append"):
        take(host, queue_id)
    assert len(host.files()) == len(before) + 1
    with host.quarantine() as quarantine, host.queues() as queues:
        assert quarantine.is_finished(queues) is False
        moved = quarantine.recover(queues)
        assert quarantine.is_finished(queues) is True
    assert moved is not None
    assert (moved.done, host.files()) == ({}, before)
