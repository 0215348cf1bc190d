# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table with untrusted text, of several scripts, and reports without the limits of a terminal."""

from __future__ import annotations

from typing import Any, Mapping

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Column, Table
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_text

TABLE = Table(
    [Column("host", untrusted=True), Column("state"), Column("messages", numbers=True)],
    [["mx01", "ok", "12"], ["日本", "unreachable", "-"], ["a|b\x1b[2J", "ok", "3"]],
)


def wide_text(report: Mapping[str, Any]) -> list[str]:
    """Return the lines of a report for a terminal that has room for each line."""
    return report_text(report, width=10_000)
