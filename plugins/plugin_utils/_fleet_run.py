# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What a run does with its fleet plan: make it, find it, read the plans of its hosts, approve it, check that it is approved."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.plugin_utils import (
    _approval,
    _fleet_plan,
    _plans,
    _run_directory,
    _run_files,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._approval import ApprovalError
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan
from ansible_collections.mailops.postfix.plugins.plugin_utils._protection import check_protection
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results, plan_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_numbers
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age

APPROVALS = ("none", "required", "prompt")
_REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan."


def begin_run(directory: str, about: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Make the directory of a run that plans, and return it and the one for the plans of hosts. Raises OSError."""
    run = _run_directory.begin(_path(directory), _run_files.PLAN, about or {})
    return {"run": str(run.path), "plans": "%s/" % run.plans}


def make_plan(
    run: str,
    results: Results,
    method: str,
    limits: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Make the fleet plan of the plans in the step C(plan) of each host, and let the link to the newest point to the run.

    If no host has a plan, there is no fleet plan. Raises OSError and FileError.
    """
    directory = RunDirectory(_path(run))
    plans = {host: plan for host, plan in ((host, plan_of(steps["plan"])) for host, steps in results.items()) if plan}
    if not plans:
        return {"run": run, "digest": ""}
    plan = _fleet_plan.make_fleet_plan(
        plans, created=int(time.time()), method=method, limits=read_numbers("limits", limits), reason=reason
    )
    _fleet_plan.write_fleet_plan(directory.fleet_plan, plan)
    link = "%s/%s" % (_run_directory.RUNS, _run_files.LATEST)
    warnings = {} if _run_directory.set_latest(directory) else {"warnings": [_run_files.blocked_text([link])]}
    return {**_show(directory, plan), **warnings}


def find_plan(
    run: str,
    hosts: Sequence[str] | None = None,
    protected: Sequence[Mapping[str, Any]] = (),
    min_age: str | None = None,
    max_age: str | None = None,
) -> dict[str, Any]:
    """Find the run that a path names, and return its fleet plan. Raises MailopsError if there is none, or if it cannot be carried out.

    hosts: of the play. protected, min_age: what the plan must exclude. max_age: how old it may be.
    """
    directory = _run_directory.find(_path(run))
    plan = _fleet_plan.read_fleet_plan(directory.fleet_plan)
    if hosts is not None:
        _fleet_plan.check_hosts(plan, hosts)
        for host in hosts:
            # One plan that was altered makes all of them doubtful, so that no host is touched.
            _read_host(directory, plan, host)
    check_protection(plan, protected=protected, min_age=min_age)
    if max_age is not None:
        _check_age(plan, max_age)
    return _show(directory, plan)


def read_plan(run: str, host: str, digest: str) -> dict[str, Any]:
    """Return the plan of a host without its messages, and its path; nothing if the fleet plan has none for the host.

    digest: of the fleet plan, as it was found. Raises MailopsError if the fleet plan or the plan is another one by now.
    """
    directory = RunDirectory(_path(run))
    return _read_host(directory, _same_plan(directory, digest), host)


def read_plans(run: str, digest: str) -> dict[str, Any]:
    """Return what read_plan() does for each host of a fleet plan, as C(results): {host: {step: result}}, the input of a report."""
    directory = RunDirectory(_path(run))
    plan = _same_plan(directory, digest)
    return {"results": {host: {"plan": {"changed": False, **_read_host(directory, plan, host)}} for host in plan.hosts}}


def approve_plan(
    run: str,
    digest: str,
    expires: str,
    approval_file: str | None = None,
    approved_by: str = "",
    note: str = "",
    signing_key: str | None = None,
) -> dict[str, Any]:
    """Write an approval of the fleet plan of a run, if its digest is the given one. Raises MailopsError. expires: after which time."""
    directory = RunDirectory(_path(run))
    plan = _fleet_plan.read_fleet_plan(directory.fleet_plan)
    _approval.check_digest(plan, digest)
    lifetime = parse_age(expires, "queue_cleanup_approval_expires")
    approval = _approval.make_approval(
        plan, now=int(time.time()), lifetime=lifetime, approved_by=approved_by, note=note
    )
    path = _approval_path(directory, approval_file)
    _approval.write_approval(path, approval, signing_key=None if signing_key is None else _path(signing_key))
    return {"path": str(path), "approval": approval.to_json()}


def check_approval(
    run: str,
    digest: str,
    approval: str,
    approve: str | None = None,
    approval_file: str | None = None,
    allowed_signers: str | None = None,
) -> dict[str, Any]:
    """Return the approval of the fleet plan of a run, if it needs one and has a file. Raises ApprovalError if it is not approved.

    digest: of the fleet plan, as it was found. approval: one of APPROVALS. approve: the digest that the operator gives instead of a file.
    A file that is given, and signers that are given, are always checked.
    """
    if approval not in APPROVALS:
        raise ApprovalError(
            "queue_cleanup_approval: %r is none of %s; nothing was touched." % (approval, ", ".join(APPROVALS))
        )
    directory = RunDirectory(_path(run))
    plan = _same_plan(directory, digest)
    if approve is not None:
        _approval.check_digest(plan, approve)
    needs_file = approval_file is not None or allowed_signers is not None
    if needs_file or (approval == "required" and approve is None):
        signers = None if allowed_signers is None else _path(allowed_signers)
        path = _approval_path(directory, approval_file)
        found = _approval.read_approval(path, plan, now=int(time.time()), allowed_signers=signers)
        return {"approval": found.to_json()}
    if approval == "prompt" and approve is None:
        raise ApprovalError(
            "The fleet plan %s was not approved at the prompt; nothing was touched. Run this again and type yes, or give its digest as "
            "queue_cleanup_approve." % plan.digest[: _approval.SHORTEST_DIGEST]
        )
    return {}


def _path(text: str) -> Path:
    return Path(text).expanduser().absolute()


def _approval_path(directory: RunDirectory, given: str | None) -> Path:
    return directory.approval if given is None else _path(given)


def _show(directory: RunDirectory, plan: FleetPlan) -> dict[str, Any]:
    return {
        "run": str(directory.path),
        "digest": plan.digest,
        "created": plan.created,
        "method": plan.method,
        "limits": dict(plan.limits),
        "reason": plan.reason,
        "counts": {"hosts": len(plan.hosts), **plan.counts},
    }


def _same_plan(directory: RunDirectory, digest: str) -> FleetPlan:
    plan = _fleet_plan.read_fleet_plan(directory.fleet_plan)
    if plan.digest != digest:
        raise PlanError(
            "The fleet plan %s was replaced during this run: its digest is %s, and was %s; %s"
            % (directory.fleet_plan, plan.digest, digest, _REMEDY)
        )
    return plan


def _read_host(directory: RunDirectory, plan: FleetPlan, host: str) -> dict[str, Any]:
    path = directory.plan_of(host)
    if host not in plan.hosts and not path.exists():
        return {}
    content = _plans.read_plan_file(path)
    _fleet_plan.check_host_plan(plan, host, digest=content["digest"])
    return {"plan": {**_plans.without_messages(content), "path": str(path)}}


def _check_age(plan: FleetPlan, max_age: str) -> None:
    seconds = int(time.time()) - plan.created
    most = parse_age(max_age, "queue_cleanup_plan_max_age")
    if seconds > most:
        raise PlanError(
            "The fleet plan is %s old, queue_cleanup_plan_max_age allows %s; %s" % (age(seconds), age(most), _REMEDY)
        )
