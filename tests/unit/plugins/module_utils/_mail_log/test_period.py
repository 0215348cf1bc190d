# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.period import parse_period, parse_time

NOW = 1795698894.5
REMEDY = 'Use an age such as "2h" (units: s, m, h, d, w), a time such as "2026-11-26 13:00" or "2026-11-26T13:00:00Z", or seconds since 1970.'


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("2h", NOW - 7200),
        ("90S", NOW - 90),
        (" 1d ", NOW - 86400),
        ("2w", NOW - 1209600),
        ("0m", NOW),
        ("999999999w", 0),
        (1795698894, 1795698894),
        ("1795698894", 1795698894),
        (1795698894.25, 1795698894.25),
        ("2026-11-26", 1795647600),
        ("2026-11-26 14:14", 1795698840),
        ("2026-11-26T14:14:54", 1795698894),
        ("2026-07-26T15:14:54", 1785071694),
        ("2026-11-26T13:14:54Z", 1795698894),
        ("2026-11-26t13:14:54.123z", 1795698894),
        ("2026-11-26T13:14Z", 1795698840),
        ("2026-11-26 13:14:54+00:00", 1795698894),
        ("2026-11-26 13:14:54 +0000", 1795698894),
        ("2026-11-26T14:14:54+01", 1795698894),
        ("2026-11-26T09:44:54-03:30", 1795698894),
    ],
)
def test_times_are_read(value: object, seconds: float | None) -> None:
    assert parse_time(value, "since", now=NOW) == seconds


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("yesterday", '"yesterday" is not a time. ' + REMEDY),
        ("2y", '"2y" is not a time. ' + REMEDY),
        ("-2h", '"-2h" is not a time. ' + REMEDY),
        ("13:00", '"13:00" is not a time. ' + REMEDY),
        ("26.11.2026", '"26.11.2026" is not a time. ' + REMEDY),
        ("x" * 5000, '"%s" is not a time. %s' % ("x" * 100, REMEDY)),
        (True, '"True" is not a time. ' + REMEDY),
        ("3600", '"3600" is a time before 1973. For an age, add a unit, such as "3600s".'),
        ("2026-02-30", '"2026-02-30" is not in the calendar. Correct the date or the time.'),
        ("2026-11-26T25:00", '"2026-11-26T25:00" is not in the calendar. Correct the date or the time.'),
        ("0000-11-26T13:00Z", '"0000-11-26T13:00Z" is not in the calendar. Correct the date or the time.'),
    ],
)
def test_other_values_are_refused(value: object, problem: str) -> None:
    with pytest.raises(LogError) as caught:
        parse_time(value, "until", now=NOW)
    assert str(caught.value) == "until: " + problem


def test_a_period_has_two_ends() -> None:
    assert parse_period("2h", None, now=NOW) == (NOW - 7200, None)
    assert parse_period("2h", "1h", now=NOW) == (NOW - 7200, NOW - 3600)
    assert parse_period(None, "2030-01-01T00:00Z", now=NOW) == (None, 1893456000)


@pytest.mark.parametrize(
    ("since", "until", "problem"),
    [
        ("1h", "2h", 'since: "1h" is later than until: "2h". Exchange them, or correct one.'),
        ("2027-01-01", None, 'since: "2027-01-01" is in the future, so there are no lines yet. Use an earlier time.'),
    ],
)
def test_a_period_without_lines_is_refused(since: str, until: str | None, problem: str) -> None:
    with pytest.raises(LogError) as caught:
        parse_period(since, until, now=NOW)
    assert str(caught.value) == problem
