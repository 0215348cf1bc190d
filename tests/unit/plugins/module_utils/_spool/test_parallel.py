# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How work is shared; what scan() makes of it is in test_scan.py."""

from __future__ import annotations

import errno
import os
import select
import signal
from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import parallel
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from tests.unit.support.spool import MadeUpSpool


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.mark.parametrize(
    ("cores", "load", "files", "processes"),
    [
        pytest.param(1, 0.0, 20, 1, id="one core"),
        pytest.param(2, 0.0, 5, 1, id="a small queue"),
        pytest.param(2, 0.0, 20, 2, id="two cores"),
        pytest.param(64, 0.0, 20, 4, id="many cores"),
        pytest.param(2, 4.1, 20, 1, id="busy"),
        pytest.param(2, 3.9, 20, 2, id="not that busy"),
    ],
)
def test_as_many_processes_as_help(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, cores: int, load: float, files: int, processes: int
) -> None:
    monkeypatch.setattr(parallel, "WORTH_A_PROCESS", 10)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: set(range(cores)))
    monkeypatch.setattr(os, "getloadavg", lambda: (load, 0.0, 0.0))
    for number in range(files):
        made.put(("hold", "deferred")[number % 2], "%05X1234" % number, b"")
    with Spool(str(made.path)) as spool:
        assert parallel.worth_processes(spool, ("hold", "deferred")) == processes


class Nothing:
    """What a share gives that gives nothing."""

    def merge(self, other: Nothing) -> None:
        """Add nothing."""


def die_or_wait(which: int, _number: int) -> Nothing:
    if which:
        signal.pause()
    os.kill(os.getpid(), signal.SIGKILL)
    return Nothing()


def test_a_helper_ends_with_a_killed_run() -> None:
    reader, writer = os.pipe()
    run = os.fork()
    if not run:
        # The helper holds the pipe open for as long as it lives.
        parallel.in_shares(die_or_wait, 2)
    os.close(writer)
    assert os.WTERMSIG(os.waitpid(run, 0)[1]) == signal.SIGKILL
    assert select.select([reader], [], [], 10)[0] == [reader]
    assert os.read(reader, 1) == b""
    os.close(reader)


class Cut(Nothing):
    """What a helper cannot send to the end: it is killed after a part."""

    def __reduce__(self) -> tuple[object, ...]:
        return Cut, (), {"sent": bytearray(1 << 20), "not sent": Killer()}


class Killer(Nothing):
    """What a helper is killed for when it sends it."""

    def __reduce__(self) -> tuple[object, ...]:
        os.kill(os.getpid(), signal.SIGKILL)
        return Killer, ()


class Many(Nothing):
    """A large result."""

    def __init__(self) -> None:
        self.data = bytearray(os.getpid().to_bytes(4, "little") * (1 << 20))
        self.merged: list[bytearray] = []

    def merge(self, other: Nothing) -> None:
        assert isinstance(other, Many)
        self.merged.append(other.data)


def test_a_large_result_arrives_as_it_is() -> None:
    whole = parallel.in_shares(lambda _which, _number: Many(), 3)
    assert len(whole.merged) == 2
    assert len({bytes(data[:4]) for data in (whole.data, *whole.merged)}) == 3
    assert all(data == data[:4] * (1 << 20) for data in whole.merged)


@pytest.mark.parametrize("make", [Cut, Killer])
def test_a_helper_that_was_killed_while_it_sent(make: Callable[[], Nothing]) -> None:
    with pytest.raises(MailopsError) as caught:
        parallel.in_shares(lambda which, _number: make() if which else Nothing(), 2)
    assert str(caught.value) == (
        "A worker process was killed (out of memory?). Run this again: the next run finishes or undoes what that process left."
    )


def fail_in_a_helper(which: int, _number: int) -> Nothing:
    if which:
        raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
    return Nothing()


def test_an_error_of_the_system_in_a_helper_has_its_reason_and_remedy() -> None:
    with pytest.raises(MailopsError) as caught:
        parallel.in_shares(fail_in_a_helper, 2)
    assert str(caught.value) == (
        "A part of the queue cannot be read: Stale file handle. Mount the network filesystem again, then run this again."
    )


def test_a_process_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> int:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    monkeypatch.setattr(os, "fork", refuse)
    with pytest.raises(MailopsError) as caught:
        parallel.in_shares(fail_in_a_helper, 3)
    assert str(caught.value) == (
        "No process can be started for a part of the queue: Resource temporarily unavailable. Fix that, then run this again."
    )


def test_a_queue_that_cannot_be_read_is_no_reason_to_start_a_process(made: MadeUpSpool) -> None:
    (made.path / "hold").rmdir()
    (made.path / "hold").touch()
    with Spool(str(made.path)) as spool:
        assert parallel.worth_processes(spool, ("hold", "deferred")) == 1
