# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of every module that acts on a selection: how much it may take, by which plan, and why."""

    DOCUMENTATION = r"""
options:
  match_all:
    description: Select every message in O(queues) that O(exclude) leaves. Without it a selection needs O(match).
    type: bool
    default: false
  max_messages:
    description:
      - Fail before anything is touched if more messages than that are selected.
      - By default there is no such limit, or with O(plan) the one of the run that made the plan.
    type: int
  max_percent:
    description:
      - Fail before anything is touched if more than that many percent of the messages in O(queues) are selected.
      - By default a selection of more than 20 messages must not take more than 95 percent, where it deletes, holds or quarantines, and
        neither O(max_messages) nor O(match_all) is given. With O(plan) the default is the limit of the run that made the plan.
    type: float
  on_undecided:
    description:
      - What to do if it cannot be decided whether messages match, because too much of them cannot be read. V(skip) leaves them alone, warns and
        counts them. V(fail) fails before anything is touched.
      - Such messages are damaged, or a rule asks for content beyond the bounds that O(match) lists.
    type: str
    choices: [skip, fail]
    default: skip
  reason:
    description:
      - Why this is done, for the line that the run leaves in the mail log.
      - With O(plan) the default is the reason of the run that made the plan.
    type: str
  plan:
    description:
      - The RV(plan) of an earlier run in check mode on the same host and instance. Only its messages are touched, and of those
        only the ones that are still the same.
      - Goes with neither O(match), O(exclude) nor O(match_all).
      - A plan that was made more than five minutes in the future is refused. It may have at most 1000000 messages.
    type: dict
  plan_max_age:
    description: Refuse a plan that is older, as V(2h) or V(1d).
    type: str
    default: 1d
"""
