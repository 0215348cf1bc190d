# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The end of a lock."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SelectionError
from ansible_collections.mailops.postfix.plugins.module_utils._format.times import parse_time
from ansible_collections.mailops.postfix.plugins.module_utils._selection.pattern_forms import quoted

# The year 9999.
_LAST = 253370764800


def parse_expiry(value: object, place: str, *, now: int) -> int:
    """Return the end of a lock in seconds since the epoch. An age is a time after now. Raises SelectionError, also for a time that is over."""
    try:
        end = int(parse_time(value, now=now, is_past=False))
    except ValueError as error:
        raise SelectionError(place, str(error).rstrip(".")) from error
    if end <= now:
        raise SelectionError(place, "%s is not in the future. Use a later time" % quoted(str(value)))
    if end >= _LAST:
        raise SelectionError(
            place, "%s is after the year 9999. Leave it out for a lock without an end" % quoted(str(value))
        )
    return end
