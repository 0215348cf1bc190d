# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.charts import (
    HEAT_LEVELS,
    Part,
    bar_length,
    column_path,
    heat_level,
    stack_parts,
    trend_points,
)

COUNTS = st.integers(0, 10**9)


@pytest.mark.parametrize(
    ("value", "greatest", "length"),
    [(0, 10, 0), (10, 10, 100), (5, 10, 50), (1, 10**6, 1), (20, 10, 100), (-1, 10, 0), (0, 0, 0), (5, 0, 0)],
)
def test_bar_length(value: int, greatest: int, length: float) -> None:
    assert bar_length(value, greatest, 100) == length


@given(COUNTS, COUNTS)
def test_each_bar_fits_and_each_value_is_seen(value: int, more: int) -> None:
    length = bar_length(value, value + more, 100)
    assert 0 <= length <= 100
    assert (length > 0) == (value > 0)


def test_stack_parts() -> None:
    assert stack_parts([10, 0, 30], 40, 100) == [Part(0, 25), Part(25, 0), Part(25, 75)]
    assert stack_parts([], 0, 100) == []


def test_column_path() -> None:
    assert column_path([2, 0, 4], width=30, height=10) == "M0 10v-5h9v5zM20 10v-10h9v10z"
    assert column_path([0, 0], width=30, height=10) == ""
    assert column_path([], width=30, height=10) == ""


@given(st.lists(COUNTS, max_size=12))
def test_each_column_is_inside_of_the_chart(values: list[int]) -> None:
    path = column_path(values, width=60, height=16)
    assert path.count("M") == sum(value > 0 for value in values)
    assert all(float(number) <= 60 for number in re.findall(r"[\d.]+", path))


def test_trend_points() -> None:
    assert trend_points([0, 5, 10], width=100, height=20) == "0,20 50,10 100,0"
    assert trend_points([1, None, 2], width=100, height=20) == "0,10 100,0"
    assert trend_points([0, 0], width=100, height=20) == "0,20 100,20"


@pytest.mark.parametrize("values", [[], [1], [None, 3, None]])
def test_one_value_is_no_trend(values: list[float | None]) -> None:
    assert trend_points(values, width=100, height=20) == ""


@given(st.lists(COUNTS, min_size=1, max_size=10).map(sorted))
def test_more_never_has_a_weaker_colour(values: list[int]) -> None:
    levels = [heat_level(value, values[-1]) for value in values]
    assert all(one <= other for one, other in pairwise(levels))
    assert set(levels) <= set(range(HEAT_LEVELS + 1))


@pytest.mark.parametrize(
    ("value", "level"), [(0, 0), (-2, 0), (1, 1), (25, 1), (30, 2), (100, 3), (390, 4), (410, 5), (1000, 5), (2000, 5)]
)
def test_heat_level(value: int, level: int) -> None:
    assert heat_level(value, 1000) == level
    assert heat_level(value, 0) == 0
