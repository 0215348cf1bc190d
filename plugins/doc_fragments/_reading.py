# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option of a module that reads whole queues: how it uses the disk."""

    DOCUMENTATION = r"""
options:
  read_ahead:
    description:
      - Whether to request queue files from the disk before they are read, while the disk is what the module waits for. This is so after a
        reboot, and in a large queue that has just filled. The module finds out while it reads. It requests nothing if the files are in
        memory. The result is the same.
      - At most 32 requests wait for the disk at a time, and their files are open until they are read. The requests have the lowest
        priority of the best-effort class (ioprio_set(2)), which the scheduler BFQ regards, and other schedulers may not.
      - With V(false), the module waits for each file, and leaves more of the disk to the mail server. It may then take several times as
        long.
    type: bool
    default: true
"""
