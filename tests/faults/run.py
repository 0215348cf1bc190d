# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a module in a process of its own, with a fault, and return how it ended."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import faulthandler
import functools
import gc
import importlib
import io
import json
import os
import resource
import select
import signal
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.faults.commands import Commands
from tests.faults.inject import COLLECTION, Fault, Injector, arm

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.faults.host import Host

MODULES = (
    *("postfix_queue_purge", "postfix_queue_hold", "postfix_spool_quarantine", "postfix_spool_repair"),
    *("postfix_queue_facts", "postfix_message_info", "postfix_quarantine_info"),
)
# What takes longer hangs: by the clock where it waits, by the time of the processor where it runs in a circle.
SECONDS = 60.0
_CPU_SECONDS = 5
_PR_SET_CHILD_SUBREAPER = 36
_CLONE_NEWUSER = 0x10000000


@dataclass(frozen=True)
class Call:
    """A module and its options."""

    module: str
    options: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """How a run ended."""

    status: int
    """As os.waitpid() has it."""
    result: Mapping[str, Any] | None
    """What it printed; None for what is no JSON."""
    output: str
    """All that it printed."""
    hit: str
    """The step and the call that the fault hit; empty where it hit none."""
    steps: tuple[str, ...]
    """The names of its calls; none where it was killed."""
    leaked: tuple[str, ...]
    """What it left open."""
    left: bool
    """Whether it left a process."""
    hung: bool
    second: Ended | None = None
    """What ran in the middle of it."""

    @property
    def was_killed(self) -> bool:
        """Whether the fault killed it."""
        return os.WIFSIGNALED(self.status) and os.WTERMSIG(self.status) == signal.SIGKILL

    @property
    def failed(self) -> bool:
        """Whether the module says that it failed."""
        return self.result is None or bool(self.result.get("failed"))


@functools.cache
def load() -> None:
    """Import what each run needs, once for all, and have what runs leave behind be this process's child."""
    importlib.import_module("ansible.module_utils.basic")
    for module in MODULES:
        importlib.import_module(COLLECTION + "plugins.modules." + module)
    _warm_up()
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    gc.collect()
    # Shared with the children for as long as nobody touches it.
    gc.freeze()


def _warm_up() -> None:
    """Have ansible-core do once what it does at the first result of a process."""
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": {"_ansible_diff": True}}).encode()  # noqa: SLF001
    basic._ANSIBLE_PROFILE = "legacy"  # noqa: SLF001
    log = basic.AnsibleModule.log
    basic.AnsibleModule.log = lambda *_arguments, **_options: None
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        basic.AnsibleModule(argument_spec={}).exit_json()
    basic.AnsibleModule.log = log


def run(host: Host, call: Call, fault: Fault | None = None, second: Call | None = None) -> Ended:
    """Run a module. second: what runs at the fault's step in its place, for one that neither fails nor kills."""
    load()
    files = {name: os.memfd_create(name) for name in ("out", "report", "hit", "second")}
    try:
        process = os.fork()
        if not process:
            _be_the_module(host, call, fault, second, files)
        hung, status = _wait(process)
        left = _end_what_is_left(process)
        report = json.loads(_text(files["report"]) or "{}")
        ran = json.loads(_text(files["second"]) or "null")
        output = _text(files["out"])
    finally:
        hit = _text(files["hit"])
        for descriptor in files.values():
            os.close(descriptor)
    return Ended(
        status=status,
        result=_result(output),
        output=output,
        hit=hit,
        steps=tuple(report.get("steps", ())),
        leaked=tuple(report.get("leaked", ())),
        left=left,
        hung=hung,
        second=None if ran is None else Ended(**ran),
    )


def _text(descriptor: int) -> str:
    return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode("utf-8", "replace")


def _result(output: str) -> Mapping[str, Any] | None:
    lines = [line for line in output.splitlines() if line.startswith("{")]
    with contextlib.suppress(ValueError):
        result: Mapping[str, Any] = json.loads(lines[-1] if lines else "")
        return result
    return None


