# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The smtpd processes of an instance, which serve a client each, and their ends. They are found in /proc; elsewhere there are none.

A process that has begun before Postfix read new restrictions keeps the old ones until its client leaves (src/master/single_server.c).
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import CommandError

try:
    import ctypes

    _LIBRARY: Any = ctypes.CDLL(None)
except ImportError:  # a Python that was built without libffi
    _LIBRARY = None

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

_PROC = "/proc"
# Fields of /proc/PID/stat after the name of the command (proc(5)): the parent is the second, the time of the start the twentieth.
_PARENT, _START = 1, 19
# System calls, which have these numbers on all machines but Alpha (include/uapi/asm-generic/unistd.h).
_PIDFD_SEND_SIGNAL, _PIDFD_OPEN, _PIDFD_GETFD = 424, 434, 438
_POLL_SECONDS = 0.02
_RELOAD_SECONDS = 15.0
_END_SECONDS = 5.0
# Idle processes end soon after a reload.
_IDLE_SECONDS = 0.5


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
        # The clock of the times of start (proc(5)). In some containers /proc/uptime counts from another moment.
        booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        names = os.listdir(_PROC)
    except (OSError, ValueError, AttributeError):
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
    """Make Postfix read its configuration again, and wait until it has done so. Raises CommandError.

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


class Ending(NamedTuple):
    """What became of processes: C(ended), C(gone) or C(failed) by process ID. signalled: those that had to be ended by a signal."""

    outcomes: dict[int, str]
    signalled: Sequence[int]


def end_processes(instance: Instance, processes: Sequence[Process]) -> Ending:
    """End the sessions of smtpd processes, and return what became of each.

    Its connection is shut down, so the process ends by itself. If that is not possible, or if it does not help, it gets SIGTERM. master(8)
    takes that for a bad start if it was the first session of the process, and starts no other one for service_throttle_time
    (master_reap_child() in src/master/master_spawn.c).
    """
    outcomes = {process.pid: "failed" if _shut_down(instance, process) else "gone" for process in processes}
    waiting = {(process.pid, process.ticks) for process in processes if outcomes[process.pid] == "failed"}
    left = _wait_for_end(instance, waiting)
    signalled = [process for process in processes if (process.pid, process.ticks) in left]
    for process in signalled:
        _terminate(instance, process)
    if signalled:
        left = _wait_for_end(instance, left)
    outcomes.update((pid, "ended") for pid, _ticks in waiting - left)
    return Ending(outcomes, [process.pid for process in signalled])


def _wait_for_end(instance: Instance, waiting: set[tuple[int, int]]) -> set[tuple[int, int]]:
    """Wait until processes have ended, and return those that have not."""
    deadline = time.monotonic() + _END_SECONDS
    left = waiting.intersection(_running(instance))
    while left and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
        left = left.intersection(_running(instance))
    return left


def _running(instance: Instance) -> set[tuple[int, int]]:
    """Return what identifies each smtpd process: a process ID can be reused."""
    return {(process.pid, process.ticks) for process in children_of(instance, "smtpd")}


def _shut_down(instance: Instance, process: Process) -> bool:
    """Shut down the connections of a process, and return whether it was still the same one.

    A descriptor of the process makes sure of that. Linux has both calls since 5.6, and the second one needs CAP_SYS_PTRACE.
    """
    descriptor = _system_call(_PIDFD_OPEN, process.pid, 0)
    try:
        if (process.pid, process.ticks) not in _running(instance):
            return False
        with suppress(OSError):
            for name in os.listdir("%s/%d/fd" % (_PROC, process.pid)):
                copy = _system_call(_PIDFD_GETFD, descriptor, int(name), 0) if descriptor >= 0 else -1
                if copy >= 0:
                    _shut_down_connection(copy)
        return True
    finally:
        if descriptor >= 0:
            os.close(descriptor)


def _system_call(*arguments: int) -> int:
    """Return the result of a system call that Python has no function for, -1 if it fails or there is no such call."""
    if _LIBRARY is None or not sys.platform.startswith("linux"):
        return -1
    return int(_LIBRARY.syscall(*arguments))


def _shut_down_connection(descriptor: int) -> None:
    """Shut down a descriptor if it is a network connection, and close it. A socket that listens is shared with others, and stays."""
    try:
        with socket.socket(fileno=descriptor) as connection:
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                # Raises OSError if there is no client.
                connection.getpeername()
                connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        with suppress(OSError):
            os.close(descriptor)


def _terminate(instance: Instance, process: Process) -> None:
    """Send SIGTERM to a process if it is still the same one; with a descriptor, no other process can get it."""
    descriptor = _system_call(_PIDFD_OPEN, process.pid, 0)
    try:
        if (process.pid, process.ticks) not in _running(instance):
            return
        if descriptor < 0 or _system_call(_PIDFD_SEND_SIGNAL, descriptor, signal.SIGTERM, 0, 0):
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGTERM)
    finally:
        if descriptor >= 0:
            os.close(descriptor)
