# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _files, _run_directory, _run_notes
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import HostState
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.interrupted import interrupted_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_notes import RunError
from tests.unit.plugins.plugin_utils.test_processes import NOBODY
from tests.unit.support.results import UNREACHABLE, left_of, plan_of, purged_of

ABOUT: dict[str, Any] = {"method": "delete", "reason": "ticket", "check": False}
HOSTS = ("mx01", "mx02", "mx03")
PLAN: dict[str, Any] = plan_of()
PLAN["plan"].update(messages="x" * 1000, selection={})


# A process of its own finds what this one has.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def planned_run(directory: Path) -> str:
    """Return the path of a run that has a fleet plan."""
    run = _run_directory.begin(directory, "plan", {})
    run.fleet_plan.write_text("{}\n", encoding="ascii")
    return str(run.path)


def begin(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    pid: int = NOBODY,
    run: str = "",
    hosts: tuple[str, ...] = HOSTS,
) -> str:
    """Note that a process begins a cleanup."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "getppid", lambda: pid)
        return _run_notes.begin(directory, "cleanup", ABOUT, {host: {"plan": PLAN} for host in hosts}, run=run)


def states(run: str) -> dict[str, str]:
    return {host: notes.state.value for host, notes in _run_notes.read_run(Path(run)).hosts.items()}


def test_the_life_of_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, pid=os.getpid())
    assert states(run) == dict.fromkeys(HOSTS, "planned")
    _run_notes.note_start(run, ["mx01", "mx02"])
    assert states(run) == {"mx01": "started", "mx02": "started", "mx03": "planned"}
    _run_notes.note_results(
        run,
        {
            "mx01": {"purge": {**purged_of(40), "diff": {"before": "x" * 1000}}, "left": left_of(0)},
            "mx02": {"purge": {}},
        },
    )
    assert states(run) == {"mx01": "done", "mx02": "started", "mx03": "planned"}
    notes = _run_notes.read_run(Path(run))
    assert (notes.kind, notes.about, notes.started, notes.acted_on) == ("cleanup", ABOUT, ["mx02"], ["mx01", "mx02"])
    assert set(notes.results["mx01"]) == {"plan", "purge", "left"}
    texts = [path.read_text(encoding="utf-8") for path in sorted((Path(run) / "notes").iterdir())]
    assert "xxxx" not in "".join(texts)
    assert [json.loads(text)["event"] for text in texts] == ["begin", "start", "result"]
    assert {path.stat().st_mode & 0o777 for path in (Path(run) / "notes").iterdir()} == {0o600}
    assert not notes.is_interrupted


def test_a_run_without_plans_is_deleted_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch)
    _run_notes.end_run(run)
    assert not list((tmp_path / "runs").iterdir())


def test_a_directory_that_is_no_run_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "evidence").touch()
    _run_notes.end_run(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


def test_a_run_with_plans_stays_when_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = planned_run(tmp_path)
    assert begin(tmp_path, monkeypatch, run=run) == run
    assert [notes.path for notes in _run_notes.interrupted_runs(tmp_path)] == [Path(run)]
    _run_notes.end_run(run)
    assert list(_run_notes.interrupted_runs(tmp_path)) == []
    assert states(run) == dict.fromkeys(HOSTS, "planned")


def test_what_was_cut_off_is_found_and_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, run=planned_run(tmp_path))
    _run_notes.note_start(run, ["mx01"])
    _run_notes.note_results(run, {"mx01": {"purge": purged_of(40)}})
    _run_notes.note_start(run, ["mx02"])
    (notes,) = _run_notes.interrupted_runs(tmp_path)
    report = interrupted_report(notes, created=50)
    assert [(row["host"], row["state"]) for row in report["hosts"]] == [
        ("mx01", "cleaned"),
        ("mx02", "unknown"),
        ("mx03", "stopped"),
    ]
    assert (report["reason"], report["begun"], report["interrupted"]) == ("ticket", notes.begun, True)

    begin(tmp_path, monkeypatch, pid=os.getpid(), run=run)
    assert list(_run_notes.interrupted_runs(tmp_path)) == []
    _run_notes.note_start(run, ["mx02", "mx03"])
    _run_notes.note_results(run, {"mx02": {"purge": purged_of(10, already_purged=30)}, "mx03": {"purge": UNREACHABLE}})
    resumed = _run_notes.read_run(Path(run))
    assert resumed.hosts_in(HostState.DONE) == ["mx01", "mx02"]
    assert resumed.tried_by_last(HostState.DONE, HostState.UNREACHABLE) == ["mx02", "mx03"]
    assert resumed.results["mx02"]["purge"]["attempts"] == 2
    assert resumed.started == []
    assert not resumed.has_nothing_left
    _run_notes.end_run(run)
    begin(tmp_path, monkeypatch, pid=os.getpid(), run=run)
    assert _run_notes.read_run(Path(run)).has_nothing_left


def test_a_run_that_waits_says_so_until_it_is_resumed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, run=planned_run(tmp_path))
    _run_notes.note_waiting(run)
    assert _run_notes.read_run(Path(run)).waiting
    _run_notes.end_run(run)
    begin(tmp_path, monkeypatch, run=run)
    assert not _run_notes.read_run(Path(run)).waiting


def test_a_process_that_has_begun_a_run_goes_on_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch)
    assert begin(tmp_path, monkeypatch, run=run) == run
    assert len(_run_notes.read_run(Path(run)).processes) == 1


def test_two_processes_do_not_work_on_one_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, pid=os.getpid(), run=planned_run(tmp_path), hosts=("mx01", "mx02"))
    with pytest.raises(RunError) as caught:
        begin(tmp_path, monkeypatch, run=run, hosts=("mx02", "mx03"))
    process = json.loads((Path(run) / "notes" / "00000001.json").read_text(encoding="utf-8"))["process"]
    assert str(caught.value) == (
        "Process %d on %s works on the run %s, on mx02; nothing was touched. Wait until it ends, or end it, then resume the run."
        % (os.getpid(), process["host"], run)
    )
    # A slice with other hosts may, at the same time.
    begin(tmp_path, monkeypatch, pid=os.getpid(), run=run, hosts=("mx03",))
    _run_notes.end_run(run)


def test_two_processes_do_not_begin_at_once(tmp_path: Path) -> None:
    run = planned_run(tmp_path)
    script = (
        "from pathlib import Path\n"
        "from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_notes\n"
        "print(_run_notes.begin(Path(%r), 'cleanup', {}, {'mx01': {}}, run=%r))" % (str(tmp_path), run)
    )
    descriptor = os.open(run, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with subprocess.Popen(
        [sys.executable, "-c", script], env=ENVIRONMENT, stdout=subprocess.PIPE, text=True
    ) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=2)
        os.close(descriptor)
        assert process.communicate()[0] == run + "\n"


def test_several_processes_write_notes_at_once(tmp_path: Path) -> None:
    run = planned_run(tmp_path)
    script = (
        "from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_notes\n"
        "for number in range(20): _run_notes.note_start(%r, [str(number)])" % run
    )
    processes = [subprocess.Popen([sys.executable, "-c", script], env=ENVIRONMENT) for _number in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    names = sorted(path.name for path in (Path(run) / "notes").iterdir())
    assert names == ["%08d.json" % number for number in range(1, 61)]


def test_a_process_that_is_killed_while_it_writes_leaves_whole_notes(tmp_path: Path) -> None:
    run = planned_run(tmp_path)
    script = (
        "from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_notes\n"
        "print(flush=True)\n"
        "while True: _run_notes.note_start(%r, ['mx01'])" % run
    )
    process = subprocess.Popen([sys.executable, "-c", script], env=ENVIRONMENT, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    while len(list((Path(run) / "notes").glob("*.json"))) < 5:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    (Path(run) / "notes" / ".1.1").write_text('{"event": "sta', encoding="utf-8")
    assert states(run) == {"mx01": "started"}


def test_a_note_that_was_damaged_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, run=planned_run(tmp_path))
    path = Path(run) / "notes" / "00000001.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(FileError) as caught:
        _run_notes.read_run(Path(run))
    assert str(caught.value).startswith("The notes of the run: %s is not JSON (" % path)


def test_a_plan_is_no_interrupted_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: NOBODY)
    planned_run(tmp_path)
    assert list(_run_notes.interrupted_runs(tmp_path)) == []


def test_a_note_of_another_version_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, run=planned_run(tmp_path))
    path = Path(run) / "notes" / "00000002.json"
    path.write_text('{"event": "rest", "at": 1, "hosts": {}}', encoding="utf-8")
    with pytest.raises(RunError) as caught:
        _run_notes.read_run(Path(run))
    assert str(caught.value) == (
        "The notes of the run: %s is no note that this version of the collection knows (KeyError('rest')); nothing was touched. Use the "
        "version that wrote it, or move the directory of the run away." % path
    )


def test_of_a_run_with_its_report_only_the_newest_note_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch, run=planned_run(tmp_path))
    _run_notes.end_run(run)
    (Path(run) / "notes" / "00000001.json").write_text("{", encoding="utf-8")
    assert list(_run_notes.interrupted_runs(tmp_path)) == []


def test_a_run_that_another_controller_removes_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = begin(tmp_path, monkeypatch)
    read_json = _files.read_json

    def remove_and_read(path: Path, **options: Any) -> dict[str, Any]:
        shutil.rmtree(run, ignore_errors=True)
        return read_json(path, **options)

    monkeypatch.setattr(_files, "read_json", remove_and_read)
    assert list(_run_notes.interrupted_runs(tmp_path)) == []
