# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the project's checks and tests: all steps, or the steps of the groups that are named.

Every step runs, even if one before it failed. The summary at the end lists each step with its time. If all steps run, sanity, which
takes minutes on one core, runs at the same time as the steps before it; so does what only the last steps need, such as a browser.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO

from tests.fleet.lab import FLEET, RELEASES
from tests.tools import project

_PACKAGE = "ansible_collections.mailops.postfix.plugins"
# vermin does not see that only a type checker uses typing.Protocol; tests.tools.units imports the files on Python 3.7.
_VERMIN = ("vermin", "--target=3.7-", "--violations", "--no-tips", "--exclude", "typing.Protocol")
_LINT_DOCS = ("antsibull-docs", "lint-collection-docs")
_TOOL = ("python", "-m")
# If all steps run, this group starts with the first step.
_BACKGROUND_GROUP = "sanity"
# These tests wait about as long as they compute. The tests of one file run in one lab, because they share its queues. The order of
# the files is in tests/integration/conftest.py: the number of its tests says little about how long a file takes.
_THREE_LABS = ("pytest", "--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")
# These tests need more than the test environment, which takes minutes to install on a fresh machine.
_AUTOMATION = ("tests/tools/setup.sh", "automation")
# The least branch coverage of each room of plugins/module_utils, in percent, as tests.tools.units measures it. The tests of
# tests/integration are not counted. Raise a figure when the coverage has grown.
COVERAGE_FLOORS = {
    "_errors.py": 100,
    "_format": 100,
    "_selection": 100,
    "_summary": 100,
    "_mail_log": 100,
    "_locks": 100,
    "_suggestions": 100,
    "_postfix": 93,
    "_spool": 91,
    "_module": 92,
}


@dataclass(frozen=True)
class Step:
    """One command of a group."""

    group: str
    name: str
    command: tuple[str, ...]


def _coverage_step(room: str, floor: int) -> Step:
    files = f"plugins/module_utils/{room}" + ("" if room.endswith(".py") else "/*")
    return Step("units", f"coverage of {room}", ("coverage", "report", f"--include={files}", f"--fail-under={floor}"))


STEPS = (
    Step("lint", "ruff check", ("ruff", "check")),
    Step("lint", "ruff format", ("ruff", "format", "--check", "--output-format=concise")),
    Step("lint", "lengths", (*_TOOL, "tests.tools.lengths")),
    Step("lint", "vermin", (*_VERMIN, "plugins/modules", "plugins/module_utils")),
    Step("lint", "yamllint", ("yamllint", "--strict", ".")),
    Step("lint", "shellcheck", (*_TOOL, "tests.tools.shell_scripts")),
    Step("lint", "mypy plugins", ("mypy", "-p", _PACKAGE)),
    Step("lint", "mypy tests", ("mypy", "tests", "extensions/eda/plugins")),
    Step("lint", "ansible-lint", ("ansible-lint", "--offline", "--strict")),
    Step("docs", "antsibull-changelog", ("antsibull-changelog", "lint")),
    Step("docs", "changelog", (*_TOOL, "tests.tools.changelog", "--check")),
    Step("docs", "antsibull-docs", (*_LINT_DOCS, "--plugin-docs", "--validate-collection-refs=self", ".")),
    Step("archive", "archive", (*_TOOL, "tests.tools.archive")),
    Step("units", "units and properties", (*_TOOL, "tests.tools.units")),
    Step("units", "coverage data", ("coverage", "combine", "--quiet")),
    Step("units", "coverage", ("coverage", "report")),
    *(_coverage_step(room, floor) for room, floor in COVERAGE_FLOORS.items()),
    Step("sanity", "ansible-test sanity", (*_TOOL, "tests.tools.sanity")),
    Step("integration", "set-up", _AUTOMATION),
    Step("integration", "integration", (*_THREE_LABS, "--durations=10", "tests/integration")),
    Step("molecule", "molecule", (*_TOOL, "tests.tools.molecule_on_lab")),
)


@dataclass(frozen=True)
class Outcome:
    """The result of a step: whether its command ended with status 0, and how many seconds it took."""

    step: Step
    passed: bool
    seconds: float

    def __str__(self) -> str:
        verdict = "ok" if self.passed else "FAILED"
        return f"{verdict:6} {self.seconds:6.1f} s  {self.step.group}: {self.step.name}"


def _outcome(step: Step, output: IO[bytes] | None = None) -> Outcome:
    start = time.monotonic()
    done = subprocess.run(
        step.command, cwd=project.ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
    )
    return Outcome(step, done.returncode == 0, time.monotonic() - start)


def _outcome_and_output(step: Step) -> tuple[Outcome, str]:
    with tempfile.TemporaryFile() as output:
        outcome = _outcome(step, output)
        output.seek(0)
        return outcome, output.read().decode("utf-8", "replace")


def _run(step: Step, started: Future[tuple[Outcome, str]] | None = None) -> Outcome:
    """Run a step and print its output; a step that was started before is waited for."""
    print(f"\n=== {step.group}: {step.name}: {' '.join(step.command)}", flush=True)
    if started:
        outcome, output = started.result()
        print(output, end="")
    else:
        outcome = _outcome(step)
    print(f"=== {outcome}", flush=True)
    return outcome


def _run_all() -> list[Outcome]:
    with _being_made(), ThreadPoolExecutor(1) as pool:
        started = {step: pool.submit(_outcome_and_output, step) for step in STEPS if step.group == _BACKGROUND_GROUP}
        return [_run(step, started.get(step)) for step in STEPS]


@contextlib.contextmanager
def _being_made() -> Iterator[None]:
    """Make what takes minutes on a fresh machine during the block: the images of the lab, and what the last tests need beside.

    A step that needs one waits for it.
    """
    with contextlib.ExitStack() as stack:
        for name, command in (("images", (str(FLEET), "image", *RELEASES)), ("automation", _AUTOMATION)):
            log = stack.enter_context((project.CACHE / f"{name}.log").open("wb"))
            stack.enter_context(
                subprocess.Popen(command, cwd=project.ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
        yield


def main(groups: list[str]) -> int:
    """Run the steps of the groups, without groups all steps; return 0 if every step passed."""
    unknown = set(groups) - {step.group for step in STEPS}
    if unknown:
        print("no such group of steps:", *sorted(unknown), file=sys.stderr)
        return 2
    start = time.monotonic()
    outcomes = [_run(step) for step in STEPS if step.group in groups] if groups else _run_all()
    print("\n=== summary")
    for outcome in outcomes:
        print(outcome)
    failed = [outcome for outcome in outcomes if not outcome.passed]
    print(f"{len(outcomes)} steps in {time.monotonic() - start:.0f} s, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
