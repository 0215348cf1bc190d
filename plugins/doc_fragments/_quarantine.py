# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option that names the directory of quarantines."""

    DOCUMENTATION = r"""
options:
  directory:
    description:
      - The directory that holds the quarantines. Each quarantine is a directory of its name in it that only root may enter.
      - By default it is next to the queue directory, such as V(/var/spool/postfix.quarantine). If the queue directory is a filesystem of
        its own, it is C(quarantine) in the queue directory.
      - It must belong to root, and nobody else may write to it.
      - A quarantine cannot be the queue directory, one of its parents, one of Postfix's own directories in it, or a directory of
        Postfix's configuration or data.
    type: path
"""
