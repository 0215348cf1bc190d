# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_recovery, queue_swap
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration
from tests.unit.support.acting import Killed, killed_before
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def test_there_is_nothing_to_do_after_a_run_that_ended(host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.quarantine_messages(queues, {queue_id: Move("deferred", "deferred")})
        records = list(quarantine.records)
        assert quarantine_recovery.is_finished(quarantine, queues) is True
        assert quarantine_recovery.recover(quarantine, queues, start=lambda: pytest.fail("started")) is None
        assert quarantine.records == records


@pytest.mark.parametrize("kind", ["intent", "empty queues", "staging", "limbo"])
def test_what_makes_a_run_unfinished(host: QuarantineHost, kind: str) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        if kind == "intent":
            quarantine.write("take", messages={})
        elif kind == "empty queues":
            (host.path / queue_swap.FRESH).mkdir()
        elif kind == "staging":
            (host.path / "staging").mkdir()
        else:
            (host.made.path / quarantine.pid_path("limbo")).mkdir()
        assert quarantine_recovery.is_finished(quarantine, queues) is False
        assert quarantine_recovery.recover(quarantine, queues) == MoveResult()
        assert quarantine_recovery.is_finished(quarantine, queues) is True


def test_logs_follow_messages_that_were_moved(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id, other = put_message(host.made, log=True), put_message(host.made, log=True)
    wanted = dict.fromkeys((queue_id, other), Move("deferred", "deferred"))
    with killed_before(monkeypatch, Intake, "take_logs"), host.quarantine() as quarantine, host.queues() as queues:
        quarantine.quarantine_messages(queues, wanted)
    with host.quarantine() as quarantine, host.queues() as queues:
        # Postfix has made a message under one of the queue IDs meanwhile: that log is its own.
        host.made.put("incoming", other, b"new")
        quarantine_recovery.recover(quarantine, queues)
        end = quarantine.records[-1]
        assert (end["op"], end["messages"], end["recovered"]) == ("done", 2, True)
    assert HERE + "defer/" + queue_id in host.files()
    assert "spool/defer/" + other in host.files()


def test_logs_go_back_to_messages_that_were_not_restored(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id = put_message(host.made, log=True)
    wanted = {queue_id: Move("deferred", "deferred")}
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.quarantine_messages(queues, wanted)
        before = host.files()
        give_log = Restoration.give_log

        def give_and_die(restoration: Restoration, log: str, *names: str) -> None:
            give_log(restoration, log, *names)
            if log == "defer":
                raise Killed

        with monkeypatch.context() as patched:
            patched.setattr(Restoration, "give_log", give_and_die)
            with pytest.raises(Killed):
                quarantine.restore_messages(queues, wanted)
        assert host.files() != before
        quarantine_recovery.recover(quarantine, queues)
        assert (host.files(), quarantine.records[-1]["messages"]) == (before, 0)


def test_the_caller_starts_postfix_before_the_end_is_recorded(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.write("swap", queues=["deferred"], earlier=[], running=True)
        seen: list[Any] = []
        quarantine_recovery.recover(quarantine, queues, start=lambda: seen.append(quarantine.unfinished()))
        assert [record["op"] for record in seen] == ["swap"]
        assert quarantine.unfinished() is None


def test_if_postfix_cannot_be_started_the_intent_stays_open(host: QuarantineHost) -> None:
    def fail() -> None:
        raise OSError(os.strerror(5))

    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.write("swap", queues=["deferred"], earlier=[])
        with pytest.raises(OSError, match="Input/output error"):
            quarantine_recovery.recover(quarantine, queues, start=fail)
    with host.quarantine() as again:
        assert (again.unfinished() or {})["op"] == "swap"


def test_an_earlier_result_is_added_to(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        quarantine.write("take", messages={})
        earlier = MoveResult(done={"4A0F9AC": "4A0F9AC"})
        assert Quarantine.recover(quarantine, queues, moved=earlier) is earlier
    assert earlier.done == {"4A0F9AC": "4A0F9AC"}
