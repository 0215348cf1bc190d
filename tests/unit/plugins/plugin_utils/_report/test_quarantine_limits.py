# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.quarantine_limits import (
    QuarantineLimits,
    refuse_restore,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.refusals import refusal_texts


def row_of(host: str, selected: int | None, left: int | None, **more: Any) -> dict[str, Any]:
    """Return the parts of a row that limits are about."""
    sums = None if selected is None else {"messages": selected}
    return {
        "host": host,
        "state": "quarantined",
        "problem": None,
        "selected": sums,
        "left": left,
        "to_delete": None,
        **more,
    }


def texts_of(refusals: list[dict[str, Any]]) -> list[str]:
    """Return the sentences for refusals of a quarantine report."""
    return refusal_texts({"kind": "quarantine", "refusals": refusals})


NEARLY_ALL = (
    "a: The rules would restore 39 of the 40 messages, which is more than 95 percent. Narrow the rules, or set "
    "spool_quarantine_max_percent: 100 if you mean that."
)
# name, limits, whether everything is restored that no rule excludes, refusals
CASES: list[tuple[str, QuarantineLimits, bool, list[str]]] = [
    ("nearly all", QuarantineLimits(), False, [NEARLY_ALL]),
    ("nearly all, by match_all", QuarantineLimits(), True, []),
    ("nearly all, allowed", QuarantineLimits(max_percent=100), False, []),
    (
        "each limit",
        QuarantineLimits(max_messages=38, max_percent=97, fleet_max_messages=38, expire_max_messages=0),
        False,
        [
            "a: The rules would restore 39 messages, spool_quarantine_max_messages allows 38.",
            "a: The rules would restore 39 of 40 messages, spool_quarantine_max_percent allows 97 percent.",
            "a: spool_quarantine_expire would delete 1 messages, spool_quarantine_expire_max_messages allows 0.",
            "The rules would restore 39 messages, spool_quarantine_fleet_max_messages allows 38.",
        ],
    ),
]


@pytest.mark.parametrize(
    ("limits", "everything", "refusals"), [row[1:] for row in CASES], ids=[row[0] for row in CASES]
)
def test_refusals(limits: QuarantineLimits, everything: bool, refusals: list[str]) -> None:
    rows = [row_of("a", 39, 40, to_delete=1), row_of("b", None, None)]
    assert texts_of(refuse_restore(rows, limits, name="spam", everything=everything)) == refusals


def test_a_quarantine_that_no_host_has() -> None:
    nowhere = row_of("a", None, None, state="no_quarantine")
    failed = row_of("b", None, None, state="failed", problem="there is no Postfix")
    assert texts_of(refuse_restore([nowhere, failed], QuarantineLimits(), name="spam", everything=False)) == [
        "No host has a quarantine spam; run the playbook without a name to see which there are."
    ]
    assert refuse_restore([failed], QuarantineLimits(), name="spam", everything=False) == []
