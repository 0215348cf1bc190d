# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The options since and until: a time since 1970, ISO 8601, or an age."""

from __future__ import annotations

import re
import time
from datetime import datetime

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._format.units import TIME_UNITS

_NUMBER = re.compile(r"([0-9]{1,12})(?:\.[0-9]+)?\Z")
_AGE = re.compile(r"([0-9]{1,9})([%s])\Z" % "".join(TIME_UNITS))
_ISO_8601 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,][0-9]+)?"
    r"(?: ?(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?))?)?\Z"
)
# A smaller number is a time before 1973. An age without a unit is more likely.
_LEAST_NUMBER = 100000000


def parse_time(value: object, option: str, *, now: float) -> float | None:
    """Return the time that an option says, in seconds since 1970; None for no value.

    An age is a time before now. A time without a zone is local time. Raises LogError.
    """
    if value is None or value == "":
        return None
    text = str(value).strip()
    found = _AGE.match(text.lower())
    if found:
        return max(now - int(found.group(1)) * TIME_UNITS[found.group(2)], 0)
    found = _NUMBER.match(text)
    if found:
        return _parse_number(text, option)
    found = _ISO_8601.match(text)
    if found is None:
        raise LogError('%s: "%s" is not a time. %s' % (option, text[:100], _REMEDY))
    try:
        return _parse_iso_8601(text, found)
    except (ValueError, OverflowError):
        raise LogError('%s: "%s" is not in the calendar. Correct the date or the time.' % (option, text)) from None


_REMEDY = (
    'Use an age such as "2h" (units: %s), a time such as "2026-11-26 13:00" or "2026-11-26T13:00:00Z", or seconds since 1970.'
    % ", ".join(TIME_UNITS)
)


def _parse_number(text: str, option: str) -> float:
    number = float(text)
    if number < _LEAST_NUMBER:
        raise LogError(
            '%s: "%s" is a time before 1973. For an age, add a unit, such as "%ds".' % (option, text, int(number))
        )
    return number


def _parse_iso_8601(text: str, found: re.Match[str]) -> float:
    day, minute, second, sign, hours, minutes = found.groups()
    moment = datetime.strptime("%s %s%s" % (day, minute or "00:00", second or ":00"), "%Y-%m-%d %H:%M:%S")
    if sign is None and text[-1] not in "Zz":
        return time.mktime((*moment.timetuple()[:8], -1))
    away = 60 * (60 * int(hours or 0) + int(minutes or 0))
    seconds = (moment - datetime(1970, 1, 1)).total_seconds()
    return seconds + away if sign == "-" else seconds - away


def parse_period(since: object, until: object, *, now: float) -> tuple[float | None, float | None]:
    """Return the times of the options since and until. Raises LogError, also if no line can be between them."""
    start, end = parse_time(since, "since", now=now), parse_time(until, "until", now=now)
    if start is not None and start > now:
        raise LogError('since: "%s" is in the future, so there are no lines yet. Use an earlier time.' % since)
    if start is not None and end is not None and start > end:
        raise LogError('since: "%s" is later than until: "%s". Exchange them, or correct one.' % (since, until))
    return start, end
