# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The read-only floor: one thread opens and reads each file of a directory, and does nothing with it.

Runs inside the host, by itself: it is the measure, so it imports and does no more than that.
"""

from __future__ import annotations

import os
import sys

# As much as nearly every queue file has.
PAGE = 4096


def read_all_below(directory: str) -> int:
    """Return how many files were read."""
    files = 0
    with os.scandir(directory) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                files += read_all_below(entry.path)
            else:
                descriptor = os.open(entry.path, os.O_RDONLY)
                while len(os.read(descriptor, PAGE)) == PAGE:
                    pass
                os.close(descriptor)
                files += 1
    return files


if __name__ == "__main__":
    print(read_all_below(sys.argv[1]))
