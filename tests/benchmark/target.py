# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host that is measured: its queue, the modules' payloads on it, and the clock."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from tests.fleet.lab import SPOOL, Host, Lab
from tests.fleet.mixture import BULK_PHRASE, BULK_SPAM_DOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DEFERRED = f"{SPOOL}/deferred"
HOLD = f"{SPOOL}/hold"
# Real mail that the copies are made of: as many messages as were sent for the figures of the design.
ORIGINALS = 4000
SEED = 2
# How often a task stands in a playbook, so that what a playbook costs by itself counts for little.
REPEATED = 20

_PLACE = "/opt/benchmark"
_COPY = "/var/spool/benchmark-copy"
# The directories of which copies are kept.
_KEPT = ("deferred", "defer")
_RESULT = f"{_PLACE}/result.json"
_PYTHON = "/usr/bin/python3"
_DROP_CACHES = Path("/proc/sys/vm/drop_caches")
# What every module starts with is read back into memory, so that only the queue is cold.
_WARM_UP = "import ctypes, json, multiprocessing, resource, subprocess, zipfile"

MAIL_LOG = f"{_PLACE}/mail.log"

PING = "ansible.builtin.ping"
FACTS = "mailops.postfix.postfix_queue_facts"
LOG_INFO = "mailops.postfix.postfix_log_info"
PURGE = "mailops.postfix.postfix_queue_purge"
QUARANTINE = "mailops.postfix.postfix_spool_quarantine"

# Short queue IDs are hashed on their first digit, with hash_queue_depth=1.
_FLATTEN = 'find "$1" -mindepth 2 -type f -exec mv -t "$1" {} +'
_HASH = (
    'for digit in 0 1 2 3 4 5 6 7 8 9 A B C D E F; do install -d -o postfix -m 700 "$1/$digit"; '
    'find "$1" -maxdepth 1 -type f -name "$digit*" -exec mv -t "$1/$digit" {} +; done'
)


class BenchmarkError(Exception):
    """What was measured did not do its work, so its time says nothing."""


@dataclass(frozen=True)
class Call:
    """A module with its options."""

    name: str
    module: str
    options: Mapping[str, Any]


CALLS = {
    call.name: call
    for call in (
        Call("ping", PING, {}),
        Call("facts", FACTS, {"gather": ["counts", "top", "shape", "messages"]}),
        Call("defaults", FACTS, {}),
        Call("suggestions", FACTS, {"gather": ["counts", "top", "shape", "messages", "suggestions"]}),
        Call("content", FACTS, {"gather": ["counts"], "match": [{"content": BULK_PHRASE}]}),
        Call("quarantine", QUARANTINE, {"name": "benchmark", "mode": "queues"}),
        Call("unquarantine", QUARANTINE, {"name": "benchmark", "state": "restored", "match_all": True}),
        Call("forget", QUARANTINE, {"name": "benchmark", "state": "absent", "match_all": True}),
        Call("log", LOG_INFO, {"files": [MAIL_LOG]}),
        Call("purge", PURGE, {"match": [{"sender": BULK_SPAM_DOMAIN}]}),
    )
}


@dataclass(frozen=True)
class Measured:
    """What a command took: wall clock and CPU seconds, memory in KiB (of all processes only where it was sampled)."""

    seconds: float
    cpu_seconds: float
    status: int
    load: float
    largest_process: int
    all_processes: int
    all_processes_shared_split: int
    processes: int


