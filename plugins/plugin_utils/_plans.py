# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Plans in files on the controller."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import check_digest
from ansible_collections.mailops.postfix.plugins.plugin_utils import _files
from ansible_collections.mailops.postfix.plugins.plugin_utils._run_files import file_name

_REMEDY = (
    "nothing was touched. Make a new plan with the playbook mailops.postfix.plan, or with the module in check mode."
)
_WHAT = "The plan"
# A plan of the most messages that a plan may have takes about 30 MiB.
_MAX_BYTES = 64 * 1024 * 1024
# The parts of a plan that the reports and the role need, with their types.
_REQUIRED_TYPES = {"created": int, "selection": dict, "counts": dict, "summary": dict, "messages": str}


def _check_parts(plan: Mapping[str, Any]) -> None:
    """Raise PlanError for a plan that lacks a part."""
    for name, kind in _REQUIRED_TYPES.items():
        if not isinstance(plan.get(name), kind):
            raise PlanError("The plan has no %s: it is not a plan, or it is incomplete; %s" % (name, _REMEDY))


def plan_path(given: str, host: str) -> Path:
    """Return the file that a path names: itself, or in a directory the file of the host. What ends with a slash is a directory."""
    path = Path(given).expanduser().absolute()
    return path / file_name(host) if given.endswith(os.sep) or path.is_dir() else path


def read_plan_file(path: Path, *, digest: str | None = None) -> dict[str, Any]:
    """Return the plan in a file. Raises FileError, and PlanError if it is none, or was altered.

    digest: that of the plan which the file must have, None for any. The module checks the list of messages itself.
    """
    plan = _files.read_json(path, most=_MAX_BYTES, what=_WHAT)
    if "digest" not in plan:
        raise PlanError("%s holds no plan; nothing was touched. Give the file of a plan, or make a new plan." % path)
    try:
        check_digest(plan, remedy=_REMEDY)
        _check_parts(plan)
    except PlanError as error:
        raise PlanError("%s: %s" % (path, error)) from error
    if digest not in (None, plan["digest"]):
        raise PlanError(
            "%s has another plan than the one that was approved or reported: its digest is %s, and not %s; nothing was touched. Look at the "
            "plan again, and make a new plan." % (path, plan["digest"], digest)
        )
    return plan


def write_plan_file(path: Path, plan: Mapping[str, Any]) -> None:
    """Write a plan into a file, for its owner only, in one step, and make missing directories. Raises FileError."""
    _files.make_directory(path.parent, what=_WHAT)
    _files.write_json(path, dict(plan), what=_WHAT)


def without_messages(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan without the list of its messages, which may be large."""
    return {name: part for name, part in plan.items() if name != "messages"}
