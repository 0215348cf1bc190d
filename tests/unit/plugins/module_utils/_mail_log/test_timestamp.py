# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from datetime import datetime, timezone
from typing import Any, Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import timestamp
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

HOUR, DAY = 3600, 86400


@pytest.fixture(autouse=True)
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # The rule itself, because a host need not have the database of time zones.
    monkeypatch.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def utc(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=timezone.utc).timestamp())


@pytest.mark.parametrize(
    ("latest", "stamp", "found"),
    [
        pytest.param("2026-11-26 12:14:54", b"Nov 26 13:14:54", "2026-11-26 12:14:54", id="now"),
        pytest.param(
            "2026-11-26 12:00:00", b"Jul  6 13:14:54", "2026-07-06 11:14:54", id="in summer, padded with a blank"
        ),
        pytest.param("2026-11-26 12:00:00", b"Jul 06 13:14:54", "2026-07-06 11:14:54", id="padded with a zero"),
        pytest.param("2027-01-01 12:00:00", b"Dec 31 23:59:59", "2026-12-31 22:59:59", id="before New Year"),
        pytest.param(
            "2026-12-31 20:00:00", b"Jan  1 00:00:01", "2026-12-31 23:00:01", id="after New Year, by another clock"
        ),
        pytest.param("2026-12-30 20:00:00", b"Jan  1 00:00:01", "2025-12-31 23:00:01", id="a year ago"),
        pytest.param("2026-11-26 12:00:00", b"Nov 27 13:00:00", "2026-11-27 12:00:00", id="a day later"),
        pytest.param("2026-11-26 12:00:00", b"Nov 27 13:00:01", "2025-11-27 12:00:01", id="more than a day later"),
        pytest.param("2026-11-26 12:00:00", b"Feb 29 12:00:00", "2024-02-29 11:00:00", id="leap day"),
        pytest.param("2024-02-28 12:00:00", b"Feb 29 12:00:00", "2024-02-29 11:00:00", id="leap day tomorrow"),
        pytest.param("2024-02-27 12:00:00", b"Feb 29 13:00:01", "2020-02-29 12:00:01", id="leap day after tomorrow"),
        pytest.param("2104-02-01 12:00:00", b"Feb 29 12:00:00", "2096-02-29 11:00:00", id="2100 has no leap day"),
        pytest.param("2026-11-26 12:00:00", b"Mar 29 01:59:59", "2026-03-29 00:59:59", id="before daylight saving"),
        pytest.param("2026-11-26 12:00:00", b"Mar 29 02:30:00", "2026-03-29 01:30:00", id="skipped hour"),
        pytest.param("2026-11-26 12:00:00", b"Mar 29 03:00:00", "2026-03-29 01:00:00", id="after it began"),
        pytest.param("2026-11-26 12:00:00", b"Oct 25 02:30:00", "2026-10-25 01:30:00", id="repeated hour"),
        pytest.param(
            "2026-10-25 00:31:00", b"Oct 25 02:30:00", "2026-10-25 00:30:00", id="repeated hour, the first so far"
        ),
        pytest.param("2026-10-25 01:15:00", b"Oct 25 02:10:00", "2026-10-25 01:10:00", id="in the second hour"),
        pytest.param("2026-10-25 01:15:00", b"Oct 25 02:20:00", "2026-10-25 00:20:00", id="the second is not reached"),
        pytest.param("2026-10-24 12:15:00", b"Oct 25 02:20:00", "2026-10-25 00:20:00", id="both are later"),
        pytest.param("2026-11-26 12:00:00", b"Oct 25 03:00:00", "2026-10-25 02:00:00", id="after daylight saving"),
        pytest.param("2026-11-26 12:00:00", b"Jun 30 23:59:60", "2026-06-30 22:00:00", id="leap second"),
        pytest.param("1970-01-01 00:00:00", b"Nov 26 13:14:54", "1969-11-26 12:14:54", id="no latest time"),
        pytest.param("2026-11-26 12:00:00", b"2026-11-26T13:14:54+01:00", "2026-11-26 12:14:54", id="RFC 3339"),
        pytest.param("2026-11-26 12:00:00", b"2026-11-26T13:14:54.123456+01:00", "2026-11-26 12:14:54", id="rsyslog"),
        pytest.param("2026-11-26 12:00:00", b"2026-11-26T13:14:54.999Z", "2026-11-26 13:14:54", id="UTC"),
        pytest.param("2026-11-26 12:00:00", b"2026-11-26t13:14:54.123456789z", "2026-11-26 13:14:54", id="nanoseconds"),
        pytest.param("2026-11-26 12:00:00", b"2026-11-26T13:14:54-0330", "2026-11-26 16:44:54", id="without a colon"),
        pytest.param("2026-11-26 12:00:00", b"2016-12-31T23:59:60Z", "2017-01-01 00:00:00", id="leap second in UTC"),
        pytest.param("2026-11-26 12:00:00", b"2031-02-03T04:05:06Z", "2031-02-03 04:05:06", id="later than the latest"),
    ],
)
def test_stamps_are_read(latest: str, stamp: bytes, found: str) -> None:
    clock = Clock(utc(latest))
    assert clock.seconds(stamp) == utc(found)
    # The hour is known now, then the stamp is.
    other = stamp[:9] + b":00:00" if len(stamp) == 15 else stamp[:13] + b":00:00" + stamp[19:]
    assert clock.seconds(other) == Clock(utc(latest)).seconds(other)
    assert clock.seconds(stamp) == utc(found)


