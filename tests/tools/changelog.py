# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Show the changelog of the next release, made from the fragments. The checkout is not changed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.tools import project


def _copy(target: Path) -> None:
    """Copy what the changelog is made from: the fragments, and the names and descriptions of plugins and roles."""
    for path in project.files():
        if path.parts[0] in ("changelogs", "galaxy.yml", "meta", "plugins", "roles"):
            (target / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(project.ROOT / path, target / path)


def changelog() -> str:
    """Return the changelog in Markdown, as antsibull-changelog writes it at a release. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as scratch:
        collection = Path(scratch) / "ansible_collections" / "mailops" / "postfix"
        collection.mkdir(parents=True)
        _copy(collection)
        # The configuration of the tests would name the plugins of the checkout.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        subprocess.run(["antsibull-changelog", "release"], cwd=collection, env=environment, check=True)
        return (collection / "CHANGELOG.md").read_text(encoding="utf-8")


def main() -> int:
    """Print the changelog and return 0."""
    print(changelog(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
