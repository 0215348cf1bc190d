# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options of each module that acts on a selection: its limits, its plan and its reason."""

    DOCUMENTATION = r"""
options:
  match_all:
    description:
      - Whether to select every message in O(queues) that O(exclude) does not select.
      - By default it is V(false), and the selection needs O(match) or O(plan).
    type: bool
    default: false
  max_messages:
    description:
      - The largest number of messages that may be selected. If there are more, the module fails before it touches anything.
      - By default there is no such limit. With O(plan) the default is the limit of the run that made the plan.
    type: int
  max_percent:
    description:
      - The largest share of the messages in O(queues), in percent, that may be selected. If there are more, the module fails before it
        touches anything.
      - By default a selection of more than 20 messages may take at most 95 percent of the messages. This default applies when messages
        are deleted, put on hold or quarantined, and neither O(max_messages) nor O(match_all) is given.
      - With O(plan) the default is the limit of the run that made the plan.
    type: float
  on_undecided:
    description:
      - What to do with undecided messages. A message is undecided if too much of it cannot be read to decide whether a rule matches. It is
        damaged, or a rule asks for content beyond the bounds that O(match) lists.
      - V(skip) leaves them alone, counts them and returns a warning.
      - V(fail) fails before anything is touched.
    type: str
    choices: [skip, fail]
    default: skip
  reason:
    description:
      - Why this is done. The run writes the reason to the mail log.
      - By default no reason is given. With O(plan) the default is the reason of the run that made the plan.
    type: str
  plan:
    description:
      - The RV(plan) of an earlier run in check mode on the same host and instance. The module touches only the messages of the plan that
        are still the same.
      - It cannot be combined with O(match), O(exclude) or O(match_all).
      - A plan is refused if its time is more than five minutes in the future, or if it has more than 1000000 messages.
    type: dict
  plan_src:
    description:
      - A file on the controller that has the plan, for use instead of O(plan). In a directory, it is the file of the host. A relative
        path starts where C(ansible-playbook) runs.
      - A plan in a file never becomes a variable, so that the memory of the controller does not grow with the queues.
      - A plan of more than 64 MiB, or one that was altered, is refused before the host is contacted.
    type: path
  plan_dest:
    description:
      - A file on the controller that RV(plan) is written to. In a directory, it is the file of the host. A path that ends with a slash is a
        directory. Missing directories are made with mode 0700. The file has mode 0600, and replaces an older one in one step.
      - The result then has RV(plan) without its list of messages, and with its path.
      - It needs check mode, because only then there is a plan. It cannot be combined with O(plan) and O(plan_src).
    type: path
  plan_digest:
    description:
      - The digest that the plan in O(plan_src) must have. Another plan is refused before the host is contacted.
      - By default each plan that was not altered is taken.
    type: str
  plan_max_age:
    description: The greatest age of a plan, such as V(2h) or V(1d). An older plan is refused.
    type: str
    default: 1d
"""
