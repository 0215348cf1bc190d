# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moving messages between queues and a quarantine: what is to be moved, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError


class Move(NamedTuple):
    """From which queue a message is to go to which one."""

    source: str
    queue: str


@dataclass
class MoveResult:
    """What became of messages that were to be moved, by queue ID. What is in none of these was not there."""

    done: dict[str, str] = field(default_factory=dict)
    """With the queue ID that each has now."""
    collisions: set[str] = field(default_factory=set)
    """Stayed where they were, because their queue ID was taken."""
    failed: dict[str, str] = field(default_factory=dict)
    """Stayed where they were, with the reason of the system."""
    duplicates: set[str] = field(default_factory=set)
    """Are in the quarantine although their original was not seen: Postfix may have delivered it."""
    uncertain: set[str] = field(default_factory=set)
    """Stay in the quarantine although their copy was given back and is gone: Postfix may have delivered it."""
    emptied: set[str] = field(default_factory=set)
    """Stay in the quarantine, and somebody has removed the place in pid/ where their copies were."""
    leftovers: list[str] = field(default_factory=list)
    """Paths of files on their way that prove nothing, and stay."""
    odd_logs: list[str] = field(default_factory=list)
    """Names of logs that are no regular files or cannot be moved, and stay."""
    astray: set[str] = field(default_factory=set)
    """Messages and logs (as C(defer/ID)) that have left their place and are neither back nor where they were to go."""
    copies: set[str] = field(default_factory=set)
    """Names of copies in staging."""
    directories: bool = False
    """Whether whole directories were moved."""
    broken: MailopsError | None = None
    """What ended the move before all messages were tried."""

    @property
    def touched(self) -> bool:
        """Whether anything is no longer where it was."""
        return bool(self.done or self.astray or self.copies or self.directories)

    def put(self, queue_id: str, name: str) -> None:
        """Note that a message is where it was to go, under that name."""
        self.done[queue_id] = name
        self.astray.discard(queue_id)

    @property
    def renamed(self) -> dict[str, str]:
        """The messages whose queue ID is another one now."""
        return {queue_id: name for queue_id, name in self.done.items() if queue_id != name}
