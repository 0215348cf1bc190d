# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run over a whole fleet costs the controller: sections like those of sections.py, on simulated hosts and without a lab."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import Row, figure, ratios
from .simulated import SimulatedFleet, require_hosts, size_of_reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from .simulated import Controlled

FLEET_HOSTS = 200
# A round takes minutes, and the ratios of rounds differ little.
FLEET_ROUNDS = 2
MEMORY_HOSTS = 30
MEMORY_MESSAGES = 300_000

EVERYTHING: dict[str, Any] = {"queue_cleanup_match_all": True, "queue_cleanup_max_percent": 100}
NOTHING: dict[str, Any] = {"queue_cleanup_match": [{"sender": "nobody@example.com"}]}


@dataclass(frozen=True)
class Scale:
    """How large the fleets are: the number of hosts in comparisons with ping, and of messages on each host that memory is measured with."""

    hosts: int = FLEET_HOSTS
    messages: int = MEMORY_MESSAGES
    rounds: int = FLEET_ROUNDS


@contextmanager
def _simulated(hosts: int, *, messages: int = 0, is_shared: bool = False) -> Iterator[SimulatedFleet]:
    with tempfile.TemporaryDirectory(prefix="mailops-fleet-") as directory:
        yield SimulatedFleet(Path(directory) / "fleet", hosts=hosts, messages=messages, is_shared=is_shared)


def audit(scale: Scale) -> list[Row]:
    """The playbook audit on hosts whose queues are empty, against ping on the same hosts."""
    with _simulated(scale.hosts) as fleet:
        return _against_ping(fleet, "audit", scale, {}, bound=1.5)


def plan(scale: Scale) -> list[Row]:
    """The playbook plan on hosts whose queues are empty, against ping on the same hosts."""
    with _simulated(scale.hosts) as fleet:
        return _against_ping(fleet, "plan", scale, NOTHING, bound=2)


def _against_ping(
    fleet: SimulatedFleet, name: str, scale: Scale, variables: dict[str, Any], *, bound: float
) -> list[Row]:
    """Measure a playbook and ping in turn."""
    ours, theirs = [], []
    for _round in range(min(scale.rounds, FLEET_ROUNDS)):
        theirs.append(fleet.ping())
        ours.append(fleet.playbook(name, **variables))
        require_hosts(ours[-1].output, fleet.names)
    work = f"{name} of {scale.hosts} simulated hosts"
    return [*compare(work, ours=ours, theirs=theirs, bound=bound), sizes(work, ours[-1], fleet.reports, name)]


def compare(work: str, *, ours: Sequence[Controlled], theirs: Sequence[Controlled], bound: float | None) -> list[Row]:
    """Compare the time of runs that were measured in turn with ping, and with its CPU time, and the memory of the controller."""
    peer = "ansible -m ping"
    return [
        ratios(work, peer, ours=[run.seconds for run in ours], theirs=[run.seconds for run in theirs], bound=bound),
        ratios(f"{work}, CPU time", peer, ours=[run.cpu for run in ours], theirs=[run.cpu for run in theirs]),
        figure(
            work,
            "memory of the controller, beyond ping",
            value=max(run.controller for run in ours) - max(run.controller for run in theirs),
            unit="MiB",
        ),
    ]


def sizes(work: str, run: Controlled, reports: Path, kind: str) -> Row:
    """Say how much a run wrote: to the terminal, and as reports in all formats."""
    output, kept = len(run.output.encode()) / 1024, size_of_reports(reports, kind) / 1024
    return Row(work, "output, and reports in all formats", f"{output:.1f} KiB, {kept:.1f} KiB")


def plan_memory(scale: Scale) -> list[Row]:
    """The memory of the controller while it plans a large queue on each host, beyond that for empty queues."""
    with _simulated(MEMORY_HOSTS) as fleet:
        empty = fleet.playbook("plan", **NOTHING).controller
    with _simulated(MEMORY_HOSTS, messages=scale.messages, is_shared=True) as fleet:
        run = fleet.playbook("plan", **EVERYTHING)
        require_hosts(run.output, fleet.names)
    work = f"plan of {scale.messages:,} messages on each of {MEMORY_HOSTS} hosts"
    beyond = run.controller - empty
    return [
        figure(work, "memory of the controller, beyond empty queues", value=beyond, unit="MiB", bound=150),
        figure(work, "memory of the controller", value=run.controller, unit="MiB"),
    ]


FLEET_SECTIONS: dict[str, Callable[[Scale], list[Row]]] = {"audit": audit, "plan": plan, "plan_memory": plan_memory}
