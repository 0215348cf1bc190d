# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The sessions that a lock should have stopped: found by the mail log, and ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import LogError
from ansible_collections.mailops.postfix.plugins.module_utils._locks.open_sessions import OpenSessions, is_locked
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.line import parse_line
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import smtpd_processes
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.log_sources import find_sources

if TYPE_CHECKING:
    from ansible.module_utils.basic import AnsibleModule

    from ansible_collections.mailops.postfix.plugins.module_utils._locks.lock import Lock
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_MAX_SHOWN = 100
_UNSEEN = (
    "The mail log has no line of %d SMTP server processes that began before the lock, so a session in them was not ended. Name the files of "
    "the mail log in files, then run this again."
)


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
        log = _read_log(instance, processes, module.params["files"])
    except LogError as error:
        module.warn(
            "The accounts of %d open sessions are not known, so no session was ended. %s" % (len(processes), error)
        )
        return Found(unknown=len(processes))
    unseen = [process for process in processes if process.pid not in log.seen]
    if unseen:
        module.warn(_UNSEEN % len(unseen))
    known = log.sessions
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
    unknown = [process for process in processes if process not in locked and _is_unknown(process.pid, log, locks)]
    return Found(rows[:_MAX_SHOWN], len(unknown), len(rows))


def _is_unknown(pid: int, log: OpenSessions, locks: Sequence[Lock]) -> bool:
    """Return whether a process may serve what is locked. The client of a session is known at once, its account later.

    If nobody is connected, it has no session: it waits for a client, and ends by itself. If the log does not have it, that is not known.
    """
    if pid in log.sessions:
        return log.sessions[pid].login is None and any(lock.key == "sasl_username" for lock in locks)
    return pid not in log.seen


def _read_log(instance: Instance, processes: Sequence[smtpd_processes.Process], files: Sequence[str]) -> OpenSessions:
    """Return what the log says of processes. files: of the log, if it is not found. Raises LogError if there is no log."""
    log = OpenSessions({process.pid: process.started for process in processes})
    since = min(process.started for process in processes) - 1
    found = find_sources(instance, files=files, journal=None, since=since)
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
    return log
