# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import ANOTHER, FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.deletions import Deletions
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_directory import QueueDirectory
from ansible_collections.mailops.postfix.plugins.module_utils._spool.scan import scan
from tests.unit.support.quarantine import fingerprints, put_message
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

QUIET = FileState(same=True, busy=False)
BUSY = FileState(same=True, busy=True)
REMOVED = FileState(same=True, busy=False, removed=True)
_Act = Callable[[QueueDirectory, Mapping[str, str], Deletions], "dict[str, FileState]"]
ACTS: dict[str, _Act] = {
    "hold": lambda queues, wanted, _record: actions.hold(queues, wanted),
    "release": lambda queues, wanted, _record: actions.release(queues, wanted),
    "remove": actions.remove,
    "remove_from": lambda queues, wanted, record: actions.remove_from(queues, "hold", wanted, record),
}


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.fixture
def queues(made: MadeUpSpool) -> Iterator[QueueDirectory]:
    with QueueDirectory(made.layout()) as opened:
        yield opened


@pytest.fixture
def record(made: MadeUpSpool) -> Iterator[Deletions]:
    opened = Deletions(str(made.path), log=lambda _queue_ids: None)
    opened.begin({"purpose": "a test"})
    yield opened
    opened.end()


def lock(path: Path) -> int:
    """Lock a file as a delivery agent does, and return its descriptor."""
    descriptor = os.open(str(path), os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    return descriptor


def fail(monkeypatch: pytest.MonkeyPatch, call: str, number: int, name: str) -> None:
    """Have a call of the system fail for a name."""
    real = getattr(os, call)

    def failing(path: Any, *args: Any, **options: Any) -> Any:
        if path == name:
            raise OSError(number, os.strerror(number), path)
        return real(path, *args, **options)

    monkeypatch.setattr(os, call, failing)


@pytest.mark.parametrize(
    ("act", "queue", "state", "goes_to"),
    [
        pytest.param("hold", "incoming", QUIET, "hold", id="hold: incoming"),
        pytest.param("hold", "active", QUIET, "hold", id="hold: active"),
        pytest.param("hold", "deferred", QUIET, "hold", id="hold: deferred"),
        pytest.param("hold", "hold", QUIET, "hold", id="hold: on hold already"),
        pytest.param("hold", "maildrop", None, "maildrop", id="hold: not in delivery"),
        pytest.param("release", "hold", QUIET, "deferred", id="release: on hold"),
        pytest.param("release", "deferred", None, "deferred", id="release: not on hold"),
        pytest.param("remove", "hold", REMOVED, None, id="remove: on hold"),
        pytest.param("remove", "deferred", REMOVED, None, id="remove: deferred"),
        pytest.param("remove", "active", QUIET, "hold", id="remove: active is held first"),
        pytest.param("remove", "incoming", QUIET, "hold", id="remove: incoming is held first"),
        pytest.param("remove_from", "hold", REMOVED, None, id="remove_from: that queue"),
        pytest.param("remove_from", "deferred", None, "deferred", id="remove_from: another queue"),
    ],
)
def test_where_a_message_goes(
    made: MadeUpSpool,
    queues: QueueDirectory,
    record: Deletions,
    act: str,
    queue: str,
    state: FileState | None,
    goes_to: str | None,
) -> None:
    queue_id = put_message(made, queue)
    other = put_message(made, queue)
    wanted = {queue_id: fingerprints(made.path)[queue_id]}
    states = ACTS[act](queues, wanted, record)
    assert states == ({} if state is None else {queue_id: state})
    assert made.standing() == ({other: queue} if goes_to is None else {queue_id: goes_to, other: queue})
    if goes_to is not None:
        assert made.file(goes_to, queue_id).exists()


@pytest.mark.parametrize("queue", ["deferred", "hold"])
@pytest.mark.parametrize("act", ACTS)
def test_another_message_under_the_same_queue_id_stays(
    made: MadeUpSpool, queues: QueueDirectory, record: Deletions, act: str, queue: str
) -> None:
    queue_id = put_message(made, queue)
    states = ACTS[act](queues, {queue_id: "0123456789abcdef"}, record)
    assert states in ({queue_id: ANOTHER}, {})
    assert made.standing() == {queue_id: queue}


@pytest.mark.parametrize(
    ("act", "queue", "state", "goes_to"),
    [
        pytest.param("hold", "deferred", BUSY, "hold", id="hold"),
        pytest.param("remove", "deferred", BUSY, "hold", id="remove: it is only held"),
        pytest.param("remove", "hold", BUSY, "hold", id="remove: on hold already"),
        pytest.param("remove_from", "hold", REMOVED, None, id="remove_from"),
    ],
)
def test_a_message_that_an_agent_has_open(
    made: MadeUpSpool,
    queues: QueueDirectory,
    record: Deletions,
    act: str,
    queue: str,
    state: FileState,
    goes_to: str | None,
) -> None:
    queue_id = put_message(made, queue)
    wanted = fingerprints(made.path)
    agent = lock(made.file(queue, queue_id))
    try:
        assert ACTS[act](queues, wanted, record) == {queue_id: state}
    finally:
        os.close(agent)
    assert made.standing() == ({} if goes_to is None else {queue_id: goes_to})


def test_a_removal_takes_the_logs_and_is_recorded(made: MadeUpSpool, queues: QueueDirectory, record: Deletions) -> None:
    queue_id, other = put_message(made, log=True), put_message(made, log=True)
    wanted = {queue_id: fingerprints(made.path)[queue_id]}
    assert actions.remove(queues, wanted, record) == {queue_id: REMOVED}
    assert not made.file("defer", queue_id).exists()
    assert made.file("defer", other).exists()
    assert record.known(wanted) == set(wanted)


def test_a_removal_that_fails_is_no_deletion(
    made: MadeUpSpool, queues: QueueDirectory, record: Deletions, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_id = put_message(made)
    wanted = fingerprints(made.path)
    fail(monkeypatch, "unlink", errno.EIO, queue_id)
    state = actions.remove(queues, wanted, record)[queue_id]
    assert (state.same, state.removed) == (True, False)
    assert str(state.problem).startswith("It cannot be taken out of deferred: Input/output error. ")
    assert record.known(wanted) == set()
    assert made.standing() == {queue_id: "deferred"}


def test_a_file_that_is_still_being_written_is_another(made: MadeUpSpool, queues: QueueDirectory) -> None:
    queue_id = put_message(made, "incoming")
    wanted = fingerprints(made.path)
    made.file("incoming", queue_id).chmod(0o600)
    assert actions.hold(queues, wanted) == {queue_id: ANOTHER}
    assert made.standing() == {queue_id: "incoming"}


def test_a_file_that_cannot_be_opened_has_a_problem_and_the_others_go_on(
    made: MadeUpSpool, queues: QueueDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = put_message(made), put_message(made)
    wanted = fingerprints(made.path)
    fail(monkeypatch, "open", errno.EIO, one)
    states = actions.hold(queues, wanted)
    assert states[other] == QUIET
    assert str(states[one].problem).startswith("It cannot be opened: Input/output error. ")
    assert made.standing() == {one: "deferred", other: "hold"}


def test_a_message_that_was_not_found_has_the_problem_of_an_unreadable_directory(
    made: MadeUpSpool, queues: QueueDirectory, record: Deletions, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden, deleted = put_message(made), "4A0F9AD"
    wanted = {**fingerprints(made.path), deleted: "0123456789abcdef"}
    # A helper process has removed it, and ended before it could send its result.
    record.announce(deleted, wanted[deleted])
    fail(monkeypatch, "open", errno.EACCES, "4")
    states = actions.remove(queues, wanted, record)
    assert states[deleted] == REMOVED
    assert str(states[hidden].problem).startswith("It cannot be read: Permission denied. ")


def test_a_message_that_moves_meanwhile_is_found_by_the_second_try(
    made: MadeUpSpool, queues: QueueDirectory, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_id = put_message(made)
    wanted = fingerprints(made.path)
    passes: list[bool] = []

    def scan_after_move(*args: Any, **options: Any) -> Any:
        if not passes:
            made.file("deferred", queue_id).rename(made.path / "corrupt" / queue_id)
        elif len(passes) == 1:
            (made.path / "corrupt" / queue_id).rename(made.path / "active" / queue_id)
        passes.append(True)
        return scan(*args, **options)

    monkeypatch.setattr(actions, "scan", scan_after_move)
    assert actions.hold(queues, wanted) == {queue_id: QUIET}
    assert (len(passes), made.standing()) == (2, {queue_id: "hold"})


def test_a_name_that_is_taken_on_hold_is_not_overwritten(made: MadeUpSpool, queues: QueueDirectory) -> None:
    queue_id = put_message(made)
    wanted = fingerprints(made.path)
    # Only the administrator can put it there.
    copy = made.put("hold", queue_id, QueueFile(sender=b"other@example.com").write(), mode=0o600)
    states = actions.hold(queues, wanted)
    assert states[queue_id] == ANOTHER
    assert made.file("deferred", queue_id).exists()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600


def test_nothing_wanted_reads_nothing(queues: QueueDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "scan", lambda *_args, **_options: pytest.fail("it reads"))
    assert actions.hold(queues, {}) == {}
