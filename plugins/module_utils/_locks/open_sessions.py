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
import re
from typing import Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    display_client,
    display_login,
    fold,
    text_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock, account_of, network_of

_CONNECT = re.compile(rb"connect from [^\s\[\]]+\[([^\s\[\]]+)\](?::\d+)?\Z")
_DISCONNECT = re.compile(rb"disconnect from ")
# The attributes that smtpd(8) writes, in its order. Only the login can have a comma.
_MESSAGE = re.compile(
    rb"(?:[0-9A-Za-z]+): client=[^\s\[\]]+\[([^\s\[\]]+)\](?::\d+)?"
    rb"(?:, orig_queue_id=[^\s,]+)?(?:, orig_client=[^\s,]+)?"
    rb"(?:, sasl_method=[^\s,]+)?(?:, sasl_username=(.+?))?(?:, sasl_sender=[^\s,]+)?\Z"
)


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


class SessionLog:
    """The sessions of some processes, from the lines of the mail log in order of time."""

    def __init__(self, started: Mapping[int, float]) -> None:
        """started: when each process started, in seconds since the epoch. A line that is older is of another process with that ID."""
        self._started = started
        self.sessions: dict[int, Session] = {}

    def add(self, *, pid: int | None, time: float, program: bytes, text: bytes) -> None:
        """Take in a line of the log."""
        # The log has whole seconds.
        if program != b"smtpd" or pid is None or time < self._started.get(pid, float("inf")) - 1:
            return
        found = _CONNECT.match(text)
        if found is not None:
            self.sessions[pid] = Session(found.group(1))
        elif _DISCONNECT.match(text):
            self.sessions.pop(pid, None)
        else:
            message = _MESSAGE.match(text)
            if message is not None:
                self.sessions[pid] = Session(message.group(1), message.group(2))


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
        if lock.key == "client_address" and address is not None and address in network_of(lock.value, lock.key):
            return True
    return False
