# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A table with text of strangers, of several scripts."""

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Column, Table

TABLE = Table(
    [Column("host", untrusted=True), Column("state"), Column("messages", numbers=True)],
    [["mx01", "ok", "12"], ["日本", "unreachable", "-"], ["a|b\x1b[2J", "ok", "3"]],
)
