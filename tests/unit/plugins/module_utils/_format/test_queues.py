# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._format import queues

SETS: list[tuple[str, ...]] = [
    queues.DELIVERY_QUEUES,
    queues.DEFAULT_QUEUES,
    queues.LISTED_QUEUES,
    queues.SELECTABLE_QUEUES,
    queues.ALL_QUEUES,
]


def test_each_set_holds_the_one_before() -> None:
    for smaller, larger in zip(SETS, SETS[1:]):
        assert set(smaller) < set(larger)
    assert set(queues.ALL_QUEUES) - set(queues.LISTED_QUEUES) == set(queues.UNLISTED_QUEUES)


@pytest.mark.parametrize("names", [*SETS, queues.UNLISTED_QUEUES, queues.LOGS], ids=str)
def test_no_set_has_a_name_twice(names: tuple[str, ...]) -> None:
    assert len(set(names)) == len(names)


def test_no_log_is_a_queue() -> None:
    assert set(queues.LOGS).isdisjoint(queues.ALL_QUEUES)
