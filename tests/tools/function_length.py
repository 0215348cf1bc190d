# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Name every function longer than 60 lines: no checker at hand counts them."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator

from tests.tools import project

LONGEST = 60


def _too_long(source: str) -> Iterator[tuple[int, str, int]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > LONGEST:
                yield node.lineno, node.name, lines


def main() -> int:
    """Return 1 where there is one."""
    found = 0
    for path in project.files():
        if path.suffix == ".py":
            for line, name, lines in _too_long((project.ROOT / path).read_text()):
                print(f"{path}:{line}: {name} has {lines} lines, more than {LONGEST}")
                found += 1
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
