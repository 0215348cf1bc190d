# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.plugin_utils import _fleet_plan
from ansible_collections.mailops.postfix.plugins.plugin_utils._fleet_plan import FleetPlan, make_fleet_plan
from tests.unit.support.sample_plan import sample_plan

NOW = 1_795_171_200
REMEDY = "nothing was touched. Make a new plan with the playbook mailops.postfix.plan."


def fleet_plan(*hosts: str, sender: str = "a@example.com", **changes: Any) -> FleetPlan:
    options: dict[str, Any] = {"created": NOW, "method": "delete", "limits": {"fleet_max_messages": 10}, **changes}
    return make_fleet_plan({host: sample_plan(sender) for host in hosts or ("mx01", "mx02")}, **options)


def test_a_fleet_plan_has_what_the_plans_of_its_hosts_have() -> None:
    content = fleet_plan(reason="ticket 1").to_json()
    host = {"digest": sample_plan()["digest"], "created": 1_795_171_149, "counts": sample_plan()["counts"]}
    assert content == {
        "version": 1,
        "created": NOW,
        "method": "delete",
        "rules": [
            {
                "match": [{"sender": "a@example.com"}],
                "exclude": [],
                "queues": ["deferred"],
                "recipient_scope": "all",
                "method": None,
            }
        ],
        "limits": {"fleet_max_messages": 10},
        "reason": "ticket 1",
        "hosts": {"mx01": host, "mx02": host},
        "counts": {"messages": 2, "bytes": 200, "recipients": 4, "partial": 0, "undecided": 0, "in_queues": 6},
        "digest": content["digest"],
    }
    assert re.fullmatch("[0-9a-f]{64}", content["digest"])


CHANGES: list[dict[str, Any]] = [
    {"created": NOW + 1},
    {"method": "expire"},
    {"limits": {}},
    {"reason": "x"},
    {"sender": "b@example.com"},
]


@pytest.mark.parametrize("change", CHANGES, ids=[next(iter(change)) for change in CHANGES])
def test_the_digest_covers_everything(change: dict[str, Any]) -> None:
    assert fleet_plan(**change).digest != fleet_plan().digest


def test_the_digest_does_not_depend_on_the_order_of_hosts() -> None:
    assert fleet_plan("mx01", "mx02").digest == fleet_plan("mx02", "mx01").digest
    assert fleet_plan("mx01").digest != fleet_plan("mx02").digest


def test_a_fleet_plan_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "fleet_plan.json"
    for plan in (fleet_plan(), fleet_plan(limits={"max_percent": 2.5, "max_messages": None}, reason="é")):
        _fleet_plan.write_fleet_plan(path, plan)
        assert _fleet_plan.read_fleet_plan(path) == plan
        assert path.stat().st_mode & 0o777 == 0o600


def with_digest(content: dict[str, Any]) -> dict[str, Any]:
    content = {key: value for key, value in content.items() if key != "digest"}
    return {**content, "digest": _fleet_plan.digest_of(content)}


def edited(**changes: Any) -> dict[str, Any]:
    return with_digest({**fleet_plan().to_json(), **changes})


REFUSED: list[tuple[str, Callable[[], dict[str, Any]], str]] = [
    (
        "altered",
        lambda: {**fleet_plan().to_json(), "reason": "x"},
        "was altered after it was made: its content does not fit its digest; ",
    ),
    ("of another version", lambda: edited(version=2), "has version 2, and this collection knows version 1; "),
    ("no plan", dict, "has version None, and this collection knows version 1; "),
    (
        "without a digest",
        lambda: {"version": 1},
        "was altered after it was made: its content does not fit its digest; ",
    ),
    ("without hosts", lambda: with_digest({"version": 1}), "is incomplete ('created'); "),
    ("with a text for a number", lambda: edited(created="1"), "is incomplete (created is not of type int); "),
    ("with a bool", lambda: edited(created=True), "is incomplete (created is not of type int); "),
    ("with a wrong host", lambda: edited(hosts={"mx01": 1}), "is incomplete (hosts is not of type dict); "),
    (
        "with a wrong limit",
        lambda: edited(limits={"max_percent": "9"}),
        "is incomplete (limits.max_percent is not of type float); ",
    ),
    (
        "with a negative limit",
        lambda: edited(limits={"max_percent": -1}),
        "is incomplete (limits.max_percent is negative or no number); ",
    ),
    (
        "with NaN",
        lambda: edited(limits={"max_percent": float("nan")}),
        "is incomplete (limits.max_percent is negative or no number); ",
    ),
    ("with other sums", lambda: edited(counts={}), "has sums or parts that are not of its hosts; "),
    ("with more parts", lambda: edited(more=1), "has sums or parts that are not of its hosts; "),
]


