# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Stopping a Postfix instance for a moment, and starting it again whatever happens, by what started it.

While Postfix is stopped a second process stands by. It does nothing but wait for the first one: should that be killed, it starts
Postfix in its place. Only a machine that goes down stops both, and then Postfix starts with it.
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
_NAME = r"postfix(?:@[^/\n]*)?\.service"
_UNIT = re.compile(r"/(%s)$" % _NAME, re.MULTILINE)
# Where it is there, systemd manages this system.
_BOOTED = "/run/systemd/system"
_PROC = "/proc"
# Options of master(8) with a value.
_WITH_VALUE = "ce"
_BY_HAND = "Stop Postfix where it was started, run this with service: none, and start it again; or use mode: messages."
# postfix stop kills what is left after five seconds; systemd's own limit is 90.
_PATIENCE_SECONDS = 100.0
_POLL_SECONDS = 0.05
# Who asks at the wrong moment whether Postfix runs, as postfix status does, has the lock that master(8) needs to start.
_ATTEMPTS = 3
_BETWEEN_ATTEMPTS_SECONDS = 0.5
# For so long postfix stop may be at it that was left to itself.
_STOPPING_SECONDS = 8.0
# What the first process says to the second.
_STOPPED = b"s"
_DONE = b"."
_DEFERRED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Service(NamedTuple):
    """What stops and starts an instance: a unit of systemd, else Postfix's own command."""

    instance: Instance
    unit: str | None

    def command(self, action: str) -> list[str]:
        """Return the command that does it. action: C(start) or C(stop)."""
        if self.unit is not None:
            return ["systemctl", action, self.unit]
        # With -c a primary instance does not pass the command on to all the others (src/postfix/postfix.c).
        return self.instance.command("postfix", action)

    def start(self) -> None:
        """Start the instance where it does not run. Raises InstanceError where it does not start, tried more than once."""
        for left in reversed(range(_ATTEMPTS)):
            if self.instance.running():
                return
            try:
                self._run("start", running=True)
            except InstanceError:
                if not left:
                    raise
                time.sleep(_BETWEEN_ATTEMPTS_SECONDS)

    def stop(self) -> None:
        """Stop the instance. Raises InstanceError where it does not stop."""
        self._run("stop", running=False)

    def _run(self, action: str, *, running: bool) -> None:
        command = self.command(action)
        output = self.instance.runner.run(command)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not output.status and bool(self.instance.running()) is not running and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        if bool(self.instance.running()) is not running:
            failed = CommandError(command, status=output.status, output=output.err or output.out)
            raise InstanceError(
                "Postfix does not %s: %s. Look at the mail log for the reason, and start Postfix if mail is down."
                % (action, failed)
            )


@dataclass
class Outage:
    """How long mail was down, in seconds; 0 where Postfix did not run."""

    seconds: float = 0.0


def service_of(choice: str, instance: Instance) -> Service | None:
    """Return how to stop and start an instance, None where it does not run. Raises InstanceError where nothing can be stopped."""
    if not instance.running():
        return None
    if choice == "none":
        raise InstanceError(
            "Postfix runs, and with service: none this module does not stop it. Queues cannot be moved away while it runs; nothing was "
            "touched. Stop it, or choose another service."
        )
    unit = _unit(instance) if choice in ("auto", "systemd") else None
    if choice == "systemd" and unit is None:
        raise InstanceError(
            "Postfix runs, but not in a unit of systemd named postfix*.service; use service: postfix, or start it with systemd."
        )
    if unit is None:
        _check_unsupervised(instance)
    return Service(instance, unit)


def service_left(instance: Instance, unit: str | None) -> Service:
    """Return what is to start an instance that an interrupted run left stopped. unit: as that run had it."""
    return Service(instance, unit if unit and re.fullmatch(_NAME, unit) else None)


def _unit(instance: Instance) -> str | None:
    """Return the systemd unit that an instance runs in: the control group of its master process has it."""
    # A container may be in a unit of its host, whose systemd is not there (sd_booted(3)).
    if not os.path.isdir(_BOOTED):
        return None
    try:
        with open("/proc/%d/cgroup" % _master_of(instance), encoding="utf-8", errors="replace") as stream:
            found = _UNIT.search(stream.read())
    except (OSError, ValueError):
        return None
    return found.group(1) if found else None


def _master_of(instance: Instance) -> int:
    """Return the number of the master process. Raises OSError and ValueError where it is not known."""
    with open(os.path.join(instance.queue_directory, "pid", "master.pid"), encoding="ascii") as stream:
        return int(stream.read())


