# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option that says where quarantines are."""

    DOCUMENTATION = r"""
options:
  directory:
    description:
      - Where quarantines are kept, each in a directory of its name that only root may enter.
      - It must belong to root, and nobody else may write to it. The queue directory, its parents, Postfix's own directories in it and
        the directories of its configuration and data are refused as a quarantine.
      - By default next to the queue directory, as V(/var/spool/postfix.quarantine). Where the queue directory is a filesystem of
        its own, C(quarantine) in it.
    type: path
"""
