#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue_hold
short_description: Put messages in a Postfix queue on hold, or release them
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Puts the messages on hold that a selection or a plan names. Postfix does not touch them until they are released.
  - A message is read again just before it is put on hold, while its file is open. If its queue ID was reused, the new message is not
    touched.
  - The module checks the result for each message in the queue. The mail log names the queue IDs of the messages that were put on hold,
    40 in a line.
  - In check mode the result has a plan, which a later run carries out with O(plan). A plan names messages, and O(state) decides whether
    they are held or released. A plan of M(mailops.postfix.postfix_queue_purge) can therefore be held, and the same plan releases what it
    held.
  - Only one run at a time works on a queue. Messages that an interrupted run has put on hold stay on hold.
options:
  state:
    description:
      - V(held) puts the selection on hold. Messages that are on hold already are part of RV(matched), and stay on hold.
      - V(released) returns the selected messages on hold to delivery. They are due at the same time as before. To try them at once,
        use M(mailops.postfix.postfix_queue_flush) afterwards.
    type: str
    choices: [held, released]
    required: true
  queues:
    description:
      - The queues to select from. The hold queue is always read as well, and its messages count for O(max_percent).
      - This has no effect with O(state=released) or with O(plan).
    type: list
    elements: str
    choices: [incoming, active, deferred]
    default: [incoming, active, deferred]
  release_by:
    description:
      - How messages leave the hold queue.
      - V(move) puts them into the deferred queue without a change, as C(postsuper -H) does. The time on hold counts for the lifetime of a
        message. A message that is older than C(maximal_queue_lifetime), or C(bounce_queue_lifetime) for the null sender, is tried once
        more. If that fails, it is returned to its sender.
      - V(requeue) submits them again (C(postsuper -r)). They get a new lifetime, a new queue ID and one more C(Received) header. The
        current address rewriting, C(header_checks), C(body_checks) and C(content_filter) apply. Settings from C(FILTER) and C(REDIRECT)
        are lost, and Milters do not process the messages again. For Postfix this is as much work as receiving the messages. A message
        that is in delivery stays on hold.
      - V(auto), the default, requeues the messages that would be returned after their first failed attempt, and moves the others. It
        expects this attempt at most C(queue_run_delay) after the message is due.
    type: str
    choices: [auto, move, requeue]
    default: auto
  release_plan_dest:
    description:
      - A file on the controller that RV(release_plan) is written to. In a directory, it is the file of the host. A path that ends with a
        slash is a directory. Missing directories are made with mode 0700. The file has mode 0600, and replaces an older one in one step.
      - The result then has RV(release_plan) without its list of messages, and with its path.
      - It has no effect in check mode, and with O(state=released).
    type: path
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._acting
  - mailops.postfix._limit
  - mailops.postfix._reading
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - The module needs root.
  - Messages on hold do not expire, and Postfix sends no notice of their delay. Release or delete them in time.
"""

EXAMPLES = r"""
- name: Put all mail on hold in an emergency
  mailops.postfix.postfix_queue_hold:
    state: held
    match_all: true
    reason: ticket 4711
  become: true

- name: Put mail from a stolen account on hold to examine it later
  mailops.postfix.postfix_queue_hold:
    state: held
    match:
      - sasl_username: stolen@example.com
  become: true

- name: Release all other mail
  mailops.postfix.postfix_queue_hold:
    state: released
    match_all: true
    exclude:
      - sasl_username: stolen@example.com
    reason: ticket 4711
  become: true

- name: Put mail of a customer on hold, and remember what was put on hold
  mailops.postfix.postfix_queue_hold:
    state: held
    match:
      - sender: customer.example.com
    release_plan_dest: held/
  become: true
  register: held

- name: Release exactly these messages
  mailops.postfix.postfix_queue_hold:
    state: released
    plan_src: "{{ held.release_plan.path }}"
    plan_max_age: 30d
  become: true
  when: held.release_plan is defined

- name: Release mail from our own users with a new lifetime
  mailops.postfix.postfix_queue_hold:
    state: released
    release_by: requeue
    match:
      - sender: example.com
  become: true
"""

RETURN = r"""
state:
  description: The requested state.
  returned: success
  type: str
  sample: held
matched:
  description:
    - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided) counts
      messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
    - The selection includes messages that have the wanted state already.
    - In check mode, the numbers that a real run would return.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
moved:
  description: How many messages were put on hold or released. In check mode, how many would be.
  returned: success
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
outcomes:
  description:
    - How many messages had each outcome. The module checks this in the queue. Messages that were on hold already have no outcome.
    - C(held) are on hold.
    - C(released) are released, with the same queue ID as before.
    - C(requeued) are submitted again. Postfix logs their new queue IDs with C(orig_id).
    - C(vanished) were no longer there. Postfix has delivered or returned them, or somebody else has moved or deleted them. The module cannot
      know which.
    - C(changed) are left alone, because another message has their queue ID now.
    - C(in_flight) are on hold, but a delivery agent was sending them at that moment. Postfix marks the recipients that it reaches as
      done. They do not get the message a second time after its release.
    - C(failed) are messages that could not be handled, and RV(failures) says why. If there are any, the module fails after it has handled
      the others.
      A message in delivery is not requeued and counts as one of them.
    - C(undecided) are left alone, because it cannot be decided whether a rule matches (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"held": 4998, "released": 0, "requeued": 0, "vanished": 1, "changed": 0, "in_flight": 1, "failed": 0, "undecided": 0}
messages:
  description:
    - The oldest selected messages, at most O(limit), in the form of M(mailops.postfix.postfix_queue_facts), without reasons.
    - C(outcome) is what became of a message, one of the keys of RV(outcomes). In check mode it is what a real run would do. It is null
      if nothing had to be done with the message.
  returned: success
  type: list
  elements: dict
not_as_planned:
  description:
    - Messages of the plan that are not there as planned, at most O(limit). C(outcome) is C(vanished) or C(changed). RV(outcomes) counts all
      of them.
  returned: with O(plan)
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AE", "outcome": "vanished"}]
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
    - The whole selection, as a value for O(plan). M(mailops.postfix.postfix_queue_purge) describes its fields.
  returned: in check mode without O(plan)
  type: dict
release_plan:
  description:
    - The messages that this run has put on hold, as a value for O(plan). With it, a run with O(state=released) releases these messages, and
      none that were on hold already.
    - It has no limits. Set O(plan_max_age) for it, because a plan is refused after a day by default.
  returned: with O(state=held), if messages were put on hold, and not in check mode
  type: dict
scan:
  description: How many files were read, and how many could not be read, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_hold import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
