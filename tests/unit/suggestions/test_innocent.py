# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.suggestions.innocent import INNOCENT
from tests.suggestions.letters import Scene
from tests.suggestions.measure import measure
from tests.suggestions.table import DOCUMENT, row

ON_CONTENT = {"body", "header", "content"}


@pytest.mark.parametrize("scene", [pytest.param(scene, id=scene.name) for scene in INNOCENT])
def test_no_rule_on_content_is_suggested_for_innocent_mail(scene: Scene) -> None:
    measured = measure(scene)
    rules = [rule for suggestion in measured.suggestions for rule in suggestion["match"]]
    assert [rule for rule in rules if ON_CONTENT & set(rule)] == []
    assert row(measured) in DOCUMENT.read_text(encoding="utf-8")
