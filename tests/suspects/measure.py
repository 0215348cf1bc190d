# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run postfix_log_info on labelled logs, with the thresholds that it has by default, and compare its suspects with the truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

from tests.fleet.lab import Host, Lab
from tests.integration.controller import Controller
from tests.suspects.logs import RELEASE, labelled
from tests.suspects.table import Measured


def measure_logs(directory: Path) -> Iterator[Measured]:
    """Yield what the suspects of each log of a directory are worth; the module runs on a lab host, as it does on every host."""
    with Lab.start(1, [RELEASE]) as lab:
        controller = Controller(lab)
        [host] = lab.hosts
        for path, label in labelled(directory):
            yield Measured(label.group, label.name, frozenset(label.stolen), suspects(controller, host, path))


def suspects(controller: Controller, host: Host, path: Path) -> list[dict[str, Any]]:
    """Return the suspects that the module finds in a log, with default thresholds."""
    place = "/root/%s" % path.name
    host.put(place, path.read_bytes())
    # A time stamp has no year: the time of the file gives it.
    host.run(["touch", "-d", "@%d" % path.stat().st_mtime, place])
    result = controller.module(host.name, "postfix_log_info", {"files": [place], "gather": ["suspects"]})
    if result["failed"]:
        raise RuntimeError("%s: %s" % (path, result["msg"]))
    found: list[dict[str, Any]] = result["log"]["suspects"]
    return found
