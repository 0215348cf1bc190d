# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make labelled logs with a real Postfix, and measure the suspects that postfix_log_info finds in them.

python -m tests.suspects make DIRECTORY
python -m tests.suspects measure DIRECTORY
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from tests.suspects.kinds import GROUPS
from tests.suspects.logs import make_logs
from tests.suspects.measure import measure_logs
from tests.suspects.table import DOCUMENT, tables, with_tables


def _make(options: argparse.Namespace) -> None:
    groups = {group: [kind for kind in kinds if options.only in kind.name] for group, kinds in GROUPS.items()}
    make_logs(options.directory, groups)


def _measure(options: argparse.Namespace) -> None:
    text = tables(measure_logs(options.directory))
    print(text)
    if options.write:
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")


def main() -> int:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description="Measure the suspects of postfix_log_info on logs with known truth.")
    commands = parser.add_subparsers(required=True)
    make = commands.add_parser("make", help="make the logs")
    make.add_argument("directory", type=Path)
    make.add_argument("--only", default="", help="only kinds whose name has this text")
    make.set_defaults(act=_make)
    measure = commands.add_parser("measure", help="print the table")
    measure.add_argument("directory", type=Path)
    measure.add_argument("--write", action="store_true", help="write the table into docs/suspects.md, too")
    measure.set_defaults(act=_measure)
    options = parser.parse_args()
    options.act(options)
    return 0


if __name__ == "__main__":
    sys.exit(main())
