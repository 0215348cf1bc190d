# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.trace import trace_report
from tests.unit.support.results import NOW, UNREACHABLE

LINE = {
    "time": NOW,
    "program": "postfix/cleanup",
    "queue_id": "4A",
    "event": "message_id",
    "line": "4A: message-id=<1@x>",
}


def test_the_lines_stand_in_one_table() -> None:
    results: dict[str, Any] = {
        "mx01": {"first": {"log": {"trace": [LINE, {"time": NOW + 1}]}}},
        "mx02": {"first": UNREACHABLE},
    }
    asked = {"queue_id": "4A", "sender": ""}
    assert report_text(trace_report(results, created=NOW, trace=asked)) == [
        "Trace, 2026-11-20 10:39:09 UTC",
        "2 lines on 1 of 2 hosts.",
        "",
        "time                     host  program          queue ID  event       line",
        "2026-11-20 10:39:09 UTC  mx01  postfix/cleanup  4A        message_id  4A: message-id=<1@x>",
        "2026-11-20 10:39:10 UTC  mx01  -                -         -",
        "",
        "Asked for:",
        "  queue id: 4A",
        "",
        "Problems:",
        "  mx02: unreachable: no route to host",
    ]


def test_what_to_do_if_nothing_is_found() -> None:
    text = report_text(trace_report({"mx01": {"first": {"log": {"trace": []}}}}, created=NOW))
    assert text[1:3] == [
        "0 lines on 0 of 1 hosts.",
        "No log has it. Give an earlier message_trace_since, or name older files in message_trace_files.",
    ]
