# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter
from ansible_collections.mailops.postfix.plugins.plugin_utils._plans import parse_plan

DOCUMENTATION = r"""
name: parse_plan
short_description: Read a cleanup plan from JSON
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Reads a plan that M(mailops.postfix.postfix_queue_purge) made in check mode and that was kept as JSON.
  - Fails if the text is no plan, or if the plan was altered. The module checks the rest on the host.
  - A plan holds untrusted text, such as addresses. Ansible never evaluates it as a template.
positional: _input
options:
  _input:
    description: The JSON text.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Carry out a plan that was kept
  mailops.postfix.postfix_queue_purge:
    plan: "{{ lookup('ansible.builtin.file', 'plans/mx01.json') | mailops.postfix.parse_plan }}"
  become: true
"""

RETURN = r"""
_value:
  description: The plan.
  type: dict
"""


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"parse_plan": as_filter(parse_plan)}
