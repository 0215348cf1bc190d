# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.acts import ActLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.flush import FlushRun, flush_report
from tests.unit.support.acts import NOW, REFUSED, flushed_of
from tests.unit.support.results import SKIPPED, UNREACHABLE

STATES: list[tuple[FlushRun, Mapping[str, Any], str]] = [
    (FlushRun(), {"plan": flushed_of(3), "act": flushed_of(3)}, "flushed"),
    (FlushRun(), {"plan": SKIPPED, "act": flushed_of(3)}, "flushed"),
    (FlushRun(), {"plan": flushed_of(0), "act": flushed_of(0)}, "nothing_to_do"),
    (FlushRun(check=True), {"plan": flushed_of(3), "act": SKIPPED}, "would_flush"),
    (FlushRun(), {"plan": UNREACHABLE}, "unreachable"),
]


@pytest.mark.parametrize(("run", "steps", "state"), STATES)
def test_the_state_of_a_host(run: FlushRun, steps: Mapping[str, Any], state: str) -> None:
    (row,) = flush_report({"mx01": steps}, created=NOW, run=run)["hosts"]
    assert row["state"] == state


def test_what_became_of_the_messages_is_added_up() -> None:
    results = {
        "mx01": {"act": flushed_of(3, after={"gone": 2, "deferred": 1}), "plan": SKIPPED},
        "mx02": {"act": flushed_of(1, after={"gone": 1, "unknown": None}), "plan": SKIPPED},
        "mx03": {"plan": UNREACHABLE},
    }
    report = flush_report(results, created=NOW, run=FlushRun(wait=60))
    assert report["fleet"]["after"] == {"gone": 3, "deferred": 1, "unknown": 0}
    assert [row["after"] for row in report["hosts"]][2] is None
    assert flush_report({"mx03": {"plan": UNREACHABLE}}, created=NOW, run=FlushRun())["fleet"]["after"] is None


def test_a_preview_is_refused_beyond_a_limit() -> None:
    results = {"mx01": {"plan": flushed_of(3)}, "mx02": {"plan": REFUSED}}
    report = flush_report(results, created=NOW, run=FlushRun(), limits=ActLimits(4))
    assert [refusal["code"] for refusal in report["refusals"]] == ["refused_by_host", "fleet_max_messages"]
