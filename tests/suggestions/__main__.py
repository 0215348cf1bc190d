# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Measure the suggestions on queues with known truth, and write the tables in docs/suggestions.md: `make suggestions`."""

from __future__ import annotations

import sys

import tests.conftest  # noqa: F401  pylint: disable=unused-import  # it makes the collection importable for the next import
from tests.suggestions.table import DOCUMENT, tables, with_tables


def main() -> int:
    """Print and write the tables."""
    text = tables()
    print(text)
    DOCUMENT.write_text(with_tables(DOCUMENT.read_text(encoding="utf-8"), text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
