#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_quarantine_info
short_description: List quarantines and what is in them
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Lists each quarantine. For each one it says who made it, when and why, what is in it now, and whether an interrupted run left it
    unfinished.
  - A quarantine is a directory with a journal of M(mailops.postfix.postfix_spool_quarantine). If its journal cannot be read or has
    another format version, the quarantine is left out and a warning names it. If O(name) names such a quarantine, the module fails.
  - RV(quarantines[].queues) and RV(quarantines[].total) count the files that are there now, and do not rely on the journal. To see the
    messages themselves, give RV(quarantines[].path) to O(mailops.postfix.postfix_queue_facts#module:spool).
options:
  name:
    description:
      - List only this quarantine. If it does not exist, the list is empty.
      - By default all quarantines are listed.
    type: str
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._quarantine
  - mailops.postfix._reading
  - mailops.postfix._attributes
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: The module never changes anything.
seealso:
  - module: mailops.postfix.postfix_spool_quarantine
  - module: mailops.postfix.postfix_queue_facts
notes:
  - The module needs root.
"""

EXAMPLES = r"""
- name: List the quarantines
  mailops.postfix.postfix_quarantine_info:
  become: true
  register: found

- name: Sum up the messages in the first one
  mailops.postfix.postfix_queue_facts:
    spool: "{{ found.quarantines[0].path }}"
  become: true
"""

RETURN = r"""
directory:
  description: The directory that holds the quarantines of this instance.
  returned: success
  type: str
  sample: /var/spool/postfix.quarantine
left_out:
  description:
    - How many quarantines are not in RV(quarantines). The last ones by name are left out to keep the result below 64 KiB.
    - To see one of these, use O(name).
  returned: success
  type: int
  sample: 0
quarantines:
  description: The quarantines, sorted by name.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: Its name.
      type: str
      returned: always
    path:
      description: Its directory.
      type: str
      returned: always
    host:
      description: The node name of the host on which it was made.
      type: str
      returned: always
    instance:
      description: The C(config_directory) and C(queue_directory) of the instance that it belongs to.
      type: dict
      returned: always
    created:
      description: When it was made, in seconds since the epoch.
      type: int
      returned: always
    created_by:
      description: Who made it.
      type: str
      returned: always
    filled:
      description: When messages were last moved into it, in seconds since the epoch.
      type: int
      returned: always
    quarantined:
      description: How many messages were moved into it in total.
      type: int
      returned: always
    restored:
      description: How many messages were moved back so far.
      type: int
      returned: always
    deleted:
      description: How many messages were deleted from it so far.
      type: int
      returned: always
    runs:
      description:
        - The last ten runs that moved messages into it, with time, user, mode, reason and selection.
        - If there are many quarantines, the later ones are shown without their runs. To see these, use O(name).
      type: list
      elements: dict
      returned: always
      sample:
        - time: 1763718000
          by: ops
          mode: messages
          reason: ticket 4712
          selection: {"match": [{"sasl_username": ["stolen@example.com"]}]}
          selection_digest: 0c6f0f
    queues:
      description: How many messages are in it now, by the queue that they came from.
      type: dict
      returned: always
      sample: {"deferred": {"messages": 4009, "bytes": 8300000}}
    total:
      description: How many messages are in it now. C(oldest) is the arrival time of the oldest one, in seconds since the epoch.
      type: dict
      returned: always
      sample: {"messages": 4009, "bytes": 8300000, "recipients": 48979, "oldest": 1763700000}
    collisions:
      description: The queue IDs of messages that could not be restored because the queue has a file with that ID. At most 100 are listed.
      type: list
      elements: str
      returned: always
    unfinished:
      description:
        - What an interrupted run was doing, such as V(restoring messages); null if nothing is unfinished. The next run of
          M(mailops.postfix.postfix_spool_quarantine) with this name finishes it or undoes it.
        - A run that has not ended yet is shown in the same way.
      type: str
      returned: always
    scan:
      description: How many files could be read, as in M(mailops.postfix.postfix_queue_facts).
      type: dict
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.quarantine_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
