# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible itself, with an interpreter for the modules that answers for a host: it says what the test wants, as late as the test wants."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.unit.support.ansible_process import run_playbook

# The option -S of sh(1) is not needed: Ansible gives the file with the module as the only argument.
_INTERPRETER = """#!/bin/sh
cp "$1" "{directory}/module"
{before}
cat "{directory}/answer.json"
"""


class AnsweringHost:
    """A host that is no host: Ansible runs a module on it, and gets an answer of the test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = ""
        """What the last run showed."""
        self.answer({"changed": False})

    def answer(self, result: dict[str, Any], *, before: str = "") -> None:
        """Set the result of modules from now on. before: commands of the shell that run first."""
        (self.directory / "answer.json").write_text(json.dumps(result), encoding="ascii")
        interpreter = self.directory / "python3"
        interpreter.write_text(_INTERPRETER.format(directory=self.directory, before=before), encoding="ascii")
        interpreter.chmod(0o700)

    @property
    def module(self) -> str:
        """What Ansible last sent as the module, with its options. Empty if it sent nothing."""
        path = self.directory / "module"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def run(self, *tasks: dict[str, Any], **variables: Any) -> list[dict[str, Any]]:
        """Run tasks as a play, and return their results in order. Errors do not end the play."""
        module, results = self.directory / "module", self.directory / "results"
        for path in (module, results):
            path.unlink(missing_ok=True)
        host = {"ansible_connection": "local", "ansible_python_interpreter": str(self.directory / "python3")}
        inventory = {"all": {"hosts": {"mx01": host}}}
        (self.directory / "hosts.json").write_text(json.dumps(inventory), encoding="ascii")
        named = [{"name": "task %d" % count, "ignore_errors": True, **task} for count, task in enumerate(tasks)]
        plays = [{"hosts": "all", "gather_facts": False, "vars": variables, "tasks": named}]
        (self.directory / "play.yml").write_text(json.dumps(plays), encoding="ascii")
        arguments = ("-i", "hosts.json", "play.yml")
        _status, self.output = run_playbook(self.directory, *arguments, TEST_RESULTS=str(results))
        assert results.exists(), self.output
        return [json.loads(line)[2] for line in results.read_text(encoding="utf-8").splitlines()]
