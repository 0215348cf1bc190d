# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import (
    add_up,
    count_messages,
    make_report,
    make_row,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


def test_a_report_has_its_rows_and_their_problems() -> None:
    rows = [make_row("a", State.OK, figure=1), make_row("b", State.LEFT_OVER, "it is left", figure=None)]
    report = make_report("kind", 5, rows, fleet={"hosts": 2})
    assert json.loads(json.dumps(report)) == {
        "kind": "kind",
        "version": 1,
        "created": 5,
        "fleet": {"hosts": 2},
        "hosts": [
            {"host": "a", "state": "ok", "problem": None, "figure": 1},
            {"host": "b", "state": "left_over", "problem": "it is left", "figure": None},
        ],
        "problems": {"b": "it is left"},
    }


def test_a_state_in_a_row_is_plain_text() -> None:
    assert not isinstance(make_row("a", State.OK)["state"], State)


def test_what_is_missing_adds_nothing() -> None:
    counts: list[dict[str, Any]] = [{"messages": 1, "bytes": 2}, {"messages": 3, "bytes": None}, {}]
    assert add_up(counts) == {"messages": 4, "bytes": 2, "recipients": 0}
    assert add_up([], ("partial",)) == {"partial": 0}
    assert (count_messages(None), count_messages({"messages": 3})) == (0, 3)
