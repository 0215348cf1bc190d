# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible as an operator runs it: over SSH, as an unprivileged user, with become."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fleet.lab import Completed, Lab

ROOT = Path(__file__).resolve().parents[2]
# Ansible is installed beside the Python that runs the tests.
BIN = Path(sys.executable).parent


class Controller:
    """Runs modules and playbooks on the hosts of a lab."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def run(self, argv: Sequence[str], *, check: bool = True) -> Completed:
        """Run one of Ansible's commands in the lab's network."""
        environment = {
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
            "ANSIBLE_NOCOLOR": "1",
        }
        return self.lab.run([str(BIN / argv[0]), *argv[1:]], env=environment, cwd=ROOT, check=check)

    def module(
        self, host: str, name: str, options: Mapping[str, Any], *, check: bool = False, become: bool = True
    ) -> dict[str, Any]:
        """Run one module on one host, in diff mode, and return its result, failed or not."""
        [result] = self.modules(host, name, [options], check=check, become=become)
        return result

    def modules(
        self, host: str, name: str, several: Sequence[Mapping[str, Any]], *, check: bool = False, become: bool = True
    ) -> list[dict[str, Any]]:
        """Run one module on one host once for each set of options, in one play, and return the results, failed or not."""
        result = self.lab.directory / "results.json"
        tasks: list[dict[str, Any]] = [
            {
                f"mailops.postfix.{name}": dict(options),
                "register": f"result_{number}",
                "ignore_errors": True,
                "check_mode": check,
                "diff": True,
            }
            for number, options in enumerate(several)
        ]
        names = ", ".join(f"result_{number}" for number in range(len(several)))
        keep = {"content": "{{ [" + names + "] | to_json }}", "dest": str(result), "mode": "0600"}
        tasks.append({"ansible.builtin.copy": keep, "delegate_to": "localhost", "become": False, "check_mode": False})
        play = {"hosts": host, "gather_facts": False, "become": become, "tasks": tasks}
        playbook = self.lab.directory / "several.yml"
        # JSON is YAML.
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        self.run(["ansible-playbook", "-i", str(self.lab.inventory), str(playbook)])
        results: list[dict[str, Any]] = json.loads(result.read_text(encoding="utf-8"))
        return results

    def facts(self, host: str, *, become: bool = True, **options: Any) -> dict[str, Any]:
        """Return what postfix_queue_facts finds."""
        result = self.module(host, "postfix_queue_facts", options, become=become)
        assert "ansible_facts" in result, result
        facts: dict[str, Any] = result["ansible_facts"]["postfix_queue"]
        return facts

    def purge(self, host: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Return what postfix_queue_purge says."""
        return self.module(host, "postfix_queue_purge", options, check=check)
