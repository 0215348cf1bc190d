# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The structure of plugins/: which room imports which, no import circles, and a test file for each file.

All imports count: those at the top of a file, in a function, and for the type checker only.
"""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

PLUGINS = Path(__file__).resolve().parents[2] / "plugins"
UNIT_TESTS = Path(__file__).resolve().parent
COLLECTION = "ansible_collections.mailops.postfix.plugins."

# The rooms from the bottom to the top. A room may import from itself and from the rooms before it in the same list.
PURE_ROOMS = (
    "module_utils/_format",
    "module_utils/_selection",
    "module_utils/_summary",
    "module_utils/_mail_log",
    "module_utils/_locks",
    "module_utils/_suggestions",
)
ON_HOSTS = (
    "module_utils/_errors.py",
    *PURE_ROOMS,
    "module_utils/_postfix",
    "module_utils/_spool",
    "module_utils/_module",
    "modules",
)
ON_CONTROLLER = (
    "module_utils/_errors.py",
    "module_utils/_format",
    "module_utils/_selection",
    "module_utils/_summary",
    "module_utils/_mail_log",
    "module_utils/_locks",
    "plugin_utils",
    "lookup",
    "action",
    "doc_fragments",
)
# A pure room has no access to Ansible, files, processes or the network.
IMPURE_MODULES = {"ansible", "glob", "os", "pathlib", "shutil", "socket", "subprocess", "tempfile"}


def files() -> list[Path]:
    """Return the Python files of plugins/, relative to it."""
    return sorted(path.relative_to(PLUGINS) for path in PLUGINS.rglob("*.py"))


def imported_names(source: str, package: str) -> Iterator[str]:
    """Yield the full name of everything that a file imports. package: the name of the package that the file is in."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield from ("%s.%s" % (module, alias.name) for alias in node.names)


def names_in(path: Path) -> list[str]:
    """Return the full names that a file of plugins/ imports."""
    package = COLLECTION + ".".join(path.parent.parts)
    return list(imported_names((PLUGINS / path).read_text(encoding="utf-8"), package))


def file_of(name: str) -> Path | None:
    """Return the file of plugins/ that holds an imported name, None for a name from elsewhere."""
    if not name.startswith(COLLECTION):
        return None
    parts = name[len(COLLECTION) :].split(".")
    for count in range(len(parts), 0, -1):
        path = Path(*parts[:count])
        for candidate in (path.with_suffix(".py"), path / "__init__.py"):
            if (PLUGINS / candidate).is_file():
                return candidate
    raise AssertionError("no file of plugins/ holds %s" % name)


def imports() -> dict[Path, set[Path]]:
    """Return {file of plugins/: the files of plugins/ that it imports}."""
    return {path: {found for found in map(file_of, names_in(path)) if found} for path in files()}


def room_of(path: Path) -> str | None:
    """Return the room of a file, None for a file outside of all rooms."""
    rooms = (room for room in {*ON_HOSTS, *ON_CONTROLLER} if room == str(path) or Path(room) in path.parents)
    return next(rooms, None)


def may_import(room: str, other: str) -> bool:
    return any(room in order and other in order[: order.index(room) + 1] for order in (ON_HOSTS, ON_CONTROLLER))


def circles(graph: dict[Path, set[Path]]) -> list[str]:
    """Return every group of files that import each other, directly or through others of the group."""
    reached = {path: reachable(graph, path) for path in graph}
    groups = {tuple(sorted(other for other in reached[path] if path in reached[other])) for path in graph}
    return sorted(" <-> ".join(map(str, group)) for group in groups if group)


def reachable(graph: dict[Path, set[Path]], start: Path) -> set[Path]:
    """Return the files that a file imports, directly or through others."""
    found: set[Path] = set()
    left = [start]
    while left:
        new = graph[left.pop()] - found
        found |= new
        left += new
    return found


def test_files_do_not_import_each_other_in_a_circle() -> None:
    found = circles(imports())
    assert not found, "\n".join(found)


def test_each_file_is_in_a_room() -> None:
    assert [str(path) for path in files() if room_of(path) is None] == []


def test_rooms_import_only_rooms_below_them() -> None:
    wrong = [
        "%s imports %s" % (path, other)
        for path, others in imports().items()
        for other in sorted(others)
        if not may_import(room_of(path) or "", room_of(other) or "")
    ]
    assert not wrong, "\n".join(wrong)


def test_pure_rooms_import_nothing_that_reaches_the_system() -> None:
    wrong = [
        "%s imports %s" % (path, name)
        for path in files()
        if room_of(path) in PURE_ROOMS
        for name in names_in(path)
        if name.split(".")[0] in IMPURE_MODULES
    ]
    assert not wrong, "\n".join(wrong)


def needed_test(path: Path) -> Path:
    """Return the test file that a file of module_utils or plugin_utils must have."""
    name = path.stem.lstrip("_")
    if path.parent.name == "_module" and not path.stem.startswith("_"):
        # What the module does is tested by running the module itself.
        return Path("plugins", "modules", "test_postfix_%s.py" % name)
    return Path("plugins", path.parent, "test_%s.py" % name)


def test_each_file_has_a_test_file() -> None:
    tested = (path for path in files() if path.parts[0] in ("module_utils", "plugin_utils"))
    wanted = {path: needed_test(path) for path in tested}
    missing = ["%s needs tests/unit/%s" % item for item in wanted.items() if not (UNIT_TESTS / item[1]).is_file()]
    assert not missing, "\n".join(missing)


# --- the checks themselves ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "names"),
    [
        pytest.param("import os.path, re", ["os.path", "re"], id="import"),
        pytest.param("from a.b import c, d as e", ["a.b.c", "a.b.d"], id="from"),
        pytest.param("def f():\n    from a import b", ["a.b"], id="in a function"),
        pytest.param("if TYPE_CHECKING:\n    import a", ["a"], id="for the type checker"),
        pytest.param("from . import a\nfrom .b import c", ["p.q.a", "p.q.b.c"], id="same package"),
        pytest.param("from ..a import b", ["p.a.b"], id="package above"),
    ],
)
def test_all_kinds_of_imports_are_found(source: str, names: list[str]) -> None:
    assert list(imported_names(source, "p.q")) == names


def test_circles_of_any_length_are_found() -> None:
    a, b, c, d = (Path(name) for name in "abcd")
    assert circles({a: {b}, b: {c}, c: set(), d: {a}}) == []
    assert circles({a: {b}, b: {c}, c: {a}, d: {a}}) == ["a <-> b <-> c"]
    assert circles({a: {b}, b: {a}, c: {d, a}, d: {c}}) == ["a <-> b", "c <-> d"]


@pytest.mark.parametrize(
    ("room", "other", "allowed"),
    [
        ("module_utils/_spool", "module_utils/_postfix", True),
        ("module_utils/_spool", "module_utils/_spool", True),
        ("module_utils/_postfix", "module_utils/_spool", False),
        ("modules", "plugin_utils", False),
        ("module_utils/_module", "modules", False),
        ("plugin_utils", "module_utils/_summary", True),
        ("plugin_utils", "module_utils/_postfix", False),
        ("plugin_utils", "modules", False),
        ("plugin_utils", "action", False),
        ("action", "plugin_utils", True),
    ],
)
def test_what_a_room_may_import(room: str, other: str, allowed: bool) -> None:
    assert may_import(room, other) is allowed
