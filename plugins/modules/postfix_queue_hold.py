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
  - Puts the messages that a selection or a plan names on hold, where Postfix leaves them alone until they are released.
  - A message is read again just before it is put on hold, while its file is open. Another message, under a queue ID that Postfix
    used again meanwhile, is left alone.
  - What became of each message is found out by looking. The mail log names the queue IDs of what was held, 40 in a line.
  - In check mode the result has a plan, which a later run carries out with O(plan). A plan says which messages; what is to
    become of them says O(state). So a plan of M(mailops.postfix.postfix_queue_purge) can be held, and what was held by a plan
    can be released by it.
  - One run at a time works on a queue. What an interrupted run has held stays held.
options:
  state:
    description:
      - V(held) puts the selection on hold. What is there already is part of RV(matched), and stays.
      - V(released) gives what is selected on hold back to delivery. It is due when it was due before; to have it tried at once,
        use M(mailops.postfix.postfix_queue_flush) afterwards.
    type: str
    choices: [held, released]
    required: true
  queues:
    description:
      - The queues to hold messages of. The hold queue is always read, too, and counts for O(max_percent).
      - With O(state=released), or with O(plan), it has no effect.
    type: list
    elements: str
    choices: [incoming, active, deferred]
    default: [incoming, active, deferred]
  release_by:
    description:
      - How messages leave the hold queue.
      - V(move) puts them into the deferred queue as they are (C(postsuper -H)). Time on hold counts for a message's lifetime.
        One that is older than C(maximal_queue_lifetime), or C(bounce_queue_lifetime) for the null sender, is tried once more and
        returned to its sender if that fails.
      - V(requeue) submits them anew (C(postsuper -r)), which gives them a new lifetime, but also a new queue ID, and another
        C(Received) header. Address rewriting, C(header_checks), C(body_checks) and C(content_filter) as configured now apply;
        what C(FILTER) and C(REDIRECT) had set is dropped, and Milters do not see them again. It costs Postfix as much as to
        receive the messages. A message in delivery at that moment is left on hold.
      - V(auto) requeues what would be returned after its first failed try, and moves the rest. The try is expected at the latest
        C(queue_run_delay) after the message is due.
    type: str
    choices: [auto, move, requeue]
    default: auto
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._acting
  - mailops.postfix._limit
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - The module needs root.
  - While messages are on hold they do not expire, and nobody is told of their delay. Do not forget them there.
"""

EXAMPLES = r"""
- name: Stop everything, in an emergency
  mailops.postfix.postfix_queue_hold:
    state: held
    match_all: true
    reason: ticket 4711
  become: true

- name: Hold what a stolen account sent, and look at it by daylight
  mailops.postfix.postfix_queue_hold:
    state: held
    match:
      - sasl_username: stolen@example.com
  become: true

- name: Release everything but that
  mailops.postfix.postfix_queue_hold:
    state: released
    match_all: true
    exclude:
      - sasl_username: stolen@example.com
    reason: ticket 4711
  become: true

- name: Release mail of our own users, each with a new lifetime
  mailops.postfix.postfix_queue_hold:
    state: released
    release_by: requeue
    match:
      - sender: example.com
  become: true
"""

RETURN = r"""
state:
  description: The state asked for.
  returned: success
  type: str
  sample: held
matched:
  description:
    - The selection, with what already is as it should be. C(partial) counts messages that a rule matches for some of their
      recipients only, and C(undecided) those that cannot be decided; they are not in it.
    - In check mode the same as in a real run.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
moved:
  description: What was put on hold or released. In check mode, what would be.
  returned: success
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
outcomes:
  description:
    - How many messages had each outcome, found out by looking. What was already on hold has none.
    - C(held) are on hold.
    - C(released) are released, with the queue ID they had.
    - C(requeued) are submitted again. Postfix logs their new queue IDs with C(orig_id).
    - C(vanished) were delivered, returned, released or deleted by somebody else meanwhile.
    - C(changed) are left alone, because another message stands under their queue ID now.
    - C(in_flight) are on hold, but a delivery agent was sending them at that moment. Recipients that it reaches are marked as
      done in the message, and get no second one when it is released.
    - C(failed) are not where they should be, and RV(failures) says why. If there are any, the module fails when it is done with the
      others. A message in delivery is not requeued, and is one of them.
    - C(undecided) are left alone, because it cannot be decided whether they match (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"held": 4998, "released": 0, "requeued": 0, "vanished": 1, "changed": 0, "in_flight": 1, "failed": 0, "undecided": 0}
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
    - The selection in full, for O(plan), with the fields that M(mailops.postfix.postfix_queue_purge) describes.
  returned: in check mode without O(plan)
  type: dict
scan:
  description: How reading the queues went, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_hold import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
