# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts

DOCUMENTATION = r"""
name: refusal_text
short_description: Say why a run is refused
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Returns the sentences for the C(refusals) of a report of P(mailops.postfix.plan_report#filter).
positional: _input
options:
  _input:
    description: The report.
    type: dict
    required: true
seealso:
  - plugin: mailops.postfix.report_text
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Fail if the plans exceed a limit
  ansible.builtin.assert:
    that: report.refusals | length == 0
    fail_msg: "{{ report | mailops.postfix.refusal_text }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The sentences. The list is empty if nothing is refused.
  type: list
  elements: str
"""


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"refusal_text": as_filter(refusal_texts)}
