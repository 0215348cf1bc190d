# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import markdown_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_lines

TABLE = Table([Column("host", untrusted=True), Column("count", numbers=True)], [["mx01", "5"]])


def test_a_section_without_items_is_not_shown() -> None:
    document = Document("Title", 0, ["All is well."], TABLE, [Section("Empty", []), Section("Full", [Item("a", "b")])])
    assert text_lines(document) == [
        "Title, 1970-01-01 00:00:00 UTC",
        "All is well.",
        "",
        "host  count",
        "mx01      5",
        "",
        "Full:",
        "  a: b",
    ]
    assert markdown_text(document).splitlines() == [
        "# Title",
        "",
        "1970-01-01 00:00:00 UTC",
        "",
        "- All is well.",
        "",
        "| host | count |",
        "| --- | ---: |",
        "| `mx01` | 5 |",
        "",
        "## Full",
        "",
        "- `a`: `b`",
    ]
