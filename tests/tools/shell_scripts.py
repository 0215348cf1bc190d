# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run shellcheck on every shell script of the project."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.tools import project

_INTERPRETERS = (b"#!/usr/bin/env bash", b"#!/bin/bash", b"#!/bin/sh")


def shell_scripts(root: Path, files: Iterable[Path]) -> list[str]:
    """Return the files whose first line names a shell. files: relative to root."""
    found = []
    for path in files:
        with (root / path).open("rb") as file:
            if file.readline().startswith(_INTERPRETERS):
                found.append(str(path))
    return found


def main() -> int:
    """Return the exit status of shellcheck."""
    found = shell_scripts(project.ROOT, project.files())
    print("shellcheck:", *found, flush=True)
    return subprocess.run(["shellcheck", *found], cwd=project.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
