# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Suggested rules, as a section of a report and as a file of variables. Pure."""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Item, Section
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text


def suggestion_section(report: Report) -> Section:
    """Return the suggested rules of the fleet, each complete so that it can be copied, and how much it covers."""
    suggestions = report["fleet"].get("suggestions")
    items = []
    if suggestions is not None and not suggestions:
        items.append(Item("none", "nothing stands out"))
    for suggestion in suggestions or ():
        rules = " or ".join(json.dumps(rule, ensure_ascii=False) for rule in suggestion["match"])
        items.append(Item(_count_text(suggestion), rules))
    return Section("Suggested rules", items)


def _count_text(suggestion: Mapping[str, Any]) -> str:
    about = "" if suggestion["exact"] else "about "
    return "%s%d messages on %d hosts" % (about, suggestion["messages"], suggestion["hosts"])


def rules_file(report: Report) -> str:
    """Return a file of variables with the suggested rules, for an operator to try, shorten and approve; empty if there are none.

    See variable_lines() for what the texts of strangers may hold.
    """
    suggestions = report["fleet"].get("suggestions")
    if not suggestions:
        return ""
    lines = [
        "---",
        "# The rules that the audit of %s suggests. They can be wrong. Delete each rule that you do not want,"
        % time_text(report["created"]),
        "# and try the others: run the playbook mailops.postfix.audit with this file.",
        "mailops_match:",
        *(line for suggestion in suggestions for line in _rule_lines(suggestion)),
        "mailops_exclude: []",
    ]
    return "\n".join(lines) + "\n"


def _rule_lines(suggestion: Mapping[str, Any]) -> Iterator[str]:
    yield "  # %s" % _count_text(suggestion)
    _name, *lines = variable_lines("mailops_match", suggestion["match"])
    yield from lines
