# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the collection against its peers on a host full of deferred mail: `make bench`, or python -m tests.benchmark.

It is a report, not a test: a bound that is not kept is printed as such, and the exit status is 0.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fleet.lab import DEFAULT_NET, Lab, LabError, requirements

from .fleet import FLEET_HOSTS, FLEET_SECTIONS, MEMORY_MESSAGES, Scale
from .report import Cost, Row, cost_table, not_measured, table
from .sections import DEFAULT_SECTIONS, EMPTY_SECTIONS, IMPORTS, SECTIONS, import_costs
from .ssh_fleet import SSH_HOSTS, SSH_SECTIONS
from .target import BenchmarkError, Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .sections import Sections

RELEASE = "bookworm"
MESSAGES = 60_000
ROUNDS = 3
CALM_SECONDS = 60
# After so long no other section begins, so that it all ends within ten minutes.
BUDGET_SECONDS = 520
_COSTS_HEADING = "CPU time on the host of what facts of an empty queue import and ping does not; since Python 3.10, modules are compiled twice:"


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmark", description="Measure against peers.")
    parser.add_argument("--messages", type=int, default=MESSAGES, help="deferred messages (%(default)s)")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="after one that warms up (%(default)s)")
    parser.add_argument("--memory", action="store_true", help="have the spool in memory, not on this machine's disk")
    parser.add_argument("--hosts", type=int, default=FLEET_HOSTS, help="hosts that are simulated (%(default)s)")
    parser.add_argument("--lab-hosts", type=int, default=SSH_HOSTS, help="hosts of the section fleet_ssh (%(default)s)")
    parser.add_argument(
        "--host-messages",
        type=int,
        default=MEMORY_MESSAGES,
        help="messages on each host, for plan_memory (%(default)s)",
    )
    parser.add_argument(
        "--only",
        action="append",
        choices=[*EMPTY_SECTIONS, *SECTIONS, IMPORTS, *FLEET_SECTIONS, *SSH_SECTIONS],
        help="may be given more than once; nothing limits the time then",
    )
    parser.add_argument("--all", action="store_true", help="measure everything, which takes an hour or more")
    options = parser.parse_args()
    if options.messages < 1000 or options.rounds < 1:
        parser.error("at least 1000 messages and 1 round are needed to say anything")
    return options


def _heading(target: Target, options: argparse.Namespace) -> str:
    host = target.host
    cores = len(os.sched_getaffinity(0))
    loads = f"{min(target.loads):.1f} to {max(target.loads):.1f}"
    lines = [
        f"{options.messages:,} deferred messages on {target.filesystem()};",
        f"Postfix {host.postfix_version}, Python {host.python_version}, {cores} cores;",
        f"medians of {options.rounds} rounds (range of their ratios); load before the runs: {loads}.",
    ]
    if max(target.loads) > 2 * cores:
        lines.append(f"The machine was busy: above a load of {2 * cores} the modules leave all but one core to others.")
    lines.append("A row with a bound is a promise if the machine does nothing else; any other row informs.")
    lines.append("The CPU time of postqueue is without that of showq(8), the daemon which reads the queue for it.")
    if options.messages != MESSAGES:
        lines.append(f"The bounds are meant for {MESSAGES:,} messages.")
    return "\n".join(lines)


def _wait_for_calm() -> None:
    """Wait until what filled the queue is out of the load average, by which the modules choose how many processes they use."""
    deadline = time.monotonic() + CALM_SECONDS
    while os.getloadavg()[0] > len(os.sched_getaffinity(0)) and time.monotonic() < deadline:
        time.sleep(1)


def _measure_imports(target: Target, options: argparse.Namespace) -> list[Cost]:
    """Prepare the host, and measure imports while its queue is empty."""
    say("Preparing the host")
    target.prepare()
    return import_costs(target) if IMPORTS in _chosen(options) else []


def _measure(target: Target, options: argparse.Namespace) -> list[Row]:
    rows = _measure_each(EMPTY_SECTIONS, target, options)
    if not set(_chosen(options)) & set(SECTIONS):
        return rows
    target.measure_start_up(options.rounds)
    target.fill(options.messages)
    _wait_for_calm()
    return rows + _measure_each(SECTIONS, target, options)


def _measure_each(sections: Sections, target: Target, options: argparse.Namespace) -> list[Row]:
    """Measure the chosen ones of these sections."""
    rows: list[Row] = []
    for name, section in sections.items():
        if name not in _chosen(options):
            continue
        if options.only is None and not options.all and time.monotonic() - options.started > BUDGET_SECONDS:
            rows.append(not_measured(name, f"the time was over; use --only {name}"))
            continue
        started = time.monotonic()
        rows += section(target, options.rounds)
        say(f"{name}: measured in {time.monotonic() - started:.0f} s")
    return rows


def _chosen(options: argparse.Namespace) -> Sequence[str]:
    """Return the sections to measure."""
    if options.all:
        return (*EMPTY_SECTIONS, *SECTIONS, IMPORTS, *FLEET_SECTIONS, *SSH_SECTIONS)
    return options.only or DEFAULT_SECTIONS


def _measure_fleet(options: argparse.Namespace) -> list[Row]:
    """Measure what needs no lab, or a lab of its own."""
    simulated = Scale(hosts=options.hosts, messages=options.host_messages, rounds=options.rounds)
    sections = [(name, section, simulated) for name, section in FLEET_SECTIONS.items()]
    sections += [(name, section, replace(simulated, hosts=options.lab_hosts)) for name, section in SSH_SECTIONS.items()]
    rows = []
    for name, section, scale in sections:
        if name in _chosen(options):
            started, before = time.monotonic(), os.getloadavg()[0]
            rows += section(scale)
            loads = f"load {before:.1f} before, {os.getloadavg()[0]:.1f} after"
            say(f"{name}: measured in {time.monotonic() - started:.0f} s, {loads}")
    return rows


def main() -> int:
    options = _options()
    options.started = time.monotonic()
    if not set(_chosen(options)) & {*EMPTY_SECTIONS, *SECTIONS, IMPORTS}:
        print(f"\n{table(_measure_fleet(options))}")
        return 0
    missing = requirements()
    if missing:
        sys.exit("benchmark: " + "; ".join(missing))
    with tempfile.TemporaryDirectory(prefix="mailops-bench-") as directory:
        try:
            place = Path(directory)
            net = os.environ.get("FLEET_NET", DEFAULT_NET)
            spools = None if options.memory else place
            with Lab.start(1, [RELEASE], directory=place / "lab", net=net, spools=spools) as lab:
                target = Target(lab)
                costs = _measure_imports(target, options)
                rows = _measure(target, options)
                heading = _heading(target, options)
            # After the lab has ended, so that it takes nothing from the hosts that are simulated.
            if set(_chosen(options)) != {IMPORTS}:
                print(f"\n{heading}\n\n{table([*rows, *_measure_fleet(options)])}")
            if costs:
                print(f"\n{_COSTS_HEADING}\n\n{cost_table(costs)}")
        except (LabError, BenchmarkError) as error:
            sys.exit(f"benchmark: {error}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
