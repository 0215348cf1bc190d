# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import read_plan_file, write_plan_file
from tests.unit.support.sample_plan import NEW_PLAN, forged_plan, sample_plan


def test_a_plan_survives_its_file(tmp_path: Path) -> None:
    path = tmp_path / "plans" / "mx01.json"
    write_plan_file(path, sample_plan())
    assert read_plan_file(path, digest=sample_plan()["digest"]) == sample_plan()


ALTERED = {**sample_plan(), "counts": {"messages": 0}}


NO_PLANS: list[tuple[str, str, str]] = [
    ("something else", "{}", "%s holds no plan; nothing was touched. Give the file of a plan, or make a new plan."),
    (
        "without a rule",
        forged_plan(selection=None),
        "%s: The plan has no selection: it is not a plan, or it is incomplete; " + NEW_PLAN,
    ),
    (
        "of no second",
        forged_plan(created="now"),
        "%s: The plan has no created: it is not a plan, or it is incomplete; " + NEW_PLAN,
    ),
    (
        "altered",
        json.dumps(ALTERED),
        "%s: The plan was altered: its content does not fit its digest; " + NEW_PLAN,
    ),
]


@pytest.mark.parametrize(("text", "message"), [row[1:] for row in NO_PLANS], ids=[row[0] for row in NO_PLANS])
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mx01.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PlanError, match="^%s$" % re.escape(message % path)):
        read_plan_file(path)
