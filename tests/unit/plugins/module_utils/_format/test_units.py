# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.units import SIZE_UNITS, TIME_UNITS


@pytest.mark.parametrize("units", [TIME_UNITS, SIZE_UNITS], ids=["times", "sizes"])
def test_units_are_listed_from_the_smallest_which_is_one(units: Mapping[str, int]) -> None:
    amounts = list(units.values())
    assert amounts[0] == 1
    assert amounts == sorted(set(amounts))


@pytest.mark.parametrize("units", [TIME_UNITS, SIZE_UNITS], ids=["times", "sizes"])
def test_each_unit_is_a_whole_number_of_the_next_smaller_one(units: Mapping[str, int]) -> None:
    amounts = list(units.values())
    assert not any(larger % smaller for smaller, larger in zip(amounts, amounts[1:]))
