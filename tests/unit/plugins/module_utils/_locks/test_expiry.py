# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.expiry import parse_expiry

NOW = 1795171149


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2d", NOW + 2 * 86400),
        ("30M", NOW + 1800),
        (" 1w ", NOW + 604800),
        ("1795171150", 1795171150),
        (1795171150, 1795171150),
        ("2026-12-01T08:00:00Z", 1796112000),
        ("2026-12-01t08:00z", 1796112000),
        ("2026-12-01 10:00:00+02:00", 1796112000),
    ],
    ids=str,
)
def test_times(text: object, end: int) -> None:
    assert parse_expiry(text, "expires", now=NOW) == end


def test_a_time_without_a_zone_is_local() -> None:
    assert abs(parse_expiry("2026-12-01", "expires", now=NOW) - 1796083200) <= 14 * 3600


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("2026-13-01", '"2026-13-01" is not in the calendar. Correct the date or the time'),
        ("60", '"60" is a time before 1973. For an age, add a unit, such as "60s"'),
        ("0s", '"0s" is not in the future. Use a later time'),
        ("2020-01-01", '"2020-01-01" is not in the future. Use a later time'),
        ("999999999w", '"999999999w" is after the year 9999. Leave it out for a lock without an end'),
    ],
)
def test_what_is_no_time_to_come(text: str, problem: str) -> None:
    with pytest.raises(SelectionError) as caught:
        parse_expiry(text, "expires", now=NOW)
    assert str(caught.value) == "expires: " + problem
