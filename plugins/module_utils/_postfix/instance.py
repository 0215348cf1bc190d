# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""One Postfix instance: its parameters, whether it runs, and its commands. Queue IDs go to a command on standard input."""

from __future__ import annotations

import fcntl
import grp
import os
import pwd
import signal
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import (
    CommandError,
    InstanceError,
    PrivilegeError,
    QueueIdError,
    SystemRefusal,
)
from ansible_collections.mailops.postfix.plugins.module_utils._format.queue_id import is_valid
from ansible_collections.mailops.postfix.plugins.module_utils._format.queues import MAX_HASH_DEPTH
from ansible_collections.mailops.postfix.plugins.module_utils._format.units import TIME_UNITS
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import split_for_pipe

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output, Runner

# Postfix's own defaults, for parameters that are always needed.
_DEFAULTS = {
    "mail_owner": "postfix",
    "setgid_group": "postdrop",
    "hash_queue_names": "deferred, defer",
    "hash_queue_depth": "1",
}
_SERVICES = {"qmgr": "queue_service_name", "pickup": "pickup_service_name"}


@dataclass(frozen=True)
class Instance:
    """A Postfix instance, as its postconf(1) describes it, in the directory that was requested."""

    command_directory: str
    parameters: Mapping[str, str]
    runner: Runner = field(compare=False)
    warnings: tuple[str, ...] = field(default=(), compare=False)
    """Sentences for the operator about contradictions in the configuration."""
    shared_with: tuple[str, ...] = field(default=(), compare=False)
    """The configuration directories of other instances that have the same queue directory."""

    @property
    def config_directory(self) -> str:
        """The directory of main.cf: the requested one, even if that main.cf names another."""
        return self.parameters["config_directory"]

    @property
    def main_cf(self) -> str:
        """The path of the instance's main.cf."""
        return os.path.join(self.config_directory, "main.cf")

    @property
    def master_cf(self) -> str:
        """The path of master.cf."""
        return os.path.join(self.config_directory, "master.cf")

    @property
    def queue_directory(self) -> str:
        """The directory that holds the queues."""
        return self.parameters["queue_directory"]

    @property
    def name(self) -> str:
        """The name for postmulti(1), C(-) for an instance without a name."""
        return self.parameters.get("multi_instance_name") or "-"

    @property
    def version(self) -> tuple[int, ...]:
        """The numbers of the version, such as (3, 7, 11)."""
        numbers = self.parameters.get("mail_version", "").split("-")[0].split(".")
        return tuple(int(number) for number in numbers if _is_number(number))

    @property
    def null_sender(self) -> str:
        """The text that postqueue shows for an empty address."""
        return self.parameters.get("empty_address_recipient") or "MAILER-DAEMON"

    @property
    def long_queue_ids(self) -> bool:
        """Whether new messages get long queue IDs. Raises InstanceError if main.cf says neither yes nor no."""
        value = self.parameters.get("enable_long_queue_ids", "no")
        # Postfix ignores the case (src/global/mail_conf_bool.c).
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
        """The values by which a plan names the instance."""
        return {"config_directory": self.config_directory, "queue_directory": self.queue_directory}

    @property
    def hash_queue_names(self) -> frozenset[str]:
        """The queues whose files are in hash directories."""
        names = self.parameters.get("hash_queue_names", _DEFAULTS["hash_queue_names"])
        return frozenset(names.replace(",", " ").split())

    @property
    def hash_queue_depth(self) -> int:
        """The number of hash directories above the files of those queues. Raises InstanceError if it is out of range or not a number."""
        value = self.parameters.get("hash_queue_depth", _DEFAULTS["hash_queue_depth"])
        if not _is_number(value) or not 1 <= int(value) <= MAX_HASH_DEPTH:
            raise InstanceError(
                "hash_queue_depth = %s in %s is not a number from 1 to %d. Correct it there."
                % (value, self.main_cf, MAX_HASH_DEPTH)
            )
        return int(value)

    @property
    def mail_owner(self) -> pwd.struct_passwd:
        """The user that owns the queues. Raises InstanceError if there is none."""
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
        """The group that may put mail into maildrop. Raises InstanceError if there is none."""
        name = self.parameters.get("setgid_group", _DEFAULTS["setgid_group"])
        try:
            return grp.getgrnam(name)
        except KeyError:
            raise InstanceError(
                "setgid_group = %s in %s: there is no such group. Create that group, or correct main.cf."
                % (name, self.main_cf)
            ) from None

    def require_queue_directory(self) -> None:
        """Raise InstanceError if the queue directory does not exist or is not a directory, SystemRefusal if it cannot be examined.

        A directory that this user may not examine is no error: postqueue(1) may have the permission.
        """
        path = self.queue_directory
        place = "queue_directory = %s in %s" % (path, self.main_cf)
        if not os.path.isabs(path):
            raise InstanceError("%s is not an absolute path. Correct it there." % place)
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
            raise InstanceError("%s is not a directory. Correct main.cf, or put a directory there." % place)

    def require_own_queue(self) -> None:
        """Raise InstanceError if another instance has the same queue directory: to stop or move one would also hit the other."""
        if self.shared_with:
            raise InstanceError(
                "The instances in %s and %s have the same queue_directory, %s. Nothing was touched. Give each instance its own in "
                "its main.cf." % (self.config_directory, " and ".join(self.shared_with), self.queue_directory)
            )

    def seconds(self, name: str, *, default: str) -> int:
        """Return a time parameter in seconds. default: Postfix's default value, and its unit is the default unit of the parameter.

        Raises InstanceError for a value that is not a time (src/global/conv_time.c).
        """
        value = self.parameters.get(name, default)
        number, unit = (value[:-1], value[-1].lower()) if value[-1:].isalpha() else (value, default[-1])
        if not _is_number(number) or unit not in TIME_UNITS:
            raise InstanceError(
                "%s = %s in %s is not a time that Postfix understands. Correct it there." % (name, value, self.main_cf)
            )
        return int(number) * TIME_UNITS[unit]

    def running(self) -> bool | None:
        """Return whether the master daemon runs, None if this user has no permission to find out.

        It holds an exclusive lock on its pid file while it lives (src/master/master.c); postfix status checks the same.
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
        """Raise PrivilegeError for any other user than root."""
        if os.geteuid() != 0:
            raise PrivilegeError("Only root may read and change the queue: run this task with become: true.")

    def require_postsuper(self) -> None:
        """Raise PrivilegeError or InstanceError if postsuper(1) would fail, before it has done a part of its work.

        postsuper logs each message as the mail owner, who cannot open maillog_file (src/global/maillog_client.c): while postlogd(8)
        does not run, postsuper ends with a fatal error after the first message.
        """
        self.require_root()
        log = self.parameters.get("maillog_file")
        if log and self.running() is False:
            raise InstanceError(
                "Postfix is stopped. Without postlogd, postsuper cannot log to %s (maillog_file) and would fail after the first "
                "message. Start Postfix, or empty maillog_file so that Postfix logs through syslog." % log
            )

    def postsuper(self, action: str, queue_ids: Iterable[str], *queues: str) -> str:
        """Run C(postsuper ACTION - QUEUE...) on the IDs, as often as their number needs, and return its standard error.

        The exit status proves nothing about an ID: look at the queue afterwards. Raises CommandError if postsuper fails, and
        QueueIdError, before postsuper runs, for a text that is not a queue ID.
        """
        ids = list(queue_ids)
        for queue_id in ids:
            if not is_valid(queue_id):
                raise QueueIdError("not a queue ID", queue_id=queue_id)
        command = self.command("postsuper", action, "-", *queues)
        errors = []
        for text in split_for_pipe(ids):
            output = self.runner.run(command, stdin=text)
            if output.status:
                raise CommandError(command, status=output.status, output=output.err)
            errors.append(output.err)
        return "".join(errors)

    def kick(self, daemon: str, request: str) -> bool:
        """Send a request to C(qmgr) or C(pickup) with postkick(1); return whether the daemon took it.

        postkick writes one more byte after the request. SIGPIPE ends it if the daemon has already read the request and closed the
        connection (src/util/unix_trigger.c, src/master/trigger_server.c).
        """
        name = self.parameters.get(_SERVICES[daemon]) or daemon
        return self.runner.run(self.command("postkick", "public", name, request)).status in (0, -signal.SIGPIPE)

    def postqueue(self, *arguments: str) -> Output:
        """Run postqueue(1) and return its output, also if it fails: only the caller knows what a failure means."""
        return self.runner.run(self.command("postqueue", *arguments))

    def check_structure(self, *options: str) -> None:
        """Run C(postsuper OPTION...) over all queues, such as C(-s) and C(-p). Raises CommandError."""
        command = self.command("postsuper", *options)
        output = self.runner.run(command)
        if output.status:
            raise CommandError(command, status=output.status, output=output.err)

    def log(self, tag: str, lines: Iterable[str]) -> None:
        """Write lines to the mail log with postlog(1), which logs where Postfix does. Raises CommandError."""
        command = self.command("postlog", "-p", "info", "-t", tag)
        for text in split_for_pipe(lines):
            output = self.runner.run(command, stdin=text)
            if output.status:
                raise CommandError(command, status=output.status, output=output.err)


def _is_number(text: str) -> bool:
    """Return whether a text is a number in ASCII digits; str.isdigit() accepts superscripts too, and int() refuses them."""
    return text.isascii() and text.isdigit()
