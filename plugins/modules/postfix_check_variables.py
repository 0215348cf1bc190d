#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_check_variables
short_description: Check the variables of a role before any host is contacted
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Refuses every variable of any host of the play that has nearly the name of a variable of this collection's roles or playbooks, and names
    the nearest existing variable. Ansible would ignore a misspelled variable.
  - Refuses rules that the modules would refuse, a text instead of a list of rules, limits that limit nothing, and lengths of time
    without a unit, values of another type than the role declares, and locks of what is protected. All errors are returned at once, each with its place.
  - The roles of this collection run it first, once for all hosts. It runs on the controller and connects to no host.
options:
  role:
    description: The role whose variables are checked by value. Names are checked for all roles of the collection.
    type: str
    required: true
  locking:
    description:
      - Whether the locks of the role P(mailops.postfix.lockout#role) are to be made, so that C(lockout_never) and C(lockout_max_accounts)
        are checked. With V(false) the locks are to be removed.
    type: bool
    default: true
  problems:
    description:
      - What else is wrong, one sentence for each problem. The run is refused with these and with what is found here, all at once.
    type: list
    elements: str
    default: []
  task_files:
    description: Files of tasks that must exist on the controller. Relative paths start where C(ansible-playbook) runs.
    type: list
    elements: path
    default: []
attributes:
  check_mode:
    description: Can run in check mode and predict the changes without making them.
    support: full
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: It never changes anything.
  platform:
    description: The systems it runs on.
    support: full
    platforms: posix
seealso:
  - module: mailops.postfix.postfix_queue_purge
"""

EXAMPLES = r"""
- name: Check the variables before anything is done
  mailops.postfix.postfix_check_variables:
    role: queue_cleanup
  run_once: true
"""

RETURN = r"""
hosts_digest:
  description: The SHA-256 of the names of the hosts whose variables were checked.
  returned: success
  type: str
  sample: 9f2b5c0c3f6a1d0e4b7c8a9d2e3f4a5b6c7d8e9f0a1b2c3d4e5f60718293a4b5
"""
