# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One Postfix instance: finding it, asking it, running its commands.

Commands run as argv in the C locale, without a shell; queue IDs go in on standard input.
"""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import signal
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    PrivilegeError,
    QueueIdError,
    SystemRefusal,
    reason_of,
    remedy_of,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid

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
    "setgid_group",
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
# Postfix's own defaults of what is needed in any case.
_DEFAULTS = {
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "hash_queue_names": "deferred, defer",
    "hash_queue_depth": "1",
}
# More hash directories than that are never walked, and no queue needs them.
MAX_HASH_DEPTH = 16
# Where Postfix is built to have its main.cf on nearly all systems (DEF_CONFIG_DIR).
_USUAL_CONFIG_DIRECTORY = "/etc/postfix"
# What names another directory to Postfix's commands (src/global/mail_conf.h); -c sets it, too.
_CONFIG_VARIABLE = "MAIL_CONFIG"
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
            raise InstanceError(
                "%s cannot be run: %s. %s" % (command[0], reason_of(error), _remedy_of_command(error))
            ) from error
        return Output(status, out, err)


def _remedy_of_command(error: OSError) -> str:
    """Return what to do about a command that cannot be started."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "Correct command_directory in main.cf, or say with the option command_directory where Postfix's commands are."
    if isinstance(error, PermissionError):
        return "Make it executable, and look whether its file system is mounted with noexec, or SELinux or AppArmor forbids it."
    return remedy_of(error)


