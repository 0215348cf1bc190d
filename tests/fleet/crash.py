# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a module at every step that changes something on disk, again and again, and look whether any message was lost.

    python3 -I crash.py TREE MODULE < SCENARIO.json > RESULTS.json

Runs inside a host, with nothing but Python 3.9. A step is a call that renames, links, removes, makes, writes or syncs, or that
starts a command. A run is killed just before its N-th step, for N = FIRST, FIRST + STRIDE, ... until a run gets through; after
each the module runs once more, undisturbed, and the messages in the queue and the quarantines are counted.

A scenario has the quarantine that is looked at and all others, the arguments of runs that prepare it, of the one that is killed, and of
those between that and the next, and whether somebody empties pid/ after the kill.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Callable

# With -I Python looks nowhere else.
sys.path.insert(0, str(Path(__file__).parent))
run_modules: Any = importlib.import_module("run_modules")

SPOOL = Path("/var/spool/postfix")
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold")
LOGS = ("bounce", "defer", "trace")
STEPS = (
    "rename",
    "link",
    "unlink",
    "mkdir",
    "rmdir",
    "fsync",
    "pwrite",
    "ftruncate",
    "write",
    "fchmod",
    "fchown",
    "utime",
    "fork",
)


class Killer:
    """Counts steps and ends the process just before one of them."""

    def __init__(self, step: int) -> None:
        self._left = step
        self._process = os.getpid()

    def __call__(self, what: str) -> None:
        # What the module forks, the one that stands by, lives.
        if os.getpid() == self._process:
            self._left -= 1
            if not self._left:
                print("killed before", what, file=sys.stderr, flush=True)
                os.kill(self._process, signal.SIGKILL)

    def before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with a step before it."""

        def stepping(*arguments: Any, **named: Any) -> Any:
            self("%s%r" % (function.__name__, arguments[1:]))
            return function(*arguments, **named)

        return stepping


def _arm(step: int) -> None:
    killer = Killer(step)
    for name in STEPS:
        setattr(os, name, killer.before(getattr(os, name)))
    moves: Any = importlib.import_module("ansible_collections.mailops.postfix.plugins.module_utils._spool.moves")
    moves.renameat2 = killer.before(moves.renameat2)
    subprocess.Popen.__init__ = killer.before(subprocess.Popen.__init__)  # type: ignore[method-assign]


def run(tree: str, module: str, arguments: dict[str, Any], step: int = 0) -> tuple[int, dict[str, Any]]:
    """Run the module, killed before that step unless it is 0; return how it ended and its result."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if not process:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            if step:
                _arm(step)
            run_modules.run_here(tree, module, arguments)
        _process, status = os.waitpid(process, 0)
        out.seek(0)
        err.seek(0)
        text, trouble = (file.read().decode("utf-8", "replace").strip() for file in (out, err))
    return status, json.loads(text) if text.startswith("{") else {"msg": trouble}


def _files(root: Path, names: tuple[str, ...]) -> list[Path]:
    return [path for name in names for path in (root / name).rglob("*") if path.is_file() and not path.is_symlink()]


def messages(quarantines: list[Path]) -> list[str]:
    """Return the digests of all messages in the queue and the quarantines, sorted: a multiset."""
    found = [path for root in (SPOOL, *quarantines) for path in _files(root, QUEUES)]
    return sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in found)


def stray_logs(quarantines: list[Path]) -> list[str]:
    """Return the logs without a message."""
    strays = []
    for root in (SPOOL, *quarantines):
        known = {path.name for path in _files(root, QUEUES)}
        strays += [str(path) for path in _files(root, LOGS) if path.name not in known]
    return strays


def _reset(keep: Path, quarantines: list[Path]) -> None:
    """Bring the queues and the quarantines back to what they were."""
    if not _runs():
        subprocess.run(["postfix", "start"], check=True, capture_output=True)
    for root in (SPOOL, *quarantines):
        for path in (*_files(root, QUEUES), *_files(root, LOGS)):
            path.unlink()
    for quarantine in quarantines:
        shutil.rmtree(quarantine, ignore_errors=True)
    _empty_pid()
    for path in (path for path in keep.rglob("*") if path.is_file()):
        place = SPOOL / path.relative_to(keep)
        if not place.parent.exists():
            place.parent.mkdir(mode=0o700)
            shutil.chown(place.parent, "postfix", "root")
        # A hard link is the same file under the same name: nothing is renamed, and nothing is copied.
        os.link(path, place)


