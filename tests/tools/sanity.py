# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test sanity, with every Python found, on a copy of the files of this checkout.

ansible-test wants to stand in a real directory ansible_collections/NAMESPACE/NAME, and keeps what it makes under HOME:
both are in the cache here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.tools import project, pythons

_COPY = project.CACHE / "sanity/ansible_collections/mailops/postfix"
_HOME = project.CACHE / "home"
# The pip that ansible-test of ansible-core 2.18 and 2.19, and of 2.20 and 2.21, asks for.
_PIP_VERSIONS = ("24_2", "25_2")


def _copy_files() -> None:
    shutil.rmtree(_COPY, ignore_errors=True)
    for path in project.files():
        target = _COPY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project.ROOT / path, target, follow_symlinks=False)
    # ansible-test asks git for the files; the repository around the copy would answer that the cache is ignored.
    subprocess.run(["git", "init", "--quiet", str(_COPY)], check=True)


def _make_home() -> None:
    """Make a home that has the user's pip configuration and cache, and our get-pip.py."""
    cache = _HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in (".cache", ".config"):
        link = _HOME / name
        if not link.is_symlink():
            link.symlink_to(Path.home() / name)
    for version in _PIP_VERSIONS:
        shutil.copyfile(project.ROOT / "tests/tools/get_pip.py", cache / f"get_pip_{version}.py")


def _search_path() -> str:
    """Return a PATH where each Python stands under its own name before any shim does."""
    own = [str(python.path.parent) for python in pythons.find_all()]
    others = [entry for entry in os.environ["PATH"].split(os.pathsep) if Path(entry).name != "shims"]
    return os.pathsep.join(dict.fromkeys([*own, str(project.ENVIRONMENT / "bin"), *others]))


def main(arguments: list[str]) -> int:
    """Return the exit status of ansible-test sanity, which takes the arguments; 1 where it found nothing to test."""
    _copy_files()
    _make_home()
    command = [str(project.ENVIRONMENT / "bin/ansible-test"), "sanity", "--local", "--color", "no", *arguments]
    environment = {**os.environ, "HOME": str(_HOME), "PATH": _search_path()}
    skipped = False
    with subprocess.Popen(
        command, cwd=_COPY, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as test:
        for line in test.stdout or ():
            print(line, end="", flush=True)
            skipped = skipped or "All targets skipped" in line
    return test.returncode or int(skipped)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
