# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command and say, as JSON, what it took: seconds, CPU seconds, memory.

    python3 meter.py [--input FILE] [--output FILE] [--sample] -- COMMAND ...

Runs inside the host, so that nothing between the benchmark and the host is measured.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

# Often enough for a peak that grows over seconds, seldom enough to leave the command its cores.
SAMPLE_SECONDS = 0.05
PROC = Path("/proc")


def _tree(pid: int) -> list[int]:
    """Return a process and all below it."""
    pids = [pid]
    for parent in pids:
        try:
            children = (PROC / f"{parent}/task/{parent}/children").read_text()
        except OSError:
            continue
        pids += map(int, children.split())
    return pids


def _kilobytes(path: Path, name: str) -> int:
    """Return a figure of /proc, 0 for a process that has ended."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith(name))


class Peaks:
    """The most memory that all processes together were seen with, in KiB."""

    def __init__(self) -> None:
        self.rss = 0
        self.pss = 0
        self.processes = 0

    def sample(self, pid: int) -> None:
        pids = _tree(pid)
        self.processes = max(self.processes, len(pids))
        self.rss = max(self.rss, sum(_kilobytes(PROC / f"{each}/status", "VmRSS:") for each in pids))
        # What several processes share is split between them, so that this adds up.
        self.pss = max(self.pss, sum(_kilobytes(PROC / f"{each}/smaps_rollup", "Pss:") for each in pids))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Run the command and return what it took."""
    peaks = Peaks()
    load = os.getloadavg()[0]
    create = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    files = [
        (os.POSIX_SPAWN_OPEN, 0, options.input, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, options.output, create, 0o600),
    ]
    started = time.perf_counter()
    pid = os.posix_spawnp(options.command[0], options.command, os.environ, file_actions=files)
    ended = 0
    while options.sample and not ended:
        peaks.sample(pid)
        time.sleep(SAMPLE_SECONDS)
        ended, status, used = os.wait4(pid, os.WNOHANG)
    if not ended:
        _pid, status, used = os.wait4(pid, 0)
    return {
        "seconds": time.perf_counter() - started,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "status": os.waitstatus_to_exitcode(status),
        "load": load,
        "largest_process": used.ru_maxrss,
        "all_processes": peaks.rss,
        "all_processes_shared_split": peaks.pss,
        "processes": peaks.processes,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a command.")
    parser.add_argument("--input", default=os.devnull)
    parser.add_argument("--output", default=os.devnull)
    parser.add_argument("--sample", action="store_true", help="look at the memory of all its processes meanwhile")
    parser.add_argument("command", nargs="+")
    print(json.dumps(measure(parser.parse_args())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
