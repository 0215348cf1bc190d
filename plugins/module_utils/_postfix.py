# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One Postfix instance: finding it, asking it, running its commands.

Commands run as argv in the C locale, without a shell; queue IDs go in on standard input.
"""

from __future__ import annotations

import fcntl
import os
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    PrivilegeError,
    QueueIdError,
)
from ansible_collections.mailops.postfix.plugins.module_utils._queue.queue_id import is_valid

if TYPE_CHECKING:
    import subprocess

# Where Postfix's commands are on the systems we know; Zimbra brings its own.
COMMAND_DIRECTORIES = (
    "/usr/sbin",
    "/usr/local/sbin",
    "/opt/postfix/sbin",
    "/sbin",
    "/opt/zimbra/common/sbin",
    "/opt/zimbra/postfix/sbin",
)
_PARAMETERS = (
    "config_directory",
    "command_directory",
    "queue_directory",
    "data_directory",
    "mail_owner",
    "mail_version",
    "mydomain",
    "myhostname",
    "myorigin",
    "multi_instance_name",
    "multi_instance_directories",
    "hash_queue_names",
    "hash_queue_depth",
    "enable_long_queue_ids",
    "empty_address_recipient",
    "maximal_queue_lifetime",
    "bounce_queue_lifetime",
    "queue_run_delay",
    "queue_service_name",
    "pickup_service_name",
    "maillog_file",
)
_TIME_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SERVICES = {"qmgr": "queue_service_name", "pickup": "pickup_service_name"}
# A pipe holds 64 KiB on Linux, and less on some systems.
_PIPEFUL = 16 << 10
_ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class Output(NamedTuple):
    """What a command left: exit status, standard output, standard error."""

    status: int
    out: str
    err: str


class Runner:
    """Runs commands with AnsibleModule.run_command(). A test can stand in for it."""

    def __init__(self, run_command: Callable[..., tuple[int, str, str]]) -> None:
        self._run_command = run_command

    def run(
        self, command: Sequence[str], *, stdin: str = "", consume: Callable[[Iterable[bytes]], None] | None = None
    ) -> Output:
        """Run a command to its end. Raises InstanceError where it cannot be started.

        consume: called with the lines of its standard output while it runs, which then need not fit into memory.
        """

        def give_lines(process: subprocess.Popen[bytes]) -> None:
            if consume is not None and process.stdout is not None:
                consume(process.stdout)

        try:
            status, out, err = self._run_command(
                list(command),
                data=stdin.encode("utf-8"),
                binary_data=True,
                cwd="/",
                environ_update=_ENVIRONMENT,
                errors="surrogate_or_replace",
                expand_user_and_vars=False,
                before_communicate_callback=give_lines,
                handle_exceptions=False,
            )
        except OSError as error:
            raise InstanceError("%s cannot be run: %s." % (command[0], error.strerror)) from error
        return Output(status, out, err)


@dataclass(frozen=True)
class Instance:
    """A Postfix instance, as its postconf(1) describes it."""

    command_directory: str
    parameters: Mapping[str, str]
    runner: Runner = field(compare=False)

    @property
    def config_directory(self) -> str:
        """Where main.cf is."""
        return self.parameters["config_directory"]

    @property
    def queue_directory(self) -> str:
        """Where the queues are."""
        return self.parameters["queue_directory"]

    @property
    def name(self) -> str:
        """The name as postmulti(1) knows it, C(-) for one without."""
        return self.parameters.get("multi_instance_name") or "-"

    @property
    def version(self) -> tuple[int, ...]:
        """The version's numbers, as (3, 7, 11)."""
        numbers = self.parameters.get("mail_version", "").split("-")[0].split(".")
        return tuple(int(number) for number in numbers if number.isdigit())

    @property
    def null_sender(self) -> str:
        """What postqueue shows in place of an empty address."""
        return self.parameters.get("empty_address_recipient") or "MAILER-DAEMON"

    @property
    def long_queue_ids(self) -> bool:
        """Whether new messages get long queue IDs."""
        return self.parameters.get("enable_long_queue_ids") == "yes"

    @property
    def own_domains(self) -> frozenset[str]:
        """The domains of the host itself. myorigin may name a file (postconf(5)), which is not read."""
        names = (self.parameters.get(name, "") for name in ("mydomain", "myhostname", "myorigin"))
        return frozenset(name for name in names if name and not name.startswith("/"))

    @property
    def identity(self) -> dict[str, str]:
        """What a plan names the instance by."""
        return {"config_directory": self.config_directory, "queue_directory": self.queue_directory}

    def seconds(self, name: str, *, default: str) -> int:
        """Return a time parameter in seconds. default: what it is where postconf does not tell, with the unit it is in by default.

        Raises InstanceError for what is no time (src/global/conv_time.c).
        """
        value = self.parameters.get(name) or default
        number, unit = (value[:-1], value[-1].lower()) if value[-1].isalpha() else (value, default[-1])
        if not number.isdigit() or unit not in _TIME_UNITS:
            raise InstanceError("%s = %s is no time that Postfix understands; mend it in main.cf." % (name, value))
        return int(number) * _TIME_UNITS[unit]

    def running(self) -> bool | None:
        """Return whether the master daemon runs, None where this user may not know.

        It holds an exclusive lock on its pid file while it lives (src/master/master.c); postfix-script's status looks there, too.
        """
        try:
            descriptor = os.open(
                os.path.join(self.queue_directory, "pid", "master.pid"), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
            )
        except FileNotFoundError:
            return False
        except OSError:
            return None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
        finally:
            os.close(descriptor)
        return False

    def command(self, name: str, *arguments: str) -> list[str]:
        """Return the argv of one of Postfix's commands for this instance."""
        return [os.path.join(self.command_directory, name), "-c", self.config_directory, *arguments]

    def require_root(self) -> None:
        """Raise PrivilegeError for any other user."""
        if os.geteuid() != 0:
            raise PrivilegeError("Only root may read and change the queue: run this task with become: true.")

    def require_postsuper(self) -> None:
        """Raise PrivilegeError or InstanceError where postsuper(1) would fail, before anything is half done.

        It logs each message as the mail owner, who cannot open maillog_file (src/global/maillog_client.c): while postlogd(8)
        does not run, postsuper ends with a fatal error after the first message.
        """
        self.require_root()
        log = self.parameters.get("maillog_file")
        if log and self.running() is False:
            raise InstanceError(
                "Postfix is stopped, and without its postlogd postsuper cannot log to %s, where maillog_file points: it would "
                "end halfway. Start Postfix, or empty maillog_file, so that it logs through syslog." % log
            )

    def postsuper(self, action: str, queue_ids: Iterable[str], *queues: str) -> str:
        """Run C(postsuper ACTION - QUEUE...) on the IDs, as often as their number needs, and return what it said.

        The exit status proves nothing about an ID: look at the queue afterwards. Raises CommandError where postsuper fails, and
        QueueIdError before it runs for what is no queue ID.
        """
        ids = list(queue_ids)
        for queue_id in ids:
            if not is_valid(queue_id):
                raise QueueIdError("not a queue ID", queue_id=queue_id)
        command = self.command("postsuper", action, "-", *queues)
        said = []
        for text in _pipefuls(ids):
            output = self.runner.run(command, stdin=text)
            if output.status:
                raise CommandError(command, status=output.status, output=output.err)
            said.append(output.err)
        return "".join(said)

    def kick(self, daemon: str, request: str) -> bool:
        """Send a request to C(qmgr) or C(pickup) with postkick(1); return whether there was somebody to take it.

        postkick writes one byte more after the request, and dies of SIGPIPE where the daemon has read the request by then and
        closed the connection (src/util/unix_trigger.c, src/master/trigger_server.c).
        """
        name = self.parameters.get(_SERVICES[daemon]) or daemon
        return self.runner.run(self.command("postkick", "public", name, request)).status in (0, -signal.SIGPIPE)

    def postqueue(self, *arguments: str) -> Output:
        """Run postqueue(1) and return what it left: only its caller knows what a failure means."""
        return self.runner.run(self.command("postqueue", *arguments))

    def check_structure(self, *options: str) -> None:
        """Run C(postsuper OPTION...) over all queues, as C(-s) and C(-p). Raises CommandError."""
        command = self.command("postsuper", *options)
        output = self.runner.run(command)
        if output.status:
            raise CommandError(command, status=output.status, output=output.err)

    def log(self, tag: str, lines: Iterable[str]) -> None:
        """Write lines to the mail log with postlog(1), wherever Postfix logs to. Raises CommandError."""
        command = self.command("postlog", "-p", "info", "-t", tag)
        for text in _pipefuls(lines):
            output = self.runner.run(command, stdin=text)
            if output.status:
                raise CommandError(command, status=output.status, output=output.err)


