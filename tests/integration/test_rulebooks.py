# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The rulebooks with a real ansible-rulebook: what they start, on which hosts, and that they lock nothing.

The rulebook alertmanager needs the collection ansible.eda, which no registry of packages has. It has the rules of alertmanager_webhook,
which runs here.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
import yaml

from tests.fleet.lab import wait_until
from tests.integration.controller import ENVIRONMENT, ROOT
from tests.integration.playbooks import Playbooks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fleet.lab import Lab
    from tests.integration.controller import Controller

AUTOMATION = ROOT / ".cache" / "automation" / "bin"
RULEBOOKS = ROOT / "extensions" / "eda" / "rulebooks"
TOKEN = "token-of-alertmanager"
# Runs a command, with its output in a file, until the end of the input.
UNTIL_END_OF_INPUT = '"${@:2}" > "$1" 2>&1 & cat > /dev/null; kill "$!"; wait'
# Posts a file with a token, and prints the status of the answer; 0 if there is none within so many seconds.
POST = """
import sys, urllib.error, urllib.request
with open(sys.argv[1], "rb") as file:
    headers = {"Authorization": "Bearer " + sys.argv[2], "Content-Type": "application/json"}
    request = urllib.request.Request("http://localhost:5000/alerts", file.read(), headers)
try:
    print(urllib.request.urlopen(request, timeout=float(sys.argv[3])).status)
except urllib.error.HTTPError as error:
    print(error.code)
except OSError:
    print(0)
"""


class Reports:
    """The directory in which the playbooks that a rulebook starts write their reports."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.directory.mkdir()

    def of(self, kind: str) -> list[dict[str, Any]]:
        """Return the reports of a kind, oldest first."""
        texts = [path.read_text(encoding="utf-8") for path in sorted(self.directory.glob(f"{kind}-*.json"))]
        # A playbook first makes an empty file, and then replaces it.
        return [json.loads(text) for text in texts if text]

    def hosts(self, kind: str) -> list[list[str]]:
        """Return the names of the hosts of each report of a kind."""
        return [[row["host"] for row in report["hosts"]] for report in self.of(kind)]


@pytest.fixture(scope="module")
def inventory(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An inventory with a host that does not answer. Its variables have a threshold, and a lock."""
    inventory = tmp_path_factory.mktemp("inventory")
    (inventory / "hosts.yml").write_text(lab.inventory.read_text(encoding="utf-8"), encoding="utf-8")
    (inventory / "more.yml").write_text("all: {hosts: {gone: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n")
    (inventory / "group_vars").mkdir()
    variables = {"queue_audit_thresholds": {"messages": 20}, "lockout_locks": [{"sender": "locked@example.com"}]}
    (inventory / "group_vars" / "all.yml").write_text(json.dumps(variables), encoding="utf-8")
    return inventory


@contextlib.contextmanager
def running(lab: Lab, name: str, *, inventory: Path, scratch: Path, **variables: Any) -> Iterator[Path]:
    """Run a rulebook of the collection while this is entered; yield the file of its output."""
    given, log = scratch / f"{name}.yml", scratch / f"{name}.log"
    given.write_text(json.dumps(variables), encoding="utf-8")
    environment = {**ENVIRONMENT, "PATH": f"{AUTOMATION}:{os.environ['PATH']}"}
    command = ["env", *(f"{key}={value}" for key, value in environment.items()), "ansible-rulebook"]
    command += ["--rulebook", f"mailops.postfix.{name}", "--inventory", str(inventory), "--vars", str(given)]
    with lab.started(["bash", "-c", UNTIL_END_OF_INPUT, "bash", str(log), *command]) as process:
        yield log
        process.communicate()


class Runs(NamedTuple):
    """What the rulebooks audit_reports and alertmanager_webhook did."""

    audited: Reports
    alerted: Reports


