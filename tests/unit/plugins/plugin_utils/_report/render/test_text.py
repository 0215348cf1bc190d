# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Table
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_table
from tests.unit.support.report_samples import untrusted_reports
from tests.unit.support.tables import TABLE


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_a_strangers_text_controls_no_terminal(report: dict[str, Any]) -> None:
    lines = report_text(report)
    assert all(line.isprintable() for line in lines)
    assert any("owned" in line for line in lines)


def test_text_table() -> None:
    assert text_table(TABLE) == [
        "host        state        messages",
        "mx01        ok                 12",
        "日本        unreachable         -",
        "a|b\\x1b[2J  ok                  3",
    ]


def test_text_table_without_rows() -> None:
    assert text_table(Table(TABLE.columns, [])) == ["host  state  messages"]
