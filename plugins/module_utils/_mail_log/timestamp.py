# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The time stamps of the mail log: C(Nov 26 13:14:54), local time without a year, and RFC 3339.

Postfix and syslog write the former (src/util/msg_logger.c; RFC 3164, 4.1.2), rsyslog and syslog-ng write either.
"""

from __future__ import annotations

import re
import time
from datetime import date

_MONTHS = dict(zip((b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec").split(), range(1, 13)))
# The day has two bytes: "06", or " 6" as in RFC 3164.
_TRADITIONAL = re.compile(rb"([A-Z][a-z]{2}) ([ 0-9][0-9]) ([01][0-9]|2[0-3])(:[0-5][0-9]:(?:[0-5][0-9]|60))\Z")
_RFC_3339 = re.compile(
    rb"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([01][0-9]|2[0-3])(:[0-5][0-9]:(?:[0-5][0-9]|60))"
    rb"(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9]))\Z"
)
_HOUR, _DAY = 3600, 86400
# {":14:54": seconds since the start of the hour}, with leap seconds.
_TAILS = {b":%02d:%02d" % (minute, second): 60 * minute + second for minute in range(60) for second in range(61)}
_EPOCH = date(1970, 1, 1).toordinal()
# February 29 comes after at most eight years (1896, 1904).
_MOST_YEARS = 9
# The hours and stamps that a clock remembers: more than a month, and bounded, because the lines are untrusted.
_MAX_KNOWN = 4096
# The times that every system can convert.
_LAST_TIME = 253370764800


class Clock:
    """Reads the time stamps of one source."""

    def __init__(self, latest: float) -> None:
        """latest: no line of the source is later than this time, give or take a day."""
        self._latest = min(max(latest, 0), _LAST_TIME)
        self._limit = self._latest + _DAY
        self._last_year = time.localtime(self._limit).tm_year
        # {stamp without its fraction: time}, and {stamp without minutes, seconds and fraction: start of that hour}.
        self._stamps: dict[bytes, int] = {}
        self._hours: dict[bytes, int] = {}

    def seconds(self, stamp: bytes) -> int:
        """Return the time of a stamp in whole seconds since the epoch. Raises ValueError if it is not a time stamp.

        A stamp without a year is in the latest year in which it is not later than the latest time plus one day. If the end of daylight
        saving repeats the hour, the second one is meant, unless it is later than the latest time.
        """
        if stamp[19:20] == b"." and stamp[20:21].isdigit():
            stamp = stamp[:19] + stamp[20:].lstrip(b"0123456789")
        known = self._stamps.get(stamp)
        return self._read(stamp) if known is None else known

    def _read(self, stamp: bytes) -> int:
        """Return the time of a stamp without a fraction."""
        hour, tail = (stamp[:9], stamp[9:]) if len(stamp) == 15 else (stamp[:13] + stamp[19:], stamp[13:19])
        start, offset = self._hours.get(hour), _TAILS.get(tail)
        if start is not None and offset is not None:
            second = start + offset
        else:
            found = _RFC_3339.match(stamp)
            second = self._read_traditional(stamp) if found is None else self._read_rfc_3339(found)
        _remember(self._stamps, stamp, second)
        return second

    def _read_rfc_3339(self, found: re.Match[bytes]) -> int:
        year, month, day, hour = map(int, found.group(1, 2, 3, 4))
        tail, sign, hours, minutes = found.group(5, 6, 7, 8)
        if not _is_date(year, month, day):
            raise _no_stamp(found.string)
        start = (date(year, month, day).toordinal() - _EPOCH) * _DAY + hour * _HOUR
        zone = found.string[-1:]
        if sign is not None:
            away = int(hours) * _HOUR + int(minutes) * 60
            start += away if sign == b"-" else -away
            zone = found.string[found.start(6) :]
        _remember(self._hours, found.string[:13] + zone, start)
        return start + _TAILS[tail]

    def _read_traditional(self, stamp: bytes) -> int:
        found = _TRADITIONAL.match(stamp)
        if found is None:
            raise _no_stamp(stamp)
        month, day, hour = _MONTHS.get(found.group(1), 0), int(found.group(2)), int(found.group(3))
        is_split = False
        for year in range(self._last_year, self._last_year - _MOST_YEARS, -1):
            if not _is_date(year, month, day):
                continue
            start, second, last = (
                self._local(year, month, day, hour, offset) for offset in (0, _TAILS[found.group(4)], _HOUR - 1)
            )
            # Another second of this hour may be in another year, or have another offset.
            is_split = is_split or start <= self._limit < last or last - start != _HOUR - 1
            if second <= self._limit:
                if not is_split:
                    _remember(self._hours, stamp[:9], start)
                return second
        raise _no_stamp(stamp)

    def _local(self, year: int, month: int, day: int, hour: int, offset: int) -> int:
        """Return the time of a local hour and the seconds after its start."""
        # A leap second is the second after the last one.
        minute, second = divmod(min(offset, _HOUR - 1), 60)
        wanted = (year, month, day, hour, minute, second)
        times = {found for found in (_mktime(wanted, is_dst) for is_dst in (0, 1)) if found is not None}
        # Two times are the same on the clock if daylight saving ended in between; none is if it began.
        same = sorted(found for found in times if time.localtime(found)[:6] == wanted)
        if not same:
            same = [int(time.mktime((*wanted, 0, 0, -1)))]
        fit = [found for found in same if found <= self._latest]
        return (fit or same[:1])[-1] + max(offset - _HOUR + 1, 0)


def _mktime(wanted: tuple[int, ...], is_dst: int) -> int | None:
    """Return a local time in seconds since the epoch, None if a C library refuses daylight saving in a zone without it (glibc 2.31)."""
    try:
        return int(time.mktime((*wanted, 0, 0, is_dst)))  # type: ignore[arg-type]
    except OverflowError:
        return None


def _no_stamp(text: bytes) -> ValueError:
    return ValueError("not a time stamp: %r" % text[:40])


def _is_date(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _remember(known: dict[bytes, int], key: bytes, value: int) -> None:
    if len(known) >= _MAX_KNOWN:
        known.clear()
    known[key] = value
