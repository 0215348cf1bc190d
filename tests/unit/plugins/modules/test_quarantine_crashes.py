# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two quarantines of one name, one of them on another filesystem as far as the module can see, and runs that are killed."""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import signal
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._spool import copies, moves, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from ansible_collections.mailops.postfix.plugins.modules import postfix_spool_quarantine
from tests.unit.support.module import ModuleRun
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said
from tests.unit.support.spool import QUEUES, MadeUpSpool

NEAR = [{"sender": "near.example"}]
FAR = [{"sender": "far.example"}]
STEPS = ("rename", "unlink", "mkdir", "rmdir", "fsync", "pwrite", "ftruncate", "write", "fchmod", "utime")
# Every step would take minutes; tests/integration/test_crash.py takes more of them.
STRIDE = 11
MESSAGES = 6


class Host:
    """A host with messages for two quarantines of one name."""

    def __init__(self, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.made = MadeUpSpool(place / "spool")
        self.near, self.far = place / "spool.quarantine" / "ticket", place / "far" / "ticket"
        self.far.parent.mkdir()
        self.run = ModuleRun(postfix_spool_quarantine.main, monkeypatch, capsys, self.made.path)
        postsuper = FakePostsuper(self.made)

        def act(command: Sequence[str]) -> Output:
            return postsuper.run(command[3], self.run.runner.ran[-1][1].split(), command[5:])

        self.run.answers.update(postsuper=act, postlog=said(), postkick=said())
        self.run.parameters["mail_owner"] = pwd.getpwuid(os.getuid()).pw_name

    def fill(self) -> None:
        """Bring the host back to a queue full of mail and no quarantines."""
        for directory in (self.near, self.far):
            shutil.rmtree(directory, ignore_errors=True)
        for path in self.pid().iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for path in [path for path in self.made.path.rglob("*") if path.is_file()]:
            path.unlink()
        for number in range(MESSAGES):
            sender = b"%d@%s.example" % (number, b"far" if number % 2 else b"near")
            path = self.made.put("deferred", "4A0F9%X" % number, QueueFile(sender=sender).write())
            name = "4A0F9%X" % path.stat().st_ino
            target = self.made.file("deferred", name)
            target.parent.mkdir(exist_ok=True)
            path.rename(target)
            self.made.put_defer_log(name, someone="later")

    def pid(self) -> Path:
        """Return where the module's places in the queue directory are."""
        return self.made.path / "pid"

    def empty_pid(self) -> None:
        """Do what a script does that cleans up after programs that died."""
        for path in self.pid().glob("mailops*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def messages(self) -> list[bytes]:
        """Return the content of all messages in the queue and both quarantines, sorted."""
        roots = (self.made.path, self.near, self.far)
        paths = (path for root in roots for queue in QUEUES for path in (root / queue).rglob("*") if path.is_file())
        return sorted(path.read_bytes() for path in paths)

    def on_near(self, **options: Any) -> dict[str, Any]:
        """Run the module on the near quarantine."""
        return self.run(name="ticket", **{"match": NEAR, **options})

    def on_far(self, **options: Any) -> dict[str, Any]:
        """Run the module on the far quarantine."""
        return self.run(name="ticket", directory=str(self.far.parent), **{"match": FAR, **options})

    def killed(self, step: int, work: Callable[[], object]) -> bool:
        """Do that in a process that is killed before its step of that number, and return whether it was."""
        process = os.fork()
        if not process:
            _arm(step)
            work()
            os._exit(0)
        return os.waitpid(process, 0)[1] == signal.SIGKILL


def _arm(step: int) -> None:
    left = [step]

    def before(function: Callable[..., Any]) -> Callable[..., Any]:
        def stepping(*arguments: Any, **named: Any) -> Any:
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return stepping

    for name in STEPS:
        setattr(os, name, before(getattr(os, name)))
    # The function that renames is the C library's.
    moves.rename = before(moves.rename)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Host:
    own = os.getuid()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(quarantine_place, "OWNER", own)
    monkeypatch.setattr(quarantine_place, "PRIVATE", FileAttributes(own, os.getgid(), 0o700, ()))
    # More than one batch.
    monkeypatch.setattr(copies, "_BATCH_MESSAGES", 2)
    far = str(tmp_path / "far")
    really = moves.rename

    def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
        sides = [os.readlink("/proc/self/fd/%d" % side).startswith(far) for side in (source_dir, target_dir)]
        if sides[0] != sides[1]:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        really(source, target, source_dir=source_dir, target_dir=target_dir)

    monkeypatch.setattr(moves, "rename", rename)
    return Host(tmp_path, monkeypatch, capsys)


def near_run(host: Host) -> None:
    host.on_near(state="restored")


def nothing(_host: Host) -> None:
    pass


def both(host: Host) -> None:
    host.empty_pid()
    host.on_near(state="restored")


BETWEEN = [
    pytest.param(nothing, id="nothing"),
    pytest.param(near_run, id="a run on the near one"),
    pytest.param(Host.empty_pid, id="pid emptied"),
    pytest.param(both, id="both"),
]


@pytest.mark.parametrize("between", BETWEEN)
@pytest.mark.parametrize("state", ["quarantined", "restored"])
def test_two_quarantines_of_one_name_lose_nothing(host: Host, state: str, between: Callable[[Host], None]) -> None:
    kills = 0
    for step in range(1, 1000, STRIDE):
        host.fill()
        before = host.messages()
        assert len(set(before)) == MESSAGES
        assert host.on_near()["outcomes"]["quarantined"] == MESSAGES // 2
        if state == "restored":
            assert host.on_far()["outcomes"]["quarantined"] == MESSAGES // 2
        if not host.killed(step, lambda: host.on_far(state=state)):
            break
        kills += 1
        between(host)
        assert "failed" not in host.on_far(state=state)
        # Nothing is on its way any more, and what has been left out is taken in by the next run.
        assert "failed" not in host.on_far(state=state)
        assert host.messages() == before
        assert [path.name for path in host.pid().glob("mailops.*.*")] == []
        assert not (host.far / "staging").exists()
        # What was on hold when pid/ was emptied is taken from there.
        left = [path for queue in QUEUES for path in (host.far / queue).rglob("*") if path.is_file()]
        assert len(left) == (MESSAGES // 2 if state == "quarantined" else 0)
    assert kills >= 8


def test_a_twin_of_a_quarantine_loses_nothing(host: Host) -> None:
    # Both have one ID: somebody has copied it.
    for step in range(1, 1000, STRIDE * 4):
        host.fill()
        before = host.messages()
        host.on_far()
        twin = host.far.with_name("twin")
        shutil.rmtree(twin, ignore_errors=True)
        shutil.copytree(host.far, twin)
        if not host.killed(step, lambda: host.on_far(state="restored")):
            break
        host.run(name="twin", directory=str(twin.parent), state="restored", match=[{"sender": "nobody.example"}])
        host.on_far(state="restored")
        host.on_far(state="restored")
        assert set(host.messages()) == set(before)
    assert step > STRIDE * 4


def test_a_copy_that_was_delivered_is_not_given_back_at_once(host: Host) -> None:
    host.fill()
    host.on_far()
    before = host.messages()
    # Killed when all copies of the first batch are in the queue, and before the journal says so; then Postfix delivers one.
    step = 1
    while host.killed(step, lambda: host.on_far(state="restored")):
        placed = {path for path in (host.made.path / "deferred").rglob("*") if path.is_file()}
        if len(host.messages()) == len(before) + 2 and len(placed) == MESSAGES // 2 + 2:
            break
        host.fill()
        host.on_far()
        before = host.messages()
        step += 1
    [delivered, *_others] = [path for path in placed if b"far.example" in path.read_bytes()]
    content = delivered.read_bytes()
    delivered.unlink()
    result = host.on_far(state="restored")
    [warning] = [text for text in host.run.warnings if "were given back" in text]
    [queue_id] = [path.name for path in (host.far / "deferred").rglob("*") if path.is_file()]
    assert warning == (
        "1 messages were given back by an interrupted run and are no longer in the queue: Postfix may have delivered or returned them. "
        "They are still in the quarantine, and this run leaves them out: %s. The next run takes them in again."
        % queue_id
    )
    assert result["outcomes"]["restored"] == MESSAGES // 2 - 2
    assert (host.far / "deferred" / queue_id).read_bytes() == content
    assert host.on_far(state="restored")["outcomes"]["restored"] == 1
    assert host.messages() == before
