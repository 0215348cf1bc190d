# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import time
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format.times import parse_time

NOW = 1795698894.5
REMEDY = 'Use an age such as "2h" (units: s, m, h, d, w), a time such as "2026-11-26 13:00" or "2026-11-26T13:00:00Z", or seconds since the epoch.'


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
def test_times_are_read(value: object, seconds: float) -> None:
    assert parse_time(value, now=NOW, is_past=True) == seconds


def test_an_age_may_be_after_now() -> None:
    assert parse_time("2h", now=NOW, is_past=False) == NOW + 7200


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("yesterday", '"yesterday" is not a time. ' + REMEDY),
        ("2y", '"2y" is not a time. ' + REMEDY),
        ("-2h", '"-2h" is not a time. ' + REMEDY),
        ("\x1b[2J", '"\\x1b[2J" is not a time. ' + REMEDY),
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
    with pytest.raises(ValueError, match=r"\A%s\Z" % re.escape(problem)):
        parse_time(value, now=NOW, is_past=True)
