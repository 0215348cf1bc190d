# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command line in the guide, in the README and in the pages of the roles, typed as it stands there, and what came of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import yaml

from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH, STOLEN_ACCOUNT
from tests.integration.controller import ROOT
from tests.integration.desk import Step, audited, commands, desk, follow, of_account, put, yaml_files
from tests.integration.test_purge import send

if TYPE_CHECKING:
    from tests.integration.desk import Desk, Typed

__all__ = ["desk"]


def _audit_of_a_rule(typed: Typed) -> None:
    report = typed.report("audit")
    assert report["selection"]["match"] == [{"sasl_username": STOLEN_ACCOUNT, "recipient_count": 5}]
    assert report["fleet"]["matched"]["messages"] == len(of_account(typed.desk, 5))


def _facts(typed: Typed) -> None:
    facts = typed.result["ansible_facts"]["postfix_queue"]
    assert facts["matched"]["messages"] == len(of_account(typed.desk))
    assert len(facts["messages"]) == min(5, len(of_account(typed.desk)))


def _patterns(typed: Typed) -> None:
    assert typed.result["coverage"]["combinations"]
    assert len(typed.result["coverage"]["patterns"]) == 3


def _opened(typed: Typed) -> None:
    assert [message["queue_id"] for message in typed.result["messages"]] == [typed.desk.records[0].queue_id]


def _written(typed: Typed) -> None:
    files = typed.desk.host.run(["sh", "-c", "ls /root/suspects | wc -l"]).stdout
    assert 0 < int(files) <= 20


def _planned(typed: Typed) -> None:
    plan = json.loads(
        (typed.desk.directory / "mailops-reports/runs/latest/plans/mx01.json").read_text(encoding="utf-8")
    )
    assert plan["counts"]["messages"] == len({name for _queue, name in typed.before} & typed.desk.ids(spam=True))
    assert not typed.changed


def _cleaned_for_the_ticket(typed: Typed) -> None:
    assert typed.left == typed.desk.ids(spam=False)
    assert re.search(r"mailops/postfix_queue_purge.*reason=ticket 4711$", typed.desk.log(), re.MULTILINE)
    assert typed.report("cleanup")["reason"] == "ticket 4711"


def _cleaned(typed: Typed) -> None:
    assert typed.left == typed.desk.ids(spam=False)
    assert typed.report("cleanup")["hosts"][0]["state"] in ("cleaned", "nothing_to_do")


def _suggested(typed: Typed) -> None:
    suggestions = typed.report("audit")["fleet"]["suggestions"]
    path = typed.desk.directory / "mailops-reports" / "audit.yml"
    # In a queue as small as this one there may be nothing that looks like a flood, and then there is no file.
    assert path.exists() == bool(suggestions)
    if suggestions:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))["mailops_match"]
        likely = [suggestion for suggestion in suggestions if suggestion["confidence"] == "likely"]
        assert rules == [rule for suggestion in likely for rule in suggestion["match"]]
    assert not typed.changed


def _held(typed: Typed) -> None:
    assert typed.in_hold == of_account(typed.desk)
    assert re.search(r"mailops/postfix_queue_hold.*reason=ticket 4711$", typed.desk.log(), re.MULTILINE)


def _all_held(typed: Typed) -> None:
    assert typed.queues == {"hold"}


def _released(typed: Typed) -> None:
    # What the first hold put on hold stays.
    assert typed.in_hold == of_account(typed.desk)
    assert typed.report("hold")["fleet"]["outcomes"]["failed"] == 0


def _released_by_rules(typed: Typed) -> None:
    assert typed.in_hold == of_account(typed.desk)
    assert typed.report("hold")["hosts"][0]["state"] == "nothing_to_do"


def _cleaned_by_an_approved_plan(typed: Typed) -> None:
    _cleaned(typed)
    assert typed.report("cleanup")["canary"] == ["mx01"]


# A subject that would do harm in a shell and in a template, and a task that makes an audit of a rule for it.
NASTY = """it's {{ 7 * 7 }} $(touch owned) `touch owned` "{% raw %}" \\ !!"""
AUDIT_OF_NASTY = """
- hosts: mx
  gather_facts: false
  tasks:
    - mailops.postfix.postfix_fleet_report:
        kind: audit
        results:
          mx01:
            facts:
              ansible_facts:
                postfix_queue:
                  matched: {messages: 1, bytes: 1, recipients: 1}
                  suggestions:
                    - match: [{header: {Subject: !unsafe %s}}]
                      messages: 1
                      exact: true
      run_once: true
"""


def _commands_shown(typed: Typed) -> list[str]:
    """Return the commands below the suggestions that an audit shows on the terminal, as an operator copies them."""
    shown = re.findall(r"^    (ansible mx01 (?:.*\\\n)*.*)$", typed.done.stdout, re.MULTILINE)
    assert shown, typed.done.stdout
    return shown


def _ids_opened(desk: Desk, command: str) -> list[str]:
    typed = desk.type(command)
    assert typed.done.returncode == 0, (command, typed.done.stdout, typed.done.stderr)
    assert not typed.changed
    return [message["queue_id"] for message in typed.result["messages"]]


