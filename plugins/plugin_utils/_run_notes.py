# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The notes of a run: what became of each host, written as it happens, so that a run that was cut off can be reported and resumed.

RUN/notes/NUMBER.json, in order. A note is written whole or not at all, and is never changed:

    begin   a process begins to work on the run: what it does, and what is known of its hosts
    start   it starts to act on hosts
    result  what tasks returned on hosts
    wait    it waits for an approval after the canary
    end     it has its report
    merge   what several runs did, of parts of a fleet, which became this one

A host that has a start and no result was being worked on when the process ended: what became of it is unknown until it is asked again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.plugin_utils import (
    _files,
    _processes,
    _run_directory,
    _run_files,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._files import FileError
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.attempts import (
    Attempt,
    HostState,
    merge_attempts,
    state_after,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results, Steps, plan_of
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_directory import RUNS, RunDirectory
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import and_more

_WHAT = "The notes of the run"
_MAX_BYTES = 256 * 1024 * 1024
# What no report shows, and what may be large.
_LEFT_OUT = frozenset(("diff", "messages", "selection", "invocation"))


class RunError(MailopsError):
    """A run that cannot be resumed, or whose notes cannot be read."""


@dataclass
class HostNotes:
    """What the notes say of a host."""

    state: HostState = HostState.PLANNED
    process: int = -1
    """The process of the run that acted on it last, by its number in the run; -1 for none."""
    earlier: dict[str, Any] = field(default_factory=dict)
    """The result of each step, of the processes before that one."""
    current: dict[str, Any] = field(default_factory=dict)
    """The result of each step, of that process."""
    attempts: int = 0
    noted: int = 0
    """When its state was noted, in seconds since the epoch."""

    @property
    def results(self) -> dict[str, Any]:
        """The result of each step, of all processes together."""
        return merge_attempts(Attempt(self.earlier, self.current, self.attempts))

    def start(self, process: int) -> None:
        """Note that a process starts to act on it."""
        if process != self.process:
            self.earlier, self.current = self.results, {}
            self.attempts += 1
        self.state, self.process = HostState.STARTED, process

    def add(self, steps: Steps) -> None:
        """Add what tasks returned."""
        self.current.update({step: result for step, result in steps.items() if result})
        self.state = state_after(self.state, self.current)


@dataclass(frozen=True)
class Process:
    """A process that has worked on a run. begun: seconds since the epoch."""

    process: Mapping[str, Any]
    begun: int
    hosts: frozenset[str]
    is_ended: bool = False

    @property
    def is_running(self) -> bool:
        """Whether it still works on the run."""
        return not self.is_ended and _processes.exists(self.process, noted=self.begun)


@dataclass
class RunNotes:
    """What the notes of a run say. about: what it does. begun: when its first process began, in seconds since the epoch."""

    path: Path
    kind: str = ""
    about: Mapping[str, Any] = field(default_factory=dict)
    begun: int = 0
    processes: list[Process] = field(default_factory=list)
    hosts: dict[str, HostNotes] = field(default_factory=dict)
    waiting: bool = False
    """Whether it waits for an approval after the canary."""

    @property
    def is_interrupted(self) -> bool:
        """Whether a process began, has no report, and no longer exists, and no other one works on the run or has reported on it."""
        last = self.processes[-1] if self.processes else None
        return last is not None and not last.is_ended and not last.is_running

    @property
    def has_nothing_left(self) -> bool:
        """Whether the run was resumed, and the newest process has acted on no host."""
        last = len(self.processes) - 1
        return last > 0 and all(notes.process != last for notes in self.hosts.values())

    @property
    def started(self) -> list[str]:
        """The hosts on which the run began to act, and whose results are unknown."""
        return [host for host, notes in self.hosts.items() if notes.state is HostState.STARTED]

    @property
    def results(self) -> dict[str, dict[str, Any]]:
        """What tasks returned, {host: {step: result}}, of every host of the run."""
        return {host: notes.results for host, notes in self.hosts.items()}

    @property
    def acted_on(self) -> list[str]:
        """The hosts on which the run began to act."""
        return [host for host, notes in self.hosts.items() if notes.attempts]

    def has_messages(self, host: str) -> bool:
        """Return whether there is a plan for a host, and anything in it."""
        plan = plan_of(self.hosts[host].earlier.get("plan") or {}) if host in self.hosts else None
        return plan is not None and plan["counts"]["messages"] > 0

    def hosts_in(self, *states: HostState) -> list[str]:
        """Return the hosts with one of these states."""
        return [host for host, notes in self.hosts.items() if notes.state in states]

    def tried_by_last(self, *states: HostState) -> list[str]:
        """Return the hosts with one of these states that the newest process has acted on."""
        last = len(self.processes) - 1
        return [host for host in self.hosts_in(*states) if self.hosts[host].process == last]


# --- writing --------------------------------------------------------------------------------------------------------


def begin(directory: Path, kind: str, about: Mapping[str, Any], results: Results, *, run: str = "") -> str:
    """Note that a process begins to work on hosts: what it does, and what is known so far, {host: {step: result}}.

    run: the path of a run to go on with. Without it, a new run is made. If this process has begun the run, it only goes on. Return what
    names the run for the other functions: its path. Raises RunError if another process works on one of the hosts.
    """
    chosen = RunDirectory(Path(run)) if run else _run_directory.begin(directory, kind, about)
    this_process = _processes.this_process()
    with _lock(chosen):
        known = read_run(chosen.path)
        last = known.processes[-1] if known.processes else None
        if last is None or last.is_ended or last.process != this_process:
            _refuse_working_twice(known, results)
            note = {"kind": kind, "about": about, "process": this_process, "hosts": _slim(results)}
            _write(chosen, "begin", note)
    return str(chosen.path)


@contextmanager
def _lock(run: RunDirectory) -> Iterator[None]:
    """Let no other process begin to work on a run during the block, where the filesystem has such locks."""
    descriptor = os.open(run.path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def note_start(run: str, hosts: Iterable[str]) -> None:
    """Note that the run starts to act on hosts."""
    _write(RunDirectory(Path(run)), "start", {"hosts": {host: {} for host in hosts}})


def note_results(run: str, results: Results) -> None:
    """Note what tasks returned on hosts, {host: {step: result}}. A host without a result keeps its state."""
    _write(RunDirectory(Path(run)), "result", {"hosts": _slim(results)})


def note_waiting(run: str) -> None:
    """Note that the run waits for an approval after the canary."""
    _write(RunDirectory(Path(run)), "wait", {"hosts": {}})


def note_merged(run: RunDirectory, parts: Iterable[RunNotes], results: Results) -> None:
    """Note what several runs did that become one. results: what is known of every host, {host: {step: result}}."""
    known = list(parts)
    hosts: dict[str, Any] = {host: {"earlier": steps} for host, steps in _slim(results).items()}
    for host, notes in ((host, notes) for part in known for host, notes in part.hosts.items()):
        hosts[host] = {
            "state": notes.state.value,
            "earlier": {**hosts.get(host, {}).get("earlier", {}), **notes.results},
            "attempts": notes.attempts,
            "noted": notes.noted,
        }
    first = next((part for part in known if part.kind), RunNotes(run.path))
    begun = min((part.begun for part in known if part.begun), default=int(time.time()))
    _write(run, "merge", {"kind": first.kind, "about": first.about, "begun": begun, "hosts": hosts})


def end_run(run: str) -> None:
    """Note that the run has its report. A run without plans, which nobody can resume, is deleted. What is no run stays."""
    chosen = RunDirectory(Path(run))
    if chosen.fleet_plan.exists():
        _write(chosen, "end", {"hosts": {}})
    elif chosen.note.is_file():
        shutil.rmtree(chosen.path, ignore_errors=True)


def _refuse_working_twice(known: RunNotes, results: Results) -> None:
    for process in known.processes:
        both = sorted(process.hosts & results.keys())
        if both and process.is_running:
            raise RunError(
                "Process %s on %s works on the run %s, on %s; nothing was touched. Wait until it ends, or end it, then resume the run."
                % (process.process["pid"], process.process["host"], known.path, and_more(both))
            )


def _write(run: RunDirectory, event: str, note: Mapping[str, Any]) -> None:
    """Write a note with the next free number. Raises OSError."""
    notes = run.notes
    notes.mkdir(0o700, exist_ok=True)
    text = json.dumps({"event": event, "at": int(time.time()), **note}) + "\n"
    number = max((int(path.stem) for path in _paths(notes)), default=0) + 1
    # Other processes may write notes, too.
    while not _write_numbered(notes / ("%08d.json" % number), text):
        number += 1
    _sync(notes)


def _write_numbered(path: Path, text: str) -> bool:
    """Write a note, and return whether its number was free."""
    try:
        _run_files.write_new(path, text)
    except FileExistsError:
        return False
    return True


def _sync(directory: Path) -> None:
    """Have the names in a directory on disk, where the filesystem can."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _slim(results: Results) -> dict[str, Any]:
    """Return results without the parts that no report shows and that may be large."""
    return {
        host: {step: _slim_result(result) for step, result in steps.items() if result and not result.get("skipped")}
        for host, steps in results.items()
    }


def _slim_result(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _without_list(key, value) for key, value in result.items() if key not in _LEFT_OUT}


def _without_list(key: str, value: Any) -> Any:
    if key == "plan" and isinstance(value, Mapping):
        return {name: part for name, part in value.items() if name != "messages"}
    return value


# --- reading --------------------------------------------------------------------------------------------------------


def read_run(path: Path) -> RunNotes:
    """Return what the notes of a run say; nothing if no process has begun. Raises FileError and RunError."""
    notes = RunNotes(path)
    for note_path in _paths(RunDirectory(path).notes):
        note = _read_note(note_path)
        try:
            _apply(notes, note)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise RunError(
                "%s: %s is no note that this version of the collection knows (%r); nothing was touched. Use the version that wrote it, or "
                "move the directory of the run away." % (_WHAT, note_path, error)
            ) from error
    return notes


def interrupted_runs(directory: Path) -> Iterator[RunNotes]:
    """Yield the runs of a directory that were interrupted and that nobody has reported on. Raises FileError and RunError."""
    for notes in sorted((directory / RUNS).glob("*/notes")):
        path = notes.parent
        try:
            # Of the many runs that have their report, only one note is read.
            run = None if path.is_symlink() or _has_report(notes) else read_run(path)
        except FileError:
            # Another controller removes a run without plans when it has its report.
            if path.exists():
                raise
            continue
        if run is not None and run.is_interrupted:
            yield run


def _has_report(notes: Path) -> bool:
    """Return whether the newest note says that the run has its report."""
    return any(_read_note(path).get("event") == "end" for path in _paths(notes)[-1:])


def _read_note(path: Path) -> dict[str, Any]:
    return _files.read_json(path, most=_MAX_BYTES, what=_WHAT)


def _paths(notes: Path) -> list[Path]:
    return sorted(path for path in notes.glob("*.json") if path.stem.isdecimal())


def _apply(run: RunNotes, note: Mapping[str, Any]) -> None:
    _EVENTS[note["event"]](run, note)
    for host in note["hosts"]:
        run.hosts[host].noted = run.hosts[host].noted or note["at"]


def _apply_begin(run: RunNotes, note: Mapping[str, Any]) -> None:
    run.kind, run.about, run.waiting = note["kind"], note["about"], False
    run.begun = run.begun or note["at"]
    run.processes.append(Process(note["process"], note["at"], frozenset(note["hosts"])))
    for host, steps in note["hosts"].items():
        known = run.hosts.setdefault(host, HostNotes())
        known.earlier.update({step: result for step, result in steps.items() if step not in known.earlier})


def _apply_start(run: RunNotes, note: Mapping[str, Any]) -> None:
    for host in note["hosts"]:
        run.hosts.setdefault(host, HostNotes()).start(len(run.processes) - 1)


def _apply_result(run: RunNotes, note: Mapping[str, Any]) -> None:
    for host, steps in note["hosts"].items():
        known = run.hosts.setdefault(host, HostNotes())
        known.add(steps)
        known.noted = note["at"]


def _apply_wait(run: RunNotes, _note: Mapping[str, Any]) -> None:
    run.waiting = True


def _apply_end(run: RunNotes, _note: Mapping[str, Any]) -> None:
    run.processes[-1:] = [replace(process, is_ended=True) for process in run.processes[-1:]]


def _apply_merge(run: RunNotes, note: Mapping[str, Any]) -> None:
    run.kind, run.about, run.begun = note["kind"], note["about"], note["begun"]
    for host, known in note["hosts"].items():
        state = HostState(known.get("state", HostState.PLANNED.value))
        run.hosts[host] = HostNotes(
            state, earlier=known["earlier"], attempts=known.get("attempts", 0), noted=known.get("noted", 0)
        )


_EVENTS: Mapping[str, Callable[[RunNotes, Mapping[str, Any]], None]] = {
    "begin": _apply_begin,
    "start": _apply_start,
    "result": _apply_result,
    "wait": _apply_wait,
    "end": _apply_end,
    "merge": _apply_merge,
}
