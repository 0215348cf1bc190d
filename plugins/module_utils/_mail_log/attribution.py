# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Which login submitted a message of the queue, from the log, in one pass and bounded memory.

A content filter gives a message back without its login. Then the log has the login under the queue ID that the message had before.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Collection, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.deliveries import is_loopback, next_queue_id
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import (
    NO_QUEUE,
    QUEUE_ID,
    Accepted,
    Delivery,
    PickedUp,
    Removed,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import find_lines, pattern_hits

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# So many messages that may come back from a content filter are known at the same time.
MAX_OPEN = 50000
# So many messages that had the same queue ID are distinguished.
_MAX_LIVES = 20
# smtpd(8) logs the client with the first recipient. The file has the time of the sender, which is earlier (smtpd_timeout and more).
_LATEST = 3600
_EARLIEST = 2
_NEEDED = re.compile(rb": " + QUEUE_ID + rb": (?:client=|uid=|removed\n|to=<[^\n]*\bqueued as )")


class _Life(NamedTuple):
    """The time at which a queue ID was given to a message, and the login that the message came with."""

    time: int
    sasl_username: bytes | None
    is_local: bool
    """Whether it came from this host itself, as from a content filter."""
    latest: int = _LATEST
    """How many seconds before that it may have arrived."""


class SubmissionLog:
    """Reads who submitted the messages of a queue. wanted: the queue IDs of the messages whose files do not say it."""

    def __init__(self, wanted: Collection[bytes]) -> None:
        self._wanted = frozenset(wanted)
        self._lives: dict[bytes, list[_Life]] = {}
        self._open: dict[bytes, _Life] = {}
        self.missed = 0
        """How many messages were forgotten to save memory; they may have been those that a filter gave back."""

    def add_block(self, block: bytes, clock: Clock) -> None:
        """Read whole lines of the log."""
        for found in find_lines(block, pattern_hits(block, _NEEDED), clock):
            event, time = found.event, found.line.time
            if isinstance(event, Accepted) and event.queue_id != NO_QUEUE:
                self._accept(event, time)
            elif isinstance(event, PickedUp):
                # A message that is requeued keeps the time of its arrival.
                latest = _LATEST if event.original_queue_id is None else time
                self._add(event.queue_id, _Life(time, self._login_of(event.original_queue_id), True, latest))
            elif isinstance(event, Delivery):
                self._pass_on(event)
            elif isinstance(event, Removed):
                self._open.pop(event.queue_id, None)

    def find(self, queue_id: bytes, arrival: int) -> bytes | None:
        """Return the login of a message, None if the log does not say it. arrival: of its queue file, in seconds since the epoch."""
        lives = [life for life in self._lives.get(queue_id, ()) if -_EARLIEST <= life.time - arrival <= life.latest]
        return min(lives, key=lambda life: abs(life.time - arrival)).sasl_username if lives else None

    def _accept(self, event: Accepted, time: int) -> None:
        login = event.sasl_username
        if login is None:
            login = self._login_of(event.original_queue_id)
        self._add(event.queue_id, _Life(time, login, is_loopback(event.client_address)))

    def _login_of(self, queue_id: bytes | None) -> bytes | None:
        """Return the login of the message that has this queue ID now."""
        life = None if queue_id is None else self._open.get(queue_id)
        return None if life is None else life.sasl_username

    def _add(self, queue_id: bytes, life: _Life) -> None:
        is_wanted = queue_id in self._wanted
        if is_wanted:
            lives = self._lives.setdefault(queue_id, [])
            lives.append(life)
            del lives[:-_MAX_LIVES]
        self._open.pop(queue_id, None)
        # Only a message with a login, or one that gets it when the filter has answered, matters later.
        if life.sasl_username is not None or (life.is_local and not is_wanted):
            self._open[queue_id] = life
            if len(self._open) > MAX_OPEN:
                self._open.pop(next(iter(self._open)))
                self.missed += 1

    def _pass_on(self, event: Delivery) -> None:
        """Give a message the login that it had before a content filter on this host, which does not say the old queue ID."""
        login = self._login_of(event.queue_id)
        queue_id = next_queue_id(event)
        if login is None or queue_id is None:
            return
        before = self._open[event.queue_id].time
        lives = self._lives.get(queue_id)
        now = lives[-1] if lives else self._open.get(queue_id)
        # The answer is a text of the filter: it must name a message that came from this host, after the other, and without a login.
        if now is None or not now.is_local or now.sasl_username is not None or now.time < before:
            return
        life = now._replace(sasl_username=login)
        if lives:
            lives[-1] = life
        self._open[queue_id] = life
