# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Find the CPythons of this machine that can make virtual environments, one for each minor version.

This file runs on Python 3.7 or later with the standard library only: the set-up runs it before it makes an environment.
"""

from __future__ import annotations

import glob
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

# The Python versions that the collection supports on managed hosts.
MINORS = range(7, 15)
# The versions on which ansible-core and every checker run, best first.
ENVIRONMENT_MINORS = (13, 14, 12, 11)

# Debian has ensurepip in python3-venv, not in python3.
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
        """The version, such as `3.9`."""
        return f"3.{self.minor}"


def _release(directory: Path) -> list[int]:
    """Return the numbers of a version of pyenv. directory: its bin directory."""
    return [int(number) for number in re.findall(r"\d+", directory.parent.name)]


def _directories() -> Iterator[Path]:
    """Yield the directories that may hold interpreters: those of PATH, then those of pyenv, newest first."""
    for entry in os.environ.get("PATH", os.defpath).split(os.pathsep):
        # The shims of pyenv and asdf depend on the current directory.
        if entry and Path(entry).name != "shims":
            yield Path(entry)
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    # glob() and os.access() treat an unreadable directory as empty; pathlib raises an error.
    own = [Path(name) for name in glob.glob(str(pyenv / "versions/*/bin"))]
    yield from sorted(own, key=_release, reverse=True)


def _probe(path: Path, minor: int) -> Python | None:
    """Return the interpreter at a path, None if it is not a CPython 3.minor that can make environments."""
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
    """Return the first usable CPython 3.minor, None if there is none."""
    for directory in _directories():
        path = directory / f"python3.{minor}"
        if os.access(str(path), os.X_OK):
            python = _probe(path, minor)
            if python:
                return python
    return None


def find_all() -> list[Python]:
    """Return every Python that this machine has and the collection supports, oldest first."""
    found = (find(minor) for minor in MINORS)
    return [python for python in found if python]


def main(arguments: list[str]) -> int:
    """Print the paths of all Pythons, with --environment only the best one for an environment; return 1 if there is none."""
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
