# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._selection.selection import parse_selection
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import rule_of
from tests.unit.support.results import NOW, ruled_plan


def test_a_rule_is_shown_as_the_operator_wrote_it() -> None:
    frozen = [{"age": [{"after": NOW - 3600}], "header": {"Subject": ["a", "b"]}, "sender": ["x@example.com"]}]
    rule = rule_of(ruled_plan(frozen)["plan"])
    assert rule["match"] == [{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}]


def test_a_rule_within_a_rule_is_shown_as_the_operator_wrote_it() -> None:
    frozen = [
        {
            "any": [{"age": [{"before": NOW - 90}]}, {"size": [5]}],
            "all": [{"sender": ["x@example.com", "y@example.com"]}],
            "not": {"recipient": ["example.org"]},
            "at_least": {"number": 1, "of": [{"helo_name": ["x"]}]},
        }
    ]
    shown = rule_of(ruled_plan(frozen)["plan"])["match"]
    assert shown == [
        {
            "any": [{"age": "90s"}, {"size": 5}],
            "all": [{"sender": ["x@example.com", "y@example.com"]}],
            "not": {"recipient": "example.org"},
            "at_least": {"number": 1, "of": [{"helo_name": "x"}]},
        }
    ]
    # It can be used as a rule again.
    assert len(parse_selection(match=shown, now=NOW).match) == 1
