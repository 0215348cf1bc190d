# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-playbook on this machine: as a command, or from a process that has imported Ansible once for all tests.

To import Ansible takes longer than a short play. The process runs the entry point of the command in a child of its own for each play, so
that no play sees anything of another.
"""

from __future__ import annotations

import functools
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).resolve().parents[3]
_COMMAND = Path(sys.executable).with_name("ansible-playbook")
_SETTINGS = {
    "ANSIBLE_CALLBACKS_ENABLED": "results",
    "ANSIBLE_CALLBACK_PLUGINS": str(ROOT / "tests" / "unit" / "support" / "callbacks"),
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".cache" / "collections"),
    "ANSIBLE_CONFIG": str(ROOT / "tests" / "ansible.cfg"),
    "ANSIBLE_LOCALHOST_WARNING": "0",
    "ANSIBLE_NOCOLOR": "1",
}


def run_command(directory: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run ansible-playbook in a directory, with environment added to the environment; return the status and the output."""
    done = subprocess.run(
        [str(_COMMAND), *arguments],
        cwd=directory,
        env={**_environment(), **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def run_playbook(directory: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Do the same in much less time."""
    requests, statuses = _server()
    with tempfile.NamedTemporaryFile() as output:
        play = {"directory": str(directory), "output": output.name, "arguments": arguments, "environment": environment}
        requests.write(json.dumps(play) + "\n")
        requests.flush()
        status = int(statuses.readline())
        return status, output.read().decode("utf-8")


def _environment() -> dict[str, str]:
    # What the plugins do, they do in processes that Ansible forks. coverage measures nothing there, and takes as long as Ansible itself.
    own = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    return {**own, **_SETTINGS}


@functools.lru_cache(maxsize=None)
def _server() -> tuple[TextIO, TextIO]:
    """Start the process, which ends at the end of its input; return its input and its output.

    It is no child of this process, because some tests look at all children, or wait for any.
    """
    shell = 'exec 3<&0; "$@" <&3 &'
    with subprocess.Popen(
        ["sh", "-c", shell, "sh", sys.executable, str(Path(__file__).resolve())],
        env=_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        assert starter.stdin is not None
        assert starter.stdout is not None
        # With them, starter would also close the input and the output.
        return os.fdopen(os.dup(starter.stdin.fileno()), "w"), os.fdopen(os.dup(starter.stdout.fileno()))


def compile_collection() -> None:
    """Compile the plugins of the collection once.  Ansible's importer of collections does it in each process, and keeps nothing."""
    plugins = Path(os.environ["ANSIBLE_COLLECTIONS_PATH"], "ansible_collections/mailops/postfix/plugins")
    compiled: dict[tuple[str, bytes], Any] = {}
    for path in plugins.rglob("*.py"):
        source = path.read_bytes()
        compiled[str(path), source] = compile(source, str(path), "exec", dont_inherit=True)

    def compile_once(source: Any, filename: str, **options: Any) -> Any:
        return compiled.get((filename, source)) or compile(source, filename, **options)

    # The importer finds this name before the built-in function.
    vars(importlib.import_module("ansible.utils.collection_loader._collection_finder"))["compile"] = compile_once


def _serve() -> None:
    compile_collection()
    main = importlib.import_module("ansible.cli.playbook").main
    temporary = Path(importlib.import_module("ansible.constants").DEFAULT_LOCAL_TMP)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            # Each child removes it at its end.
            temporary.mkdir(mode=0o700, parents=True, exist_ok=True)
            _begin(json.loads(line))
            main()
            sys.exit(0)
        _child, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)  # type: ignore[attr-defined,unused-ignore]


def _begin(play: dict[str, Any]) -> None:
    """Make this child what the command would be at its start."""
    os.chdir(play["directory"])
    os.environ.update(play["environment"])
    os.environ["PWD"] = play["directory"]
    sys.argv = [str(_COMMAND), *play["arguments"]]
    for descriptor, path, flags in ((0, os.devnull, os.O_RDONLY), (1, play["output"], os.O_WRONLY)):
        opened = os.open(path, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    os.dup2(1, 2)


if __name__ == "__main__":
    _serve()
