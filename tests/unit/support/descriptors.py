# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The open files of this process."""

from __future__ import annotations

import gc
import os


def open_descriptors() -> list[str]:
    """Return the numbers of the open files, sorted, without those that only wait for the garbage collection."""
    gc.collect()
    return sorted(os.listdir("/proc/self/fd"))
