#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_lock_info
short_description: List the locks of a Postfix instance
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Lists what M(mailops.postfix.postfix_lock) has locked, with who locked it, when, why and until when.
  - It reads the journal of locks only. If a run was interrupted and something is unfinished, the module returns a warning.
options: {}
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._attributes
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: The module never changes anything.
seealso:
  - module: mailops.postfix.postfix_lock
notes:
  - The module needs root.
"""

EXAMPLES = r"""
- name: List the locks
  mailops.postfix.postfix_lock_info:
  become: true
  register: found

- name: Remove all of them
  mailops.postfix.postfix_lock:
    state: absent
    ids: "{{ found.locks | map(attribute='id') }}"
  become: true
"""

RETURN = r"""
locks:
  description: The locks, in order of their IDs.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: The ID, which is made from key and value.
      type: str
      returned: always
      sample: sasl_username-5a2e6f31
    key:
      description: What is locked, C(sasl_username), C(client_address), C(sender), C(recipient), C(header) or C(body).
      type: str
      returned: always
    value:
      description: The value as it was given. For a header it is a mapping.
      type: raw
      returned: always
    action:
      description: What happens to the mail, C(reject), C(discard) or C(hold).
      type: str
      returned: always
    text:
      description: The text of the rejection, or null.
      type: str
      returned: always
    reason:
      description: Why it was locked, or null.
      type: str
      returned: always
    created:
      description: When it was locked, in seconds since the epoch.
      type: int
      returned: always
    created_by:
      description: Who locked it.
      type: str
      returned: always
    expires:
      description: When the lock ends, in seconds since the epoch, or null.
      type: int
      returned: always
    expired:
      description: Whether the lock has come to its end. It is in force until the next run of M(mailops.postfix.postfix_lock).
      type: bool
      returned: always
left_out:
  description: How many locks are not in RV(locks). The last ones by ID are left out to keep the result below 64 KiB.
  returned: success
  type: int
  sample: 0
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.lock_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
