# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import code, markdown_table
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_markdown
from tests.unit.support.report_samples import NOW, facts_of, untrusted_reports
from tests.unit.support.results import by_host
from tests.unit.support.tables import TABLE

CODES: list[tuple[str, str, str]] = [
    ("empty", "", ""),
    ("nothing to show", "-", "-"),
    ("address", "a_b_c@example.com", "`a_b_c@example.com`"),
    ("HTML", "<img src=x onerror=alert(1)>", "`<img src=x onerror=alert(1)>`"),
    ("link", "[click](http://evil.example)", "`[click](http://evil.example)`"),
    ("backslash at the end", "a\\", "`a\\`"),
    ("pipe", "a|b", "<code>a&#124;b</code>"),
    ("backslash and pipe", "a\\|b", "<code>a&#92;&#124;b</code>"),
    ("backtick and HTML", "`<b>`", "<code>&#96;&#60;b&#62;&#96;</code>"),
    ("escape", "\x1b[1m", "`\\x1b[1m`"),
]
UNREACHABLE = {"unreachable": True, "msg": "ssh: connect to host mx02\nport 22: timed out"}


def test_a_document() -> None:
    report = audit_report(by_host("facts", {"mx01": facts_of(5), "mx02": UNREACHABLE}), created=NOW)
    assert report_markdown(report).splitlines() == [
        "# Mail queues",
        "",
        "2026-11-20 12:00:00 UTC",
        "",
        "- 1 of 2 hosts answered.",
        "- 5 messages (5.0 KiB) to 10 recipients, the oldest 2h 0m old.",
        "",
        (
            "| host | state | incoming | active | deferred | hold | oldest | who sends | messages | to recipients | top recipient "
            "| top reason |"
        ),
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- | ---: | ---: | --- | --- |",
        (
            "| `mx01` | ok | 0 | 0 | 5 | 0 | 2h 0m | `sender a@example.com` | 5 | - | - "
            "| `450 4.2.0 Greylisted, please try again later (5)` |"
        ),
        "| `mx02` | unreachable | - | - | - | - | - | - | - | - | - | - |",
        "",
        "## Top of the fleet",
        "",
        "- `senders`: `a@example.com (5)`",
        "- `recipient domains`: `example.org (3), example.net (2)`",
        "- `reason`: `450 4.2.0 Greylisted, please try again later (5)`",
        "",
        "## Problems",
        "",
        "- `mx02`: `unreachable: ssh: connect to host mx02 port 22: timed out`",
    ]


@pytest.mark.parametrize("report", untrusted_reports(), ids=lambda report: report["kind"])
def test_a_strangers_text_is_no_markdown(report: dict[str, Any]) -> None:
    lines = report_markdown(report).splitlines()
    table = [line for line in lines if line.startswith("|")]
    assert len({line.count("|") for line in table}) == 1
    # Outside of code there is nothing of it at all.
    outside = re.sub(r"`[^`]*`|<code>[^<]*</code>", "", "\n".join(lines))
    assert "owned" not in outside
    assert "<" not in outside
    assert any("owned" in line for line in lines)


@pytest.mark.parametrize(("text", "marked"), [row[1:] for row in CODES], ids=[row[0] for row in CODES])
def test_code(text: str, marked: str) -> None:
    assert code(text) == marked


def test_markdown_table() -> None:
    assert markdown_table(TABLE) == [
        "| host | state | messages |",
        "| --- | --- | ---: |",
        "| `mx01` | ok | 12 |",
        "| `日本` | unreachable | - |",
        "| <code>a&#124;b&#92;x1b&#91;2J</code> | ok | 3 |",
    ]
