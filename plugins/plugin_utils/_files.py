# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The files of runs on the controller: reports, plans, and what a run has done so far.

    DIRECTORY/cleanup-RUN.json, cleanup-RUN.md   a report; cleanup.json and cleanup.md are links to the newest
    DIRECTORY/plans/RUN/HOST.json                the plans of a run; plans/latest is a link to the newest
    DIRECTORY/runs/RUN/*.json                    what a run that is not reported yet has done

A file is made under a name that no other has, and is never written again. Only links are replaced.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping
from urllib.parse import quote

LATEST = "latest"
_DIRECTORY_MODE = 0o700
_FILE_MODE = 0o600
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_BEGUN = "run.json"
# No host's file is called that, for those have a suffix.
_LIMITS = "limits"
# A run of another controller in a shared directory cannot be looked at: after so long it is over.
_FOREIGN_SECONDS = 86400


# --- names ----------------------------------------------------------------------------------------------------------


def new_id() -> str:
    """Return a name for a run, by which runs sort by time: C(20261126T064038.123456Z)."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return "%s.%06dZ" % (time.strftime("%Y%m%dT%H%M%S", time.gmtime(seconds)), microseconds)


def file_name(host: str) -> str:
    """Return the name of a host's file: whatever the host is called, it names a file in the directory, and no other host's."""
    return quote(host, safe=" !#$&'()+,:;=@[]^{}~", errors="surrogateescape") + ".json"


def make_directory(path: Path) -> Path:
    """Make a directory and those above it, for their owner only, where they are missing. What is there already stays as it is."""
    if not path.is_dir():
        make_directory(path.parent)
        with suppress(FileExistsError):
            path.mkdir(_DIRECTORY_MODE)
    return path


def write_new(path: Path, text: str) -> None:
    """Write a file for its owner only. Raises FileExistsError where there is one of that name."""
    with open(os.open(path, _NEW, _FILE_MODE), "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def point_to(link: Path, target: str) -> bool:
    """Have a link point to what is beside it, in one step; return False where something that is no link is in the way.

    A link to something newer stays, by the order of names.
    """
    if link.is_symlink():
        if os.readlink(link) >= target:
            return True
    elif link.exists():
        return False
    made = link.with_name(".%s.%d.%d" % (link.name, os.getpid(), time.time_ns()))
    made.symlink_to(target)
    made.replace(link)
    return True


# --- reports and plans ----------------------------------------------------------------------------------------------


def keep_report(directory: Path, name: str, texts: Mapping[str, str]) -> tuple[Path, list[str]]:
    """Write a report in each of its forms, {suffix: text}.

    Return the path without suffix, and the links to the newest that could not be set because something else has their name.
    """
    make_directory(directory)
    while True:
        stem = "%s-%s" % (name, new_id())
        try:
            for suffix, text in texts.items():
                write_new(directory / (stem + suffix), text)
        except FileExistsError:
            continue
        break
    blocked = [name + suffix for suffix in texts if not point_to(directory / (name + suffix), stem + suffix)]
    return directory / stem, blocked


def keep_plans(
    directory: Path, plans: Mapping[str, Mapping[str, Any]], limits: Mapping[str, Any]
) -> tuple[Path, list[str]]:
    """Write the plans of a run, {host: plan}, and the limits on all of them together.

    Return their directory, and the link that could not be set, if any.
    """
    plans_directory = make_directory(directory / "plans")
    own = _new_directory(plans_directory)
    write_new(own / _LIMITS, json.dumps(limits) + "\n")
    for host, plan in plans.items():
        write_new(own / file_name(host), json.dumps(plan) + "\n")
    return own, [] if point_to(plans_directory / LATEST, own.name) else ["plans/%s" % LATEST]


def locate_plans(path: Path) -> Path:
    """Return the directory that holds the plans: of a directory that has the plans of several runs, those of the newest.

    Raises FileNotFoundError where there is none.
    """
    chosen = path / LATEST if (path / LATEST).is_symlink() else path
    return chosen.resolve(strict=True)


def limits_of_plans(path: Path) -> dict[str, Any]:
    """Return the limits that were kept with plans."""
    return _load(path / _LIMITS) or {}


def _new_directory(parent: Path) -> Path:
    while True:
        path = parent / new_id()
        with suppress(FileExistsError):
            path.mkdir(_DIRECTORY_MODE)
            return path


# --- what a run has done so far -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """A run that was begun and not reported: what it was to do, on which hosts it began, and what its tasks returned there."""

    path: Path
    about: Mapping[str, Any]
    begun: int
    started: frozenset[str]
    results: Mapping[str, Mapping[str, Any]]
    """{host: {step: result}}."""


def begin(directory: Path, about: Mapping[str, Any], results: Mapping[str, Mapping[str, Any]]) -> str:
    """Remember that a run begins, what it is to do, and what it knows already, {host: {step: result}}. Return its name."""
    path = _new_directory(make_directory(directory / "runs"))
    known = {"about": about, "begun": int(time.time()), "process": _process(os.getppid()), "results": _slim(results)}
    write_new(path / _BEGUN, json.dumps(known) + "\n")
    return path.name


def note(directory: Path, run: str, *, started: list[str], results: Mapping[str, Mapping[str, Any]]) -> None:
    """Remember that a run starts to act on hosts, and what its tasks returned on hosts, {host: {step: result}}."""
    text = json.dumps({"started": started, "results": _slim(results)}) + "\n"
    while True:
        with suppress(FileExistsError):
            write_new(directory / "runs" / run / (new_id() + ".json"), text)
            return


def end(directory: Path, run: str) -> None:
    """Forget a run: its report is kept."""
    shutil.rmtree(directory / "runs" / run, ignore_errors=True)


def broken_off(directory: Path) -> Iterator[Run]:
    """Return the runs that began in a directory, were not reported, and do not run any more."""
    for path in sorted((directory / "runs").glob("*/" + _BEGUN)):
        known = _load(path)
        if known and not _alive(known):
            yield _read_run(path.parent, known)


