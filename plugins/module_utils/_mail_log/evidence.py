# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A few lines of the log that show the logins of an account, each from another network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Collection, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import network_of
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Accepted
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.finding import find_lines, needle_hits

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock

# Of each account.
LINES = 3
_MAX_ACCOUNTS = 20
# After so many lines from the same networks, no more are looked at.
_MAX_TRIES = 1000


class LoginLines:
    """Finds the lines, in one pass. names: of the accounts, of which the first twenty count."""

    def __init__(self, names: Collection[bytes]) -> None:
        self._lines: dict[bytes, dict[bytes, bytes]] = {name: {} for name in list(names)[:_MAX_ACCOUNTS]}
        self._tries = dict.fromkeys(self._lines, _MAX_TRIES)

    def add_block(self, block: bytes, clock: Clock) -> None:
        """Read whole lines of the log."""
        for name in list(self._tries):
            for found in find_lines(block, needle_hits(block, (b"sasl_username=" + name,)), clock):
                event = found.event
                if isinstance(event, Accepted) and event.sasl_username == name:
                    self._lines[name].setdefault(network_of(event.client_address), found.raw)
                    self._tries[name] -= 1
                if len(self._lines[name]) >= LINES or not self._tries[name]:
                    del self._tries[name]
                    break

    @property
    def is_complete(self) -> bool:
        """Whether no more lines are looked for."""
        return not self._tries

    @property
    def lines(self) -> Mapping[bytes, Sequence[bytes]]:
        """The lines by account, in the order of the log."""
        return {name: list(lines.values()) for name, lines in self._lines.items()}
