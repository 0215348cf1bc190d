# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks of the pattern clean_queues, run as the jobs of a workflow of AWX: with answers of a survey, and what one job passes on."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from tests.integration.controller import BIN, ENVIRONMENT, ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet.lab import Completed, Host
    from tests.integration.controller import Controller

PLAYBOOKS = ROOT / "extensions" / "patterns" / "clean_queues" / "playbooks"
# What AWX prints of set_stats, it reads from the results; Ansible shows the same at the end.
STATS = re.compile(r"^\tRUN: (\{.*\})$", re.MULTILINE)


def run_job(controller: Controller, playbook: str, variables: dict[str, Any]) -> Completed:
    """Run a playbook of the pattern as a job. variables: what AWX gives as extra variables."""
    command = [
        "ansible-playbook",
        "-i",
        str(controller.lab.inventory),
        str(PLAYBOOKS / playbook),
        "-e",
        json.dumps(variables),
    ]
    environment = {**ENVIRONMENT, "ANSIBLE_SHOW_CUSTOM_STATS": "1"}
    return controller.lab.run([BIN / command[0], *command[1:]], env=environment, check=False)


def test_a_workflow_cleans_by_the_plan_that_was_approved(controller: Controller, host: Host, tmp_path: Path) -> None:
    host.fill("incident", 30)
    before = host.spool_files()
    survey = {
        "mailops_hosts": host.name,
        "survey_directory": str(tmp_path),
        "survey_match": '- {"sasl_username": "stolen@example.test"}',
        "survey_exclude": "",
        "queue_cleanup_fleet_max_messages": 1000,
        "awx_workflow_job_id": 7,
    }
    planned = run_job(controller, "plan.yml", survey)
    assert planned.returncode == 0, planned.stdout
    (stats,) = STATS.findall(planned.stdout)
    passed_on = json.loads(stats)
    assert passed_on["workflow_plan_run"].startswith(f"{tmp_path}/workflow-7/runs/")
    assert host.spool_files() == before

    # A workflow gives the answers to all of its jobs.
    refused = run_job(controller, "cleanup.yml", survey)
    assert refused.returncode == 2, refused.stdout
    assert host.spool_files() == before

    cleaned = run_job(controller, "cleanup.yml", {**survey, "survey_approve": "", **passed_on})
    assert cleaned.returncode == 0, cleaned.stdout
    left = controller.facts(host.name)
    assert 0 < left["total"]["messages"] < len(before)
    assert "stolen@example.test" not in json.dumps(left)
