# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

from tests.benchmark import imports
from tests.benchmark.imports import Costs
from tests.benchmark.report import Cost, cost_table
from tests.benchmark.sections import median_costs

PAYLOAD = """
import sys
sys.path.insert(0, %r)
import outer
sys.exit(outer.told())
"""
OUTER = """
import inner

def told():
    # An import that comes late counts, too.
    import late
    print(inner.VALUE, late.VALUE, __loader__ is __spec__.loader, type(__loader__).__name__)
"""


def test_each_module_that_a_payload_imports_has_its_costs(tmp_path: Path) -> None:
    archive, payload, output = (tmp_path / name for name in ("modules.zip", "payload.py", "costs.json"))
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("outer.py", OUTER)
        opened.writestr("inner.py", "VALUE = sum(range(2_000_000))\n")
        opened.writestr("late.py", "VALUE = (\n" + "    1 +\n" * 2000 + "    1\n)\n")
    payload.write_text(PAYLOAD % str(archive))
    run = subprocess.run(
        [sys.executable, imports.__file__, str(payload), str(output)], capture_output=True, text=True, check=True
    )
    # The payload runs as it does without being measured.
    assert run.stdout == "1999999000000 2001 True zipimporter\n"
    costs = json.loads(output.read_text())
    assert {"outer", "inner", "late"} <= costs.keys()
    assert "sys" not in costs
    # What a module imports is not in its own costs.
    assert costs["inner"]["run"] > 2 * costs["outer"]["run"]
    assert costs["late"]["compile"] > costs["outer"]["compile"] > 0


def test_time_counts_for_the_innermost_module() -> None:
    seconds = iter([0, 1, 3, 7, 8, 20, 30, 60])
    costs = Costs(clock=lambda: next(seconds) * 1_000_000)
    with costs.of("outer"):  # at 0
        with costs.of("inner"):  # at 1
            costs.compile("x = 1", "inner.py", "exec")  # from 3 to 7
        # Left at 8.
        with costs.of("inner"):  # at 20
            pass
        # Left at 30; the outer one at 60.
    assert costs.show() == {
        "outer": {"compile": 0.0, "run": 1.0 + 12 + 30},
        "inner": {"compile": 4.0, "run": 2.0 + 1 + 10},
    }


def test_costs_are_the_medians_of_several_runs() -> None:
    runs = [
        {"ansible": {"compile": 9.0, "run": 9.0}, imports_of("._errors"): {"compile": compiling, "run": running}}
        for compiling, running in ((1.0, 9.0), (2.0, 7.0), (9.0, 8.0))
    ]
    assert median_costs(runs, without={"ansible"}) == [Cost("module_utils._errors", 2.0, 8.0)]


def imports_of(name: str) -> str:
    return "ansible_collections.mailops.postfix.plugins.module_utils" + name


def test_the_table_of_costs_has_the_most_expensive_first_and_the_sum_last() -> None:
    assert cost_table([Cost("small", 0.25, 0.5), Cost("large", 10.0, 1.5)]).splitlines() == [
        "| imported module | compiling | running | both    |",
        "| --------------- | --------- | ------- | ------- |",
        "| large           | 10.0 ms   | 1.5 ms  | 11.5 ms |",
        "| small           | 0.2 ms    | 0.5 ms  | 0.8 ms  |",
        "| all of them     | 10.2 ms   | 2.0 ms  | 12.2 ms |",
    ]
