# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import hosts_text, rule_of, rule_text
from tests.unit.support.results import NOW, ruled_plan


def test_a_rule_is_shown_as_the_operator_wrote_it() -> None:
    frozen = [{"age": [{"after": NOW - 3600}], "header": {"Subject": ["a", "b"]}, "sender": ["x@example.com"]}]
    rule = rule_of(ruled_plan(frozen)["plan"])
    assert rule["match"] == [{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}]
    assert rule_text({**rule, "exclude": [{"sender": "y@example.com"}], "method": "expire"}) == (
        '{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}, but not {"sender": "y@example.com"}, to expire'
    )


def test_a_rule_within_a_rule_is_shown_as_the_operator_wrote_it() -> None:
    frozen = [
        {
            "any": [{"age": [{"before": NOW - 90}]}, {"size": [5]}],
            "at_least": {"number": 2, "of": [{"helo_name": ["x"]}]},
        }
    ]
    rule = rule_of(ruled_plan(frozen)["plan"])
    assert rule["match"] == [
        {"any": [{"age": "90s"}, {"size": 5}], "at_least": {"number": 2, "of": {"helo_name": "x"}}}
    ]


def test_a_plan_without_rules_has_every_message() -> None:
    assert rule_text(rule_of({"created": NOW})) == "every message"


def test_of_many_hosts_the_first_are_named() -> None:
    assert hosts_text([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
