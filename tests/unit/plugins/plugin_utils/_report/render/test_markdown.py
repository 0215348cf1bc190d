# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import (
    Column,
    Document,
    Item,
    Section,
    Table,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import (
    code,
    markdown_table,
    markdown_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import report_markdown
from tests.unit.support.report_samples import NOW, facts_of, untrusted_reports
from tests.unit.support.results import by_host
from tests.unit.support.tables import TABLE

# GitHub shows no more of the summary of a job.
GITHUB_BYTES = 1 << 20

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
        "| `mx02` | unreachable | - | - | - | - | - | - | - | - | - | - |",
        (
            "| `mx01` | ok | 0 | 0 | 5 | 0 | 2h 0m | `sender a@example.com` | 5 | - | - "
            "| `450 4.2.0 Greylisted, please try again later (5)` |"
        ),
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
    # Outside of code there is nothing of it at all. A block of code ends before a line that is empty.
    outside = re.sub(r"(?m)^  ```console\n  ansible .*\n  ```\n$", "", "\n".join(lines))
    outside = re.sub(r"`[^`]*`|<code>[^<]*</code>", "", outside)
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


def test_of_many_hosts_those_in_trouble_come_first_and_the_rest_is_summed_up() -> None:
    history = [{"created": NOW - 60, "messages": 0, "oldest_age": None, "hosts": {"mx000": 1, "mx001": 900}}]
    results: dict[str, Any] = {f"mx{number:03}": facts_of(number) for number in range(100)}
    report = audit_report(
        by_host("facts", {**results, "mx050": UNREACHABLE}),
        created=NOW,
        thresholds={"messages": 97},
        history=history,
    )
    lines = report_markdown(report).splitlines()
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in lines if line.startswith("| ")][2:]
    assert len(rows) == 51
    assert [row[0] for row in rows[:5]] == ["mx099", "mx098", "mx050", "mx097", "mx096"]
    rest = sum(number for number in range(50))
    assert rows[-1][:8] == ["and 50 more", "-", "0", "0", str(rest), "0", "-900", "-"]
    assert "- `mx099`: `messages: 99, allowed are 97`" in lines


def test_of_many_problems_the_first_are_listed() -> None:
    report = audit_report(by_host("facts", {f"mx{number:03}": UNREACHABLE for number in range(60)}), created=NOW)
    assert report_markdown(report).splitlines()[-1] == "- and 10 more"


# A result has at most 512 bytes of a reason.
HOSTILE = {"marks": "x" + "\u0301" * 255, "pipes": "|" * 512, "escapes": "`\U000e0100" * 100}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_thousand_hosts_with_long_values_stay_below_what_github_shows(text: str) -> None:
    top = {name: [{"value": text, "messages": 1}] * 10 for name in ("senders", "sasl_usernames", "client_addresses")}
    facts = facts_of(5)
    facts["ansible_facts"]["postfix_queue"].update(top=top)
    results: dict[str, Any] = {f"mx{number}": facts for number in range(900)}
    results.update((f"{number}{text}", {"failed": True, "msg": text}) for number in range(100))
    limits = {"messages": 1, "sender_share": 0, "min_messages": 0}
    markdown = report_markdown(audit_report(by_host("facts", results), created=NOW, thresholds=limits))
    assert len(markdown.encode("utf-8")) < GITHUB_BYTES


def test_what_does_not_fit_is_left_out_and_said() -> None:
    items = [Item("x", "\U0001f600|" * 250)] * 50
    sections = [Section("Section %d" % number, items) for number in range(40)]
    markdown = markdown_text(Document("Title", NOW, ["summary"], TABLE, sections))
    assert len(markdown.encode("utf-8")) <= 1_000_000
    assert markdown.splitlines()[-2:] == ["", "The rest is left out here. The report in JSON has it."]
    assert all(line.endswith("</code>") for line in markdown.splitlines() if line.startswith("- `x`"))


SUMS: list[tuple[str, list[str], str]] = [
    ("numbers", ["1", "-", "20"], "21"),
    ("changes", ["+1", "-5", "+20"], "+16"),
    ("ages", ["1", "2h 0m"], "-"),
    ("none", ["-", "-"], "-"),
]


@pytest.mark.parametrize(("cells", "total"), [row[1:] for row in SUMS], ids=[row[0] for row in SUMS])
def test_a_column_is_summed_up_if_it_has_numbers(cells: list[str], total: str) -> None:
    columns = [Column("host"), Column("figure", numbers=True)]
    rows = [*([["a", "1"]] * 50), *(["b", cell] for cell in cells)]
    assert markdown_table(Table(columns, rows))[-1] == f"| and {len(cells)} more | {total} |"
