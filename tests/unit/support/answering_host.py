# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ansible itself, with an interpreter for the modules that answers for a host: it says what the test wants, as late as the test wants."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
_ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
# The option -S of sh(1) is not needed: Ansible gives the file with the module as the only argument.
_INTERPRETER = """#!/bin/sh
cp "$1" "{directory}/module"
{before}
cat "{directory}/answer.json"
"""
_CALLBACK = """
import json, os
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "aggregate", "results"

    def keep(self, result, failed=False, **_more):
        task, host = result._task.get_name(), result._host.get_name()
        with open(os.environ["TEST_RESULTS"], "a") as file:
            file.write(json.dumps([task, host, {**result._result, "failed": failed}], default=str) + "\\n")

    # Until ansible-core 2.18 the result of a task whose errors are ignored does not say that it failed.
    def v2_runner_on_failed(self, result, **_more):
        self.keep(result, failed=True)

    v2_runner_on_ok = v2_runner_on_unreachable = keep
"""


class AnsweringHost:
    """A host that is no host: Ansible runs a module on it, and gets an answer of the test."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.output = ""
        """What the last run showed."""
        (directory / "callbacks").mkdir()
        (directory / "callbacks" / "results.py").write_text(_CALLBACK, encoding="ascii")
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
        environment = {
            **os.environ,
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
            "ANSIBLE_CALLBACK_PLUGINS": str(self.directory / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "results",
            "ANSIBLE_NOCOLOR": "1",
            "TEST_RESULTS": str(results),
        }
        command = [str(_ANSIBLE), "-i", "hosts.json", "play.yml"]
        done = subprocess.run(
            command,
            cwd=self.directory,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        self.output = done.stdout
        assert results.exists(), done.stdout
        return [json.loads(line)[2] for line in results.read_text(encoding="utf-8").splitlines()]
