# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""What the mail log says about the sessions of smtpd processes: whose client and whose login each of them serves.

smtpd(8) logs C(connect from) and C(disconnect from) with the client, and at each message C(client=) with the login (src/smtpd/smtpd.c). It logs
nothing at the login itself, so the account of a session is not known before its first message.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    display_client,
    display_login,
    fold,
    text_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock, account_of
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.connections import (
    connected_address,
    disconnected_address,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.event_types import Accepted
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.events import read_event
from ansible_collections.mailops.postfix.plugins.module_utils._selection import patterns

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import Line


class Session(NamedTuple):
    """What a client does in a process now: its address and login as logged, None while they are not known."""

    address: bytes | None = None
    login: bytes | None = None

    def show(self) -> dict[str, str | None]:
        """Return the session as a result has it."""
        return {
            "sasl_username": None if self.login is None else display_login(self.login),
            "client_address": None if self.address is None else display_client(self.address),
        }


class OpenSessions:
    """The sessions of some processes, from the lines of the mail log in order of time."""

    def __init__(self, started: Mapping[int, float]) -> None:
        """started: when each process started, in seconds since the epoch. A line that is older is of another process with that ID."""
        self._started = started
        # The host of each process, None if several hosts log here and have a process with that ID.
        self._hosts: dict[int, bytes | None] = {}
        self.sessions: dict[int, Session] = {}
        self.seen: set[int] = set()
        """The processes that have a line in the log. Each process logs its first client when it starts."""

    def add(self, line: Line) -> None:
        """Take in a line of the log."""
        # Other mail servers have a program with this name, too, but no syslog_name.
        if not line.syslog_name or line.program != b"smtpd" or line.pid is None:
            return
        # The log has whole seconds.
        if line.time < self._started.get(line.pid, float("inf")) - 1:
            return
        if self._hosts.setdefault(line.pid, line.host) != line.host:
            # Nobody knows which of them is the process here.
            self._hosts[line.pid] = None
            self.sessions.pop(line.pid, None)
            self.seen.discard(line.pid)
            return
        self.seen.add(line.pid)
        address = connected_address(line.text)
        if address is not None:
            self.sessions[line.pid] = Session(address)
        elif disconnected_address(line.text) is not None:
            self.sessions.pop(line.pid, None)
        else:
            event = read_event(line)
            if isinstance(event, Accepted):
                self.sessions[line.pid] = Session(event.client_address, event.sasl_username)


def is_locked(session: Session, locks: Iterable[Lock]) -> bool:
    """Return whether one of the locks is on the account or the client of a session."""
    login = None if session.login is None else fold(session.login)
    address = None
    if session.address is not None:
        try:
            address = ipaddress.ip_address(text_of(session.address))
        except ValueError:
            # A client without an address.
            address = None
    for lock in locks:
        if lock.key == "sasl_username" and login is not None and account_of(lock.value) == login:
            return True
        if (
            lock.key == "client_address"
            and address is not None
            and address in patterns.parse_network(lock.value, lock.key)
        ):
            return True
    return False
