# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's playbooks, run as an operator runs them, and what such a run showed."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fleet.lab import Completed
    from tests.integration.controller import Controller

# A report begins with its title and time. It is shown as plain lines, before the status of the task.
_SHOWN = re.compile(
    r"^(\S[^\n]*, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\n.*?)\n\n(?:ok|changed): \[", re.DOTALL | re.MULTILINE
)
_SHOWN_AS_JSON = re.compile(r'^    "msg": (\[\n.*?^    \])$', re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Run:
    """A run of a playbook: how it ended, what it showed, and where it kept its reports."""

    completed: Completed
    directory: Path

    @property
    def status(self) -> int:
        return self.completed.returncode

    @property
    def output(self) -> str:
        return self.completed.stdout + self.completed.stderr

    @property
    def unfolded(self) -> str:
        """The output, with each command for the shell in one line. Where a long one is folded depends on the paths in it."""
        return self.output.replace(" \\\n    ", " ")

    @property
    def lines(self) -> list[str]:
        """The lines of the last table shown, and of what stands round it."""
        output = self.completed.stdout
        shown = {match.start(): match.group(1).splitlines() for match in _SHOWN.finditer(output)}
        shown.update((match.start(), json.loads(match.group(1))) for match in _SHOWN_AS_JSON.finditer(output))
        return shown[max(shown)]

    def row(self, host: str) -> list[str]:
        """Return a host's row in that table, column by column. A table that is too wide is continued below itself."""
        first, *others = [re.split(r" {2,}", line) for line in self.lines if line.startswith(f"{host} ")]
        return first + [cell for row in others for cell in row[1:]]

    def recap(self, name: str) -> dict[str, int]:
        """Return one count of Ansible's own summary, as changed or failed, by host."""
        _before, _title, recap = self.completed.stdout.partition("PLAY RECAP")
        return {host: int(count) for host, count in re.findall(rf"^(\S+) +: .*\b{name}=(\d+)", recap, re.MULTILINE)}

    def report(self, name: str) -> dict[str, Any]:
        """Return the only report of that name, which may be a pattern."""
        (path,) = self.directory.glob(f"{name}.json")
        report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return report

    def markdown(self, name: str) -> str:
        """Return the same as a document."""
        (path,) = self.directory.glob(f"{name}.md")
        return path.read_text(encoding="utf-8")


class Playbooks:
    """Runs playbooks over a lab; plans and reports are kept in a directory."""

    def __init__(self, controller: Controller, directory: Path) -> None:
        self._controller = controller
        self.directory = directory

    def run(self, name: str, *arguments: str, **variables: Any) -> Run:
        """Run mailops.postfix.NAME with these arguments and extra variables."""
        return self._run(f"mailops.postfix.{name}", *arguments, **variables)

    def run_command(self, name: str, *arguments: str, **variables: Any) -> Run:
        """Do the same by the command itself, which can be interrupted or killed."""
        command = self.command(f"mailops.postfix.{name}", *arguments, **variables)
        return Run(self._controller.run(command, check=False), self.directory)

    def run_file(self, path: Path) -> Run:
        """Run a playbook of the operator's own."""
        return self._run(str(path))

    def command(self, playbook: str, *arguments: str, **variables: Any) -> list[str]:
        """Return the command that runs a playbook."""
        roles = (
            "lockout",
            "message_trace",
            "queue_audit",
            "queue_cleanup",
            "queue_flush",
            "queue_hold",
            "spool_quarantine",
        )
        kept = {f"{role}_directory": str(self.directory) for role in roles}
        command = ["ansible-playbook", "-i", str(self._controller.lab.inventory), playbook, *arguments]
        return [*command, "-e", json.dumps({**kept, **variables})]

    def _run(self, playbook: str, *arguments: str, **variables: Any) -> Run:
        completed = self._controller.play(self.command(playbook, *arguments, **variables))
        return Run(completed, self.directory)
