# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible's commands in the network of a lab, from a process that has imported Ansible once for all tests.

    python ansible_process.py serve SOCKET
    python -IS ansible_process.py run SOCKET COMMAND [ARGUMENT ...]

To import Ansible and to pack the modules takes more time than most plays.  The process runs the entry point of a command in a child of
its own, with the directory, the environment and the files of whoever asks for it.  No command sees anything of another, except the
packed modules.
"""

from __future__ import annotations

import array
import atexit
import contextlib
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parents[2]
ENTRY_POINTS = {"ansible": "ansible.cli.adhoc", "ansible-playbook": "ansible.cli.playbook"}
# What nearly every play loads.
_PLUGINS = ("become.sudo", "callback.default", "connection.local", "connection.ssh", "shell.sh", "strategy.linear")
_MANY_BYTES = 1 << 20
_FILES = 3


def run(
    path: Path, argv: Sequence[str], *, environment: Mapping[str, str], directory: Path, files: Sequence[int]
) -> int | None:
    """Run a command, and return its status as subprocess does; None if its environment has other settings of Ansible.

    files: the descriptors of its input, output and error output.
    """
    request = {"argv": list(argv), "environment": dict(environment), "directory": str(directory)}
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(str(path))
        passed = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))]
        connection.sendmsg([json.dumps(request).encode()], passed)
        status: int | None = json.loads(connection.recv(_MANY_BYTES))
    return status


def _settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that Ansible may have read while it was imported."""
    return {name: value for name, value in environment.items() if name.startswith("ANSIBLE_")}


def _serve(path: Path) -> None:
    # This file runs by its path. What Ansible imports must not be found here.
    sys.path.insert(0, str(ROOT))
    importlib.import_module("tests.unit.support.ansible_process").compile_collection()
    sys.path.remove(str(ROOT))
    for name in (*ENTRY_POINTS.values(), *(f"ansible.plugins.{plugin}" for plugin in _PLUGINS)):
        importlib.import_module(name)
    modules = path.with_suffix(".modules")
    modules.mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
        # Whoever finds the path can connect.
        new = path.with_suffix(".new")
        listener.bind(str(new))
        listener.listen()
        new.rename(path)
        while True:
            connection, _address = listener.accept()
            if not os.fork():
                listener.close()
                break
            connection.close()
            _reap()
    _answer(connection, modules)


def _reap() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _answer(connection: socket.socket, modules: Path) -> None:
    """Run the command that is asked for in a child, and send its status."""
    message, files, _flags, _address = socket.recv_fds(connection, _MANY_BYTES, _FILES)
    request = json.loads(message)
    if _settings(request["environment"]) != _settings(os.environ):
        _end(connection, None)
    child = os.fork()
    if child:
        for file in files:
            os.close(file)
        _child, status = os.waitpid(child, 0)
        _end(connection, os.waitstatus_to_exitcode(status))
    connection.close()
    _begin(request, files, modules)
    command = Path(sys.argv[0]).name
    importlib.import_module(ENTRY_POINTS[command]).main()
    sys.exit(0)


def _end(connection: socket.socket, status: int | None) -> None:
    """End this process, which is not one of Ansible's."""
    connection.send(json.dumps(status).encode())
    os._exit(0)


def _begin(request: Mapping[str, Any], files: Sequence[int], modules: Path) -> None:
    """Make this child what the command would be at its start."""
    os.chdir(request["directory"])
    os.environ.clear()
    os.environ.update({**request["environment"], "PWD": request["directory"]})
    sys.argv = request["argv"]
    for descriptor, file in enumerate(files):
        os.dup2(file, descriptor)
        os.close(file)
    # A shell ignores it for what it starts in the background.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    constants: Any = importlib.import_module("ansible.constants")
    temporary = Path(tempfile.mkdtemp(prefix=f"ansible-local-{os.getpid()}"))
    (temporary / "ansiballz_cache").symlink_to(modules)
    atexit.register(shutil.rmtree, temporary, ignore_errors=True)
    constants.DEFAULT_LOCAL_TMP = str(temporary)


def main() -> int:
    """Serve, or run a command; the latter as itself where this process cannot be used."""
    action, path, *argv = sys.argv[1:]
    if action == "serve":
        _serve(Path(path))
        return 0
    here = Path(os.environ.get("PWD") or Path.cwd())
    status = run(Path(path), argv, environment=os.environ, directory=here, files=range(_FILES))
    if status is None:
        os.execv(argv[0], argv)  # noqa: S606  it needs no shell
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