def _check_unsupervised(instance: Instance) -> None:
    """Raise InstanceError where stopping the master would end a container, race with a supervisor, or hit another process."""
    try:
        process = _master_of(instance)
    except (OSError, ValueError):
        return
    if not os.path.isdir("%s/self" % _PROC):
        # On other systems than Linux there is no telling.
        return
    arguments = _arguments_of(process)
    if not arguments or os.path.basename(arguments[0]) != "master":
        raise InstanceError(
            "Postfix runs, but process %d, which %s/pid/master.pid names, is no master daemon here: it runs in another container or "
            "PID namespace. Nothing was touched. %s" % (process, instance.queue_directory, _BY_HAND)
        )
    if process == 1:
        raise InstanceError(
            "Postfix is process 1 of this container, and stopping it would end the container. Nothing was touched. Stop the container, "
            "run this with service: none where its queue directory is mounted, and start the container again; or use mode: messages."
        )
    if is_in_foreground(arguments):
        raise InstanceError(
            "Postfix runs in the foreground (process %d, as postfix start-fg starts it), so a supervisor or a container watches it and "
            "would start it again, or end, while the queues are moved. Nothing was touched. %s" % (process, _BY_HAND)
        )


def _arguments_of(process: int) -> list[str]:
    """Return the command line of a process, nothing for one that is not there."""
    try:
        with open("%s/%d/cmdline" % (_PROC, process), "rb") as stream:
            return [os.fsdecode(part) for part in stream.read().split(b"\0")[:-1]]
    except OSError:
        return []


def is_in_foreground(arguments: Sequence[str]) -> bool:
    """Return whether a master daemon with this command line is a child of what started it (src/master/master.c).

    C(postfix start) runs it with C(-w), and then it is a process of its own. C(postfix start-fg) runs it with C(-s), or with C(-i)
    as process 1 (conf/postfix-script); runit, s6 and the like may run it with C(-d) or without any of these.
    """
    flags = set()
    rest = list(arguments[1:])
    while rest:
        word = rest.pop(0)
        if not word.startswith("-") or word in ("-", "--"):
            break
        for place, flag in enumerate(word[1:], 2):
            flags.add(flag)
            if flag in _WITH_VALUE:
                if place == len(word):
                    del rest[:1]
                break
    return "w" not in flags


@contextmanager
def stopped(service: Service | None, *, prepare: Callable[[], None]) -> Iterator[Outage]:
    """Stop the instance, and start it again when this is left, however it is left. Yields how long that took.

    prepare: what to do before it is started, should this process be killed. Raises InstanceError where it does not stop or start.
    """
    outage = Outage()
    if service is None:
        yield outage
        return
    with _patient(), _understudy(service, prepare) as report:
        began = time.monotonic()
        try:
            service.stop()
            report(_STOPPED)
            yield outage
        finally:
            service.start()
            outage.seconds = round(time.monotonic() - began, 3)


@contextmanager
def _patient() -> Iterator[None]:
    """Let signals that would end this process wait until this is left."""
    waiting: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        waiting.append(number)

    before = {wanted: signal.signal(wanted, note) for wanted in _DEFERRED}
    try:
        yield
    finally:
        for wanted, handler in before.items():
            signal.signal(wanted, handler)
        for number in waiting:
            os.kill(os.getpid(), number)


@contextmanager
def _understudy(service: Service, prepare: Callable[[], None]) -> Iterator[Callable[[bytes], object]]:
    """Have a second process stand by; it shares the lock on the queue, so that nobody else begins before it is done.

    Yields what reports to it how far the first one is.
    """
    reader, writer = os.pipe()
    process = os.fork()
    if not process:
        os.close(writer)
        _stand_by(reader, service, prepare)
    os.close(reader)
    try:
        yield partial(os.write, writer)
    finally:
        os.write(writer, _DONE)
        os.close(writer)
        os.waitpid(process, 0)


def _stand_by(reader: int, service: Service, prepare: Callable[[], None]) -> None:
    """Wait until the first process says that it is done, or until it ends; then take over."""
    try:
        os.setsid()
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nothing, descriptor)
        said = heard = os.read(reader, 1)
        while heard and heard != _DONE:
            said = heard
            heard = os.read(reader, 1)
        if not heard:
            _take_over(service, prepare, stopped=said == _STOPPED)
    except (OSError, MailopsError):
        # Nobody listens any more. The journal has what is unfinished.
        os._exit(1)
    finally:
        os._exit(0)


def _take_over(service: Service, prepare: Callable[[], None], *, stopped: bool) -> None:
    """Start the instance. stopped: whether it has stopped already; a command that stops it goes on without who called it."""
    try:
        prepare()
    finally:
        service.start()
        deadline = time.monotonic() + (0 if stopped else _STOPPING_SECONDS)
        while time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
            service.start()
