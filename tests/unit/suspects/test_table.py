# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tables: what the suspects of a log are worth."""

from __future__ import annotations

from typing import Sequence

import pytest

from tests.suspects.table import Measured, tables, with_tables


def measured(stolen: Sequence[str], found: Sequence[str]) -> Measured:
    """Return what a log came to, with one piece of evidence for each suspect."""
    suspects = [{"sasl_username": account, "evidence": [{"threshold": "of_%s" % account}]} for account in found]
    return Measured("Development", "kind", frozenset(stolen), suspects)


@pytest.mark.parametrize(
    ("stolen", "found", "cells"),
    [
        pytest.param(["anna"], ["anna"], "anna | anna | of_anna | 1.000 | 1.000", id="found"),
        pytest.param(["anna", "ben"], ["anna"], "anna, ben | anna | of_anna | 1.000 | 0.500", id="one missed"),
        pytest.param(
            ["anna"], ["anna", "ben"], "anna | anna, ben | of_anna, of_ben | 0.500 | 1.000", id="one innocent"
        ),
        pytest.param(["anna"], [], "anna | - | - | - | 0.000", id="missed"),
        pytest.param([], ["ben"], "- | ben | of_ben | 0.000 | -", id="innocent found"),
        pytest.param([], [], "- | - | - | - | -", id="innocent"),
    ],
)
def test_a_row_has_precision_and_recall(stolen: Sequence[str], found: Sequence[str], cells: str) -> None:
    assert tables([measured(stolen, found)]).endswith("|---|\n| kind | %s |\n" % cells)


def test_each_group_has_a_table() -> None:
    other = Measured("Held out", "kind", frozenset(), [])
    text = tables([measured([], []), measured([], []), other])
    assert [line for line in text.splitlines() if line.startswith("#")] == ["### Development", "### Held out"]
    assert text.count("| kind |") == 3


def test_a_document_takes_new_tables() -> None:
    document = "before\n<!-- made by `python -m tests.suspects measure` -->\nold\n<!-- end -->\nafter\n"
    assert with_tables(document, "new") == document.replace("old", "new")
