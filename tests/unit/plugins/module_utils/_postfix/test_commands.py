# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import subprocess
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import InstanceError
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output, Runner


def test_a_command_runs_as_argv_in_the_c_locale_with_unchanged_input() -> None:
    asked: list[tuple[list[str], dict[str, Any]]] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        asked.append((command, options))
        return 3, "out\n", "problem\n"

    assert Runner(run_command).run(["/usr/sbin/postsuper", "-d", "-"], stdin="4A0F9AC\n") == Output(
        3, "out\n", "problem\n"
    )
    [(command, options)] = asked
    assert command == ["/usr/sbin/postsuper", "-d", "-"]
    assert (options["data"], options["binary_data"]) == (b"4A0F9AC\n", True)
    assert options["environ_update"]["LC_ALL"] == "C"
    assert options["expand_user_and_vars"] is False
    assert "use_unsafe_shell" not in options


def test_a_command_that_does_not_exist() -> None:
    def run_command(command: list[str], **_options: Any) -> tuple[int, str, str]:
        raise FileNotFoundError(2, "No such file or directory", command[0])

    with pytest.raises(InstanceError) as caught:
        Runner(run_command).run(["/nonexistent/postqueue", "-j"])
    assert str(caught.value) == (
        "/nonexistent/postqueue cannot be run: No such file or directory. Correct command_directory in main.cf, or set the option "
        "command_directory to the directory that holds Postfix's commands."
    )


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (
            errno.EACCES,
            "Make it executable, and check whether its filesystem is mounted with noexec, or whether SELinux or AppArmor forbids it.",
        ),
        (errno.EMFILE, "Raise the limit on open files of a process (ulimit -n), then run this again."),
        (errno.ENOEXEC, "Fix that, then run this again."),
    ],
)
def test_a_command_that_cannot_be_run(number: int, remedy: str) -> None:
    def run_command(_command: list[str], **_options: Any) -> tuple[int, str, str]:
        raise OSError(number, os.strerror(number))

    with pytest.raises(InstanceError) as caught:
        Runner(run_command).run(["/usr/sbin/postqueue"])
    assert str(caught.value) == "/usr/sbin/postqueue cannot be run: %s. %s" % (os.strerror(number), remedy)


def test_lines_are_consumed_while_the_command_runs() -> None:
    taken: list[bytes] = []

    def run_command(command: list[str], **options: Any) -> tuple[int, str, str]:
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            options["before_communicate_callback"](process)
            return process.wait(), "", ""

    output = Runner(run_command).run(["printf", "a\\nb\\n"], consume=taken.extend)
    assert output == Output(0, "", "")
    assert taken == [b"a\n", b"b\n"]
    Runner(run_command).run(["true"])
