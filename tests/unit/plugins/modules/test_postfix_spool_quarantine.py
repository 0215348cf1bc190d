# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules of the quarantine on every Python that there is: tests/integration has the rest, and kills them at each step."""

from __future__ import annotations

import errno
import json
import os
import pwd
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import spool_quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Output
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import encode
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Look
from ansible_collections.mailops.postfix.plugins.modules import postfix_quarantine_info, postfix_spool_quarantine
from tests.unit.support.module import ModuleRun
from tests.unit.support.postsuper import FakePostsuper
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said
from tests.unit.support.spool import QUEUES, MadeUpSpool

BAD = [{"sender": "bad.example"}]
SPAM, HAM = "4A0F9AC", "4A0F9AD"


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("deferred", SPAM, QueueFile(sender=b"a@bad.example").write())
    spool.put_defer_log(SPAM, someone="later")
    spool.put("deferred", HAM, QueueFile(sender=b"a@good.example").write())
    spool.put_defer_log(HAM, someone="later")
    return spool


@pytest.fixture
def running(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleRun], ModuleRun]:
    """Give a module an instance that is not running, whose root and mail owner are the user of the tests."""
    own = os.getuid()
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(quarantine, "_OWNER", own)
    monkeypatch.setattr(quarantine, "_PRIVATE", Look(own, os.getgid(), 0o700, ()))
    postsuper = FakePostsuper(made)

    def prepare(run: ModuleRun) -> ModuleRun:
        def act(command: Sequence[str]) -> Output:
            return postsuper.run(command[3], run.runner.ran[-1][1].split(), command[5:])

        run.answers.update(postsuper=act, postlog=said(), postkick=said())
        run.parameters["mail_owner"] = pwd.getpwuid(own).pw_name
        return run

    return prepare


