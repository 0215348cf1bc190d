# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools import project, pythons, units
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
        pytest.param(
            10,
            [*("--ignore=" + path for path in units.MODULE_UTILS_TESTS), *units.CONTROLLER_TESTS],
            id="the oldest Python of a controller",
        ),
        pytest.param(12, [*units.MODULE_TESTS], id="a newer Python of a controller"),
    ],
)
def test_each_python_runs_the_tests_that_it_can(ran: list[list[str]], minor: int, tests: list[str]) -> None:
    python = Python(minor, Path("/usr/bin/python"))
    assert units._test(python, oldest=7).returncode == 0  # noqa: SLF001  what it runs is what is tested
    [command] = ran
    assert command[-len(tests) :] == tests
    assert all("--ignore=" + path in command for path in units.LONG_TESTS)


def test_every_test_runs_on_the_python_of_the_test_environment(
    ran: list[list[str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(pythons, "find_all", lambda: [Python(minor, tmp_path) for minor in (7, 10, 13)])
    monkeypatch.setattr(project, "CACHE", tmp_path)
    monkeypatch.setattr(units, "_own_directory", lambda _environment: {})
    titles, runs = zip(*units._runs())  # noqa: SLF001  what it runs is what is tested
    assert len(titles) == 2 + len({7, 10, 13} - {sys.version_info.minor})
    for run in runs[:2]:
        assert run().returncode == 0
    _erase, covered, others = ran
    assert [command[0] for command in ran] == [sys.executable] * 3
    assert covered[covered.index("coverage") + 1] == "run"
    left_out = [argument[len("--ignore=") :] for argument in covered if argument.startswith("--ignore=")]
    assert covered[-1:] == [*units.CONTROLLER_TESTS]
    assert not set(left_out) - set(others)
    assert {*units.PROPERTIES} <= {*others}


def test_an_old_python_gets_no_controller() -> None:
    for minor, as_target in ((9, True), (10, False)):
        python = Python(minor, Path("/usr/bin/python"))
        *_others, install = units._environment_commands(python, Path("/x"))  # noqa: SLF001
        assert install[-1] == "ansible-core == %s.*" % units.ANSIBLE_CORE[minor]
        assert ("--no-deps" in install) is as_target
