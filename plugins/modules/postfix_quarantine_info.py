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
  - Lists each quarantine with who made it, when and why, what is in it now, and whether an interrupted run left work.
  - A quarantine is a directory with a journal of M(mailops.postfix.postfix_spool_quarantine). One whose journal cannot be read, or has
    another format version, is named in a warning and left out; the module fails if it was asked for by O(name).
  - It counts what is there and does not go by what a journal says. For what the messages are, give the RV(quarantines[].path) to
    O(mailops.postfix.postfix_queue_facts#module:spool).
options:
  name:
    description: List this quarantine only; nothing if there is none.
    type: str
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._quarantine
  - mailops.postfix._attributes
attributes:
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: It never changes anything.
seealso:
  - module: mailops.postfix.postfix_spool_quarantine
  - module: mailops.postfix.postfix_queue_facts
notes:
  - The module needs root.
"""

EXAMPLES = r"""
- name: Which quarantines are there?
  mailops.postfix.postfix_quarantine_info:
  become: true
  register: found

- name: Who is in the first one?
  mailops.postfix.postfix_queue_facts:
    spool: "{{ found.quarantines[0].path }}"
  become: true
"""

RETURN = r"""
directory:
  description: Where quarantines of this instance are kept.
  returned: success
  type: str
  sample: /var/spool/postfix.quarantine
left_out:
  description:
    - How many quarantines, the last ones by name, RV(quarantines) leaves out, so that a result stays below 64 KiB.
    - Ask for one of these by O(name).
  returned: success
  type: int
  sample: 0
quarantines:
  description: The quarantines, by name.
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
      description: The node name of the host that it was made on.
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
      description: When something was last moved into it, in seconds since the epoch.
      type: int
      returned: always
    quarantined:
      description: How many messages were moved into it, ever.
      type: int
      returned: always
    restored:
      description: How many were moved back so far.
      type: int
      returned: always
    deleted:
      description: How many were deleted from it so far.
      type: int
      returned: always
    runs:
      description:
        - The last ten runs that moved something into it, with time, user, mode, reason and selection.
        - Where there are many quarantines, the later ones are shown without; ask for one by O(name).
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
      description: What is in it now, by the queue that it came from.
      type: dict
      returned: always
      sample: {"deferred": {"messages": 4009, "bytes": 8300000}}
    total:
      description: What is in it now. C(oldest) is an arrival time in seconds since the epoch.
      type: dict
      returned: always
      sample: {"messages": 4009, "bytes": 8300000, "recipients": 48979, "oldest": 1763700000}
    collisions:
      description: The queue IDs of messages in it that could not be restored, because they were taken, at most 100.
      type: list
      elements: str
      returned: always
    unfinished:
      description:
        - What an interrupted run was doing, as V(restoring messages). The next run of
          M(mailops.postfix.postfix_spool_quarantine) with this name finishes or undoes it.
        - A run that is still going on looks the same.
      type: str
      returned: always
    scan:
      description: How reading it went, as in M(mailops.postfix.postfix_queue_facts).
      type: dict
      returned: always
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.quarantine_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
