# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the CPythons of this machine that can make virtual environments, one for each minor version.

Runs on any Python 3.7 or later and needs nothing else: the set-up starts here, before there is an environment.
"""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# What the collection promises for managed hosts.
MINORS = range(7, 15)
# Where ansible-core and every checker run, best first.
ENVIRONMENT_MINORS = (13, 14, 12, 11)

# Debian leaves ensurepip out of python3: it comes with python3-venv.
_PROBE = """
import ensurepip, sys, venv
print(sys.implementation.name, "%d.%d" % sys.version_info[:2], sys.prefix == sys.base_prefix, sys.executable)
"""


class Python(NamedTuple):
    """One interpreter: its minor version and its path."""

    minor: int
    path: Path

    @property
    def version(self) -> str:
        """The version as in `3.9`."""
        return f"3.{self.minor}"


def _release(directory: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", directory.parent.name)]


def _directories() -> Iterator[Path]:
    """Yield where interpreters may stand: PATH first, then pyenv's versions, newest first."""
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        # A shim of pyenv or asdf answers or not as the current directory pleases.
        if entry and Path(entry).name != "shims":
            yield Path(entry)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # glob() and os.access() take a directory that may not be read for an empty one; pathlib raises.
    own = [Path(name) for name in glob.glob(str(pyenv / "versions/*/bin"))]
    yield from sorted(own, key=_release, reverse=True)


def _probe(path: Path, minor: int) -> Python | None:
    """Return the interpreter at path, or None where it is not a CPython 3.minor that makes environments."""
    try:
        answer = subprocess.run(
            [str(path), "-I", "-c", _PROBE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=30,
            check=True,
        ).stdout.decode()
    except (OSError, subprocess.SubprocessError):
        return None
    implementation, version, outside, executable = answer.strip().split(" ", 3)
    if (implementation, version, outside) != ("cpython", f"3.{minor}", "True"):
        return None
    return Python(minor, Path(executable))


def find(minor: int) -> Python | None:
    """Return the first usable CPython 3.minor, or None."""
    for directory in _directories():
        path = directory / f"python3.{minor}"
        if os.access(str(path), os.X_OK):
            python = _probe(path, minor)
            if python:
                return python
    return None


def find_all() -> list[Python]:
    """Return every Python that the collection supports and this machine has, oldest first."""
    found = (find(minor) for minor in MINORS)
    return [python for python in found if python]


def main(arguments: list[str]) -> int:
    """Print them all, or with --environment only the best for an environment; return 1 where there is none."""
    if arguments == ["--environment"]:
        found = (find(minor) for minor in ENVIRONMENT_MINORS)
        pythons = [python for python in found if python][:1]
    else:
        pythons = find_all()
    for python in pythons:
        print(python.path)
    return 0 if pythons else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
