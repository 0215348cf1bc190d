# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Moves of messages between queues and a quarantine: what to move, and the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError


class Move(NamedTuple):
    """The queue that a message is in, and the queue that it must go to."""

    source: str
    queue: str


@dataclass
class MoveResult:
    """What became of the messages of a move, by queue ID. A message in none of these was not found."""

    done: dict[str, str] = field(default_factory=dict)
    """The messages that were moved, with the queue ID that each has now."""
    collisions: set[str] = field(default_factory=set)
    """Messages that stay, because their queue ID was taken."""
    failed: dict[str, str] = field(default_factory=dict)
    """Messages that stay because of an error, with the reason."""
    duplicates: set[str] = field(default_factory=set)
    """Messages in the quarantine whose original was not found: Postfix may have delivered it."""
    uncertain: set[str] = field(default_factory=set)
    """Messages in the quarantine whose copy was given back and is gone: Postfix may have delivered it."""
    removed_copies: set[str] = field(default_factory=set)
    """Messages in the quarantine whose copies somebody has removed from pid/."""
    leftovers: list[str] = field(default_factory=list)
    """Paths of files in staging or limbo that stay, because it is unknown whether they are copies."""
    stuck_logs: list[str] = field(default_factory=list)
    """Names of logs that stay, because they are no regular files or cannot be moved."""
    in_transit: set[str] = field(default_factory=set)
    """Messages and logs (as C(defer/ID)) that were taken from their place, and are neither back nor at their target."""
    copies: set[str] = field(default_factory=set)
    """Names of copies in staging."""
    directories: bool = False
    """Whether whole directories were moved."""
    broken: MailopsError | None = None
    """The error that ended the move before all messages were tried."""

    @property
    def touched(self) -> bool:
        """Whether any file or directory has left its place."""
        return bool(self.done or self.in_transit or self.copies or self.directories)

    def put(self, queue_id: str, name: str) -> None:
        """Note that a message is at its target, under that name."""
        self.done[queue_id] = name
        self.in_transit.discard(queue_id)

    @property
    def renamed(self) -> dict[str, str]:
        """The messages that have a new queue ID, by the old one."""
        return {queue_id: name for queue_id, name in self.done.items() if queue_id != name}
