# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_directory
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory


def planned_run(directory: Path) -> RunDirectory:
    run = _run_directory.begin(directory, "plan", {"method": "delete"})
    run.fleet_plan.write_text("{}\n", encoding="ascii")
    assert _run_directory.set_latest(run)
    return run


def test_the_layout_of_a_run(tmp_path: Path) -> None:
    run = planned_run(tmp_path / "reports")
    assert re.fullmatch(r"\d{8}T\d{6}\.\d{6}Z", run.name)
    assert run.path == tmp_path / "reports" / "runs" / run.name
    assert sorted(path.name for path in run.path.iterdir()) == ["fleet_plan.json", "notes", "plans", "run.json"]
    assert {path.stat().st_mode & 0o777 for path in (run.path, run.plans, run.notes)} == {0o700}
    assert run.plan_of("../mx") == run.plans / "..%2Fmx.json"
    assert run.approval == run.path / "approval.json"
    assert run.signature == run.path / "approval.json.sig"
    note = json.loads(run.note.read_text(encoding="utf-8"))
    assert (note["kind"], note["about"]) == ("plan", {"method": "delete"})
    assert {"begun", "process"} <= note.keys()


def test_a_run_is_found_by_each_of_its_directories(tmp_path: Path) -> None:
    first, second = planned_run(tmp_path), planned_run(tmp_path)
    (tmp_path / "link").symlink_to(first.path)
    for path in (tmp_path, tmp_path / "runs", tmp_path / "runs" / "latest", second.path):
        assert _run_directory.find(path) == second, path
    for path in (first.path, tmp_path / "link"):
        assert _run_directory.find(path) == first, path


def test_a_relative_path_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = planned_run(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert _run_directory.find(Path("runs")) == run
    assert _run_directory.begin(Path("more"), "plan", {}).path.parent == tmp_path / "more" / "runs"


def test_without_a_fleet_plan_the_path_is_refused(tmp_path: Path) -> None:
    run = _run_directory.begin(tmp_path, "plan", {})
    text = (
        "There is no fleet plan in %s; nothing was touched. The playbook mailops.postfix.plan makes one, and shows its directory. Give that "
        "directory as queue_cleanup_run."
    )
    for path in (tmp_path, run.path, tmp_path / "missing"):
        with pytest.raises(FileError, match="^%s$" % re.escape(text % path)):
            _run_directory.find(path)


def test_a_file_that_is_no_link_to_the_newest_stays(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "latest").write_text("mine", encoding="ascii")
    run = _run_directory.begin(tmp_path, "plan", {})
    assert not _run_directory.set_latest(run)
    assert not os.path.islink(tmp_path / "runs" / "latest")