@pytest.mark.parametrize(("content", "message"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_file_without_a_whole_fleet_plan_is_refused(
    tmp_path: Path, content: Callable[[], dict[str, Any]], message: str
) -> None:
    path = tmp_path / "fleet_plan.json"
    path.write_text(json.dumps(content()), encoding="ascii")
    with pytest.raises(PlanError, match="^%s$" % re.escape("The fleet plan %s %s%s" % (path, message, REMEDY))):
        _fleet_plan.read_fleet_plan(path)


# --- several parts of a fleet ---------------------------------------------------------------------------------------


def test_parts_become_one_fleet_plan_with_the_strictest_limits() -> None:
    first = fleet_plan("mx01", limits={"fleet_max_messages": 10, "max_messages": None, "max_percent": 5}, reason="a")
    second = fleet_plan("mx02", created=NOW - 60, limits={"fleet_max_messages": 20, "max_messages": 7}, reason="b")
    third = fleet_plan("mx03", sender="b@example.com", limits={"max_percent": None}, reason="a")
    merged = _fleet_plan.merge_fleet_plans([first, second, third])
    assert list(merged.hosts) == ["mx01", "mx02", "mx03"]
    assert merged.created == NOW - 60
    assert merged.limits == {"fleet_max_messages": 10, "max_messages": 7, "max_percent": 5}
    assert merged.reason == "a; b"
    assert [rule["match"] for rule in merged.rules] == [[{"sender": "a@example.com"}], [{"sender": "b@example.com"}]]
    assert merged.counts["messages"] == 3
    assert _fleet_plan.merge_fleet_plans([fleet_plan()]).digest == fleet_plan().digest


UNMERGEABLE: list[tuple[str, list[FleetPlan], str]] = [
    ("none", [], "There is no fleet plan to merge; " + REMEDY),
    (
        "of different methods",
        [fleet_plan("mx01"), fleet_plan("mx02", method="expire")],
        (
            "The fleet plans have different methods (delete, expire), and cannot become one; nothing was touched. Make them with the same "
            "method."
        ),
    ),
    (
        "of the same host",
        [fleet_plan("mx01", "mx02"), fleet_plan("mx02")],
        (
            "More than one of the fleet plans has a plan for mx02; nothing was touched. Leave one of these fleet plans out, or make new ones of "
            "different hosts."
        ),
    ),
]


@pytest.mark.parametrize(("plans", "message"), [row[1:] for row in UNMERGEABLE], ids=[row[0] for row in UNMERGEABLE])
def test_parts_that_do_not_fit_are_refused(plans: list[FleetPlan], message: str) -> None:
    with pytest.raises(PlanError, match="^%s$" % re.escape(message)):
        _fleet_plan.merge_fleet_plans(plans)


# --- what carries it out --------------------------------------------------------------------------------------------


def test_a_fleet_plan_for_other_hosts_is_refused() -> None:
    _fleet_plan.check_hosts(fleet_plan(), ["mx02", "mx09"])
    text = (
        "The fleet plan is for other hosts (mx01, mx02), and for none of this play (mx09); nothing was touched. Choose its hosts with "
        "mailops_hosts or --limit, or make a new plan with the playbook mailops.postfix.plan."
    )
    with pytest.raises(PlanError, match="^%s$" % re.escape(text)):
        _fleet_plan.check_hosts(fleet_plan(), ["mx09"])


def test_a_plan_that_is_not_of_the_fleet_plan_is_refused() -> None:
    plan = fleet_plan("mx01")
    _fleet_plan.check_host_plan(plan, "mx01", digest=sample_plan()["digest"])
    other = sample_plan("b@example.com")["digest"]
    text = (
        "The plan of mx01 was replaced after the fleet plan was made: its digest is %s, and the fleet plan has %s; %s"
    )
    text %= (other[:12], sample_plan()["digest"][:12], REMEDY)
    with pytest.raises(PlanError, match="^%s$" % re.escape(text)):
        _fleet_plan.check_host_plan(plan, "mx01", digest=other)
    text = "The fleet plan has no plan for mx02, but its directory has one; " + REMEDY
    with pytest.raises(PlanError, match="^%s$" % re.escape(text)):
        _fleet_plan.check_host_plan(plan, "mx02", digest=other)
