# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The option that limits the list of messages in a result."""

    DOCUMENTATION = r"""
options:
  limit:
    description:
      - How many messages the result lists, the oldest first. V(0) lists none. It never limits the selection.
      - Up to the default, the list is also kept below 36 KiB.
    type: int
    default: 100
"""
