# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Results, audit_report

DOCUMENTATION = r"""
name: audit_report
short_description: Sum up the queues of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_queue_facts) returned on each host into one report on the fleet.
  - A host that was unreachable or failed is in the report with its problem, and so is one that was never asked.
positional: _input
options:
  _input:
    description: The registered results, by host. An empty one stands for a host that was not asked.
    type: dict
    required: true
  selection:
    description: The rules that were asked for, as a dictionary with C(match) and C(exclude).
    type: dict
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
- name: Sum up the fleet
  ansible.builtin.debug:
    msg: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars)
         | map(attribute='queue_result', default={})))
         | mailops.postfix.audit_report | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, and its C(facts).
    - C(fleet) has the sums. Its C(top) are lower bounds, because each host tells its own most frequent values only.
    - C(problems) has a text for each host that gave no answer.
  type: dict
"""


def _filter(
    results: Results, *, selection: Mapping[str, Any] | None = None, created: int | None = None
) -> dict[str, Any]:
    return audit_report(results, selection=selection, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"audit_report": as_filter(_filter)}
