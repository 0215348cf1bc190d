# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Results, plan_report

DOCUMENTATION = r"""
name: plan_report
short_description: Sum up the cleanup plans of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_queue_purge) returned in check mode on each host into one report on the fleet.
  - Checks limits over all hosts, so that a cleanup that goes too far is refused before any host is touched.
positional: _input
options:
  _input:
    description: The registered results, by host. An empty one stands for a host that was not asked.
    type: dict
    required: true
  max_messages:
    description: How many messages the plan of a host may have.
    type: int
  max_percent:
    description: How many percent of the messages in the chosen queues the plan of a host may have.
    type: float
  fleet_max_messages:
    description: How many messages all the plans together may have.
    type: int
  mixed:
    description: Whether plans that were made by different rules, or more than an hour apart, may be carried out together.
    type: bool
    default: true
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
- name: Refuse to go on if the plans go too far
  ansible.builtin.assert:
    that: not report.refusals
    fail_msg: "{{ report.refusals }}"
  vars:
    report: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars)
         | map(attribute='planned', default={})))
         | mailops.postfix.plan_report(fleet_max_messages=50000) }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, C(counts) and C(summary).
    - C(fleet) has the sums, C(problems) a text for each host without a plan.
    - C(rules) has each selection that there are plans of, with its hosts.
    - C(refusals) has a text for each limit that is exceeded. Limits that are not given are those in the plans. Where there are none,
      a selection by rules of more than 20 messages that has more than 95 percent of those in the chosen queues is refused.
  type: dict
"""


def _filter(
    results: Results,
    *,
    max_messages: int | str | None = None,
    max_percent: float | str | None = None,
    fleet_max_messages: int | str | None = None,
    mixed: bool = True,
    created: int | None = None,
) -> dict[str, Any]:
    # A number given on the command line, as -e max_messages=100, is a text.
    return plan_report(
        results,
        max_messages=None if max_messages is None else int(max_messages),
        max_percent=None if max_percent is None else float(max_percent),
        fleet_max_messages=None if fleet_max_messages is None else int(fleet_max_messages),
        mixed=mixed,
        created=now() if created is None else created,
    )


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"plan_report": as_filter(_filter)}
