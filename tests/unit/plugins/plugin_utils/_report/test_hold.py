# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import ActLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hold import HoldRun, hold_report
from tests.unit.support.acts import NOW, REFUSED, held_of
from tests.unit.support.results import FAILED, SKIPPED, UNREACHABLE

RECORD = {"plan": {"counts": {"messages": 3}}, "problem": None}
HOLD, RELEASE = HoldRun("held"), HoldRun("released", own=True, record="/runs/1")
CHECK = HoldRun("held", check=True)

STATES: list[tuple[HoldRun, Mapping[str, Any], str, str | None]] = [
    (HOLD, {"plan": held_of(3), "act": held_of(3)}, "held", None),
    (HOLD, {"plan": held_of(0), "act": SKIPPED}, "nothing_to_do", None),
    (HOLD, {"plan": UNREACHABLE, "act": SKIPPED}, "unreachable", "no route to host"),
    (HOLD, {"plan": held_of(3), "act": FAILED}, "failed", "there is no Postfix"),
    (HOLD, {"plan": held_of(3)}, "stopped", "Nothing was touched here, because the run ended before."),
    (HOLD, {}, "missing", "The host failed in an earlier task or play and was not queried."),
    (CHECK, {"plan": held_of(3), "act": SKIPPED}, "would_hold", None),
    (HoldRun("released", check=True), {"plan": held_of(3, "released")}, "would_release", None),
    (RELEASE, {"record": RECORD, "plan": held_of(3), "act": held_of(3, "released")}, "released", None),
    (RELEASE, {"record": {"problem": None}, "plan": SKIPPED, "act": SKIPPED}, "nothing_to_do", None),
    (RELEASE, {"record": {"problem": "It did not end."}, "plan": SKIPPED}, "no_record", "It did not end."),
    (RELEASE, {"record": FAILED, "plan": held_of(3), "act": held_of(3)}, "no_record", "there is no Postfix"),
    (RELEASE, {"record": {"failed": True}, "plan": held_of(0), "act": SKIPPED}, "no_record", "no message"),
]


@pytest.mark.parametrize(("run", "steps", "state", "problem"), STATES)
def test_the_state_of_a_host(run: HoldRun, steps: Mapping[str, Any], state: str, problem: str | None) -> None:
    (row,) = hold_report({"mx01": steps}, created=NOW, run=run)["hosts"]
    assert (row["state"], row["problem"]) == (state, problem)


def test_a_report_has_the_messages_with_their_outcomes() -> None:
    run = HoldRun("held", match=[{"sender": "a@example.com"}], reason="ticket 4711", record="/runs/1")
    missing = [{"queue_id": "4A0F9AE", "outcome": "vanished"}]
    act = held_of(3, not_as_planned=missing)
    report = hold_report({"mx01": {"plan": held_of(3), "act": act}}, created=NOW, run=run)
    assert (report["kind"], report["state"], report["reason"], report["record"]) == (
        "hold",
        "held",
        "ticket 4711",
        "/runs/1",
    )
    assert (report["match"], report["exclude"], report["preview"]) == ([{"sender": "a@example.com"}], [], False)
    (row,) = report["hosts"]
    assert [(message["queue_id"], message["outcome"]) for message in row["messages"]] == [("4A0F9AC", "held")]
    assert row["not_as_planned"] == missing
    assert report["fleet"]["changed"] == {"messages": 3, "bytes": 3072, "recipients": 6}


def test_a_preview_is_refused_beyond_a_limit() -> None:
    results = {"mx01": {"plan": held_of(3)}, "mx02": {"plan": REFUSED}}
    report = hold_report(results, created=NOW, run=HOLD, limits=ActLimits(4))
    assert [row["state"] for row in report["hosts"]] == ["would_hold", "refused"]
    assert [refusal["code"] for refusal in report["refusals"]] == ["refused_by_host", "fleet_max_messages"]
    assert report["preview"] is True


def test_a_state_that_is_not_known_is_refused() -> None:
    with pytest.raises(ValueError, match="^%s$" % re.escape("state: 'deleted' is none of held, released.")):
        hold_report({}, created=NOW, run=HoldRun("deleted"))