def _empty_pid() -> None:
    """Remove all that is the module's in pid/."""
    for path in (SPOOL / "pid").glob("mailops*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _keep(keep: Path) -> None:
    shutil.rmtree(keep, ignore_errors=True)
    for path in (*_files(SPOOL, QUEUES), *_files(SPOOL, LOGS)):
        place = keep / path.relative_to(SPOOL)
        place.parent.mkdir(parents=True, exist_ok=True)
        os.link(path, place)


def _runs() -> bool:
    """Return whether Postfix runs: the master has its pid file locked (src/master/master.c)."""
    with (SPOOL / "pid" / "master.pid").open() as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _wait_for_postfix() -> bool:
    """Wait until the one that stands by has done its work, and return whether Postfix runs."""
    deadline = time.monotonic() + 120
    while not _runs():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def crash(tree: str, module: str, scenario: dict[str, Any]) -> dict[str, Any]:
    """Kill the module before one step after the other; return how often, and what went wrong."""
    quarantines = _quarantines(scenario)
    keep = Path("/var/spool/mailops.keep")
    _keep(keep)
    before = messages(quarantines)
    wrong: list[str] = []
    kills, step = 0, scenario["first"]
    while True:
        _reset(keep, quarantines)
        for arguments in scenario["prepare"]:
            status, result = run(tree, module, arguments)
            if status:
                wrong.append("step %d: the preparation failed: %s" % (step, result.get("msg")))
        status, result = run(tree, module, scenario["arguments"], step)
        if not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL):
            wrong += ["the undisturbed run failed: %s" % result.get("msg")] if status else []
            break
        kills += 1
        wrong += [
            "step %d, %s: %s" % (step, result["msg"].strip(), problem)
            for problem in _look_after(tree, module, scenario, before)
        ]
        step += scenario["stride"]
    _reset(keep, quarantines)
    shutil.rmtree(keep)
    return {"kills": kills, "steps": step, "wrong": wrong}


def _quarantines(scenario: dict[str, Any]) -> list[Path]:
    return [Path(path) for path in (scenario["quarantine"], *scenario["others"])]


def _undisturbed(tree: str, module: str, arguments: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Run the module as soon as it may: the one that stands by shares the lock until it is done."""
    status, result = run(tree, module, arguments)
    while status and "Another run works on the queue" in result.get("msg", ""):
        time.sleep(0.05)
        status, result = run(tree, module, arguments)
    return status, result


def _look_after(tree: str, module: str, scenario: dict[str, Any], before: list[str]) -> list[str]:
    """Return what is wrong after a kill and one more run."""
    quarantine = Path(scenario["quarantine"])
    problems = [] if _wait_for_postfix() else ["Postfix does not run"]
    if scenario["empty_pid"]:
        _empty_pid()
    for arguments in scenario["between"]:
        status, result = _undisturbed(tree, module, arguments)
        if status:
            problems.append("the run between failed: %s" % result.get("msg"))
    status, result = _undisturbed(tree, module, scenario["arguments"])
    if status:
        problems.append("the next run failed: %s" % result.get("msg"))
    after = messages(_quarantines(scenario))
    if scenario["deletes"]:
        problems += (
            ["messages are left"] if set(after) - set(before) or len(after) > len(before) - scenario["deletes"] else []
        )
    elif after != before:
        problems.append(
            "%d messages before, %d after, %d lost" % (len(before), len(after), len(set(before) - set(after)))
        )
    problems += ["stray log %s" % path for path in stray_logs(_quarantines(scenario))]
    left = [str(path) for name in ("staging", "limbo", "fresh") for path in quarantine.glob(name)]
    left += [str(path) for path in (SPOOL / "pid").glob("mailops.*") if path.name != "mailops.lock"]
    problems += ["left over: %s" % path for path in left]
    status, result = run(tree, module, scenario["arguments"])
    if status or result.get("changed"):
        problems.append("a third run changes something: %s" % result)
    return problems


def main() -> int:
    tree, module = sys.argv[1:]
    scenarios = json.load(sys.stdin)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.path.insert(0, tree)
    importlib.import_module("ansible.module_utils.basic")
    json.dump([crash(tree, module, scenario) for scenario in scenarios], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
