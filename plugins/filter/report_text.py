# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.mailops.postfix.plugins.plugin_utils._filters import as_filter
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import RENDERERS

DOCUMENTATION = r"""
name: report_text
short_description: Lay a report out for a terminal
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Lays out what P(mailops.postfix.plan_report#filter) and P(mailops.postfix.cleanup_report#filter) return. Identifiers such as
    C(left_over) become words.
  - Text that came from a queue is untrusted. Everything in it that could control a terminal is escaped.
positional: _input
options:
  _input:
    description: The report.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the report
  ansible.builtin.debug:
    msg: "{{ report | mailops.postfix.report_text }}"
  run_once: true
"""

RETURN = r"""
_value:
  description: The lines. Nothing in them can control a terminal.
  type: list
  elements: str
"""


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return it by its name."""
        return {"report_text": as_filter(RENDERERS["text"].render)}
