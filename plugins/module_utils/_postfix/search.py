# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Finding a Postfix instance: its commands, its directory, and its parameters as postconf(1) shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, reason_of, remedy_of
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.instance import Instance

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output, Runner

# Where known systems have Postfix's commands; Zimbra has its own Postfix.
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
    "daemon_directory",
    "default_database_type",
)
# The directory of main.cf that nearly all builds of Postfix have (DEF_CONFIG_DIR).
_USUAL_CONFIG_DIRECTORY = "/etc/postfix"
# This environment variable gives Postfix's commands another directory (src/global/mail_conf.h); their option -c sets it too.
_CONFIG_VARIABLE = "MAIL_CONFIG"


def find_instance(
    runner: Runner,
    *,
    config_directory: str | None = None,
    instance: str | None = None,
    command_directory: str | None = None,
) -> Instance:
    """Return the instance in that directory or with that name; if neither is given, the default instance.

    The default instance is the one that MAIL_CONFIG in the environment names, as for Postfix's own commands, else the one that Postfix
    was built for. Raises InstanceError if there is no Postfix (the text names the directories that were searched) or no such instance.
    """
    search = _InstanceSearch(_find_postconf(command_directory), runner)
    asked = config_directory or (None if instance else os.environ.get(_CONFIG_VARIABLE))
    if instance:
        found = search.find_by_name(instance)
    elif asked:
        found = search.read(_normalize(asked, "config_directory" if config_directory else _CONFIG_VARIABLE))
    else:
        found = search.read_default()
    shared_with = search.find_sharing(found, "queue_directory")
    return Instance(
        command_directory=command_directory or found.get("command_directory") or search.command_directory,
        parameters=found,
        runner=runner,
        warnings=(
            *search.warnings(found),
            *_sharing_warnings(found, "queue_directory", shared_with),
            *_sharing_warnings(found, "data_directory", search.find_sharing(found, "data_directory")),
        ),
        shared_with=shared_with,
    )


def _sharing_warnings(found: Mapping[str, str], parameter: str, others: Sequence[str]) -> Iterator[str]:
    """Yield one warning if other instances have the same value of a parameter. others: their configuration directories."""
    if others:
        yield (
            "The instances in %s and %s have the same %s, %s: a change to one of them changes the other. Give each instance its own in "
            "its main.cf." % (found["config_directory"], " and ".join(others), parameter, found[parameter])
        )


def _is_same_directory(one: str | None, other: str | None) -> bool:
    """Return whether two paths lead to the same directory."""
    return bool(one and other) and os.path.realpath(str(one)) == os.path.realpath(str(other))


def _find_postconf(command_directory: str | None) -> str:
    """Return the directory of the postconf to run. Raises InstanceError if there is none that can be run."""
    directories = (command_directory,) if command_directory else COMMAND_DIRECTORIES
    paths = [os.path.join(directory, "postconf") for directory in directories]
    runnable = next((path for path in paths if os.access(path, os.X_OK)), None)
    if runnable is not None:
        return os.path.dirname(runnable)
    existing = next((path for path in paths if os.path.lexists(path)), None)
    if existing is not None:
        raise InstanceError(
            "%s exists, but this user cannot run it. Make it executable (chmod 755), or set command_directory to the directory that "
            "holds Postfix's commands." % existing
        )
    raise InstanceError(
        "There is no Postfix here: no postconf command in %s. Install Postfix, or set command_directory to the directory that holds "
        "Postfix's commands." % ", ".join(directories)
    )


def _normalize(path: str, option: str) -> str:
    """Return a directory in the form in which Postfix's own lists have it. Raises InstanceError for a path that is not absolute."""
    if not os.path.isabs(path):
        raise InstanceError("%s %s is not an absolute path. Write the whole path, from / on." % (option, path))
    # If a part before ".." is a link, "x/.." can be another directory than the text says.
    normal = os.path.realpath(path) if ".." in path.split("/") else os.path.normpath(path)
    return "/" + normal.lstrip("/")


