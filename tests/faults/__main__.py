# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Try faults at the steps of the modules and print the figures: `make faults`.

    python -m tests.faults [SCENARIO ...]

MAILOPS_FAULT_STRIDE says how many of the faults are tried: each one with 1, which takes hours.
"""

from __future__ import annotations

import sys
from collections import Counter

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from tests.faults.explore import STRIDE, Figures, explore
from tests.faults.scenarios import SCENARIOS

_SHOWN = 3


def main(names: list[str]) -> int:
    """Return 0 where nothing went wrong."""
    unknown = [name for name in names if name not in SCENARIOS]
    if unknown:
        print("There is no scenario %s; there are: %s." % (unknown[0], ", ".join(SCENARIOS)), file=sys.stderr)
        return 2
    total = Figures()
    for number, name in enumerate(names or SCENARIOS):
        figures = explore(SCENARIOS[name], stride=STRIDE, first=number)
        print("%s: %s" % (name, figures), flush=True)
        total.add(figures)
    print("all: %s" % total)
    _show(total)
    return 1 if total.wrong else 0


def _show(total: Figures) -> None:
    """Print the first problems of each kind in each scenario."""
    seen: Counter[tuple[str, str]] = Counter()
    for wrong in sorted(total.wrong, key=lambda wrong: (wrong.problem.kind, wrong.scenario)):
        seen[wrong.problem.kind, wrong.scenario] += 1
        if seen[wrong.problem.kind, wrong.scenario] <= _SHOWN:
            print(wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
