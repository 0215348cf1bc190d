# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The options since and until."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._format.times import parse_time


def parse_period(since: object, until: object, *, now: float) -> tuple[float | None, float | None]:
    """Return the times of the options since and until, in seconds since the epoch; None for no value.

    An age is a time before now. Raises LogError, also if no line can be between the times.
    """
    start, end = _time_of(since, "since", now), _time_of(until, "until", now)
    if start is not None and start > now:
        raise LogError('since: "%s" is in the future, so there are no lines yet. Use an earlier time.' % since)
    if start is not None and end is not None and start > end:
        raise LogError('since: "%s" is later than until: "%s". Exchange them, or correct one.' % (since, until))
    return start, end


def _time_of(value: object, option: str, now: float) -> float | None:
    if value is None or value == "":
        return None
    try:
        return parse_time(value, now=now, is_past=True)
    except ValueError as error:
        raise LogError("%s: %s" % (option, error)) from error