# --- the parent's side ----------------------------------------------------------------------------------------------


def _wait(process: int) -> tuple[bool, int]:
    """Wait for a run and return whether it hung, and its status."""
    descriptor = os.pidfd_open(process)
    try:
        ready, _none, _no = select.select([descriptor], [], [], SECONDS)
        if not ready:
            # It says where it is.
            os.kill(process, signal.SIGXCPU)
        status = os.waitpid(process, 0)[1]
        return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU, status
    finally:
        os.close(descriptor)


def _end_what_is_left(group: int) -> bool:
    """Return whether a process of the run's group is still there after a moment, and end it."""
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        try:
            if os.waitpid(-group, os.WNOHANG) == (0, 0):
                time.sleep(0.005)
        except ChildProcessError:
            return False
    os.killpg(group, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-group, 0)
    return True


# --- the module's side ----------------------------------------------------------------------------------------------


def _be_the_module(host: Host, call: Call, fault: Fault | None, second: Call | None, files: Mapping[str, int]) -> None:
    """Be the module, and end."""
    os.setsid()
    # Before anything is armed: what is reported is no step of the module.
    write, listdir, readlink, leave = os.write, os.listdir, os.readlink, os._exit
    os.dup2(files["out"], 1)
    os.dup2(files["out"], 2)
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS + 1))
    faulthandler.register(signal.SIGXCPU, file=2, chain=True)
    sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115  for as long as this process lives

    def run_second() -> None:
        if second is not None:
            ended = run(host, second)
            write(files["second"], json.dumps(ended.__dict__).encode())

    injector = Injector(
        fault, lambda text: void(write(files["hit"], text.encode("utf-8", "replace"))), run_second if second else None
    )
    before = _open_files(host, listdir, readlink)
    status = 1
    try:
        _be_root()
        arm(injector)
        _start(host, call)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 1
    except BaseException:  # noqa: BLE001  whatever it is, that is what is looked for
        traceback.print_exc()
    injector.stop()
    sys.stdout.flush()
    leaked = sorted(_open_files(host, listdir, readlink) - before)
    write(files["report"], json.dumps({"steps": injector.steps, "leaked": leaked}).encode())
    leave(status)


def _be_root() -> None:
    """Be root, for a user of the tests who is not, in a user namespace (user_namespaces(7)). Raises OSError without any."""
    user, group = os.geteuid(), os.getegid()
    if user:
        if ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWUSER):
            raise OSError(ctypes.get_errno(), "no user namespace can be made: run the tests of faults as root")
        for name, text in (("setgroups", "deny"), ("uid_map", "0 %d 1" % user), ("gid_map", "0 %d 1" % group)):
            Path("/proc/self", name).write_bytes(text.encode())


def void(_value: object) -> None:
    """Return nothing."""


def _start(host: Host, call: Call) -> None:
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    arguments = {
        **call.options,
        "config_directory": str(host.config),
        "command_directory": str(host.commands),
        "_ansible_diff": True,
    }
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()  # noqa: SLF001  its only way in
    basic._ANSIBLE_PROFILE = "legacy"  # noqa: SLF001
    basic.AnsibleModule.run_command = Commands(host).run_command
    basic.AnsibleModule.log = lambda *_arguments, **_options: None
    importlib.import_module(COLLECTION + "plugins.modules." + call.module).main()


def _open_files(host: Host, listdir: Any, readlink: Any) -> set[str]:
    """Return what this process has open on the host."""
    found = set()
    for name in listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            path = readlink("/proc/self/fd/" + name)
            if path.startswith((str(host.near), str(host.far))):
                found.add("%s %s" % (name, path))
    return found


ERRORS = {name: getattr(errno, name) for name in ("EIO", "ENOSPC", "EROFS", "EMFILE", "ESTALE", "ENOENT", "EACCES")}
