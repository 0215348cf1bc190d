# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import MailopsError
from ansible_collections.mailops.postfix.plugins.module_utils._spool import structure
from ansible_collections.mailops.postfix.plugins.module_utils._spool.structure import (
    STALE_SECONDS,
    Finding,
    Rules,
    find_orphans,
    look,
    remove_logs,
)
from tests.unit.support.spool import MadeUpSpool

NOW = 1800000000
OLD = NOW - STALE_SECONDS - 1


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def rules(**changes: Any) -> Rules:
    """Return the rules that Postfix ships."""
    values: dict[str, Any] = {
        "hash_names": frozenset(("deferred", "defer")),
        "hash_depth": 1,
        "long_queue_ids": False,
        "purging": True,
        "now": NOW,
    }
    return Rules(**{**values, **changes})


def put(
    made: MadeUpSpool, queue: str = "deferred", *, suffix: str = "", mode: int = 0o700, below: str | None = None
) -> str:
    """Write a message under an ID that fits its inode, and return the ID."""
    path = made.path / queue / "new"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"")
    path.chmod(mode)
    os.utime(str(path), (NOW, NOW))
    name = "4A0F9%X" % path.stat().st_ino
    place = made.path / queue / (("4" if queue in ("deferred", "defer") else "") if below is None else below)
    place.mkdir(parents=True, exist_ok=True)
    path.rename(place / (name + suffix))
    return name


def found(made: MadeUpSpool, *, orphan_seconds: int = 0, **changes: Any) -> list[tuple[str, str, str | None]]:
    """Return kind, path and detail of all findings."""
    findings = look(str(made.path), rules(**changes), orphan_seconds=orphan_seconds)
    return sorted((finding.kind, finding.path, finding.detail) for finding in findings)


def test_what_is_in_order(made: MadeUpSpool) -> None:
    put(made)
    put(made, "hold")
    put(made, "incoming", mode=0o600)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW)
    assert found(made) == []


def test_names_and_places(made: MadeUpSpool) -> None:
    misplaced, deep = put(made, below=""), put(made, below="4/A")
    unfinished = put(made, suffix="#FIX")
    inode = made.put("hold", "4A0F91", b"").stat().st_ino
    made.put("hold", "4A0F92#FIX", b"", depth=0)
    made.put("hold", "4A0F9zz", b"")
    made.put("defer", "4A0F9AC", b"", mode=0o600, depth=0, mtime=NOW)
    made.put("defer", "4A0F9AD#FIX", b"", mode=0o600, depth=0, mtime=NOW)
    assert found(made) == sorted(
        [
            ("misplaced", "deferred/" + misplaced, "deferred/4/" + misplaced),
            ("misplaced", "deferred/4/A/" + deep, "deferred/4/" + deep),
            ("surplus_directories", "deferred/4/A", None),
            ("unfinished", "deferred/4/%s#FIX" % unfinished, "deferred/4/" + unfinished),
            ("misnamed", "hold/4A0F91", "4A0F9%X" % inode),
            ("bogus_names", "hold/4A0F92#FIX", "the name says no inode, or another one"),
            ("bogus_names", "hold/4A0F9zz", "the name says no inode, or another one"),
            ("misplaced", "defer/4A0F9AC", "defer/4/4A0F9AC"),
            ("unfinished", "defer/4A0F9AD#FIX", "defer/4/4A0F9AD"),
        ]
    )


def test_what_is_no_queue_file(made: MadeUpSpool) -> None:
    hold = made.path / "hold"
    (hold / "link").symlink_to(made.path)
    (hold / "A").symlink_to(made.path / "deferred")
    os.mkfifo(str(hold / "fifo"))
    (hold / "empty").mkdir()
    (hold / "full" / "x").mkdir(parents=True)
    (hold / "no.name").touch(mode=0o700)
    (made.path / "maildrop" / "A" / "x").mkdir(parents=True)
    assert found(made) == [
        ("alien_directories", "hold/empty", None),
        ("alien_directories", "hold/full", "it is not empty, and stays"),
        ("alien_directories", "maildrop/A", "it is not empty, and stays"),
        ("bogus_names", "hold/no.name", "no queue file has such a name"),
        ("not_files", "hold/A", None),
        ("not_files", "hold/fifo", None),
        ("not_files", "hold/link", None),
    ]


