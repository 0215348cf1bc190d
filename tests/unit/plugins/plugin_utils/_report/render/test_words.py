# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    STATES,
    hosts_text,
    outcome_word,
    rule_text,
    state_word,
    time_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.rules import rule_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from tests.unit.support.results import NOW


def test_each_state_has_words() -> None:
    assert list(STATES) == list(State)
    assert len(set(STATES.values())) == len(STATES)


def test_words() -> None:
    assert state_word("mail_down") == "mail is down"
    assert outcome_word("in_flight") == "in flight"
    assert time_text(1_795_176_000) == "2026-11-20 12:00:00 UTC"


def test_a_state_that_is_not_known_has_none() -> None:
    with pytest.raises(ValueError, match=r"^'broken' is not a valid State$"):
        state_word("broken")


def test_a_rule_has_what_is_excluded_and_the_method() -> None:
    matched = {"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}
    assert rule_text({"match": [matched], "exclude": [{"sender": "y@example.com"}], "method": "expire"}) == (
        '{"age": "-1h", "header": {"Subject": ["a", "b"]}, "sender": "x@example.com"}, but not {"sender": "y@example.com"}, to expire'
    )


def test_a_plan_without_rules_has_every_message() -> None:
    assert rule_text(rule_of({"created": NOW})) == "every message"


def test_of_many_hosts_the_first_are_named() -> None:
    assert hosts_text([str(number) for number in range(12)]) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more"
