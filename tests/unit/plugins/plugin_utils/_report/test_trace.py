# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.trace import trace_report
from tests.unit.support.results import FAILED, NOW


def event(time: int, line: str, **more: Any) -> dict[str, Any]:
    return {
        "time": time,
        "host": "mx",
        "program": "postfix/smtp",
        "queue_id": "4A",
        "event": "delivery",
        "line": line,
        **more,
    }


def traced(*events: dict[str, Any]) -> dict[str, Any]:
    return {"log": {"trace": list(events)}}


def test_the_lines_of_all_hosts_are_in_the_order_of_time() -> None:
    first = event(NOW, "4A: message-id=<1@example.com>", event="message_id")
    last = event(NOW + 9, "4A: to=<x>, status=bounced (said: 550 message-id=<forged@example.com>)")
    other = event(NOW + 5, "5B: client=mx01", queue_id="5B")
    results = {
        # What both traces have found is listed once.
        "mx01": {"first": traced(last, first), "followed": {"results": [traced(first, last), {"skipped": True}]}},
        "mx02": {"first": traced(), "followed": {"results": [traced(other)]}},
        "mx03": {"first": traced()},
    }
    report = trace_report(results, created=NOW, trace={"queue_id": "4A"})
    assert [(line["from_host"], line["line"]) for line in report["events"]] == [
        ("mx01", first["line"]),
        ("mx02", other["line"]),
        ("mx01", last["line"]),
    ]
    assert [(row["host"], row["state"], row["events"]) for row in report["hosts"]] == [
        ("mx01", "ok", 2),
        ("mx02", "ok", 1),
        ("mx03", "not_found", 0),
    ]
    assert report["message_ids"] == ["1@example.com"]
    assert report["problems"] == {}


def test_the_message_id_that_was_asked_for_is_not_followed() -> None:
    lines = [event(NOW, "4A: message-id=<%d@example.com>" % number, event="message_id") for number in range(20)]
    report = trace_report({"mx01": {"first": traced(*lines)}}, created=NOW, trace={"message_id": "<0@example.com>"})
    assert report["message_ids"] == ["%d@example.com" % number for number in range(1, 11)]


def test_a_host_that_fails_in_either_step_has_a_problem() -> None:
    results = {"mx01": {"first": FAILED}, "mx02": {"first": traced(event(NOW, "x")), "followed": FAILED}, "mx03": {}}
    report = trace_report(results, created=NOW)
    assert [(row["state"], row["events"]) for row in report["hosts"]] == [("failed", 0), ("failed", 1), ("missing", 0)]
