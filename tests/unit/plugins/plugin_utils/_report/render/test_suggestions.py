# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.audit import audit_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import markdown_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import render_files
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import rules_file
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_lines
from tests.unit.support.report_samples import NOW, UNTRUSTED, facts_of


def report_of(*rules: dict[str, Any], exact: bool = True) -> dict[str, Any]:
    result = facts_of(5)
    result["ansible_facts"]["postfix_queue"]["suggestions"] = [
        {"match": [rule], "messages": 5, "exact": exact} for rule in rules
    ]
    return audit_report({"mx01": {"facts": result}}, created=NOW)


def test_suggestions_are_shown_as_rules() -> None:
    report = report_of({"sasl_username": "stolen@example.com", "recipient_count": 5})
    text = text_lines(audit_document(report))
    place = text.index("Suggested rules:")
    assert text[place + 1] == '  5 messages on 1 hosts: {"sasl_username": "stolen@example.com", "recipient_count": 5}'
    assert '- `5 messages on 1 hosts`: `{"sasl_username": ' in markdown_text(audit_document(report))
    assert "  about 5 messages on 1 hosts: " in "\n".join(
        text_lines(audit_document(report_of({"size": 1}, exact=False)))
    )
    assert text_lines(audit_document(report_of()))[-1] == "  none: nothing stands out"


RULES: list[dict[str, Any]] = [
    {"sasl_username": "stolen@example.com", "recipient_count": 5},
    {"sender": UNTRUSTED, "header": {"Subject": "/win{{ 7 * 7 }}: #\\d+\x7f\u0085\u2028😀/"}},
    {"any": [{"client_address": ["192.0.2.1", "2001:db8::/32"]}, {"not": {"helo_name": "yes"}}]},
]


@pytest.mark.parametrize("rule", RULES)
def test_the_file_has_the_rules_as_ansible_reads_them(tmp_path: Path, rule: dict[str, Any]) -> None:
    path = tmp_path / "rules.yml"
    path.write_text(rules_file(report_of(rule)), encoding="utf-8")
    loader = DataLoader()
    variables = loader.load_from_file(str(path))
    assert Templar(loader, variables=variables).template(variables) == {"mailops_match": [rule], "mailops_exclude": []}
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[:5] == [
        "---",
        "# The rules that the audit of 2026-11-20 12:00:00 UTC suggests. They can be wrong. Delete each rule that you do not want,",
        "# and try the others: run the playbook mailops.postfix.audit with this file.",
        "mailops_match:",
        "  # 5 messages on 1 hosts",
    ]


def test_without_suggestions_there_is_no_file() -> None:
    assert rules_file(report_of()) == ""
    assert "rules" not in render_files(report_of())
    assert "json" in render_files(report_of())
    assert render_files(report_of(RULES[0]))["rules"].suffix == ".yml"
