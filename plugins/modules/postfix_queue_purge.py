#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue_purge
short_description: Delete or expire messages in a Postfix queue
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Deletes the messages that a selection or a plan names, and nothing else.
  - A message is read again and deleted while its file is open, and only if it still is the selected one. A queue ID that Postfix
    used again meanwhile costs nobody a mail. What may be in delivery is put on hold first, and deleted when the delivery has
    ended, or after five seconds.
  - What became of each message is found out by looking. The mail log names the queue IDs of what was deleted, 40 in a line;
    C(postsuper) would write a line for each, and what keeps the log may drop lines that come in such numbers.
  - In check mode the result has a plan, which a later run carries out with O(plan).
  - One run at a time works on a queue. What an interrupted run left on hold is released by the next one before it selects.
  - Each deletion is recorded in C(pid/mailops.deleted) below the queue directory before it happens. If a run is killed, the next one
    writes the queue IDs of what was deleted to the mail log and warns. The record keeps at most 32 MiB.
  - Deleting needs no room on the disk, and Postfix may be stopped. Only O(method=expire) needs C(postsuper), and a running Postfix
    where C(maillog_file) is set.
options:
  queues:
    description: The queues to select from.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold]
    default: [incoming, active, deferred, hold]
  method:
    description:
      - V(delete) removes the messages.
      - V(expire) has Postfix return them to their senders, those on hold too. This needs Postfix 3.5.
    type: str
    choices: [delete, expire]
    default: delete
  expire_forged:
    description:
      - Expire messages even if their senders may be forged, or null. Their notices go to people who sent nothing.
      - A sender counts as genuine on a message that was submitted on the host itself, and on one whose SASL login is the
        sender's address or in the sender's domain. A login without a domain counts for the sender of that name in C(mydomain),
        C(myhostname) or C(myorigin) only.
    type: bool
    default: false
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._acting
  - mailops.postfix._limit
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_hold
notes:
  - The module needs root.
"""

EXAMPLES = r"""
- name: Delete what a stolen account sent, but never to our own domain
  mailops.postfix.postfix_queue_purge:
    match:
      - sasl_username: stolen@example.com
    exclude:
      - recipient: example.com
    max_percent: 80
    reason: ticket 4711
  become: true

- name: See what would go, and keep the plan
  mailops.postfix.postfix_queue_purge:
    match:
      - sender: <>
        recipient: victim@example.com
  become: true
  check_mode: true
  register: planned

- name: Delete just that
  mailops.postfix.postfix_queue_purge:
    plan: "{{ planned.plan }}"
    plan_max_age: 2h
  become: true

- name: Return old mail of our own users to them
  mailops.postfix.postfix_queue_purge:
    method: expire
    match:
      - sender: example.com
        age: 2d
  become: true
"""

RETURN = r"""
method:
  description: The method used.
  returned: success
  type: str
  sample: delete
matched:
  description:
    - The selection. C(partial) counts messages that a rule matches for some of their recipients only, and C(undecided) those that
      cannot be decided; they are not in it.
    - In check mode the same as in a real run.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
purged:
  description: What is gone from the queue, or expired. In check mode, what would be.
  returned: success
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
outcomes:
  description:
    - How many messages had each outcome, found out by looking.
    - C(purged) are deleted or expired.
    - C(already_purged) are messages of a O(plan) that an earlier run of this collection deleted.
    - C(vanished) are no longer in the queue. They were delivered, returned, or deleted by something else.
    - C(changed) are left alone, because another message stands under their queue ID now.
    - C(in_flight) are deleted, but a delivery agent was sending them at that moment and may have finished.
    - C(failed) are still there, and RV(failures) says why. If there are any, the module fails when it is done with the others.
    - C(undecided) are left alone, because it cannot be decided whether they match (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"purged": 4999, "already_purged": 0, "vanished": 1, "changed": 0, "in_flight": 0, "failed": 0, "undecided": 0}
messages:
  description:
    - The oldest selected messages, at most O(limit), as M(mailops.postfix.postfix_queue_facts) lists them, without reasons.
  returned: success
  type: list
  elements: dict
undecided:
  description:
    - Messages of which too much could not be read to decide whether a rule matches, at most 20, and what could not be read. They are
      left alone. RV(matched) counts all of them.
  returned: success
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "size": 31337, "problem": "more than 1048576 bytes of headers"}]
failures:
  description: Messages with the outcome C(failed), at most 20, and why.
  returned: success
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AD", "queue": "deferred", "problem": "It cannot be taken out of deferred: Input/output error."}]
truncated:
  description: Whether messages were selected that RV(messages) does not list.
  returned: success
  type: bool
selection:
  description: The selection with its ages made absolute.
  returned: success
  type: dict
selection_digest:
  description: The SHA-256 of RV(selection), as in the mail log.
  returned: success
  type: str
plan:
  description:
    - The selection in full, for O(plan). It is JSON-ready, and as large as the selection.
    - Its digest finds accidents and edits, but it is no signature. Keep plans where only operators write.
  returned: in check mode without O(plan)
  type: dict
  contains:
    version:
      description: The version of the format.
      type: int
      returned: always
    host:
      description: The node name of the host.
      type: str
      returned: always
    instance:
      description: The C(config_directory) and C(queue_directory) of the instance.
      type: dict
      returned: always
    created:
      description: When it was made, in seconds since the epoch.
      type: int
      returned: always
    selection:
      description: As RV(selection).
      type: dict
      returned: always
    reason:
      description: As O(reason). It is the reason of the run that carries out the plan, if that run gives none.
      type: str
      returned: always
    limits:
      description: As O(max_messages) and O(max_percent). They hold for the run that carries out the plan, if that run gives none.
      type: dict
      returned: always
    method:
      description: As O(method). A run with another method refuses the plan.
      type: str
      returned: always
    counts:
      description: As RV(matched), with C(in_queues), the number of all messages in the chosen queues.
      type: dict
      returned: always
    summary:
      description: Messages by queue, the most frequent senders and recipient domains, the oldest and the youngest arrival.
      type: dict
      returned: always
    messages:
      description: The queue IDs and fingerprints of all messages, packed.
      type: str
      returned: always
    digest:
      description: The SHA-256 of all the other fields.
      type: str
      returned: always
scan:
  description: How reading the queues went, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_purge import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
