# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import QuarantineError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, transfer_recovery
from ansible_collections.mailops.postfix.plugins.module_utils._spool.intake import Intake
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import Move, MoveResult
from ansible_collections.mailops.postfix.plugins.module_utils._spool.restoration import Restoration
from tests.unit.support.acting import Killed
from tests.unit.support.quarantine import QuarantineHost, put_message

MESSAGES = 3
# Enough to let every transfer here end.
STEPS = 40


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    host = QuarantineHost(tmp_path, monkeypatch)
    host.separate()
    return host


def kill_after(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """End the process at that step of a transfer: a rename, a copy, or a removal."""
    left = [number]

    def before(function: Any) -> Any:
        def step(*args: Any, **options: Any) -> Any:
            if not left[0]:
                raise Killed
            left[0] -= 1
            return function(*args, **options)

        return step

    for name in ("rename", "copy", "remove"):
        monkeypatch.setattr(moves, name, before(getattr(moves, name)))


def recover(host: QuarantineHost) -> MoveResult:
    """Finish or undo what a transfer left."""
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        transfer_recovery.recover_transfers(quarantine, queues, moved)
        assert all(transfer.is_finished() for transfer in transfer_recovery.transfers(quarantine, queues, moved))
    return moved


def test_both_directions_are_recovered(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine, host.queues() as queues:
        both = transfer_recovery.transfers(quarantine, queues, MoveResult())
    assert [type(transfer) for transfer in both] == [Intake, Restoration]
    assert [transfer.way for transfer in both] == ["out", "back"]


@pytest.mark.parametrize("direction", [Intake, Restoration])
def test_whenever_a_transfer_is_killed_each_message_is_in_one_place(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, direction: type[Intake] | type[Restoration]
) -> None:
    queue_ids = {put_message(host.made) for _number in range(MESSAGES)}
    wanted = dict.fromkeys(queue_ids, Move("deferred", "deferred"))
    if direction is Restoration:
        with host.quarantine() as quarantine, host.queues() as queues:
            Intake(quarantine, queues, MoveResult()).transfer(wanted)
    source, target = ("spool/", "spool.quarantine/") if direction is Intake else ("spool.quarantine/", "spool/")
    kills = 0
    for step in range(STEPS):
        if not any(path.startswith(source) for path in host.files()):
            break
        with monkeypatch.context() as patched, host.quarantine() as quarantine, host.queues() as queues:
            kill_after(patched, step)
            try:
                direction(quarantine, queues, MoveResult()).transfer(wanted)
            except Killed:
                kills += 1
        recovered = recover(host)
        assert (recovered.duplicates, recovered.uncertain, recovered.removed_copies) == (set(), set(), set())
        assert recovered.leftovers == []
        files = host.files()
        assert len(files) == MESSAGES
        assert all("/deferred/" in path for path in files)
    assert kills > MESSAGES
    assert all(path.startswith(target) for path in host.files())


def test_a_placed_batch_only_loses_its_originals(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    queue_id = put_message(host.made)
    with monkeypatch.context() as patched, host.quarantine() as quarantine, host.queues() as queues:
        patched.setattr(Intake, "remove_originals", lambda *_args: None)
        Intake(quarantine, queues, MoveResult()).transfer({queue_id: Move("deferred", "deferred")})
        limbo = quarantine.pid_path("limbo")
    here = "spool.quarantine/spam/deferred/" + queue_id
    assert host.files() == sorted([here, "spool/%s/deferred.deferred.%s" % (limbo, queue_id)])
    recover(host)
    assert host.files() == [here]


def test_a_batch_that_cannot_be_read_is_refused(host: QuarantineHost) -> None:
    with host.quarantine() as quarantine:
        quarantine.write("copied", way="out", files=["nonsense"])
    with pytest.raises(QuarantineError) as caught:
        recover(host)
    assert str(caught.value).startswith("The journal of %s has a record of copies that cannot be read. " % host.path)
