# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.plan import PlanLimits, plan_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results

DOCUMENTATION = r"""
name: plan_report
short_description: Sum up the cleanup plans of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_queue_purge) returned in check mode on each host into one report on the fleet.
  - Checks limits over all hosts, so that a cleanup that exceeds them is refused before any host is touched.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step. The step is C(plan), from
        M(mailops.postfix.postfix_queue_purge) in check mode, or from a task that read the plan from a file.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a host that was not queried.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  max_messages:
    description: The largest number of messages in the plan of a host.
    type: int
  max_percent:
    description: The largest share of the messages in the chosen queues, in percent, that the plan of a host may have.
    type: float
  fleet_max_messages:
    description: The largest number of messages in all plans together.
    type: int
  mixed:
    description: Whether to allow plans with different rules, or plans that were made more than an hour apart, in one run.
    type: bool
    default: true
  created:
    description: When the report is made, in seconds since the epoch. By default now.
    type: int
seealso:
  - plugin: mailops.postfix.host_results
    plugin_type: lookup
  - plugin: mailops.postfix.report_text
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Fail if the plans exceed a limit
  ansible.builtin.assert:
    that: report.refusals | length == 0
    fail_msg: "{{ report | mailops.postfix.refusal_text }}"
  vars:
    report: >-
      {{ lookup('mailops.postfix.host_results', {'plan': 'planned'})
         | mailops.postfix.plan_report(fleet_max_messages=50000) }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), which is C(planned), C(nothing_to_do), C(no_plan), C(refused),
      C(unreachable), C(failed) or C(missing), its C(problem) if any, C(counts) and C(summary).
    - C(fleet) has the sums, C(problems) the problem of each host without a plan.
    - C(rules) has each rule that there are plans of, with its hosts.
    - C(refusals) has an entry for each limit that is exceeded, with a C(code), the C(host) if it is a limit on one host, and the values. The
      filter P(mailops.postfix.refusal_text#filter) makes sentences of them. Limits that are not given are those in the plans. If there are none,
      a selection by rules of more than 20 messages that has more than 95 percent of those in the chosen queues is refused.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    max_messages: int | str | None = None,
    max_percent: float | str | None = None,
    fleet_max_messages: int | str | None = None,
    mixed: bool = True,
    created: int | None = None,
) -> dict[str, Any]:
    # A number given on the command line, such as -e max_messages=100, is a text.
    limits = PlanLimits(
        max_messages=None if max_messages is None else int(max_messages),
        max_percent=None if max_percent is None else float(max_percent),
        fleet_max_messages=None if fleet_max_messages is None else int(fleet_max_messages),
        mixed=mixed,
    )
    return plan_report(results, hosts=hosts, limits=limits, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"plan_report": as_filter(_filter)}
