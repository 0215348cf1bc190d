# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make this checkout importable as ansible_collections.mailops.postfix, where `make` or a test runner has not done it yet.

How hypothesis works here: no time limit of its own, because the machine may be busy; no files; the same examples in CI each time.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

_ROOT = Path(__file__).resolve().parents[1]
_LAYOUT = Path("ansible_collections", "mailops", "postfix")


def _tree() -> Path:
    """Return the directory that has this checkout in Ansible's layout; made as tests/tools/setup.sh makes it."""
    if _ROOT.parts[-3:] == _LAYOUT.parts:
        return _ROOT.parents[2]
    tree = _ROOT / ".cache" / "collections"
    link = tree / _LAYOUT
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.is_symlink():
        # Relative, so that the checkout can be moved.
        link.symlink_to(Path("..", "..", "..", ".."))
    return tree


# Nothing of the collection is imported here: a plugin of pytest may install an importer of its own first.
for _path in (str(_ROOT), str(_tree())):
    if _path not in sys.path:
        sys.path.insert(0, _path)
# A directory that did not exist when its path was first looked at is remembered as missing.
importlib.invalidate_caches()

settings.register_profile(
    "mailops",
    deadline=None,
    database=None,
    derandomize="CI" in os.environ,
    max_examples=int(os.environ.get("MAILOPS_EXAMPLES", "100")),
    print_blob=True,
    # How fast examples are made depends on what else the machine does.
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("mailops")
