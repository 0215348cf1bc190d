# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection, check that the archive holds the collection and nothing else, and install it offline."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from tests.tools import project

# The top-level entries that the archive has, and directories that are left out of it.
SHIPPED = (
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "COPYING",
    "LICENSES",
    "README.md",
    "changelogs",
    "docs",
    "extensions",
    "meta",
    "playbooks",
    "plugins",
    "roles",
)
LEFT_OUT = {Path("changelogs/fragments"), Path("extensions/molecule")}
GENERATED = {"FILES.json", "MANIFEST.json"}


def expected(files: Iterable[Path]) -> set[str]:
    """Return the names that the archive must hold. files: the files of the checkout, relative to it."""
    shipped = (path for path in files if path.parts[0] in SHIPPED and LEFT_OUT.isdisjoint(path.parents))
    visible = (path for path in shipped if not any(part.startswith(".") for part in path.parts))
    return {str(path) for path in visible} | GENERATED


def _names_in(archive: Path) -> set[str]:
    with tarfile.open(archive) as tar:
        return {member.name for member in tar if not member.isdir()}


def _galaxy(*arguments: str, collections: Path) -> None:
    command = ["ansible-galaxy", "collection", *arguments]
    subprocess.run(command, cwd=project.ROOT, env=_environment(collections), check=True)


def _environment(collections: Path) -> dict[str, str]:
    """Return an environment in which Ansible finds only the collections in a directory, not this checkout."""
    return {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(collections)}


def _documented(collections: Path) -> set[str]:
    listing = subprocess.run(
        ["ansible-doc", "--json", "--list", "mailops.postfix"],
        env=_environment(collections),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    return set(json.loads(listing))


def main() -> int:
    """Return 0 if the archive holds what it must and ansible-doc lists every module of the installed collection."""
    with tempfile.TemporaryDirectory() as scratch:
        collections = Path(scratch)
        _galaxy("build", "--output-path", scratch, collections=collections)
        (archive,) = collections.glob("mailops-postfix-*.tar.gz")
        held, wanted = _names_in(archive), expected(project.files())
        _galaxy("install", "--offline", "--collections-path", scratch, str(archive), collections=collections)
        documented = _documented(collections)
    modules = {"mailops.postfix." + path.stem for path in project.ROOT.glob("plugins/modules/*.py")}
    faults = {
        "in the archive, but not part of the collection": held - wanted,
        "part of the collection, but not in the archive": wanted - held,
        "a module of the installed collection that ansible-doc does not list": modules - documented,
    }
    for fault, names in faults.items():
        for name in sorted(names):
            print(f"{fault}: {name}")
    print(f"{archive.name}: {len(held)} files, {len(documented)} modules")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
