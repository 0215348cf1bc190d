# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult


@pytest.mark.parametrize(
    ("result", "touched"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"done": {"4A0F9AC": "4A0F9AC"}}, True, id="a message was moved"),
        pytest.param({"in_transit": {"defer/4A0F9AC"}}, True, id="a log is on its way"),
        pytest.param({"copies": {"hold.deferred.4A0F9AC"}}, True, id="a copy is in staging"),
        pytest.param({"directories": True}, True, id="a directory was moved"),
        pytest.param({"collisions": {"4A0F9AC"}}, False, id="a queue ID was taken"),
        pytest.param({"failed": {"4A0F9AC": "Input/output error"}}, False, id="an error"),
        pytest.param({"leftovers": ["/var/spool/postfix/pid/x"], "stuck_logs": ["defer/4A0F9AC"]}, False, id="left"),
    ],
)
def test_whether_anything_left_its_place(result: dict[str, Any], touched: bool) -> None:
    assert MoveResult(**result).touched is touched


def test_a_message_at_its_target_is_no_longer_on_its_way() -> None:
    result = MoveResult(in_transit={"4A0F9AC", "4A0F9AD"})
    result.put("4A0F9AC", "4A0F9AE")
    result.put("4A0F9AF", "4A0F9AF")
    assert (result.done, result.in_transit) == ({"4A0F9AC": "4A0F9AE", "4A0F9AF": "4A0F9AF"}, {"4A0F9AD"})
    assert result.renamed == {"4A0F9AC": "4A0F9AE"}


def test_results_share_nothing() -> None:
    MoveResult().put("4A0F9AC", "4A0F9AC")
    assert MoveResult().done == {}
