# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Plans that were kept as files."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.mailops.postfix.plugins.module_utils._queue.plan import digest

_REMEDY = "make a new plan"


def parse_plan(text: str) -> dict[str, Any]:
    """Return the plan in a JSON text. Raises ValueError for a text that holds none, and for a plan that was altered."""
    try:
        plan = json.loads(text)
    except ValueError as error:
        raise ValueError("The plan is not JSON (%s); %s." % (error, _REMEDY)) from error
    if not isinstance(plan, dict) or "digest" not in plan:
        raise ValueError("The file holds no plan; %s." % _REMEDY)
    if plan["digest"] != digest(plan):
        raise ValueError("The plan was altered: its content does not fit its digest; %s." % _REMEDY)
    return plan
