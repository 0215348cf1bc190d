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
  - Deletes the messages that a selection or a plan names, and no other messages.
  - A message is read again and deleted while its file is open, and only if it is still the selected message. If its queue ID was reused,
    the new message is not touched. A message that may be in delivery is put on hold first. It is deleted when the delivery has ended, or
    after five seconds.
  - The module checks the result for each message in the queue. The mail log names the queue IDs of the deleted messages, 40 in a line.
    C(postsuper) would write one line for each message, and the logging service may drop lines if there are so many.
  - In check mode the result has a plan, which a later run carries out with O(plan).
  - Only one run at a time works on a queue. If an interrupted run has left messages on hold, the next run releases them before it selects.
  - Each deletion is recorded in C(pid/mailops.deleted) below the queue directory before it happens. If a run is killed, the next run
    writes the queue IDs of the deleted messages to the mail log and returns a warning. The record takes at most 32 MiB.
  - Deleting needs no free space on the disk, and Postfix may be stopped. Only O(method=expire) needs C(postsuper). If C(maillog_file) is
    set, it also needs a running Postfix.
options:
  queues:
    description: The queues to select from.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold]
    default: [incoming, active, deferred, hold]
  method:
    description:
      - V(delete), the default, removes the messages.
      - V(expire) makes Postfix return them to their senders, including messages on hold. This needs Postfix 3.5 or newer.
    type: str
    choices: [delete, expire]
    default: delete
  expire_forged:
    description:
      - Whether to expire messages with an unverified sender. If such a sender is forged, the notice goes to somebody who did not send the
        message.
      - By default it is V(false). If the selection has a message with an unverified sender, the module fails before it touches anything.
      - A sender is verified if the message was submitted on the host itself. It is also verified if the SASL login is the sender's
        address, or is in the sender's domain. A login without a domain verifies only the sender of that name in C(mydomain),
        C(myhostname) or C(myorigin). The null sender is never verified.
    type: bool
    default: false
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._acting
  - mailops.postfix._limit
  - mailops.postfix._care
  - mailops.postfix._reading
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_hold
notes:
  - The module needs root.
"""

EXAMPLES = r"""
- name: Delete mail from a stolen account, except mail to our own domain
  mailops.postfix.postfix_queue_purge:
    match:
      - sasl_username: stolen@example.com
    exclude:
      - recipient: example.com
    max_percent: 80
    reason: ticket 4711
  become: true

- name: See what would be deleted, and keep the plan
  mailops.postfix.postfix_queue_purge:
    match:
      - sender: <>
        recipient: victim@example.com
  become: true
  check_mode: true
  register: planned

- name: Delete only the messages of the plan
  mailops.postfix.postfix_queue_purge:
    plan: "{{ planned.plan }}"
    plan_max_age: 2h
  become: true

- name: See what would be deleted, and keep the plan of each host in a file on the controller
  mailops.postfix.postfix_queue_purge:
    match:
      - sender: <>
        recipient: victim@example.com
    plan_dest: plans/
  become: true
  check_mode: true

- name: Delete only the messages of these plans
  mailops.postfix.postfix_queue_purge:
    plan_src: plans/
  become: true

- name: Return old mail from our own users to them
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
    - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided) counts
      messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
    - In check mode, the numbers that a real run would return.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
purged:
  description: How many messages were deleted or expired. In check mode, how many would be.
  returned: success
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
outcomes:
  description:
    - How many messages had each outcome. The module checks this in the queue.
    - C(purged) are deleted or expired.
    - C(already_purged) are messages of a O(plan) that an earlier run of this collection deleted.
    - C(vanished) were no longer there. Postfix has delivered or returned them, or somebody else has moved or deleted them. The module cannot
      know which.
    - C(changed) are left alone, because another message has their queue ID now.
    - C(in_flight) are deleted, but a delivery agent was sending them at that moment and may have finished.
    - C(failed) are messages that could not be handled, and RV(failures) says why. If there are any, the module fails after it has handled
      the others. They are still in the queue.
    - C(undecided) are left alone, because it cannot be decided whether a rule matches (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"purged": 4999, "already_purged": 0, "vanished": 1, "changed": 0, "in_flight": 0, "failed": 0, "undecided": 0}
messages:
  description:
    - The oldest selected messages, at most O(limit), in the form of M(mailops.postfix.postfix_queue_facts), without reasons.
    - C(outcome) is what became of a message, one of the keys of RV(outcomes). In check mode it is what a real run would do. It is null
      if nothing had to be done with the message.
  returned: success
  type: list
  elements: dict
undecided:
  description:
    - Messages for which it cannot be decided whether a rule matches, at most 20. C(problem) says what could not be read. They are left
      alone. RV(matched) counts all of them.
  returned: success
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "size": 31337, "problem": "more than 1048576 bytes of headers"}]
failures:
  description: Messages with the outcome C(failed), at most 20. C(problem) says why.
  returned: success
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AD", "queue": "deferred", "problem": "It cannot be taken out of deferred: Input/output error."}]
truncated:
  description: Whether more messages were selected than RV(messages) lists.
  returned: success
  type: bool
rest:
  description:
    - The messages that are not selected, before and after the run. C(before) is how many there were. C(kept) of them are in the queues
      and have the same queue ID, inode and size. C(gone) are no longer there, because Postfix has delivered or returned them, or because
      somebody has removed them. C(changed) have another file under their queue ID. C(new) have arrived since.
    - Null if the queues could not be read again. There is a warning then.
  returned: with O(verify_rest=true), not in check mode
  type: dict
  sample: {"before": 812, "kept": 809, "gone": 3, "changed": 0, "new": 5}
drift:
  description: How many messages of the plan are gone, and how many have another message under their queue ID.
  returned: if there are more than O(max_drift) allows
  type: dict
  sample: {"planned": 5000, "vanished": 1200, "changed": 0}
selection:
  description: The selection as it was applied. Ages are points in time, so that the same selection can be applied later.
  returned: success
  type: dict
selection_digest:
  description: The SHA-256 of RV(selection). The line in the mail log has the same value.
  returned: success
  type: str
plan:
  description:
    - The whole selection, as a value for O(plan). It can be written as JSON. Its size grows with the selection.
    - The digest detects accidental damage and edits, but it is not a signature. Keep plans where only operators can write.
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
      description: The value of RV(selection).
      type: dict
      returned: always
    reason:
      description: The value of O(reason). A run that carries out the plan uses it if that run gives no reason.
      type: str
      returned: always
    limits:
      description: The values of O(max_messages) and O(max_percent). A run that carries out the plan uses them if that run gives no limits.
      type: dict
      returned: always
    method:
      description: The value of O(method). A run with another method refuses the plan.
      type: str
      returned: always
    counts:
      description: The numbers of RV(matched), and C(in_queues), which is the number of all messages in O(queues).
      type: dict
      returned: always
    summary:
      description: The messages by queue, the most frequent senders and recipient domains, and the first and the last arrival.
      type: dict
      returned: always
    messages:
      description: The queue IDs and fingerprints of all messages, compressed.
      type: str
      returned: without O(plan_dest)
    path:
      description: The file on the controller that has the whole plan.
      type: str
      returned: with O(plan_dest)
    digest:
      description: The SHA-256 of all the other fields.
      type: str
      returned: always
scan:
  description: How many files were read, and how many could not be read, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_purge import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
