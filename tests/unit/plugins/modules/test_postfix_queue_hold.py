# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import Any, Mapping, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import _locked_spool, queue_hold
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock
from ansible_collections.mailops.postfix.plugins.modules import postfix_queue_hold
from tests.unit.support.acting import Killed, between
from tests.unit.support.module import ModuleRun
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said
from tests.unit.support.spool import MadeUpSpool

NOW = int(time.time())
DAY = 86400


def message(*, age: int, sender: bytes = b"spammer@example.net", created: bytes = b"") -> bytes:
    """Return a queue file that arrived so many seconds ago; created: what Postfix noted of when it was made, as for a requeue."""
    return QueueFile(sender=sender, arrival=b"%d 0" % (NOW - age), created=created).write()


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.fixture
def postsuper(made: MadeUpSpool) -> FakePostsuper:
    return FakePostsuper(made)


@pytest.fixture
def run(
    made: MadeUpSpool, postsuper: FakePostsuper, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    # However long the tests before this one took.
    monkeypatch.setattr(time, "time", lambda: NOW + 1.0)
    running = ModuleRun(postfix_queue_hold.main, monkeypatch, capsys, made.path)

    def act(command: Sequence[str]) -> Output:
        # postsuper -c DIRECTORY ACTION - QUEUE ...
        return postsuper.run(command[3], running.runner.ran[-1][1].split(), command[5:])

    running.answers.update(postsuper=act, postlog=said(), postkick=said())
    return running


def outcomes(**counts: int) -> dict[str, int]:
    return {**dict.fromkeys(map(str, queue_hold.OUTCOMES), 0), **counts}


LIFETIMES: Sequence[Any] = [
    pytest.param({"age": 6 * DAY}, 0, "requeued", id="older than five days"),
    pytest.param({"age": 4 * DAY}, 0, "released", id="younger"),
    pytest.param({"age": 5 * DAY - 200}, 0, "requeued", id="over when the queue is scanned next"),
    pytest.param({"age": 5 * DAY - 900}, 0, "released", id="not over then"),
    pytest.param({"age": 5 * DAY - 900}, 800, "requeued", id="over when it is due"),
    pytest.param({"age": 9 * DAY, "created": b"%d" % (NOW - DAY)}, 0, "released", id="old, but requeued since"),
    pytest.param({"age": DAY, "created": b"-1"}, 0, "released", id="a creation time that is none"),
    pytest.param({"age": 2 * DAY, "sender": b""}, 0, "requeued", id="a notice older than a day"),
    pytest.param({"age": DAY // 2, "sender": b""}, 0, "released", id="a notice that is younger"),
]


@pytest.mark.parametrize(("options", "due_in", "outcome"), LIFETIMES)
def test_what_would_be_returned_is_requeued(
    run: ModuleRun, made: MadeUpSpool, options: Mapping[str, Any], due_in: int, outcome: str
) -> None:
    run.parameters.update(maximal_queue_lifetime="5", bounce_queue_lifetime="1d", queue_run_delay="300s")
    made.put("hold", "4A0F9AC", message(**options), mtime=NOW + due_in)
    assert run(check=True, state="released", match_all=True)["outcomes"] == outcomes(**{outcome: 1})
    assert run(state="released", match_all=True)["outcomes"] == outcomes(**{outcome: 1})
    assert made.standing() == {"4A0F9AC": {"released": "deferred", "requeued": "maildrop"}[outcome]}


def test_notices_have_no_longer_lifetime_than_mail(run: ModuleRun, made: MadeUpSpool) -> None:
    run.parameters.update(maximal_queue_lifetime="1h", bounce_queue_lifetime="5d")
    made.put("hold", "4A0F9AC", message(age=7200, sender=b""))
    assert run(state="released", match_all=True)["outcomes"] == outcomes(requeued=1)


def test_a_lifetime_that_is_none_is_refused(run: ModuleRun, made: MadeUpSpool) -> None:
    run.parameters["maximal_queue_lifetime"] = "a while"
    made.put("hold", "4A0F9AC", message(age=1))
    assert run.fails(state="released", match_all=True) == (
        "maximal_queue_lifetime = a while in /etc/postfix/main.cf is not a time that Postfix understands. Correct it there."
    )
    assert run(state="released", match_all=True, release_by="move")["outcomes"] == outcomes(released=1)


def test_a_release_is_from_hold_only(run: ModuleRun, made: MadeUpSpool) -> None:
    for queue_id, age in (("4A0F9AC", DAY), ("4A0F9AD", 9 * DAY)):
        made.put("hold", queue_id, message(age=age))
    run(state="released", match_all=True)
    acts = [(command[3:], stdin.split()) for command, stdin in run.runner.ran if "postsuper" in command[0]]
    assert acts == [(["-r", "-", "hold"], ["4A0F9AD"])]
    assert made.standing() == {"4A0F9AC": "deferred", "4A0F9AD": "maildrop"}


def test_what_was_released_by_somebody_else_meanwhile(
    run: ModuleRun, made: MadeUpSpool, postsuper: FakePostsuper
) -> None:
    made.put("hold", "4A0F9AC", message(age=1))
    plan = run(check=True, state="released", match_all=True)["plan"]
    postsuper.run("-H", ["4A0F9AC"], ["hold"])
    assert run(state="released", plan=plan)["outcomes"] == outcomes(vanished=1)
    assert run(state="held", plan=plan)["outcomes"] == outcomes(held=1)


def test_what_vanishes_or_cannot_be_caught_while_it_is_held(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for queue_id in ("4A0F9AC", "4A0F9AD", "4A0F9AE"):
        made.put("deferred", queue_id, message(age=1))
    rename = moves.rename

    def lose(source: str, target: str, **directories: int) -> None:
        if source == "4A0F9AD":
            raise FileNotFoundError
        rename(source, target, **directories)

    between(monkeypatch, made.file("deferred", "4A0F9AC").unlink)
    monkeypatch.setattr(moves, "rename", lose)
    result = run(state="held", match_all=True)
    assert result["failed"] is True
    assert result["outcomes"] == outcomes(held=1, vanished=1, failed=1)
    assert result["moved"]["messages"] == 1


def test_a_message_that_an_agent_has_open_is_not_requeued(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_locked_spool, "IN_FLIGHT_SECONDS", 0.2)
    with made.put("hold", "4A0F9AC", message(age=1)).open("rb") as agent:
        fcntl.flock(agent, fcntl.LOCK_SH)
        options: dict[str, Any] = {"state": "released", "match_all": True}
        assert run(release_by="requeue", **options)["outcomes"] == outcomes(failed=1)
        # The queue manager looks at that lock itself.
        assert run(release_by="move", **options)["outcomes"] == outcomes(released=1)


def test_an_interrupted_hold_is_seen_in_check_mode(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reuse_and_kill(_lock: QueueLock) -> None:
        made.file("hold", "4A0F9AC").write_bytes(message(age=5))
        raise Killed

    for queue_id in ("4A0F9AC", "4A0F9AD"):
        made.put("deferred", queue_id, message(age=1))
    with monkeypatch.context() as patched:
        patched.setattr(QueueLock, "clear_journal", reuse_and_kill)
        with pytest.raises(Killed):
            run(state="held", match_all=True)
    run(check=True, state="released", match=[{"sender": "nobody@"}])
    held = "An earlier run was interrupted; 1 messages that it had put on hold "
    assert run.warnings == [held + "are still there. The next real run releases them first."]
    run(state="released", match=[{"sender": "nobody@"}])
    assert run.warnings == [held + "were released."]
    assert made.standing() == {"4A0F9AC": "deferred", "4A0F9AD": "hold"}


def test_the_diff_of_a_release(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("hold", "4A0F9AC", message(age=1))
    diff = run(check=True, state="released", match_all=True)["diff"]
    assert diff["before"].splitlines()[0] == "hold: 1 messages"
    assert diff["after"].splitlines()[:2] == ["hold: 0 messages", "released: 1 messages"]
    assert diff["after"].endswith(" (released)\n")


# --- what a run has put on hold -------------------------------------------------------------------------------------


def test_a_release_plan_has_what_the_run_put_on_hold_and_nothing_else(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("hold", "4A0F9AC", message(age=1))
    for queue_id in ("4A0F9AD", "4A0F9AE"):
        made.put("deferred", queue_id, message(age=1))
    assert "release_plan" not in run(check=True, state="held", match_all=True)
    held = run(state="held", match_all=True, max_percent=100)
    assert {row["queue_id"]: row["outcome"] for row in held["messages"]} == {
        "4A0F9AC": None,
        "4A0F9AD": "held",
        "4A0F9AE": "held",
    }
    assert "release_plan" not in run(state="held", match_all=True)
    plan = held["release_plan"]
    assert (plan["counts"]["messages"], plan["limits"]) == (2, {"max_messages": None, "max_percent": None})
    made.file("hold", "4A0F9AE").unlink()
    expected = outcomes(released=1, vanished=1)
    for check in (True, False):
        result = run(check=check, state="released", plan=plan)
        assert result["outcomes"] == expected
        assert result["not_as_planned"] == [{"queue_id": "4A0F9AE", "outcome": "vanished"}]
        assert [(row["queue_id"], row["outcome"]) for row in result["messages"]] == [("4A0F9AD", "released")]
    assert made.standing() == {"4A0F9AC": "hold", "4A0F9AD": "deferred"}


def test_a_reused_queue_id_is_not_released(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("deferred", "4A0F9AC", message(age=1))
    plan = run(state="held", match_all=True)["release_plan"]
    made.file("hold", "4A0F9AC").unlink()
    made.put("hold", "4A0F9AC", message(age=2, sender=b"other@example.org"))
    result = run(state="released", plan=plan)
    assert result["not_as_planned"] == [{"queue_id": "4A0F9AC", "outcome": "changed"}]
    assert made.standing() == {"4A0F9AC": "hold"}
