# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults at the worst moment: something that happens just before a step of a module, or before one of Postfix's commands."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from tests.fleet.lab import Host

# Steps of a module that acts, by what it calls for them.
STEPS = {
    "the act": ("_spool.lock", "QueueLock.write_journal"),
    "a removal": ("_spool.actions", "_remove"),
    "a release": ("_spool.actions", "_release"),
    "the removal of what is held": ("_spool.actions", "remove_from"),
    "the swap": ("_spool.queue_swap", "move_queues"),
    "a record": ("_spool.journal", "Journal.append"),
    "the end": ("_spool.lock", "QueueLock.clear_journal"),
}
KILL = "kill -9 $PPID"
# Counts how often it is run, on the host; it may be run twice at once.
_COUNT = "echo >> /root/count; [ $(wc -l < /root/count) -lt %d ] || "
DIRECTORY = "/opt/faulty"


def fault_before(step: str, script: str) -> dict[str, Any]:
    """Return the option that has a module run a shell script of the host, as a child of its own, before a step (see run_modules.py)."""
    where, name = STEPS[step]
    return {"_fault": {"where": where, "name": name, "script": script}}


def kill_at(number: int) -> str:
    """Return a script that kills the process which runs it for about the number-th time, counted in /root/count."""
    return _COUNT % number + KILL


def kill_before_removal(number: int) -> dict[str, Any]:
    """Return the option that has one of a module's processes killed before about the number-th message that they remove."""
    return fault_before("a removal", kill_at(number))


def before_command(host: Host, name: str, action: str, script: str) -> str:
    """Return a command_directory where one command runs a shell script of the host before that action, then does its work."""
    host.run(["rm", "-rf", DIRECTORY])
    host.run(["mkdir", DIRECTORY])
    host.run(["sh", "-c", f"ln -s /usr/sbin/post* {DIRECTORY}/ && rm {DIRECTORY}/{name}"])
    wrapper = f"""#!/bin/sh
for word; do [ "$word" = {shlex.quote(action)} ] || continue
{script}
done
exec /usr/sbin/{name} "$@"
"""
    host.put(f"{DIRECTORY}/{name}", wrapper, mode=0o755)
    return DIRECTORY
