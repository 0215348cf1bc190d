# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fleet.lab import RELEASES
from tests.tools import project, steps
from tests.tools.steps import COVERAGE_FLOORS, Outcome, Step

if TYPE_CHECKING:
    from pathlib import Path


def test_each_room_of_module_utils_has_a_coverage_floor() -> None:
    directory = project.ROOT / "plugins/module_utils"
    rooms = {path.name for path in directory.iterdir() if path.suffix == ".py" or list(path.glob("*.py"))}
    assert set(COVERAGE_FLOORS) == rooms


def test_a_floor_is_checked_for_the_files_of_its_room() -> None:
    commands = {step.name: step.command for step in steps.STEPS}
    for room, files in (("_errors.py", "_errors.py"), ("_format", "_format/*")):
        assert commands["coverage of " + room] == (
            "coverage",
            "report",
            "--include=plugins/module_utils/" + files,
            "--fail-under=100",
        )


def test_what_takes_minutes_is_made_during_the_other_steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project, "CACHE", tmp_path)
    monkeypatch.setattr(steps, "FLEET", "echo")
    monkeypatch.setattr(steps, "_AUTOMATION", ("sh", "-c", "echo set up; exit 1"))
    with steps._being_made():  # noqa: SLF001
        pass
    assert (tmp_path / "images.log").read_text(encoding="utf-8").split() == ["image", *RELEASES]
    assert (tmp_path / "automation.log").read_text(encoding="utf-8") == "set up\n"
    # A step says if it failed.
    names = [step.name for step in steps.STEPS if step.group == "integration"]
    assert names == ["set-up", "integration"]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list of the steps that run; those of the group docs fail."""
    names: list[str] = []

    def run(step: Step, *_started: object) -> Outcome:
        names.append(step.name)
        return Outcome(step, step.group != "docs", 1.0)

    monkeypatch.setattr(steps, "_run", run)
    monkeypatch.setattr("tests.tools.steps.time.monotonic", lambda: 0.0)
    return names


def test_the_steps_of_the_named_groups_run(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main(["archive"]) == 0
    assert ran == ["archive"]
    assert "ok        1.0 s  archive: archive\n1 steps in 0 s, 0 failed\n" in capsys.readouterr().out


def test_every_step_runs_even_if_one_before_it_failed(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main(["archive", "docs"]) == 1
    assert ran == ["antsibull-changelog", "changelog", "antsibull-docs", "archive"]
    assert capsys.readouterr().out.endswith("4 steps in 0 s, 3 failed\n")


def test_an_unknown_group_is_refused(ran: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert steps.main(["units", "unit"]) == 2
    assert ran == []
    assert capsys.readouterr().err == "no such group of steps: unit\n"
