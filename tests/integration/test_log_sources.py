# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The log that a real Postfix writes and rotates is found, and read in the order of time."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from tests.integration.controller import COLLECTION, TREE

if TYPE_CHECKING:
    from tests.fleet.lab import Host
    from tests.integration.controller import Controller

LOG = "/var/log/mailops-sources.log"
SCRIPT = f"""
import json, subprocess, sys
sys.path.insert(0, {TREE!r})
from {COLLECTION}.plugins.module_utils._postfix.commands import Runner
from {COLLECTION}.plugins.module_utils._postfix.log_sources import find_sources
from {COLLECTION}.plugins.module_utils._postfix.search import find_instance

def run(command, **options):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    return done.returncode, done.stdout, done.stderr

since = float(sys.argv[1]) if len(sys.argv) > 1 else None
found = find_sources(find_instance(Runner(run)), files=None, journal=None, since=since)
lines = [
    line.decode()
    for source in found.sources for block in source.blocks(since, None) for line in block.splitlines()
]
print(json.dumps(dict(
    lines=lines,
    paths=[source.path for source in found.sources],
    times=[[source.reading.first, source.reading.last] for source in found.sources],
    warnings=[*found.warnings, *(warning for source in found.sources for warning in source.warnings)],
)))
"""


def read(host: Host, *arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(host.run(["/usr/bin/python3", "-I", "-c", SCRIPT, *arguments]).stdout)
    return result


def test_a_log_that_postfix_rotated_is_read_in_order(either_host: Host, controller: Controller) -> None:
    # The modules' code is on the host then.
    controller.facts(either_host.name)
    usual = either_host.run(["postconf", "-h", "maillog_file"]).stdout.strip()
    start = time.time()
    try:
        either_host.configure(maillog_file=LOG)
        for text in ("one", "two"):
            either_host.run(["postlog", "-t", "mailops", text])
            # It waits a second, so each file has another name; gzip is the default compressor.
            either_host.run(["postfix", "logrotate"])
        either_host.run(["postlog", "-t", "mailops", "three"])
        found = read(either_host)
        again = read(either_host, str(start + 7200))
    finally:
        either_host.configure(maillog_file=usual)
        either_host.run(["sh", "-c", f"rm -f {LOG}*"])
    assert found["warnings"] == []
    assert [line.rpartition(": ")[2] for line in found["lines"] if " mailops[" in line] == ["one", "two", "three"]
    assert [path.endswith(".gz") for path in found["paths"]] == [True, True, False]
    assert all(start - 2 < second < time.time() + 2 for times in found["times"] for second in times)
    assert (again["lines"], again["paths"]) == ([], [LOG])
