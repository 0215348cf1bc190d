# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

DAY = 86400
times = st.integers(0, 4102444800)
# Half an hour of daylight saving, one without a whole hour, a change in the southern summer, and none.
zones = st.sampled_from(["UTC0", "CET-1CEST,M3.5.0,M10.5.0/3", "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "<-0330>3:30"])
stamps = st.binary(max_size=40) | st.from_regex(
    rb"(Nov|Feb|Mar) [ 0-9][0-9] [0-2][0-9]:[0-5][0-9]:[0-6][0-9]|"
    rb"20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-6][0-9](\.[0-9]{1,9})?(Z|[+-][0-2][0-9]:?[0-5][0-9])",
    fullmatch=True,
)


@contextlib.contextmanager
def local(zone: str) -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = zone
    time.tzset()
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def traditional(second: int) -> bytes:
    return time.strftime("%b %d %H:%M:%S", time.localtime(second)).encode()


@given(zones, times, st.lists(st.integers(0, 363 * DAY), max_size=20))
def test_every_local_time_of_the_last_year_is_read_or_its_repetition(zone: str, latest: int, ages: list[int]) -> None:
    with local(zone):
        clock = Clock(latest)
        for age in [*ages, *ages]:
            second = latest - age
            found = clock.seconds(traditional(second))
            assert traditional(found) == traditional(second)
            # In an hour that is repeated, the later one.
            assert found - second in (0, 1800, 3600)
            assert found <= latest


@given(zones, times, st.lists(st.integers(-DAY, 30 * DAY), min_size=1, max_size=20))
def test_what_a_clock_has_read_before_changes_nothing(zone: str, latest: int, ages: list[int]) -> None:
    with local(zone):
        clock = Clock(latest)
        read = [traditional(latest - age // 7) for age in ages]
        assert [clock.seconds(stamp) for stamp in read] == [Clock(latest).seconds(stamp) for stamp in read]


@given(times, times, st.integers(-14 * 60, 14 * 60), st.integers(0, 999999))
def test_rfc_3339_is_read_whatever_the_latest_time_is(second: int, latest: int, offset: int, fraction: int) -> None:
    zone = timezone(timedelta(minutes=offset))
    text = datetime.fromtimestamp(second, zone).replace(microsecond=fraction).isoformat(timespec="microseconds")
    assert Clock(latest).seconds(text.encode()) == second
    assert Clock(latest).seconds(text.replace(".%06d" % fraction, "").encode()) == second


@given(st.lists(stamps))
def test_any_bytes_are_a_time_or_our_error_and_always_the_same(texts: list[bytes]) -> None:
    clock = Clock(1795698894)

    def read(reader: Clock, text: bytes) -> int | None:
        try:
            return reader.seconds(text)
        except ValueError as error:
            assert str(error).startswith("not a time stamp: ")
            return None

    assert [read(clock, text) for text in texts] == [read(Clock(1795698894), text) for text in texts]
