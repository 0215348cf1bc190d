# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command line in the guide and in the README, typed as it stands there, and what came of it.

Names of the lab take the place of those in the documents: one host, its account, its messages.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH, STOLEN_ACCOUNT
from tests.integration.controller import ROOT
from tests.integration.test_quarantine import BASE, clear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.fleet.lab import Completed, Host, Lab
    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

MESSAGES = 40
TICKET = f"{BASE}/ticket-4711"
# What these do is tested where the archive, the demo and the steps are.
# The playbook approve asks on the terminal, and merge needs runs of several parts of a fleet: other tests have these.
NOT_RUN = (
    "ansible-galaxy collection install",
    "ansible-playbook mailops.postfix.approve",
    "ansible-playbook mailops.postfix.merge",
    "cat ",
    "make ",
)


def commands(document: str) -> list[str]:
    """Return the command lines of a document, each with its continuation lines."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found: list[str] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        lines = iter(block.splitlines())
        for line in lines:
            if line.startswith("$ "):
                found.append(_whole(line[2:], lines))
    return [command for command in found if not command.startswith(NOT_RUN)]


def _whole(command: str, lines: Iterator[str]) -> str:
    """Return a command with the lines that it goes on in: after a backslash, or within quotes."""
    while True:
        try:
            if not command.endswith("\\"):
                shlex.split(command, comments=True)
                return command
        except ValueError:
            pass
        command += "\n" + next(lines)


@dataclass
class Desk:
    """An operator at work: a directory with the files of the guide, one host, and what is known of its mail."""

    controller: Controller
    directory: Path
    host: Host
    records: list[Record]

    def adapted(self, text: str) -> str:
        queue_id = self.records[0].queue_id
        return text.replace("stolen@example.com", STOLEN_ACCOUNT).replace("4A0F9AC", queue_id)

    def type(self, command: str) -> Typed:
        before = self.host.spool_files()
        done = self.controller.shell(self.adapted(command), directory=self.directory)
        return Typed(self, done, before, self.host.spool_files())

    def ids(self, *, spam: bool) -> set[str]:
        return {record.queue_id for record in self.records if record.is_spam == spam}

    def log(self) -> str:
        return self.host.get("/var/log/mail.log").decode("utf-8", "replace")


@dataclass
class Typed:
    """A command that was typed: how it ended, and the queues of the host before and after."""

    desk: Desk
    done: Completed
    before: dict[tuple[str, str], str]
    after: dict[tuple[str, str], str]

    @property
    def changed(self) -> bool:
        return self.before != self.after

    @property
    def result(self) -> dict[str, Any]:
        """What a module returned, as the command ansible shows it."""
        (text,) = re.findall(r"^mx01 \| \w+ => (\{.*?^\})", self.done.stdout, re.DOTALL | re.MULTILINE)
        result: dict[str, Any] = json.loads(text)
        return result

    @property
    def queues(self) -> set[str]:
        return {queue for queue, _name in self.after}

    @property
    def left(self) -> set[str]:
        return {name for _queue, name in self.after}

    def report(self, name: str) -> dict[str, Any]:
        """Return the newest report of that name."""
        text = (self.desk.directory / "mailops-reports" / f"{name}.json").read_text(encoding="utf-8")
        report: dict[str, Any] = json.loads(text)
        return report

    def quarantined(self) -> set[str]:
        return {name for _queue, name in self.desk.host.spool_files(TICKET)}


def _of_account(typed: Typed, least: int = 0) -> int:
    return sum(record.sasl_username == STOLEN_ACCOUNT and len(record.pending) >= least for record in typed.desk.records)


def _audit(typed: Typed) -> None:
    assert typed.report("audit")["fleet"]["total"]["messages"] == len(typed.before)
    assert not typed.changed


def _audit_of_a_rule(typed: Typed) -> None:
    report = typed.report("audit")
    assert report["selection"]["match"] == [{"sasl_username": STOLEN_ACCOUNT, "recipient_count": 5}]
    assert report["fleet"]["matched"]["messages"] == _of_account(typed, 5)


def _audit_of_a_domain(typed: Typed) -> None:
    assert typed.report("audit")["selection"]["match"] == [{"recipient": "example.org", "reason": "Connection refused"}]


def _facts(typed: Typed) -> None:
    facts = typed.result["ansible_facts"]["postfix_queue"]
    assert facts["matched"]["messages"] == _of_account(typed)
    assert len(facts["messages"]) == min(5, _of_account(typed))


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


def _in_hold(typed: Typed) -> set[str]:
    return {name for queue, name in typed.after if queue == "hold"}


def _stolen(typed: Typed) -> set[str]:
    return {record.queue_id for record in typed.desk.records if record.sasl_username == STOLEN_ACCOUNT}


def _suggested(typed: Typed) -> None:
    suggestions = typed.report("audit")["fleet"]["suggestions"]
    path = typed.desk.directory / "mailops-reports" / "audit.yml"
    # In a queue as small as this one there may be nothing that stands out, and then there is no file.
    assert path.exists() == bool(suggestions)
    if suggestions:
        rules = yaml.safe_load(path.read_text(encoding="utf-8"))["mailops_match"]
        assert rules == [rule for suggestion in suggestions for rule in suggestion["match"]]
    assert not typed.changed


def _held(typed: Typed) -> None:
    assert _in_hold(typed) == _stolen(typed)
    assert re.search(r"mailops/postfix_queue_hold.*reason=ticket 4711$", typed.desk.log(), re.MULTILINE)


def _all_held(typed: Typed) -> None:
    assert typed.queues == {"hold"}


def _released(typed: Typed) -> None:
    # What the first hold put on hold stays.
    assert _in_hold(typed) == _stolen(typed)
    assert typed.report("hold")["fleet"]["outcomes"]["failed"] == 0


def _released_by_rules(typed: Typed) -> None:
    assert _in_hold(typed) == _stolen(typed)
    assert typed.report("hold")["hosts"][0]["state"] == "nothing_to_do"


def _flushed(typed: Typed) -> None:
    fleet = typed.report("flush")["fleet"]
    assert fleet["matched"]["messages"] == sum(fleet["after"].values())


def _taken_away(typed: Typed) -> None:
    assert typed.left == set()
    assert typed.quarantined() == {name for _queue, name in typed.before}


def _nothing(typed: Typed) -> None:
    assert not typed.changed


def _restored(typed: Typed) -> None:
    assert typed.left
    assert typed.report("quarantine")["reason"] == "ticket 4711"
    assert typed.report("quarantine")["hosts"][0]["state"] == "restored"


def _listed(typed: Typed) -> None:
    assert re.search(r"mx01 +ticket-4711 ", typed.done.stdout)
    assert not typed.changed


def _ran(typed: Typed) -> None:
    assert typed.result["changed"] in (True, False)


def _repaired(typed: Typed) -> None:
    assert set(typed.result["found"]) == set(typed.result["repaired"])
    assert not typed.changed


# Of each part of the guide, which starts with a queue of its own: a piece of each command, and what must have come of it.
GUIDE: dict[str, list[tuple[str, Callable[[Typed], None]]]] = {
    "look, rule, plan, clean up": [
        ("mailops.postfix.audit -i inventory", _audit),
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
    "hold, release, flush": [
        ('"queue_hold_match": [', _held),
        ("queue_hold_match_all=true", _all_held),
        ("mailops.postfix.release -i inventory", _released),
        ('"queue_hold_own": false', _released_by_rules),
        ("mailops.postfix.flush", _flushed),
    ],
    "mail must flow now": [
        ("-e mailops_hosts=mx -e spool_quarantine_name=ticket-4711", _taken_away),
        ("@good.yml --check --diff", _nothing),
        ("@good.yml", _restored),
        ("mailops.postfix.restore -i inventory", _listed),
        ("@better.yml --check --diff", _nothing),
        ("@better.yml", _nothing),
        ('"mode": "queues"', _ran),
        ('"max_percent": 95', _ran),
        ('"spool": "/var/spool/postfix.quarantine/ticket-4711"', _ran),
        ('"state": "restored", "match_all": true', _nothing),
        ('"state": "absent"', _nothing),
    ],
    "rules by symptom, what can go wrong": [
        ('"reason": "Connection refused"', _audit_of_a_domain),
        ("--check --diff -m mailops.postfix.postfix_spool_repair", _repaired),
        ("--diff -m mailops.postfix.postfix_spool_repair", _repaired),
    ],
}
README: list[tuple[str, Callable[[Typed], None]]] = [
    ("mailops.postfix.audit -i inventory.ini", _audit),
    ("mailops.postfix.audit -i inventory", _audit),
    ("mailops.postfix.plan -i inventory -e @spam.yml --diff", _planned),
    ("queue_cleanup_fleet_max_messages=900", _cleaned),
]


@pytest.fixture
def desk(controller: Controller, lab: Lab, host: Host, tmp_path: Path) -> Iterator[Desk]:
    """A host with a mixture, and a directory with an inventory and the files that the guide has an operator write."""
    clear(host)
    known = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))["mx"]
    variables = "".join(f"{name}={value}\n" for name, value in known["vars"].items())
    inventory = f"[mx]\nmx01 ansible_host={known['hosts']['mx01']['ansible_host']}\n[mx:vars]\n{variables}"
    for name in ("inventory", "inventory.ini"):
        (tmp_path / name).write_text(inventory, encoding="utf-8")
    yield Desk(controller, tmp_path, host, host.fill("incident", MESSAGES))
    clear(host)
    host.run(["rm", "-rf", "/root/suspects"])


def files_of_the_guide() -> Mapping[str, Any]:
    """Return the YAML files that the guide shows with their names."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n# (\w+\.yml)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return {name: yaml.safe_load(content) for name, content in blocks}


