# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import RENDERERS

DOCUMENTATION = r"""
name: report_markdown
short_description: Lay a report out as Markdown
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Lays out what P(mailops.postfix.audit_report#filter), P(mailops.postfix.plan_report#filter),
    P(mailops.postfix.cleanup_report#filter), P(mailops.postfix.quarantine_report#filter),
    P(mailops.postfix.quarantine_list#filter), P(mailops.postfix.suspects_report#filter), P(mailops.postfix.lockout_report#filter),
    P(mailops.postfix.locks_report#filter) and P(mailops.postfix.trace_report#filter) return. Identifiers such as C(left_over) become words.
  - Text that came from a queue is untrusted. It is shown as code, so that it cannot be a link, mark-up or HTML.
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
        return {"report_markdown": as_filter(RENDERERS["markdown"].render)}
