# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter, now
from ansible_collections.mailops.postfix.plugins.plugin_utils._reports import Results, quarantine_list

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
    description: The registered results, by host. An empty one stands for a host that was not asked.
    type: dict
    required: true
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
- name: Tell which quarantines there are
  ansible.builtin.debug:
    msg: "{{ found_by_host | mailops.postfix.quarantine_list | mailops.postfix.report_text }}"
  run_once: true
"""

RETURN = r"""
_value:
  description:
    - The report. C(hosts) has a row for each host with its C(state), its C(problem) if any, and its C(quarantines).
    - C(problems) has a text for each host that gave no answer.
  type: dict
"""


def _filter(found: Results, *, created: int | None = None) -> dict[str, Any]:
    return quarantine_list(found, created=now() if created is None else created)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"quarantine_list": as_filter(_filter)}
