# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab of MX hosts, for pytest, the demo and the benchmark; fleet.sh does the work.

with Lab.start(3, ["bookworm", "trixie"]) as lab:
    records = lab.host("mx01").fill("incident", 4000, seed=1)
    lab.run(["ansible", "-i", lab.inventory, "mx", "-m", "ping"])

python -m tests.fleet.lab up --hosts 3 --release bookworm --release trixie
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from .mixture import ACCEPTED_DOMAIN, MIXTURES, Record
from .rest import PATIENCE_SECONDS
from .sasl import Backend, Client, authenticating_by
from .sink import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from types import TracebackType

    Argv = Sequence[str | os.PathLike[str]]

HERE = Path(__file__).resolve().parent
FLEET = HERE / "fleet.sh"
RELEASES = ("bookworm", "trixie", "bullseye", "sid")
# Where two releases are enough, these differ most.
OLDEST_RELEASE, NEWEST_RELEASE = "bullseye", "sid"
DEFAULT_NET = "10.99.0"
QUEUES = ("maildrop", "incoming", "active", "deferred", "hold", "corrupt")
SPOOL = "/var/spool/postfix"
# What the lab's hosts pass on at once, in whatever mode the sink is.
PROBE_SENDER = "friend@probe.example"
PROBE_RECIPIENT = f"you@{ACCEPTED_DOMAIN}"
# The package's place in a host: what must run there is copied there.
IN_HOST = PurePosixPath("/opt/fleet")
# Where hosts keep compiled code (see code_cache.py).
CODE_DIRECTORY = "/var/cache/mailops-lab"
HOST_ENVIRONMENT = ("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8")

Completed = subprocess.CompletedProcess[str]
CompletedBytes = subprocess.CompletedProcess[bytes]


class LabError(Exception):
    """The lab, or a command in it, failed."""


class CommandError(LabError):
    """A command ended with something else than 0."""

    def __init__(self, argv: Sequence[str], completed: CompletedBytes) -> None:
        self.argv = list(argv)
        self.returncode = completed.returncode
        self.stdout = _text(completed.stdout)
        self.stderr = _text(completed.stderr)
        said = (self.stderr.strip() or self.stdout.strip())[-4000:]
        super().__init__(f"{shlex.join(self.argv)} ended with {self.returncode}: {said}")


def _text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "surrogateescape")


def _bytes(data: str | bytes) -> bytes:
    return data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data


def _as_text(completed: CompletedBytes) -> Completed:
    return Completed(completed.args, completed.returncode, _text(completed.stdout), _text(completed.stderr))


def _run(
    argv: Sequence[str], *, name: Sequence[str], data: bytes | None = None, check: bool = True, **options: Any
) -> CompletedBytes:
    # Without input a command must not read the terminal of whoever runs the tests.
    source = {"input": data} if data is not None else {"stdin": subprocess.DEVNULL}
    completed = subprocess.run(argv, check=False, capture_output=True, **source, **options)
    if check and completed.returncode:
        raise CommandError(name, completed)
    return completed


def _queue_and_name(path: str, spool: str) -> tuple[str, str]:
    relative = PurePosixPath(path).relative_to(spool)
    return relative.parts[0], relative.name


@dataclass(frozen=True)
class HostName:
    """What a lab knows of a host before it asks it."""

    name: str
    address: str
    release: str


@dataclass
class Probe:
    """What a client that keeps trying had accepted: (seconds since the epoch, Message-ID), once it has ended."""

    accepted: list[tuple[float, str]] = field(default_factory=list)

    @property
    def outage(self) -> float:
        """The longest time, in seconds, between two messages that were accepted."""
        moments = [moment for moment, _message_id in self.accepted]
        return max(after - before for before, after in itertools.pairwise(moments))


