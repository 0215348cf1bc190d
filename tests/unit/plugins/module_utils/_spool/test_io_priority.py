# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Iterator

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._spool.io_priority import (
    LOWEST,
    LowerPriority,
    get_priority,
    set_priority,
)

# The class best-effort, level 4: what a process has that nobody has given another priority (ioprio_get(2)).
USUAL = 2 << 13 | 4


@pytest.fixture(autouse=True)
def usual_priority() -> Iterator[None]:
    before = get_priority()
    set_priority(USUAL)
    yield
    set_priority(before)


def test_the_kernel_has_the_priority_that_was_set() -> None:
    assert get_priority() == USUAL
    set_priority(LOWEST)
    assert get_priority() == LOWEST == 16391


def test_lowered_until_it_is_restored() -> None:
    priority = LowerPriority()
    priority.lower()
    priority.lower()
    assert get_priority() == LOWEST
    priority.restore()
    assert get_priority() == USUAL
    priority.restore()
    assert get_priority() == USUAL


def test_what_was_not_lowered_is_not_restored() -> None:
    LowerPriority().restore()
    assert get_priority() == USUAL


def test_an_unknown_machine_has_no_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "uname", lambda: SimpleNamespace(machine="vax"))
    assert get_priority() == -1
    LowerPriority().lower()
    monkeypatch.undo()
    assert get_priority() == USUAL


def test_python_without_ctypes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ctypes", None)
    assert get_priority() == -1
