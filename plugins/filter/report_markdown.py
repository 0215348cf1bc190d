# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter
from ansible_collections.mailops.postfix.plugins.plugin_utils._sheets import report_markdown

DOCUMENTATION = r"""
name: report_markdown
short_description: Lay a report out as Markdown
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Lays out what P(mailops.postfix.audit_report#filter), P(mailops.postfix.plan_report#filter) and
    P(mailops.postfix.cleanup_report#filter) return.
  - Everything that came from a queue is shown as code, where it is no link, no mark-up and no HTML.
positional: _input
options:
  _input:
    description: The report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Keep the report
  ansible.builtin.copy:
    content: "{{ report | mailops.postfix.report_markdown }}"
    dest: ./audit.md
    mode: "0600"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
_value:
  description: The document.
  type: str
"""


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"report_markdown": as_filter(report_markdown)}
