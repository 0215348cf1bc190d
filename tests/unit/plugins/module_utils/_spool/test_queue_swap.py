# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves, queue_swap
from ansible_collections.mailops.postfix.plugins.module_utils._spool.move_result import MoveResult
from tests.unit.support.quarantine import QuarantineHost, put_message

HERE = "spool.quarantine/spam/"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> QuarantineHost:
    return QuarantineHost(tmp_path, monkeypatch)


def test_empty_queues_have_the_attributes_of_the_full_ones(host: QuarantineHost) -> None:
    (host.made.path / "hold").chmod(0o750)
    with host.quarantine() as quarantine, host.queues() as queues:
        queue_swap.make_empty_queues(quarantine, queues, ["hold", "maildrop"])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (host.path / queue_swap.FRESH).iterdir()}
    assert modes == {"hold": 0o750, "maildrop": 0o730}


def test_if_they_cannot_be_made_nothing_is_left(host: QuarantineHost, monkeypatch: pytest.MonkeyPatch) -> None:
    make = moves.make_directory

    def fail(name: str, *args: Any) -> int:
        if name == "hold":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return make(name, *args)

    with host.quarantine() as quarantine, host.queues() as queues:
        monkeypatch.setattr(moves, "make_directory", fail)
        with pytest.raises(SystemRefusal) as caught:
            queue_swap.make_empty_queues(quarantine, queues, ["deferred", "hold"])
    assert str(caught.value).startswith(
        "New queue directories cannot be made in %s, and nothing was touched: No space left on device. " % host.path
    )
    assert str(caught.value).endswith("postfix_queue_purge needs no room, and works on a full disk.")
    assert not (host.path / queue_swap.FRESH).exists()


def test_queues_move_and_empty_ones_take_their_place(host: QuarantineHost) -> None:
    gone, stays = put_message(host.made, log=True), put_message(host.made, "hold", log=True)
    names = ["deferred", "defer"]
    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        queue_swap.make_empty_queues(quarantine, queues, names)
        queue_swap.move_queues(quarantine, queues, names, moved)
    assert moved.directories is True
    assert host.files() == sorted(
        [HERE + "deferred/" + gone, HERE + "defer/" + gone, "spool/hold/" + stays, "spool/defer/" + stays]
    )
    assert (host.made.path / "deferred").is_dir()
    assert not (host.path / queue_swap.FRESH).exists()


@pytest.mark.parametrize("number", range(3))
def test_after_an_error_every_queue_is_there(
    host: QuarantineHost, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    queue_id = put_message(host.made)
    names = ["incoming", "active", "deferred"]
    move_directory, left = moves.move_directory, [number]

    def fail(name: str, **options: Any) -> None:
        if not left[0]:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        left[0] -= 1
        move_directory(name, **options)

    moved = MoveResult()
    with host.quarantine() as quarantine, host.queues() as queues:
        queue_swap.make_empty_queues(quarantine, queues, names)
        monkeypatch.setattr(moves, "move_directory", fail)
        with pytest.raises(OSError, match="Input/output error"):
            queue_swap.move_queues(quarantine, queues, names, moved)
    assert moved.directories is bool(number)
    assert all((host.made.path / name).is_dir() for name in names)
    assert host.files() == ["spool/deferred/" + queue_id]
    assert not (host.path / queue_swap.FRESH).exists()


def test_placing_empty_queues_again_changes_nothing(host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    with host.quarantine() as quarantine, host.queues() as queues:
        queue_swap.place_empty_queues(quarantine, queues)
        queue_swap.make_empty_queues(quarantine, queues, ["deferred"])
        queue_swap.place_empty_queues(quarantine, queues)
        queue_swap.place_empty_queues(quarantine, queues)
    assert host.files() == ["spool/deferred/" + queue_id]
    assert not (host.path / queue_swap.FRESH).exists()


def test_moved_queues_are_open_to_root_only(host: QuarantineHost) -> None:
    put_message(host.made)
    names = ["deferred"]
    (host.made.path / "deferred").chmod(0o755)
    with host.quarantine() as quarantine, host.queues() as queues:
        queue_swap.make_empty_queues(quarantine, queues, names)
        queue_swap.move_queues(quarantine, queues, names, MoveResult())
        queue_swap.give_to_root(quarantine)
    assert stat.S_IMODE((host.path / "deferred").stat().st_mode) == 0o700
    assert stat.S_IMODE((host.made.path / "deferred").stat().st_mode) == 0o755


def test_an_interrupted_swap_counts_only_what_is_new(host: QuarantineHost) -> None:
    queue_id = put_message(host.made)
    names = ["deferred"]
    with host.quarantine() as quarantine, host.queues() as queues:
        (host.path / "hold").mkdir(mode=0o700)
        (host.path / "hold" / "4A0F9AC").touch()
        queue_swap.make_empty_queues(quarantine, queues, names)
        queue_swap.move_queues(quarantine, queues, names, MoveResult())
        fields = queue_swap.recover_swap(quarantine, queues, {"earlier": ["4A0F9AC"]}, MoveResult())
    assert fields == {"messages": 1, "ids_in": [queue_id]}