class Target:
    """One host of a lab, with what the benchmark runs on it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab
        self.host: Host = lab.hosts[0]
        self.messages = 0
        self.start_up = 0.0
        self.loads: list[float] = []

    def prepare(self) -> None:
        """Put there what is to be run; the queue must still be empty, for Ansible runs each module once."""
        for script in ("floor.py", "meter.py", "imports.py"):
            self.host.put(f"{_PLACE}/{script}", (HERE / script).read_bytes())
        self.put_mail_log(1)
        for call in CALLS.values():
            self._put_payload(call)
        # Nothing but what is measured may touch the queue.
        self.host.configure(queue_run_delay="1d")

    def _put_payload(self, call: Call) -> None:
        """Have Ansible leave the very file that it runs on a host, so that it can be run without SSH."""
        temporary = "/root/.ansible/tmp"
        inventory = ["-i", str(self.lab.inventory), "-e", "ansible_user=root", "-e", "ansible_pipelining=false"]
        ansible = [str(Path(sys.executable).with_name("ansible")), *inventory, self.host.name, "-m", call.module]
        environment = {"ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"), "ANSIBLE_KEEP_REMOTE_FILES": "1"}
        # Ansible takes an empty mapping for free-form text.
        arguments = ["-a", json.dumps(call.options)] if call.options else []
        self.lab.run([*ansible, *arguments], env=environment)
        [payload] = self.host.run(["find", temporary, "-name", "AnsiballZ_*.py"]).stdout.splitlines()
        self.host.run(["mv", payload, f"{_PLACE}/{call.name}.py"])
        self.host.run(["rm", "-r", temporary])

    def put_mail_log(self, lines: int) -> None:
        """Write a mail log of that many lines on the host."""
        # A pipe into the host is slower than to write the lines there.
        self.host.put(f"{_PLACE}/mail_log.py", (HERE / "mail_log.py").read_bytes())
        self.host.run([_PYTHON, f"{_PLACE}/mail_log.py", MAIL_LOG, str(lines)])

    def put_pymailq(self) -> None:
        """Copy pymailq from where this Python has it; it is pure Python and needs nothing else."""
        found = importlib.util.find_spec("pymailq")
        if found is None or found.origin is None:
            raise BenchmarkError("pymailq is not there; `make bench` installs it")
        for path in Path(found.origin).parent.glob("*.py"):
            self.host.put(f"{_PLACE}/pymailq/{path.name}", path.read_bytes())

    # ---- the queue --------------------------------------------------------------------------------------------

    def fill(self, messages: int) -> None:
        """Fill the deferred queue, 60% ham and 40% spam, 9.7 recipients a message."""
        self.host.fill("benchmark", min(ORIGINALS, messages), seed=SEED)
        self.grow(messages)

    def grow(self, messages: int) -> None:
        self.host.grow(messages)
        self.messages = self.count_files(DEFERRED)
        if self.messages != messages:
            raise BenchmarkError(f"{self.messages} messages are deferred, not {messages}")
        self._sync()

    def why_not_cold(self) -> str | None:
        """Return why the queue cannot be taken out of memory, None if it can."""
        if self.filesystem() == "tmpfs":
            return "the spool is in memory"
        try:
            _DROP_CACHES.write_text("1\n", encoding="ascii")
        except OSError as error:
            return f"{_DROP_CACHES} cannot be written to ({error.strerror})"
        return None

    def make_cold(self) -> None:
        """Take files, inodes and directories out of memory, on the whole machine."""
        os.sync()
        _DROP_CACHES.write_text("3\n", encoding="ascii")
        for argv in ([_PYTHON, "-c", _WARM_UP], ["postconf", "-d", "mail_version"], ["grep", "-c", "x", "/etc/hosts"]):
            self.host.run(argv, check=False)

    def make_warm(self) -> None:
        """Have all messages and logs in memory: bring_back() reads only what was missing."""
        for directory in (DEFERRED, f"{SPOOL}/defer"):
            self.host.run([_PYTHON, f"{_PLACE}/floor.py", directory])

    def keep_single(self) -> None:
        """Delete all messages but those to one recipient, and grow the queue to its size again."""
        several = [row["queue_id"] for row in self.host.postqueue() if len(row["recipients"]) > 1]
        self.host.run(["postsuper", "-d", "-"], input="".join(f"{queue_id}\n" for queue_id in several))
        self.grow(self.messages)

    @contextmanager
    def flat(self) -> Iterator[None]:
        """Have no hash directories while this is entered."""
        usual = self.host.run(["postconf", "-h", "hash_queue_names"]).stdout.strip()
        self.host.run(["postfix", "stop"])
        # The parameter must not be empty. flush has no messages.
        self._lay_out("flush")
        yield
        self.host.run(["postfix", "stop"])
        self._lay_out(usual)

    def _lay_out(self, hashed: str) -> None:
        """Move the messages and their logs to where Postfix looks for them, and start it."""
        self.host.postconf("-e", f"hash_queue_names={hashed}")
        for queue in (DEFERRED, f"{SPOOL}/defer"):
            self.host.run(["sh", "-c", _FLATTEN if hashed == "flush" else _HASH, "sh", queue])
        self.host.start_postfix()
        self._sync()

    def filesystem(self) -> str:
        """Return the kind of the filesystem that the spool is on."""
        return self.host.run(["df", "--output=fstype", SPOOL]).stdout.split()[-1]

    def count_files(self, directory: str) -> int:
        return len(self.host.run(["find", directory, "-type", "f", "-printf", "."]).stdout)

    def spam_ids(self) -> list[str]:
        """Return the queue IDs of the spam, found without the collection's code."""
        found = self.host.run(["grep", "-rlF", f"@{BULK_SPAM_DOMAIN}", DEFERRED]).stdout.split()
        return [path.rpartition("/")[2] for path in found]

    def put_list(self, queue_ids: Sequence[str]) -> str:
        """Put queue IDs into a file, one a line, and return its path."""
        place = f"{_PLACE}/{len(queue_ids)}.ids"
        self.host.put(place, "".join(f"{queue_id}\n" for queue_id in queue_ids))
        return place

    @contextmanager
    def copy_kept(self) -> Iterator[None]:
        """Remember the queue as it is, for bring_back(); at the end it is as it was, but for queue IDs."""
        for name in _KEPT:
            self.host.run(["tar", "--create", "--format=posix", f"--file={_COPY}.{name}", f"--directory={SPOOL}", name])
        yield
        self.bring_back()
        # While Postfix runs: the start of Postfix would rename these messages too, but fail, because nothing takes its log then.
        self.host.run(["postsuper", "-s"])
        self.host.run(["rm", *(f"{_COPY}.{name}" for name in _KEPT)])

    def bring_back(self) -> None:
        """Put back what is missing. It has other inodes, which matters to nothing but postsuper."""
        # One file is read faster than thousands, if none is in memory.
        options = ["--preserve-permissions", "--skip-old-files", f"--directory={SPOOL}"]
        with ThreadPoolExecutor() as pool:
            list(pool.map(self.host.run, (["tar", "--extract", *options, f"--file={_COPY}.{name}"] for name in _KEPT)))
        self._sync()

    def _sync(self) -> None:
        """Have all on the disk: writing it later is nobody's work that is measured then."""
        self.host.run(["sync", "--file-system", SPOOL])

    # ---- the clock --------------------------------------------------------------------------------------------

    def measure(
        self, argv: Sequence[str], *, given: str = "/dev/null", output: str = "/dev/null", sample: bool = False
    ) -> Measured:
        """Run a command on the host and return what it took. Raises BenchmarkError where it fails."""
        options = ["--input", given, "--output", output, *(["--sample"] if sample else [])]
        said = self.host.run(["env", f"PYTHONPATH={_PLACE}", _PYTHON, f"{_PLACE}/meter.py", *options, "--", *argv])
        measured = Measured(**json.loads(said.stdout))
        self.loads.append(measured.load)
        if measured.status:
            raise BenchmarkError(f"{' '.join(argv)} ended with {measured.status}: {said.stderr.strip()}")
        return measured

    def module(self, name: str, *, sample: bool = False) -> Measured:
        """Run a module as Ansible does on a host, and measure the whole process."""
        return self.measure([_PYTHON, f"{_PLACE}/{name}.py"], output=_RESULT, sample=sample)

    def result(self) -> dict[str, Any]:
        """Return the last module's result."""
        values: dict[str, Any] = json.loads(self.host.get(_RESULT))
        return values

    def result_size(self) -> int:
        """Return how many bytes the last module's result has."""
        return len(self.host.get(_RESULT))

    def require_matched(self, expected: int) -> None:
        """Raise BenchmarkError where the last run of facts did not find so many messages."""
        found = self.result()["ansible_facts"]["postfix_queue"]["matched"]["messages"]
        if found != expected:
            raise BenchmarkError(f"facts matched {found} messages, not {expected}")

    def play(self, tasks: Sequence[Mapping[str, Any]]) -> float:
        """Run a playbook over SSH that has these tasks many times over, and return its seconds."""
        playbook = self.lab.directory / "play.yml"
        play = {"hosts": self.host.name, "gather_facts": False, "become": True, "tasks": [*tasks] * REPEATED}
        # JSON is YAML.
        playbook.write_text(json.dumps([play]), encoding="utf-8")
        command = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            str(self.lab.inventory),
            str(playbook),
        ]
        started = time.perf_counter()
        self.lab.run(command, env={"ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg")})
        return time.perf_counter() - started

    def python(self, *arguments: str) -> Measured:
        return self.measure([_PYTHON, *arguments])

    def floor(self) -> Measured:
        """Measure what merely reading the deferred queue takes."""
        return self.python(f"{_PLACE}/floor.py", DEFERRED)

    def measure_start_up(self, rounds: int) -> None:
        """Remember the seconds that facts of a queue that is still empty take: Python, AnsiballZ and postconf."""
        self.start_up = median(self.module("facts").seconds for _round in range(rounds))

    def imports(self, name: str) -> dict[str, dict[str, float]]:
        """Return what each module that a run imports costs, as imports.py writes it."""
        self.python(f"{_PLACE}/imports.py", f"{_PLACE}/{name}.py", _RESULT)
        return self.result()
