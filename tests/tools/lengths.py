# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the length of functions and files; the other checkers do not count lines.

A function has at most 40 lines in plugins/ and at most 60 elsewhere. A file in plugins/ has at most 500 lines, without its lines of
module documentation. A longer file gives the reason in its docstring, in a sentence that begins with "This file is long because".
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.tools import project

LONGEST_FUNCTION = 60
LONGEST_FUNCTION_IN_PLUGINS = 40
LONGEST_FILE_IN_PLUGINS = 500
REASON = "This file is long because "
_DOCUMENTATION = {"DOCUMENTATION", "EXAMPLES", "RETURN"}


def problems(path: Path, source: str) -> Iterator[str]:
    """Yield a sentence for each function and file that is too long. path: where the file is in the checkout."""
    tree = ast.parse(source)
    in_plugins = path.parts[0] == "plugins"
    limit = LONGEST_FUNCTION_IN_PLUGINS if in_plugins else LONGEST_FUNCTION
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _lines_of(node) > limit:
            yield f"{path}:{node.lineno}: {node.name} has {_lines_of(node)} lines, more than {limit}"
    lines = len(source.splitlines()) - _lines_of_documentation(tree)
    if in_plugins and lines > LONGEST_FILE_IN_PLUGINS and not _gives_reason(tree):
        yield (
            f"{path}:1: the file has {lines} lines, more than {LONGEST_FILE_IN_PLUGINS}. Divide it by subject, or give the reason in its "
            f'docstring: "{REASON}..."'
        )


def _lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def _lines_of_documentation(tree: ast.Module) -> int:
    """Return how many lines the strings take that ansible-doc shows."""
    return sum(
        _lines_of(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id in _DOCUMENTATION for target in node.targets)
    )


def _gives_reason(tree: ast.Module) -> bool:
    # A sentence may be wrapped.
    return REASON in " ".join((ast.get_docstring(tree) or "").split())


def main() -> int:
    """Print the problems of all Python files; return 1 if there are any."""
    found = [
        problem
        for path in project.files()
        if path.suffix == ".py"
        for problem in problems(path, (project.ROOT / path).read_text())
    ]
    for problem in found:
        print(problem)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
