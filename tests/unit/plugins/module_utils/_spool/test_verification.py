# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import ANOTHER, FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import (
    find_states,
    open_messages,
    wait_for_delivery,
)
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

ID = "4A0F9AC"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = MadeUpSpool(tmp_path / "spool")
    for queue in ("active", "hold"):
        made.put(queue, ID, QueueFile().write())
    with Spool(str(made.path)) as opened:
        yield opened


def fingerprint_of(spool: Spool, queue: str) -> str:
    # The directory is open until the next name is asked for.
    walk = spool.walk(queue)
    message = SpoolMessage(spool, next(walk))
    fingerprint = message.fingerprint
    message.close()
    return fingerprint


@pytest.mark.parametrize(("queue", "probed"), [("active", False), ("hold", True)])
def test_no_lock_is_taken_where_an_agent_would_die_of_it(
    spool: Spool, queue: str, probed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = []
    monkeypatch.setattr(fcntl, "flock", lambda _descriptor, operation: locked.append(operation))
    states = find_states(spool, queue, {ID: fingerprint_of(spool, queue)})
    assert states == {ID: FileState(same=True, busy=False)}
    assert bool(locked) is probed


def opened(spool: Spool, queue: str, *queue_ids: str) -> dict[str, bool]:
    """Return which of these messages are found, and whether each can be read."""
    return {queue_id: message is not None for queue_id, message in open_messages(spool, queue, queue_ids)}


def put(spool: Spool, queue: str, queue_id: str, data: bytes) -> Path:
    path = Path(spool.path) / queue / queue_id
    path.write_bytes(data)
    return path


def test_only_the_wanted_messages_are_opened(spool: Spool) -> None:
    put(spool, "hold", "4A0F9AD", QueueFile().write())
    assert opened(spool, "hold", ID, "4A0F9AE") == {ID: True}
    assert opened(spool, "hold") == {}
    assert opened(spool, "bounce", ID) == {}


def test_a_message_is_open_until_the_next_is_asked_for(spool: Spool) -> None:
    put(spool, "hold", "4A0F9AD", QueueFile().write())
    messages = []
    for _queue_id, message in open_messages(spool, "hold", (ID, "4A0F9AD")):
        assert message is not None
        assert message.in_delivery() is False
        messages.append(message)
    for message in messages:
        with pytest.raises(ValueError, match="negative integer"):
            message.in_delivery()


def test_damaged_messages_are_opened_and_other_things_are_not(spool: Spool) -> None:
    put(spool, "hold", "4A0F9AD", b"no queue file")
    (Path(spool.path) / "hold" / "4A0F9AE").mkdir()
    (Path(spool.path) / "hold" / "4A0F9AF").symlink_to(ID)
    assert opened(spool, "hold", "4A0F9AD", "4A0F9AE", "4A0F9AF") == {
        "4A0F9AD": True,
        "4A0F9AE": False,
        "4A0F9AF": False,
    }


def test_a_message_that_vanishes_is_not_found(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(spool.path) / "hold" / ID
    walk = Spool.walk

    def walk_and_remove(self: Spool, queue: str) -> Any:
        for entry in walk(self, queue):
            path.unlink()
            yield entry

    monkeypatch.setattr(Spool, "walk", walk_and_remove)
    assert opened(spool, "hold", ID) == {}


def test_a_message_that_cannot_be_read_is_another(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    recipients = [(ord("R"), b"r%d@example.org" % number) for number in range(1000)]
    put(spool, "hold", "4A0F9AD", QueueFile(recipients=recipients).write())

    def refuse(*_arguments: object) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "pread", refuse)
    assert opened(spool, "hold", "4A0F9AD") == {"4A0F9AD": False}
    assert find_states(spool, "hold", {"4A0F9AD": "0" * 16}) == {"4A0F9AD": ANOTHER}


def test_another_message_under_the_queue_id(spool: Spool) -> None:
    assert find_states(spool, "hold", {ID: "0" * 16, "4A0F9AD": "0" * 16}) == {ID: ANOTHER}


# --- waiting --------------------------------------------------------------------------------------------------------


def wait(spool: Spool, *queue_ids: str, seconds: float = 60) -> frozenset[str]:
    return wait_for_delivery(spool, "hold", frozenset(queue_ids), seconds=seconds)


def test_nobody_waits_for_nothing(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", None)
    assert wait(spool) == frozenset()
    assert wait(spool, ID, seconds=0) == {ID}


def test_waiting_ends_with_the_last_delivery(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [Path(spool.path) / "hold" / ID, put(spool, "hold", "4A0F9AD", QueueFile().write())]
    agents = [path.open("rb") for path in paths]
    for agent in agents:
        fcntl.flock(agent, fcntl.LOCK_SH)
    slept = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) > 1:
            agents[len(slept) - 2].close()

    monkeypatch.setattr(time, "sleep", sleep)
    assert wait(spool, ID, "4A0F9AD", "4A0F9AE") == frozenset()
    assert len(slept) == 3


def test_waiting_is_bounded(spool: Spool) -> None:
    with (Path(spool.path) / "hold" / ID).open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        assert wait(spool, ID, seconds=0.15) == {ID}


def test_a_queue_that_cannot_be_read_ends_the_wait(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    (Path(spool.path) / "hold" / ID).unlink()
    (Path(spool.path) / "hold").rmdir()
    (Path(spool.path) / "hold").write_bytes(b"")
    assert wait(spool, ID) == {ID}
