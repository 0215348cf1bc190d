# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The directory of a run on the controller: its plans, its approval, and what happened.

DIRECTORY/runs/RUN/run.json             what the run is: kind, about, begun, process
DIRECTORY/runs/RUN/plans/HOST.json      the plan of each host
DIRECTORY/runs/RUN/fleet_plan.json      the plans together, with one digest (see _fleet_plan.py)
DIRECTORY/runs/RUN/approval.json[.sig]  who approved that digest (see _approval.py), and the signature
DIRECTORY/runs/RUN/notes/*.json         what happened
DIRECTORY/runs/latest                   a link to the newest run that made plans
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils import _processes, _run_files
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError

RUNS = "runs"
_FLEET_PLAN = "fleet_plan.json"


@dataclass(frozen=True)
class RunDirectory:
    """The directory of a run. path: absolute, and no link."""

    path: Path

    @property
    def name(self) -> str:
        """The name of the run, by which runs sort by time."""
        return self.path.name

    @property
    def note(self) -> Path:
        """The file that says what the run is."""
        return self.path / _run_files.RUN_NOTE

    @property
    def plans(self) -> Path:
        """The directory of the plans."""
        return self.path / "plans"

    @property
    def fleet_plan(self) -> Path:
        """The file of the fleet plan."""
        return self.path / _FLEET_PLAN

    @property
    def approval(self) -> Path:
        """The file of the approval."""
        return self.path / "approval.json"

    @property
    def signature(self) -> Path:
        """The file of the signature of the approval."""
        return signature_of(self.approval)

    @property
    def notes(self) -> Path:
        """The directory of the notes on what happened."""
        return self.path / "notes"

    def plan_of(self, host: str) -> Path:
        """Return the file of a host's plan."""
        return self.plans / _run_files.file_name(host)


def signature_of(path: Path) -> Path:
    """Return the file that has the signature of another file, as ssh-keygen(1) names it."""
    return path.with_name(path.name + ".sig")


def begin(directory: Path, kind: str, about: Mapping[str, Any]) -> RunDirectory:
    """Make the directory of a run that begins, and note what the run is. directory: of all runs and reports. Raises OSError."""
    run = RunDirectory(_run_files.new_directory(_run_files.make_directory(directory.absolute() / RUNS)))
    for path in (run.plans, run.notes):
        _run_files.make_directory(path)
    note = {"kind": kind, "about": about, "begun": int(time.time()), "process": _processes.this_process()}
    _run_files.write_new(run.note, json.dumps(note) + "\n")
    return run


def set_latest(run: RunDirectory) -> bool:
    """Let the link to the newest plan point to a run. Return False if something that is no link has its name. Raises OSError."""
    return _run_files.set_link(run.path.with_name(_run_files.LATEST), run.name)


def find(path: Path) -> RunDirectory:
    """Return the run that a path names: its directory, the directory of all runs, or that of all reports (the newest plan in it).

    Raises FileError if there is no fleet plan.
    """
    candidates = (path, path / _run_files.LATEST, path / RUNS / _run_files.LATEST)
    for candidate in candidates:
        if (candidate / _FLEET_PLAN).is_file():
            return RunDirectory(candidate.resolve())
    raise FileError(
        "There is no fleet plan in %s; nothing was touched. The playbook mailops.postfix.plan makes one, and shows its directory. Give "
        "that directory as queue_cleanup_run." % path
    )
