# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable, Mapping

from ansible_collections.mailops.postfix.plugins.module_utils._selection.criteria import parse_age
from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import (
    QuarantineRun,
    Quarantining,
    Results,
    quarantine_report,
)

DOCUMENTATION = r"""
name: quarantine_report
short_description: Sum up an emergency or a restoration on a fleet
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Turns what the tasks of the role P(mailops.postfix.spool_quarantine#role) returned on each host into one report on the fleet.
positional: _input
options:
  _input:
    description: What M(mailops.postfix.postfix_spool_quarantine) returned when it took the queues away, by host.
    type: dict
    required: true
  source:
    description: What kept the source from being stopped, by host; nothing for a host where it was stopped.
    type: dict
    default: {}
  found:
    description: What M(mailops.postfix.postfix_quarantine_info) returned of the quarantine, by host.
    type: dict
    default: {}
  looked:
    description: What M(mailops.postfix.postfix_queue_facts) found of the selection before anything was restored, by host.
    type: dict
    default: {}
  restored:
    description: What M(mailops.postfix.postfix_spool_quarantine) returned when it restored the selection, by host.
    type: dict
    default: {}
  left:
    description: What M(mailops.postfix.postfix_queue_facts) then found in the quarantine, by host.
    type: dict
    default: {}
  expired:
    description: What M(mailops.postfix.postfix_spool_quarantine) returned when it deleted the rest, by host.
    type: dict
    default: {}
  mail:
    description: What M(mailops.postfix.postfix_queue_facts) says of the running instance, by host.
    type: dict
    default: {}
  name:
    description: The name of the quarantine.
    type: str
    required: true
  reason:
    description: Why it was done.
    type: str
  rules:
    description: Whether rules said what was to be restored.
    type: bool
    default: false
  must_run:
    description: Whether a host where Postfix does not run is a problem.
    type: bool
    default: true
  everything:
    description: Whether everything was to be restored that no rule spares.
    type: bool
    default: false
  expire:
    description: The age at which what is left is deleted, as V(14d).
    type: str
  limits:
    description:
      - Where the report is on a dry look, before anything is restored. What the rules may restore, as C(max_messages), C(max_percent)
        and C(fleet_max_messages), and how many messages of a host may be deleted, as C(expire_max_messages).
    type: dict
  check:
    description: Whether it was only predicted, in check mode.
    type: bool
    default: false
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
- name: Tell what was quarantined where
  ansible.builtin.debug:
    msg: "{{ taken_by_host | mailops.postfix.quarantine_report(name='ticket-4711') | mailops.postfix.report_text }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, for how many seconds it was C(down), what
      was C(quarantined), C(selected), C(restored) and C(deleted), how many C(collisions) there were, and how many messages are C(left).
    - C(fleet) has the sums, C(problems) a text for each host where it did not end well.
    - C(refusals) has what forbids restoring, with O(limits).
  type: dict
"""


def _filter(
    taken: Results,
    *,
    name: str,
    source: Results | None = None,
    found: Results | None = None,
    looked: Results | None = None,
    restored: Results | None = None,
    left: Results | None = None,
    expired: Results | None = None,
    mail: Results | None = None,
    reason: str | None = None,
    rules: bool = False,
    must_run: bool = True,
    everything: bool = False,
    expire: str | None = None,
    limits: Mapping[str, Any] | None = None,
    check: bool = False,
    created: int | None = None,
) -> dict[str, Any]:
    later = [results or {} for results in (source, found, looked, restored, left, expired, mail)]
    hosts = {
        host: Quarantining(result, *(results.get(host) or {} for results in later)) for host, result in taken.items()
    }
    run = QuarantineRun(
        name=name,
        reason=reason,
        rules=rules,
        must_run=must_run,
        check=check,
        everything=everything,
        expire=expire,
        expire_seconds=None if expire is None else parse_age(expire, "expire"),
    )
    return quarantine_report(hosts, run=run, limits=_numbers(limits), created=now() if created is None else created)


def _numbers(limits: Mapping[str, Any] | None) -> Mapping[str, float] | None:
    """Return the limits that there are. What was given as --extra-vars key=value is text."""
    if limits is None:
        return None
    return {name: float(limit) for name, limit in limits.items() if limit is not None}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"quarantine_report": as_filter(_filter)}
