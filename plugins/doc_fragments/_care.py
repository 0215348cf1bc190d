# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of a module that removes messages: how much may have changed since the plan, and the proof that the rest stays."""

    DOCUMENTATION = r"""
options:
  max_drift:
    description:
      - The largest share of the messages of O(plan), in percent, that may be gone or may have another message under their queue ID. If it
        is more, the module fails before it touches anything, and returns RV(drift).
      - Messages that an earlier run of this collection removed by the same plan do not count.
      - By default there is no such limit. What is no longer as planned is left alone and counted in RV(outcomes).
    type: float
  verify_rest:
    description:
      - Whether to compare the messages that are not selected before and after the run, and to count in RV(rest) how many stayed as they
        were.
      - By default it is V(false), because reading the directories twice takes about two seconds for each 300,000 messages.
    type: bool
    default: false
"""
