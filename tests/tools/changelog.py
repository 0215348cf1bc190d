# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write CHANGELOG.md as the next release will have it, made from the fragments; with --check, say whether it is up to date."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
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


def main(arguments: Sequence[str]) -> int:
    """Write CHANGELOG.md and return 0; with --check, return 1 if it is not what the fragments say."""
    path = project.ROOT / "CHANGELOG.md"
    text = changelog()
    if "--check" not in arguments:
        path.write_text(text, encoding="utf-8")
    elif not path.exists() or path.read_text(encoding="utf-8") != text:
        print("CHANGELOG.md does not have what the fragments say. Run make changelog, and commit the file.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
