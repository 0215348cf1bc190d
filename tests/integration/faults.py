# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults at the worst moment: Postfix's own commands, with something that happens just before one of them."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fleet.lab import Host

DIRECTORY = "/opt/faulty"


def before_postsuper(host: Host, action: str, script: str) -> str:
    """Return a command_directory whose postsuper runs a shell script of the host before that action, then does its work."""
    host.run(["rm", "-rf", DIRECTORY])
    host.run(["mkdir", DIRECTORY])
    host.run(["sh", "-c", f"ln -s /usr/sbin/post* {DIRECTORY}/ && rm {DIRECTORY}/postsuper"])
    wrapper = f"""#!/bin/sh
for word; do [ "$word" = {shlex.quote(action)} ] || continue
{script}
done
exec /usr/sbin/postsuper "$@"
"""
    host.put(f"{DIRECTORY}/postsuper", wrapper, mode=0o755)
    return DIRECTORY
