# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.support.answering_host import AnsweringHost
from tests.unit.support.sample_plan import NEW_PLAN, forged_plan, sample_plan

PURGE = "mailops.postfix.postfix_queue_purge"
PLAN = sample_plan()
SLIM = {name: part for name, part in PLAN.items() if name != "messages"}


@pytest.fixture(name="host")
def fixture_host(tmp_path: Path) -> AnsweringHost:
    host = AnsweringHost(tmp_path)
    host.answer({"changed": True, "matched": {"messages": 1}, "plan": PLAN})
    return host


def purge(**options: Any) -> dict[str, Any]:
    return {PURGE: options}


def planned(**options: Any) -> dict[str, Any]:
    return {**purge(**options), "check_mode": True}


def test_a_plan_is_written_and_taken_out_of_the_result(host: AnsweringHost, tmp_path: Path) -> None:
    results = host.run(planned(plan_dest="x.json"), planned(plan_dest="new/plans/"), planned(plan_dest="new/plans"))
    paths = [tmp_path / "x.json", *[tmp_path / "new" / "plans" / "mx01.json"] * 2]
    for result, path in zip(results, paths, strict=True):
        assert result["plan"] == {**SLIM, "path": str(path)}
        assert result["matched"] == {"messages": 1}
        assert json.loads(path.read_text(encoding="ascii")) == PLAN
        assert path.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700
    assert sorted(path.name for path in (tmp_path / "new" / "plans").iterdir()) == ["mx01.json"]
    assert "plan_dest" not in host.module


def test_without_a_file_the_result_is_that_of_the_module(host: AnsweringHost) -> None:
    [result] = host.run(planned())
    assert result["plan"] == PLAN


def test_a_plan_is_read_and_sent_and_not_repeated(host: AnsweringHost, tmp_path: Path) -> None:
    (tmp_path / "plans").mkdir()
    path = tmp_path / "plans" / "mx01.json"
    path.write_text(json.dumps(PLAN), encoding="ascii")
    host.answer({"changed": True, "invocation": {"module_args": {"plan": PLAN, "limit": 100}}})
    whole = purge(plan_src="plans/mx01.json")
    digest = purge(plan_src="{{ playbook_dir }}/plans", plan_digest=PLAN["digest"])
    for result in host.run(whole, {**digest, "register": "x", "until": "false", "retries": 2, "delay": 0}):
        assert result["invocation"]["module_args"] == {"plan": SLIM, "limit": 100}
        assert result["changed"]
    assert PLAN["messages"] in host.module
    assert "plan_src" not in host.module


def test_a_plan_can_be_carried_out_with_async(host: AnsweringHost, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(PLAN), encoding="ascii")
    host.run({**purge(plan_src="x.json"), "async": 60, "poll": 0})
    assert host.module


def test_a_host_without_a_plan_writes_none(host: AnsweringHost, tmp_path: Path) -> None:
    host.answer({"failed": True, "msg": "there is no Postfix"})
    [result] = host.run(planned(plan_dest="x.json"))
    assert result["msg"] == "there is no Postfix"
    assert not (tmp_path / "x.json").exists()


def test_a_plan_that_cannot_be_written_fails_the_task(host: AnsweringHost, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    results = host.run(planned(plan_dest="file/x.json"))
    assert results[0]["msg"] == (
        "The plan: %s/file/x.json cannot be written: Not a directory. Put a directory there, then run this again."
        % tmp_path
    )
    assert results[0]["failed"]


ONE = "Give only one of plan, plan_src and plan_dest; nothing was touched."
OTHER_DIGEST = "0" * 64
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("plan and file", purge(plan_src="x.json", plan=PLAN), ONE),
    ("both files", planned(plan_src="x.json", plan_dest="y.json"), ONE),
    ("plan and new file", planned(plan=PLAN, plan_dest="y.json"), ONE),
    (
        "digest alone",
        purge(plan_digest=OTHER_DIGEST),
        "plan_digest is for a plan in a file; nothing was touched. Give plan_src, too.",
    ),
    (
        "no check mode",
        purge(plan_dest="y.json"),
        (
            "plan_dest needs check mode, because only then the module makes a plan; nothing was touched. Set check_mode: true on the task, or "
            "leave out plan_dest."
        ),
    ),
    (
        "async",
        {**planned(plan_dest="y.json"), "async": 60, "poll": 0},
        (
            "plan_dest cannot be used with the keyword async, because the plan would come after the task; nothing was touched. Leave out one "
            "of the two."
        ),
    ),
    (
        "missing",
        purge(plan_src="none.json"),
        ("The plan: %(dir)s/none.json cannot be read: No such file or directory. Check the path, then run this again."),
    ),
    (
        "no plan",
        purge(plan_src="hosts.json"),
        "%(dir)s/hosts.json holds no plan; nothing was touched. Give the file of a plan, or make a new plan.",
    ),
    (
        "altered",
        purge(plan_src="altered.json"),
        "%(dir)s/altered.json: The plan was altered: its content does not fit its digest; " + NEW_PLAN,
    ),
    (
        "incomplete",
        purge(plan_src="incomplete.json"),
        "%(dir)s/incomplete.json: The plan has no counts: it is not a plan, or it is incomplete; " + NEW_PLAN,
    ),
    (
        "other digest",
        purge(plan_src="x.json", plan_digest=OTHER_DIGEST),
        (
            "%(dir)s/x.json has another plan than the one that was approved or reported: its digest is "
            + PLAN["digest"]
            + ", and not "
            + OTHER_DIGEST
            + "; nothing was touched. Look at the plan again, and make a new plan."
        ),
    ),
]


def test_what_does_not_fit_is_refused_before_the_host_is_contacted(host: AnsweringHost, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps(PLAN), encoding="ascii")
    (tmp_path / "altered.json").write_text(json.dumps({**PLAN, "created": 1}), encoding="ascii")
    (tmp_path / "incomplete.json").write_text(forged_plan(counts=None), encoding="ascii")
    results = host.run(*[{**task, "name": name} for name, task, _message in REFUSED])
    for result, (name, _task, message) in zip(results, REFUSED, strict=True):
        assert result["msg"] == message.replace("%(dir)s", str(tmp_path)), name
    assert host.module == ""
    assert not (tmp_path / "y.json").exists()


# --- what postfix_queue_hold put on hold ----------------------------------------------------------------------------

HOLD = "mailops.postfix.postfix_queue_hold"


def test_what_was_put_on_hold_is_written(host: AnsweringHost, tmp_path: Path) -> None:
    host.answer({"changed": True, "outcomes": {"held": 1}, "release_plan": PLAN})
    [result, whole] = host.run({HOLD: {"state": "held", "release_plan_dest": "held/"}}, {HOLD: {"state": "held"}})
    path = tmp_path / "held" / "mx01.json"
    assert result["release_plan"] == {**SLIM, "path": str(path)}
    assert json.loads(path.read_text(encoding="ascii")) == PLAN
    assert whole["release_plan"] == PLAN
    assert "release_plan_dest" not in host.module


def test_what_cannot_be_written_is_still_returned(host: AnsweringHost, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    host.answer({"changed": True, "outcomes": {"held": 1}, "release_plan": PLAN})
    [result] = host.run({HOLD: {"state": "held", "release_plan_dest": "file/x.json"}})
    assert result["failed"]
    assert "file/x.json cannot be written: Not a directory." in result["msg"]
    assert (result["outcomes"], result["release_plan"]) == ({"held": 1}, PLAN)
