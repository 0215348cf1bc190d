# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from tests.suggestions.bulk import INNOCENT
from tests.suggestions.floods import FLOODS
from tests.suggestions.kinds import Kind, scene_of
from tests.suggestions.measure import measure
from tests.suggestions.table import details

# Kind, messages, and the share of the bulk in percent.
NAMED_FLOODS = [
    ("stolen account that uses its own address", 1000, 25),
    ("backscatter to two addresses at once", 1000, 25),
    ("snowshoe", 850, 30),
    ("hacked web form", 800, 38),
]
NAMED_INNOCENT = [
    ("monitoring storm", 800, 62),
    ("invoice run", 700, 43),
    ("partner down", 700, 71),
    ("alumni forwarding", 700, 71),
]
KINDS: dict[str, Kind] = {kind.name: kind for kind in FLOODS + INNOCENT}


@pytest.mark.parametrize(("name", "messages", "share"), NAMED_FLOODS)
def test_a_flood_is_covered_by_the_suggestions_and_little_else(name: str, messages: int, share: int) -> None:
    measured = measure(scene_of(KINDS[name], share, messages=messages))
    assert measured.all.is_good, details(measured)


@pytest.mark.parametrize(("name", "messages", "share"), NAMED_INNOCENT)
def test_innocent_bulk_mail_is_a_group_and_no_likely_flood(name: str, messages: int, share: int) -> None:
    measured = measure(scene_of(KINDS[name], share, messages=messages))
    assert measured.likely.suggestions == 0, details(measured)
    assert max(group["share"] for group in measured.groups) >= 0.5 * share / 100, details(measured)
