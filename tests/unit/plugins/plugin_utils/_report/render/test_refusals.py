# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts


def test_all_is_a_word() -> None:
    few = make_refusal(RefusalCode.NEARLY_ALL, messages=96, total=100, allowed=95.0)
    every = make_refusal(RefusalCode.NEARLY_ALL, host="a", messages=100, total=100, allowed=95.0)
    assert [text.partition(" messages")[0] for text in refusal_texts({"kind": "plan", "refusals": [few, every]})] == [
        "The plan has 96 of the 100",
        "a: The plan has ALL 100",
    ]


def test_each_group_of_hosts_has_a_line() -> None:
    groups = [{"hosts": ["a", "b"], "planned_at": 0}, {"hosts": ["c"], "planned_at": 3660}]
    refusal = make_refusal(RefusalCode.DIFFERENT_TIMES, groups=groups)
    assert refusal_texts({"kind": "plan", "created": 7200, "refusals": [refusal]})[1:] == [
        "a, b: planned 120 minutes ago",
        "c: planned 59 minutes ago",
    ]


def test_a_report_without_refusals_has_no_texts() -> None:
    assert refusal_texts({"kind": "audit"}) == []


def test_a_code_that_is_not_known_has_no_text() -> None:
    with pytest.raises(ValueError, match=r"^'odd' is not a valid RefusalCode$"):
        refusal_texts({"kind": "plan", "refusals": [{"code": "odd", "host": None}]})
