# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run shellcheck on every shell script of the project, known by its first line."""

from __future__ import annotations

import subprocess
import sys

from tests.tools import project

_INTERPRETERS = (b"#!/usr/bin/env bash", b"#!/bin/bash", b"#!/bin/sh")


def main() -> int:
    """Return the exit status of shellcheck."""
    scripts = []
    for path in project.files():
        with (project.ROOT / path).open("rb") as file:
            if file.readline().startswith(_INTERPRETERS):
                scripts.append(str(path))
    print("shellcheck:", *scripts, flush=True)
    return subprocess.run(["shellcheck", *scripts], cwd=project.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
