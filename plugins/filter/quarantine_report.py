# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine import (
    QuarantineOptions,
    quarantine_report,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import QuarantineLimits
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.results import Results
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.settings import read_options

DOCUMENTATION = r"""
name: quarantine_report
short_description: Sum up a quarantine and its restoration on a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what the tasks of the role P(mailops.postfix.spool_quarantine#role) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description:
      - What the tasks returned, a dictionary of hosts, each with a dictionary of its results by step.
      - The steps C(quarantine), C(restore) and C(expiry) are what M(mailops.postfix.postfix_spool_quarantine) returned when it moved the
        queues away, when it restored the selection, and when it deleted the rest.
      - The step C(listing) is what M(mailops.postfix.postfix_quarantine_info) returned for the quarantine. The steps C(preview) and C(left)
        are what M(mailops.postfix.postfix_queue_facts) found in it before and after the restoration. The step C(service) is what it
        found of the running instance.
      - The step C(source) has the reason why the source was not stopped. It is empty if the source was stopped.
      - The lookup P(mailops.postfix.host_results#lookup) returns it. An empty or missing result stands for a task that did not run.
    type: dict
    required: true
  hosts:
    description: The hosts that were queried, in the order of the report. By default those of the results.
    type: list
    elements: str
  run:
    description:
      - What the run does. C(name) is the name of the quarantine and must be given, C(reason) is why it is done, and C(check) is true if
        it only predicts, in check mode.
      - C(rules) is true if rules select what is restored. C(everything) is true if everything is restored that no rule excludes.
      - C(must_run) is whether a stopped Postfix is a problem.
      - C(expire) is the age at which the rest is deleted, such as V(14d).
    type: dict
    required: true
  limits:
    description:
      - The limits of a preview, before anything is restored. C(max_messages), C(max_percent) and C(fleet_max_messages) limit what the rules
        may restore. C(expire_max_messages) limits how many messages of a host may be deleted.
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
- name: Show what was quarantined on which host
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'quarantine': 'quarantined'})
         | mailops.postfix.quarantine_report(run={'name': 'ticket-4711'}) | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, for how many seconds it was C(down), what
      was C(quarantined), C(selected), C(restored) and C(deleted), how many C(collisions) there were, and how many messages are C(left).
    - A C(state) is one of C(quarantined), C(restored), C(deleted), C(would_quarantine), C(would_restore), C(would_delete),
      C(nothing_to_do), C(no_quarantine), C(left_over), C(mail_down), C(not_verified), C(stopped), C(unknown), C(unreachable), C(failed)
      and C(missing).
    - C(fleet) has the sums, C(problems) the problem of each host that has one.
    - C(refusals) has the reasons why nothing must be restored, if O(limits) are given. Each has a C(code), the C(host) if it is a limit
      on one host, and the values. The filter P(mailops.postfix.refusal_text#filter) makes sentences of them.
  type: dict
"""


def _filter(
    results: Results,
    *,
    run: Mapping[str, Any],
    hosts: Iterable[str] | None = None,
    limits: Mapping[str, Any] | None = None,
    created: int | None = None,
) -> dict[str, Any]:
    return quarantine_report(
        results,
        hosts=hosts,
        run=read_options(QuarantineOptions, "run", run),
        limits=None if limits is None else read_options(QuarantineLimits, "limits", _read_numbers(limits)),
        created=now() if created is None else created,
    )


def _read_numbers(limits: Mapping[str, Any]) -> dict[str, float]:
    """Return the limits that are set. A number given on the command line is a text."""
    return {name: float(limit) for name, limit in limits.items() if limit is not None}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"quarantine_report": as_filter(_filter)}
