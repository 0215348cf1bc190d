# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The modules of the quarantine on every Python that there is: tests/integration has the rest, and kills them at each step."""

from __future__ import annotations

import errno
import json
import os
import pwd
import shutil
import subprocess
import types
from pathlib import Path
from typing import Any, Callable, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._module import _locked_spool, spool_quarantine
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._spool import actions, moves, quarantine_place
from ansible_collections.mailops.postfix.plugins.module_utils._spool.journal import Journal, encode
from ansible_collections.mailops.postfix.plugins.module_utils._spool.lock import QueueLock
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes
from ansible_collections.mailops.postfix.plugins.module_utils._spool.quarantine import Quarantine
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
    monkeypatch.setattr(quarantine_place, "OWNER", own)
    monkeypatch.setattr(quarantine_place, "PRIVATE", FileAttributes(own, os.getgid(), 0o700, ()))
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
    return {**dict.fromkeys(map(str, spool_quarantine.OUTCOMES), 0), **counts}


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
    for key in ("quarantined", "matched", "messages", "truncated", "diff"):
        assert done[key] == predicted[key]
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
        "The plan was not made for state restored with this quarantine; nothing was touched. Make a new plan (run the module in check mode)."
    )
    plan = run(check=True, name="spam", state="restored", match=BAD)["plan"]
    assert run(name="spam", state="restored", plan=plan)["outcomes"] == outcomes(restored=1)
    assert run(name="spam", state="restored", plan=plan)["outcomes"] == outcomes(already=1)


