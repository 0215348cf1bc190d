# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import errno
import fcntl
import os
import pwd
import shutil
import stat
import time
import tracemalloc
from pathlib import Path
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import spool_repair
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding
from ansible_collections.mailops.postfix.plugins.modules import postfix_spool_repair
from tests.unit.support.module import ModuleRun
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.runner import said
from tests.unit.support.spool import MadeUpSpool

OLD = int(time.time()) - 8 * 86400


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    spool = MadeUpSpool(tmp_path / "spool")
    spool.put("incoming", "4A0F9AC", b"", mode=0o600, mtime=OLD)
    spool.put("defer", "4A0F9AD", b"", mode=0o600, mtime=OLD)
    spool.put("corrupt", "4A0F9AE", QueueFile().write()[:300], mode=0o400)
    return spool


@pytest.fixture
def run(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> ModuleRun:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("SUDO_USER", "ops")
    module = ModuleRun(postfix_spool_repair.main, monkeypatch, capsys, made.path)
    module.parameters.update({"hash_queue_names": "deferred, defer", "hash_queue_depth": "1"})
    module.answers["postlog"] = said()

    def postsuper(command: Sequence[str]) -> Output:
        assert command[3:] in (["-p", "-s"], ["-p"], ["-s"])
        (made.path / "incoming" / "4A0F9AC").unlink()
        return said()

    module.answers["postsuper"] = postsuper
    return module


def test_stale_files_and_orphans(run: ModuleRun) -> None:
    options: dict[str, Any] = {"repairs": ["stale", "structure", "orphan_logs"], "reason": "ticket\n4711"}
    predicted = run(check=True, **options)
    assert [command[0].rpartition("/")[2] for command, _stdin in run.runner.ran] == ["postconf"]
    done = run(**options)
    assert {**predicted, "invocation": 0} == {**done, "invocation": 0}
    assert done["repaired"]["stale_files"] == done["repaired"]["orphan_logs"] == 1
    assert done["diff"]["before"] == (
        "stale_files: 1\norphan_logs: 1\nstale_files incoming/4A0F9AC\norphan_logs defer/4/4A0F9AD\n"
    )
    assert done["diff"]["after"] == ""
    (corrupt,) = done["corrupt"]["messages"]
    assert corrupt["problem"].startswith("the file ends before its content does at offset ")
    assert run.runner.ran[-1][1] == "stale_files=1, orphan_logs=1, user=ops, reason=ticket\\x0a4711\n"
    ran = len(run.runner.ran)
    assert run(**options)["changed"] is False
    # Nothing to do: postconf only.
    assert len(run.runner.ran) == ran + 1


def test_lists_are_bounded(run: ModuleRun) -> None:
    result = run(check=True, limit=0)
    assert (result["findings"], result["corrupt"]["messages"], result["truncated"]) == ([], [], True)
    assert result["corrupt"]["files"] == 1


def test_what_is_not_asked_for_stays(run: ModuleRun, made: MadeUpSpool) -> None:
    done = run()
    assert (done["found"]["orphan_logs"], done["repaired"]["orphan_logs"]) == (1, 0)
    assert (made.path / "defer" / "4" / "4A0F9AD").exists()


def test_a_repair_that_did_not_help_is_a_failure(run: ModuleRun) -> None:
    run.answers["postsuper"] = said()
    result = run()
    assert result["msg"] == (
        "1 of the findings are still there, or new ones. Run this again; if that does not help, look at them with postsuper -s -v."
    )
    assert result["changed"] is False
    run.answers["postsuper"] = said(status=1, err="fatal: no")
    assert run.fails().endswith("failed with exit status 1: fatal: no")


def test_deep_hash_directories_need_both(run: ModuleRun, made: MadeUpSpool) -> None:
    (made.path / "deferred" / "A" / "B").mkdir(parents=True)
    assert run.fails(repairs=["stale"]).startswith(
        "repairs: postsuper -p ends halfway where there are hash directories"
    )


def test_no_new_ids_while_postfix_runs(run: ModuleRun, made: MadeUpSpool) -> None:
    made.put("hold", "4A0F91", b"")
    descriptor = os.open(str(made.path / "pid" / "master.pid"), os.O_RDWR | os.O_CREAT)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        assert run.fails(check=True) == run.fails()
        assert run.fails().startswith("1 messages would get another queue ID, ")
    finally:
        os.close(descriptor)
    assert run(check=True)["repaired"]["misnamed"] == 1


def test_a_depth_that_is_none(run: ModuleRun) -> None:
    run.parameters["hash_queue_depth"] = "deep"
    assert (
        run.fails() == "hash_queue_depth = deep in /etc/postfix/main.cf is not a number from 1 to 16. Correct it there."
    )


def test_empty_directories_go_and_full_ones_stay(run: ModuleRun, made: MadeUpSpool) -> None:
    shutil.rmtree(str(made.path / "incoming"))
    (made.path / "hold" / "empty").mkdir()
    (made.path / "hold" / "full" / "x").mkdir(parents=True)
    result = run(check=True)
    assert (result["found"]["alien_directories"], result["repaired"]["alien_directories"]) == (2, 1)


def test_findings_are_not_compared_with_each_other(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0

    class Counting(Finding):
        def __eq__(self, other: object) -> bool:
            nonlocal compared
            compared += 1
            return super().__eq__(other)

        __hash__ = Finding.__hash__

    findings = [Counting("misplaced", "deferred/%X" % n, "deferred/4/%X" % n, n, OLD) for n in range(500)]
    monkeypatch.setattr(spool_repair, "list_findings", lambda *_args: iter(findings))
    assert run(check=True)["repaired"]["misplaced"] == 500
    assert compared < 500


@pytest.mark.parametrize(
    ("repairs", "misplaced", "orphans"),
    [
        (["stale", "structure", "orphan_logs"], 1, 1),
        (["stale", "structure"], 1, 0),
        (["orphan_logs"], 1, 1),
        (["stale"], 0, 0),
    ],
)
def test_an_orphaned_log_in_the_wrong_directory(
    run: ModuleRun, made: MadeUpSpool, repairs: list[str], misplaced: int, orphans: int
) -> None:
    (made.path / "defer" / "4" / "4A0F9AD").rename(made.path / "defer" / "4A0F9AD")

    def postsuper(command: Sequence[str]) -> Output:
        (made.path / "incoming" / "4A0F9AC").unlink()
        if "-s" in command and (made.path / "defer" / "4A0F9AD").exists():
            (made.path / "defer" / "4A0F9AD").rename(made.path / "defer" / "4" / "4A0F9AD")
        return said()

    run.answers["postsuper"] = postsuper
    predicted = run(check=True, repairs=repairs)
    done = run(repairs=repairs)
    assert {**predicted, "invocation": 0} == {**done, "invocation": 0}
    assert (done["repaired"]["misplaced"], done["repaired"]["orphan_logs"]) == (misplaced, orphans)


# --- whose it is ----------------------------------------------------------------------------------------------------


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Have another user own the queues, as far as this module can see; return who was given what."""
    owner = os.getuid() + 4321
    given: dict[str, int] = {}
    monkeypatch.setattr(
        Instance, "mail_owner", property(lambda _instance: pwd.struct_passwd(("mail", "x", owner, 11, "", "/", "/")))
    )
    real_fstat, real_stat = os.fstat, os.stat

    def owned(status: os.stat_result) -> os.stat_result:
        values = list(status)
        values[stat.ST_UID] = given.get(str(status.st_ino), status.st_uid)
        return os.stat_result(values)

    monkeypatch.setattr(os, "fstat", lambda descriptor: owned(real_fstat(descriptor)))
    monkeypatch.setattr(os, "stat", lambda *args, **options: owned(real_stat(*args, **options)))
    monkeypatch.setattr(
        os, "fchown", lambda descriptor, uid, _gid: given.__setitem__(str(real_fstat(descriptor).st_ino), uid)
    )
    return given


def test_the_owner_is_repaired_on_request_before_postsuper_runs(run: ModuleRun, stranger: dict[str, int]) -> None:
    refused = run.fails(repairs=["stale"])
    assert refused == run.fails(repairs=["stale"], check=True)
    assert refused.startswith(
        "repairs: postsuper runs as the mail owner, who cannot work in 7 directories that have another"
    )
    assert not stranger
    options: dict[str, Any] = {"repairs": ["stale", "ownership"]}
    predicted, done = run(check=True, **options), run(**options)
    assert {**predicted, "invocation": 0} == {**done, "invocation": 0}
    assert done["repaired"]["wrong_owner"] == done["found"]["wrong_owner"] > 6
    assert run(**options)["found"]["wrong_owner"] == 0


def test_linked_files_stay_and_are_named(run: ModuleRun, made: MadeUpSpool, stranger: dict[str, int]) -> None:
    path = made.put("hold", "4A0F9B0", QueueFile().write())
    os.link(str(path), str(made.path / "linked"))
    done = run(repairs=["ownership"])
    assert done["found"]["wrong_owner"] - done["repaired"]["wrong_owner"] == 1
    (row,) = [row for row in done["findings"] if row["path"] == "hold/4A0F9B0" and row["kind"] == "wrong_owner"]
    assert row["detail"].endswith("; it has 2 links and is left as it is")
    assert row["repaired"] is False
    assert str(path.stat().st_ino) not in stranger


# --- damaged and unreadable files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("queue", "data", "detail"),
    [
        ("deferred", b"", "the file is empty"),
        ("hold", QueueFile().write()[:200], "the file ends within a record at offset "),
        ("hold", b"\0" * 4000, "at offset 0"),
        ("maildrop", b"\0" * 4000, "at offset 0"),
    ],
)
def test_damaged_files_are_named_and_stay(
    run: ModuleRun, made: MadeUpSpool, queue: str, data: bytes, detail: str
) -> None:
    path = made.put(queue, "4A0F9B0", data)
    name = "4A0F9%X" % path.stat().st_ino
    path.rename(path.with_name(name))
    for check in (True, False):
        result = run(check=check)
        assert (result["found"]["damaged"], result["repaired"]["damaged"]) == (1, 0)
        (row,) = [row for row in result["findings"] if row["kind"] == "damaged"]
        assert row["path"] == str((path.parent / name).relative_to(made.path))
        assert detail in row["detail"]
        assert row["repaired"] is False
    assert path.with_name(name).read_bytes() == data


@pytest.mark.parametrize("call", ["open", "pread"])
def test_a_file_with_an_error_of_the_disk_is_a_finding(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    path = made.put(
        "hold", "4A0F9B0", QueueFile(recipients=[(ord("R"), b"someone%d@example.org" % n) for n in range(5000)]).write()
    )
    name = "4A0F9%X" % path.stat().st_ino
    path.rename(path.with_name(name))
    real = getattr(os, call)

    def fail(what: Any, *args: Any, **options: Any) -> Any:
        if what == name or (call == "pread" and os.fstat(what).st_size > 80000):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(what, *args, **options)

    monkeypatch.setattr(os, call, fail)
    result = run()
    rows = {row["path"]: row["detail"] for row in result["findings"] if row["kind"] in ("damaged", "unreadable")}
    assert "Input/output error" in rows["hold/" + name]
    # The rest is repaired all the same.
    assert result["repaired"]["stale_files"] == 1
    assert result["found"]["damaged"] + result["found"]["unreadable"] == 1


def test_a_queue_that_cannot_be_read_is_a_warning_and_the_others_go_on(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def fail(path: Any, *args: Any, **options: Any) -> int:
        if path == "deferred":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    result = run(repairs=["stale", "orphan_logs"])
    # Whether the log has a message is not known.
    assert result["repaired"] == {**dict.fromkeys(result["found"], 0), "stale_files": 1}
    assert result["found"]["unreadable"] == 1
    assert run.warnings == [
        "deferred in the queue directory cannot be read: The queue deferred in %s cannot be read: Input/output error. The disk has an "
        "error: look at the kernel log and check the disk, then run this again." % made.path
    ]


def test_what_fails_is_named_and_what_was_done_is_logged(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put("defer", "4A0F9B1", b"", mode=0o600, mtime=OLD)
    real = os.unlink

    def fail(path: Any, *args: Any, **options: Any) -> None:
        if path == "4A0F9B1":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        real(path, *args, **options)

    monkeypatch.setattr(os, "unlink", fail)
    run.answers["postsuper"] = said(status=1, err="fatal: no")
    result = run(repairs=["stale", "orphan_logs"])
    problem = (
        "Input/output error. The disk has an error: look at the kernel log and check the disk, then run this again."
    )
    assert result["msg"] == "2 repairs failed, and the others went on. The first: defer/4/4A0F9B1: %s" % problem
    assert result["failures"][0] == {"path": "defer/4/4A0F9B1", "problem": problem}
    assert result["failures"][1]["problem"].endswith("failed with exit status 1: fatal: no")
    assert (result["found"]["orphan_logs"], result["repaired"]["orphan_logs"], result["changed"]) == (2, 1, True)
    assert run.runner.ran[-1][1] == "orphan_logs=1, user=ops, reason=none given\n"


def test_a_look_keeps_no_more_than_is_listed(run: ModuleRun, monkeypatch: pytest.MonkeyPatch) -> None:
    """A million findings take some megabytes."""
    number = 200_000
    monkeypatch.setattr(
        spool_repair,
        "list_findings",
        lambda *_args: (Finding("misplaced", "deferred/%d" % n, "deferred/4/%d" % n, n, OLD) for n in range(number)),
    )
    tracemalloc.start()
    try:
        result = run(check=True, limit=5)
        _current, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (result["found"]["misplaced"], len(result["findings"]), result["truncated"]) == (number, 5, True)
    assert peak < 24 << 20


def test_what_cannot_be_seen_afterwards_is_a_failure_with_the_result(
    run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.fstat
    broken: list[int] = []

    def fail(descriptor: int) -> os.stat_result:
        if broken and os.readlink("/proc/self/fd/%d" % descriptor) == str(made.path / "hold"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(descriptor)

    def postsuper(_command: Sequence[str]) -> Output:
        (made.path / "incoming" / "4A0F9AC").unlink()
        broken.append(1)
        return said()

    run.answers["postsuper"] = postsuper
    monkeypatch.setattr(os, "fstat", fail)
    result = run()
    assert result["msg"] == (
        "The result of the repairs cannot be checked. hold in the queue directory cannot be read: Input/output error. The disk has an "
        "error: look at the kernel log and check the disk, then run this again."
    )
    assert (result["changed"], result["repaired"]["stale_files"]) == (True, 0)
    assert run.runner.ran[-1][1] == "user=ops, reason=none given\n"


def test_what_hid_a_finding_is_named(run: ModuleRun, made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.scandir
    looks: list[int] = []

    def fail(directory: Any) -> Any:
        if isinstance(directory, int) and os.readlink("/proc/self/fd/%d" % directory) == str(made.path / "defer" / "4"):
            looks.append(1)
            if len(looks) == 1:
                raise OSError(errno.ESTALE, os.strerror(errno.ESTALE))
        return real(directory)

    monkeypatch.setattr(os, "scandir", fail)
    result = run(repairs=["stale", "orphan_logs"])
    assert result["msg"] == (
        "1 of the findings are still there, or new ones. When this run began: defer/4 in the queue directory cannot be read: Stale file handle. Mount "
        "the network filesystem again, then run this again. Run this again; if that does not help, look at them with postsuper -s -v."
    )
    assert result["changed"] is True
