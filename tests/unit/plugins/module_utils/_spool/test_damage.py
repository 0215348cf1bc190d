# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.damage import Damage, find_damage
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.findings import Finding
from tests.unit.support.queue_file import QueueFile
from tests.unit.support.spool import MadeUpSpool

WHOLE = QueueFile().write()


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def damage_in(made: MadeUpSpool, *, limit: int = 100) -> Damage:
    with Spool(str(made.path)) as spool:
        return find_damage(spool, limit=limit)


@pytest.mark.parametrize(
    ("data", "damaged"),
    [
        pytest.param(WHOLE, False, id="complete"),
        pytest.param(b"", True, id="empty"),
        pytest.param(WHOLE[:60], True, id="cut in the envelope"),
        pytest.param(WHOLE[:-10], True, id="cut at the end"),
        pytest.param(b"\0" * len(WHOLE), True, id="overwritten with zeros"),
        pytest.param(b"From: somebody\n\nno queue file\n" * 20, True, id="another kind of file"),
    ],
)
def test_which_files_are_damaged(made: MadeUpSpool, data: bytes, damaged: bool) -> None:
    path = made.put("deferred", "4A0F9AC", data, mtime=1700000000)
    found = damage_in(made)
    assert found.counts == {"damaged": int(damaged), "unreadable": 0}
    if damaged:
        (finding,) = found.findings
        assert (finding.kind, finding.path) == ("damaged", "deferred/4/4A0F9AC")
        assert (finding.inode, finding.mtime) == (path.stat().st_ino, 1700000000)
        assert finding.detail


def test_files_of_other_kinds_are_left_out(made: MadeUpSpool) -> None:
    made.put("incoming", "4A0F9AC", b"", mode=0o600)
    made.put("corrupt", "4A0F9AD", b"")
    made.put("hold", "no.queue.id", b"", depth=0)
    (made.path / "hold" / "4A0F9AE").symlink_to(made.path)
    (made.path / "hold" / "4A0F9AF").mkdir()
    assert damage_in(made).counts == {"damaged": 0, "unreadable": 0}


def test_a_file_that_cannot_be_opened_is_unreadable_with_a_remedy(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.put("hold", "4A0F9AC", WHOLE)
    made.put("hold", "4A0F9AD", b"")
    real = os.open

    def fail(path: Any, *args: Any, **options: Any) -> int:
        if path == "4A0F9AC":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    found = damage_in(made)
    assert found.counts == {"damaged": 1, "unreadable": 1}
    (finding,) = [finding for finding in found.findings if finding.kind == "unreadable"]
    assert finding.reason.startswith("Input/output error. The disk has an error")


def test_a_directory_that_cannot_be_read_does_not_end_it(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("deferred", "4A0F9AC", b"")
    made.put("deferred", "BA0F9AC", b"", depth=1)
    real = os.open

    def fail(path: Any, *args: Any, **options: Any) -> int:
        if path == "B":
            raise OSError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    assert [finding.path for finding in damage_in(made).findings] == ["deferred/4/4A0F9AC"]


def test_all_are_counted_and_some_are_kept(made: MadeUpSpool) -> None:
    for number in range(5):
        made.put("hold", "4A0F9A%d" % number, b"")
    found = damage_in(made, limit=2)
    assert (found.counts["damaged"], len(found.findings)) == (5, 2)


def test_the_damage_of_two_processes_adds_up() -> None:
    one, other = Damage(2), Damage(2)
    for number, damage in enumerate((one, one, other, other)):
        damage.add(Finding("damaged", "hold/%d" % number, "cut", number, 0))
    other.add(Finding("unreadable", "hold/4", "Input/output error", 0, 0))
    one.merge(other)
    assert one.counts == {"damaged": 4, "unreadable": 1}
    assert [finding.path for finding in one.findings] == ["hold/0", "hold/1"]
