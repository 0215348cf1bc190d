# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Print how many lines of published collections are understood: `python -m tests.log_lines DIRECTORY...`, each a checkout."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.timestamp import Clock
from tests.log_lines.corpora import read_lines
from tests.log_lines.measure import Counts, count_lines

_SAMPLES = 3
_LONGEST_SAMPLE = 200


def main(arguments: list[str]) -> int:
    """Print the table, then the kinds of lines that are not understood, most frequent first."""
    parser = argparse.ArgumentParser(prog="python -m tests.log_lines", description=__doc__)
    parser.add_argument("directories", nargs="+", type=Path, metavar="DIRECTORY")
    directories = parser.parse_args(arguments).directories
    clock = Clock(time.time())
    found = [(path.resolve().name, count_lines(read_lines(path), clock)) for path in directories]
    print("| collection | lines | of other programs | understood | not understood | share |\n|---|---|---|---|---|---|")
    for name, counts in found:
        print(_row(name, counts))
    for name, counts in found:
        _print_kinds(name, counts)
    return 0


def _row(name: str, counts: Counts) -> str:
    missing = counts.lines - counts.other - counts.understood
    return f"| {name} | {counts.lines} | {counts.other} | {counts.understood} | {missing} | {counts.share:.1%} |"


def _print_kinds(name: str, counts: Counts) -> None:
    for kind, lines in sorted(counts.kinds.items(), key=lambda item: (-len(item[1]), item[0])):
        print(f"\n{name}: {len(lines)} of kind {kind}")
        for line in lines[:_SAMPLES]:
            print("    " + line[:_LONGEST_SAMPLE].decode("ascii", "backslashreplace"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
