# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of where real mail comes from."""

from __future__ import annotations

from typing import Sequence

from tests.suggestions.corpus.download import Mails

_HEAD = "| source | version | license | ham | spam | bounces |\n|---|---|---|---|---|---|\n"
_ROW = "| %s | %s | %s | %d | %d | %d |\n"


def table(corpus: Sequence[Mails]) -> str:
    """Return the table, with a row for each source and one for all."""
    rows = [
        _ROW
        % (
            "%s (%s)" % (mails.source.package, mails.source.registry.value),
            mails.source.version,
            mails.source.license,
            *_numbers([mails]),
        )
        for mails in corpus
    ]
    return _HEAD + "".join(rows) + _ROW % ("all", "", "", *_numbers(corpus))


def _numbers(corpus: Sequence[Mails]) -> tuple[int, int, int]:
    """Return how many messages there are of each sort."""
    return (
        sum(len(mails.ham) for mails in corpus),
        sum(len(mails.spam) for mails in corpus),
        sum(len(mails.bounces) for mails in corpus),
    )
