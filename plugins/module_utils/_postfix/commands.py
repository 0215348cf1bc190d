# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""Running Postfix's commands: as argv, without a shell, in the C locale."""

from __future__ import annotations

import os
import subprocess
from typing import IO, Callable, Iterable, Iterator, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError, reason_of, remedy_of

ENVIRONMENT = {"LC_ALL": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
# A pipe holds 64 KiB on Linux, and less on some systems.
_PIPE_BYTES = 16 << 10


class Output(NamedTuple):
    """The result of a command: exit status, standard output, standard error."""

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
        """Run a command to its end. Raises InstanceError if it cannot be started.

        consume: called with the lines of the standard output while the command runs; they are then not kept in memory.
        """

        def pass_lines(process: subprocess.Popen[bytes]) -> None:
            if consume is not None and process.stdout is not None:
                consume(process.stdout)

        try:
            status, out, err = self._run_command(
                list(command),
                data=stdin.encode("utf-8"),
                binary_data=True,
                cwd="/",
                environ_update=ENVIRONMENT,
                errors="surrogate_or_replace",
                expand_user_and_vars=False,
                before_communicate_callback=pass_lines,
                handle_exceptions=False,
            )
        except OSError as error:
            raise InstanceError(
                "%s cannot be run: %s. %s" % (command[0], reason_of(error), _remedy_of_start(error))
            ) from error
        return Output(status, out, err)


def start_command(command: Sequence[str], *, stdin: int, stderr: int | IO[bytes]) -> subprocess.Popen[bytes]:
    """Start a command whose standard output is read from a pipe, piece by piece. Raises OSError.

    run_command() returns after the end of the command, so that a log would have to fit into memory.
    """
    return subprocess.Popen(  # pylint: disable=ansible-bad-function
        list(command),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**os.environ, **ENVIRONMENT},
        cwd="/",
        bufsize=0,
    )


def _remedy_of_start(error: OSError) -> str:
    """Return what to do about a command that cannot be started."""
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return "Correct command_directory in main.cf, or set the option command_directory to the directory that holds Postfix's commands."
    if isinstance(error, PermissionError):
        return "Make it executable, and check whether its filesystem is mounted with noexec, or whether SELinux or AppArmor forbids it."
    return remedy_of(error)


def split_for_pipe(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines in texts that fit into a pipe, each line with its end.

    postsuper and postlog write a line for each line that they read, and run_command() reads nothing until everything is written.
    If both directions held more than a pipe, the two would wait for each other for ever.
    """
    text = ""
    for line in lines:
        if len(text) + len(line) >= _PIPE_BYTES:
            yield text
            text = ""
        text += line + "\n"
    if text:
        yield text
