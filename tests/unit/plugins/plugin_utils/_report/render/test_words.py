# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import (
    STATES,
    outcome_word,
    state_word,
    time_text,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State


def test_each_state_has_words() -> None:
    assert list(STATES) == list(State)
    assert len(set(STATES.values())) == len(STATES)


def test_words() -> None:
    assert state_word("mail_down") == "mail is down"
    assert outcome_word("in_flight") == "in flight"
    assert time_text(1_795_176_000) == "2026-11-20 12:00:00 UTC"


def test_a_state_that_is_not_known_has_none() -> None:
    with pytest.raises(ValueError, match=r"^'broken' is not a valid State$"):
        state_word("broken")
