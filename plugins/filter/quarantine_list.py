# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_list import quarantine_list
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results

DOCUMENTATION = r"""
name: quarantine_list
short_description: List the quarantines of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_quarantine_info) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step. The step is C(listing), from
        M(mailops.postfix.postfix_quarantine_info).
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a host that was not queried.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
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
- name: Show which quarantines there are
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'listing': 'quarantines_found'})
         | mailops.postfix.quarantine_list | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), which is C(ok), C(no_quarantine), C(unreachable), C(failed) or
      C(missing), its C(problem) if any, and its C(quarantines).
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(results: Results, *, hosts: Iterable[str] | None = None, created: int | None = None) -> dict[str, Any]:
    return quarantine_list(results, hosts=hosts, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"quarantine_list": as_filter(_filter)}
