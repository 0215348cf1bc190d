# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import inspect
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import copies, moves, transfer
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import find_inodes
from tests.unit.support.quarantine import QuarantineHost, put_message


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def fail(monkeypatch: pytest.MonkeyPatch, function: str, number: int, name: str) -> None:
    """Have a function of moves fail for a name."""
    real = getattr(moves, function)

    def failing(source: str, *args: Any, **options: Any) -> Any:
        if source == name:
            raise OSError(number, os.strerror(number), source)
        return real(source, *args, **options)

    monkeypatch.setattr(moves, function, failing)


def test_files_are_found_by_name_and_inode(host: QuarantineHost) -> None:
    one, other = host.made.put("deferred", "4A0F9AC", b""), host.made.put("hold", "4A0F9AD", b"")
    inode, foreign = one.stat().st_ino, other.stat().st_ino
    with Spool(str(host.made.path)) as spool:
        assert find_inodes(spool, {"4A0F9AC": (inode,), "4A0F9AD": (inode,)}) == {("4A0F9AC", inode)}
        assert find_inodes(spool, {"4A0F9AD": (inode, foreign)}) == {("4A0F9AD", foreign)}
        assert find_inodes(spool, {"4A0F9AE": (inode,)}) == set()


def test_a_file_that_moves_while_the_queues_are_read_is_found(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = host.made.put("deferred", "4A0F9AC", b"")
    inode = path.stat().st_ino
    walk = Spool.walk

    def walk_after_move(spool: Spool, queue: str, **options: Any) -> Any:
        if queue == "deferred" and path.exists():
            path.rename(host.made.path / "active" / "4A0F9AC")
        return walk(spool, queue, **options)

    monkeypatch.setattr(Spool, "walk", walk_after_move)
    with Spool(str(host.made.path)) as spool:
        assert find_inodes(spool, {"4A0F9AC": (inode,)}) == {("4A0F9AC", inode)}


@pytest.mark.parametrize("far", [False, True])
def test_an_error_with_one_message_does_not_stop_the_others(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, far: bool
) -> None:
    bad, good = put_message(host.made), put_message(host.made)
    if far:
        host.separate()
    fail(monkeypatch, "copy" if far else "rename", errno.EIO, bad)
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        Intake(quarantine, queues, moved).transfer(dict.fromkeys((bad, good), Move("deferred", "deferred")))
    assert (moved.done, moved.failed) == ({good: good}, {bad: "Input/output error"})
    assert host.files() == sorted(["spool/deferred/" + bad, "spool.quarantine/spam/deferred/" + good])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_an_error_that_every_message_would_meet_ends_the_transfer(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    queue_id = put_message(host.made)
    fail(monkeypatch, "rename", number, queue_id)
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        with pytest.raises(OSError, match=queue_id) as caught:
            Intake(quarantine, queues, moved).transfer({queue_id: Move("deferred", "deferred")})
        assert caught.value.errno == number
    assert (moved.done, moved.failed, host.files()) == ({}, {}, ["spool/deferred/" + queue_id])


def test_a_message_that_is_gone_or_in_another_queue_is_in_no_result(host: QuarantineHost) -> None:
    queue_id = put_message(host.made, "hold")
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        wanted = {queue_id: Move("deferred", "deferred"), "4A0F9AD": Move("hold", "hold")}
        Intake(quarantine, queues, moved).transfer(wanted)
    assert moved == MoveResult()
    assert host.files() == ["spool/hold/" + queue_id]


def test_copies_are_recorded_in_batches(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_BATCH_MESSAGES", 2)
    host.separate()
    queue_ids = [put_message(host.made) for _number in range(5)]
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        Intake(quarantine, queues, moved).transfer(dict.fromkeys(queue_ids, Move("deferred", "deferred")))
        assert [record["op"] for record in quarantine.records[1:]] == ["copied", "placed"] * 3
        placed = [record["ids"] for record in quarantine.records if record["op"] == "placed"]
        assert sorted(map(len, placed)) == [1, 2, 2]
    assert sorted(moved.done) == sorted(queue_ids)
    assert not moved.copies
    assert not moved.in_transit


def test_a_copy_is_synced_before_it_is_recorded(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    host.separate()
    queue_id = put_message(host.made)
    steps: list[str] = []
    fsync = os.fsync

    def note(descriptor: int) -> None:
        steps.append("fsync " + os.path.basename(os.readlink("/proc/self/fd/%d" % descriptor)))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    with host.quarantine() as quarantine, host.queues() as queues:
        write = quarantine.write

        def write_and_note(operation: str, **fields: Any) -> None:
            steps.append(operation)
            write(operation, **fields)

        monkeypatch.setattr(quarantine, "write", write_and_note)
        steps.clear()
        Intake(quarantine, queues, MoveResult()).transfer({queue_id: Move("deferred", "deferred")})
    copied, placed = steps.index("copied"), steps.index("placed")
    assert {"fsync deferred.deferred." + queue_id, "fsync staging"} <= set(steps[:copied])
    assert steps[copied + 1] == "fsync journal"
    assert "fsync deferred" in steps[copied:placed]


def test_files_that_belong_to_nobody_are_named_and_stay(host: QuarantineHost) -> None:
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        staging = host.path / "staging"
        staging.mkdir(mode=0o700)
        (staging / "notes.txt").touch()
        (staging / "hold.deferred.4A0F9AC").touch()
        intake = Intake(quarantine, queues, moved)
        assert intake.is_finished() is False
        intake.recover_unrecorded()
    assert sorted(moved.leftovers) == [str(staging / "hold.deferred.4A0F9AC"), str(staging / "notes.txt")]
    assert sorted(path.name for path in staging.iterdir()) == ["hold.deferred.4A0F9AC", "notes.txt"]


def test_a_copy_without_a_record_is_removed_if_its_original_is_found(host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        (host.path / "staging").mkdir(mode=0o700)
        (host.path / "staging" / ("deferred.hold." + queue_id)).touch()
        Intake(quarantine, queues, moved).recover_unrecorded()
    assert (moved.leftovers, host.files()) == ([], ["spool/deferred/" + queue_id])
    assert not (host.path / "staging").exists()


def test_the_base_class_cannot_be_used() -> None:
    assert inspect.isabstract(transfer.Transfer)
