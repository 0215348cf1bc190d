# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The attributes of the modules: what each of them supports."""

    DOCUMENTATION = r"""
options: {}
requirements:
  - Python 3.7 or newer on the managed host, with its standard library
notes:
  - While a host does not answer, Ansible shows its name after 30 seconds, and again each time that the wait has become twice as long. The
    variable C(mailops_notice_after) sets another number of seconds, and V(0) turns it off.
  - The variable C(mailops_timeout) sets a number of seconds after which the task fails on a host that did not answer. Its result then has
    RV(ignore:timed_out=true). The module may still be running on the host. By default there is no such limit.
attributes:
  action:
    description: Has an action plugin, so that a part of it runs on the controller.
    support: full
  action_group:
    description: Use C(group/mailops.postfix.postfix) in C(module_defaults) to set defaults for all modules of the collection.
    support: full
    membership:
      - mailops.postfix.postfix
  async:
    description: Can run with the keyword C(async).
    support: full
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
"""

    FACTS = r"""
options: {}
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: The module never changes anything.
  facts:
    description: Returns facts that the host keeps for the rest of the play.
    support: full
"""

    CHANGE = r"""
options: {}
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: full
"""

    CONTROLLER = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: none
  platform:
    description: The systems it runs on.
    support: full
    platforms: posix
"""
