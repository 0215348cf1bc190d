# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Times as options have them: an age, ISO 8601, or seconds since the epoch."""

from __future__ import annotations

import re
import time
from datetime import datetime

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import printable
from ansible_collections.mailops.postfix.plugins.module_utils._format.units import TIME_UNITS

_NUMBER = re.compile(r"([0-9]{1,12})(?:\.[0-9]+)?\Z")
_AGE = re.compile(r"([0-9]{1,9})([%s])\Z" % "".join(TIME_UNITS))
# A time without a zone is local.
_ISO_8601 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})(?:[Tt ]([0-9]{2}:[0-9]{2})(:[0-9]{2})?(?:[.,][0-9]+)?"
    r"(?: ?(?:[Zz]|([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?))?)?\Z"
)
# A smaller number is a time before 1973. An age without a unit is more likely.
_LEAST_NUMBER = 100000000
_LONGEST = 100
_REMEDY = (
    'Use an age such as "2h" (units: %s), a time such as "2026-11-26 13:00" or "2026-11-26T13:00:00Z", or seconds since the epoch.'
    % ", ".join(TIME_UNITS)
)


def parse_time(value: object, *, now: float, is_past: bool) -> float:
    """Return a time in seconds since the epoch. is_past: whether an age is before now; otherwise it is after now.

    Raises ValueError with sentences that say what is wrong and what to do.
    """
    text = str(value).strip()
    shown = '"%s"' % printable(text[:_LONGEST])
    found = _AGE.match(text.lower())
    if found:
        age = int(found.group(1)) * TIME_UNITS[found.group(2)]
        return max(now - age, 0) if is_past else now + age
    if _NUMBER.match(text):
        number = float(text)
        if number < _LEAST_NUMBER:
            raise ValueError('%s is a time before 1973. For an age, add a unit, such as "%ds".' % (shown, int(number)))
        return number
    found = _ISO_8601.match(text)
    if found is None:
        raise ValueError("%s is not a time. %s" % (shown, _REMEDY))
    try:
        return _parse_iso_8601(text, found)
    except (ValueError, OverflowError):
        raise ValueError("%s is not in the calendar. Correct the date or the time." % shown) from None


def _parse_iso_8601(text: str, found: re.Match[str]) -> float:
    day, minute, second, sign, hours, minutes = found.groups()
    moment = datetime.strptime("%s %s%s" % (day, minute or "00:00", second or ":00"), "%Y-%m-%d %H:%M:%S")
    if sign is None and text[-1] not in "Zz":
        return time.mktime((*moment.timetuple()[:8], -1))
    away = 60 * (60 * int(hours or 0) + int(minutes or 0))
    seconds = (moment - datetime(1970, 1, 1)).total_seconds()
    return seconds + away if sign == "-" else seconds - away
