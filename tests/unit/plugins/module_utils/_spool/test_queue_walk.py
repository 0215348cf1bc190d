# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.queue_walk import StatEntry, walk
from tests.unit.support.spool import MadeUpSpool
from tests.unit.support.structure import findings_in


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


@pytest.mark.parametrize("kind", ["fifo", "link", "file"])
def test_a_hash_directory_that_is_swapped_while_we_look_is_not_entered(
    made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "SECRET").touch()
    directory = made.path / "deferred" / "A"
    directory.mkdir()
    real_open = os.open

    def swap(path: Any, *args: Any, **options: Any) -> int:
        # Between the listing and the opening.
        if path == "A" and directory.is_dir() and not directory.is_symlink():
            directory.rmdir()
            if kind == "fifo":
                os.mkfifo(str(directory))
            elif kind == "link":
                directory.symlink_to(outside)
            else:
                directory.touch()
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", swap)
    with Spool(str(made.path)) as spool:
        assert [entry.path for entry in walk(spool, "deferred") if isinstance(entry, StatEntry)] == ["deferred/A"]


def test_a_deep_tree_is_bounded_and_named(made: MadeUpSpool) -> None:
    # Deeper than Python's stack, and than a path can be long.
    descriptor = os.open(str(made.path / "deferred"), os.O_RDONLY)
    for _depth in range(3000):
        os.mkdir("A", dir_fd=descriptor)
        below = os.open("A", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = below
    os.close(descriptor)
    deep = [(path, detail) for kind, path, detail in findings_in(made) if kind == "too_deep"]
    assert deep == [("deferred" + "/A" * 17, "too many directory levels; not checked")]
    with Spool(str(made.path)) as spool:
        assert [entry.name for entry in spool.walk("deferred")] == ["A"]


def test_a_name_of_one_character_and_several_bytes_is_no_hash_directory(made: MadeUpSpool) -> None:
    (made.path / "hold" / "\N{EURO SIGN}").mkdir()
    assert findings_in(made) == [("alien_directories", "hold/\N{EURO SIGN}", None)]
