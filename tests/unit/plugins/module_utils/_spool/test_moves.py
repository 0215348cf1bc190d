# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool import moves
from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree

OWN = FileAttributes(os.getuid(), os.getgid(), 0o700, ())


@pytest.fixture(params=["renameat2", "not in this C library", "not on this filesystem"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rename in each of the ways that there are."""
    if request.param == "not in this C library":
        monkeypatch.setattr(moves, "renameat2", None)
    elif request.param == "not on this filesystem":
        monkeypatch.setattr(moves, "renameat2", lambda *_arguments: errno.EINVAL)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(str(tmp_path), os.O_RDONLY)
    yield descriptor
    os.close(descriptor)


def files(place: Path) -> dict[str, str]:
    return {str(path.relative_to(place)): path.read_text() for path in sorted(place.rglob("*")) if path.is_file()}


@pytest.mark.usefixtures("way")
def test_rename(tmp_path: Path, here: int) -> None:
    (tmp_path / "a").write_text("a")
    moves.rename("a", "b", source_dir=here, target_dir=here)
    assert files(tmp_path) == {"b": "a"}


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("kind", ["file", "link"])
def test_rename_never_overwrites(tmp_path: Path, here: int, kind: str) -> None:
    (tmp_path / "a").write_text("a")
    if kind == "file":
        (tmp_path / "b").write_text("b")
    else:
        (tmp_path / "b").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        moves.rename("a", "b", source_dir=here, target_dir=here)
    assert (tmp_path / "a").read_text() == "a"
    assert os.path.lexists(str(tmp_path / "b"))


@pytest.mark.usefixtures("way")
def test_rename_tells_what_is_missing(here: int) -> None:
    with pytest.raises(FileNotFoundError):
        moves.rename("a", "b", source_dir=here, target_dir=here)


def test_a_copy_is_the_same_but_for_its_inode(tmp_path: Path, here: int) -> None:
    (tmp_path / "a").write_bytes(b"x" * (3 << 20))
    (tmp_path / "a").chmod(0o710)
    os.utime(str(tmp_path / "a"), (1000, 2000))
    copy = moves.copy("a", "b", source_dir=here, target_dir=here)
    copied = os.stat(str(tmp_path / "b"))
    assert copy == ((tmp_path / "a").stat().st_ino, copied.st_ino, 3 << 20)
    assert (copied.st_mode & 0o7777, copied.st_mtime) == (0o710, 2000)
    assert (tmp_path / "b").read_bytes() == (tmp_path / "a").read_bytes()


def test_a_copy_that_fails_is_removed(tmp_path: Path, here: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("a")

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device"):
        moves.copy("a", "b", source_dir=here, target_dir=here)
    assert files(tmp_path) == {"a": "a"}


@pytest.mark.parametrize("kind", ["link", "directory"])
def test_what_is_no_file_is_not_copied(tmp_path: Path, here: int, kind: str) -> None:
    if kind == "link":
        (tmp_path / "a").symlink_to("/etc/passwd")
    else:
        (tmp_path / "a").mkdir()
    with pytest.raises(OSError, match="a"):
        moves.copy("a", "b", source_dir=here, target_dir=here)
    assert not os.path.lexists(str(tmp_path / "b"))


def test_a_directory_has_its_name_when_it_looks_right(tmp_path: Path, here: int) -> None:
    # An interrupted run left this.
    (tmp_path / "mailops.A").mkdir()
    os.close(moves.make_directory("A", here, FileAttributes(OWN.uid, OWN.gid, 0o750, ())))
    assert [path.name for path in tmp_path.iterdir()] == ["A"]
    assert (tmp_path / "A").stat().st_mode & 0o7777 == 0o750
    os.close(moves.make_directory("A", here, OWN))
    assert (tmp_path / "A").stat().st_mode & 0o7777 == 0o750


def test_a_link_is_no_directory(tmp_path: Path, here: int) -> None:
    (tmp_path / "A").symlink_to(tmp_path)
    with pytest.raises(OSError, match="A"):
        moves.make_directory("A", here, OWN)


def test_a_directory_of_an_image_is_moved_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("from/deferred/A/A1", "from/deferred/A/A2", "from/deferred/B/B1", "to/deferred/A/A2"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    really = moves.rename

    def overlay(source: str, target: str, *, source_dir: int, target_dir: int) -> None:
        if source == "B":
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        really(source, target, source_dir=source_dir, target_dir=target_dir)

    monkeypatch.setattr(moves, "rename", overlay)
    with Tree(str(tmp_path / "from")) as source, Tree(str(tmp_path / "to")) as target:
        monkeypatch.setattr(moves, "make_directory", _make_plainly)
        moves.move_directory("deferred", source_dir=source.root, target_dir=target.root)
    assert files(tmp_path) == {
        # Its name was taken: it stays, and with it the directories that it is in.
        "from/deferred/A/A2": "from/deferred/A/A2",
        "to/deferred/A/A1": "from/deferred/A/A1",
        "to/deferred/A/A2": "to/deferred/A/A2",
        "to/deferred/B/B1": "from/deferred/B/B1",
    }


def test_a_tree_that_is_too_deep_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "to" / "deferred").mkdir(parents=True)
    (tmp_path / "from" / "deferred").mkdir(parents=True)
    descriptor = os.open(str(tmp_path / "from" / "deferred"), os.O_RDONLY)
    for _level in range(1500):
        os.mkdir("A", dir_fd=descriptor)
        below = os.open("A", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)

    def overlay(source: str, _target: str, **_directories: int) -> None:
        raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)

    monkeypatch.setattr(moves, "rename", overlay)
    monkeypatch.setattr(moves, "make_directory", _make_plainly)
    with Tree(str(tmp_path / "from")) as source, Tree(str(tmp_path / "to")) as target:
        moves.move_directory("deferred", source_dir=source.root, target_dir=target.root)
    assert (tmp_path / "from" / "deferred" / ("A/" * 18)).is_dir()
    assert not (tmp_path / "to" / "deferred" / ("A/" * 18)).exists()
    # pytest cannot remove so deep a tree.
    subprocess.run(["rm", "-rf", str(tmp_path / "from")], check=True)


def _make_plainly(name: str, directory: int, _look: FileAttributes) -> int:
    if not moves.is_there(name, directory):
        os.mkdir(name, dir_fd=directory)
    return os.open(name, os.O_RDONLY, dir_fd=directory)


def test_a_tree_opens_each_directory_by_itself(tmp_path: Path) -> None:
    (tmp_path / "deferred").mkdir()
    (tmp_path / "deferred" / "B").symlink_to(tmp_path)
    with Tree(str(tmp_path)) as tree:
        with pytest.raises(FileNotFoundError):
            tree.directory("deferred/A")
        assert tree.directory("deferred/A", OWN) == tree.directory("deferred/A")
        with pytest.raises(OSError, match="B"):
            tree.directory("deferred/B")
        tree.sync()
        tree.trim()
        assert os.fstat(tree.directory("deferred")).st_ino == (tmp_path / "deferred").stat().st_ino


def test_a_look_is_put_on(tmp_path: Path, here: int) -> None:
    (tmp_path / "a").mkdir(mode=0o700)
    descriptor = os.open("a", os.O_RDONLY, dir_fd=here)
    looked = FileAttributes.of(descriptor)
    looked._replace(mode=0o2730).put_on(descriptor)
    assert FileAttributes.of(descriptor) == looked._replace(mode=0o2730)
    os.close(descriptor)


def test_what_is_still_there_was_not_removed(tmp_path: Path, here: int, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a").write_text("a")

    def gone(name: str, **_directory: int) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)

    monkeypatch.setattr(os, "unlink", gone)
    with pytest.raises(FileNotFoundError):
        moves.remove("a", here)
    assert moves.remove("b", here) is False


def refusing(*_args: object, **_options: object) -> None:
    raise OSError(errno.EROFS, os.strerror(errno.EROFS))


@pytest.mark.parametrize(("broken", "left_behind"), [("write", False), ("fsync", True)])
def test_a_whole_copy_that_cannot_be_removed_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str, left_behind: bool
) -> None:
    (tmp_path / "message").write_bytes(b"mail")
    with Tree(str(tmp_path)) as tree:
        monkeypatch.setattr(os, broken, refusing)
        monkeypatch.setattr(os, "unlink", refusing)
        with pytest.raises(OSError, match="Read-only file system") as caught:
            moves.copy("message", "copy", source_dir=tree.root, target_dir=tree.root)
    assert isinstance(caught.value, moves.LeftBehindError) is left_behind
    assert (tmp_path / "copy").read_bytes() == (b"mail" if left_behind else b"")


def test_what_is_said_not_to_be_there_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "message").write_bytes(b"mail")
    real = os.lstat
    looks: list[str] = []

    def lie_once(name: str, *, dir_fd: int) -> os.stat_result:
        looks.append(name)
        if len(looks) == 1:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)
        return real(name, dir_fd=dir_fd)

    with Tree(str(tmp_path)) as tree:
        monkeypatch.setattr(os, "lstat", lie_once)
        assert moves.is_there("message", tree.root)
        assert not moves.is_there("nothing", tree.root)
    assert looks == ["message", "message", "nothing", "nothing"]