def test_stale_files(made: MadeUpSpool) -> None:
    name = put(made, "incoming", mode=0o600)
    os.utime(str(made.path / "incoming" / name), (OLD, OLD))
    made.put("hold", "4A0F91", b"", mode=0o600, mtime=OLD)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=OLD)
    kinds = [(kind, path) for kind, path, _detail in found(made, orphan_seconds=10**9)]
    assert kinds == [("stale_files", "hold/4A0F91"), ("stale_files", "incoming/" + name)]
    # Where they are not to go, a wrong name counts.
    kinds = [(kind, path) for kind, path, _detail in found(made, orphan_seconds=10**9, purging=False)]
    assert kinds == [("misnamed", "hold/4A0F91"), ("stale_files", "incoming/" + name)]


def test_orphan_logs(made: MadeUpSpool) -> None:
    for kind in ("defer", "bounce", "trace"):
        made.put(kind, "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
        made.put(kind, "4A0F9AD", b"", mode=0o600, mtime=NOW - 10)
    made.put("corrupt", "4A0F9AE", b"")
    made.put("defer", "4A0F9AE", b"", mode=0o600, mtime=NOW - 100)
    (made.path / "defer" / "4" / "4A0F9AF").symlink_to(made.path)
    made.put("hold", "4A0F9B0#FIX", b"", depth=0)
    made.put("defer", "4A0F9B0", b"", mode=0o600, mtime=NOW - 100)
    orphans = find_orphans(str(made.path), before=NOW - 50)
    assert sorted(finding.path for finding in orphans) == ["bounce/4A0F9AC", "defer/4/4A0F9AC", "trace/4A0F9AC"]
    # Somebody writes to one of them meanwhile.
    os.utime(str(made.path / "bounce" / "4A0F9AC"), (NOW, NOW))
    remove_logs(str(made.path), orphans)
    assert [finding.path for finding in find_orphans(str(made.path), before=NOW + 1) if "AC" in finding.path] == [
        "bounce/4A0F9AC"
    ]


def test_a_message_that_moves_meanwhile_is_seen(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW - 100)
    path = made.put("deferred", "4A0F9AC", b"")
    real_walk = structure.walk

    def walk(queue_directory: str, queue: str) -> Any:
        # The queue manager takes it just before its queue is read, and after the queue that it goes to was.
        if queue == "deferred" and path.exists():
            path.rename(made.path / "active" / "4A0F9AC")
        return real_walk(queue_directory, queue)

    monkeypatch.setattr(structure, "walk", walk)
    assert find_orphans(str(made.path), before=NOW) == []


def test_a_queue_that_may_not_be_read(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "fwalk", refuse)
    with pytest.raises(MailopsError) as caught:
        found(made)
    assert (
        str(caught.value)
        == "The queue defer in %s cannot be read: Permission denied. Run this as root (become: true)." % made.path
    )


def test_what_goes_while_we_look(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    (made.path / "hold" / "empty").mkdir()
    put(made, "hold")
    real_stat, real_open = os.stat, os.open

    def gone(path: Any, *args: Any, **options: Any) -> Any:
        if str(path).startswith("4A0F9"):
            raise FileNotFoundError
        return real_stat(path, *args, **options)

    def no_open(path: Any, *args: Any, **options: Any) -> Any:
        if path == "empty":
            raise FileNotFoundError
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "stat", gone)
    monkeypatch.setattr(os, "open", no_open)
    assert ("alien_directories", "hold/empty", None) in found(made)


def test_a_finding_is_a_value() -> None:
    assert Finding("misplaced", "a", None, 1, 2) == Finding("misplaced", "a", None, 1, 2)
