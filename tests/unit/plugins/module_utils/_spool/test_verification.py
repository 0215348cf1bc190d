# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.actions import FileState
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.message import SpoolMessage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.verification import find_states
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

ID = "4A0F9AC"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    made = MadeUpSpool(tmp_path / "spool")
    for queue in ("active", "hold"):
        made.put(queue, ID, QueueFile().write())
    with Spool(str(made.path)) as opened:
        yield opened


def fingerprint_of(spool: Spool, queue: str) -> str:
    # The directory is open until the next name is asked for.
    walk = spool.walk(queue)
    message = SpoolMessage(spool, next(walk))
    fingerprint = message.fingerprint
    message.close()
    return fingerprint


@pytest.mark.parametrize(("queue", "probed"), [("active", False), ("hold", True)])
def test_no_lock_is_taken_where_an_agent_would_die_of_it(
    spool: Spool, queue: str, probed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    locked = []
    monkeypatch.setattr(fcntl, "flock", lambda _descriptor, operation: locked.append(operation))
    states = find_states(spool, queue, {ID: fingerprint_of(spool, queue)})
    assert states == {ID: FileState(same=True, busy=False)}
    assert bool(locked) is probed
