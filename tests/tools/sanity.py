# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run ansible-test sanity, with every Python found, on a copy of the files of this checkout.

ansible-test must run in a real directory ansible_collections/NAMESPACE/NAME, and it writes to HOME. Both are in the cache here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from tests.tools import project, pythons

_COPY = project.CACHE / "sanity/ansible_collections/mailops/postfix"
_HOME = project.CACHE / "home"
# The versions of pip that ansible-test requests: in ansible-core 2.18 and 2.19, and in 2.20 and 2.21.
_PIP_VERSIONS = ("24_2", "25_2")


def _copy_files() -> None:
    shutil.rmtree(_COPY, ignore_errors=True)
    for path in project.files():
        target = _COPY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project.ROOT / path, target, follow_symlinks=False)
    # ansible-test gets the list of files from git. The repository of this checkout ignores the cache, so the copy has its own.
    subprocess.run(["git", "init", "--quiet", str(_COPY)], check=True)


def _make_home() -> None:
    """Make a home directory with the pip configuration and cache of the user, and with our get_pip.py."""
    cache = _HOME / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    for name in (".cache", ".config"):
        link = _HOME / name
        if not link.is_symlink():
            link.symlink_to(Path.home() / name)
    for version in _PIP_VERSIONS:
        shutil.copyfile(project.ROOT / "tests/tools/get_pip.py", cache / f"get_pip_{version}.py")


def search_path(found: Iterable[pythons.Python], path: str) -> str:
    """Return a value of PATH that has the directories of the Pythons found first, then the others, and no shims of pyenv."""
    own = [str(python.path.parent) for python in found]
    others = [entry for entry in path.split(os.pathsep) if Path(entry).name != "shims"]
    return os.pathsep.join(dict.fromkeys([*own, str(project.ENVIRONMENT / "bin"), *others]))


def main(arguments: list[str]) -> int:
    """Run ansible-test sanity with the arguments; return its exit status, 1 if it skipped all tests."""
    _copy_files()
    _make_home()
    command = [str(project.ENVIRONMENT / "bin/ansible-test"), "sanity", "--local", "--color", "no", *arguments]
    environment = {**os.environ, "HOME": str(_HOME), "PATH": search_path(pythons.find_all(), os.environ["PATH"])}
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
