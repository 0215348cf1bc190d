# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Runs of parts of a fleet, such as the slices of a job, that become one run with one fleet plan and one report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils import _files, _run_directory, _run_notes
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import (
    FleetPlan,
    check_host_plan,
    merge_fleet_plans,
    read_fleet_plan,
    write_fleet_plan,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import read_plan_file, write_plan_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory

_APPROVAL = "The approval"
_APPROVAL_MAX_BYTES = 64 * 1024


@dataclass(frozen=True)
class MergedRun:
    """A run that was made of several. kind: of the report that it can have: cleanup if one of them has acted, otherwise plan."""

    run: RunDirectory
    plan: FleetPlan
    kind: str


def merge_runs(directory: Path, paths: Sequence[Path]) -> MergedRun:
    """Make one run of several, and return it.

    Several fleet plans of different hosts become one. Runs that carried out the same fleet plan on different hosts become one that has
    done what they did. directory: of all runs and reports. paths: as of find(). Raises MailopsError and OSError.
    """
    plans = _read_plans(paths)
    plan, runs = _merge_plans(plans), list(plans)
    notes = [_run_notes.read_run(run.path) for run in runs]
    merged = _run_directory.begin(directory, "plan", {"merged": [str(run.path) for run in runs]})
    results: dict[str, dict[str, Any]] = {}
    for host, content in _copy_plans(plans, merged):
        results[host] = {"plan": {"changed": False, "plan": content}}
    write_fleet_plan(merged.fleet_plan, plan)
    _run_notes.note_merged(merged, notes, results)
    if plan.digest in {part.digest for part in plans.values()}:
        _copy_approval(runs, merged)
    _run_directory.set_latest(merged)
    return MergedRun(merged, plan, "cleanup" if any(known.acted_on for known in notes) else "plan")


def predict_plan(paths: Sequence[Path]) -> FleetPlan:
    """Return the fleet plan that merge_runs() would write. Nothing is written. Raises MailopsError."""
    return _merge_plans(_read_plans(paths))


def _read_plans(paths: Sequence[Path]) -> dict[RunDirectory, FleetPlan]:
    """Return the fleet plan of each run."""
    return {run: read_fleet_plan(run.fleet_plan) for run in map(_run_directory.find, paths)}


def _merge_plans(plans: Mapping[RunDirectory, FleetPlan]) -> FleetPlan:
    """Return one fleet plan of those of several runs."""
    unique = list({plan.digest: plan for plan in plans.values()}.values())
    return unique[0] if len(unique) == 1 else merge_fleet_plans(unique)


def _copy_plans(
    plans: Mapping[RunDirectory, FleetPlan], merged: RunDirectory
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Copy the plan of each host. Yield the host and the plan. Raises PlanError if one is not that of its fleet plan."""
    copied: set[str] = set()
    for run, fleet_plan in plans.items():
        for host in fleet_plan.hosts:
            if host in copied:
                continue
            plan = read_plan_file(run.plan_of(host))
            check_host_plan(fleet_plan, host, digest=plan["digest"])
            write_plan_file(merged.plan_of(host), plan)
            copied.add(host)
            yield host, plan


def _copy_approval(runs: Sequence[RunDirectory], merged: RunDirectory) -> None:
    """Copy the approval of a run that has one, with its signature."""
    approved = next((run for run in runs if run.approval.exists()), None)
    if approved is None:
        return
    for old, new in ((approved.approval, merged.approval), (approved.signature, merged.signature)):
        if old.exists():
            _files.write_bytes(new, _files.read_bytes(old, most=_APPROVAL_MAX_BYTES, what=_APPROVAL), what=_APPROVAL)
