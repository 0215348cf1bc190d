# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Item, Section
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.parts import (
    ago_text,
    first_top,
    message_section,
    more_outcomes,
    number_text,
    problem_section,
    rule_section,
    seconds_since,
    sort_rows,
    undecided_lines,
)


def test_what_is_not_known_is_a_dash() -> None:
    report = {"created": 100}
    assert (number_text(None), number_text(0)) == ("-", "0")
    assert (seconds_since(report, None), seconds_since(report, 40)) == (None, 60)
    assert (ago_text(report, None), ago_text(report, 40)) == ("-", "1m ago")
    assert first_top(None, "senders") == first_top({"senders": []}, "senders") == "-"


def test_a_top_is_cut_and_does_without_the_name_of_the_remote_host() -> None:
    value = {"value": "host mx.example.org said: 450 " + "x" * 40, "messages": 3}
    assert first_top({"reasons": [value]}, "reasons") == "450 %s… (3)" % ("x" * 27)


def test_rows_without_a_figure_come_last_and_equal_ones_stay_in_order() -> None:
    rows = [{"host": host, "count": count} for host, count in (("a", None), ("b", 0), ("c", 5), ("d", 0))]
    assert [row["host"] for row in sort_rows({"hosts": rows}, lambda row: row["count"])] == ["c", "b", "d", "a"]


def test_an_outcome_that_no_message_has_needs_no_column() -> None:
    rows: list[dict[str, Any]] = [{"outcomes": {"purged": 5, "odd": 1, "failed": 0}}, {"outcomes": None}]
    assert more_outcomes(rows, ("purged",)) == ["odd"]


def test_a_problem_has_the_words_for_its_state() -> None:
    rows = [{"host": "a", "state": "ok", "problem": None}, {"host": "b", "state": "no_plan", "problem": "x" * 400}]
    (item,) = problem_section({"hosts": rows}).items
    assert item.label == "b"
    assert item.text == "no plan: %s…" % ("x" * 310)


def test_of_many_messages_the_first_are_listed() -> None:
    message = {"queue_id": "4A", "queue": "hold", "problem": "EIO"}
    rows: list[dict[str, Any]] = [{"host": "a", "failures": [message] * 6}, {"host": "b", "failures": None}]
    listed = [Item("a", "4A in hold: EIO")] * 5
    assert message_section("Failed", rows, lambda row: row["failures"]) == Section(
        "Failed", [*listed, Item("a", "and 1 more")]
    )


def test_a_rule_of_all_hosts_does_without_their_names() -> None:
    group = {"rule": {"match": [], "exclude": [], "method": None}, "hosts": ["a"]}
    assert rule_section({"rules": [group]}).items == [Item("rule", "every message")]
    assert [item.label for item in rule_section({"rules": [group, group]}).items] == ["a", "a"]


def test_no_undecided_messages_need_no_line() -> None:
    assert undecided_lines(None) == undecided_lines(0) == []
