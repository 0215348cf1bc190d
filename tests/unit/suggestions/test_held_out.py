# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.suggestions.held_out import HELD_OUT
from tests.suggestions.letters import Scene
from tests.suggestions.measure import measure
from tests.suggestions.table import DOCUMENT, row, with_tables

FLOOR = 0.95
# What a flood of unrelated senders has in common stands in its content alone, on which no rule is suggested then.
MISSED = {"botnet with one URL path", "newsletter beside spam"}


@pytest.mark.parametrize("scene", [pytest.param(scene, id=scene.name) for scene in HELD_OUT])
def test_held_out_queues_are_explained_as_documented(scene: Scene) -> None:
    measured = measure(scene)
    assert row(measured) in DOCUMENT.read_text(encoding="utf-8")
    if scene.is_flooded:
        assert measured.covered == 0 or measured.spam_covered >= FLOOR * measured.covered
        assert (measured.spam_covered >= FLOOR * measured.spam) is (scene.name not in MISSED)
    else:
        assert measured.suggestions == []
        assert measured.note.startswith(
            "Nothing stands out in %d messages, so no rule is suggested." % measured.messages
        )


def test_the_document_takes_new_tables() -> None:
    document = DOCUMENT.read_text(encoding="utf-8")
    changed = with_tables(document, "new")
    assert "\nnew\n" in changed
    assert with_tables(changed, "other") == with_tables(document, "other")
