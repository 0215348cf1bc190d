# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the examples for CI, run job by job as they stand in the workflow of GitHub, and the exit codes that docs/ci.md names."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.fleet.lab import wait_until
from tests.fleet.mixture import SPAM_EXCLUDE, SPAM_MATCH
from tests.integration.controller import BIN, ENVIRONMENT, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.fleet.lab import Completed, Lab

EXAMPLES = ROOT / "docs" / "examples" / "ci"
EXPRESSION = re.compile(r"\$\{\{ (\S+) \}\}")
# GitHub runs a step so.
SHELL = ("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c")
# This step gets what is already on this machine.
ELSEWHERE = "Install Ansible and the collection"
HOSTS = ("mx01", "mx02")
# Pseudonyms are of the domain "invalid".
ADDRESS = re.compile(r"[\w.+-]+@(?!domain-)[\w-]+(?:\.[\w-]+)+")


@dataclass
class Job:
    """What a job of a workflow left: its workspace, the log and the summary, its outputs, and the exit code of the step that failed."""

    workspace: Path
    log: str
    summary: str
    outputs: Mapping[str, str]
    status: int


def host_keys(lab: Lab) -> str:
    """Return the keys of all hosts as lines of known_hosts. An sshd that does not answer in time is no error for ssh-keyscan."""
    keys = ""

    def scan() -> bool:
        nonlocal keys
        keys = lab.run(["ssh-keyscan", "-t", "ed25519", *addresses(lab)]).stdout.strip()
        return {line.split()[0] for line in keys.splitlines()} == set(addresses(lab))

    wait_until(scan, "not all hosts show their keys")
    return keys


class Runner:
    """Runs the jobs of a workflow in the network of a lab, each in a new workspace with what the repository has."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self._lab = lab
        self._directory = directory
        self.repository = directory / "repository"
        self.values = {
            "secrets.MAILOPS_SSH_KEY": (lab.directory / "id_ed25519").read_text(encoding="utf-8").strip(),
            "secrets.MAILOPS_KNOWN_HOSTS": host_keys(lab),
            "secrets.MAILOPS_REDACT_KEY": "sixteen characters or more",
            "secrets.MAILOPS_VAULT_PASSWORD": "correct horse battery staple",
        }

    def run(self, workflow: str, job: str, name: str, *, artifact: Path | None = None) -> Job:
        """Run the steps of a job that have commands, until one fails, and then those that always run. name: of the workspace."""
        content = yaml.safe_load((EXAMPLES / workflow).read_text(encoding="utf-8"))
        workspace = self._directory / name
        shutil.copytree(self.repository, workspace)
        if artifact is not None:
            shutil.copy(artifact, workspace)
        outputs, summary = self._directory / f"{name}.outputs", self._directory / f"{name}.md"
        given = {**content.get("env", {}), **content["jobs"][job].get("env", {})}
        given.update({"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(summary)})
        log, status = "", 0
        for step in content["jobs"][job]["steps"]:
            # What removes the files at the end would also remove what the test looks at.
            if "run" not in step or step["name"] == ELSEWHERE or step["name"].startswith("Remove "):
                continue
            if status == 0 or step.get("if") == "always()":
                done = self._run_step(step, given, workspace)
                log += done.stdout + done.stderr
                status = status or done.returncode
        return Job(
            workspace, log, read(summary), dict(re.findall(r"^(\w+)=(.*)$", read(outputs), re.MULTILINE)), status
        )

    def _run_step(self, step: Mapping[str, Any], given: Mapping[str, str], workspace: Path) -> Completed:
        own = {
            key: EXPRESSION.sub(lambda found: self.values[found[1]], text) for key, text in step.get("env", {}).items()
        }
        environment = {**ENVIRONMENT, "PATH": f"{BIN}:{os.environ['PATH']}", **given, **own}
        return self._lab.run([*SHELL, step["run"]], env=environment, cwd=workspace, check=False)


def read(path: Path) -> str:
    """Return the text of a file, which may be missing."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def addresses(lab: Lab) -> list[str]:
    """Return the addresses of the hosts that the repository has."""
    return [lab.host(name).address for name in HOSTS]


