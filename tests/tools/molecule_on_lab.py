# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run molecule's scenarios on the hosts of a lab of the oldest and the newest release, and end the lab."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.fleet.lab import FLEET, NEWEST_RELEASE, OLDEST_RELEASE, Lab
from tests.tools import project


def _environment(lab: Lab) -> dict[str, str]:
    return {
        **os.environ,
        "FLEET_DIR": str(lab.directory),
        "FLEET_NET": lab.net,
        # Molecule's state, such as which hosts are prepared, is valid for this lab only.
        "MOLECULE_EPHEMERAL_DIRECTORY": str(lab.directory / "molecule"),
        "NO_COLOR": "1",
    }


def main(arguments: list[str]) -> int:
    """Run molecule with the arguments, without arguments on every scenario; return its exit status."""
    with Lab.start(2, [OLDEST_RELEASE, NEWEST_RELEASE]) as lab:
        for host in lab.hosts:
            host.keep_code()
        command = [str(FLEET), "run", "molecule", *(arguments or ["test", "--all", "--report"])]
        return subprocess.run(command, cwd=project.ROOT, env=_environment(lab), check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
