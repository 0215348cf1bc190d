# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.tools import units
from tests.tools.pythons import Python


@pytest.fixture
def ran(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the list of the commands that run, in an environment that needs no set-up."""
    commands: list[list[str]] = []
    interpreter = tmp_path / "bin/python"

    def run(command: list[str], *_environment: object) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(units, "_run", run)
    monkeypatch.setattr(units, "_set_up", lambda _python: (interpreter, None))
    return commands


@pytest.mark.parametrize(
    ("minor", "tests"),
    [
        pytest.param(7, [*units.HOST_TESTS, *units.PROPERTIES], id="the oldest Python"),
        pytest.param(9, [*units.MODULE_TESTS], id="a Python of managed hosts"),
        pytest.param(10, [*units.CONTROLLER_TESTS], id="the oldest Python of a controller"),
        pytest.param(12, [*units.MODULE_TESTS], id="a newer Python of a controller"),
    ],
)
def test_each_python_runs_the_tests_that_it_can(ran: list[list[str]], minor: int, tests: list[str]) -> None:
    python = Python(minor, Path("/usr/bin/python"))
    assert units._test(python, oldest=7).returncode == 0  # noqa: SLF001  what it runs is what is tested
    [command] = ran
    assert command[-len(tests) :] == tests
    assert all("--ignore=" + path in command for path in units.LONG_TESTS)


def test_an_old_python_gets_no_controller() -> None:
    for minor, as_target in ((9, True), (10, False)):
        python = Python(minor, Path("/usr/bin/python"))
        *_others, install = units._environment_commands(python, Path("/x"))  # noqa: SLF001
        assert install[-1] == "ansible-core == %s.*" % units.ANSIBLE_CORE[minor]
        assert ("--no-deps" in install) is as_target
