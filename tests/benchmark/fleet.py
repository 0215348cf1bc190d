# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run over a whole fleet costs the controller: sections like those of sections.py, on simulated hosts and without a lab."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .report import Row, figure, ratios
from .simulated import SimulatedFleet, require_planned

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PLAN_HOSTS = 200
# A round takes minutes, and the ratios of rounds differ little.
PLAN_ROUNDS = 2
MEMORY_HOSTS = 30
MEMORY_MESSAGES = 300_000

EVERYTHING: dict[str, Any] = {"queue_cleanup_match_all": True, "queue_cleanup_max_percent": 100}
NOTHING: dict[str, Any] = {"queue_cleanup_match": [{"sender": "nobody@example.com"}]}


@contextmanager
def _simulated(hosts: int, *, messages: int = 0, is_shared: bool = False) -> Iterator[SimulatedFleet]:
    with tempfile.TemporaryDirectory(prefix="mailops-fleet-") as directory:
        yield SimulatedFleet(Path(directory) / "fleet", hosts=hosts, messages=messages, is_shared=is_shared)


def plan(rounds: int) -> list[Row]:
    """The playbook plan on hosts whose queues are empty, against ping on the same hosts."""
    ours, theirs = [], []
    with _simulated(PLAN_HOSTS) as fleet:
        for _round in range(min(rounds, PLAN_ROUNDS)):
            theirs.append(fleet.ping().seconds)
            run = fleet.playbook("plan", **NOTHING)
            require_planned(run.output, fleet.names)
            ours.append(run.seconds)
    return [ratios(f"plan of {PLAN_HOSTS} simulated hosts", "ansible -m ping", ours=ours, theirs=theirs, bound=2)]


def plan_memory(_rounds: int) -> list[Row]:
    """The memory of the controller while it plans a large queue on each host, beyond that for empty queues."""
    with _simulated(MEMORY_HOSTS) as fleet:
        empty = fleet.playbook("plan", **NOTHING).controller
    with _simulated(MEMORY_HOSTS, messages=MEMORY_MESSAGES, is_shared=True) as fleet:
        run = fleet.playbook("plan", **EVERYTHING)
        require_planned(run.output, fleet.names)
    work = f"plan of {MEMORY_MESSAGES:,} messages on each of {MEMORY_HOSTS} hosts"
    beyond = run.controller - empty
    return [
        figure(work, "memory of the controller, beyond empty queues", value=beyond, unit="MiB", bound=150),
        figure(work, "memory of the controller", value=run.controller, unit="MiB"),
    ]


FLEET_SECTIONS: dict[str, Callable[[int], list[Row]]] = {"plan": plan, "plan_memory": plan_memory}