@dataclass(frozen=True)
class Instance:
    """A Postfix instance, as its postconf(1) describes it, in the directory that was asked for."""

    command_directory: str
    parameters: Mapping[str, str]
    runner: Runner = field(compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """What contradicts itself in the configuration, in sentences for the operator."""
    shared_with: tuple[str, ...] = field(default=(), compare=False)
    """The configuration directories of other instances that have the same queue directory."""

    @property
    def config_directory(self) -> str:
        """Where main.cf is: what was asked for, whatever that main.cf calls itself."""
        return self.parameters["config_directory"]

    @property
    def main_cf(self) -> str:
        """The path of the instance's main.cf."""
        return os.path.join(self.config_directory, "main.cf")

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
        return tuple(int(number) for number in numbers if _is_number(number))

    @property
    def null_sender(self) -> str:
        """What postqueue shows in place of an empty address."""
        return self.parameters.get("empty_address_recipient") or "MAILER-DAEMON"

    @property
    def long_queue_ids(self) -> bool:
        """Whether new messages get long queue IDs. Raises InstanceError for what is neither yes nor no."""
        value = self.parameters.get("enable_long_queue_ids", "no")
        # In any case of letters (src/global/mail_conf_bool.c).
        if value.lower() not in ("yes", "no"):
            raise InstanceError(
                "enable_long_queue_ids = %s in %s is neither yes nor no. Correct it there." % (value, self.main_cf)
            )
        return value.lower() == "yes"

    @property
    def own_domains(self) -> frozenset[str]:
        """The domains of the host itself. myorigin may name a file (postconf(5)), which is not read."""
        names = (self.parameters.get(name, "") for name in ("mydomain", "myhostname", "myorigin"))
        return frozenset(name for name in names if name and not name.startswith("/"))

    @property
    def identity(self) -> dict[str, str]:
        """What a plan names the instance by."""
        return {"config_directory": self.config_directory, "queue_directory": self.queue_directory}

    @property
    def hash_queue_names(self) -> frozenset[str]:
        """The queues whose files are in hash directories."""
        names = self.parameters.get("hash_queue_names", _DEFAULTS["hash_queue_names"])
        return frozenset(names.replace(",", " ").split())

    @property
    def hash_queue_depth(self) -> int:
        """How many hash directories deep the files of those queues are. Raises InstanceError for what is no such number."""
        value = self.parameters.get("hash_queue_depth", _DEFAULTS["hash_queue_depth"])
        if not _is_number(value) or not 1 <= int(value) <= MAX_HASH_DEPTH:
            raise InstanceError(
                "hash_queue_depth = %s in %s is no number from 1 to %d. Correct it there."
                % (value, self.main_cf, MAX_HASH_DEPTH)
            )
        return int(value)

    @property
    def mail_owner(self) -> pwd.struct_passwd:
        """The user that owns the queues. Raises InstanceError where there is none."""
        name = self.parameters.get("mail_owner", _DEFAULTS["mail_owner"])
        try:
            return pwd.getpwnam(name)
        except KeyError:
            raise InstanceError(
                "mail_owner = %s in %s: there is no such user. Create that user, or correct main.cf."
                % (name, self.main_cf)
            ) from None

    @property
    def setgid_group(self) -> grp.struct_group:
        """The group that may put mail into maildrop. Raises InstanceError where there is none."""
        name = self.parameters.get("setgid_group", _DEFAULTS["setgid_group"])
        try:
            return grp.getgrnam(name)
        except KeyError:
            raise InstanceError(
                "setgid_group = %s in %s: there is no such group. Create that group, or correct main.cf."
                % (name, self.main_cf)
            ) from None

    def require_queue_directory(self) -> None:
        """Raise InstanceError where main.cf names a queue directory that does not exist or is no directory, or that cannot be looked at.

        That this user may not look at it is no error: postqueue(1) may be allowed to.
        """
        path = self.queue_directory
        place = "queue_directory = %s in %s" % (path, self.main_cf)
        if not os.path.isabs(path):
            raise InstanceError("%s is no absolute path. Correct it there." % place)
        try:
            status = os.stat(path)
        except PermissionError:
            return
        except FileNotFoundError:
            raise InstanceError(
                "%s: there is no such directory. Correct main.cf, or mount or create the directory and run postfix check."
                % place
            ) from None
        except OSError as error:
            raise SystemRefusal("%s: that directory cannot be used" % place, error) from error
        if not stat.S_ISDIR(status.st_mode):
            raise InstanceError("%s is no directory. Correct main.cf, or put a directory there." % place)

    def require_own_queue(self) -> None:
        """Raise InstanceError where another instance has the same queue directory: what stops or moves one would hit the other."""
        if self.shared_with:
            raise InstanceError(
                "The instances in %s and %s have one queue directory, %s; nothing was touched. Give each its own queue_directory "
                "in its main.cf." % (self.config_directory, " and ".join(self.shared_with), self.queue_directory)
            )

    def seconds(self, name: str, *, default: str) -> int:
        """Return a time parameter in seconds. default: what it is where postconf does not say, with the unit it is in by default.

        Raises InstanceError for what is no time (src/global/conv_time.c).
        """
        value = self.parameters.get(name, default)
        number, unit = (value[:-1], value[-1].lower()) if value[-1:].isalpha() else (value, default[-1])
        if not _is_number(number) or unit not in _TIME_UNITS:
            raise InstanceError(
                "%s = %s in %s is no time that Postfix understands. Correct it there." % (name, value, self.main_cf)
            )
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


def _is_number(text: str) -> bool:
    """Return whether a text is a number in digits; str.isdigit() takes superscripts and more, of which int() makes none."""
    return text.isascii() and text.isdigit()


# --- finding an instance --------------------------------------------------------------------------------------------


def find_instance(
    runner: Runner,
    *,
    config_directory: str | None = None,
    instance: str | None = None,
    command_directory: str | None = None,
) -> Instance:
    """Return the instance of that directory or name, the default one where neither is given.

    The default one is that of MAIL_CONFIG in the environment, as for Postfix's own commands, or the one that Postfix is built for.
    Raises InstanceError where there is no Postfix, naming where it was looked for, and where there is no such instance.
    """
    search = _Search(_find_postconf(command_directory), runner)
    asked = config_directory or (None if instance else os.environ.get(_CONFIG_VARIABLE))
    if instance:
        found = search.by_name(instance)
    elif asked:
        found = search.in_directory(_normal(asked, "config_directory" if config_directory else _CONFIG_VARIABLE))
    else:
        found = search.default()
    shared_with = search.sharing(found, "queue_directory")
    return Instance(
        command_directory=command_directory or found.get("command_directory") or search.command_directory,
        parameters=found,
        runner=runner,
        warnings=(
            *search.warnings(found),
            *_warn_of_sharing(found, "queue_directory", shared_with),
            *_warn_of_sharing(found, "data_directory", search.sharing(found, "data_directory")),
        ),
        shared_with=shared_with,
    )


def _warn_of_sharing(found: Mapping[str, str], parameter: str, others: Sequence[str]) -> Iterator[str]:
    if others:
        yield (
            "The instances in %s and %s have one %s, %s: what is done to one of them is done to the other. Give each its own in its main.cf."
            % (found["config_directory"], " and ".join(others), parameter, found[parameter])
        )


def _is_same(one: str | None, other: str | None) -> bool:
    """Return whether two paths lead to one directory."""
    return bool(one and other) and os.path.realpath(str(one)) == os.path.realpath(str(other))


def _find_postconf(command_directory: str | None) -> str:
    """Return the directory of the postconf to ask. Raises InstanceError where there is none that can be run."""
    directories = (command_directory,) if command_directory else COMMAND_DIRECTORIES
    paths = [os.path.join(directory, "postconf") for directory in directories]
    runnable = next((path for path in paths if os.access(path, os.X_OK)), None)
    if runnable is not None:
        return os.path.dirname(runnable)
    there = next((path for path in paths if os.path.lexists(path)), None)
    if there is not None:
        raise InstanceError(
            "%s is there, but cannot be run by this user. Make it executable (chmod 755), or say with command_directory where "
            "Postfix's commands are." % there
        )
    raise InstanceError(
        "There is no Postfix here: no postconf command in %s. Install Postfix, or say where it is with command_directory."
        % ", ".join(directories)
    )


def _normal(path: str, option: str) -> str:
    """Return a directory in the form in which Postfix's own lists have it. Raises InstanceError for a path that is not absolute."""
    if not os.path.isabs(path):
        raise InstanceError("%s %s is not an absolute path; write it from / on." % (option, path))
    # With a link on the way, "x/.." need not be where it seems to be.
    normal = os.path.realpath(path) if ".." in path.split("/") else os.path.normpath(path)
    return "/" + normal.lstrip("/")


class _Search:
    """Asks postconf about instances, each once, and remembers what contradicts itself."""

    def __init__(self, command_directory: str, runner: Runner) -> None:
        self.command_directory = command_directory
        self._runner = runner
        self._known: dict[str, dict[str, str]] = {}
        self._contradictions: dict[str, str] = {}
        self._dead: list[str] = []
        self._default: str | None = None

    def in_directory(self, directory: str) -> dict[str, str]:
        """Return the parameters of the instance in a directory. Raises InstanceError."""
        if directory not in self._known:
            self._keep(directory, self._ask(directory))
        return self._known[directory]

    def default(self) -> dict[str, str]:
        """Return the parameters of the instance that Postfix is built for, mostly from one call. Raises InstanceError."""
        if _CONFIG_VARIABLE in os.environ:
            # Without a directory, postconf would ask the one of the environment.
            return self.in_directory(self._built_in())
        parameters = self._ask(None)
        said = parameters["config_directory"]
        directory = said if said == _USUAL_CONFIG_DIRECTORY else self._built_in()
        self._keep(directory, parameters)
        return parameters

    def by_name(self, name: str) -> dict[str, str]:
        """Return the parameters of an instance by its name, or C(-) for the primary one (postmulti(1)). Raises InstanceError."""
        primary = self.default()
        if name in ("-", primary.get("multi_instance_name")):
            return primary
        known = ["-"]
        for directory in _listed(primary):
            try:
                parameters = self.in_directory(directory)
            except InstanceError as error:
                self._dead.append(
                    "multi_instance_directories in %s/main.cf names %s, which was skipped. %s"
                    % (primary["config_directory"], directory, error)
                )
                continue
            if parameters.get("multi_instance_name") == name:
                return parameters
            known.append(parameters.get("multi_instance_name") or directory)
        problem = "There is no Postfix instance %r; known are %s. Use one of these names." % (name, ", ".join(known))
        raise InstanceError(" ".join([problem, *self._dead]))

    def sharing(self, found: Mapping[str, str], parameter: str) -> tuple[str, ...]:
        """Return the configuration directories of the other instances that have the same directory there."""
        own = found["config_directory"]
        return tuple(
            other["config_directory"]
            for other in self._others(found)
            if _is_same(other.get(parameter), found.get(parameter)) and not _is_same(other["config_directory"], own)
        )

    def warnings(self, found: Mapping[str, str]) -> list[str]:
        """Return what the operator should know of an instance that was found, and of the way to it."""
        contradiction = self._contradictions.get(found["config_directory"])
        return [*self._dead, *([contradiction] if contradiction else [])]

    def _others(self, found: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """Yield the primary instance and those that it lists, but for the one that was found, as far as they answer."""
        try:
            primary = (
                found if found["config_directory"] == _USUAL_CONFIG_DIRECTORY else self.in_directory(self._built_in())
            )
        except InstanceError:
            return
        for directory in (primary["config_directory"], *_listed(primary)):
            if directory != found["config_directory"]:
                try:
                    yield self.in_directory(directory)
                except InstanceError:
                    continue

    def _keep(self, directory: str, parameters: dict[str, str]) -> None:
        """Keep what an instance said, under the directory that it was asked in."""
        said = parameters["config_directory"]
        if said != directory:
            self._contradictions[directory] = (
                "%s/main.cf says config_directory = %s. The instance in %s is used, which was asked for. Remove config_directory from "
                "that main.cf." % (directory, said, directory)
            )
            parameters["config_directory"] = directory
        self._known[directory] = parameters

    def _built_in(self) -> str:
        """Return the directory that Postfix is built to have its main.cf in."""
        if self._default is None:
            output = self._runner.run(
                [os.path.join(self.command_directory, "postconf"), "-d", "-h", "config_directory"]
            )
            said = output.out.strip()
            self._default = said if os.path.isabs(said) and "\n" not in said else _USUAL_CONFIG_DIRECTORY
        return self._default

    def _ask(self, directory: str | None) -> dict[str, str]:
        """Return what postconf says of an instance in one call, that of the default one where no directory is given."""
        command = [os.path.join(self.command_directory, "postconf")]
        if directory:
            command += ["-c", directory]
        output = self._runner.run([*command, "-x", *_PARAMETERS])
        parameters = {}
        for line in output.out.splitlines():
            name, sign, value = line.partition("=")
            if sign:
                parameters[name.strip()] = value.strip()
        place = directory or parameters.get("config_directory")
        if output.status or "queue_directory" not in parameters or place is None:
            raise InstanceError(_explain(directory or self._built_in(), output))
        parameters.setdefault("config_directory", place)
        return parameters


def _listed(primary: Mapping[str, str]) -> list[str]:
    """Return the directories of the instances other than the primary one, as its main.cf spells them: Postfix compares them so."""
    listed = primary.get("multi_instance_directories", "").replace(",", " ").split()
    return [directory for directory in listed if directory != primary["config_directory"]]


def _contradiction(directory: str, said: str) -> str:
    return (
        "%s/main.cf says config_directory = %s. The instance in %s was asked for, and it is what is used; remove config_directory from that "
        "main.cf." % (directory, said, directory)
    )


def _explain(directory: str, output: Output) -> str:
    """Return why postconf does not answer about the instance in a directory, and what to do."""
    what = "Postfix cannot be asked about the instance in %s" % directory
    main_cf = os.path.join(directory, "main.cf")
    for path, missing, remedy in (
        (directory, "there is no such directory", "Name a directory that holds a main.cf."),
        (main_cf, "there is no main.cf in it", "Name a directory that holds a main.cf, or restore that file."),
    ):
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except FileNotFoundError:
            return "%s: %s. %s" % (what, missing, remedy)
        except NotADirectoryError:
            return "%s: it is no directory. Name a directory that holds a main.cf." % what
        except OSError as error:
            return "%s: %s cannot be read: %s. %s" % (what, path, reason_of(error), remedy_of(error))
    said = _main_words(output.err)
    if said:
        return "%s: %s. Correct %s, and run postconf -c %s to see that it is right." % (
            what,
            said.rstrip("."),
            main_cf,
            directory,
        )
    return (
        "%s: postconf ended with status %d and said nothing. Run postconf -c %s by hand; if it says nothing there, install Postfix again."
        % (
            what,
            output.status,
            directory,
        )
    )


def _main_words(err: str) -> str:
    """Return what a command of Postfix gave up for, without the warnings before it; all that it said where it gave no reason."""
    text = " ".join(err.split())
    place = text.rfind("fatal: ")
    return text[place:] if place >= 0 else text
