# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The smtpd processes of an instance, which serve a client each, and their ends. They are found in /proc; elsewhere there are none.

A process that has begun before Postfix read new restrictions keeps the old ones until its client leaves (src/master/single_server.c).
"""

from __future__ import annotations

import errno
import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Callable, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import CommandError

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_PROC = "/proc"
# Fields of /proc/PID/stat after the name of the command (proc(5)): the parent is the second, the time of the start the twentieth.
_PARENT, _START = 1, 19
_POLL_SECONDS = 0.02
_RELOAD_SECONDS = 15.0
_END_SECONDS = 5.0
# Idle processes end soon after a reload.
_IDLE_SECONDS = 2.0


class Process(NamedTuple):
    """A child of the master daemon. ticks: when it started, in clock ticks since the system did; started: in seconds since the epoch."""

    pid: int
    ticks: int
    started: float


def children_of(instance: Instance, daemon: str) -> list[Process]:
    """Return the processes of a daemon, such as C(smtpd), that the instance's master daemon runs now."""
    try:
        with open(os.path.join(instance.queue_directory, "pid", "master.pid"), encoding="ascii") as stream:
            master = int(stream.read())
        with open(_PROC + "/uptime", encoding="ascii") as stream:
            booted = time.time() - float(stream.read().split()[0])
        names = os.listdir(_PROC)
    except (OSError, ValueError):
        return []
    path = os.path.realpath(os.path.join(instance.parameters.get("daemon_directory", ""), daemon))
    found = []
    for name in names:
        if name.isdigit():
            ticks = _ticks_of_child(int(name), master)
            if ticks is not None and _runs(int(name), path):
                found.append(Process(int(name), ticks, booted + ticks / os.sysconf("SC_CLK_TCK")))
    return found


def _ticks_of_child(pid: int, master: int) -> int | None:
    """Return when a child of the master daemon started, None for any other process."""
    try:
        with open("%s/%d/stat" % (_PROC, pid), "rb") as stream:
            fields = stream.read().rpartition(b")")[2].split()
        return int(fields[_START]) if int(fields[_PARENT]) == master else None
    except (OSError, ValueError, IndexError):
        return None


def _runs(pid: int, path: str) -> bool:
    """Return whether a process runs this file; after an upgrade, the file of a running process is deleted."""
    with suppress(OSError):
        running = os.readlink("%s/%d/exe" % (_PROC, pid))
        return (running[: -len(" (deleted)")] if running.endswith(" (deleted)") else running) == path
    return False


def reload(instance: Instance) -> None:
    """Have Postfix read its configuration again, and wait until it has. Raises CommandError.

    The queue manager ends at once, and the master daemon starts another one; a process that serves a client goes on.
    """
    old = {process[:2] for process in children_of(instance, "qmgr")}
    command = instance.command("postfix", "reload")
    output = instance.runner.run(command)
    if output.status:
        raise CommandError(command, status=output.status, output=output.err or output.out)
    deadline = time.monotonic() + _RELOAD_SECONDS
    while old.intersection(process[:2] for process in children_of(instance, "qmgr")) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def sessions_before(instance: Instance, moment: float, *, wait: bool) -> list[Process]:
    """Return the smtpd processes that began before a moment. wait: give idle ones the time to end, after a reload."""
    deadline = time.monotonic() + (_IDLE_SECONDS if wait else 0)
    while True:
        old = [process for process in children_of(instance, "smtpd") if process.started < moment]
        if not old or time.monotonic() >= deadline:
            return old
        time.sleep(_POLL_SECONDS)


def end_processes(instance: Instance, processes: Sequence[Process]) -> dict[int, str]:
    """End smtpd processes with SIGTERM, and return what became of each: C(ended), C(gone) or C(failed)."""
    outcomes = {process.pid: "failed" if _send_signal(instance, process) else "gone" for process in processes}
    waiting = {process[:2] for process in processes if outcomes[process.pid] == "failed"}
    deadline = time.monotonic() + _END_SECONDS
    while True:
        left = waiting.intersection(_running(instance))
        outcomes.update((pid, "ended") for pid, _ticks in waiting - left)
        waiting = left
        if not waiting or time.monotonic() > deadline:
            return outcomes
        time.sleep(_POLL_SECONDS)


def _running(instance: Instance) -> set[tuple[int, int]]:
    """Return what identifies each smtpd process: a process ID can be reused."""
    return {(process.pid, process.ticks) for process in children_of(instance, "smtpd")}


def _send_signal(instance: Instance, process: Process) -> bool:
    """Send SIGTERM to a process if it is still the same one, and return whether it was."""
    identity = (process.pid, process.ticks)
    # With a descriptor, the process that was looked at is the one that gets the signal. Python 3.9 and Linux 5.3 have it.
    with suppress(AttributeError):
        try:
            descriptor = os.pidfd_open(process.pid)
        except ProcessLookupError:
            return False
        except OSError as error:
            if error.errno != errno.ENOSYS:
                raise
        else:
            try:
                return identity in _running(instance) and _signal(
                    lambda: signal.pidfd_send_signal(descriptor, signal.SIGTERM)
                )
            finally:
                os.close(descriptor)
    return identity in _running(instance) and _signal(lambda: os.kill(process.pid, signal.SIGTERM))


def _signal(send: Callable[[], None]) -> bool:
    """Send a signal, and return whether the process was still there."""
    try:
        send()
    except ProcessLookupError:
        return False
    return True
