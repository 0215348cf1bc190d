# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""How large a selection may be. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_EXEMPT, DEFAULT_PERCENT


def is_nearly_all(messages: int, total: int) -> bool:
    """Return whether a selection has nearly all messages, which is usually a mistake, so that a limit must allow it."""
    return messages > DEFAULT_EXEMPT and exceeds_percent(messages, total, DEFAULT_PERCENT)


def exceeds_percent(messages: int, total: int, percent: float) -> bool:
    """Return whether a part is more than so many percent of the total."""
    return messages * 100 > percent * total


def first_given(*values: Any) -> Any:
    """Return the first value that is not None, None if all are None."""
    return next((value for value in values if value is not None), None)
