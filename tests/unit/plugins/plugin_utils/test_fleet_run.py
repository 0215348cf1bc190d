# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _fleet_plan, _fleet_run, _plans
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RunDirectory
from tests.unit.support.sample_plan import NEW_PLAN, sample_plan

REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan."


def results_of(*hosts: str) -> dict[str, Any]:
    return {host: {"plan": {"plan": sample_plan()}} for host in hosts}


def planned(directory: Path, *hosts: str, **options: Any) -> dict[str, Any]:
    """Make a run with the same plan for each host, and return its fleet plan as the operation make returns it."""
    begun = _fleet_run.begin_run(str(directory))
    for host in hosts or ("mx01", "mx02"):
        _plans.write_plan_file(_plans.plan_path(begun["plans"], host), sample_plan())
    return _fleet_run.make_plan(begun["run"], results_of(*(hosts or ("mx01", "mx02"))), "delete", **options)


def refuse(text: str) -> Any:
    return pytest.raises(MailopsError, match="^%s$" % re.escape(text))


def test_a_run_is_made_and_found(tmp_path: Path) -> None:
    made = planned(tmp_path, limits={"fleet_max_messages": "7", "max_percent": None}, reason="ticket 1")
    assert _fleet_run.find_plan(str(tmp_path), hosts=["mx02", "mx03"], max_age="1d") == made
    assert made["counts"]["hosts"] == 2
    assert made["counts"]["messages"] == 2
    assert made["limits"] == {"fleet_max_messages": 7, "max_percent": None}
    assert (made["method"], made["reason"]) == ("delete", "ticket 1")
    read = _fleet_run.read_plan(made["run"], "mx01", made["digest"])
    assert read["plan"]["path"] == str(RunDirectory(Path(made["run"])).plan_of("mx01"))
    assert "messages" not in read["plan"]
    assert _fleet_run.read_plan(made["run"], "mx03", made["digest"]) == {}
    everything = _fleet_run.read_plans(made["run"], made["digest"])["results"]
    assert everything["mx01"]["plan"] == {"changed": False, **read}
    assert list(everything) == ["mx01", "mx02"]


def test_without_any_plan_there_is_no_fleet_plan(tmp_path: Path) -> None:
    begun = _fleet_run.begin_run(str(tmp_path))
    assert _fleet_run.make_plan(begun["run"], {"mx01": {"plan": {}}}, "delete") == {"run": begun["run"], "digest": ""}
    assert not (tmp_path / "runs" / "latest").exists()


def test_a_link_that_is_a_file_is_warned_of(tmp_path: Path) -> None:
    (tmp_path / "runs" / "latest").mkdir(parents=True)
    [warning] = planned(tmp_path)["warnings"]
    assert "runs/latest" in warning


def test_a_plan_that_is_too_old_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned(tmp_path)
    later = time.time() + 2 * 86400 + 60
    monkeypatch.setattr(time, "time", lambda: later)
    with refuse("The fleet plan is 2d 0h old, queue_cleanup_plan_max_age allows 1d 0h; " + REMEDY):
        _fleet_run.find_plan(str(tmp_path), max_age="1d")


