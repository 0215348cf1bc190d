# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import PlanLimits, plan_report
from tests.unit.support.report_samples import NOW, plan_of
from tests.unit.support.results import by_host
from tests.unit.support.tables import wide_text


def test_plan_that_takes_everything_says_so_in_words() -> None:
    text = wide_text(plan_report(by_host("plan", {"mx01": plan_of(50)}), created=NOW + 7500))
    assert text[3] == "That is ALL of the messages in the chosen queues."
    assert re.split(r" {2,}", text[7])[:4] == ["mx01", "planned", "50", "ALL 50"]
    assert re.split(r" {2,}", text[7])[9] == "2h 5m ago"


def test_plans_of_different_rules_are_shown_with_their_hosts() -> None:
    results = {"mx01": plan_of(5), "mx02": plan_of(5, "x" * 400), "mx03": plan_of(5)}
    text = wide_text(plan_report(by_host("plan", results), created=NOW))
    start = text.index("Rules:")
    assert text[start + 1] == '  mx01, mx03: {"sender": "a@example.com"}'
    assert text[start + 2] == '  mx02: {"sender": "%s…' % ("x" * 227)


def test_the_fleet_plan_is_named() -> None:
    fleet_plan = {"digest": "0123456789abcdef", "run": "/home/ops/mailops-reports/runs/x", "method": "delete"}
    report = plan_report(by_host("plan", {"mx01": plan_of(5)}), created=NOW, fleet_plan=fleet_plan)
    assert report["fleet_plan"] == {"digest": "0123456789abcdef", "run": "/home/ops/mailops-reports/runs/x"}
    assert wide_text(report)[-3:] == [
        "Fleet plan:",
        "  digest: 0123456789abcdef",
        "  directory: /home/ops/mailops-reports/runs/x",
    ]


def test_plan_text() -> None:
    results = {"mx01": plan_of(0), "mx02": plan_of(40), "mx03": {"skipped": True}}
    report = plan_report(by_host("plan", results), created=NOW, limits=PlanLimits(fleet_max_messages=39))
    assert wide_text(report) == [
        "Cleanup plan, 2026-11-20 12:00:00 UTC",
        "2 of 3 hosts have a plan.",
        "To be cleaned: 40 messages (3.9 KiB) to 80 recipients, of 100 messages in the chosen queues.",
        "2 messages match for some of their recipients only, and are left alone.",
        "",
        (
            "host  state          messages  of  recipients     size  partial  oldest  youngest  plan made  top sender          "
            "top recipient domain"
        ),
        (
            "mx02  planned              40  50          80  3.9 KiB        1   2h 0m        1m     0s ago  a@example.com (40)  "
            "example.org (40)"
        ),
        "mx01  nothing to do         0  50           0      0 B        1       -         -     0s ago  -                   -",
        "mx03  no plan               -   -           -        -        -       -         -          -  -                   -",
        "",
        "Rules:",
        '  rule: {"sender": "a@example.com"}',
        "",
        "Refused:",
        "  refused: The plans have 40 messages on 1 hosts, queue_cleanup_fleet_max_messages allows 39.",
        "",
        "Problems:",
        "  mx03: no plan: There is no plan for this host: make one, or leave the host out.",
    ]


def test_a_plan_without_partial_messages_needs_no_line_for_them() -> None:
    planned = plan_of(5)
    planned["plan"]["counts"]["partial"] = 0
    text = wide_text(plan_report(by_host("plan", {"mx01": planned}), created=NOW))
    assert text[2].startswith("To be cleaned: 5 messages")
    assert text[3] == ""
