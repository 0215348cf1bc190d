# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples for CI and AWX, checked by the linters of those who define their formats. This file starts no lab."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.controller import BIN, ENVIRONMENT, ROOT

AUTOMATION = ROOT / ".cache" / "automation" / "bin"
EXAMPLES = ROOT / "docs" / "examples"
WORKFLOWS = sorted((EXAMPLES / "ci").glob("github_*.yml"))
PATTERNS = sorted((ROOT / "extensions" / "patterns").glob("*/meta/pattern.json"))
# actions/checkout@<SHA-1> # v5.0.0
PINNED = re.compile(r"uses: [\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$")


def run(*command: str | Path, bin_directory: Path = AUTOMATION, data: str | None = None) -> str:
    """Return what a command of an environment prints; it must succeed."""
    environment = {**os.environ, **ENVIRONMENT, "PATH": f"{bin_directory}:{os.environ['PATH']}"}
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env=environment,
        input=data,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def jobs(path: Path) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow of GitHub."""
    found: dict[str, dict[str, Any]] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def test_the_workflows_of_github_are_valid_and_safe() -> None:
    assert len(WORKFLOWS) == 2
    for schema in ("vendor.github-workflows", "custom.github-workflows-require-timeout"):
        run("check-jsonschema", "--builtin-schema", schema, *WORKFLOWS)
    run("zizmor", "--offline", "--no-config", "--persona=pedantic", *WORKFLOWS)


def test_the_pipeline_of_gitlab_is_valid() -> None:
    pipeline = EXAMPLES / "ci" / "gitlab-ci.yml"
    run("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", pipeline)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_and_commands_pass_shellcheck(path: Path) -> None:
    used = [
        line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line
    ]
    assert used
    assert [line for line in used if not PINNED.fullmatch(line)] == []
    for job in jobs(path).values():
        commands = [step["run"] for step in job["steps"] if "run" in step]
        assert commands
        for command in commands:
            run("shellcheck", "--shell=bash", "-", bin_directory=BIN, data=command)


def test_the_commands_of_gitlab_pass_shellcheck() -> None:
    pipeline = yaml.safe_load((EXAMPLES / "ci" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    for name in (".mailops", "audit", "plan", "cleanup"):
        job = pipeline[name]
        for command in [*job.get("before_script", ()), *job.get("script", ()), *job.get("after_script", ())]:
            run("shellcheck", "--shell=sh", "-", bin_directory=BIN, data=command)


@pytest.mark.parametrize("name", ["github_cleanup.yml", "gitlab-ci.yml"])
def test_the_cleanup_waits_and_needs_the_digest_of_the_plan(name: str) -> None:
    text = (EXAMPLES / "ci" / name).read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    job = content["jobs"]["cleanup"] if "jobs" in content else content["cleanup"]
    assert job["needs"] in ("plan", ["plan"])
    assert job["environment"] in ("mail-queues-cleanup", {"name": "mail-queues", "action": "start"})
    assert "when: manual" in text or "jobs" in content
    assert re.search(
        r"-e queue_cleanup_approval=required\s+-e \"queue_cleanup_run=.*\"\s+-e \"queue_cleanup_approve=", text
    )


def test_the_rulebooks_are_valid() -> None:
    (schema,) = AUTOMATION.parent.glob("lib/python3.*/site-packages/ansible_rulebook/schema/ruleset_schema.json")
    run("check-jsonschema", "--schemafile", schema, *sorted(ROOT.glob("extensions/eda/rulebooks/*.yml")))


# --- Automation Platform --------------------------------------------------------------------------------------------


def test_the_patterns_are_valid() -> None:
    (schema,) = AUTOMATION.parent.glob("lib/python3.*/site-packages/ansiblelint/schemas/pattern.json")
    assert {path.parents[1].name for path in PATTERNS} == {"audit_queues", "clean_queues", "find_suspects"}
    run("check-jsonschema", "--schemafile", schema, *PATTERNS)
    for path in PATTERNS:
        assert (path.parents[1] / "README.md").is_file()


@pytest.mark.parametrize("path", PATTERNS, ids=lambda path: path.parents[1].name)
def test_a_pattern_has_its_playbooks_and_asks_for_variables_that_they_use(path: Path) -> None:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["name"] == path.parents[1].name
    for template in content["aap_resources"]["controller_job_templates"]:
        playbook = (path.parents[1] / "playbooks" / template["playbook"]).read_text(encoding="utf-8")
        for question in template["survey"]["spec"]:
            name = question["variable"]
            known = name == "mailops_hosts" or any(name in spec for spec in argument_specs())
            assert known or re.search(rf"\b{name}\b", playbook), name


def argument_specs() -> list[str]:
    """Return the argument specifications of the roles, as text."""
    return [path.read_text(encoding="utf-8") for path in ROOT.glob("roles/*/meta/argument_specs.yml")]


def test_an_execution_environment_can_be_prepared(tmp_path: Path) -> None:
    definition = "extensions/patterns/clean_queues/execution_environments/execution-environment.yml"
    run("ansible-builder", "create", "--file", definition, "--context", tmp_path / "context")
    recipe = (tmp_path / "context" / "Dockerfile").read_text(encoding="utf-8")
    assert 'PYPKG="python3.12"' in recipe
    galaxy = yaml.safe_load((tmp_path / "context" / "_build" / "requirements.yml").read_text(encoding="utf-8"))
    assert galaxy == {"collections": [{"name": "mailops.postfix"}]}


def test_what_the_collection_needs_in_an_execution_environment() -> None:
    found = yaml.safe_load(run("ansible-builder", "introspect", ROOT / ".cache" / "collections"))
    assert found["python"] == []
    assert [line.partition("  #")[0] for line in found["system"]] == [
        "openssh-clients [platform:rpm]",
        "openssh-client [platform:dpkg]",
    ]
