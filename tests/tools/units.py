# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unit and property tests on every Python found, each in an environment of its own.

What runs on managed hosts (HOST_TESTS) is tested on all of them, each with a release of ansible-core that supports it as
a target; the properties on the oldest of them only. The rest of tests/unit runs where that ansible-core works as a controller.
The Python of the test environment runs everything, and also measures branch coverage.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.tools import project, pythons

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST_TESTS = ("tests/unit/plugins/module_utils", "tests/unit/plugins/modules")
CONTROLLER_TESTS = ("tests/unit",)
PROPERTIES = ("tests/property",)
# What computes for long runs once, and without coverage: it covers nothing that the others leave out.
LONG_TESTS = ("tests/unit/suggestions", "tests/faults")
# Each release from 2.17 on serves some Python; on those from 3.10 on it can be the controller too.
ANSIBLE_CORE = {7: "2.17", 8: "2.19", 9: "2.21", 10: "2.17", 11: "2.18", 12: "2.20", 13: "2.21", 14: "2.21"}
FIRST_CONTROLLER_MINOR = 10

_REQUIREMENTS = project.ROOT / "tests/requirements/units.txt"
_PYTEST = ("-m", "pytest", "-q")
_WITHOUT_LONG_TESTS = tuple(f"--ignore={path}" for path in LONG_TESTS)
# One Python tries a hundred examples of each property. What differs between Pythons seldom depends on the example, and the release
# of hypothesis for the oldest is several times slower.
_FEWER_EXAMPLES = {"MAILOPS_EXAMPLES": "20"}


@dataclass(frozen=True)
class Outcome:
    """What came of one Python: its exit status, what it printed, and how many seconds it took."""

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
    # Python compiles what is used when it is used.
    options = ("--quiet", "--disable-pip-version-check", "--no-compile")
    pip = [str(environment / "bin/python"), "-m", "pip", "install", *options]
    core = f"ansible-core == {ANSIBLE_CORE[python.minor]}.*"
    # Older Pythons get its module_utils only, which is what they run on a managed host.
    as_target = ["--no-deps", "--ignore-requires-python"]
    return [
        [str(python.path), "-m", "venv", "--clear", str(environment)],
        [*pip, "-r", str(_REQUIREMENTS)],
        [*pip, *(as_target if python.minor < FIRST_CONTROLLER_MINOR else []), core],
    ]


def _set_up(python: pythons.Python) -> tuple[Path, subprocess.CompletedProcess[str] | None]:
    """Return the interpreter of an environment for this Python, and what failed in making it, if anything did."""
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


def _test(python: pythons.Python, *, properties: bool) -> subprocess.CompletedProcess[str]:
    interpreter, failure = _set_up(python)
    if failure:
        return failure
    tests = HOST_TESTS if python.minor < FIRST_CONTROLLER_MINOR else CONTROLLER_TESTS
    # A cache of its own, because others run at the same time.
    own_cache = ("-o", f"cache_dir={interpreter.parents[1] / 'pytest'}")
    return _run(
        [str(interpreter), *_PYTEST, *_WITHOUT_LONG_TESTS, *own_cache, *_present(tests + PROPERTIES * properties)],
        {**_FEWER_EXAMPLES, **_own_directory(interpreter.parents[1])},
    )


def _own_directory(environment: Path) -> dict[str, str]:
    """Return what has pytest make its temporary directories where no other session looks for old ones at the same time."""
    directory = environment / "tmp"
    directory.mkdir(exist_ok=True)
    return {"PYTEST_DEBUG_TEMPROOT": str(directory)}


def _test_with_coverage() -> subprocess.CompletedProcess[str]:
    coverage = [sys.executable, "-m", "coverage"]
    _run([*coverage, "erase"])
    covered = _run([*coverage, "run", *_PYTEST, *_WITHOUT_LONG_TESTS, *_present(CONTROLLER_TESTS + PROPERTIES)])
    others = _run([sys.executable, *_PYTEST, *_present(LONG_TESTS)])
    others.returncode = covered.returncode or others.returncode
    others.stdout = covered.stdout + others.stdout
    return others


def _outcome(python: pythons.Python, *, oldest: bool) -> Outcome:
    start = time.monotonic()
    if python.minor == sys.version_info.minor:
        title = f"Python {python.version}, the newest ansible-core, coverage"
        done = _test_with_coverage()
    else:
        title = f"Python {python.version}, ansible-core {ANSIBLE_CORE[python.minor]}"
        done = _test(python, properties=oldest)
    return Outcome(title, done.returncode, done.stdout, time.monotonic() - start)


def main() -> int:
    """Return 0 where every Python found passed; there is always at least the one that runs this."""
    found = {python.minor: python for python in pythons.find_all()}
    found[sys.version_info.minor] = pythons.Python(sys.version_info.minor, Path(sys.executable))
    # The slowest comes first, so that nothing waits for it at the end.
    order = sorted(found.values(), key=lambda python: (python.minor != sys.version_info.minor, python.minor))
    outcomes = []
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for outcome in pool.map(lambda python: _outcome(python, oldest=python.minor == min(found)), order):
            outcomes.append(outcome)
            print(f"-- {outcome.title} ({outcome.seconds:.0f} s)\n{outcome.output.rstrip()}", flush=True)
    failed = [f"{outcome.title}: exit status {outcome.status}" for outcome in outcomes if outcome.status]
    print(f"-- ran on {', '.join(sorted((p.version for p in order), key=lambda v: int(v[2:])))}")
    for title in failed:
        print(f"-- FAILED on {title}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
