# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The sessions that a lock should have stopped: found by the mail log, and ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.open_sessions import (
    OpenSessions,
    Session,
    is_locked,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import smtpd_processes
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_sources import find_sources

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_MAX_SHOWN = 100


@dataclass(frozen=True)
class Found:
    """The rows of sessions that were ended, and how many sessions are open whose account is not known."""

    rows: Sequence[dict[str, Any]] = field(default_factory=list)
    unknown: int = 0
    ended: int = 0


def end_sessions(
    module: AnsibleModule, instance: Instance, locks: Sequence[Lock], *, moment: float, wait: bool
) -> Found:
    """End the sessions of locked accounts and clients that began before a moment, when Postfix began to use the locks.

    Later sessions have the locks. In check mode nothing is ended, and the rows are those that would be. wait: as in sessions_before().
    """
    locks = [lock for lock in locks if lock.key in ("sasl_username", "client_address")]
    if not locks:
        return Found()
    processes = smtpd_processes.sessions_before(instance, moment, wait=wait)
    if not processes:
        return Found()
    try:
        known = _read_log(instance, processes)
    except LogError as error:
        module.warn(
            "The accounts of %d open sessions are not known, so no session was ended. %s" % (len(processes), error)
        )
        return Found(unknown=len(processes))
    locked = [process for process in processes if process.pid in known and is_locked(known[process.pid], locks)]
    outcomes = dict.fromkeys((process.pid for process in locked), "ended")
    if not module.check_mode:
        ending = smtpd_processes.end_processes(instance, locked)
        outcomes = ending.outcomes
        if ending.signalled:
            module.warn(
                "%d sessions did not end when their connections were shut down, and were ended by a signal. Postfix may start no new "
                "process of that service for a minute (service_throttle_time)." % len(ending.signalled)
            )
    rows = [{"pid": pid, **known[pid].show(), "outcome": outcome} for pid, outcome in sorted(outcomes.items())]
    # A process in which nobody is connected has no session: it waits for a client, and ends by itself.
    unknown = sum(
        1
        for process in processes
        if process.pid in known and known[process.pid].login is None and process not in locked
    )
    return Found(rows[:_MAX_SHOWN], unknown, len(rows))


def _read_log(instance: Instance, processes: Sequence[smtpd_processes.Process]) -> dict[int, Session]:
    """Return the open sessions of processes by their IDs. Raises LogError if there is no log."""
    log = OpenSessions({process.pid: process.started for process in processes})
    since = min(process.started for process in processes) - 1
    found = find_sources(instance, files=None, journal=None, since=since)
    try:
        for source in found.sources:
            for block in source.blocks(since, None):
                for text in block.split(b"\n"):
                    # Most lines are of other programs.
                    line = parse_line(text, source.clock) if b"smtpd[" in text else None
                    if line is not None:
                        log.add(line)
    finally:
        found.close()
    return log.sessions