@pytest.fixture(scope="module")
def runner(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runner]:
    """A runner, and a repository with an inventory of two hosts that have spam and ham in their queues."""
    runner = Runner(lab, tmp_path_factory.mktemp("ci"))
    runner.repository.mkdir()
    shutil.copy(EXAMPLES / "variables.yml", runner.repository)
    rules = {"queue_cleanup_match": list(SPAM_MATCH), "queue_cleanup_exclude": list(SPAM_EXCLUDE)}
    (runner.repository / "rules.yml").write_text(json.dumps(rules), encoding="utf-8")
    hosts = "".join(f"{name} ansible_host={lab.host(name).address}\n" for name in HOSTS)
    variables = "ansible_user=ops\nansible_python_interpreter=/usr/bin/python3\n"
    (runner.repository / "inventory.ini").write_text(f"[mx]\n{hosts}[mx:vars]\n{variables}", encoding="utf-8")
    for seed, name in enumerate(HOSTS, start=1):
        lab.host(name).fill("incident", 30, seed)
    yield runner
    for name in HOSTS:
        lab.host(name).run(["postsuper", "-d", "ALL"])


def spools(lab: Lab) -> dict[str, dict[tuple[str, str], str]]:
    """Return the checksum of every queue file of the hosts."""
    return {name: lab.host(name).spool_files() for name in HOSTS}


def check_is_redacted(job: Job) -> None:
    """Check that neither the log nor the summary has an address of a message, or a secret."""
    for text in (job.log, job.summary):
        assert ADDRESS.findall(text) == []
        assert "correct horse" not in text
        assert "PRIVATE KEY" not in text


def test_the_audit_fails_over_a_threshold_and_shows_the_report(runner: Runner) -> None:
    variables = runner.repository / "variables.yml"
    text = variables.read_text(encoding="utf-8")
    variables.write_text(text.replace("  messages: 5000\n", "  messages: 29\n"), encoding="utf-8")
    job = runner.run("github_audit.yml", "audit", "over")
    variables.write_text(text, encoding="utf-8")
    assert job.status == 2, job.log
    assert "mx01" in job.summary
    (path,) = (job.workspace / "mailops-reports").glob("audit-*.json")
    over = json.loads(path.read_text(encoding="utf-8"))["over"]
    assert [(entry["host"], entry["threshold"]) for entry in over] == [("mx01", "messages"), ("mx02", "messages")]
    check_is_redacted(job)


def test_the_cleanup_does_exactly_what_was_approved(runner: Runner, lab: Lab) -> None:
    before = spools(lab)
    plan = runner.run("github_cleanup.yml", "plan", "plan")
    assert plan.status == 0, plan.log
    check_is_redacted(plan)
    assert f"`{plan.outputs['digest']}`" in plan.summary
    artifact = plan.workspace / "mailops-plan.tar.gz"
    assert artifact.read_bytes().startswith(b"$ANSIBLE_VAULT;")

    runner.values.update({"needs.plan.outputs.run": plan.outputs["run"], "needs.plan.outputs.digest": "0" * 64})
    refused = runner.run("github_cleanup.yml", "cleanup", "refused", artifact=artifact)
    assert refused.status == 2
    assert "is not that of this fleet plan" in refused.log
    assert spools(lab) == before

    runner.values["needs.plan.outputs.digest"] = plan.outputs["digest"]
    cleaned = runner.run("github_cleanup.yml", "cleanup", "cleaned", artifact=artifact)
    assert cleaned.status == 0, cleaned.log
    check_is_redacted(cleaned)
    gone = {(host, key) for host in HOSTS for key in before[host].keys() - spools(lab)[host].keys()}
    planned = json.loads((plan.workspace / "mailops-reports" / "runs" / "latest" / "fleet_plan.json").read_text())
    assert len(gone) == planned["counts"]["messages"] > 0


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param(["-i", "localhost,", "-e", "queue_audit_machts=1"], 2, id="misspelled variable"),
        pytest.param(["-i", "localhost,", "--no-such-option"], 2, id="unknown option"),
        pytest.param(["-i", "localhost,", "--limit", "mx01"], 1, id="limit without a host"),
        pytest.param(["-i", "localhost,", "-e", "@/no/such/file.yml"], 1, id="missing file"),
        pytest.param(["-i", "localhost,", "-e", "mailops_hosts=mx01"], 4, id="pattern without a host"),
    ],
)
def test_exit_codes_of_runs_that_contact_no_host(arguments: list[str], status: int) -> None:
    command = [str(BIN / "ansible-playbook"), "mailops.postfix.audit", *arguments]
    done = subprocess.run(command, env={**os.environ, **ENVIRONMENT}, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout + done.stderr