def test_what_is_no_plan(run: ModuleRun) -> None:
    plan = run(check=True, name="spam", match=BAD)["plan"]
    remedy = "nothing was touched. Make a new plan (run the module in check mode)."
    for state in ("quarantined", "restored"):
        assert run.fails(name="spam", state=state, plan={"instance": "x"}) == (
            "The plan has no version: it is not a plan, or was cut; " + remedy
        )
        assert run.fails(name="spam", state=state, plan={**plan, "instance": "x"}) == (
            "The plan's instance is not a dictionary: it is not a plan, or was altered; " + remedy
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
    [row] = ask()["quarantines"]
    assert (row["name"], row["quarantined"], row["deleted"], row["restored"]) == ("spam", 2, 1, 0)
    assert (row["total"]["messages"], list(row["queues"]), row["unfinished"]) == (1, ["deferred"], None)
    assert [(entry["mode"], entry["reason"]) for entry in row["runs"]] == [("queues", "ticket 1")]


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
    [row] = ask()["quarantines"]
    assert (row["quarantined"], row["total"]["messages"]) == (2, 2)


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
        with Quarantine.make(base, name, host="mx1.example.com", instance=identity) as one:
            said_of_it: dict[str, Any] = {"by": "ops", "reason": "r" * 500, "selection": {}, "digest": "0" * 64}
            one.write("swap", queues=[], **said_of_it)
            one.write("done", messages=0, collisions=[])
    result = ask()
    rows = result["quarantines"]
    # Longer paths make fewer rows of the same size together.
    assert 54 << 10 < len(json.dumps(result)) < 64 << 10
    assert [row["name"] for row in rows] == names[: len(rows)]
    assert len(rows) + result["left_out"] == len(names)
    assert (len(rows[0]["runs"]), rows[-1]["runs"]) == (1, [])
    last = ask(name=names[-1])
    assert ([row["name"] for row in last["quarantines"]], last["left_out"]) == (names[-1:], 0)


# --- only what the journal proves -----------------------------------------------------------------------------------


def every_path(place: Path) -> list[str]:
    return sorted(str(path.relative_to(place)) for path in place.rglob("*"))


ALL: dict[str, Any] = {"state": "absent", "match_all": True}


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("state", ["quarantined", "restored", "absent"])
def test_a_directory_without_a_journal_is_left_alone(
    run: ModuleRun, made: MadeUpSpool, state: str, check: bool
) -> None:
    (place(made) / "A").mkdir(parents=True)
    (place(made) / "notes.txt").write_text("precious")
    before = every_path(place(made).parent)
    problem = run.fails(check=check, name="spam", state=state, match_all=True)
    if state == "quarantined":
        assert problem == (
            "%s is not a quarantine and is not empty: it holds A, notes.txt. Nothing was touched. Use another name, or move that to "
            "another place." % place(made)
        )
    else:
        assert problem == (
            "%s is not a quarantine: it has no journal. Nothing was touched. If it was one, read it with the option spool of "
            "postfix_queue_facts, and move what is in it by hand." % place(made)
        )
    assert every_path(place(made).parent) == before
    assert contents(made.path) != []


def test_an_empty_directory_is_no_quarantine(run: ModuleRun, made: MadeUpSpool) -> None:
    # As a run leaves it that is killed just before it removes the directory.
    place(made).mkdir(parents=True)
    assert run(name="spam", **ALL)["changed"] is False
    assert place(made).is_dir()


@pytest.mark.parametrize(
    ("journal", "adopted"),
    [
        pytest.param(None, True, id="empty"),
        pytest.param(b"", True, id="a journal that was made only"),
        pytest.param(encode({"op": "made", "version": 2})[:-30], True, id="cut"),
        pytest.param(b"\0" * 80, True, id="zeros after a power loss"),
        pytest.param(b"12345678 notes of mine", False, id="no journal of ours"),
        pytest.param(b"dear diary", False, id="somebody's journal"),
        pytest.param(b"dear diary\n", False, id="somebody's journal with a line"),
        pytest.param(b"dear diary\nmore\n", False, id="somebody's journal with lines"),
    ],
)
def test_only_what_is_empty_is_adopted(run: ModuleRun, made: MadeUpSpool, journal: bytes | None, adopted: bool) -> None:
    place(made).mkdir(parents=True)
    if journal is not None:
        (place(made) / "journal").write_bytes(journal)
    result = run(name="spam", match=BAD)
    assert result.get("failed", False) is not adopted
    if journal and not adopted:
        assert (place(made) / "journal").read_bytes() == journal
        assert contents(place(made)) == []


STRANGERS: list[tuple[str, Callable[[Path], object]]] = [
    ("notes.txt", lambda path: path.write_text("precious")),
    ("deferred/notes.txt", lambda path: path.write_text("precious")),
    ("deferred/4A0F9ACDEF", lambda path: path.write_text("by hand")),
    ("defer/4A0F9ACDEF", lambda path: path.write_text("by hand")),
    ("deferred/A1", lambda path: path.mkdir()),
    ("corrupt", lambda path: path.mkdir()),
    ("deferred/4A0F9AC.bak", lambda path: path.symlink_to("/etc/passwd")),
    ("deferred/A", lambda path: path.symlink_to("/etc")),
    ("deferred/B", os.mkfifo),
    ("hold", lambda path: path.symlink_to("/etc")),
]


@pytest.mark.parametrize(("name", "make"), STRANGERS, ids=[name for name, _make in STRANGERS])
def test_what_somebody_put_there_is_named_and_nothing_is_deleted(
    run: ModuleRun, made: MadeUpSpool, name: str, make: Callable[[Path], object]
) -> None:
    run(name="spam", match=BAD)
    make(place(made) / name)
    before = every_path(place(made))
    for check in (True, False):
        assert run.fails(check=check, name="spam", **ALL) == (
            "The quarantine %s holds what its journal does not name: %s. Nothing was touched. Move that to another place, then run this "
            "again." % (place(made), name)
        )
    assert every_path(place(made)) == before


def test_a_selection_deletes_only_what_was_quarantined(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    by_hand = place(made) / "deferred" / "4A0F9ABC12"
    by_hand.write_bytes(QueueFile(sender=b"b@bad.example").write())
    by_hand.chmod(0o700)
    before = every_path(place(made))
    for check in (True, False):
        assert "holds what its journal does not name: deferred/4A0F9ABC12." in run.fails(
            check=check, name="spam", state="absent", match=BAD
        )
    assert every_path(place(made)) == before
    only = [{"queue_id": SPAM}]
    assert run(name="spam", state="absent", match=only)["outcomes"] == outcomes(deleted=1)


def test_a_deep_tree_is_named(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    descriptor = os.open(str(place(made) / "deferred"), os.O_RDONLY)
    for _level in range(1500):
        os.mkdir("A", dir_fd=descriptor)
        below = os.open("A", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    where = "deferred" + "/A" * 17
    assert "holds what its journal does not name: %s. Nothing" % where in run.fails(name="spam", **ALL)
    # pytest cannot remove so deep a tree either.
    subprocess.run(["rm", "-rf", str(place(made) / "deferred" / "A")], check=True)
    assert run(name="spam", **ALL)["changed"] is True


def test_places_of_postfix_are_refused(run: ModuleRun, made: MadeUpSpool, tmp_path: Path) -> None:
    configuration = tmp_path / "etc" / "postfix"
    configuration.mkdir(parents=True)
    (configuration / "main.cf").write_text("")
    run.parameters["config_directory"] = str(configuration)
    run.parameters["data_directory"] = str(tmp_path / "lib" / "postfix")
    (tmp_path / "lib" / "postfix").mkdir(parents=True)
    queue = str(made.path)
    for directory, name, problem in (
        (tmp_path, "spool", "the queue directory %s is there" % queue),
        (tmp_path.parent, tmp_path.name, "the queue directory %s is there" % queue),
        (made.path, "deferred", "that is one of Postfix's own directories"),
        (made.path / "pid", "spam", "that is one of Postfix's own directories"),
        (tmp_path / "etc", "postfix", "that is a configuration directory of Postfix"),
        (tmp_path / "lib", "postfix", "the data_directory %s is there" % (tmp_path / "lib" / "postfix")),
        (tmp_path, "lib", "the data_directory %s is there" % (tmp_path / "lib" / "postfix")),
    ):
        for state in ("quarantined", "restored", "absent"):
            for check in (True, False):
                options: dict[str, Any] = {"directory": str(directory), "name": name, "state": state}
                assert run.fails(check=check, match_all=True, **options) == (
                    "%s cannot be a quarantine: %s. Nothing was touched. Use another name or directory."
                    % (directory / name, problem)
                )
    assert len(contents(made.path)) == 2


def test_a_quarantine_may_be_below_the_queue_directory(run: ModuleRun, made: MadeUpSpool) -> None:
    base = made.path / "quarantine"
    assert run(directory=str(base), name="spam", match=BAD)["outcomes"] == outcomes(quarantined=1)
    assert run(directory=str(base), name="spam", **ALL)["changed"] is True


def test_the_journal_stays_until_everything_else_is_gone(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name="spam", match=BAD)
    notes = place(made) / "notes.txt"
    # Somebody puts it there just after the module has looked.
    monkeypatch.setattr(Quarantine, "check_proved", lambda *_what, **_how: notes.write_text("precious"))
    result = run(name="spam", **ALL)
    assert result["msg"] == (
        "The quarantine %s holds what its journal does not name: notes.txt. Move that to another place, then run this again."
        % place(made)
    )
    assert (result["changed"], result["outcomes"]) == (True, outcomes(deleted=1))
    assert every_path(place(made)) == ["journal", "notes.txt"]


# --- what the mail owner plants -------------------------------------------------------------------------------------


@pytest.mark.parametrize("far", [False, True])
@pytest.mark.parametrize("kind", ["link", "fifo", "directory"])
def test_a_planted_log_is_left_where_it_is(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, kind: str, far: bool
) -> None:
    if far:
        elsewhere(monkeypatch, made)
    log = made.file("defer", SPAM)
    log.unlink()
    plant: dict[str, Callable[[Path], object]] = {
        "link": lambda path: path.symlink_to("/etc/passwd"),
        "fifo": os.mkfifo,
        "directory": lambda path: path.mkdir(),
    }
    plant[kind](log)
    result = run(name="spam", match=BAD)
    assert result["outcomes"] == outcomes(quarantined=1)
    warning = "1 logs of messages are no regular files or cannot be moved, and stay where they are: defer/%s."
    assert run.warnings == [warning % SPAM]
    assert os.path.lexists(str(log))
    assert not os.path.lexists(str(place(made) / "defer" / SPAM))
    assert run(name="spam", state="restored", match=BAD)["outcomes"] == outcomes(restored=1)
    assert len(contents(made.path)) == 2


def test_a_file_in_place_of_a_log_directory_keeps_no_message_back(run: ModuleRun, made: MadeUpSpool) -> None:
    run(name="spam", match=BAD)
    shutil.rmtree(str(made.path / "defer"))
    os.mkfifo(str(made.path / "defer"))
    assert run(name="spam", state="restored", match=BAD)["outcomes"] == outcomes(restored=1)
    [warning] = run.warnings
    assert "logs of messages are no regular files or cannot be moved, and stay where they are: defer/4A0F9" in warning


def test_whole_queues_belong_to_root_afterwards(run: ModuleRun, made: MadeUpSpool) -> None:
    for path in (made.path / "deferred").rglob("*"):
        if path.is_dir():
            path.chmod(0o777)
    (made.path / "deferred" / "B").symlink_to("/etc")
    run(name="spam", mode="queues")
    inner = [path for path in place(made).rglob("*") if path.is_dir() and not path.is_symlink()]
    assert {path.stat().st_mode & 0o7777 for path in inner} == {0o700}
    assert Path("/etc").stat().st_mode & 0o7777 == 0o755
    assert run(name="spam", state="restored", match_all=True)["outcomes"] == outcomes(restored=2)


@pytest.mark.parametrize("check", [True, False])
def test_whole_queues_that_are_links_are_refused(run: ModuleRun, made: MadeUpSpool, check: bool) -> None:
    (made.path / "hold").rename(made.path / "elsewhere")
    (made.path / "hold").symlink_to("elsewhere")
    before = every_path(made.path)
    assert run.fails(check=check, name="spam", mode="queues") == (
        "queues: hold in %s is a symbolic link, and Postfix would go on with the directory that it leads to. Nothing was touched. Use "
        "mode: messages" % made.path
    )
    assert [path for path in every_path(made.path) if path != "pid/mailops.lock"] == before


# --- a disk without room --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        pytest.param({"f_bfree": 0}, errno.ENOSPC, id="no byte"),
        pytest.param({"f_ffree": 0}, errno.ENOSPC, id="no inode"),
        pytest.param({"f_flag": os.ST_RDONLY}, errno.EROFS, id="read-only"),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_needs_room_says_so_first(
    run: ModuleRun,
    made: MadeUpSpool,
    monkeypatch: pytest.MonkeyPatch,
    field: dict[str, int],
    reason: int,
    check: bool,
) -> None:
    room = {"f_blocks": 9, "f_bfree": 5, "f_files": 9, "f_ffree": 5, "f_flag": 0, **field}
    monkeypatch.setattr(os, "statvfs", lambda _path: types.SimpleNamespace(**room))
    for options in ({"match": BAD}, {"mode": "queues"}):
        message = run.fails(check=check, name="spam", **options)
        # A queue directory on a file system that is read-only is of no use to any module that acts.
        what = (
            "Nothing can be changed in %s" % made.path
            if "f_flag" in field
            else "No file can be written in %s" % made.path.parent
        )
        assert message.startswith("%s: %s. " % (what, os.strerror(reason)))
        assert ("postfix_queue_purge needs no room" in message) is (reason == errno.ENOSPC)
    assert not place(made).parent.exists()
    assert len(contents(made.path)) == 2
    if "f_flag" not in field:
        # A selection of nothing needs no room.
        assert run(check=check, name="spam", match=[{"sender": "nobody.example"}])["changed"] is False


def test_a_journal_that_cannot_be_written_leaves_nothing_behind(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.pwrite

    def full(descriptor: int, data: bytes, offset: int) -> int:
        if os.readlink("/proc/self/fd/%d" % descriptor).endswith("/journal"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return really(descriptor, data, offset)

    monkeypatch.setattr(os, "pwrite", full)
    for options in ({"match": BAD}, {"mode": "queues"}):
        assert run.fails(name="spam", **options) == (
            "The journal of %s cannot be written: No space left on device. Nothing is moved without it. Make room for data and inodes "
            "(df, df -i), then run this again. postfix_queue_purge needs no room, and works on a full disk."
            % place(made)
        )
        assert not place(made).parent.exists()
    assert made.standing() == {SPAM: "deferred", HAM: "deferred"}


def test_deleting_needs_no_room(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    run(name="spam", mode="queues")

    monkeypatch.setattr(Journal, "append", _raise_no_room)
    result = run(name="spam", state="absent", match=BAD)
    assert (result["failed"], result["outcomes"]) == (True, outcomes(deleted=1))
    assert run(name="spam", **ALL)["outcomes"] == outcomes(deleted=1)
    assert not place(made).exists()


def _raise_no_room(_journal: object, _record: object) -> None:
    raise QuarantineError("The journal cannot be written.")


# --- one of many ----------------------------------------------------------------------------------------------------


def test_a_message_that_cannot_be_moved_keeps_no_other_back(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name="spam", mode="queues")
    really = moves.rename

    def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
        if source == SPAM and "/defer/" not in os.readlink("/proc/self/fd/%d" % target_dir):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        really(source, target, source_dir=source_dir, target_dir=target_dir)

    monkeypatch.setattr(moves, "rename", rename)
    result = run(name="spam", state="restored", match_all=True)
    assert result["outcomes"] == outcomes(restored=1, failed=1)
    assert result["failures"] == [{"queue_id": SPAM, "queue": "deferred", "problem": "Input/output error"}]
    assert result["msg"] == (
        "1 of the selected messages are still in the quarantine. The first is %s: Input/output error. Fix that, then run "
        "this again." % SPAM
    )
    assert result["changed"] is True
    assert [path.name for path in (place(made) / "defer").rglob("*") if path.is_file()] == [SPAM]


def test_what_earlier_runs_did_has_not_vanished(run: ModuleRun) -> None:
    plan = run(check=True, name="spam", match=BAD)["plan"]
    assert run(name="spam", plan=plan)["outcomes"] == outcomes(quarantined=1)
    again = run(name="spam", plan=plan)
    assert (again["changed"], again["outcomes"]) == (False, outcomes(already=1))
    plan = run(check=True, name="spam", state="absent", match=BAD)["plan"]
    assert run(name="spam", state="absent", plan=plan)["outcomes"] == outcomes(deleted=1)
    assert run(name="spam", state="absent", plan=plan)["outcomes"] == outcomes(already=1)


def test_info_names_what_it_cannot_read(
    run: ModuleRun,
    made: MadeUpSpool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    running: Callable[[ModuleRun], ModuleRun],
) -> None:
    run(name="spam", match=BAD)
    run(name="old", match_all=True)
    old = place(made).with_name("old")
    (old / "journal").write_bytes(encode({"op": "made", "version": 1, "instance": {}}))
    place(made).with_name("somebody").mkdir()
    (place(made).with_name("somebody") / "notes.txt").write_text("")
    shutil.rmtree(str(tmp_path / "sbin"))
    ask = running(ModuleRun(postfix_quarantine_info.main, monkeypatch, capsys, made.path))
    result = ask()
    assert ([row["name"] for row in result["quarantines"]], result["left_out"]) == (["spam"], 0)
    problem = (
        "The quarantine %s has format version 1, this collection knows version 2; nothing was touched. Use the release of the "
        "collection that made it." % old
    )
    assert ask.warnings == [problem]
    assert ask.fails(name="old") == problem
    assert ask.fails(name="somebody").startswith(
        "%s is not a quarantine and is not empty" % place(made).with_name("somebody")
    )


def test_what_could_not_be_started_is_started_by_the_next_run(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    state = {"running": True, "broken": True}

    def obey(command: Sequence[str]) -> Output:
        if command[-1] == "start" and state["broken"]:
            return said(status=1, err="fatal: no")
        state["running"] = command[-1] == "start"
        return said()

    run.answers["postfix"] = obey
    monkeypatch.setattr(Instance, "running", lambda _self: state["running"])
    result = run(name="spam", mode="queues")
    assert result["msg"].startswith("Postfix does not start: ")
    assert (result["outcomes"], state["running"]) == (outcomes(quarantined=2), False)
    assert run.fails(name="spam", state="restored", match_all=True).startswith("Postfix does not start: ")
    state["broken"] = False
    run(name="spam", state="restored", match=[{"sender": "nobody.example"}])
    assert state["running"] is True
    assert run.warnings == ["An earlier run on the quarantine spam was interrupted; it was finished or undone."]
    assert run(name="spam", **ALL)["outcomes"] == outcomes(deleted=2)


# --- errors of the system -------------------------------------------------------------------------------------------


def refusal(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def raising(number: int) -> Callable[..., Any]:
    """Return a function that the system refuses."""

    def refuse(*_args: object, **_options: object) -> None:
        raise refusal(number)

    return refuse


def test_an_error_after_the_hold_keeps_the_outcomes(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_locked_spool, "wait_for_delivery", raising(errno.EIO))
    result = run(name="spam", match=BAD)
    assert (result["failed"], result["changed"], result["outcomes"]) == (True, False, outcomes(failed=1))
    assert "cannot be read: Input/output error. The disk has an error" in result["msg"]
    assert result["failures"] == [{"queue_id": SPAM, "queue": "deferred", "problem": result["msg"]}]
    assert made.standing() == {SPAM: "deferred", HAM: "deferred"}
    assert "state=quarantined, quarantine=spam, quarantined=0, " in run.runner.ran[-1][1]


@pytest.mark.parametrize("broken", ["can_rename", "write_journal"])
def test_what_cannot_be_known_or_recorded_is_not_put_on_hold(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    held: list[object] = []
    monkeypatch.setattr(actions, "hold", lambda *args: held.append(args))
    monkeypatch.setattr(moves if broken == "can_rename" else QueueLock, broken, raising(errno.EMFILE))
    assert ": Too many open files. Raise the limit" in run.fails(name="spam", match=BAD)
    assert (held, made.standing()) == ([], {SPAM: "deferred", HAM: "deferred"})


def test_what_stays_on_hold_is_a_change(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Quarantine, "quarantine_messages", _take_nothing)
        patch.setattr(actions, "release", raising(errno.EROFS))
        result = run(name="spam", match=BAD)
    assert (result["changed"], result["outcomes"]) == (True, outcomes(failed=1))
    assert made.standing() == {SPAM: "hold", HAM: "deferred"}
    assert run(name="spam", match=BAD)["outcomes"] == outcomes(quarantined=1)
    assert [queue for queue, _data in contents(place(made))] == ["deferred"]


def _take_nothing(*_args: object, **_said: object) -> None:
    raise QuarantineError("The journal cannot be written.")


@pytest.mark.parametrize("state", ["restored", "absent", "quarantined"])
def test_an_unreadable_journal_is_not_taken_for_no_quarantine(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    run(name="spam", match=BAD)
    really = os.open

    def refuse(path: Any, *args: Any, **options: Any) -> int:
        if str(path).rpartition("/")[2] == "journal":
            raise refusal(errno.EACCES)
        return really(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", refuse)
        assert "cannot be read: Permission denied" in run.fails(name="spam", state=state, match_all=True)
    assert [queue for queue, _data in contents(place(made))] == ["deferred"]


def test_what_was_undone_is_given_back_by_the_next_run(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name="spam", mode="queues")
    elsewhere(monkeypatch, made)
    far, append = moves.rename, Journal.append

    def rename(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
        if source.endswith(SPAM) and "/deferred" in os.readlink("/proc/self/fd/%d" % target_dir):
            raise refusal(errno.EIO)
        far(source, target, source_dir=source_dir, target_dir=target_dir)

    def write(journal: Journal, record: Any) -> None:
        if record["op"] == "done":
            raise QuarantineError("The journal cannot be written.")
        append(journal, record)

    with monkeypatch.context() as patch:
        patch.setattr(moves, "rename", rename)
        patch.setattr(Journal, "append", write)
        assert run(name="spam", state="restored", match_all=True)["outcomes"] == outcomes(restored=1, failed=1)
    assert run(name="spam", state="restored", match_all=True)["outcomes"] == outcomes(restored=1)
    assert run.warnings == ["An earlier run on the quarantine spam was interrupted; it was finished or undone."]
    assert [data for _queue, data in contents(place(made))] == []


def test_a_deletion_that_broke_off_names_what_it_did_not_come_to(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name="spam", match=BAD)
    monkeypatch.setattr(moves, "remove", raising(errno.EROFS))
    monkeypatch.setattr(Quarantine, "messages", raising(errno.EIO))
    monkeypatch.setattr(Quarantine, "check_proved", lambda *_args, **_options: None)
    result = run(name="spam", state="absent", match=BAD)
    assert (result["changed"], result["outcomes"]) == (False, outcomes(failed=1))
    assert "Input/output error" in result["failures"][0]["problem"]
    assert [queue for queue, _data in contents(place(made))] == ["deferred"]


# --- drift, and what stays ------------------------------------------------------------------------------------------


def test_a_plan_that_has_drifted_is_refused_and_the_rest_is_compared(
    running: Callable[[ModuleRun], ModuleRun], run: ModuleRun, made: MadeUpSpool
) -> None:
    running(run)
    plan = run(check=True, name="spam", match=[{"queue_id": [SPAM, HAM]}], max_percent=100)["plan"]
    made.file(made.standing()[HAM], HAM).unlink()
    refused = run(name="spam", plan=plan, max_drift=40)
    assert (refused["failed"], refused["drift"]) == (True, {"planned": 2, "vanished": 1, "changed": 0})
    assert SPAM in made.standing()
    before = len(made.standing()) - 1
    result = run(name="spam", plan=plan, max_drift=50, verify_rest=True)
    assert result["outcomes"] == outcomes(quarantined=1, vanished=1)
    assert result["rest"] == {"before": before, "kept": before, "gone": 0, "changed": 0, "new": 0}
    # What is in the quarantine is no drift.
    assert run(name="spam", plan=plan, max_drift=50)["outcomes"] == outcomes(already=1, vanished=1)
