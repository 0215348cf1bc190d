# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Stopping a Postfix instance for a moment, and starting it again whatever happens, with the same means that started it.

While Postfix is stopped, a second process waits for the first one to end. If the first one is killed, the second one starts Postfix.
Only a machine that goes down stops both, and then Postfix starts with the machine.
"""

from __future__ import annotations

import os
import re
import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Callable, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import CommandError, InstanceError, MailopsError

if TYPE_CHECKING:
    from types import FrameType

    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

SERVICES = ("auto", "systemd", "postfix", "none")

# The last part of a systemd unit's control group; Debian has postfix@-.service and postfix@NAME.service, others postfix.service.
_UNIT_NAME = r"postfix(?:@[^/\n]*)?\.service"
_UNIT_IN_CGROUP = re.compile(r"/(%s)$" % _UNIT_NAME, re.MULTILINE)
# This directory exists if systemd manages the system (sd_booted(3)).
_SYSTEMD_DIRECTORY = "/run/systemd/system"
_PROC = "/proc"
# The options of master(8) that take a value.
_OPTIONS_WITH_VALUE = "ce"
_REMEDY_BY_HAND = (
    "Stop Postfix with what started it, run this with service: none, and start Postfix again; or use mode: messages."
)
# postfix stop kills the remaining processes after five seconds; systemd's own limit is 90.
_TIMEOUT_SECONDS = 100.0
_POLL_SECONDS = 0.05
# A command that checks whether Postfix runs, such as postfix status, holds for a moment the lock that master(8) needs to start.
_START_ATTEMPTS = 3
_BETWEEN_ATTEMPTS_SECONDS = 0.5
# How long a postfix stop may go on after the process that ran it was killed.
_STOPPING_SECONDS = 8.0
# What the first process reports to the second.
_STOPPED = b"s"
_DONE = b"."
_DEFERRED_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Service(NamedTuple):
    """The means to stop and start an instance: a systemd unit, or Postfix's own command if there is no unit."""

    instance: Instance
    unit: str | None

    def command(self, action: str) -> list[str]:
        """Return the argv that starts or stops the instance. action: C(start) or C(stop)."""
        if self.unit is not None:
            return ["systemctl", action, self.unit]
        # With -c a primary instance does not pass the command on to all the others (src/postfix/postfix.c).
        return self.instance.command("postfix", action)

    def start(self) -> None:
        """Start the instance if it does not run. Raises InstanceError if several attempts fail."""
        for left in reversed(range(_START_ATTEMPTS)):
            if self.instance.running():
                return
            try:
                self._run("start", running=True)
            except InstanceError:
                if not left:
                    raise
                time.sleep(_BETWEEN_ATTEMPTS_SECONDS)

    def stop(self) -> None:
        """Stop the instance. Raises InstanceError if it does not stop."""
        self._run("stop", running=False)

    def _run(self, action: str, *, running: bool) -> None:
        command = self.command(action)
        output = self.instance.runner.run(command)
        deadline = time.monotonic() + _TIMEOUT_SECONDS
        while not output.status and bool(self.instance.running()) is not running and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if bool(self.instance.running()) is not running:
            failed = CommandError(command, status=output.status, output=output.err or output.out)
            raise InstanceError(
                "Postfix does not %s: %s. Look in the mail log for the reason, and start Postfix if mail is down."
                % (action, failed)
            )


@dataclass
class Outage:
    """How long Postfix was stopped, in seconds; 0 if it did not run before."""

    seconds: float = 0.0


def service_of(choice: str, instance: Instance) -> Service | None:
    """Return the means to stop and start an instance, None if it does not run. choice: one of SERVICES.

    Raises InstanceError if Postfix runs and this module must not or cannot stop it.
    """
    if not instance.running():
        return None
    if choice == "none":
        raise InstanceError(
            "Postfix runs, and with service: none this module does not stop it. Queues cannot be moved while Postfix runs. Nothing was "
            "touched. Stop Postfix, or choose another service."
        )
    unit = _systemd_unit(instance) if choice in ("auto", "systemd") else None
    if choice == "systemd" and unit is None:
        raise InstanceError(
            "Postfix runs, but not in a systemd unit named postfix*.service. Use service: postfix, or start Postfix with systemd."
        )
    if unit is None:
        _require_unsupervised(instance)
    return Service(instance, unit)


def recorded_service(instance: Instance, unit: str | None) -> Service:
    """Return the means to start an instance that an interrupted run left stopped. unit: the systemd unit that this run recorded."""
    return Service(instance, unit if unit and re.fullmatch(_UNIT_NAME, unit) else None)


def _systemd_unit(instance: Instance) -> str | None:
    """Return the systemd unit that an instance runs in, None if there is none: the control group of its master names it."""
    # A container may run in a unit of its host, and cannot reach the host's systemd.
    if not os.path.isdir(_SYSTEMD_DIRECTORY):
        return None
    try:
        with open("/proc/%d/cgroup" % _master_pid(instance), encoding="utf-8", errors="replace") as stream:
            found = _UNIT_IN_CGROUP.search(stream.read())
    except (OSError, ValueError):
        return None
    return found.group(1) if found else None


