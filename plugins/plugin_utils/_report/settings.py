# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""How the settings of a report are read from what a task gives. Pure."""

from __future__ import annotations

import inspect
import math
from typing import Any, Callable, Mapping, TypeVar

_Options = TypeVar("_Options")


def read_options(kind: Callable[..., _Options], name: str, given: Mapping[str, Any] | None) -> _Options:
    """Return a mapping as the class that it describes. name: that of the mapping, for errors.

    Raises ValueError for a key that is not known or missing.
    """
    options = dict(given or {})
    known = inspect.signature(kind).parameters
    for key in options:
        if key not in known:
            raise ValueError("%s: there is no key %r; known are %s." % (name, key, ", ".join(known) or "none"))
    for key, parameter in known.items():
        if parameter.default is parameter.empty and key not in options:
            raise ValueError("%s: the key %s is missing." % (name, key))
    return kind(**options)


def read_numbers(name: str, given: Mapping[str, Any] | None) -> dict[str, float | None]:
    """Return numbers that may be text, as they are on a command line; None stays None. Raises ValueError for what is no number."""
    return {
        key: None if value is None else _read_number("%s.%s" % (name, key), value)
        for key, value in (given or {}).items()
    }


def _read_number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    # With NaN every comparison is false, so it would not limit anything.
    if not math.isfinite(number):
        raise ValueError("%s: %r is no number." % (name, value))
    return int(number) if number.is_integer() else number