def put(desk: Desk, name: str, variables: Mapping[str, Any]) -> None:
    # JSON is YAML.
    (desk.directory / name).write_text(desk.adapted(json.dumps(variables)), encoding="utf-8")


def follow(desk: Desk, typed_in: list[str], effects: list[tuple[str, Callable[[Typed], None]]]) -> None:
    for command, (part, effect) in zip(typed_in, effects, strict=True):
        assert part in command
        typed = desk.type(command)
        assert typed.done.returncode == 0, (command, typed.done.stdout, typed.done.stderr)
        effect(typed)


@pytest.mark.parametrize("name", GUIDE)
def test_the_guide_does_what_it_says(desk: Desk, name: str) -> None:
    files = files_of_the_guide()
    assert set(files) == {"spam.yml", "good.yml"}
    rules = {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)}
    put(desk, "spam.yml", {**files["spam.yml"], **rules})
    good = {**files["good.yml"], "spool_quarantine_max_percent": 100}
    put(desk, "good.yml", good)
    put(desk, "better.yml", good)
    whole = commands("docs/operations.md")
    assert len(whole) == sum(map(len, GUIDE.values()))
    start = sum(len(GUIDE[before]) for before in list(GUIDE)[: list(GUIDE).index(name)])
    follow(desk, whole[start : start + len(GUIDE[name])], GUIDE[name])


def test_the_readme_does_what_it_says(desk: Desk) -> None:
    put(desk, "spam.yml", {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)})
    follow(desk, commands("README.md"), README)


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
            _audit(typed)
        elif role == "queue_cleanup":
            assert len(typed.before) - len(typed.after) == _of_account(typed)
            assert "reason=ticket 4711" in desk.log()
        elif role == "queue_hold":
            assert _in_hold(typed) == _stolen(typed) & typed.left
        elif role == "queue_flush":
            assert typed.report("flush")["hosts"][0]["problem"] is None
        else:
            assert typed.quarantined()
            assert typed.quarantined() | typed.left == {name for _queue, name in typed.before}
