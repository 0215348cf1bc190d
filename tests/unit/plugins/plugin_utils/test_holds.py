# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import (
    Planned,
    check_digest,
    listed_messages,
    make_plan,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils import _holds
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError
from ansible_collections.mailops.postfix.plugins.plugin_utils._holds import Hold
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import read_plan_file, write_plan_file

NOW = 1_795_171_149
RULES = {"match": [{"sender": "bad.example"}], "exclude": []}
OTHER = {"match": [{"sender": "other.example"}], "exclude": []}
NO_RULES: dict[str, Any] = {"match": [], "exclude": []}


def held(*queue_ids: str, fingerprint: str = "0" * 16, config: str = "/etc/postfix") -> dict[str, Any]:
    """Return what postfix_queue_hold returned that put these messages on hold."""
    if not queue_ids:
        return {"outcomes": {"held": 0}}
    plan = make_plan(
        host="mx01.example.test",
        instance={"config_directory": config},
        created=NOW,
        selection={"match": [], "exclude": []},
        reason=None,
        limits={},
        method=None,
        counts={"messages": len(queue_ids), "bytes": 100 * len(queue_ids), "recipients": len(queue_ids)},
        summary={},
        messages=[Planned(queue_id, fingerprint) for queue_id in queue_ids],
    )
    return {"outcomes": {"held": len(queue_ids)}, "release_plan": plan}


def hold(
    directory: Path, results: Mapping[str, Mapping[str, Any]], rules: Mapping[str, Any] | None = None, *more: str
) -> Path | None:
    """Record a hold on hosts, {host: result}. rules: by default RULES. more: hosts on which it does not end."""
    path = _holds.make_hold(directory)
    _holds.begin_hold(
        path, rules=RULES if rules is None else rules, reason="ticket 4711", hosts=[*results, *more], created=NOW
    )
    for host, result in results.items():
        if "release_plan" in result:
            # The action plugin of the module does this.
            write_plan_file(path / "plans" / f"{host}.json", result["release_plan"])
    return _holds.end_hold(path, results)


def plan_of(holds: list[Hold], host: str) -> dict[str, Any] | None:
    """Return the plan of what was held on a host, from its file or of several."""
    path, plan, problem = _holds.find_held(holds, host)
    assert problem is None
    assert path is None or plan is None
    found = read_plan_file(path) if path else plan
    return None if found is None else dict(found)


def messages_of(holds: list[Hold], host: str) -> set[str]:
    plan = plan_of(holds, host)
    if plan is None:
        return set()
    check_digest(plan)
    return set(listed_messages(plan))


def test_what_a_hold_held_is_found(tmp_path: Path) -> None:
    path = hold(tmp_path, {"mx01": held("4A0F9AC", "4A0F9AD"), "mx02": held()})
    assert path is not None
    # The newest report on a hold, in the directory of all reports.
    (tmp_path / "hold.json").write_text("{}")
    for named in (path, tmp_path, tmp_path / "runs", tmp_path / "runs" / "latest_hold"):
        for rules in (RULES, NO_RULES):
            (found,) = _holds.find_holds(named, rules)
            assert found.path.resolve() == path
            assert messages_of([found], "mx01") == {"4A0F9AC", "4A0F9AD"}
            assert messages_of([found], "mx02") == set()
            assert messages_of([found], "mx03") == set()
    digest = held("4A0F9AC", "4A0F9AD")["release_plan"]["digest"]
    assert json.loads((path / "held.json").read_text())["hosts"] == {
        "mx01": {"messages": 2, "digest": digest},
        "mx02": {"messages": 0, "digest": None},
    }
    assert not (path / "planned").exists()
    assert (path / "plans" / "mx01.json").stat().st_mode & 0o777 == 0o600


def test_a_hold_that_is_run_again_is_released_as_one(tmp_path: Path) -> None:
    hold(tmp_path, {"mx01": held("4A0F9A0")}, OTHER)
    hold(tmp_path, {"mx01": held("4A0F9AC", "4A0F9AD")})
    hold(tmp_path, {"mx01": held("4A0F9AE", "4A0F9AC", fingerprint="1" * 16)})
    assert hold(tmp_path, {"mx01": held()}) is None
    holds = _holds.find_holds(tmp_path, NO_RULES)
    assert len(holds) == 2
    plan = plan_of(holds, "mx01")
    assert plan is not None
    check_digest(plan)
    # If a message was held twice, the last time counts.
    assert listed_messages(plan) == {"4A0F9AC": "1" * 16, "4A0F9AD": "0" * 16, "4A0F9AE": "1" * 16}
    assert plan["counts"] == {"messages": 3, "bytes": 400, "recipients": 4}
    assert [hold.rules for hold in _holds.find_holds(holds[1].path, RULES)] == [RULES]


def test_what_was_released_is_not_released_again(tmp_path: Path) -> None:
    hold(tmp_path, {"mx01": held("4A0F9AC"), "mx02": held("4A0F9AD"), "mx03": held("4A0F9AE")})
    holds = _holds.find_holds(tmp_path, RULES)
    results: dict[str, dict[str, Any]] = {
        "mx01": {"outcomes": {"released": 1}},
        "mx02": {"outcomes": {"failed": 1}, "failed": True},
        "mx03": {"unreachable": True},
        "mx04": {"outcomes": {}},
    }
    _holds.end_release(holds, results)
    _holds.end_release(holds, results)
    assert [messages_of(holds, host) for host in ("mx01", "mx02", "mx03")] == [set(), {"4A0F9AD"}, {"4A0F9AE"}]


