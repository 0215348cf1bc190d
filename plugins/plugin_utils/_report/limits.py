# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""How much a selection may have. Pure."""

from __future__ import annotations

from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_EXEMPT, DEFAULT_PERCENT


def is_nearly_all(messages: int, everything: int) -> bool:
    """Return whether a selection has nearly all messages, which is usually a mistake, so that a limit must allow it."""
    return messages > DEFAULT_EXEMPT and exceeds_percent(messages, everything, DEFAULT_PERCENT)


def exceeds_percent(messages: int, everything: int, percent: float) -> bool:
    """Return whether a part is more than so many percent of everything."""
    return messages * 100 > percent * everything


def share_text(messages: int, everything: int) -> str:
    """Return the text for a part of the messages, with the word ALL where it is all of them."""
    return "ALL %d" % messages if messages == everything else "%d of the %d" % (messages, everything)


def first_given(*values: Any) -> Any:
    """Return the first value that is not None, None where all are."""
    return next((value for value in values if value is not None), None)