@pytest.mark.parametrize("latest", ["2026-11-26 12:30:00", "2026-11-25 12:30:00"])
def test_an_hour_in_two_years_is_read_by_the_second(latest: str) -> None:
    clock = Clock(utc(latest))
    day = latest[8:10]
    stamps = [b"Nov %d 13:%02d:00" % (int(day) + 1, minute) for minute in (29, 30, 31, 29, 31)]
    years = [time.localtime(clock.seconds(stamp)).tm_year for stamp in stamps]
    assert years == [2026, 2026, 2025, 2026, 2025]


@pytest.mark.parametrize(
    "stamp",
    [
        b"",
        b"Nov 26",
        b"Nov 26 13:14",
        b"Nov 26 13:14:54 ",
        b"Nov 26 13:14:61",
        b"Nov 26 13:60:00",
        b"Nov 26 24:00:00",
        b"Nov 31 13:14:54",
        b"Feb 30 13:14:54",
        b"Nov  0 13:14:54",
        b"nov 26 13:14:54",
        b"Abc 26 13:14:54",
        b"Nov-26 13:14:54",
        "Nov ٢٦ 13:14:54".encode(),
        b"2026-11-26T13:14:54",
        b"2026-11-26T13:14:54.",
        b"2026-11-26T13:14:54.Z",
        b"2026-11-26T13:14:54789Z",
        b"2026-11-26T13:14:54.5",
        b"2026-11-26 13:14:54Z",
        b"2026-13-26T13:14:54Z",
        b"2026-11-31T13:14:54Z",
        b"0000-11-26T13:14:54Z",
        b"2026-11-26T24:00:00Z",
        b"2026-11-26T13:14:54+24:00",
        b"2026-11-26T13:14:54+01",
        b"-- Boot 0123456789abcdef --",
        b"\xff" * 15,
    ],
)
def test_other_text_is_no_stamp(stamp: bytes) -> None:
    clock = Clock(utc("2026-11-26 12:00:00"))
    for known in (b"Nov 26 13:14:54", b"2026-11-26T13:14:54Z", b"2026-11-26T13:14:54.123456789Z"):
        clock.seconds(known)
    with pytest.raises(ValueError, match="not a time stamp"):
        clock.seconds(stamp)


@pytest.mark.parametrize("latest", [-1e300, -5, 1e300, float("inf")])
def test_any_time_of_a_file_is_taken(latest: float) -> None:
    assert time.localtime(Clock(latest).seconds(b"Nov 26 13:14:54"))[1:6] == (11, 26, 13, 14, 54)


def test_what_a_clock_remembers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timestamp, "_MAX_KNOWN", 3)
    clock = Clock(utc("2026-11-26 12:00:00"))
    for day in range(1, 31):
        stamp = b"2026-10-%02dT10:00:00Z" % day
        assert clock.seconds(stamp) == clock.seconds(stamp) == utc("2026-10-%02d 10:00:00" % day)


def test_a_c_library_that_refuses_daylight_saving_in_a_zone_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    original = time.mktime

    def refuse(wanted: Any) -> float:
        if wanted[8] == 1:
            raise OverflowError("mktime argument out of range")
        return original(wanted)

    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    monkeypatch.setattr(time, "mktime", refuse)
    assert Clock(utc("2026-11-26 14:00:00")).seconds(b"Nov 26 13:14:54") == utc("2026-11-26 13:14:54")
