# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run postfix_log_info on labelled logs, with the thresholds that it has by default, and compare its suspects with the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Sequence

from tests.suspects.logs import labelled

_MODULE = "ansible_collections.mailops.postfix.plugins.modules.postfix_log_info"


@dataclass(frozen=True)
class Measured:
    """What the suspects of a log are worth."""

    group: str
    name: str
    stolen: frozenset[str]
    suspects: Sequence[dict[str, Any]]
    """As the module returns them."""

    @property
    def found(self) -> frozenset[str]:
        """The accounts that are suspects."""
        return frozenset(suspect["sasl_username"] for suspect in self.suspects)

    @property
    def precision(self) -> float | None:
        """The share of stolen accounts in the suspects; None where there are none."""
        return len(self.found & self.stolen) / len(self.found) if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of the stolen accounts that are suspects; None where none is stolen."""
        return len(self.found & self.stolen) / len(self.stolen) if self.stolen else None


def suspects(path: Path) -> list[dict[str, Any]]:
    """Return the suspects that the module finds in a log, run as Ansible runs it on a host."""
    arguments = {"files": [str(path)], "gather": ["suspects"]}
    done = subprocess.run(
        [sys.executable, "-m", _MODULE],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    found: list[dict[str, Any]] = json.loads(done.stdout)["log"]["suspects"]
    return found


def measure_logs(directory: Path) -> Iterator[Measured]:
    """Yield what the suspects of each log of a directory are worth."""
    for path, label in labelled(directory):
        yield Measured(label.group, label.name, frozenset(label.stolen), suspects(path))
