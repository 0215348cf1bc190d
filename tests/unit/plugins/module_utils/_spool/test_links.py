# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.links import LinkError, name_of
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import Tree
from tests.unit.support.descriptors import open_descriptors
from tests.unit.support.spool import MadeUpSpool

QUEUE_ID = "4A0F9AC"
REMEDY = (
    "Make root the owner of the link and of all directories on its path, and let no other user write to them; or use a directory or "
    "a bind mount instead of the link."
)
STRANGER = os.getuid() + 4321


class Owners:
    """Who owns what, as the code sees it; what is not named keeps its owner. A directory for tests is nobody else's to write to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.of: dict[int, int] = {}
        """User ID by inode number."""
        real_fstat, real_lstat = os.fstat, os.lstat
        monkeypatch.setattr(os, "fstat", lambda descriptor: self._seen(real_fstat(descriptor)))
        monkeypatch.setattr(os, "lstat", lambda path, **options: self._seen(real_lstat(path, **options)))

    def _seen(self, status: os.stat_result) -> os.stat_result:
        values: list[Any] = list(status)
        values[stat.ST_UID] = self.of.get(status.st_ino, status.st_uid)
        # /tmp, where the tests are, is writable for all; that it is sticky does not help against its owner.
        if status.st_mode & stat.S_ISVTX:
            values[stat.ST_MODE] &= ~(stat.S_ISVTX | stat.S_IWOTH | stat.S_IWGRP)
        return os.stat_result(values)

    def give(self, path: Path, uid: int) -> None:
        """Have a path belong to a user."""
        self.of[path.lstat().st_ino] = uid


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> Owners:
    return Owners(monkeypatch)


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    """Return a queue directory whose deferred is on another volume."""
    spool = MadeUpSpool(tmp_path / "spool")
    (spool.path / "deferred").rmdir()
    volume = tmp_path / "volume" / "mail"
    volume.mkdir(parents=True)
    (volume / "deferred" / "4").mkdir(parents=True)
    (volume / "deferred" / "4" / QUEUE_ID).touch(mode=0o700)
    return spool


def target(made: MadeUpSpool) -> Path:
    """Return where the other volume has the queue."""
    return made.path.parent / "volume" / "mail" / "deferred"


def names(made: MadeUpSpool) -> list[str]:
    with Spool(str(made.path)) as spool:
        return [found.name for found in spool.walk("deferred")]


def refused(made: MadeUpSpool) -> str:
    """Return the reason why the link is not followed."""
    with pytest.raises(LinkError) as caught:
        names(made)
    whole = "%s is a link that is not followed: %s. %s" % (made.path / "deferred", caught.value.reason, REMEDY)
    assert str(caught.value) == whole
    return caught.value.reason


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize(
    "to",
    ["{0}/volume/mail/deferred", "../volume/mail/deferred", "{0}/way/mail/deferred/", "../volume/./mail//deferred"],
)
def test_a_safe_link_is_followed_by_all(made: MadeUpSpool, tmp_path: Path, to: str) -> None:
    (tmp_path / "way").symlink_to("volume")
    (made.path / "deferred").symlink_to(to.format(tmp_path))
    assert names(made) == [QUEUE_ID]
    with Spool(str(made.path)) as spool:
        assert spool.has("deferred")
        assert spool.readable(("deferred",))
    with Tree(str(made.path), queues_may_be_links=True) as tree:
        assert os.listdir(tree.directory("deferred/4")) == [QUEUE_ID]
    # A quarantine has no use for links.
    with Tree(str(made.path)) as tree, pytest.raises(NotADirectoryError):
        tree.directory("deferred")


@pytest.mark.usefixtures("owners")
def test_a_safe_link_of_logs_is_followed(made: MadeUpSpool) -> None:
    (made.path / "defer").rmdir()
    (target(made) / "4" / QUEUE_ID).write_bytes(b"recipient=a\nreason=full\n")
    (made.path / "defer").symlink_to(target(made))
    with Spool(str(made.path)) as spool:
        assert spool.read_defer_log(QUEUE_ID).startswith(b"recipient=a")


def test_an_unsafe_link_of_logs_is_refused(made: MadeUpSpool, owners: Owners) -> None:
    (made.path / "defer").rmdir()
    (made.path / "defer").symlink_to(target(made))
    owners.give(target(made).parent, STRANGER)
    with Spool(str(made.path)) as spool, pytest.raises(LinkError):
        spool.read_defer_log(QUEUE_ID)


def test_the_target_may_belong_to_the_mail_owner(made: MadeUpSpool, owners: Owners) -> None:
    (made.path / "deferred").symlink_to(target(made))
    owners.give(target(made), STRANGER)
    assert names(made) == [QUEUE_ID]


@pytest.mark.parametrize("whose", ["link", "spool", "parent", "way"])
def test_a_link_that_others_have_a_say_in_is_refused(
    made: MadeUpSpool, owners: Owners, tmp_path: Path, whose: str
) -> None:
    link, way = made.path / "deferred", tmp_path / "way"
    way.symlink_to("volume")
    link.symlink_to(way / "mail" / "deferred")
    path = {"link": link, "spool": made.path, "parent": target(made).parent, "way": way}[whose]
    owners.give(path, STRANGER)
    assert refused(made) == "%s belongs to user ID %d" % (path, STRANGER)


@pytest.mark.usefixtures("owners")
@pytest.mark.parametrize("mode", [0o775, 0o757])
@pytest.mark.parametrize("which", ["spool", "parent"])
def test_a_directory_on_the_way_that_others_may_write_to_is_refused(made: MadeUpSpool, which: str, mode: int) -> None:
    (made.path / "deferred").symlink_to(target(made))
    path = made.path if which == "spool" else target(made).parent
    path.chmod(mode)
    assert refused(made) == "other users may write to %s (mode %04o)" % (path, mode)


def test_a_sticky_directory_does_not_help(made: MadeUpSpool) -> None:
    """Here no owners are made up."""
    (made.path / "deferred").symlink_to(target(made))
    target(made).parent.chmod(0o1777)
    made.path.chmod(0o1777)
    assert refused(made) == "other users may write to %s (mode 1777)" % made.path


@pytest.mark.usefixtures("owners")
def test_a_link_that_leads_nowhere_is_refused(made: MadeUpSpool, tmp_path: Path) -> None:
    link = made.path / "deferred"
    link.symlink_to(tmp_path / "unmounted" / "deferred")
    with Spool(str(made.path)) as spool:
        assert spool.has("deferred")
    assert refused(made) == "No such file or directory"
    link.unlink()
    link.symlink_to("deferred")
    assert refused(made) == "Too many levels of symbolic links"
    link.unlink()
    (tmp_path / "file").touch()
    link.symlink_to(tmp_path / "file")
    assert refused(made) == "Not a directory"


@pytest.mark.usefixtures("owners")
def test_hash_directories_are_never_links(made: MadeUpSpool) -> None:
    (made.path / "deferred").symlink_to(target(made))
    (target(made) / "5").symlink_to("4")
    assert sorted(names(made)) == [QUEUE_ID, "5"]


@pytest.mark.usefixtures("owners")
def test_a_way_leaves_no_descriptor_open(made: MadeUpSpool) -> None:
    (made.path / "deferred").symlink_to(target(made))
    with Spool(str(made.path)) as spool:
        before = open_descriptors()
        os.close(spool.open_queue("deferred"))
        target(made).parent.chmod(0o777)
        with pytest.raises(LinkError):
            spool.open_queue("deferred")
        assert open_descriptors() == before


@pytest.mark.usefixtures("owners")
def test_a_directory_that_is_swapped_on_the_way_is_not_entered(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (made.path / "deferred").symlink_to(target(made))
    outside = tmp_path / "outside"
    outside.mkdir()
    real_open = os.open

    def swap(path: Any, *args: Any, **options: Any) -> int:
        if path == "mail" and not target(made).parent.is_symlink():
            target(made).parent.rename(tmp_path / "gone")
            (tmp_path / "volume" / "mail").symlink_to(outside)
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    assert refused(made) == "Not a directory"


def test_users_have_names() -> None:
    assert name_of(0) == "user root"
    assert name_of(STRANGER) == "user ID %d" % STRANGER
