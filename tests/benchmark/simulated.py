# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A fleet that is simulated on this machine: hosts with a local connection, an instance each, and a postconf that answers for all.

What it shows is what a run costs the controller. The hosts share this machine with it, and may share one queue directory.
"""

from __future__ import annotations

import grp
import json
import os
import pwd
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.fleet.grow import arrival_place, short_id

from .target import BenchmarkError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
_BIN = Path(sys.executable).parent
_SAMPLE = ROOT / "tests" / "fixtures" / "queue_files" / "bookworm" / "deferred"
_QUEUES = ("maildrop", "incoming", "active", "deferred", "defer", "hold", "corrupt", "pid")
_SAMPLE_SECONDS = 0.02
_WRAPPERS = {"bash", "nsenter", "fleet.sh"}
# Its arguments are -c, the directory, -x, and names of parameters; without -c it reads the default instance.
_POSTCONF = """#!/bin/sh
directory=/nonexistent
[ "$1" = -c ] && directory=$2
[ -d "$directory" ] || exit 1
cat "$directory/main.cf"
"""
_PARAMETERS = {
    "mail_version": "3.7.11",
    "mydomain": "example.com",
    "myhostname": "mx.example.com",
    "myorigin": "example.com",
    "multi_instance_name": "",
    "multi_instance_directories": "",
    "hash_queue_names": "deferred, defer",
    "hash_queue_depth": "1",
    "enable_long_queue_ids": "no",
    "empty_address_recipient": "MAILER-DAEMON",
    "maximal_queue_lifetime": "5d",
    "bounce_queue_lifetime": "5d",
    "queue_run_delay": "300s",
    "queue_service_name": "qmgr",
    "pickup_service_name": "pickup",
    "maillog_file": "",
    "daemon_directory": "/usr/lib/postfix/sbin",
    "default_database_type": "hash",
}


@dataclass(frozen=True)
class Controlled:
    """What a command of Ansible took. cpu: the seconds of all its processes, controller: the most memory of its first one, in MiB."""

    seconds: float
    cpu: float
    controller: float
    output: str


def run_controlled(command: Sequence[str], *, directory: Path, environment: Mapping[str, str]) -> Controlled:
    """Run a command of Ansible, and return what it took. Raises BenchmarkError if it fails."""
    before, begun = os.times(), time.monotonic()
    with subprocess.Popen(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        meter = _MemoryMeter(process.pid)
        output = process.stdout.read() if process.stdout else ""
        status = process.wait()
    seconds, after = time.monotonic() - begun, os.times()
    memory = meter.stop()
    if status:
        raise BenchmarkError("%s: status %d\n%s" % (command, status, output[-5000:]))
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Controlled(seconds, cpu, memory, output)


def size_of_reports(directory: Path, kind: str) -> int:
    """Return how many bytes the newest reports of a kind in a directory have together, in all formats."""
    # The names without a time are links to the newest.
    return sum(path.stat().st_size for path in directory.glob(kind + ".*"))


class SimulatedFleet:
    """Hosts whose queues are directories on this machine."""

    def __init__(self, directory: Path, *, hosts: int, messages: int = 0, is_shared: bool = False) -> None:
        self.directory = directory
        self.names = ["mx%04d" % number for number in range(hosts)]
        commands = directory / "sbin"
        commands.mkdir(parents=True)
        (commands / "postconf").write_text(_POSTCONF, encoding="ascii")
        (commands / "postconf").chmod(0o755)
        shared = self._make_spool("shared", messages) if is_shared else None
        for name in self.names:
            self._make_instance(name, shared or self._make_spool(name, messages))
        own = {
            name: {
                "queue_cleanup_config_directory": str(directory / name),
                "queue_audit_config_directory": str(directory / name),
            }
            for name in self.names
        }
        variables = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "queue_cleanup_become": False,
            "queue_audit_become": False,
            "queue_cleanup_command_directory": str(commands),
            "queue_audit_command_directory": str(commands),
        }
        inventory = {"all": {"hosts": own, "vars": variables}}
        (directory / "hosts.json").write_text(json.dumps(inventory), encoding="ascii")

    def _make_instance(self, name: str, spool: Path) -> None:
        path = self.directory / name
        path.mkdir(exist_ok=True)
        own = {
            "config_directory": path,
            "command_directory": self.directory / "sbin",
            "queue_directory": spool,
            "data_directory": path,
            "mail_owner": _this_user(),
            "setgid_group": _this_group(),
        }
        lines = ("%s = %s\n" % item for item in {**_PARAMETERS, **own}.items())
        (path / "main.cf").write_text("".join(lines), encoding="ascii")

    def _make_spool(self, name: str, messages: int) -> Path:
        spool = self.directory / "spools" / name
        for queue in _QUEUES:
            (spool / queue).mkdir(parents=True)
        if messages:
            sample = min(path for path in _SAMPLE.rglob("*") if path.is_file())
            _fill(spool / "deferred", sample.read_bytes(), messages)
        return spool

    @property
    def reports(self) -> Path:
        """The directory of the reports."""
        return self.directory / "mailops-reports"

    def ping(self) -> Controlled:
        """Run ping on all hosts."""
        return self._run("ansible", "all", "-m", "ansible.builtin.ping")

    def playbook(self, name: str, **variables: Any) -> Controlled:
        """Run a playbook of the collection on all hosts."""
        return self._run("ansible-playbook", "mailops.postfix.%s" % name, "-e", json.dumps(variables))

    def _run(self, command: str, *arguments: str) -> Controlled:
        environment = {
            "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
            "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
            "ANSIBLE_PIPELINING": "1",
        }
        argv = [str(_BIN / command), "-i", "hosts.json", *arguments]
        return run_controlled(argv, directory=self.directory, environment=environment)


def find_controller(pid: int, proc: Path = Path("/proc")) -> int:
    """Return the process that Ansible runs in: this one, or the first one below it that is no shell and enters no namespace.

    Raises OSError if it has ended.
    """
    path = proc / str(pid)
    if (path / "comm").read_text(encoding="utf-8").strip() not in _WRAPPERS:
        return pid
    children = (path / "task" / str(pid) / "children").read_text(encoding="ascii").split()
    return find_controller(int(children[0]), proc) if children else pid


def most_memory(status: str) -> int:
    """Return the most memory that a process ever had, in KiB, from its status in proc(5); 0 if that is not there."""
    # VmHWM stays when memory is given back.
    line = next((line for line in status.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1])


class _MemoryMeter:
    """Reads the memory of the controller again and again: of the process that Ansible starts, and not of its workers."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._most = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def _sample(self) -> None:
        while not self._ended.wait(_SAMPLE_SECONDS):
            try:
                text = Path("/proc/%d/status" % find_controller(self._pid)).read_text(
                    encoding="ascii", errors="replace"
                )
            except OSError:
                continue
            self._most = max(self._most, most_memory(text))

    def stop(self) -> float:
        """Return the most memory, in MiB."""
        self._ended.set()
        self._thread.join()
        return self._most / 1024


def _fill(queue: Path, sample: bytes, messages: int) -> None:
    """Write messages whose queue IDs fit their inodes, so that the module takes them for Postfix's own."""
    place = arrival_place(sample)
    data = sample[: place.start] + str(int(time.time()) - 86400).encode("ascii") + sample[place.stop :]
    for part in "0123456789ABCDEF":
        (queue / part).mkdir()
    unfinished = queue / "unfinished"
    for number in range(messages):
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o700), "wb") as file:
            file.write(data)
            inode = os.fstat(file.fileno()).st_ino
        queue_id = short_id(number % 1_000_000, inode)
        unfinished.rename(queue / queue_id[0] / queue_id)


def _this_user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


def _this_group() -> str:
    return grp.getgrgid(os.getgid()).gr_name


def require_hosts(output: str, hosts: Sequence[str]) -> None:
    """Raise BenchmarkError if a run did not reach all hosts."""
    missing = [name for name in hosts if name not in output]
    if missing:
        raise BenchmarkError("no word of %s:\n%s" % (", ".join(missing[:5]), output[-3000:]))
