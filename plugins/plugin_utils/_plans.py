# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Plans that were kept as files."""

from __future__ import annotations

import json
from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._errors import PlanError
from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import check_digest, listed_messages

_REMEDY = "make a new plan"
# The parts of a plan that the reports and the role need, with their types.
_REQUIRED_TYPES = {"created": int, "selection": dict, "counts": dict, "summary": dict, "messages": str}


def parse_plan(text: str) -> dict[str, Any]:
    """Return the plan in a JSON text. Raises ValueError if the text holds none, or if the plan was altered."""
    try:
        plan = json.loads(text)
    except ValueError as error:
        raise ValueError("The plan is not JSON (%s); %s." % (error, _REMEDY)) from error
    if not isinstance(plan, dict) or "digest" not in plan:
        raise ValueError("The file holds no plan; %s." % _REMEDY)
    try:
        check_digest(plan, remedy=_REMEDY)
        _check_parts(plan)
        listed_messages(plan, remedy=_REMEDY)
    except PlanError as error:
        raise ValueError(str(error)) from error
    return plan


def _check_parts(plan: Mapping[str, Any]) -> None:
    """Raise PlanError for a plan that lacks a part."""
    for name, kind in _REQUIRED_TYPES.items():
        if not isinstance(plan.get(name), kind):
            raise PlanError("The plan has no %s: it is not a plan, or it is incomplete; %s." % (name, _REMEDY))
