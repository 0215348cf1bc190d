# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: host_results
short_description: Return what tasks registered on the hosts of a play, as one mapping
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Returns a dictionary of hosts, each with a dictionary of its results by step. The report filters of this collection take it.
  - A result is empty if the task did not run.
  - It has each host of the play, also hosts that are unreachable or failed.
options:
  _terms:
    description: One dictionary, with the variable that a task registers for the name of each step.
    type: dict
    required: true
  hosts:
    description: The hosts. By default all of the play, C(ansible_play_hosts_all).
    type: list
    elements: str
seealso:
  - plugin: mailops.postfix.plan_report
    plugin_type: filter
  - plugin: mailops.postfix.cleanup_report
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Sum up the plans
  ansible.builtin.debug:
    msg: >-
      {{ lookup('mailops.postfix.host_results', {'plan': 'plan_result'})
         | mailops.postfix.plan_report | mailops.postfix.report_text }}
  run_once: true
"""

RETURN = r"""
_list:
  description: One dictionary of hosts, each with a dictionary of its results by step.
  type: list
  elements: dict
"""

from typing import Any, Mapping, Sequence

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.mailops.postfix.plugins.plugin_utils._host_results import collect_results
from ansible_collections.mailops.postfix.plugins.plugin_utils._values import to_plain


class LookupModule(LookupBase):
    """The lookup plugin."""

    def run(
        self, terms: Sequence[Any], variables: Mapping[str, Any] | None = None, **options: Any
    ) -> list[dict[str, dict[str, Any]]]:
        """Return the mapping. Raises AnsibleLookupError unless the term is one mapping of steps to variables."""
        if len(terms) != 1 or not isinstance(terms[0], Mapping):
            raise AnsibleLookupError("Give one mapping of steps to variables, such as {'facts': 'queue_result'}.")
        known = variables or {}
        hosts = options["hosts"] if "hosts" in options else known["ansible_play_hosts_all"]
        return [collect_results(to_plain(hosts), to_plain(terms[0]), known)]
