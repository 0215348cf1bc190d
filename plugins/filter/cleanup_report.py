# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Cleanup, Results, cleanup_report

DOCUMENTATION = r"""
name: cleanup_report
short_description: Sum up the cleanup of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what the tasks of the role P(mailops.postfix.queue_cleanup#role) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description: The plans, as M(mailops.postfix.postfix_queue_purge) returned them in check mode, by host.
    type: dict
    required: true
  purged:
    description: What M(mailops.postfix.postfix_queue_purge) returned when it carried out the plans, by host.
    type: dict
    default: {}
  left:
    description: What M(mailops.postfix.postfix_queue_facts) then found of the selection, by host.
    type: dict
    default: {}
  left_old:
    description: What it found of the selection that had been there when the plan was made, by host.
    type: dict
    default: {}
  method:
    description: The method of the cleanup.
    type: str
    choices: [delete, expire]
    default: delete
  reason:
    description: Why it was done.
    type: str
  check:
    description: Whether it was only predicted, in check mode.
    type: bool
    default: false
  created:
    description: When the report is made, in seconds since the epoch. By default now.
    type: int
seealso:
  - plugin: mailops.postfix.report_text
    plugin_type: filter
  - plugin: mailops.postfix.report_markdown
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Tell what was purged where
  ansible.builtin.debug:
    msg: "{{ planned_by_host | mailops.postfix.cleanup_report(purged=purged_by_host) | mailops.postfix.report_text }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, what was C(planned) and C(purged),
      the C(outcomes), and how many messages of the selection are C(left) or have C(arrived) since.
    - C(fleet) has the sums, C(problems) a text for each host that is not clean.
  type: dict
"""


def _filter(
    planned: Results,
    *,
    purged: Results | None = None,
    left: Results | None = None,
    left_old: Results | None = None,
    method: str = "delete",
    reason: str | None = None,
    check: bool = False,
    created: int | None = None,
) -> dict[str, Any]:
    later = [results or {} for results in (purged, left, left_old)]
    cleanups = {
        host: Cleanup(result, *(results.get(host) or {} for results in later)) for host, result in planned.items()
    }
    return cleanup_report(
        cleanups, method=method, reason=reason, check=check, created=now() if created is None else created
    )


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"cleanup_report": as_filter(_filter)}