def _pipefuls(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines in texts that fit into a pipe.

    postsuper and postlog say a line for each as soon as they have read it, and run_command() reads nothing until all is written:
    with more than a pipe holds in both directions they would wait for each other for ever.
    """
    text = ""
    for line in lines:
        if len(text) + len(line) >= _PIPEFUL:
            yield text
            text = ""
        text += line + "\n"
    if text:
        yield text


def find_instance(
    runner: Runner,
    *,
    config_directory: str | None = None,
    instance: str | None = None,
    command_directory: str | None = None,
) -> Instance:
    """Return the instance of that directory or name, the default one where neither is given.

    Raises InstanceError where there is no Postfix, naming where it was looked for, and where there is no such instance.
    """
    directories = (command_directory,) if command_directory else COMMAND_DIRECTORIES
    found = next((path for path in directories if os.access(os.path.join(path, "postconf"), os.X_OK)), None)
    if found is None:
        raise InstanceError(
            "There is no Postfix here: no postconf command in %s. Install Postfix, or say where it is with command_directory."
            % ", ".join(directories)
        )
    if config_directory and not os.path.isabs(config_directory):
        raise InstanceError("config_directory %s is not an absolute path; write it from / on." % config_directory)
    if instance:
        config_directory = _directory_of(instance, found, runner)
    parameters = _ask(found, config_directory, runner)
    return Instance(
        command_directory=command_directory or parameters["command_directory"], parameters=parameters, runner=runner
    )


def _ask(command_directory: str, config_directory: str | None, runner: Runner) -> dict[str, str]:
    """Return the parameters of an instance, from one postconf call."""
    command = [os.path.join(command_directory, "postconf")]
    if config_directory:
        command += ["-c", config_directory]
    output = runner.run([*command, "-x", *_PARAMETERS])
    parameters = {}
    for line in output.out.splitlines():
        name, sign, value = line.partition("=")
        if sign:
            parameters[name.strip()] = value.strip()
    if output.status or "queue_directory" not in parameters:
        raise InstanceError(
            "Postfix cannot be asked about the instance in %s: %s. Name a directory that holds a main.cf."
            % (config_directory or "its default directory", " ".join(output.err.split()) or "postconf said nothing")
        )
    return parameters


def _directory_of(name: str, command_directory: str, runner: Runner) -> str:
    """Return the config_directory of an instance by its name, or C(-) for the primary one (postmulti(1))."""
    primary = _ask(command_directory, None, runner)
    if name in ("-", primary.get("multi_instance_name")):
        return primary["config_directory"]
    known = []
    for directory in primary.get("multi_instance_directories", "").replace(",", " ").split():
        parameters = _ask(command_directory, directory, runner)
        if parameters.get("multi_instance_name") == name:
            return directory
        known.append(parameters.get("multi_instance_name") or directory)
    raise InstanceError("There is no Postfix instance %r; known are %s." % (name, ", ".join(["-", *known])))
