# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a real Postfix cannot be made to do at will: tests/integration has the rest."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from pathlib import Path
from typing import Any, Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import spool_repair
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import Output
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import Finding
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
    assert run.runner.ran[-1][1] == "stale_files=1, orphan_logs=1, user=ops, reason=ticket\\n4711\n"
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
    assert run.fails() == "hash_queue_depth is 'deep', which is no number: mend it in main.cf."


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
    monkeypatch.setattr(spool_repair, "look", lambda *_args, **_options: findings)
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
