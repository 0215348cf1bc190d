# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import Planned, make_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_directory, _run_notes
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import (
    make_fleet_plan,
    read_fleet_plan,
    write_fleet_plan,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._merged_runs import merge_runs, predict_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import HostState
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory
from tests.unit.support.results import purged_of

ABOUT: dict[str, Any] = {"method": "delete", "reason": None, "check": False}


def host_plan(host: str) -> dict[str, Any]:
    counts = {"messages": 1, "bytes": 9, "recipients": 1, "partial": 0, "undecided": 0, "in_queues": 5}
    selection = {"match": [{"sender": ["a@example.com"]}], "exclude": [], "queues": ["hold"], "recipient_scope": "all"}
    return make_plan(
        host=host,
        instance={"config_directory": "/etc/postfix", "queue_directory": "/var/spool/postfix"},
        created=50,
        selection=selection,
        reason=None,
        limits={},
        method="delete",
        counts=counts,
        summary={"queues": {"hold": 1}, "senders": [], "recipient_domains": [], "oldest": 1, "youngest": 1},
        messages=[Planned("4A0F9AC", "0123456789abcdef")],
    )


def planned_run(directory: Path, *hosts: str, limits: Mapping[str, float | None] | None = None) -> RunDirectory:
    """Return a run that has a plan for each of these hosts."""
    run = _run_directory.begin(directory, "plan", {})
    plans = {host: host_plan(host) for host in hosts}
    for host, plan in plans.items():
        run.plan_of(host).write_text(json.dumps(plan), encoding="utf-8")
    write_fleet_plan(run.fleet_plan, make_fleet_plan(plans, created=50, method="delete", limits=limits or {}))
    _run_directory.set_latest(run)
    return run


def cleaned(run: RunDirectory, *hosts: str) -> None:
    """Have a process clean these hosts, and report."""
    results = {host: {"plan": {"plan": host_plan(host)}} for host in hosts}
    _run_notes.begin(run.path, "cleanup", ABOUT, results, run=str(run.path))
    _run_notes.note_start(str(run.path), hosts)
    _run_notes.note_results(str(run.path), {host: {"purge": purged_of(1)} for host in hosts})
    _run_notes.end_run(str(run.path))


def test_the_plans_of_slices_become_one_fleet_plan(tmp_path: Path) -> None:
    planned_run(tmp_path / "a", "mx01", "mx02", limits={"fleet_max_messages": 9})
    planned_run(tmp_path / "b", "mx03", limits={"fleet_max_messages": 7})
    merged = merge_runs(tmp_path / "c", [tmp_path / "a", tmp_path / "b" / "runs"])
    assert (merged.kind, sorted(merged.plan.hosts)) == ("plan", ["mx01", "mx02", "mx03"])
    assert merged.plan.limits == {"fleet_max_messages": 7}
    assert read_fleet_plan(merged.run.fleet_plan) == merged.plan
    assert _run_directory.find(tmp_path / "c") == merged.run
    assert sorted(os.listdir(merged.run.plans)) == ["mx01.json", "mx02.json", "mx03.json"]
    notes = _run_notes.read_run(merged.run.path)
    assert notes.has_messages("mx03")
    assert (notes.hosts_in(HostState.PLANNED), notes.is_interrupted) == (["mx01", "mx02", "mx03"], False)
    # Its report ends nothing that could be resumed.
    _run_notes.end_run(str(merged.run.path))
    assert _run_notes.read_run(merged.run.path).processes == []


def test_what_slices_did_by_one_plan_becomes_one_run(tmp_path: Path) -> None:
    first = planned_run(tmp_path / "a", "mx01", "mx02", "mx03")
    first.approval.write_text("{}", encoding="ascii")
    first.signature.write_text("x", encoding="ascii")
    second = planned_run(tmp_path / "b", "mx01", "mx02", "mx03")
    cleaned(first, "mx01")
    cleaned(second, "mx02")
    merged = merge_runs(tmp_path / "c", [first.path, second.path])
    assert (merged.kind, merged.plan.digest) == ("cleanup", read_fleet_plan(first.fleet_plan).digest)
    notes = _run_notes.read_run(merged.run.path)
    assert (notes.kind, notes.about) == ("cleanup", ABOUT)
    assert notes.hosts_in(HostState.DONE) == ["mx01", "mx02"]
    assert notes.hosts_in(HostState.PLANNED) == ["mx03"]
    assert notes.results["mx02"]["purge"]["purged"]["messages"] == 1
    assert (merged.run.approval.read_text("ascii"), merged.run.signature.read_text("ascii")) == ("{}", "x")


def test_a_prediction_writes_nothing(tmp_path: Path) -> None:
    runs = [planned_run(tmp_path / name, host).path for name, host in (("a", "mx01"), ("b", "mx02"))]
    before = sorted(tmp_path.rglob("*"))
    predicted = predict_plan(runs)
    assert sorted(tmp_path.rglob("*")) == before
    assert predicted == merge_runs(tmp_path / "c", runs).plan


def test_a_host_in_two_plans_is_refused(tmp_path: Path) -> None:
    planned_run(tmp_path / "a", "mx01", "mx02")
    planned_run(tmp_path / "b", "mx02")
    with pytest.raises(
        PlanError, match=r"^More than one of the fleet plans has a plan for mx02; nothing was touched\."
    ):
        merge_runs(tmp_path / "c", [tmp_path / "a", tmp_path / "b"])
    assert not (tmp_path / "c").exists()


def test_a_plan_that_was_replaced_is_refused(tmp_path: Path) -> None:
    run = planned_run(tmp_path / "a", "mx01")
    planned_run(tmp_path / "b", "mx02")
    run.plan_of("mx01").write_text(json.dumps(host_plan("mx09")), encoding="utf-8")
    with pytest.raises(PlanError, match=r"^The plan of mx01 was replaced after the fleet plan was made: "):
        merge_runs(tmp_path / "c", [tmp_path / "a", tmp_path / "b"])
    assert not (tmp_path / "c" / "runs" / "latest").exists()
