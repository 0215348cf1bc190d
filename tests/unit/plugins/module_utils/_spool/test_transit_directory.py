# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.moves import FileAttributes, Tree
from ansible_collections.mailops.postfix.plugins.module_utils._spool.transit_directory import TransitDirectory


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[TransitDirectory]:
    (tmp_path / "pid").mkdir()
    with Tree(str(tmp_path)) as tree:
        yield TransitDirectory(tree, "pid/staging", FileAttributes(os.getuid(), os.getgid(), 0o700, ()))


def test_it_is_made_when_it_is_opened(staging: TransitDirectory, tmp_path: Path) -> None:
    assert (staging.is_there(), staging.names(), str(staging)) == (False, [], str(tmp_path / "pid" / "staging"))
    staging.open()
    assert stat.S_IMODE((tmp_path / "pid" / "staging").stat().st_mode) == 0o700
    (tmp_path / "pid" / "staging" / "a").touch()
    assert (staging.is_there(), staging.names()) == (True, ["a"])


def test_only_an_empty_one_is_removed(staging: TransitDirectory, tmp_path: Path) -> None:
    staging.remove_empty()
    staging.open()
    (tmp_path / "pid" / "staging" / "a").touch()
    staging.remove_empty()
    assert (tmp_path / "pid" / "staging" / "a").exists()
    (tmp_path / "pid" / "staging" / "a").unlink()
    staging.remove_empty()
    assert not (tmp_path / "pid" / "staging").exists()
    assert staging.is_there() is False


def test_a_link_in_its_place_is_not_followed(staging: TransitDirectory, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "pid" / "staging").symlink_to(tmp_path / "outside")
    for use in (staging.is_there, staging.open, staging.names):
        with pytest.raises(OSError, match=r"pid|staging|loop|directory") as caught:
            use()
        assert caught.value.errno in (errno.ELOOP, errno.ENOTDIR)