def test_a_plan_that_was_edited_or_replaced_is_refused(tmp_path: Path) -> None:
    made = planned(tmp_path)
    run = RunDirectory(Path(made["run"]))
    path = run.plan_of("mx01")
    path.write_text(json.dumps({**sample_plan(), "reason": "x"}), encoding="ascii")
    with refuse("%s: The plan was altered: its content does not fit its digest; %s" % (path, NEW_PLAN)):
        _fleet_run.read_plan(made["run"], "mx01", made["digest"])
    other = sample_plan("b@example.com")
    path.write_text(json.dumps(other), encoding="ascii")
    text = (
        "The plan of mx01 was replaced after the fleet plan was made: its digest is %s, and the fleet plan has %s; %s"
    )
    with refuse(text % (other["digest"][:12], sample_plan()["digest"][:12], REMEDY)):
        _fleet_run.read_plan(made["run"], "mx01", made["digest"])
    with refuse(text % (other["digest"][:12], sample_plan()["digest"][:12], REMEDY)):
        _fleet_run.find_plan(made["run"], hosts=["mx02", "mx01"])
    run.plan_of("mx09").write_text(json.dumps(other), encoding="ascii")
    with refuse("The fleet plan has no plan for mx09, but its directory has one; " + REMEDY):
        _fleet_run.read_plan(made["run"], "mx09", made["digest"])
    path.unlink()
    with pytest.raises(MailopsError, match="cannot be read: No such file or directory"):
        _fleet_run.read_plan(made["run"], "mx01", made["digest"])


def test_a_fleet_plan_that_is_replaced_during_a_run_is_refused(tmp_path: Path) -> None:
    made = planned(tmp_path)
    path = RunDirectory(Path(made["run"])).fleet_plan
    plan = _fleet_plan.make_fleet_plan({"mx01": sample_plan()}, created=1, method="delete", limits={})
    _fleet_plan.write_fleet_plan(path, plan)
    text = "The fleet plan %s was replaced during this run: its digest is %s, and was %s; %s"
    for refused in (_fleet_run.read_plans, lambda run, digest: _fleet_run.check_approval(run, digest, "none")):
        with refuse(text % (path, plan.digest, made["digest"], REMEDY)):
            refused(made["run"], made["digest"])


# --- approval -------------------------------------------------------------------------------------------------------


def test_an_approval_is_written_and_checked(tmp_path: Path) -> None:
    made = planned(tmp_path)
    written = _fleet_run.approve_plan(made["run"], made["digest"][:12], "2h", approved_by="alice", note="seen")
    assert written["path"] == "%s/approval.json" % made["run"]
    assert written["approval"]["expires"] - written["approval"]["created"] == 7200
    checked = _fleet_run.check_approval(made["run"], made["digest"], "required")
    assert checked == {"approval": written["approval"]}
    other = str(tmp_path / "other.json")
    _fleet_run.approve_plan(made["run"], made["digest"], "2h", approval_file=other)
    assert _fleet_run.check_approval(made["run"], made["digest"], "none", approval_file=other)


def test_what_needs_no_file_passes(tmp_path: Path) -> None:
    made = planned(tmp_path)
    assert _fleet_run.check_approval(made["run"], made["digest"], "none") == {}
    for approval in ("none", "required", "prompt"):
        assert _fleet_run.check_approval(made["run"], made["digest"], approval, approve=made["digest"]) == {}


def test_what_is_not_approved_is_refused(tmp_path: Path) -> None:
    made = planned(tmp_path)
    run, digest = made["run"], made["digest"]
    with refuse(
        "The fleet plan %s was not approved at the prompt; nothing was touched. Run this again and type yes, or give its digest as "
        "queue_cleanup_approve." % digest[:12]
    ):
        _fleet_run.check_approval(run, digest, "prompt")
    missing = (
        "The fleet plan %s is not approved: there is no %s/approval.json; nothing was touched. Approve it with the playbook "
        "mailops.postfix.approve, or give its digest as queue_cleanup_approve." % (digest[:12], run)
    )
    with refuse(missing):
        _fleet_run.check_approval(run, digest, "required")
    # Signers are not satisfied by a digest that anybody can type.
    with refuse(missing):
        _fleet_run.check_approval(run, digest, "none", approve=digest, allowed_signers="approvers")
    with pytest.raises(MailopsError, match=r"^The digest that is approved \(0{64}\) is not that of this fleet plan"):
        _fleet_run.check_approval(run, digest, "none", approve="0" * 64)
    with refuse("queue_cleanup_approval: 'maybe' is none of none, required, prompt; nothing was touched."):
        _fleet_run.check_approval(run, digest, "maybe")
