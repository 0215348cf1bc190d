# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible as an operator runs it, as an unprivileged user with become; modules also without the way there, which is slow."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import shlex
import subprocess
import sys
import tarfile
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fleet.lab import wait_until
from tests.integration import ansible_process

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.fleet.lab import Completed, Host, Lab

ROOT = Path(__file__).resolve().parents[2]
# Ansible is installed next to the Python that runs the tests.
BIN = Path(sys.executable).parent
COLLECTION = "ansible_collections.mailops.postfix"
RUN_MODULES = ROOT / "tests" / "fleet" / "run_modules.py"
CRASH = ROOT / "tests" / "fleet" / "crash.py"
ENVIRONMENT = {
    "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
    "ANSIBLE_NOCOLOR": "1",
}
# What a module finds on a host: the tree that AnsiballZ packs.
TREE = "/opt/ansible"
# Who logs in, with the environment of a login, and what Ansible does to become root.
LOGIN = ("setpriv", "--reuid", "ops", "--regid", "ops", "--init-groups", "--reset-env")
BECOME = ("sudo", "-H", "-S", "-n", "-u", "root")


class Controller:
    """Runs modules and playbooks on the hosts of a lab.

    A module runs on the host itself: with its Python, as the user who would have logged in or whom sudo made of that
    one, with the arguments that Ansible gives, but without SSH.  over_ssh is the same with all of Ansible.
    """

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self._prepared: set[str] = set()

    @cached_property
    def over_ssh(self) -> Controller:
        """Runs modules as an operator does: ansible-playbook, over SSH."""
        return _OverSsh(self.lab)

    def run(self, argv: Sequence[str], *, check: bool = True) -> Completed:
        """Run one of Ansible's commands in the lab's network, where an interrupt ends it as one from a terminal does."""
        command = ["env", "--default-signal=INT", str(BIN / argv[0]), *argv[1:]]
        return self.lab.run(command, env=ENVIRONMENT, cwd=ROOT, check=check)

    def play(self, argv: Sequence[str]) -> Completed:
        """Run one of Ansible's commands likewise in less time, without a check of its status (see ansible_process.py)."""
        command = [str(BIN / argv[0]), *argv[1:]]
        environment = {**os.environ, **ENVIRONMENT}
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors, open(os.devnull, "rb") as nothing:
            files = (nothing.fileno(), output.fileno(), errors.fileno())
            status = ansible_process.run(self._process, command, environment=environment, directory=ROOT, files=files)
            assert status is not None
            texts = []
            for file in (output, errors):
                file.seek(0)
                texts.append(file.read().decode("utf-8", "surrogateescape"))
        return subprocess.CompletedProcess(command, status, *texts)

    @cached_property
    def _process(self) -> Path:
        """The socket of the process that has imported Ansible, which runs then until the end of the lab."""
        path = self.lab.directory / "ansible.sock"
        settings = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
        self.lab.fleet("bg", "env", *settings, sys.executable, ansible_process.__file__, "serve", str(path))
        wait_until(path.exists, f"Ansible was not imported; see {self.lab.directory}/bg-*.log")
        return path

    @cached_property
    def _commands(self) -> Path:
        """A directory with those of Ansible's commands that this process can run."""
        directory = self.lab.directory / "bin"
        directory.mkdir()
        for name in ansible_process.ENTRY_POINTS:
            words = [sys.executable, "-IS", ansible_process.__file__, "run", str(self._process), str(BIN / name)]
            (directory / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n', encoding="utf-8")
            (directory / name).chmod(0o755)
        return directory

    def shell(self, command: str, *, directory: Path) -> Completed:
        """Run a command line as an operator types it, in a directory of theirs."""
        path = f"{self._commands}:{BIN}:{os.environ['PATH']}"
        return self.lab.run(["bash", "-c", command], env={**ENVIRONMENT, "PATH": path}, cwd=directory, check=False)

    def module(
        self, host: str, name: str, options: Mapping[str, Any], *, check: bool = False, become: bool = True
    ) -> dict[str, Any]:
        """Run one module on one host, in diff mode, and return its result, failed or not."""
        [result] = self.modules(host, name, [options], check=check, become=become)
        return result

    def modules(
        self, host: str, name: str, several: Sequence[Mapping[str, Any]], *, check: bool = False, become: bool = True
    ) -> list[dict[str, Any]]:
        """Run one module on one host once for each set of options, and return the results, failed or not."""
        chosen = self.lab.host(host)
        self._prepare(chosen)
        own = {"_ansible_check_mode": check, "_ansible_diff": True, "_ansible_module_name": f"mailops.postfix.{name}"}
        module = ("/usr/bin/python3", "-I", f"{TREE}/{RUN_MODULES.name}", TREE, f"{COLLECTION}.plugins.modules.{name}")
        done = chosen.run(
            [*LOGIN, *(BECOME if become else ()), *module],
            input=json.dumps([{**options, **own} for options in several]),
        )
        return [_registered(output) for output in json.loads(done.stdout)]

    def confined(self, host: str, name: str, options: Mapping[str, Any], *, within: Sequence[str]) -> dict[str, Any]:
        """Run one module as root through a command that takes something away from it, and return its result, failed or not."""
        chosen = self.lab.host(host)
        self._prepare(chosen)
        module = ("/usr/bin/python3", "-I", f"{TREE}/{RUN_MODULES.name}", TREE, f"{COLLECTION}.plugins.modules.{name}")
        done = chosen.run([*within, *module], input=json.dumps([{**options, "_ansible_check_mode": False}]))
        [result] = (_registered(output) for output in json.loads(done.stdout))
        return result

    def crash(self, host: str, name: str, scenarios: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Kill a module at every step on a host, and return for each scenario what came of it (see crash.py)."""
        chosen = self.lab.host(host)
        self._prepare(chosen)
        script = ("/usr/bin/python3", "-I", f"{TREE}/{CRASH.name}", TREE, f"{COLLECTION}.plugins.modules.{name}")
        results: list[dict[str, Any]] = json.loads(chosen.run(script, input=json.dumps(list(scenarios))).stdout)
        return results

    def _prepare(self, host: Host) -> None:
        """Put what modules need on a host, once."""
        if host.name not in self._prepared:
            host.run(["install", "-d", TREE])
            host.run_bytes(["tar", "-x", "-C", TREE], data=_tree())
            self._prepared.add(host.name)

    def facts(self, host: str, *, become: bool = True, **options: Any) -> dict[str, Any]:
        """Return what postfix_queue_facts finds."""
        result = self.module(host, "postfix_queue_facts", options, become=become)
        assert "ansible_facts" in result, result
        facts: dict[str, Any] = result["ansible_facts"]["postfix_queue"]
        return facts

    def purge(self, host: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Return what postfix_queue_purge says."""
        return self.module(host, "postfix_queue_purge", options, check=check)

    def opened(self, host: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Return what postfix_message_info says."""
        return self.module(host, "postfix_message_info", options, check=check)

    def repair(self, host: str, *, check: bool = False, **options: Any) -> dict[str, Any]:
        """Return what postfix_spool_repair says."""
        return self.module(host, "postfix_spool_repair", options, check=check)


class _OverSsh(Controller):
    """Runs modules by a playbook."""

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


def _tree() -> bytes:
    """Return an archive of ansible.module_utils, the collection's modules and their module_utils, and what runs them."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        # It must be there, and be more than a namespace; the controller's own would import more.
        tar.addfile(_for_everybody(tarfile.TarInfo("ansible/__init__.py")))
        for path, name in _files():
            tar.add(path, name, filter=_for_everybody)
    return archive.getvalue()


def _for_everybody(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid, member.gid, member.mode = 0, 0, 0o644
    return member


def _files() -> Iterator[tuple[Path, str]]:
    ansible = importlib.util.find_spec("ansible.module_utils")
    assert ansible is not None
    assert ansible.origin is not None
    roots = {
        "ansible/module_utils": Path(ansible.origin).parent,
        f"{COLLECTION.replace('.', '/')}/plugins/modules": ROOT / "plugins" / "modules",
        f"{COLLECTION.replace('.', '/')}/plugins/module_utils": ROOT / "plugins" / "module_utils",
    }
    for place, root in roots.items():
        yield from ((path, f"{place}/{path.relative_to(root)}") for path in sorted(root.rglob("*.py")))
    yield from ((script, script.name) for script in (RUN_MODULES, CRASH))


def _registered(output: Mapping[str, Any]) -> dict[str, Any]:
    """Return what Ansible registers of a module's output."""
    try:
        result: dict[str, Any] = json.loads(output["out"], object_hook=_plain)
    except ValueError:
        said = {"module_stdout": output["out"], "module_stderr": output["err"]}
        return {"failed": True, "changed": False, "msg": "MODULE FAILURE", "rc": output["status"], **said}
    return {"changed": False, "failed": False, **result}


def _plain(value: dict[str, Any]) -> Any:
    """Return what a template sees of a warning, which ansible-core passes on as an object since 2.19."""
    return value["event"]["msg"] if value.get("__ansible_type") == "WarningSummary" else value