@pytest.fixture
def run(
    made: MadeUpSpool,
    running: Callable[[ModuleRun], ModuleRun],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> ModuleRun:
    return running(ModuleRun(postfix_spool_quarantine.main, monkeypatch, capsys, made.path))


def contents(place: Path) -> list[tuple[str, bytes]]:
    """Return queue and content of all messages, sorted."""
    return sorted(
        (queue, path.read_bytes()) for queue in QUEUES for path in (place / queue).rglob("*") if path.is_file()
    )


def outcomes(**counts: int) -> dict[str, int]:
    return {**dict.fromkeys(spool_quarantine.OUTCOMES, 0), **counts}


def place(made: MadeUpSpool) -> Path:
    return Path(str(made.path) + ".quarantine") / "spam"


def elsewhere(monkeypatch: pytest.MonkeyPatch, made: MadeUpSpool) -> None:
    """Have the quarantine on another filesystem, as far as the module can see."""
    really = moves.rename

    def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
        sides = [
            os.readlink("/proc/self/fd/%d" % side).startswith(str(made.path) + "/") for side in (source_dir, target_dir)
        ]
        if sides[0] != sides[1]:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        really(source, target, source_dir=source_dir, target_dir=target_dir)

    monkeypatch.setattr(moves, "rename", rename)


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("mode", ["messages", "queues"])
def test_there_and_back(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, mode: str, far: bool
) -> None:
    before = contents(made.path)
    options: dict[str, Any] = (
        {"name": "spam", "match": BAD} if mode == "messages" else {"name": "spam", "mode": "queues"}
    )
    count = 1 if mode == "messages" else 2
    if far and mode == "messages":
        elsewhere(monkeypatch, made)
    predicted = run(check=True, **options)
    assert not place(made).parent.exists()
    done = run(**options)
    assert done["outcomes"] == predicted["outcomes"] == outcomes(quarantined=count)
    assert done["diff"] == predicted["diff"]
    assert done["changed"] is predicted["changed"] is True
    assert len(contents(made.path)) == 2 - count
    assert len(contents(place(made))) == count
    assert len([path for path in (place(made) / "defer").rglob("*") if path.is_file()]) == count
    assert run(**options)["changed"] is False
    restored = run(name="spam", state="restored", match_all=True)
    assert restored["outcomes"] == outcomes(restored=count)
    assert contents(made.path) == before
    assert {path.name for path in (made.path / "defer").rglob("*") if path.is_file()} == set(made.standing())
    assert sorted(path.name for path in (made.path / "pid").iterdir()) == ["mailops.lock"]
    assert run(name="spam", state="restored", match_all=True)["changed"] is False
    gone = run(name="spam", state="absent", match_all=True)
    assert gone["changed"] is True
    assert not place(made).exists()
    assert run(name="spam", state="absent", match_all=True)["changed"] is False


def test_what_was_there_before_whole_queues_is_not_told_again(run: ModuleRun) -> None:
    run(name="spam", match=BAD)
    predicted = run(check=True, name="spam", mode="queues")
    done = run(name="spam", mode="queues")
    assert done["outcomes"] == predicted["outcomes"] == outcomes(quarantined=1)
    for told in ("quarantined", "matched", "messages", "truncated", "diff"):
        assert done[told] == predicted[told]
    assert [row["queue_id"] for row in done["messages"]] == [HAM]


def test_a_taken_id_stays(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    [path] = [path for path in (place(made) / "deferred").iterdir() if path.is_file()]
    name = "4A0F9%X" % path.stat().st_ino
    taken = made.put("hold", name, b"")
    for check in (True, False):
        result = run(check=check, name="spam", state="restored", match=BAD)
        assert (result["outcomes"], result["collisions"]) == (outcomes(collision=1), [SPAM])
        assert run.warnings == [
            "1 messages stay in the quarantine spam, because their queue IDs are taken in the queue."
        ]
    assert taken.read_bytes() == b""
    taken.unlink()
    result = run(name="spam", state="restored", match=BAD)
    assert result["renamed"] == [{"queue_id": name, "was": SPAM}]


def test_a_part_is_deleted(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", mode="queues")
    assert run(name="spam", state="absent", match=BAD, check=True)["outcomes"] == outcomes(deleted=1)
    assert run(name="spam", state="absent", match=BAD)["outcomes"] == outcomes(deleted=1)
    assert [path.name for path in (place(made) / "defer").rglob("*") if path.is_file()] == [HAM]
    assert len(contents(place(made))) == 1


def test_what_an_interrupted_run_left_is_put_right_first(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    # As if it had been killed between the message and its log.
    log = place(made) / "defer" / SPAM
    (made.path / "defer" / "4").mkdir(exist_ok=True)
    log.rename(made.file("defer", SPAM))
    journal = place(made) / "journal"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    result = run(check=True, name="spam", match=BAD)
    assert run.warnings == [
        "An earlier run on the quarantine spam was interrupted. The next real run first finishes or undoes it."
    ]
    assert not log.exists()
    result = run(name="spam", match=BAD)
    assert run.warnings == ["An earlier run on the quarantine spam was interrupted; it was finished or undone."]
    assert result["changed"] is False
    assert log.exists()
    run(name="spam", match=BAD)
    assert run.warnings == []


def test_a_quarantine_of_a_later_version_is_left_alone(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    (place(made) / "journal").write_bytes(encode({"op": "made", "version": 3, "instance": {}}))
    assert run.fails(name="spam", match=BAD) == (
        "The quarantine %s has format version 3, this collection knows version 2; nothing was touched. Use the release of the "
        "collection that made it." % place(made)
    )


def test_a_plan_is_for_one_quarantine(run: ModuleRun) -> None:
    plan = run(check=True, name="spam", match=BAD)["plan"]
    assert run(name="spam", plan=plan)["outcomes"] == outcomes(quarantined=1)
    assert run.fails(name="spam", state="restored", plan=plan) == (
        "The plan was not made for state restored with this quarantine; make a new plan (run the module in check mode)."
    )
    plan = run(check=True, name="spam", state="restored", match=BAD)["plan"]
    assert run(name="spam", state="restored", plan=plan)["outcomes"] == outcomes(restored=1)
    assert run(name="spam", state="restored", plan=plan)["outcomes"] == outcomes(already=1)


def test_what_is_no_plan(run: ModuleRun) -> None:
    plan = run(check=True, name="spam", match=BAD)["plan"]
    remedy = "make a new plan (run the module in check mode)."
    for state in ("quarantined", "restored"):
        assert run.fails(name="spam", state=state, plan={"instance": "x"}) == (
            "The plan has no version: it is none, or was cut; " + remedy
        )
        assert run.fails(name="spam", state=state, plan={**plan, "instance": "x"}) == (
            "The plan's instance is no dictionary: it is none, or was altered; " + remedy
        )


def test_only_root_may(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1)
    assert (
        run.fails(name="spam", match=BAD) == "Only root may read and change the queue: run this task with become: true."
    )


def test_info_tells_what_is_there(
    run: ModuleRun,
    made: MadeUpSpool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: Callable[[ModuleRun], ModuleRun],
) -> None:
    run(name="spam", mode="queues", reason="ticket 1")
    run(name="spam", state="absent", match=BAD)
    (tmp_path / "sbin" / "postconf").unlink()
    (tmp_path / "sbin").rmdir()
    ask = running(ModuleRun(postfix_quarantine_info.main, monkeypatch, capsys, made.path))
    assert ask(name="ham")["quarantines"] == []
    [told] = ask()["quarantines"]
    assert (told["name"], told["quarantined"], told["deleted"], told["restored"]) == ("spam", 2, 1, 0)
    assert (told["total"]["messages"], list(told["queues"]), told["unfinished"]) == (1, ["deferred"], None)
    assert [(row["mode"], row["reason"]) for row in told["runs"]] == [("queues", "ticket 1")]


def test_info_counts_what_came_first_once(
    run: ModuleRun,
    made: MadeUpSpool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: Callable[[ModuleRun], ModuleRun],
) -> None:
    run(name="spam", match=BAD)
    run(name="spam", mode="queues")
    (tmp_path / "sbin" / "postconf").unlink()
    (tmp_path / "sbin").rmdir()
    ask = running(ModuleRun(postfix_quarantine_info.main, monkeypatch, capsys, made.path))
    [told] = ask()["quarantines"]
    assert (told["quarantined"], told["total"]["messages"]) == (2, 2)


def test_info_is_bounded(
    made: MadeUpSpool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: Callable[[ModuleRun], ModuleRun],
) -> None:
    ask = running(ModuleRun(postfix_quarantine_info.main, monkeypatch, capsys, made.path))
    identity = {"config_directory": "/etc/postfix", "queue_directory": str(made.path)}
    base = str(place(made).parent)
    names = ["cleanup-%03d" % number for number in range(120)]
    for name in names:
        with quarantine.Quarantine.make(base, name, host="mx1.example.com", instance=identity) as one:
            said_of_it: dict[str, Any] = {"by": "ops", "reason": "r" * 500, "selection": {}, "digest": "0" * 64}
            one.write("swap", queues=[], **said_of_it)
            one.write("done", messages=0, collisions=[])
    result = ask()
    rows = result["quarantines"]
    assert len(json.dumps(result)) < 64 << 10
    assert [row["name"] for row in rows] == names[: len(rows)]
    assert (len(rows) > 50, len(rows) + result["left_out"]) == (True, len(names))
    assert (len(rows[0]["runs"]), rows[-1]["runs"]) == (1, [])
    last = ask(name=names[-1])
    assert ([row["name"] for row in last["quarantines"]], last["left_out"]) == (names[-1:], 0)
