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
from pathlib import Path

from tests.tools import project

# The top-level entries that ship, and what is left out below them.
SHIPPED = (
    "CHANGELOG.md",
    "CHANGELOG.rst",
    "COPYING",
    "LICENSES",
    "README.md",
    "changelogs",
    "docs",
    "meta",
    "playbooks",
    "plugins",
    "roles",
)
LEFT_OUT = Path("changelogs/fragments")
MADE_BY_THE_BUILD = {"FILES.json", "MANIFEST.json"}


def _expected() -> set[str]:
    shipped = (path for path in project.files() if path.parts[0] in SHIPPED and LEFT_OUT not in path.parents)
    hidden_out = (path for path in shipped if not any(part.startswith(".") for part in path.parts))
    return {str(path) for path in hidden_out} | MADE_BY_THE_BUILD


def _held(archive: Path) -> set[str]:
    with tarfile.open(archive) as tar:
        return {member.name for member in tar if not member.isdir()}


def _galaxy(*arguments: str, collections: Path) -> None:
    command = ["ansible-galaxy", "collection", *arguments]
    subprocess.run(command, cwd=project.ROOT, env=_environment(collections), check=True)


def _environment(collections: Path) -> dict[str, str]:
    """Return an environment where Ansible sees the collections of that directory only, not this checkout."""
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
    """Return 0 where the archive is what it should be and every module can be read from where it was installed."""
    with tempfile.TemporaryDirectory() as scratch:
        collections = Path(scratch)
        _galaxy("build", "--output-path", scratch, collections=collections)
        (archive,) = collections.glob("mailops-postfix-*.tar.gz")
        held, expected = _held(archive), _expected()
        _galaxy("install", "--offline", "--collections-path", scratch, str(archive), collections=collections)
        documented = _documented(collections)
    modules = {"mailops.postfix." + path.stem for path in project.ROOT.glob("plugins/modules/*.py")}
    faults = {
        "in the archive, but not part of the collection": held - expected,
        "part of the collection, but not in the archive": expected - held,
        "a module that ansible-doc does not list where it was installed": modules - documented,
    }
    for fault, names in faults.items():
        for name in sorted(names):
            print(f"{fault}: {name}")
    print(f"{archive.name}: {len(held)} files, {len(documented)} modules")
    return 1 if any(faults.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
