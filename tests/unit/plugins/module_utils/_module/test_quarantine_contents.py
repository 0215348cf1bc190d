# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _quarantine_contents
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._spool import quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.copies import PLACED
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
from tests.unit.support.acting import Killed
from tests.unit.support.quarantine_runs import QuarantineHost, outcomes
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said

BAD = [{"sender": "bad.example"}]
SPAM = QueueFile(sender=b"a@bad.example").write()


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch, capsys)


def fill(host: QuarantineHost, *queues: str) -> None:
    """Quarantine a message of each of these queues."""
    for number, queue in enumerate(queues):
        host.made.put(queue, "4A0F9A%d" % number, SPAM)
    assert host(match=BAD, queues=list(queues))["outcomes"] == outcomes(quarantined=len(queues))


@pytest.mark.parametrize(
    ("restore_to", "destinations"),
    [
        pytest.param(
            "original",
            {
                "maildrop": "maildrop",
                "incoming": "incoming",
                "active": "incoming",
                "deferred": "deferred",
                "hold": "hold",
            },
            id="original",
        ),
        pytest.param(
            "hold",
            {"maildrop": "maildrop", "incoming": "hold", "active": "hold", "deferred": "hold", "hold": "hold"},
            id="hold",
        ),
        pytest.param(
            "maildrop",
            {
                "maildrop": "maildrop",
                "incoming": "maildrop",
                "active": "maildrop",
                "deferred": "maildrop",
                "hold": "maildrop",
            },
            id="maildrop",
        ),
    ],
)
def test_where_messages_are_restored_to(host: QuarantineHost, restore_to: str, destinations: dict[str, str]) -> None:
    fill(host, *destinations)
    done = host(state="restored", match_all=True, restore_to=restore_to)
    assert done["outcomes"] == outcomes(restored=5)
    renamed = {row["queue_id"]: row["was"] for row in done["renamed"]}
    standing = {renamed[name]: queue for name, queue in host.made.standing().items()}
    assert [standing["4A0F9A%d" % number] for number in range(5)] == list(destinations.values())


@pytest.mark.parametrize(
    ("queues", "requests"),
    [
        pytest.param(["deferred", "active", "incoming"], [("qmgr", "D"), ("qmgr", "I")], id="the queue manager"),
        pytest.param(["maildrop", "hold"], [("pickup", "W")], id="pickup"),
        pytest.param(["hold"], [], id="hold"),
    ],
)
@pytest.mark.parametrize("status", [0, 1])
def test_the_daemons_look_for_restored_messages(
    host: QuarantineHost,
    monkeypatch: pytest.MonkeyPatch,
    queues: list[str],
    requests: list[tuple[str, str]],
    status: int,
) -> None:
    fill(host, *queues)
    monkeypatch.setattr(Instance, "running", lambda _instance: True)
    host.run.answers["postkick"] = said(status=status)
    host.run.runner.ran.clear()
    assert host(state="restored", match_all=True)["outcomes"] == outcomes(restored=len(queues))
    kicks = [command[-2:] for command, _stdin in host.run.runner.ran if command[0].endswith("/postkick")]
    assert kicks == [list(request) for request in requests]
    assert host.run.warnings == [
        "%s did not take the request to look for the restored messages. It looks by itself within queue_run_delay."
        % daemon
        for daemon, _request in (requests if status else [])
    ]


def test_a_copy_needs_room_in_the_queue_directory(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(host, "deferred")
    asked: list[str] = []
    monkeypatch.setattr(Quarantine, "is_elsewhere", lambda *_arguments: True)
    monkeypatch.setattr(quarantine_place, "check_room", asked.append)
    monkeypatch.setattr(
        Quarantine, "restore_messages", lambda *_arguments, **_said: MoveResult(done={"4A0F9A0": "4A0F9A0"})
    )
    for check in (True, False):
        assert host(state="restored", match_all=True, check=check)["outcomes"] == outcomes(restored=1)
    assert asked == [str(host.place), str(host.made.path)] * 2


def test_a_plan_and_messages_that_an_interrupted_run_gave_back(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.separate()
    fill(host, "deferred", "hold")
    plan = host(state="restored", match_all=True, check=True)["plan"]
    # Killed when the copy is in the queue, and before the journal says so; then Postfix delivers it.
    append = Journal.append

    def kill(journal: Journal, record: Any) -> None:
        if record["op"] == PLACED:
            raise Killed
        append(journal, record)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "append", kill)
        with pytest.raises(Killed):
            host(state="restored", match=[{"queue_id": "4A0F9A0"}])
    [(name, queue)] = host.made.standing().items()
    host.made.file(queue, name).unlink()
    assert host(state="restored", plan=plan)["outcomes"] == outcomes(restored=1, vanished=1)
    assert [text for text in host.run.warnings if "this run leaves them out: 4A0F9A0. " in text] != []
    assert host.quarantined() == {"4A0F9A0": "deferred"}
    assert host(state="restored", plan=plan)["outcomes"] == outcomes(restored=1, already=1)
    assert host.quarantined() == {}


@pytest.mark.parametrize(
    ("age", "is_deleted"),
    [pytest.param(3600, False, id="young"), pytest.param(90000, True, id="old")],
)
@pytest.mark.parametrize("check", [True, False])
def test_only_an_old_quarantine_is_deleted(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, age: int, is_deleted: bool, check: bool
) -> None:
    fill(host, "deferred")
    later = time.time() + age
    monkeypatch.setattr(time, "time", lambda: later)
    result = host(state="absent", match_all=True, older_than="1d", check=check)
    assert (result["changed"], result["outcomes"]) == (is_deleted, outcomes(deleted=int(is_deleted)))
    assert host.place.exists() is (check or not is_deleted)


def test_an_age_that_is_none(host: QuarantineHost) -> None:
    fill(host, "deferred")
    assert host.run.fails(name="spam", state="absent", match_all=True, older_than="soon").startswith(
        "older_than: 'soon' "
    )
    assert host.quarantined() == {"4A0F9A0": "deferred"}


def test_messages_that_cannot_be_read_are_not_deleted(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(host, "deferred", "hold")
    inode = (host.place / "deferred" / "4A0F9A0").stat().st_ino
    read = os.read

    def refuse(descriptor: int, size: int) -> bytes:
        if os.fstat(descriptor).st_ino == inode:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return read(descriptor, size)

    monkeypatch.setattr(os, "read", refuse)
    result = host(state="absent", match_all=True)
    assert result["msg"] == (
        "1 messages in the quarantine spam cannot be read, and stay there (4A0F9A0 in deferred: It cannot be opened: Input/output "
        "error. The disk has an error: look at the kernel log and check the disk, then run this again.). Fix that, then run this again."
    )
    assert (result["failed"], result["outcomes"]) == (True, outcomes(deleted=1))
    assert host.quarantined() == {"4A0F9A0": "deferred"}


def test_the_requests_are_those_of_the_queues_that_daemons_scan() -> None:
    assert set(_quarantine_contents._KICKS) == {"incoming", "deferred", "maildrop"}  # noqa: SLF001  no other interface
