# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError, QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, queue_swap
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


class Outage:
    """Stands in for the service: it notes when it is stopped and started."""

    def __init__(self, error: Exception | None = None) -> None:
        self.steps: list[str] = []
        self._error = error

    @contextmanager
    def stopped(self) -> Iterator[None]:
        self.steps.append("stopped")
        if self._error is not None:
            raise self._error
        try:
            yield
        finally:
            self.steps.append("started")


@pytest.mark.parametrize("far", [False, True])
def test_a_message_comes_back_as_it_was(host: QuarantineHost, far: bool) -> None:
    queue_id = put_message(host.made, log=True)
    data = host.made.file("deferred", queue_id).read_bytes()
    if far:
        host.separate()
    before = open_descriptors()
    with host.quarantine() as quarantine, host.queues() as queues:
        taken = quarantine.quarantine_messages(queues, {queue_id: Move("deferred", "deferred")}, reason="spam")
        assert (taken.done, taken.broken) == ({queue_id: queue_id}, None)
        assert host.files() == [HERE + "defer/" + queue_id, HERE + "deferred/" + queue_id]
        given = quarantine.restore_messages(queues, {queue_id: Move("deferred", "deferred")}, reason="ham")
        (new,) = given.done.values()
        assert given.broken is None
        # A copy has another inode. That may be the one that the original had before.
        assert far or new == queue_id
        assert int(new[5:], 16) == host.made.file("deferred", new).stat().st_ino
        intents = [(record["op"], record["reason"]) for record in quarantine.records if "reason" in record]
        assert intents == [("take", "spam"), ("give", "ham")]
        assert quarantine.is_finished(queues)
    assert host.files() == ["spool/defer/" + new, "spool/deferred/" + new]
    assert host.made.file("deferred", new).read_bytes() == data
    assert open_descriptors() == before


@pytest.mark.parametrize("act", ["quarantine_messages", "restore_messages"])
def test_nothing_moves_without_a_record(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    queue_id = put_message(host.made)
    wanted = {queue_id: Move("deferred", "deferred")}

    def fail(*_args: object) -> None:
        raise QuarantineError("no room")

    with host.quarantine() as quarantine, host.queues() as queues:
        if act == "restore_messages":
            quarantine.quarantine_messages(queues, wanted)
        before = host.files()
        monkeypatch.setattr(Journal, "append", fail)
        with pytest.raises(QuarantineError, match="no room"):
            getattr(quarantine, act)(queues, wanted)
    assert host.files() == before


def test_the_directories_are_synced_before_the_end_is_recorded(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_id = put_message(host.made)
    steps: list[str] = []
    fsync, rename = os.fsync, moves.rename

    def note(descriptor: int) -> None:
        steps.append("fsync " + os.path.basename(os.readlink("/proc/self/fd/%d" % descriptor)))
        fsync(descriptor)

    def note_rename(source: str, target: str, **options: Any) -> None:
        if source == queue_id:
            steps.append("rename")
        rename(source, target, **options)

    with host.quarantine() as quarantine, host.queues() as queues:
        monkeypatch.setattr(os, "fsync", note)
        monkeypatch.setattr(moves, "rename", note_rename)
        quarantine.quarantine_messages(queues, {queue_id: Move("deferred", "hold")})
    move = steps.index("rename")
    assert steps[:move] == ["fsync journal"]
    assert steps[-1] == "fsync journal"
    assert {"fsync hold", "fsync spool", "fsync spam"} <= set(steps[move:-1])


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_move_that_ends_early_says_what_was_moved(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    queue_ids = [put_message(host.made) for _number in range(3)]
    rename = moves.rename
    done: list[str] = []

    def fail(source: str, target: str, **options: Any) -> None:
        if source in queue_ids:
            if done:
                raise OSError(number, os.strerror(number), source)
            done.append(source)
        rename(source, target, **options)

    monkeypatch.setattr(moves, "rename", fail)
    with host.quarantine() as quarantine, host.queues() as queues:
        moved = quarantine.quarantine_messages(queues, dict.fromkeys(queue_ids, Move("deferred", "deferred")))
        assert quarantine.is_finished(queues)
        assert quarantine.records[-1]["recovered"] is True
    assert sorted(moved.done) == done
    assert moved.failed == dict.fromkeys(set(queue_ids) - set(done), os.strerror(number))
    assert str(moved.broken).startswith("The move between %s and %s was interrupted: " % (host.made.path, host.path))


def test_whole_queues_are_swapped_while_postfix_is_stopped(host: QuarantineHost) -> None:
    gone, stays = put_message(host.made, log=True), put_message(host.made, "hold", log=True)
    outage, moved = Outage(), MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.swap(queues, ["incoming", "active", "deferred"], outage.stopped, moved, running=True)
        assert quarantine.has_swapped() is True
        assert quarantine.is_finished(queues)
        intent, end = quarantine.records[-2:]
        assert (intent["queues"], intent["earlier"], intent["running"]) == (
            ["incoming", "active", "deferred"],
            [],
            True,
        )
        assert (end["messages"], end["ids_in"]) == (1, [gone])
    assert (outage.steps, moved.directories) == (["stopped", "started"], True)
    assert host.files() == sorted(
        [HERE + "defer/" + gone, HERE + "deferred/" + gone, "spool/defer/" + stays, "spool/hold/" + stays]
    )


def test_if_postfix_cannot_be_stopped_no_queue_moves(host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        with pytest.raises(MailopsError, match="it runs on"):
            quarantine.swap(queues, ["deferred"], Outage(MailopsError("it runs on")).stopped, moved)
        # The next run starts Postfix if it was stopped.
        assert (quarantine.unfinished() or {})["op"] == "swap"
    assert (moved.directories, host.files()) == (False, ["spool/deferred/" + queue_id])
    assert not (host.path / queue_swap.FRESH).exists()


def test_a_swap_that_broke_off_is_finished_at_once(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id = put_message(host.made)
    move_directory = moves.move_directory

    def fail(name: str, **options: Any) -> None:
        move_directory(name, **options)
        if name == "deferred":
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    outage, moved = Outage(), MoveResult()
    monkeypatch.setattr(moves, "move_directory", fail)
    with host.quarantine() as quarantine, host.queues() as queues:
        with pytest.raises(QuarantineError, match="was interrupted: Input/output error"):
            quarantine.swap(queues, ["deferred", "hold"], outage.stopped, moved)
        assert quarantine.is_finished(queues)
        assert quarantine.has_swapped() is False
        assert quarantine.records[-1]["ids_in"] == [queue_id]
    assert outage.steps == ["stopped", "started"]
    assert (host.made.path / "deferred").is_dir()
    assert host.files() == [HERE + "deferred/" + queue_id]


def test_a_swap_without_room_for_its_record_leaves_nothing(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: object) -> None:
        raise QuarantineError("no room")

    with host.quarantine() as quarantine, host.queues() as queues:
        monkeypatch.setattr(Journal, "append", fail)
        outage = Outage()
        with pytest.raises(QuarantineError, match="no room"):
            quarantine.swap(queues, ["deferred"], outage.stopped, MoveResult())
        assert quarantine.is_finished(queues)
    assert outage.steps == []
