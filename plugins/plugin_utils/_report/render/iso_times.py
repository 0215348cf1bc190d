# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Times in ISO 8601 beside the seconds since the epoch that a report has. Pure."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import LAST_SECOND, iso_text

# The names of what is a time, in reports and in the results of modules that they have.
TIMES = frozenset(
    (
        "arrival_time",
        "begun",
        "created",
        "expires",
        "filled",
        "first",
        "last",
        "modified",
        "next_retry",
        "oldest",
        "planned_at",
        "since",
        "start",
        "time",
        "until",
        "youngest",
    )
)


def with_iso_times(value: Any) -> Any:
    """Return a value of a report in which each time C(NAME) has its form in ISO 8601 beside it as C(NAME_iso).

    Only names in TIMES are times, and only numbers. A name that the value has already stays as it is.
    """
    if isinstance(value, Mapping):
        added = {"%s_iso" % key: iso_text(int(item)) for key, item in value.items() if key in TIMES and _is_time(item)}
        return {**added, **{key: with_iso_times(item) for key, item in value.items()}}
    if isinstance(value, (list, tuple)):
        return [with_iso_times(item) for item in value]
    return value


def _is_time(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= LAST_SECOND
