# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils import _run_notes
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.interrupted import interrupted_report

# No process has that number: it is above what Linux ever gives out.
NOBODY = 1 << 30
SUMS = {"messages": 3, "bytes": 3, "recipients": 3, "partial": 0}
PREVIEW: dict[str, Any] = {"ansible_facts": {"postfix_queue": {"matched": SUMS, "total": SUMS, "top": {}}}}
QUARANTINED = {"changed": True, "path": "/q/x", "down": 1.0, "quarantined": SUMS}
# what is known of a host, whether the run had started there, state
INTERRUPTED: list[tuple[dict[str, Any], bool, str]] = [
    ({}, False, "stopped"),
    ({}, True, "unknown"),
    ({"quarantine": QUARANTINED}, True, "quarantined"),
    ({"quarantine": QUARANTINED, "preview": PREVIEW}, True, "unknown"),
    ({"quarantine": QUARANTINED, "preview": PREVIEW, "restore": {"restored": SUMS, "outcomes": {}}}, True, "restored"),
]


@pytest.mark.parametrize(("steps", "started", "state"), INTERRUPTED)
def test_an_emergency_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: dict[str, Any], started: bool, state: str
) -> None:
    monkeypatch.setattr(os, "getppid", lambda: NOBODY)
    about = {"name": "x", "reason": None, "rules": True, "must_run": True}
    path = _run_notes.begin(tmp_path, "quarantine", about, {"mx01": {}})
    if started:
        _run_notes.note_start(path, ["mx01"])
    _run_notes.note_results(path, {"mx01": steps})
    (run,) = _run_notes.interrupted_runs(tmp_path)
    (row,) = interrupted_report(run, created=50)["hosts"]
    assert row["state"] == state


@pytest.mark.parametrize(("started", "state"), [(False, "stopped"), (True, "unknown")])
def test_a_lockout_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: bool, state: str
) -> None:
    monkeypatch.setattr(os, "getppid", lambda: NOBODY)
    about = {"locks": [{"sasl_username": "stolen@example.com"}], "cleanup": "purge", "since": "1d"}
    path = _run_notes.begin(tmp_path, "lockout", about, {"mx01": {}})
    if started:
        _run_notes.note_start(path, ["mx01"])
    _run_notes.note_results(path, {"mx01": {"lock": {"locks": []}}})
    (run,) = _run_notes.interrupted_runs(tmp_path)
    report = interrupted_report(run, created=50)
    assert [row["state"] for row in report["hosts"]] == [state]
    assert report["locks"] == [{"lock": {"sasl_username": "stolen@example.com"}, "queue": None, "log": None}]


def test_a_run_of_no_known_kind_is_refused(tmp_path: Path) -> None:
    run = _run_notes.RunNotes(tmp_path, "x")
    with pytest.raises(ValueError, match=r": 'x' is no kind of run; known are cleanup, lockout, quarantine\.$"):
        interrupted_report(run, created=5)
