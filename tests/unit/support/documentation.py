# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation of the modules as Ansible reads it, fragments included. Needs PyYAML, which comes with ansible-core."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any, Mapping

import yaml

PLUGINS = Path(__file__).resolve().parents[3] / "plugins"
_PACKAGE = "ansible_collections.mailops.postfix.plugins."


def module_names() -> list[str]:
    """Return the names of all modules that run on hosts."""
    return sorted({path.stem for path in (PLUGINS / "modules").glob("[!_]*.py")} - set(action_names()))


def action_names() -> list[str]:
    """Return the names of what runs on the controller only, for which a module holds only the documentation."""
    paths = (PLUGINS / "action").glob("[!_]*.py")
    return sorted(path.stem for path in paths if not _runs_module(path.read_text(encoding="utf-8")))


def _runs_module(source: str) -> bool:
    """Return whether an action plugin runs the module of its name on the host."""
    return "ActionModule(HostAction)" in source or "ActionModule(PlanAction)" in source


def sections(module: str) -> dict[str, Any]:
    """Return DOCUMENTATION and RETURN of a module, parsed, without importing it."""
    tree = ast.parse((PLUGINS / "modules" / (module + ".py")).read_text(encoding="utf-8"))
    return {
        target.id: yaml.safe_load(str(statement.value.value))
        for statement in tree.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }


def fragment(name: str) -> Mapping[str, Any]:
    """Return the fragment of that name, as in extends_documentation_fragment: C(mailops.postfix._attributes.facts)."""
    parts = name.split(".")[2:]
    fragments = importlib.import_module(_PACKAGE + "doc_fragments." + parts[0])
    text = getattr(fragments.ModuleDocFragment, parts[1].upper() if parts[1:] else "DOCUMENTATION")
    parsed: Mapping[str, Any] = yaml.safe_load(text)
    return parsed


def documented_options(module: str) -> dict[str, Mapping[str, Any]]:
    """Return the options of a module, its own and those of its fragments."""
    documentation = sections(module)["DOCUMENTATION"]
    options: dict[str, Mapping[str, Any]] = {}
    for name in documentation.get("extends_documentation_fragment", []):
        options.update(fragment(name).get("options", {}))
    options.update(documentation["options"])
    return options


def argument_spec(module: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the argument spec that a module takes its options by."""
    spec: Mapping[str, Mapping[str, Any]] = importlib.import_module(_PACKAGE + "modules." + module).ARGUMENTS
    return spec
