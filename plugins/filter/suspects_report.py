# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suspects import suspects_report

DOCUMENTATION = r"""
name: suspects_report
short_description: Sum up which accounts stand out in the mail logs of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_log_info) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The step C(log) is from M(mailops.postfix.postfix_log_info) with C(accounts), C(suspects) and C(queue). The step C(locks) is from
        M(mailops.postfix.postfix_lock) without locks, which removes expired locks.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  thresholds:
    description:
      - The thresholds that were set for M(mailops.postfix.postfix_log_info). An account that exceeds them only over all hosts together is a
        suspect, too.
    type: dict
  created:
    description: When the report is made, in seconds since the epoch. By default now.
    type: int
seealso:
  - plugin: mailops.postfix.host_results
    plugin_type: lookup
  - plugin: mailops.postfix.report_text
    plugin_type: filter
  - plugin: mailops.postfix.report_markdown
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the suspects
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'log': 'log_result'})
         | mailops.postfix.suspects_report | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(suspects) has each account that stands out, with its C(evidence). C(accounts) has the accounts of all hosts with their sums,
      those with most recipients first. C(hosts) has a row for each host with its C(state) and its C(problem) if any.
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    thresholds: Mapping[str, float | None] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return suspects_report(results, hosts=hosts, thresholds=thresholds, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"suspects_report": as_filter(_filter)}
