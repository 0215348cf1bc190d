# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import CRITERIA
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule import Stage
from ansible_collections.mailops.postfix.plugins.module_utils._selection.rule_parser import parse_rule

NOW = 1700000000


def test_stages_are_in_order_of_cost() -> None:
    assert list(Stage) == sorted(Stage)
    assert [stage.name for stage in Stage] == ["NAME", "IDENTITY", "ENVELOPE", "REASONS", "CONTENT"]


def test_every_stage_has_a_criterion() -> None:
    assert {row.stage for row in CRITERIA.values()} == set(Stage)


@pytest.mark.parametrize("rule", [{"sender": "a@"}, {"any": [{"sender": "a@"}, {"content": "x"}]}])
def test_rules_are_equal_if_they_say_the_same(rule: object) -> None:
    assert parse_rule(rule, "match[0]", NOW) == parse_rule(rule, "match[0]", NOW)
    assert parse_rule(rule, "match[0]", NOW) != parse_rule(rule, "match[1]", NOW)
    assert parse_rule(rule, "match[0]", NOW) != parse_rule({"sender": "b@", "content": "x"}, "match[0]", NOW)
