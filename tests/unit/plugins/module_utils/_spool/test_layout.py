# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.layout import Layout
from tests.unit.support.spool import MadeUpSpool


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.mark.parametrize(
    ("changes", "queue", "queue_id", "depth", "place"),
    [
        pytest.param({}, "deferred", "4A0F9AC", 1, "deferred/4", id="as Postfix ships"),
        pytest.param({}, "defer", "4A0F9AC", 1, "defer/4", id="logs"),
        pytest.param({}, "hold", "4A0F9AC", 0, "hold", id="a queue without hash directories"),
        pytest.param({"hash_depth": 2}, "deferred", "4A0F9AC", 2, "deferred/4/A", id="two levels"),
        pytest.param({"hash_names": frozenset(("hold",))}, "deferred", "4A0F9AC", 0, "deferred", id="not named"),
        pytest.param({"hash_names": frozenset(("hold",))}, "hold", "4A0F9AC", 1, "hold/4", id="named"),
        pytest.param({}, "deferred", "3Vgspm0WfDz30Dy", 1, "deferred/1", id="a long queue ID"),
    ],
)
def test_where_postfix_looks_for_a_file(
    made: MadeUpSpool, changes: dict[str, Any], queue: str, queue_id: str, depth: int, place: str
) -> None:
    layout = made.layout(**changes)
    assert (layout.depth(queue), layout.place(queue, queue_id)) == (depth, place)


def test_a_layout_is_a_value(made: MadeUpSpool) -> None:
    assert made.layout() == made.layout()
    assert made.layout() != made.layout(hash_depth=2)
    assert isinstance(hash(made.layout()), int)
    assert isinstance(made.layout(), Layout)
