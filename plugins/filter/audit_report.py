# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results

DOCUMENTATION = r"""
name: audit_report
short_description: Sum up the queues of a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what M(mailops.postfix.postfix_queue_facts) returned on each host into one report on the fleet.
  - The report names every host. A host that was unreachable, failed or was not queried has a problem instead of facts.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step. The step C(facts) is from
        M(mailops.postfix.postfix_queue_facts). The step C(log), if there is one, is from M(mailops.postfix.postfix_log_info). A log
        that could not be read is no problem.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a host that was not queried.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  selection:
    description: The rules that the messages were selected by, as a dictionary with C(match) and C(exclude).
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
- name: Sum up the fleet
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'facts': 'queue_result'})
         | mailops.postfix.audit_report | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), which is C(ok), C(unreachable), C(failed) or C(missing), its
      C(problem) if any, its C(facts), and the C(suspects) in its log, which is null if the log was not read.
    - C(fleet) has the sums. Its C(held) has the number of C(messages) on hold, and of C(hosts) that have such messages. The counts in its
      C(top) may be too low, because a host returns only its own most frequent values. Its C(suspects) has the
      accounts that stand out in the logs, with the number of C(hosts).
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    selection: Mapping[str, Any] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return audit_report(results, hosts=hosts, selection=selection, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"audit_report": as_filter(_filter)}