class _InstanceSearch:
    """Reads the parameters of instances with postconf, of each instance once, and collects warnings."""

    def __init__(self, command_directory: str, runner: Runner) -> None:
        self.command_directory = command_directory
        self._runner = runner
        self._known: dict[str, dict[str, str]] = {}
        """{configuration directory: parameters}"""
        self._contradictions: dict[str, str] = {}
        """{configuration directory: warning about a main.cf that names another one}"""
        self._skipped: list[str] = []
        """A warning for each instance that could not be read."""
        self._built_in: str | None = None

    def read(self, directory: str) -> dict[str, str]:
        """Return the parameters of the instance in a directory. Raises InstanceError."""
        if directory not in self._known:
            self._store(directory, self._run_postconf(directory))
        return self._known[directory]

    def read_default(self) -> dict[str, str]:
        """Return the parameters of the instance that Postfix was built for, mostly with one call. Raises InstanceError."""
        if _CONFIG_VARIABLE in os.environ:
            # Without a directory, postconf would read the one that the environment names.
            return self.read(self._built_in_directory())
        parameters = self._run_postconf(None)
        named = parameters["config_directory"]
        directory = named if named == _USUAL_CONFIG_DIRECTORY else self._built_in_directory()
        self._store(directory, parameters)
        return parameters

    def find_by_name(self, name: str) -> dict[str, str]:
        """Return the parameters of the instance with a name, C(-) for the primary one (postmulti(1)). Raises InstanceError."""
        primary = self.read_default()
        if name in ("-", primary.get("multi_instance_name")):
            return primary
        names = ["-"]
        for directory in _secondary_directories(primary):
            try:
                parameters = self.read(directory)
            except InstanceError as error:
                self._skipped.append(
                    "multi_instance_directories in %s/main.cf names %s, which was skipped. %s"
                    % (primary["config_directory"], directory, error)
                )
                continue
            if parameters.get("multi_instance_name") == name:
                return parameters
            names.append(parameters.get("multi_instance_name") or directory)
        problem = "There is no Postfix instance %r. Use one of the known names: %s." % (name, ", ".join(names))
        raise InstanceError(" ".join([problem, *self._skipped]))

    def find_sharing(self, found: Mapping[str, str], parameter: str) -> tuple[str, ...]:
        """Return the configuration directories of the other instances that have the same directory in a parameter."""
        own = found["config_directory"]
        return tuple(
            other["config_directory"]
            for other in self._others(found)
            if _is_same_directory(other.get(parameter), found.get(parameter))
            and not _is_same_directory(other["config_directory"], own)
        )

    def warnings(self, found: Mapping[str, str]) -> list[str]:
        """Return what the operator should know about an instance that was found, and about the search for it."""
        contradiction = self._contradictions.get(found["config_directory"])
        return [*self._skipped, *([contradiction] if contradiction else [])]

    def _others(self, found: Mapping[str, str]) -> Iterator[Mapping[str, str]]:
        """Yield the parameters of the primary instance and of those that it lists, without found and what cannot be read."""
        try:
            primary = (
                found if found["config_directory"] == _USUAL_CONFIG_DIRECTORY else self.read(self._built_in_directory())
            )
        except InstanceError:
            return
        for directory in (primary["config_directory"], *_secondary_directories(primary)):
            if directory != found["config_directory"]:
                try:
                    yield self.read(directory)
                except InstanceError:
                    continue

    def _store(self, directory: str, parameters: dict[str, str]) -> None:
        """Store the parameters of an instance under the directory that they were read from."""
        named = parameters["config_directory"]
        if named != directory:
            self._contradictions[directory] = (
                "%s/main.cf says config_directory = %s. The instance in %s is used, as requested. Remove config_directory from that "
                "main.cf." % (directory, named, directory)
            )
            parameters["config_directory"] = directory
        self._known[directory] = parameters

    def _built_in_directory(self) -> str:
        """Return the directory in which this build of Postfix expects main.cf."""
        if self._built_in is None:
            output = self._runner.run(
                [os.path.join(self.command_directory, "postconf"), "-d", "-h", "config_directory"]
            )
            directory = output.out.strip()
            self._built_in = (
                directory if os.path.isabs(directory) and "\n" not in directory else _USUAL_CONFIG_DIRECTORY
            )
        return self._built_in

    def _run_postconf(self, directory: str | None) -> dict[str, str]:
        """Return the parameters of the instance in a directory, of the default instance if there is none. Runs postconf once."""
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
            raise InstanceError(_explain_failure(directory or self._built_in_directory(), output))
        parameters.setdefault("config_directory", place)
        return parameters


def _secondary_directories(primary: Mapping[str, str]) -> list[str]:
    """Return the directories of the instances other than the primary one, as its main.cf spells them: Postfix compares them so."""
    listed = primary.get("multi_instance_directories", "").replace(",", " ").split()
    return [directory for directory in listed if directory != primary["config_directory"]]


def _explain_failure(directory: str, output: Output) -> str:
    """Return why postconf cannot read the instance in a directory, and what to do. output: what postconf left."""
    problem = "postconf fails for the instance in %s" % directory
    main_cf = os.path.join(directory, "main.cf")
    for path, missing, remedy in (
        (directory, "there is no such directory", "Name a directory that holds a main.cf."),
        (main_cf, "there is no main.cf in it", "Name a directory that holds a main.cf, or restore that file."),
    ):
        try:
            os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
        except FileNotFoundError:
            return "%s: %s. %s" % (problem, missing, remedy)
        except NotADirectoryError:
            return "%s: it is not a directory. Name a directory that holds a main.cf." % problem
        except OSError as error:
            return "%s: %s cannot be read: %s. %s" % (problem, path, reason_of(error), remedy_of(error))
    reason = _fatal_message(output.err)
    if reason:
        return "%s: %s. Correct %s, then check it with postconf -c %s." % (
            problem,
            reason.rstrip("."),
            main_cf,
            directory,
        )
    return (
        "%s: it ended with status %d and printed nothing. Run postconf -c %s by hand. If it prints nothing there either, "
        "reinstall Postfix." % (problem, output.status, directory)
    )


def _fatal_message(err: str) -> str:
    """Return the fatal error of a Postfix command without the warnings before it; everything it printed if there is none."""
    text = " ".join(err.split())
    place = text.rfind("fatal: ")
    return text[place:] if place >= 0 else text
