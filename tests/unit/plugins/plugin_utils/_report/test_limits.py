# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.limits import (
    exceeds_percent,
    first_given,
    is_nearly_all,
)

# messages, of how many, whether that is nearly all
SHARES: list[tuple[int, int, bool]] = [
    (20, 20, False),
    (21, 21, True),
    (95, 100, False),
    (96, 100, True),
    (0, 0, False),
]


@pytest.mark.parametrize(("messages", "everything", "nearly_all"), SHARES)
def test_few_messages_may_be_all_there_are(messages: int, everything: int, nearly_all: bool) -> None:
    assert is_nearly_all(messages, everything) is nearly_all


def test_percent() -> None:
    assert not exceeds_percent(40, 100, 40.0)
    assert exceeds_percent(40, 100, 39.5)


def test_zero_is_given() -> None:
    assert first_given(None, 0, 5) == 0
    assert first_given(None, None) is None
