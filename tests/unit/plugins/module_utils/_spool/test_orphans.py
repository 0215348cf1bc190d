# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.orphans import Orphans
from tests.unit.support.spool import MadeUpSpool
from tests.unit.support.structure import NOW, let_fail, orphan_paths


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def test_orphan_logs(made: MadeUpSpool) -> None:
    for kind in ("defer", "bounce", "trace"):
        made.put(kind, "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
        made.put(kind, "4A0F9AD", b"", mode=0o600, mtime=NOW - 10)
    made.put("corrupt", "4A0F9AE", b"")
    made.put("defer", "4A0F9AE", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "defer" / "4" / "4A0F9AF").symlink_to(made.path)
    made.put("hold", "4A0F9B0#FIX", b"", depth=0)
    made.put("defer", "4A0F9B0", b"", mode=0o600, mtime=NOW - 100)
    with Spool(str(made.path)) as spool:
        orphans = Orphans(spool, before=NOW - 50)
        paths = sorted(entry.path for entry in orphans.entries(spool))
        assert paths == ["bounce/4A0F9AC", "defer/4/4A0F9AC", "trace/4A0F9AC"]
        # Somebody writes to one of them meanwhile.
        os.utime(str(made.path / "bounce" / "4A0F9AC"), (NOW, NOW))
        assert list(orphans.remove(spool)) == []
    assert [path for path in orphan_paths(made, before=NOW + 1) if "AC" in path] == ["bounce/4A0F9AC"]


def test_a_message_that_moves_meanwhile_is_seen(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    path = made.put("deferred", "4A0F9AC", b"")
    real_walk = Spool.walk

    def walk(spool: Spool, queue: str, **options: Any) -> Any:
        # The queue manager takes it just before its queue is read, and after the queue that it goes to was.
        if queue == "deferred" and path.exists():
            path.rename(made.path / "active" / "4A0F9AC")
        return real_walk(spool, queue, **options)

    monkeypatch.setattr(Spool, "walk", walk)
    assert orphan_paths(made, before=NOW) == []


@pytest.mark.parametrize("call", ["open", "scandir"])
def test_no_log_is_an_orphan_where_not_all_messages_can_be_read(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "deferred" / "B").mkdir()
    assert orphan_paths(made, before=NOW) == ["defer/4/4A0F9AC"]
    if call == "open":
        let_fail(monkeypatch, "open", errno.EIO, "B")
    else:
        real_open, real_scandir, broken = os.open, os.scandir, []

        def remember(path: Any, *args: Any, **options: Any) -> int:
            descriptor = real_open(path, *args, **options)
            if path == "B":
                broken.append(descriptor)
            return descriptor

        def scandir(path: Any) -> Any:
            if path in broken:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real_scandir(path)

        monkeypatch.setattr(os, "open", remember)
        monkeypatch.setattr(os, "scandir", scandir)
    assert orphan_paths(made, before=NOW) == []


def test_no_log_is_an_orphan_where_a_message_may_be_too_deep(made: MadeUpSpool) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "deferred").joinpath(*"A" * 17).mkdir(parents=True)
    assert orphan_paths(made, before=NOW) == []


def test_a_log_that_cannot_be_removed_is_named_and_the_others_go(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("4A0F9AC", "4A0F9AD", "4A0F9AE"):
        made.put("defer", name, b"", mode=0o600, mtime=NOW - 100)
    let_fail(monkeypatch, "unlink", errno.EIO, "4A0F9AD")
    with Spool(str(made.path)) as spool:
        (failure,) = Orphans(spool, before=NOW).remove(spool)
    assert failure.path == "defer/4/4A0F9AD"
    assert failure.reason.startswith("Input/output error. The disk has an error")
    assert orphan_paths(made, before=NOW) == ["defer/4/4A0F9AD"]
