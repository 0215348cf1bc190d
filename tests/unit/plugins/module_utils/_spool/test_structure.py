# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.support.spool import MadeUpSpool
from tests.unit.support.structure import NOW, OLD, findings_in, let_fail, put_fitting


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def test_what_is_in_order(made: MadeUpSpool) -> None:
    put_fitting(made)
    put_fitting(made, "hold")
    put_fitting(made, "incoming", mode=0o600)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=NOW)
    assert findings_in(made) == []


def test_names_and_places(made: MadeUpSpool) -> None:
    misplaced, deep = put_fitting(made, below=""), put_fitting(made, below="4/A")
    unfinished = put_fitting(made, suffix="#FIX")
    inode = made.put("hold", "4A0F91", b"").stat().st_ino
    made.put("hold", "4A0F92#FIX", b"", depth=0)
    made.put("hold", "4A0F9zz", b"")
    made.put("defer", "4A0F9AC", b"", mode=0o600, depth=0, mtime=NOW)
    made.put("defer", "4A0F9AD#FIX", b"", mode=0o600, depth=0, mtime=NOW)
    assert findings_in(made) == sorted(
        [
            ("misplaced", "deferred/" + misplaced, "deferred/4/" + misplaced),
            ("misplaced", "deferred/4/A/" + deep, "deferred/4/" + deep),
            ("surplus_directories", "deferred/4/A", None),
            ("unfinished", "deferred/4/%s#FIX" % unfinished, "deferred/4/" + unfinished),
            ("misnamed", "hold/4A0F91", "4A0F9%X" % inode),
            ("bogus_names", "hold/4A0F92#FIX", "the name has no inode number, or that of another file"),
            ("bogus_names", "hold/4A0F9zz", "the name has no inode number, or that of another file"),
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
    assert findings_in(made) == [
        ("alien_directories", "hold/empty", None),
        ("alien_directories", "hold/full", "it is not empty and stays"),
        ("alien_directories", "maildrop/A", "it is not empty and stays"),
        ("bogus_names", "hold/no.name", "no queue file has such a name"),
        ("not_files", "hold/A", None),
        ("not_files", "hold/fifo", None),
        ("not_files", "hold/link", None),
    ]


def test_stale_files(made: MadeUpSpool) -> None:
    name = put_fitting(made, "incoming", mode=0o600)
    os.utime(str(made.path / "incoming" / name), (OLD, OLD))
    made.put("hold", "4A0F91", b"", mode=0o600, mtime=OLD)
    made.put("defer", "4A0F9AC", b"", mode=0o600, mtime=OLD)
    kinds = [(kind, path) for kind, path, _detail in findings_in(made, orphan_seconds=10**9)]
    assert kinds == [("stale_files", "hold/4A0F91"), ("stale_files", "incoming/" + name)]
    # Where they are not to go, a wrong name counts.
    kinds = [(kind, path) for kind, path, _detail in findings_in(made, orphan_seconds=10**9, purging=False)]
    assert kinds == [("misnamed", "hold/4A0F91"), ("stale_files", "incoming/" + name)]


def test_what_goes_while_we_look(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    (made.path / "hold" / "empty").mkdir()
    put_fitting(made, "hold")
    real_stat, real_open = os.stat, os.open

    def gone(path: Any, *args: Any, **options: Any) -> Any:
        if str(path).startswith("4A0F9"):
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real_stat(path, *args, **options)

    def no_open(path: Any, *args: Any, **options: Any) -> Any:
        if path == "empty":
            raise FileNotFoundError(errno.ENOENT, "gone")
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "stat", gone)
    monkeypatch.setattr(os, "open", no_open)
    assert ("alien_directories", "hold/empty", None) in findings_in(made)


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES, errno.ESTALE, errno.EMFILE])
def test_a_directory_that_cannot_be_read_is_a_finding_and_the_others_go_on(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    (made.path / "deferred" / "A").mkdir()
    misplaced = put_fitting(made, below="4/A")
    let_fail(monkeypatch, "open", number, "A")
    kinds = {(kind, path): detail for kind, path, detail in findings_in(made)}
    assert kinds["unreadable", "deferred/A"] == os.strerror(number)
    assert kinds["unreadable", "deferred/4/A"] == os.strerror(number)
    assert not any(path.endswith(misplaced) for _kind, path in kinds)


def test_a_queue_that_cannot_be_opened_is_a_finding_with_the_remedy(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    misplaced = put_fitting(made, "hold", below="4")
    let_fail(monkeypatch, "open", errno.EIO, "defer")
    assert findings_in(made) == [
        ("misplaced", "hold/4/" + misplaced, "hold/" + misplaced),
        ("surplus_directories", "hold/4", None),
        (
            "unreadable",
            "defer",
            "The queue defer in %s cannot be read: Input/output error. The disk has an error: look at the kernel log and check the "
            "disk, then run this again." % made.path,
        ),
    ]


def test_a_file_whose_status_cannot_be_read_is_a_finding(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    name = put_fitting(made)
    let_fail(monkeypatch, "stat", errno.EIO, name)
    assert findings_in(made) == [("unreadable", "deferred/4/" + name, "Input/output error")]


def test_a_look_changes_no_time_of_access(made: MadeUpSpool) -> None:
    made.put("defer", "4A0F9AC", b"x", mode=0o600, mtime=NOW)
    put_fitting(made)
    (made.path / "hold" / "alien").mkdir()
    paths = [made.path, *made.path.rglob("*")]
    for path in paths:
        os.utime(str(path), (1000, path.stat().st_mtime))
    before = {path: os.lstat(str(path)).st_atime_ns for path in paths}
    assert findings_in(made)
    assert {path: os.lstat(str(path)).st_atime_ns for path in paths} == before
