# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unit and property tests on every Python found, each in an environment of its own.

Each Python has a release of ansible-core that supports it as a target. MODULE_TESTS, which run every module, run on every Python.
HOST_TESTS cover all the code for managed hosts, and run on the oldest Python, with PROPERTIES. The oldest that can be a controller runs
the rest of tests/unit. The Python of the test environment runs everything and measures branch coverage of the unit tests. What differs
between two Pythons seldom works on both neighbours of one in between, and ansible-test sanity compiles and imports every file there.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tools import project, pythons

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MODULE_TESTS = ("tests/unit/plugins/modules",)
MODULE_UTILS_TESTS = ("tests/unit/plugins/module_utils",)
HOST_TESTS = MODULE_UTILS_TESTS + MODULE_TESTS
CONTROLLER_TESTS = ("tests/unit",)
PROPERTIES = ("tests/property",)
# These tests take long. They run once and without coverage, because they reach no code that the others leave out; the properties, too.
LONG_TESTS = ("tests/unit/suggestions", "tests/unit/suspects", "tests/faults")
# The release of ansible-core for each minor version of Python 3. From Python 3.10 on it can also be the controller.
ANSIBLE_CORE = {7: "2.17", 8: "2.19", 9: "2.21", 10: "2.17", 11: "2.18", 12: "2.20", 13: "2.21", 14: "2.21"}
FIRST_CONTROLLER_MINOR = 10

_REQUIREMENTS = project.ROOT / "tests/requirements/units.txt"
_PYTEST = ("-m", "pytest", "-q")
# The test environment tries a hundred examples of each property. The oldest Python tries fewer: differences between Pythons seldom
# depend on the example, and its release of hypothesis is several times slower.
_FEWER_EXAMPLES = {"MAILOPS_EXAMPLES": "20"}


@dataclass(frozen=True)
class Outcome:
    """The result of the tests on one Python: exit status, output, and how many seconds they took."""

    title: str
    status: int
    output: str
    seconds: float


def _run(command: list[str], environment: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=project.ROOT,
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )


def _environment_commands(python: pythons.Python, environment: Path) -> list[list[str]]:
    # Python compiles a file when it is first used.
    options = ("--quiet", "--disable-pip-version-check", "--no-compile")
    pip = [str(environment / "bin/python"), "-m", "pip", "install", *options]
    core = f"ansible-core == {ANSIBLE_CORE[python.minor]}.*"
    # Older Pythons cannot be a controller; they use only its module_utils, as a managed host does.
    as_target = ["--no-deps", "--ignore-requires-python"]
    return [
        [str(python.path), "-m", "venv", "--clear", str(environment)],
        [*pip, "-r", str(_REQUIREMENTS)],
        [*pip, *(as_target if python.minor < FIRST_CONTROLLER_MINOR else []), core],
    ]


def _set_up(python: pythons.Python) -> tuple[Path, subprocess.CompletedProcess[str] | None]:
    """Return the interpreter of an environment for a Python, and the failed command if the environment cannot be made."""
    environment = project.CACHE / "units" / python.version
    stamp = environment / "stamp"
    made_from = f"{environment} {python.path} {ANSIBLE_CORE[python.minor]} {_REQUIREMENTS.read_text()}"
    if not stamp.exists() or stamp.read_text() != made_from:
        for command in _environment_commands(python, environment):
            done = _run(command)
            if done.returncode:
                return environment / "bin/python", done
        stamp.write_text(made_from)
    return environment / "bin/python", None


def _present(tests: tuple[str, ...]) -> list[str]:
    return [path for path in tests if (project.ROOT / path).exists()]


def _without(tests: tuple[str, ...]) -> list[str]:
    return [f"--ignore={path}" for path in tests]


def _tests_of(minor: int, *, oldest: int) -> list[str]:
    """Return the arguments for the tests of a Python that is not the one of the test environment."""
    if minor == oldest:
        return _present((*(HOST_TESTS if minor < FIRST_CONTROLLER_MINOR else CONTROLLER_TESTS), *PROPERTIES))
    if minor == FIRST_CONTROLLER_MINOR:
        return [*_without(MODULE_UTILS_TESTS), *_present(CONTROLLER_TESTS)]
    return _present(MODULE_TESTS)


def _test(python: pythons.Python, *, oldest: int) -> subprocess.CompletedProcess[str]:
    interpreter, failure = _set_up(python)
    if failure:
        return failure
    # Each Python has its own cache, because several run at the same time.
    own_cache = ("-o", f"cache_dir={interpreter.parents[1] / 'pytest'}")
    return _run(
        [str(interpreter), *_PYTEST, *_without(LONG_TESTS), *own_cache, *_tests_of(python.minor, oldest=oldest)],
        {**_FEWER_EXAMPLES, **_own_directory(interpreter.parents[1])},
    )


def _own_directory(environment: Path) -> dict[str, str]:
    """Return the environment variable that gives pytest its own temporary directory; pytest removes old ones of others."""
    directory = environment / "tmp"
    directory.mkdir(exist_ok=True)
    return {"PYTEST_DEBUG_TEMPROOT": str(directory)}


def _test_with_coverage() -> subprocess.CompletedProcess[str]:
    coverage = [sys.executable, "-m", "coverage"]
    _run([*coverage, "erase"])
    return _run([*coverage, "run", *_PYTEST, *_without(LONG_TESTS), *_present(CONTROLLER_TESTS)])


def _test_without_coverage() -> subprocess.CompletedProcess[str]:
    directory = project.CACHE / "units" / "long"
    directory.mkdir(parents=True, exist_ok=True)
    own_cache = ("-o", f"cache_dir={directory / 'pytest'}")
    return _run(
        [sys.executable, *_PYTEST, *own_cache, *_present(PROPERTIES + LONG_TESTS)],
        _own_directory(directory),
    )


def _outcome(title: str, run: Callable[[], subprocess.CompletedProcess[str]]) -> Outcome:
    start = time.monotonic()
    done = run()
    return Outcome(title, done.returncode, done.stdout, time.monotonic() - start)


def _runs() -> list[tuple[str, Callable[[], subprocess.CompletedProcess[str]]]]:
    """Return the title and the function of each run. The slowest one starts first, so that it does not run alone at the end."""
    minor = sys.version_info.minor
    own = f"Python 3.{minor}, the newest ansible-core"
    others = [python for python in pythons.find_all() if python.minor != minor]
    oldest = min([minor, *(python.minor for python in others)])
    return [
        (f"{own}, coverage", _test_with_coverage),
        (f"{own}, long tests", _test_without_coverage),
        *(
            (
                f"Python {python.version}, ansible-core {ANSIBLE_CORE[python.minor]}",
                partial(_test, python, oldest=oldest),
            )
            for python in others
        ),
    ]


def main() -> int:
    """Return 0 if the tests passed on every Python found. The one that runs this is always among them."""
    runs = _runs()
    outcomes = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for outcome in pool.map(lambda run: _outcome(*run), runs):
            outcomes.append(outcome)
            print(f"-- {outcome.title} ({outcome.seconds:.0f} s)\n{outcome.output.rstrip()}", flush=True)
    failed = [f"{outcome.title}: exit status {outcome.status}" for outcome in outcomes if outcome.status]
    print("-- ran:", *(title for title, _run in runs), sep="\n")
    for title in failed:
        print(f"-- FAILED: {title}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
