# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the project's checks and tests: every step, or the groups named.

Every step runs, whatever failed before it; the summary at the end has each with its time. Where all run, sanity, which takes
one core for minutes, runs beside those before it.
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
# For a name that only a type checker sees, an import on Python 3.7 is the better proof: see tests.tools.units.
_VERMIN = ("vermin", "--target=3.7-", "--violations", "--no-tips", "--exclude", "typing.Protocol")
_LINT_DOCS = ("antsibull-docs", "lint-collection-docs")
_TOOL = ("python", "-m")
# Starts with the first step where all run.
_BESIDE = "sanity"
# These tests wait about as long as they compute. A file stays in one lab, for its tests share what is in the queues. Which file
# comes first says tests/integration/conftest.py: of how long one takes, the number of its tests says little.
_THREE_LABS = ("pytest", "--numprocesses=3", "--dist=loadfile", "--no-loadscope-reorder")


@dataclass(frozen=True)
class Step:
    """One command of a group."""

    group: str
    name: str
    command: tuple[str, ...]


STEPS = (
    Step("lint", "ruff check", ("ruff", "check")),
    Step("lint", "ruff format", ("ruff", "format", "--check", "--output-format=concise")),
    Step("lint", "function length", (*_TOOL, "tests.tools.function_length")),
    Step("lint", "vermin", (*_VERMIN, "plugins/modules", "plugins/module_utils")),
    Step("lint", "yamllint", ("yamllint", "--strict", ".")),
    Step("lint", "shellcheck", (*_TOOL, "tests.tools.shell_scripts")),
    Step("lint", "mypy plugins", ("mypy", "-p", _PACKAGE)),
    Step("lint", "mypy tests", ("mypy", "tests")),
    Step("lint", "ansible-lint", ("ansible-lint", "--offline", "--strict")),
    Step("docs", "antsibull-changelog", ("antsibull-changelog", "lint")),
    Step("docs", "antsibull-docs", (*_LINT_DOCS, "--plugin-docs", "--validate-collection-refs=self", ".")),
    Step("archive", "archive", (*_TOOL, "tests.tools.archive")),
    Step("units", "units and properties", (*_TOOL, "tests.tools.units")),
    Step("units", "coverage data", ("coverage", "combine", "--quiet")),
    Step("units", "coverage", ("coverage", "report")),
    Step(
        "units",
        "coverage of _format",
        (
            "coverage",
            "report",
            "--include=plugins/module_utils/_format/*,plugins/module_utils/_selection/*,plugins/module_utils/_summary/*,plugins/module_utils/_suggestions/*",
            "--fail-under=100",
        ),
    ),
    Step("sanity", "ansible-test sanity", (*_TOOL, "tests.tools.sanity")),
    Step("integration", "integration", (*_THREE_LABS, "--durations=10", "tests/integration")),
    Step("molecule", "molecule", (*_TOOL, "tests.tools.molecule_on_lab")),
)


@dataclass(frozen=True)
class Outcome:
    """A step that ran: whether its command ended 0, and how many seconds it took."""

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


def _run(step: Step, beside: Future[tuple[Outcome, str]] | None = None) -> Outcome:
    """Run a step, or wait for the end of one that runs already, and show what it says."""
    print(f"\n=== {step.group}: {step.name}: {' '.join(step.command)}", flush=True)
    if beside:
        outcome, output = beside.result()
        print(output, end="")
    else:
        outcome = _outcome(step)
    print(f"=== {outcome}", flush=True)
    return outcome


def _run_all() -> list[Outcome]:
    with _images_being_built(), ThreadPoolExecutor(1) as pool:
        beside = {step: pool.submit(_outcome_and_output, step) for step in STEPS if step.group == _BESIDE}
        return [_run(step, beside.get(step)) for step in STEPS]


@contextlib.contextmanager
def _images_being_built() -> Iterator[None]:
    """Have fleet.sh build the lab's images meanwhile, minutes on a fresh machine; who needs one waits for it there."""
    with (
        (project.CACHE / "images.log").open("wb") as log,
        subprocess.Popen([str(FLEET), "image", *RELEASES], stdin=subprocess.DEVNULL, stdout=log, stderr=log),
    ):
        yield


def main(groups: list[str]) -> int:
    """Return 0 where every step passed; without groups, all run."""
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