# Of each part of the guide, which starts with a queue of its own: a piece of each command, and what must have come of it.
GUIDE: dict[str, list[Step]] = {
    "look, rule, plan, clean up": [
        ("mailops.postfix.audit -i inventory", audited),
        ("queue_audit_gather", _suggested),
        ("queue_audit_match", _audit_of_a_rule),
        ('"gather": ["messages", "reasons"]', _facts),
        ('"patterns":', _patterns),
        ('"excerpt": 500', _opened),
        ("eml_directory", _written),
        ("mailops.postfix.plan -i inventory -e @spam.yml --diff", _planned),
        ('{"queue_cleanup_reason": "ticket 4711"}', _cleaned_for_the_ticket),
        ("queue_cleanup_fleet_max_messages=50000", _cleaned),
        ("-e queue_cleanup_run=mailops-reports", _cleaned),
    ],
    "hold, release": [
        ('"queue_hold_match": [', _held),
        ("queue_hold_match_all=true", _all_held),
        ("mailops.postfix.release -i inventory", _released),
        ('"queue_hold_own": false', _released_by_rules),
    ],
}
README: list[Step] = [
    ("mailops.postfix.audit -i inventory.ini", audited),
    ("mailops.postfix.audit -i inventory", None),
    ("mailops.postfix.plan -i inventory -e @spam.yml --diff", _planned),
    ("queue_cleanup_fleet_max_messages=900", _cleaned_by_an_approved_plan),
]


@pytest.mark.parametrize("name", GUIDE)
def test_the_guide_does_what_it_says(desk: Desk, name: str) -> None:
    files = yaml_files("docs/operations.md")
    assert set(files) == {"spam.yml"}
    rules = {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)}
    put(desk, "spam.yml", {**files["spam.yml"], **rules})
    whole = commands("docs/operations.md")
    assert len(whole) == sum(map(len, GUIDE.values()))
    start = sum(len(GUIDE[before]) for before in list(GUIDE)[: list(GUIDE).index(name)])
    follow(desk, whole[start : start + len(GUIDE[name])], GUIDE[name])


def test_the_command_below_a_suggestion_opens_the_messages_of_its_rule(desk: Desk) -> None:
    desk.host.fill("incident", 300)
    (command,) = (command for command in commands("docs/operations.md") if "suggestions" in command)
    audited_now = desk.type(command)
    suggestion = audited_now.report("audit")["fleet"]["suggestions"][0]
    found = desk.controller.facts(desk.host.name, match=suggestion["match"], limit=20, gather=["messages"])
    assert not suggestion["exact"] or found["matched"]["messages"] == suggestion["messages"]
    opened = _ids_opened(desk, _commands_shown(audited_now)[0])
    assert opened == [message["queue_id"] for message in found["messages"]]
    assert len(opened) == min(20, found["matched"]["messages"])


def test_the_command_for_a_nasty_rule_opens_its_message_and_does_nothing_else(desk: Desk) -> None:
    queue_id = send(desk.host, "a@bad.example", "x@dest.example.org", text=f"Subject: {NASTY}\r\n\r\nhello\r\n")
    desk.host.settle(len(desk.records) + 1)
    (desk.directory / "audit.yml").write_text(AUDIT_OF_NASTY % json.dumps(NASTY), encoding="utf-8")
    made = desk.type("ansible-playbook -i inventory audit.yml")
    assert made.done.returncode == 0, made.done.stdout
    (command,) = _commands_shown(made)
    assert _ids_opened(desk, command) == [queue_id]
    assert not (desk.directory / "owned").exists()


def test_the_readme_does_what_it_says(desk: Desk) -> None:
    put(desk, "spam.yml", {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)})
    typed_in = commands("README.md")
    follow(desk, typed_in[:-1], README[:-1])
    plan = json.loads((desk.directory / "mailops-reports/runs/latest/fleet_plan.json").read_text(encoding="utf-8"))
    desk.names["3e1f3047d458"] = plan["digest"][:12]
    follow(desk, typed_in[-1:], README[-1:])


def test_the_pages_of_the_roles_do_what_they_say(desk: Desk) -> None:
    for role in ("queue_audit", "queue_cleanup", "queue_hold", "queue_flush", "spool_quarantine"):
        text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
        plays = re.findall(r"^```yaml\n(- name: .*?\n  hosts: .*?)^```", text, re.DOTALL | re.MULTILINE)
        assert len(plays) == 1
        (desk.directory / "play.yml").write_text(desk.adapted(plays[0]), encoding="utf-8")
        (desk.directory / "disable_account.yml").write_text("[]\n", encoding="utf-8")
        more = " -e spool_quarantine_max_percent=100" if role == "spool_quarantine" else ""
        typed = desk.type(f"ansible-playbook -i inventory play.yml{more}")
        assert typed.done.returncode == 0, typed.done.stdout
        if role == "queue_audit":
            audited(typed)
        elif role == "queue_cleanup":
            assert len(typed.before) - len(typed.after) == len(of_account(typed.desk))
            assert "reason=ticket 4711" in desk.log()
        elif role == "queue_hold":
            assert typed.in_hold == of_account(typed.desk) & typed.left
        elif role == "queue_flush":
            assert typed.report("flush")["hosts"][0]["problem"] is None
        else:
            assert typed.quarantined()
            assert typed.quarantined() | typed.left == {name for _queue, name in typed.before}