def test_a_host_on_which_a_hold_did_not_end_is_named(tmp_path: Path) -> None:
    path = hold(tmp_path, {"mx01": held("4A0F9AC"), "mx02": {"unreachable": True}}, RULES, "mx03")
    holds = _holds.find_holds(tmp_path, RULES)
    text = (
        f"The hold in {path} did not end on this host, so there is no record of what it put on hold. The lines of "
        "mailops/postfix_queue_hold in the mail log of the host name the messages. Set queue_hold_own: false and give rules to release "
        "them."
    )
    for host in ("mx02", "mx03"):
        assert _holds.find_held(holds, host) == (None, None, text)
    assert path is not None
    assert (path / "planned").is_dir()


def test_a_plan_that_could_not_be_written_is_not_known(tmp_path: Path) -> None:
    path = _holds.make_hold(tmp_path)
    _holds.begin_hold(path, rules=RULES, reason=None, hosts=["mx01"], created=NOW)
    assert _holds.end_hold(path, {"mx01": {**held("4A0F9AC"), "failed": True}}) == path
    assert _holds.find_held(_holds.find_holds(path, RULES), "mx01").problem is not None


def test_an_interrupted_hold_has_a_record(tmp_path: Path) -> None:
    path = _holds.make_hold(tmp_path)
    _holds.begin_hold(path, rules=RULES, reason=None, hosts=["mx01"], created=NOW)
    assert [hold.path for hold in _holds.find_holds(tmp_path, RULES)] == [path]


def test_a_hold_that_never_began_leaves_nothing(tmp_path: Path) -> None:
    path = _holds.make_hold(tmp_path)
    assert {found.name for found in path.iterdir()} == {"planned", "plans"}
    assert _holds.end_hold(path, {}) is None
    assert not path.exists()


def test_a_directory_that_is_no_hold_is_not_deleted(tmp_path: Path) -> None:
    (tmp_path / "evidence").touch()
    with pytest.raises(FileNotFoundError):
        _holds.end_hold(tmp_path, {})
    assert [path.name for path in tmp_path.iterdir()] == ["evidence"]


def test_without_a_record_nothing_is_released(tmp_path: Path) -> None:
    text = (
        f"There is no record of a hold in {tmp_path}; nothing was touched. Name the directory of a hold in queue_hold_run, or set "
        "queue_hold_own: false and give rules to release messages whoever put them on hold."
    )
    with pytest.raises(ValueError, match="^%s$" % re.escape(text)):
        _holds.find_holds(tmp_path, NO_RULES)


def test_other_rules_are_refused(tmp_path: Path) -> None:
    path = hold(tmp_path, {"mx01": held("4A0F9AC")})
    text = (
        f"The rules are not those of the hold in {path}; nothing was touched. Leave the rules out to release what that hold put on hold, or "
        "set queue_hold_own: false to release what the rules select, whoever put it on hold."
    )
    with pytest.raises(ValueError, match="^%s$" % re.escape(text)):
        _holds.find_holds(tmp_path, OTHER)


BROKEN: list[tuple[str, str]] = [
    ("{", "is not JSON"),
    ("[]", "has no JSON object; nothing was touched. Check whether it is the right file."),
    ('{"rules": {}}', "is no record of a hold; nothing was touched. Name another hold."),
    ('{"hosts": []}', "is no record of a hold; nothing was touched. Name another hold."),
]


@pytest.mark.parametrize(("text", "error"), BROKEN)
def test_a_record_that_cannot_be_read_is_refused(tmp_path: Path, text: str, error: str) -> None:
    path = hold(tmp_path, {"mx01": held("4A0F9AC")})
    assert path is not None
    (path / "record.json").write_text(text)
    with pytest.raises((ValueError, FileError), match=re.escape(error)):
        _holds.find_holds(tmp_path, RULES)


def test_a_plan_that_was_altered_is_refused(tmp_path: Path) -> None:
    path = hold(tmp_path, {"mx01": held("4A0F9AC")})
    assert path is not None
    hold(tmp_path, {"mx01": held("4A0F9AD")})
    plan = held("4A0F9AC")["release_plan"]
    (path / "plans" / "mx01.json").write_text(json.dumps({**plan, "created": 0}))
    with pytest.raises(PlanError, match="The plan was altered"):
        _holds.find_held(_holds.find_holds(tmp_path, RULES), "mx01")


def test_plans_of_two_instances_are_refused(tmp_path: Path) -> None:
    hold(tmp_path, {"mx01": held("4A0F9AC")})
    hold(tmp_path, {"mx01": held("4A0F9AD", config="/etc/postfix-out")})
    text = "The holds are of different instances of Postfix; nothing was touched. Name one in queue_hold_run."
    with pytest.raises(ValueError, match="^%s$" % re.escape(text)):
        _holds.find_held(_holds.find_holds(tmp_path, RULES), "mx01")
