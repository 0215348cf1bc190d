# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout import LockoutRun, lockout_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.lockout_limits import LockoutLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_options

DOCUMENTATION = r"""
name: lockout_report
short_description: Sum up a lockout, or its end, on a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what the tasks of the role P(mailops.postfix.lockout#role) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The steps C(preview) and C(log) are what M(mailops.postfix.postfix_message_info) and M(mailops.postfix.postfix_log_info) found before
        anything was touched. C(lock) is from M(mailops.postfix.postfix_lock). C(login) and C(flush) have C(failed) and C(msg) if a task file
        of the site, or the flush of a cache, failed. C(sweep) is what the sweeps did together. C(plan) and C(clean) are from the module that
        deleted or quarantined messages. C(left) is what M(mailops.postfix.postfix_queue_facts) found afterwards.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  run:
    description:
      - What the run does. C(locks) has the locks and C(ids) the IDs of locks, C(unlock) is true if they are removed, C(cleanup) is what becomes
        of messages, C(quarantine) the name of the quarantine if there is one, C(since) how much of the log was read, C(reason) why it is
        done, and C(check) is true if it only predicts, in check mode.
    type: dict
    default: {}
  limits:
    description:
      - The limits C(max_messages), C(max_percent) and C(fleet_max_messages). With limits, the report is that of a preview, and its C(refusals)
        are the reasons why nothing must be locked.
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
- name: Show what was locked on which host
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'lock': 'locked'})
         | mailops.postfix.lockout_report(run={'locks': [{'sasl_username': 'stolen@example.com'}]}) | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, the IDs of locks that were C(added), C(updated),
      C(removed) or had C(expired), how many C(sessions) were ended, what was C(held) and C(cleaned), and how many messages are C(left).
    - A C(state) is one of C(locked), C(would_lock), C(unlocked), C(would_unlock), C(nothing_to_do), C(left_over), C(stopped), C(unknown),
      C(unreachable), C(failed) and C(missing).
    - C(locks) has each lock with what it selects in the queues and in the logs. C(fleet) has the sums.
    - C(problems) has the problem of each host that has one.
  type: dict
"""


def _filter(
    results: Results,
    *,
    hosts: Iterable[str] | None = None,
    run: Mapping[str, Any] | None = None,
    limits: Mapping[str, Any] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return lockout_report(
        results,
        hosts=hosts,
        run=read_options(LockoutRun, "run", run),
        limits=None if limits is None else read_options(LockoutLimits.of_texts, "limits", limits),
        created=now() if created is None else created,
    )


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"lockout_report": as_filter(_filter)}
