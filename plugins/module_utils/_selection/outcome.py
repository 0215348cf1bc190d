# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What became of a message: one word for each outcome, the same in every module."""

from __future__ import annotations

import enum


class Outcome(enum.Enum):
    """What became of a message that a run selected. The values are the keys of C(outcomes) in a result."""

    PURGED = "purged"
    ALREADY_PURGED = "already_purged"
    HELD = "held"
    RELEASED = "released"
    REQUEUED = "requeued"
    TRIED = "tried"
    UNDER_WAY = "under_way"
    UNLISTED = "unlisted"
    QUARANTINED = "quarantined"
    RESTORED = "restored"
    DELETED = "deleted"
    ALREADY = "already"
    COLLISION = "collision"
    IN_FLIGHT = "in_flight"
    VANISHED = "vanished"
    """It was no longer in the queue."""
    CHANGED = "changed"
    """Another message has its queue ID now."""
    FAILED = "failed"
    UNDECIDED = "undecided"
    """What could not be read of it decides whether it matches."""

    def __str__(self) -> str:
        return str(self.value)
