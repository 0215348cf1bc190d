# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run an Ansible module once for each set of arguments, in a process of its own as AnsiballZ does.

    python3 -I run_modules.py TREE MODULE < ARGUMENTS.json > OUTPUTS.json

Runs inside a host, with nothing but Python 3.9: TREE has ansible.module_utils and the collection.  ARGUMENTS is a list
of what a module gets from Ansible, OUTPUTS a list of what each run printed: its status, stdout and stderr.

Beside those, an argument _fault has a shell script run whenever the module calls a function of module_utils, before that:
{"where": "_spool.lock", "name": "QueueLock.write_journal", "script": "..."}.
"""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
from typing import Any


def run_here(tree: str, module: str, arguments: dict[str, Any]) -> None:
    """End this process as the module does; what _ansiballz/_loader.py of ansible-core does, in each of its releases."""
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    fault = arguments.pop("_fault", None)
    if fault is not None:
        _inject(**fault)
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()  # noqa: SLF001  its only way in
    # How a result is written where the module does not ask for something else.
    basic._ANSIBLE_PROFILE = "legacy"  # noqa: SLF001  its only way in
    own = {"_module_fqn": module, "_modlib_path": tree}
    runpy.run_module(module, init_globals=own, run_name="__main__", alter_sys=True)


def _inject(*, where: str, name: str, script: str) -> None:
    owner: Any = importlib.import_module("ansible_collections.mailops.postfix.plugins.module_utils." + where)
    *path, last = name.split(".")
    for part in path:
        owner = getattr(owner, part)
    function = getattr(owner, last)

    def faulty(*arguments: Any, **options: Any) -> Any:
        subprocess.run(["/bin/sh", "-c", script], check=True)
        return function(*arguments, **options)

    setattr(owner, last, faulty)


def _run(tree: str, module: str, arguments: dict[str, Any]) -> dict[str, Any]:
    # Files, not pipes: a daemon that the module starts may keep them open.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = os.fork()
        if not process:
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            run_here(tree, module, arguments)
        _process, status = os.waitpid(process, 0)
        for file in (out, err):
            file.seek(0)
        texts = {name: file.read().decode("utf-8", "surrogateescape") for name, file in (("out", out), ("err", err))}
    return {"status": status, **texts}


def main() -> int:
    tree, module = sys.argv[1:]
    several = json.load(sys.stdin)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.path.insert(0, tree)
    # Once for all: it is most of what a module's start takes.
    importlib.import_module("ansible.module_utils.basic")
    json.dump([_run(tree, module, arguments) for arguments in several], sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main())