def _read_run(path: Path, known: Mapping[str, Any]) -> Run:
    results: dict[str, dict[str, Any]] = {host: dict(steps) for host, steps in known["results"].items()}
    started: set[str] = set()
    for part in sorted(path.glob("*.json")):
        noted = _load(part) if part.name != _BEGUN else None
        for host, steps in (noted or {}).get("results", {}).items():
            results.setdefault(host, {}).update(steps)
        started.update((noted or {}).get("started", ()))
    return Run(path, known["about"], known["begun"], frozenset(started), results)


def _load(path: Path) -> dict[str, Any] | None:
    """Return a file of ours; None for one that was cut when the run broke off."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) else None


def _slim(results: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return results without what no report shows, which may be large."""
    return {
        host: {step: _slim_result(result) for step, result in steps.items() if result}
        for host, steps in results.items()
    }


def _slim_result(result: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _without_list(key, value) for key, value in result.items() if key not in ("diff", "messages")}


def _without_list(key: str, value: Any) -> Any:
    if key == "plan" and isinstance(value, Mapping):
        return {name: part for name, part in value.items() if name != "messages"}
    return value


def _process(pid: int) -> dict[str, Any]:
    return {"host": socket.gethostname(), "pid": pid, "since": _since(pid)}


def _alive(known: Mapping[str, Any]) -> bool:
    """Return whether the process of a run is there; one of another controller is taken to be so for a while."""
    process = known["process"]
    if process["host"] != socket.gethostname():
        return time.time() - float(known["begun"]) < _FOREIGN_SECONDS
    try:
        os.kill(int(process["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return bool(_since(int(process["pid"])) == process.get("since"))


def _since(pid: int) -> str | None:
    """Return when a process began, as proc(5) has it in field 22; None where there is no such file."""
    try:
        return Path("/proc/%d/stat" % pid).read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
