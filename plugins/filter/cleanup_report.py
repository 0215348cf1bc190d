# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.cleanup import CleanupRun, cleanup_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_options

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
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The step C(plan) is from M(mailops.postfix.postfix_queue_purge) in check mode, or from a task that read the plan from a file. The
        step C(purge) is from M(mailops.postfix.postfix_queue_purge) when it carried out the plan.
      - The steps C(left) and C(left_old) are what M(mailops.postfix.postfix_queue_facts) then found of the selection, and what it found
        only of messages that were there when the plan was made.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  run:
    description:
      - What the run does. C(method) is C(delete) (the default) or C(expire), C(reason) is why it is done, and C(check) is true if it
        only predicts, in check mode.
    type: dict
    default: {}
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
- name: Show what was purged on which host
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'plan': 'planned', 'purge': 'purged'})
         | mailops.postfix.cleanup_report(run={'reason': 'ticket 4711'}) | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, what was C(planned) and C(purged),
      the C(outcomes), and how many messages of the selection are C(left) or have C(arrived) since.
    - A C(state) is one of C(cleaned), C(would_clean), C(nothing_to_do), C(left_over), C(not_verified), C(stopped), C(unknown), C(no_plan),
      C(unreachable), C(failed) and C(missing).
    - C(fleet) has the sums, C(problems) the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    run: Mapping[str, Any] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return cleanup_report(
        results, hosts=hosts, run=read_options(CleanupRun, "run", run), created=now() if created is None else created
    )


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"cleanup_report": as_filter(_filter)}
