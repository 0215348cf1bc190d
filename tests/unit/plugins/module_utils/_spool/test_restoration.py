# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transfer import Transfer
from tests.unit.support.acting import killed_before
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def fill(host: QuarantineHost, *, log: bool = False) -> str:
    """Put a message of deferred into the quarantine, and return its queue ID."""
    queue_id = put_message(host.made, log=log)
    with host.quarantine() as quarantine, host.queues() as queues:
        assert quarantine.quarantine_messages(queues, {queue_id: Move("deferred", "deferred")}).done
    return queue_id


def give(host: QuarantineHost, *queue_ids: str, queue: str = "deferred") -> MoveResult:
    """Move messages back to a queue."""
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        restoration = Restoration(quarantine, queues, moved)
        restoration.transfer(dict.fromkeys(queue_ids, Move("deferred", queue)))
        assert restoration.is_finished()
    return moved


@pytest.mark.parametrize("queue", ["deferred", "incoming", "hold", "maildrop"])
def test_a_message_goes_back_with_its_log(host: QuarantineHost, queue: str) -> None:
    queue_id = fill(host, log=True)
    moved = give(host, queue_id, queue=queue)
    assert (moved.done, moved.in_transit, moved.touched) == ({queue_id: queue_id}, set(), True)
    assert host.files() == sorted(["spool/%s/%s" % (queue, queue_id), "spool/defer/" + queue_id])
    assert host.made.file(queue, queue_id).exists()
    assert host.made.file("defer", queue_id).exists()


def test_between_filesystems_the_message_gets_the_queue_id_of_its_new_inode(host: QuarantineHost) -> None:
    queue_id = fill(host, log=True)
    host.separate()
    moved = give(host, queue_id)
    new = moved.done[queue_id]
    assert moved.renamed == {queue_id: new}
    assert int(new[5:], 16) == host.made.file("deferred", new).stat().st_ino
    assert host.files() == sorted(["spool/deferred/" + new, "spool/defer/" + new])


def test_the_log_is_there_before_its_message(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id = fill(host, log=True)
    rename, order = moves.rename, []

    def note(source: str, target: str, **options: Any) -> None:
        rename(source, target, **options)
        order.append(os.path.basename(os.path.dirname(os.readlink("/proc/self/fd/%d" % options["target_dir"]))))

    monkeypatch.setattr(moves, "rename", note)
    give(host, queue_id)
    assert [name for name in order if name in ("defer", "deferred")] == ["defer", "deferred"]


@pytest.mark.parametrize("queue", ["deferred", "active", "hold"])
def test_a_queue_id_that_is_taken_in_any_queue_is_a_collision(host: QuarantineHost, queue: str) -> None:
    queue_id = fill(host, log=True)
    path = host.made.put(queue, queue_id, b"another one")
    before = host.files()
    moved = give(host, queue_id)
    assert (moved.done, moved.collisions, moved.in_transit) == ({}, {queue_id}, set())
    assert (host.files(), path.read_bytes()) == (before, b"another one")


def test_after_an_error_the_log_is_with_its_message(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id = fill(host, log=True)
    rename = moves.rename

    def fail(source: str, target: str, **options: Any) -> None:
        if "deferred" in os.readlink("/proc/self/fd/%d" % options["source_dir"]):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        rename(source, target, **options)

    monkeypatch.setattr(moves, "rename", fail)
    moved = give(host, queue_id)
    assert (moved.done, moved.failed, moved.in_transit) == ({}, {queue_id: "Input/output error"}, set())
    assert host.files() == sorted([HERE + "deferred/" + queue_id, HERE + "defer/" + queue_id])


def test_a_file_in_place_of_the_directory_of_a_log_does_not_keep_the_message(host: QuarantineHost) -> None:
    queue_id = fill(host, log=True)
    (host.made.path / "defer" / "4").rmdir()
    (host.made.path / "defer" / "4").touch()
    moved = give(host, queue_id)
    assert (moved.done, moved.stuck_logs) == ({queue_id: queue_id}, ["defer/" + queue_id])
    assert (host.path / "defer" / queue_id).exists()


@pytest.mark.parametrize("depth", range(3))
def test_a_log_is_found_in_hash_directories(host: QuarantineHost, depth: int) -> None:
    queue_id = fill(host, log=True)
    path = (host.path / "defer").joinpath(*queue_id[:depth])
    path.mkdir(exist_ok=True, parents=True, mode=0o700)
    if depth:
        (host.path / "defer" / queue_id).rename(path / queue_id)
    with host.quarantine() as quarantine, host.queues() as queues:
        Restoration(quarantine, queues, MoveResult()).give_log("defer", queue_id, queue_id)
    assert host.made.file("defer", queue_id).exists()
    assert not (path / queue_id).exists()


def test_a_killed_restoration_is_undone_while_the_originals_are_there(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_id = fill(host, log=True)
    host.separate()
    before = host.files()
    with killed_before(monkeypatch, Restoration, "_place_batch"):
        give(host, queue_id)
    with host.quarantine() as quarantine, host.queues() as queues:
        moved = quarantine.recover(queues)
    assert moved is not None
    assert (moved.done, moved.uncertain, host.files()) == ({}, set(), before)


def test_a_copy_that_postfix_has_taken_is_uncertain(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log is back, too: without a message it would stay in the queue directory."""
    queue_id = fill(host, log=True)
    host.separate()
    with killed_before(monkeypatch, Restoration, "_record_placed"):
        give(host, queue_id)
    (copy,) = [path for path in (host.made.path / "deferred").rglob("*") if path.is_file()]
    copy.unlink()
    with host.quarantine() as quarantine, host.queues() as queues:
        moved = quarantine.recover(queues)
    assert moved is not None
    assert (moved.done, moved.uncertain, moved.removed_copies) == ({}, {queue_id}, set())
    assert host.files() == [HERE + "defer/" + queue_id, HERE + "deferred/" + queue_id]


def test_a_copy_that_was_placed_but_not_recorded_is_finished(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_id = fill(host)
    host.separate()
    with killed_before(monkeypatch, Restoration, "_record_placed"):
        give(host, queue_id)
    with host.quarantine() as quarantine, host.queues() as queues:
        moved = quarantine.recover(queues)
    assert moved is not None
    (new,) = moved.done.values()
    assert host.files() == ["spool/deferred/" + new]


@pytest.mark.parametrize("step", [(Restoration, "_place_batch"), (Transfer, "_put_in_place")])
def test_copies_that_somebody_removed_from_pid_leave_the_originals(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, step: tuple[type[Transfer], str]
) -> None:
    """Before the first step the log is in the quarantine, before the second it has the name of the copy in the queue directory."""
    queue_id = fill(host, log=True)
    host.separate()
    monkeypatch.setattr(moves, "can_rename", lambda *_directories: False)
    with host.quarantine() as quarantine, host.queues() as queues:
        with killed_before(monkeypatch, *step):
            quarantine.restore_messages(queues, {queue_id: Move("deferred", "deferred")})
        staging = host.made.path / quarantine.pid_path("staging")
        for path in staging.iterdir():
            path.unlink()
        staging.rmdir()
        queues.tree.forget()
        moved = quarantine.recover(queues)
    assert moved is not None
    assert (moved.done, moved.removed_copies) == ({}, {queue_id})
    assert host.files() == [HERE + "defer/" + queue_id, HERE + "deferred/" + queue_id]
