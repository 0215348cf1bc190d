# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import parse_plan
from tests.unit.support.sample_plan import forged_plan, sample_plan


def test_a_plan_survives_json() -> None:
    assert parse_plan(json.dumps(sample_plan(), indent=4)) == sample_plan()


ALTERED = {**sample_plan(), "counts": {"messages": 0}}


NO_PLANS: list[tuple[str, str, str]] = [
    (
        "not JSON",
        "{",
        "The plan is not JSON (Expecting property name enclosed in double quotes: line 1 column 2 (char 1)); ",
    ),
    ("a list", "[]", "The file holds no plan; "),
    ("something else", "{}", "The file holds no plan; "),
    (
        "of fewer than it lists",
        forged_plan(counts={"messages": 0}),
        "The plan lists 1 messages, and its counts say 0; ",
    ),
    (
        "without a rule",
        forged_plan(selection=None),
        "The plan has no selection: it is not a plan, or it is incomplete; ",
    ),
    ("of no second", forged_plan(created="now"), "The plan has no created: it is not a plan, or it is incomplete; "),
    ("altered", json.dumps(ALTERED), "The plan was altered: its content does not fit its digest; "),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in NO_PLANS], ids=[row[0] for row in NO_PLANS])
def test_what_is_no_plan_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match="^%s$" % re.escape(message + "make a new plan.")):
        parse_plan(text)


def test_a_list_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^The plan's list of messages cannot be read \("):
        parse_plan(forged_plan(messages="x"))
