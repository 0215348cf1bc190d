# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The memory that the C library keeps for later, although nothing uses it. glibc only."""

from __future__ import annotations

# M_MMAP_THRESHOLD in malloc.h, and its value at the start of a process (mallopt(3)).
_MMAP_THRESHOLD = -3
_BYTES = 128 << 10


def return_large_blocks() -> None:
    """Let the C library return the memory of large objects to the system as soon as they are free, from now on.

    Otherwise it keeps the more of it the larger the objects are (mallopt(3)). A plan is one large text, and more are made of it.
    """
    try:
        # Small runs do not need it, and the import takes time.
        import ctypes  # noqa: PLC0415

        ctypes.CDLL(None).mallopt(_MMAP_THRESHOLD, _BYTES)
    except (ImportError, OSError, AttributeError):
        return
