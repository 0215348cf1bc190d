# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module import (
    queue_flush,
    queue_hold,
    queue_purge,
    spool_quarantine,
)
from ansible_collections.mailops.postfix.plugins.module_utils._module._locked_spool import outcome_of
from ansible_collections.mailops.postfix.plugins.module_utils._selection.outcome import Outcome
from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState


@pytest.mark.parametrize(
    ("state", "outcome"),
    [
        pytest.param(FileState(same=True, busy=False), Outcome.HELD, id="the same message"),
        pytest.param(FileState(same=True, busy=True), Outcome.HELD, id="in delivery"),
        pytest.param(FileState(same=False, busy=False), Outcome.CHANGED, id="another message"),
        pytest.param(FileState(same=True, busy=False, problem="no"), Outcome.FAILED, id="a problem"),
        pytest.param(FileState(same=False, busy=False, problem="no"), Outcome.FAILED, id="a problem with another"),
    ],
)
def test_the_outcome_of_an_action(state: FileState, outcome: Outcome) -> None:
    assert outcome_of(state, Outcome.HELD) is outcome


def test_an_outcome_is_shown_as_its_word() -> None:
    assert [str(outcome) for outcome in Outcome] == [outcome.value for outcome in Outcome]
    assert "%s" % Outcome.ALREADY_PURGED == "already_purged"


def test_every_outcome_is_one_of_a_module() -> None:
    modules = (queue_flush, queue_hold, queue_purge, spool_quarantine)
    assert {outcome for module in modules for outcome in module.OUTCOMES} == set(Outcome)


@pytest.mark.parametrize("module", [queue_flush, queue_hold, queue_purge, spool_quarantine])
def test_every_module_that_changes_messages_counts_failed_and_undecided_ones(module: object) -> None:
    assert {Outcome.FAILED, Outcome.UNDECIDED, Outcome.VANISHED, Outcome.CHANGED} <= set(vars(module)["OUTCOMES"])