def _master_pid(instance: Instance) -> int:
    """Return the process ID of the master daemon. Raises OSError or ValueError if its pid file cannot be read."""
    with open(os.path.join(instance.queue_directory, "pid", "master.pid"), encoding="ascii") as stream:
        return int(stream.read())


def _require_unsupervised(instance: Instance) -> None:
    """Raise InstanceError if stopping the master would end a container, race with a supervisor, or hit another process."""
    try:
        process = _master_pid(instance)
    except (OSError, ValueError):
        return
    if not os.path.isdir("%s/self" % _PROC):
        # Only Linux shows the command line of a process there.
        return
    arguments = _arguments_of(process)
    if not arguments or os.path.basename(arguments[0]) != "master":
        raise InstanceError(
            "Postfix runs, but process %d, which %s/pid/master.pid names, is not a master daemon here: Postfix runs in another "
            "container or PID namespace. Nothing was touched. %s" % (process, instance.queue_directory, _REMEDY_BY_HAND)
        )
    if process == 1:
        raise InstanceError(
            "Postfix is process 1 of this container, and stopping it would end the container. Nothing was touched. Stop the container, "
            "run this with service: none where its queue directory is mounted, and start the container again; or use mode: messages."
        )
    if is_in_foreground(arguments):
        raise InstanceError(
            "Postfix runs in the foreground (process %d, as postfix start-fg starts it), so a supervisor or a container watches it. That "
            "would start Postfix again, or end, while the queues are moved. Nothing was touched. %s"
            % (process, _REMEDY_BY_HAND)
        )


def _arguments_of(process: int) -> list[str]:
    """Return the command line of a process, an empty list if there is no such process."""
    try:
        with open("%s/%d/cmdline" % (_PROC, process), "rb") as stream:
            return [os.fsdecode(part) for part in stream.read().split(b"\0")[:-1]]
    except OSError:
        return []


def is_in_foreground(arguments: Sequence[str]) -> bool:
    """Return whether a master daemon with this command line stays a child of the process that started it (src/master/master.c).

    C(postfix start) runs it with C(-w), and then it detaches itself. C(postfix start-fg) runs it with C(-s), or with C(-i) as
    process 1 (conf/postfix-script); runit, s6 and others may run it with C(-d) or without any of these.
    """
    flags = set()
    rest = list(arguments[1:])
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word in ("-", "--"):
            break
        for place, flag in enumerate(word[1:], 2):
            flags.add(flag)
            if flag in _OPTIONS_WITH_VALUE:
                if place == len(word):
                    del rest[:1]
                break
    return "w" not in flags


@contextmanager
def pause(service: Service | None, *, before_takeover: Callable[[], None]) -> Iterator[Outage]:
    """Stop the instance, and start it again at the end of the block, however the block ends. Yields an outage, complete at the end.

    before_takeover: what a second process does before it starts the instance, if this process is killed.
    Raises InstanceError if the instance does not stop or start.
    """
    outage = Outage()
    if service is None:
        yield outage
        return
    with _defer_signals(), _run_standby(service, before_takeover) as report:
        began = time.monotonic()
        try:
            service.stop()
            report(_STOPPED)
            yield outage
        finally:
            service.start()
            outage.seconds = round(time.monotonic() - began, 3)


@contextmanager
def _defer_signals() -> Iterator[None]:
    """Defer the signals that would end this process until the block ends."""
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    handlers = {number: signal.signal(number, note) for number in _DEFERRED_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for deferred in waiting:
            os.kill(os.getpid(), deferred)


@contextmanager
def _run_standby(service: Service, before_takeover: Callable[[], None]) -> Iterator[Callable[[bytes], object]]:
    """Run a second process during the block. It shares the lock on the queue, so no other run begins before it has ended.

    Yields the function that reports the progress of the first process to the second.
    """
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(writer)
        _stand_by(reader, service, before_takeover)
    os.close(reader)
    try:
        yield partial(os.write, writer)
    finally:
        os.write(writer, _DONE)
        os.close(writer)
        os.waitpid(process, 0)


def _stand_by(reader: int, service: Service, before_takeover: Callable[[], None]) -> None:
    """Wait until the first process reports that it is done; take over if it ends before. Ends this process."""
    try:
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        last = report = os.read(reader, 1)
        while report and report != _DONE:
            last = report
            report = os.read(reader, 1)
        if not report:
            _take_over(service, before_takeover, is_stopped=last == _STOPPED)
    except (OSError, MailopsError):
        # No process is left to report this to. The journal has what is unfinished.
        os._exit(1)
    finally:
        os._exit(0)


def _take_over(service: Service, before_takeover: Callable[[], None], *, is_stopped: bool) -> None:
    """Start the instance. is_stopped: whether it has stopped already; if not, the command that stops it may still be running."""
    try:
        before_takeover()
    finally:
        service.start()
        deadline = time.monotonic() + (0 if is_stopped else _STOPPING_SECONDS)
        while time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            service.start()
