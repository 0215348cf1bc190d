# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.audit import audit_report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.audit import audit_document
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.markdown import markdown_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.renderers import render_files
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import (
    TRAITS,
    count_text,
    other_text,
    rules_file,
    share_text,
    trait_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import text_lines
from tests.unit.support.audits import group_of, one_in_trouble, suggestion_of
from tests.unit.support.documentation import sections
from tests.unit.support.report_samples import NOW, UNTRUSTED, facts_of

LOGIN = {"sasl_username": "stolen@example.com", "recipient_count": 5}


def report_of(*suggestions: dict[str, Any], groups: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    result = facts_of(5)
    result["ansible_facts"]["postfix_queue"].update(suggestions=list(suggestions), groups=groups)
    return audit_report({"mx01": {"facts": result}}, created=NOW, inventory=["hosts"])


def lines_below(title: str, report: dict[str, Any]) -> list[str]:
    """Return the lines of a section of the text."""
    lines = text_lines(audit_document(report))
    assert all(len(line) <= 100 for line in lines if " -a '" not in line)
    place = lines.index("%s:" % title)
    return [*lines[place + 1 :], ""][: [*lines[place + 1 :], ""].index("")]


def test_a_suggestion_is_shown_with_what_speaks_for_it_and_against_it_and_a_command() -> None:
    report = one_in_trouble()
    report["inventory"] = ["/home/ops/inventory"]
    assert lines_below("Suggested rules", report) == [
        "  likely: 4,200 messages on 1 host, selects no other mail",
        '    {"sasl_username": "stolen@example.test"}',
        "    for: 352 senders of other domains than the login's; 352 senders write the same subject",
        "    against: nothing",
        "    ansible mx02 -i /home/ops/inventory --become -m mailops.postfix.postfix_message_info \\",
        """      -a '{"match": [{"sasl_username": "stolen@example.test"}], "limit": 20}'""",
        "  possible: about 600 messages on 1 host, selects at most 3.2% other mail",
        '    {"sender": "<>", "recipient": "office@example.com"} or {"client_address": "192.0.2.0/24"}',
        "    for: the null sender writes to one recipient",
        "    against: the notices are of many servers",
        "    ansible mx02 -i /home/ops/inventory --become -m mailops.postfix.postfix_message_info \\",
        """      -a '{"match": [{"sender": "<>", "recipient": "office@example.com"}, {"client_address": "192.0.2.0/24"}], "limit": 20}'""",
    ]
    assert lines_below("Suggested rules", report_of()) == ["  none: nothing looks like a flood"]


def test_groups_are_shown_with_their_shares() -> None:
    assert lines_below("What the queues consist of", one_in_trouble()) == [
        "  70%: 4,200 messages on 1 host",
        '    {"sasl_username": "stolen@example.test"}',
        "    in common: login stolen@example.test (100%, elsewhere 0%); subject You have won (50.2%,",
        "      elsewhere 0%)",
        "  10%: about 600 messages on 1 host",
        '    {"recipient": "office@example.com"}',
    ]
    assert "What the queues consist of:" not in text_lines(audit_document(report_of()))


def test_both_are_shown_in_markdown() -> None:
    text = markdown_text(audit_document(one_in_trouble()))
    assert (
        """
- `likely`: `4,200 messages on 1 host, selects no other mail`
  - `{"sasl_username": "stolen@example.test"}`
  - `for: 352 senders of other domains than the login's; 352 senders write the same subject`
  - `against: nothing`

  ```console
  ansible mx02 --become -m mailops.postfix.postfix_message_info -a '{"match": [{"sasl_username": "stolen@example.test"}], "limit": 20}'
  ```
"""
        in text
    )
    assert (
        """
- `10%`: `about 600 messages on 1 host`
  - `{"recipient": "office@example.com"}`
"""
        in text
    )


def test_what_is_shown_is_bounded() -> None:
    traits = [{"trait": "subject", "value": "x" * 1000, "share": 1.0, "elsewhere": 0.0}] * 8
    evidence = ["y" * 1000] * 50
    report = report_of(
        *(suggestion_of({"body": "%d %s" % (number, "z" * 5000)}, evidence_for=evidence) for number in range(30)),
        groups=[group_of({"body": "%d %s" % (number, "z" * 5000)}, traits=traits) for number in range(30)],
    )
    assert len("\n".join(text_lines(audit_document(report)))) < 50_000


@pytest.mark.parametrize(
    ("other", "text"),
    [
        ({"share": 0.0, "at_most": 0.0, "counted": True}, "selects no other mail"),
        ({"share": 0.021, "at_most": 0.021, "counted": True}, "selects 2.1% other mail"),
        ({"share": 0.0, "at_most": 0.0301, "counted": False}, "selects at most 3.1% other mail"),
        ({"share": 0.0, "at_most": 0.07, "counted": False}, "selects at most 7% other mail"),
        ({"share": 0.0, "at_most": 0.00001, "counted": False}, "selects at most 0.1% other mail"),
        (None, "how much other mail it selects is not known"),
    ],
)
def test_other_text(other: dict[str, Any] | None, text: str) -> None:
    assert other_text(other) == text


def test_words_for_counts_and_traits() -> None:
    assert count_text({"messages": 1, "exact": True}) == "1 message"
    assert count_text({"messages": 12345, "exact": False, "hosts": 2}) == "about 12,345 messages on 2 hosts"
    assert share_text(None) == "-"
    assert trait_text({"trait": "null_sender", "value": None, "share": 1, "elsewhere": None}) == (
        "null sender (100%, elsewhere -)"
    )
    assert trait_text({"trait": "new", "value": "\x1b[2J\n" + "x" * 500, "share": 0.5, "elsewhere": 0.1}) == (
        "new \\x1b[2J %s\u2026 (50%%, elsewhere 10%%)" % ("x" * 51)
    )


def test_each_documented_trait_has_words() -> None:
    facts = sections("postfix_queue_facts")["RETURN"]["ansible_facts"]["contains"]["postfix_queue"]["contains"]
    text = " ".join(facts["groups"]["contains"]["traits"]["description"])
    assert re.findall(r"V\((\w+)\)", text) == list(TRAITS)


RULES: list[dict[str, Any]] = [
    LOGIN,
    {"sender": UNTRUSTED, "header": {"Subject": "/win{{ 7 * 7 }}: #\\d+\x7f\u0085\u2028😀/"}},
    {"any": [{"client_address": ["192.0.2.1", "2001:db8::/32"]}, {"not": {"helo_name": "yes"}}]},
]


def loaded(path: Path, text: str) -> Any:
    """Return the variables of a file as Ansible reads them."""
    path.write_text(text, encoding="utf-8")
    loader = DataLoader()
    variables = loader.load_from_file(str(path))
    return Templar(loader, variables=variables).template(variables)


@pytest.mark.parametrize("rule", RULES)
def test_the_file_has_the_rules_as_ansible_reads_them(tmp_path: Path, rule: dict[str, Any]) -> None:
    evidence = {"evidence_for": [UNTRUSTED, "x\n- sender: a"], "evidence_against": ["\u2028\x85\r\n- sender: b"]}
    text = rules_file(report_of(suggestion_of(rule, confidence="likely", **evidence), suggestion_of({"size": "1"})))
    assert loaded(tmp_path / "rules.yml", text) == {"mailops_match": [rule], "mailops_exclude": []}
    lines = text.splitlines()
    assert lines[:6] == [
        "---",
        "# The rules that the audit of 2026-11-20 12:00:00 UTC suggests. They can be wrong. Delete each rule that you do not want,",
        "# and try the others: run the playbook mailops.postfix.audit with this file.",
        "# A rule that is only possible is a comment. To use it, delete the number sign and one blank in its lines.",
        "mailops_match:",
        "  # likely: 5 messages on 1 host, selects no other mail",
    ]
    assert lines[-5:] == [
        "  # possible: 5 messages on 1 host, selects no other mail",
        "  # for: nothing",
        "  # against: nothing",
        '  # - size: "1"',
        "mailops_exclude: []",
    ]


@pytest.mark.parametrize("rule", RULES)
def test_a_possible_rule_is_used_if_its_lines_are_no_comments(tmp_path: Path, rule: dict[str, Any]) -> None:
    text = rules_file(report_of(suggestion_of(rule, {"sender": "<>"}, evidence_for=["- x: y"])))
    assert loaded(tmp_path / "rules.yml", text) == {"mailops_match": [], "mailops_exclude": []}
    assert text.splitlines()[3].endswith("one blank in its lines, and the [] below.")
    used = re.sub(r"(?m)^  # (?=- |  )", "  ", text).replace("mailops_match: []", "mailops_match:")
    assert loaded(tmp_path / "used.yml", used) == {"mailops_match": [rule, {"sender": "<>"}], "mailops_exclude": []}


def test_the_file_is_of_suggestions_only() -> None:
    assert rules_file(report_of(groups=[group_of(LOGIN)])) == ""
    assert "rules" not in render_files(report_of())
    assert "json" in render_files(report_of())
    assert render_files(report_of(suggestion_of(LOGIN)))["rules"].suffix == ".yml"
