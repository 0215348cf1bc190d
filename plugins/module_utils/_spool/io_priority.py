# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The priority of this thread's requests to the disk: ioprio_set(2), for which Python has no function. Linux only.

The lowest level of the class best-effort is used, not the class idle. With the class idle, a run on a disk that is always busy would
hardly get on, and that is where it is needed. Only some schedulers of the kernel regard the level (BFQ does).
"""

from __future__ import annotations

import os
import sys

# The numbers of ioprio_set and ioprio_get by machine, for processes of 64 bits (arch/*/entry/syscalls in Linux).
_CALLS = {
    "x86_64": (251, 252),
    "aarch64": (30, 31),
    "riscv64": (30, 31),
    "ppc64le": (273, 274),
    "s390x": (282, 283),
}
# include/uapi/linux/ioprio.h: IOPRIO_WHO_PROCESS, for which 0 is the calling thread; class 2, best-effort, level 7.
_THREAD = 1
LOWEST = 2 << 13 | 7


def _call(which: int, *arguments: int) -> int:
    """Call ioprio_set (0) or ioprio_get (1). Return -1 if that fails or is not possible here."""
    calls = _CALLS.get(os.uname().machine)
    if calls is None or sys.platform != "linux" or sys.maxsize < 1 << 32:
        return -1
    try:
        # Only a run that waits for the disk needs it, and the import takes time.
        import ctypes  # noqa: PLC0415

        return int(ctypes.CDLL(None).syscall(calls[which], _THREAD, 0, *arguments))
    except (ImportError, OSError, AttributeError):
        return -1


def get_priority() -> int:
    """Return the priority of this thread, 0 if none was set, -1 if it cannot be found out."""
    return _call(1)


def set_priority(priority: int) -> None:
    """Set the priority of this thread, if that is possible here."""
    _call(0, priority)


class LowerPriority:
    """Gives this thread the lowest priority, until it is restored."""

    def __init__(self) -> None:
        self._before = -1

    def lower(self) -> None:
        """Lower the priority. A second call does nothing."""
        if self._before < 0:
            self._before = get_priority()
            if self._before >= 0:
                set_priority(LOWEST)

    def restore(self) -> None:
        """Set the priority that the thread had before."""
        if self._before >= 0:
            set_priority(self._before)
            self._before = -1
