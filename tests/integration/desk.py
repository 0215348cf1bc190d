# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An operator's desk: the commands of the pages in docs/, typed as they stand there, and what came of them.

Names of the lab take the place of those in the documents: one host, its account, its messages.
"""

from __future__ import annotations

import json
import re
import shlex
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.fleet.mixture import STOLEN_ACCOUNT
from tests.integration.controller import ROOT
from tests.integration.test_quarantine import BASE, clear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.fleet.lab import Completed, Host, Lab
    from tests.fleet.mixture import Record
    from tests.integration.controller import Controller

MESSAGES = 40
TICKET = f"{BASE}/ticket-4711"
# [how a command begins that does not run on a desk, why]
NOT_RUN = (
    ("ansible-galaxy collection install", "tests/tools/archive.py installs the archive"),
    ("make ", "the steps of the tests run it"),
    ("cat ", "it shows a file that the reader writes"),
    ("ansible-playbook mailops.postfix.approve -e queue_cleanup_run", "it asks on a terminal, see test_plans.py"),
    ("ansible-playbook mailops.postfix.merge", "it needs runs of several parts of a fleet, see test_cleanup.py"),
    ("ansible-vault decrypt", "it needs an artifact of a CI system, see test_ci.py"),
    ("ansible-rulebook", "it does not end, see test_rulebooks.py"),
    ("ansible-builder build", "it needs a container engine, see test_examples.py"),
    ("export CONTROLLER_HOST", "it needs AWX"),
    ("ansible-playbook docs/examples/awx/set_up.yml", "it needs AWX"),
)


def commands(document: str) -> list[str]:
    """Return the command lines of a document that run on a desk, each with its continuation lines."""
    text = (ROOT / document).read_text(encoding="utf-8")
    found: list[str] = []
    for block in re.findall(r"^```console\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        lines = iter(block.splitlines())
        for line in lines:
            if line.startswith("$ "):
                found.append(_whole(line[2:], lines))
    return [command for command in found if not command.startswith(tuple(start for start, _why in NOT_RUN))]


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
    # What stands in the documents for something of the lab.
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        first = self.records[0]
        self.names = {
            "stolen@example.com": STOLEN_ACCOUNT,
            "20261126064038.4A0F9AC@mail.example.com": first.message_id.strip("<>"),
            "4A0F9AC": first.queue_id,
        }

    def adapted(self, text: str) -> str:
        for name, own in self.names.items():
            text = text.replace(name, own)
        return text

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

    @property
    def in_hold(self) -> set[str]:
        return {name for queue, name in self.after if queue == "hold"}

    def quarantined(self) -> set[str]:
        return {name for _queue, name in self.desk.host.spool_files(TICKET)}


# A piece of a command, and what must have come of it. None: the same command runs on another page.
Step = tuple[str, "Callable[[Typed], None] | None"]


def of_account(desk: Desk, least: int = 0) -> set[str]:
    """Return the messages of the stolen account with at least so many recipients."""
    return {
        record.queue_id
        for record in desk.records
        if record.sasl_username == STOLEN_ACCOUNT and len(record.pending) >= least
    }


@pytest.fixture
def desk(controller: Controller, lab: Lab, host: Host, tmp_path: Path) -> Iterator[Desk]:
    """A host with a mixture, and a directory with an inventory in which it is alone."""
    clear(host)
    known = yaml.safe_load(lab.inventory.read_text(encoding="utf-8"))["mx"]
    variables = "".join(f"{name}={value}\n" for name, value in known["vars"].items())
    inventory = f"[mx]\nmx01 ansible_host={known['hosts']['mx01']['ansible_host']}\n[mx:vars]\n{variables}"
    for name in ("inventory", "inventory.ini"):
        (tmp_path / name).write_text(inventory, encoding="utf-8")
    yield Desk(controller, tmp_path, host, host.fill("incident", MESSAGES))
    clear(host)
    host.run(["rm", "-rf", "/root/suspects"])


def yaml_files(document: str) -> dict[str, Any]:
    """Return the YAML files that a document shows with their names."""
    text = (ROOT / document).read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n# (\w+\.yml)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return {name: yaml.safe_load(content) for name, content in blocks}


def put(desk: Desk, name: str, variables: Any) -> None:
    """Write a YAML file on the desk."""
    # JSON is YAML.
    (desk.directory / name).write_text(desk.adapted(json.dumps(variables)), encoding="utf-8")


def follow(desk: Desk, typed_in: Sequence[str], steps: Sequence[Step]) -> None:
    """Type commands one after the other, and look at the effect of each of them."""
    for command, (part, effect) in zip(typed_in, steps, strict=True):
        assert part in command
        if effect is None:
            continue
        typed = desk.type(command)
        assert typed.done.returncode == 0, (command, typed.done.stdout, typed.done.stderr)
        effect(typed)


def audited(typed: Typed) -> None:
    """The report counts all messages, and nothing has changed."""
    assert typed.report("audit")["fleet"]["total"]["messages"] == len(typed.before)
    assert not typed.changed


def untouched(typed: Typed) -> None:
    """Nothing on the host has changed."""
    assert not typed.changed
