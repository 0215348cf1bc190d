# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module as Ansible runs it, in this process, with a stand-in for Postfix's commands. Needs ansible-core's module_utils."""

from __future__ import annotations

import grp
import json
import os
import pwd
import stat
from pathlib import Path
from typing import Any, Callable, Mapping

import pytest
from ansible.module_utils import basic

from ansible_collections.mailops.postfix.plugins.module_utils._module import _options
from ansible_collections.mailops.postfix.plugins.module_utils._postfix import search
from ansible_collections.mailops.postfix.plugins.module_utils._postfix.commands import Output
from tests.unit.support.runner import Answer, FakeRunner, said


class ModuleRun:
    """Runs one module again and again, on a host with one Postfix instance whose queue directory is given."""

    def __init__(
        self,
        main: Callable[[], None],
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
        queue_directory: Path,
    ) -> None:
        self._main = main
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        self.parameters = {
            "config_directory": "/etc/postfix",
            "queue_directory": str(queue_directory),
            "mail_version": "3.7.11",
            "empty_address_recipient": "MAILER-DAEMON",
            "mail_owner": pwd.getpwuid(os.getuid()).pw_name,
            "setgid_group": grp.getgrgid(os.getgid()).gr_name,
        }
        self.answers: dict[str, Output | Answer] = {"postconf": self._postconf}
        self.runner = FakeRunner(self.answers)
        self.warnings: list[str] = []
        """What the last run warned of: releases of ansible-core put that into a result in different ways."""
        commands = queue_directory.parent / "sbin"
        commands.mkdir()
        (commands / "postconf").write_text("")
        (commands / "postconf").chmod(stat.S_IRWXU)
        self.parameters["command_directory"] = str(commands)
        monkeypatch.setattr(search, "COMMAND_DIRECTORIES", (str(commands),))
        monkeypatch.setattr(_options, "Runner", lambda _run_command: self.runner)
        monkeypatch.setattr(basic.AnsibleModule, "warn", lambda _module, text: self.warnings.append(text))

    def _postconf(self, _command: object) -> Output:
        return said("".join("%s = %s\n" % item for item in self.parameters.items()))

    def __call__(self, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run the module and return its result, failed or not."""
        arguments: Mapping[str, Any] = {**options, "_ansible_check_mode": check, "_ansible_diff": True}
        text = json.dumps({"ANSIBLE_MODULE_ARGS": arguments})
        self._monkeypatch.setattr(basic, "_ANSIBLE_ARGS", text.encode())
        # Since ansible-core 2.19, which serializes results in several ways.
        self._monkeypatch.setattr(basic, "_ANSIBLE_PROFILE", "legacy", raising=False)
        self._capsys.readouterr()
        self.warnings.clear()
        with pytest.raises(SystemExit):
            self._main()
        result: dict[str, Any] = json.loads(self._capsys.readouterr().out)
        return result

    def fails(self, *, check: bool = False, **options: Any) -> str:
        """Run the module and return the message that it fails with."""
        result = self(check=check, **options)
        assert result["failed"] is True
        message: str = result["msg"]
        return message
