# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.trace import trace_report

DOCUMENTATION = r"""
name: trace_report
short_description: Make one trace of a message from the mail logs of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_log_info) returned on each host for C(trace) into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The step C(first) is from M(mailops.postfix.postfix_log_info). The step C(followed) is from the same module in a loop over
        C(message_ids) of a report on the first step.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  trace:
    description: What was asked for, as a dictionary with some of C(queue_id), C(message_id), C(sender) and C(recipient).
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
- name: Show what became of a message
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'first': 'traced'})
         | mailops.postfix.trace_report(trace={'queue_id': '4A0F9AC'}) | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(events) has the lines of all logs in the order of time, each with the host whose log has it as C(from_host). C(message_ids)
      has Message-IDs in these lines that were not asked for. C(hosts) has a row for each host with its C(state), which is C(ok),
      C(not_found), C(unreachable), C(failed) or C(missing), and its C(problem) if any.
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    trace: Mapping[str, Any] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return trace_report(results, hosts=hosts, trace=trace, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"trace_report": as_filter(_filter)}
