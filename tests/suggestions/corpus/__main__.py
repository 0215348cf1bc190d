# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetch the corpus, and print what it holds: `python -m tests.suggestions.corpus`."""

from __future__ import annotations

import sys

from tests.suggestions.corpus.archive import CorpusError
from tests.suggestions.corpus.download import fetch
from tests.suggestions.corpus.table import table


def main() -> int:
    """Print the table."""
    try:
        print(table(fetch()), end="")
    except CorpusError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