@pytest.fixture(scope="module")
def runs(lab: Lab, controller: Controller, inventory: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Run both rulebooks at the same time: mx01 is over a threshold in an audit, and there is an alert for mx02."""
    scratch = tmp_path_factory.mktemp("rulebooks")
    lab.host("mx01").fill("incident", 30)
    runs = Runs(Reports(scratch / "audited"), Reports(scratch / "alerted"))
    alerts = {"mailops_directory": str(runs.alerted.directory), "mailops_token": TOKEN}
    audits = {"mailops_directory": str(runs.audited.directory), "mailops_interval": 1}
    with running(lab, "alertmanager_webhook", inventory=inventory, scratch=scratch, **alerts):
        playbooks = Playbooks(controller, runs.audited.directory)
        assert playbooks.run("audit", "-i", str(inventory), "--limit", "mx01,mx02,gone").status == 2
        with running(lab, "audit_reports", inventory=inventory, scratch=scratch, **audits):
            post_alerts(lab, scratch)
            wait_until(
                lambda: len(runs.alerted.of("suspects")) == 1, "no look for suspects after the alert", seconds=120
            )
            wait_until(lambda: len(runs.audited.of("audit")) == 3, "no further audits after the audit", seconds=120)
            # The source sees the reports of these audits, too; they must not start another one.
            time.sleep(3)
            assert not (scratch / "injected").exists()
            yield runs
    lab.host("mx01").run(["postsuper", "-d", "ALL"])


def post_alerts(lab: Lab, scratch: Path) -> None:
    """Post what Alertmanager posts, with a wrong token first."""
    payload = scratch / "payload.json"
    text = (ROOT / "tests" / "fixtures" / "alertmanager.json").read_text(encoding="utf-8")
    payload.write_text(text.replace("INJECTED", str(scratch / "injected")), encoding="utf-8")

    def post(token: str, seconds: int) -> str:
        return lab.run(["python3", "-c", POST, payload, token, str(seconds)]).stdout.strip()

    # While it loads its rules it listens, and does not answer.
    wait_until(lambda: post("another", 10) == "401", "the webhook did not refuse the token", seconds=90)
    assert post(TOKEN, 90) == "200"


def test_hosts_over_a_threshold_are_looked_at_and_hosts_without_an_answer_audited_again(runs: Runs) -> None:
    assert runs.audited.hosts("suspects") == [["mx01"]]
    assert sorted(runs.audited.hosts("audit")[1:]) == [["gone"], ["mx01"]]


def test_only_the_host_of_an_alert_is_looked_at(runs: Runs) -> None:
    assert runs.alerted.hosts("audit") == runs.alerted.hosts("suspects") == [["mx02"]]
    assert runs.alerted.of("suspects")[0]["hosts"][0]["state"] == "ok"


def test_nothing_is_locked_although_the_inventory_names_a_lock(controller: Controller, runs: Runs) -> None:
    assert runs.audited.of("lockout") == runs.alerted.of("lockout") == []
    for host in ("mx01", "mx02"):
        assert controller.module(host, "postfix_lock_info", {})["locks"] == []


def test_the_two_rulebooks_for_alerts_have_the_same_rules() -> None:
    with_collection = (RULEBOOKS / "alertmanager.yml").read_text(encoding="utf-8")
    without = (RULEBOOKS / "alertmanager_webhook.yml").read_text(encoding="utf-8")
    (one,), (other,) = yaml.safe_load(with_collection.replace("event.alert.", "event.")), yaml.safe_load(without)
    assert one["rules"] == other["rules"]


@pytest.mark.parametrize("path", sorted(RULEBOOKS.glob("*.yml")), ids=lambda path: path.stem)
def test_a_rulebook_locks_nothing_whatever_the_inventory_has(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    started = re.findall(r"name: (mailops\.postfix\.\w+)\n +extra_vars:((?:\n {12,}.*)+)", text)
    assert {name for name, _variables in started} == {"mailops.postfix.audit", "mailops.postfix.lockout"}
    for name, variables in started:
        assert (name == "mailops.postfix.lockout") == ("lockout_locks: []" in variables)
