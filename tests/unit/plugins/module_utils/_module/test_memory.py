# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ctypes
import os

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._module._memory import return_large_blocks

SIZE = 20 << 20


def resident() -> int:
    """Return the memory of this process in bytes."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def freed() -> int:
    """Return how many bytes go back to the system with a large object, if one was freed before and a small one comes later."""
    large = bytearray(SIZE)
    del large
    large = bytearray(SIZE)
    later = bytearray(100 << 10)
    before = resident()
    del large
    return before - resident() + len(later)


def test_memory_of_large_objects_is_returned() -> None:
    child = os.fork()
    if not child:
        return_large_blocks()
        os._exit(freed() < SIZE // 2)
    assert os.WEXITSTATUS(os.waitpid(child, 0)[1]) == 0


def test_another_c_library_does_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: object())
    return_large_blocks()
