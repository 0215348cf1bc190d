# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.locks import locks_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results

DOCUMENTATION = r"""
name: locks_report
short_description: List the locks of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_lock) or M(mailops.postfix.postfix_lock_info) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The step C(locks) is from one of these modules. The step C(allow) has C(failed) and C(msg) if a task file that allows a login failed.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  check:
    description: Whether expired locks were only named, in check mode.
    type: bool
    default: false
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
- name: Show which locks there are
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'locks': 'locks_found'})
         | mailops.postfix.locks_report | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(locks) has each lock once, with the C(hosts) that have it, those where it is C(missing), and those where its action or text
      is C(differing). C(hosts) has a row for each host with its C(state) and its C(problem) if any.
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results, *, hosts: Iterable[str] | None = None, check: bool = False, created: int | None = None
) -> dict[str, Any]:
    return locks_report(results, hosts=hosts, check=check, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"locks_report": as_filter(_filter)}
