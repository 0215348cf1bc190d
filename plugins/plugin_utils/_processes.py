# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The process on the controller that does a run, so that another one can find out whether it still exists."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Any, Mapping

# Whether a process on another controller still exists is unknown. After so many seconds it counts as ended.
_OTHER_CONTROLLER_SECONDS = 86400


def this_process() -> dict[str, Any]:
    """Return what a file says of the ansible-playbook that runs this task. It is the parent of the process of the task."""
    pid = os.getppid()
    return {"host": socket.gethostname(), "pid": pid, "since": _start_of(pid)}


def exists(process: Mapping[str, Any], *, noted: int) -> bool:
    """Return whether a process still exists. One on another controller is assumed to for a day.

    process: as this_process() returned it. noted: when that was, in seconds since the epoch.
    """
    if process["host"] != socket.gethostname():
        return time.time() - noted < _OTHER_CONTROLLER_SECONDS
    try:
        os.kill(int(process["pid"]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return bool(_start_of(int(process["pid"])) == process.get("since"))


def _start_of(pid: int) -> str | None:
    """Return when a process began, from field 22 of proc(5); None if there is no such file."""
    try:
        return Path("/proc/%d/stat" % pid).read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return None
