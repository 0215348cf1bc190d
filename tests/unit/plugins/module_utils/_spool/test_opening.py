# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._errors import SystemRefusal
from ansible_collections.mailops.postfix.plugins.module_utils._spool.directory import Spool
from ansible_collections.mailops.postfix.plugins.module_utils._spool.opening import (
    OPEN_DIRECTORY,
    is_hash_name,
    open_quietly,
)
from tests.unit.support.spool import MadeUpSpool


@pytest.fixture
def made(tmp_path: Path) -> MadeUpSpool:
    return MadeUpSpool(tmp_path / "spool")


def test_an_error_of_the_disk_is_no_link(made: MadeUpSpool, monkeypatch: pytest.MonkeyPatch) -> None:
    real_open = os.open

    def fail(path: Any, *args: Any, **options: Any) -> int:
        if path == "deferred":
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real_open(path, *args, **options)

    monkeypatch.setattr(os, "open", fail)
    with Spool(str(made.path)) as spool, pytest.raises(SystemRefusal) as caught:
        spool.open_queue("deferred")
    assert str(caught.value) == (
        "The queue deferred in %s cannot be read: Input/output error. The disk has an error: look at the kernel log and check the disk, "
        "then run this again." % made.path
    )


@pytest.mark.parametrize(
    ("name", "is_one"),
    [("A", True), ("z", True), ("\udce9", True), ("\u00e9", False), ("AA", False), ("\u20ac", False)],
)
def test_names_of_hash_directories(name: str, *, is_one: bool) -> None:
    assert is_hash_name(name) is is_one


def test_systems_without_o_noatime(monkeypatch: pytest.MonkeyPatch, made: MadeUpSpool) -> None:
    real_open = os.open

    def refuse(path: Any, flags: int, *args: Any, **options: Any) -> int:
        if flags & os.O_NOATIME:
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
        return real_open(path, flags, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    descriptor = open_quietly(str(made.path), OPEN_DIRECTORY)
    assert "hold" in os.listdir(descriptor)
    os.close(descriptor)
