# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The end of a lock: an age from now on, or a point in time."""

from __future__ import annotations

import re
from datetime import datetime

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.units import TIME_UNITS
from ansible_collections.mailops.postfix.plugins.module_utils._selection.pattern_forms import quoted

_AGE = re.compile(r"([0-9]{1,9})([smhdw])\Z")
_SECOND = re.compile(r"[0-9]{9,11}\Z")
# Of ISO 8601, what every Python reads in the same way; without a zone it is local time.
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?\Z", re.IGNORECASE
)
# The year 9999.
_LAST = 253370764800


def parse_expiry(value: object, place: str, *, now: int) -> int:
    """Return a time such as C(2d) from now, C(2026-12-01T08:00:00Z) or seconds since the epoch as seconds since the epoch.

    Raises SelectionError for another text, and for a time that is over.
    """
    text = str(value).strip()
    end = _seconds(text, now)
    if end is None:
        raise SelectionError(
            place, "%s is not a time. Write an age such as 2d, or a time such as 2026-12-01T08:00:00Z" % quoted(text)
        )
    if not now < end < _LAST:
        raise SelectionError(place, "%s is not in the future" % quoted(text))
    return end


def _seconds(text: str, now: int) -> int | None:
    age = _AGE.match(text.lower())
    if age is not None:
        return now + int(age.group(1)) * TIME_UNITS[age.group(2)]
    if _SECOND.match(text):
        return int(text)
    if not _ISO.match(text):
        return None
    # Until Python 3.11 fromisoformat() did not know the Z.
    plain = text.upper()
    try:
        return int(datetime.fromisoformat(plain[:-1] + "+00:00" if plain.endswith("Z") else plain).timestamp())
    except (ValueError, OverflowError):
        return None