class Host:
    """One MX host; every command runs inside it as root, without ssh."""

    def __init__(self, lab: Lab, known: HostName) -> None:
        self._lab = lab
        self.name = known.name
        self.address = known.address
        self.release = known.release

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.release}>"

    @cached_property
    def _pid(self) -> str:
        return self._lab.fleet("pid", self.name).strip()

    def _enter(self, argv: Argv) -> list[str]:
        user = [] if os.geteuid() == 0 else ["--user", "--setuid", "0", "--setgid", "0"]
        spaces = ["--mount", "--net", "--pid", "--ipc", "--uts", "--root", "--wd"]
        return ["nsenter", "--target", self._pid, *user, *spaces, "--", "env", "-i", *HOST_ENVIRONMENT, *map(str, argv)]

    def run_bytes(self, argv: Argv, *, data: bytes | None = None, check: bool = True) -> CompletedBytes:
        """Run a command; raise CommandError where it fails and check is true."""
        return _run(self._enter(argv), name=[f"{self.name}:", *map(str, argv)], data=data, check=check)

    # `input` is what subprocess.run() calls it.
    def run(self, argv: Argv, *, input: str | None = None, check: bool = True) -> Completed:  # noqa: A002
        """Run a command as run_bytes() does; text in and out, undecodable bytes as surrogates."""
        return _as_text(self.run_bytes(argv, data=None if input is None else _bytes(input), check=check))

    def python(self, script: Path, *arguments: str, check: bool = True) -> Completed:
        """Run a script of this machine with the host's own Python."""
        place = f"/root/{script.name}"
        self.put(place, script.read_bytes())
        return self.run(["python3", place, *arguments], check=check)

    def put(self, path: str, data: str | bytes, *, mode: int = 0o644) -> None:
        """Write a file, and the directories that it needs."""
        self.run(["install", "-D", "-m", f"{mode:o}", "/dev/null", path])
        # Not from /dev/stdin: root of a user namespace may read, but not open, a pipe of somebody outside.
        self.run_bytes(["dd", f"of={path}", "bs=1M", "status=none"], data=_bytes(data))

    def get(self, path: str) -> bytes:
        return self.run_bytes(["cat", "--", path]).stdout

    def age(self, *paths: str) -> None:
        """Make changed configuration files older: Postfix waits with one of this second or the last (util/dict.c)."""
        self.run(["touch", "-d", "1 minute ago", *paths])

    def postconf(self, *arguments: str) -> None:
        """Change main.cf, and make it older."""
        self.run(["postconf", *arguments])
        self.age("/etc/postfix/main.cf")

    def configure(self, **settings: str) -> None:
        """Set main.cf parameters and have Postfix read them."""
        self.postconf("-e", *(f"{key}={value}" for key, value in settings.items()))
        self.reload()

    @contextlib.contextmanager
    def logging_to_syslog(self) -> Iterator[None]:
        """Have Postfix's commands log as they do by default, and work while Postfix is stopped, while this is entered."""
        usual = self.run(["postconf", "-h", "maillog_file"]).stdout.strip()
        self.postconf("-e", "maillog_file=")
        try:
            yield
        finally:
            self.postconf("-e", f"maillog_file={usual}")

    def reload(self) -> None:
        """Have Postfix read its configuration once nothing is being delivered, and wait until it has (see rest.py)."""
        self.run(["python3", self._rest, "reload"])

    @contextlib.contextmanager
    def unwoken(self, service: str) -> Iterator[None]:
        """Have a service of Postfix work only at a request, not by the clock as well, while this is entered."""
        field = f"{service}/unix/wakeup"
        usual = self.run(["postconf", "-hF", field]).stdout.strip()
        self._set_service_field(field, "0")
        try:
            yield
        finally:
            self._set_service_field(field, usual)

    def _set_service_field(self, field: str, value: str) -> None:
        self.run(["postconf", "-F", f"{field}={value}"])
        self.age("/etc/postfix/master.cf")
        self.reload()

    def settle(self, count: int, *, remind: bool = True, seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until that many messages are in the queue, all of them deferred (see rest.py).

        Without reminders the queue manager has to find out by itself, or get a request from what is tested, that mail came in.
        """
        options = ["--seconds", str(seconds), *([] if remind else ["--no-reminder"])]
        self.run(["python3", self._rest, "settle", str(count), *options])

    @cached_property
    def _rest(self) -> str:
        """The path of rest.py, which is there then."""
        return self._put_own("rest.py")

    @cached_property
    def _submit(self) -> str:
        """The path of submit.py, which is there then; it is written once, because a client that starts may be reading it."""
        return self._put_own("submit.py")

    def _put_own(self, name: str) -> str:
        """Copy a module of this package into the host, and return its path there."""
        path = str(IN_HOST / "fleet" / name)
        self.put(path, (HERE / name).read_bytes())
        return path

    def keep_code(self) -> None:
        """Have Python keep the compiled code of modules that Ansible sends, which saves much CPU time (see code_cache.py)."""
        self.run(["install", "-d", "-m", "1777", CODE_DIRECTORY])
        self.put("/usr/lib/python3/dist-packages/code_cache.py", (HERE / "code_cache.py").read_bytes())
        # Python runs the lines of such a file that start with "import" (site.py). Debian has a sitecustomize.py of its own.
        self.put(
            "/usr/lib/python3/dist-packages/code_cache.pth",
            f"import code_cache; code_cache.start('{CODE_DIRECTORY}')\n",
        )

    def start_postfix(self) -> None:
        """Start Postfix where it is not running; it would take a second to say that it is (see postfix-script)."""
        self.run(["sh", "-c", '! "$(postconf -h daemon_directory)/master" -t 2> /dev/null || exec postfix start'])

    @cached_property
    def postfix_version(self) -> str:
        return self.run(["postconf", "-h", "mail_version"]).stdout.strip()

    @cached_property
    def python_version(self) -> str:
        return self.run(["python3", "-c", "import platform; print(platform.python_version())"]).stdout.strip()

    def postqueue(self) -> list[dict[str, Any]]:
        """Return what `postqueue -j` says, one mapping a message."""
        return [json.loads(line) for line in self.run(["postqueue", "-j"]).stdout.splitlines()]

    def spool_files(self, spool: str = SPOOL) -> dict[tuple[str, str], str]:
        """Return the SHA-256 of every file in the queues by (queue, name): found without the collection's code."""
        directories = [f"{spool}/{queue}" for queue in QUEUES]
        found = self.run(["find", *directories, "-type", "f", "-exec", "sha256sum", "--zero", "{}", "+"], check=False)
        # What vanishes while find looks is not there, and that is an answer; anything else is a failure.
        trouble = [line for line in found.stderr.splitlines() if not line.endswith("No such file or directory")]
        if trouble:
            raise LabError(f"{self.name}: cannot list {spool}: {trouble[0]}")
        entries = (entry.partition("  ") for entry in found.stdout.split("\0") if entry)
        return {_queue_and_name(path, spool): digest for digest, _blanks, path in entries}

    def fill(self, mixture: str, count: int, seed: int = 1, *, long_ids: bool = False) -> list[Record]:
        """Send a mixture through this host's Postfix; return what is in its queue because of it.

        The sink is started if need be, for without it nothing can be partly delivered or bounce.  Long queue IDs
        stay switched on, for where they are off, `postfix start` and `reload` rename them to short ones.
        """
        self._lab.sink.start()
        for name in ("mixture.py", "rest.py", "fill.py"):
            self._put_own(name)
        if long_ids:
            self.configure(enable_long_queue_ids="yes")
        result = str(IN_HOST / "record.json")
        module = ["env", f"PYTHONPATH={IN_HOST}", "python3", "-m", "fleet.fill"]
        self.run([*module, mixture, str(count), str(seed), result])
        records = [Record.from_json(values) for values in json.loads(self.get(result))]
        self._lab.keep_records(self.name, records)
        return records

    def grow(self, count: int, *, long_ids: bool = False, spread: int = 0) -> None:
        """Grow the deferred queue to count messages by copying the queue files that are there (see grow.py).

        Long queue IDs must be switched on for them to last (see fill()).
        """
        self.python(HERE / "grow.py", str(count), "--spread", str(spread), *(["--long-ids"] if long_ids else []))

    @contextlib.contextmanager
    def probed(self, recipient: str = PROBE_RECIPIENT) -> Iterator[Probe]:
        """Send messages over SMTP from outside, one after the other, while this is entered (see probe.py)."""
        probe = Probe()
        arguments = [self.address, PROBE_SENDER, recipient]
        with self._lab.started([sys.executable, HERE / "probe.py", *arguments]) as process:
            assert process.stdout is not None
            process.stdout.readline()
            yield probe
            said, _nothing = process.communicate()
        probe.accepted = [tuple(pair) for pair in json.loads(said)]

    def authenticating_by(self, backend: str) -> contextlib.AbstractContextManager[Backend]:
        """Have the submission service check passwords by sasldb, saslauthd or dovecot while this is entered (see sasl.py)."""
        return authenticating_by(self, backend)

    @contextlib.contextmanager
    def submitting(self) -> Iterator[Client]:
        """Start an SMTP client inside the host, which logs in and sends, from any address (see submit.py)."""
        command = self._enter(["python3", self._submit])
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
            yield Client(process)

    @property
    def records(self) -> list[Record]:
        """Everything that fill() ever sent through this host, also from another process."""
        return self._lab.read_records(self.name)

    def freeze(self) -> None:
        self._lab.fleet("freeze", self.name)

    def thaw(self) -> None:
        self._lab.fleet("thaw", self.name)

    def kill(self) -> None:
        self._lab.fleet("kill", self.name)

    def cut(self) -> None:
        self._lab.fleet("cut", self.name)

    def join(self) -> None:
        self._lab.fleet("join", self.name)


def wait_until(condition: Callable[[], bool], failure: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a condition is true; raise LabError, with that text, when that takes too long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise LabError(failure)
        time.sleep(0.02)


class Sink:
    """The lab's relay host (see sink.py): at first it defers everything."""

    def __init__(self, lab: Lab) -> None:
        self._control = lab.directory / "sink.sock"
        self._record = lab.directory / "delivered.jsonl"
        self._lab = lab
        self._starting = threading.Lock()

    def is_running(self) -> bool:
        """Return whether it answers; it does on the control socket once it does on the SMTP port."""
        try:
            tell(self._control, {})
        except OSError:
            return False
        return True

    def start(self) -> None:
        """Start the sink where it is not running."""
        with self._starting:
            if not self.is_running():
                self._start()

    def _start(self) -> None:
        files = ("--control", str(self._control), "--record", str(self._record))
        listen = ("--listen", f"{self._lab.net}.1:2525")
        self._lab.fleet("bg", sys.executable, str(HERE / "sink.py"), "serve", *listen, *files)
        wait_until(self.is_running, f"the sink did not start; see {self._lab.directory}/bg-*.log")

    def stop(self) -> None:
        if self.is_running():
            tell(self._control, {"stop": True})
        wait_until(lambda: not self._control.exists(), "the sink does not stop")

    def mode(self, default: str | None = None, **settings: Any) -> dict[str, Any]:
        """Change settings (default, rules, rcpt_delay, data_delay) and return the sink's settings and counts."""
        return tell(self._control, settings if default is None else {"default": default, **settings})

    def reset(self) -> None:
        """Go back to deferring everything at once."""
        self.mode("defer", rules={}, rcpt_delay=0, data_delay=0)

    def counts(self) -> dict[str, int]:
        return dict(self.mode()["counts"])

    def wait_for_delivery(self) -> None:
        """Wait until an agent has sent the text of a message, and is not answered yet because of data_delay."""
        wait_until(lambda: self.counts()["waiting"] == 1, "no delivery is under way")

    def received(self) -> list[dict[str, Any]]:
        """Return the messages that were delivered, in order."""
        if not self._record.exists():
            return []
        return [json.loads(line) for line in self._record.read_text(encoding="utf-8").splitlines()]


class Lab:
    """A running lab; as a context manager it is gone at the end, and with its process in any case."""

    def __init__(self, directory: Path, *, lease: int | None = None) -> None:
        """Attach to the lab in a directory; Lab.start() makes one."""
        known = _known_hosts(directory)
        self.directory = directory
        self.net = known[0].address.rpartition(".")[0]
        self.hosts = [Host(self, host) for host in known]
        self.sink = Sink(self)
        self._lease = lease

    @classmethod
    def start(
        cls,
        count: int,
        releases: Sequence[str] = RELEASES[:1],
        *,
        directory: Path | None = None,
        net: str = DEFAULT_NET,
        lasting: bool = False,
        spools: Path | None = None,
    ) -> Lab:
        """Start hosts mx01, mx02, ...; releases are dealt out in turn.

        spools: a directory for the hosts' spools, which are otherwise in memory, like all that the hosts write.
        The lab ends with the calling process unless it is to be a lasting one.
        """
        build_images(releases)
        directory = directory or Path(tempfile.mkdtemp(prefix="mailops-lab-"))
        reader, lease = os.pipe()
        try:
            options: dict[str, Any] = {} if lasting else {"pass_fds": [reader]}
            environment = {} if lasting else {"FLEET_LEASE_FD": str(reader)}
            if spools is not None:
                environment["FLEET_SPOOLS"] = str(spools)
            _fleet(["up", str(count), *releases], directory, net=net, environment=environment, **options)
        except BaseException:
            os.close(lease)
            raise
        finally:
            os.close(reader)
        if lasting:
            os.close(lease)
        return cls(directory, lease=None if lasting else lease)

    def __enter__(self) -> Lab:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.down()

    @property
    def inventory(self) -> Path:
        return self.directory / "inventory.yml"

    def host(self, name: str) -> Host:
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f"no host {name} in this lab; there are: {', '.join(host.name for host in self.hosts)}")

    def host_of(self, release: str) -> Host:
        """Return the first host of a release."""
        for host in self.hosts:
            if host.release == release:
                return host
        raise LabError(f"no host of {release} in this lab")

    def fleet(self, *arguments: str) -> str:
        """Return what fleet.sh prints for a command of its own."""
        return _fleet(arguments, self.directory, net=self.net)

    def run(
        self, argv: Argv, *, env: Mapping[str, str] | None = None, cwd: Path | None = None, check: bool = True
    ) -> Completed:
        """Run a command of this machine in the lab's network, with env added to the environment."""
        command = [str(FLEET), "run", *map(str, argv)]
        environment = {**os.environ, **_environment(self.directory, self.net), **(env or {})}
        return _as_text(_run(command, name=list(map(str, argv)), check=check, env=environment, cwd=cwd))

    def started(self, argv: Argv) -> subprocess.Popen[str]:
        """Start a command of this machine in the lab's network, which ends at the end of its input."""
        environment = {**os.environ, **_environment(self.directory, self.net)}
        command = [str(FLEET), "run", *map(str, argv)]
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", env=environment
        )

    def fill(self, mixture: str, count: int, seed: int = 1) -> dict[str, list[Record]]:
        """Fill every host, each with messages of its own, and return the records by host name."""
        numbered = list(enumerate(self.hosts, start=seed))
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            records = pool.map(lambda pair: pair[1].fill(mixture, count, pair[0]), numbered)
            return dict(zip([host.name for host in self.hosts], records, strict=True))

    def keep_records(self, name: str, records: Sequence[Record]) -> None:
        with (self.directory / f"{name}.records").open("a", encoding="utf-8") as lines:
            lines.writelines(json.dumps(record.as_json()) + "\n" for record in records)

    def read_records(self, name: str) -> list[Record]:
        path = self.directory / f"{name}.records"
        if not path.exists():
            return []
        return [Record.from_json(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

    def down(self) -> None:
        """End every process and mount of the lab; harmless if it is gone already."""
        self.fleet("down")
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None


def build_images(releases: Sequence[str]) -> None:
    """Build the root filesystems that are not there; it takes minutes, so what fleet.sh says goes to stderr at once."""
    if subprocess.run([str(FLEET), "image", *releases], check=False, stdin=subprocess.DEVNULL).returncode:
        raise LabError("the lab's root filesystems are not there; the reason stands above")


def requirements() -> list[str]:
    """Return what a lab needs and this machine has not, one line each."""
    completed = _run([str(FLEET), "requirements"], name=["fleet.sh requirements"], check=False)
    return _text(completed.stdout + completed.stderr).splitlines() if completed.returncode else []


def _environment(directory: Path, net: str) -> dict[str, str]:
    return {"FLEET_DIR": str(directory), "FLEET_NET": net}


def _fleet(
    arguments: Sequence[str], directory: Path, *, net: str, environment: Mapping[str, str] | None = None, **options: Any
) -> str:
    variables = {**os.environ, **_environment(directory, net), **(environment or {})}
    completed = _run([str(FLEET), *arguments], name=["fleet.sh", *arguments], env=variables, **options)
    return _text(completed.stdout)


def _known_hosts(directory: Path) -> list[HostName]:
    try:
        lines = (directory / "hosts.list").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise LabError(f"no lab is up in {directory}") from None
    return [HostName(*line.split()) for line in lines]


# ---- command line ---------------------------------------------------------------------------------------------


def _directory() -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR") or "/tmp"  # noqa: S108  fleet.sh refuses a directory of somebody else
    return Path(os.environ.get("FLEET_DIR") or f"{base}/mailops-fleet-{os.getuid()}")


def _up(options: argparse.Namespace) -> None:
    net = os.environ.get("FLEET_NET", DEFAULT_NET)
    lab = Lab.start(options.hosts, options.release or RELEASES, directory=_directory(), net=net, lasting=True)
    lab.sink.start()
    if options.count:
        lab.fill(options.mixture, options.count, options.seed)
    for host in lab.hosts:
        print(f"{host.name} {host.address} {host.release} Postfix {host.postfix_version} Python {host.python_version}")
    print(f"inventory: {lab.inventory}")
    print(f"run Ansible in its network: FLEET_DIR={lab.directory} {FLEET} run ansible -i {lab.inventory} mx -m ping")
    print(f"look inside a host: FLEET_DIR={lab.directory} {FLEET} sh mx01")
    print(f"end it: FLEET_DIR={lab.directory} {FLEET} down")


def _fill(options: argparse.Namespace) -> None:
    for name, records in Lab(_directory()).fill(options.mixture, options.count, options.seed).items():
        print(f"{name}: {len(records)} messages, {sum(record.is_spam for record in records)} of them spam")


def _down(_options: argparse.Namespace) -> None:
    _fleet(["down"], _directory(), net=DEFAULT_NET)


def _add_mixture(parser: argparse.ArgumentParser, *, count: int) -> None:
    parser.add_argument("--mixture", choices=sorted(MIXTURES), default="incident")
    parser.add_argument("--count", type=int, default=count, help="messages on each host (%(default)s)")
    parser.add_argument("--seed", type=int, default=1)


def main() -> int:
    parser = argparse.ArgumentParser(description="A lab of MX hosts to play with; FLEET_DIR says which.")
    commands = parser.add_subparsers(required=True)
    up = commands.add_parser("up", help="start it and fill its queues")
    up.add_argument("--hosts", type=int, default=3)
    up.add_argument("--release", action="append", help="dealt out in turn; may be given more than once")
    _add_mixture(up, count=400)
    up.set_defaults(act=_up)
    fill = commands.add_parser("fill", help="send more")
    _add_mixture(fill, count=400)
    fill.set_defaults(act=_fill)
    commands.add_parser("down", help="end it").set_defaults(act=_down)
    options = parser.parse_args()
    try:
        options.act(options)
    except LabError as error:
        sys.exit(f"lab: {error}")
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
