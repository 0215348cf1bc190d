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

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.links import name_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.owners import Owner, set_owners
from tests.unit.support.spool import MadeUpSpool
from tests.unit.support.structure import findings_in


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def test_what_belongs_to_another_user_is_found(made: MadeUpSpool) -> None:
    made.put("hold", "4A0F9AC", b"")
    made.put("maildrop", "4A0F9AD", b"")
    os.mkfifo(str(made.path / "hold" / "fifo"))
    (made.path / "trace").mkdir()
    (made.path / "public").mkdir(mode=0o700)
    other = Owner(os.getuid() + 4321, os.getgid(), os.getgid() + 1)
    mine, wanted = name_of(os.getuid()), "user ID %d" % other.uid
    text = "it belongs to %s, not to %s" % (mine, wanted)
    group = "its group is %d, not %d (setgid_group)" % (os.getgid(), other.submitters)
    paths = {path: detail for kind, path, detail in findings_in(made, owner=other) if kind == "wrong_owner"}
    assert paths == {
        **dict.fromkeys(("defer", "incoming", "active", "deferred", "hold", "corrupt", "trace", "hold/4A0F9AC"), text),
        "maildrop": "%s; %s" % (text, group),
        "public": "%s; %s; its mode is 0700 and lacks 0710" % (text, group),
    }


def test_a_directory_that_its_owner_may_not_enter_is_found(made: MadeUpSpool) -> None:
    (made.path / "deferred").chmod(0o500)
    assert findings_in(made) == [("wrong_owner", "deferred", "its mode is 0500 and lacks 0700")]
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, Owner(os.getuid(), os.getgid(), os.getgid()))) == []
    assert findings_in(made) == []


def test_all_is_given_to_the_mail_owner_but_for_links_and_linked_files(
    made: MadeUpSpool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outside = tmp_path / "outside"
    outside.write_bytes(b"")
    made.put("hold", "4A0F9AC", b"")
    (made.path / "hold" / "4A0F9AD").symlink_to(outside)
    os.link(str(outside), str(made.path / "hold" / "4A0F9AE"))
    (made.path / "deferred" / "4").mkdir()
    given: dict[str, tuple[int, int]] = {}
    monkeypatch.setattr(
        os,
        "fchown",
        lambda descriptor, uid, gid: given.update({os.readlink("/proc/self/fd/%d" % descriptor): (uid, gid)}),
    )
    other = Owner(os.getuid() + 4321, 11, 22)
    linked = [
        detail
        for kind, path, detail in findings_in(made, owner=other)
        if path == "hold/4A0F9AE" and kind == "wrong_owner"
    ]
    assert linked == [
        "it belongs to %s, not to user ID %d; it has 2 links and is left as it is" % (name_of(os.getuid()), other.uid)
    ]
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, other)) == []
    assert given.pop(str(made.path / "maildrop")) == (other.uid, 22)
    paths = ("defer", "incoming", "active", "deferred", "deferred/4", "hold", "hold/4A0F9AC", "corrupt")
    assert given == dict.fromkeys((str(made.path / path) for path in paths), (other.uid, 11))


def test_what_cannot_be_given_is_named_and_the_others_go_on(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    made.put("hold", "4A0F9AC", b"")

    def refuse(*_args: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refuse)
    with Spool(str(made.path)) as spool:
        failures = list(set_owners(spool, Owner(os.getuid() + 4321, 11, 22)))
    reasons = {failure.path: failure.reason for failure in failures}
    assert reasons["hold/4A0F9AC"].startswith("Operation not permitted. ")
    assert [failure.path for failure in failures if "/" not in failure.path] == [
        "defer",
        "maildrop",
        "incoming",
        "active",
        "deferred",
        "hold",
        "corrupt",
    ]


def test_a_file_that_is_swapped_for_a_fifo_is_not_waited_for(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made.put("hold", "4A0F9AC", b"")
    real_open = os.open

    def swap(name: Any, *args: Any, **options: Any) -> int:
        if name == "4A0F9AC":
            path.unlink()
            os.mkfifo(str(path))
        return real_open(name, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    other = Owner(os.getuid() + 1, os.getgid(), os.getgid())
    monkeypatch.setattr(os, "fchown", lambda *_args: None)
    with Spool(str(made.path)) as spool:
        assert list(set_owners(spool, other)) == []
    assert stat.S_ISFIFO(path.stat().st_mode)
