# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the suggestions on queues with known truth. `make suggestions` writes the tables in docs/suggestions-measured.md.

python -m tests.suggestions [--only development|corpus|blind|blind_two|blind_three] [--kind NAME] [--share PERCENT] [-v]
python -m tests.suggestions --write
"""

from __future__ import annotations

import argparse
import sys

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from tests.suggestions.kinds import SHARES
from tests.suggestions.measure import Measured
from tests.suggestions.parts import PARTS, TITLES, measure_all, queues
from tests.suggestions.table import DOCUMENT, details, is_wrong, table, with_tables


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.suggestions", description="Measure the suggestions on queues with known truth."
    )
    parser.add_argument("--only", choices=PARTS, help="only this part")
    parser.add_argument("--kind", default="", help="only kinds whose name has this text")
    parser.add_argument(
        "--share", type=int, choices=range(1, 100), metavar="PERCENT", help="only this share of bulk mail"
    )
    parser.add_argument(
        "--write", action="store_true", help="write the tables of all parts into docs/suggestions-measured.md, too"
    )
    parser.add_argument(
        "-v",
        "--verbose",
        action="count",
        default=0,
        help="show rules, evidence and what they cover; -vv: of right queues, too",
    )
    options = parser.parse_args()
    if options.write and (options.only or options.kind or options.share):
        parser.error("--write writes all tables, so it cannot be used with --only, --kind or --share")
    return options


def _results(part: str, options: argparse.Namespace) -> list[Measured]:
    """Measure a part, and print the details as they come."""
    results = []
    shares = [options.share] if options.share else SHARES
    for measured in measure_all(queues(part, name=options.kind, shares=shares)):
        results.append(measured)
        if options.verbose > 1 or (options.verbose and is_wrong(measured)):
            print(details(measured), flush=True)
    return results


def main() -> int:
    """Print the tables, and write them if this is wanted."""
    options = _options()
    text = ""
    for part in [options.only] if options.only else PARTS:
        made = table(TITLES[part], _results(part, options))
        print(made, flush=True)
        text += made
    if options.write:
        DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
