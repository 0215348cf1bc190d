# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run over a fleet of real hosts takes: a lab of its own with many hosts of one release, and Ansible over SSH."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fleet.lab import DEFAULT_NET, FLEET, Lab
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH

from .fleet import FLEET_ROUNDS, Scale, compare, sizes
from .simulated import ROOT, Controlled, require_hosts, run_controlled

if TYPE_CHECKING:
    from collections.abc import Callable

    from .report import Row

SSH_HOSTS = 30
RELEASE = "bookworm"
MESSAGES = 100
SPAM: dict[str, Any] = {
    "queue_cleanup_match": SPAM_MATCH,
    "queue_cleanup_exclude": SPAM_EXCLUDE,
    "queue_cleanup_max_percent": 100,
}
_BIN = Path(sys.executable).parent
_ENVIRONMENT = {
    "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
}


class SshFleet:
    """The hosts of a lab, and Ansible with as many forks as there are hosts."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self._lab = lab
        self.directory = directory
        self.names = [host.name for host in lab.hosts]
        self.reports = directory / "mailops-reports"

    def ping(self) -> Controlled:
        """Run ping on all hosts."""
        return self._run("ansible", "all", "-m", "ansible.builtin.ping")

    def playbook(self, name: str, variables: dict[str, Any]) -> Controlled:
        """Run a playbook of the collection on all hosts."""
        run = self._run("ansible-playbook", "mailops.postfix.%s" % name, "-e", json.dumps(variables))
        require_hosts(run.output, self.names)
        return run

    def _run(self, command: str, *arguments: str) -> Controlled:
        lab = self._lab
        forks = ["-i", str(lab.inventory), "--forks", str(len(self.names))]
        argv = [str(FLEET), "run", str(_BIN / command), *forks, *arguments]
        environment = {**_ENVIRONMENT, "FLEET_DIR": str(lab.directory), "FLEET_NET": lab.net}
        return run_controlled(argv, directory=self.directory, environment=environment)


def fleet_ssh(scale: Scale) -> list[Row]:
    """The playbooks audit, plan and cleanup on real hosts over SSH, against ping on the same hosts."""
    net = os.environ.get("FLEET_NET", DEFAULT_NET)
    with tempfile.TemporaryDirectory(prefix="mailops-fleet-") as directory:
        place = Path(directory)
        with Lab.start(scale.hosts, [RELEASE], directory=place / "lab", net=net) as lab:
            fleet = SshFleet(lab, place)
            # The first run makes the connections that the others use.
            fleet.ping()
            rows = _compare(fleet, "audit", {}, scale)
            lab.fill("incident", MESSAGES)
            rows += _compare(fleet, "plan", SPAM, scale)
            # A second one would find nothing to delete.
            rows += _compare(fleet, "cleanup", {**SPAM, "mailops_serial": "100%"}, replace(scale, rounds=1))
    return rows


def _compare(fleet: SshFleet, name: str, variables: dict[str, Any], scale: Scale) -> list[Row]:
    """Measure a playbook and ping in turn."""
    ours, theirs = [], []
    for _round in range(min(scale.rounds, FLEET_ROUNDS)):
        theirs.append(fleet.ping())
        ours.append(fleet.playbook(name, variables))
    work = "%s of %d hosts over SSH" % (name, scale.hosts)
    return [*compare(work, ours=ours, theirs=theirs, bound=None), sizes(work, ours[-1], fleet.reports, name)]


SSH_SECTIONS: dict[str, Callable[[Scale], list[Row]]] = {"fleet_ssh": fleet_ssh}
