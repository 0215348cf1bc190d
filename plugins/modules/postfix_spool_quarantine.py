#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_spool_quarantine
short_description: Move mail out of a Postfix queue, whole, and back
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Moves messages, or whole queues, into a named quarantine that Postfix does not look at, puts back what was good, and deletes
    the rest when nobody needs it any more.
  - A message goes whole, with its logs, its arrival time and the state of each recipient. It is in the queue or in the
    quarantine, never in both and never in neither, whatever interrupts the run. The next run finishes or undoes what was begun.
  - Nothing is ever moved over an existing file. A message whose queue ID is taken stays where it is and is reported.
  - A quarantine has the layout of a queue directory, so O(mailops.postfix.postfix_queue_facts#module:spool) reads it.
  - One run at a time works on a queue.
  - A quarantine is what has a journal of this module. Any other directory is refused, and only what the journal proves to be the
    quarantine's is ever deleted. A path that belongs to Postfix is refused as well.
options:
  name:
    description:
      - The name of the quarantine, at most 64 letters, digits, and any of C(._-). It is made where there is none. An empty directory
        of that name is taken, one with anything in it that is no quarantine is refused.
      - More messages can be moved into a quarantine that exists. Whole queues are moved into one only once, so that a second run
        changes nothing; delete it, or choose another name.
    type: str
    required: true
  state:
    description:
      - V(quarantined) moves the selection, or the queues, out of Postfix's sight.
      - V(restored) moves the selection back. It can be repeated with better rules.
      - V(absent) deletes the selection in the quarantine, and with O(match_all) the quarantine itself. If there is anything that the
        journal does not name, such as a file that was put there by hand, it fails, names it, and deletes nothing.
    type: str
    choices: [quarantined, restored, absent]
    default: quarantined
  mode:
    description:
      - What V(quarantined) moves.
      - V(messages) moves the selection while Postfix runs. Messages are read again, put on hold, and moved if they still
        are the selected ones.
      - V(queues) is for the emergency. Postfix is stopped, the directories of O(queues) and all logs are renamed, new ones with
        the same owner, permissions and security context take their place, and Postfix is started again. How long that takes does
        not depend on how much is in them. It takes neither O(match) nor O(match_all).
      - V(queues) refuses a queue that is a symbolic link or a filesystem of its own, because a rename does not move it.
      - After V(queues) the directories that were moved belong to root. Until Postfix runs again, a process of the mail owner that is
        not one of Postfix's, and has kept such a directory open, can still delete files in it.
    type: str
    choices: [messages, queues]
    default: messages
  queues:
    description:
      - The queues to select from, in the queue directory or, for V(restored) and V(absent), in the quarantine.
      - By default V(incoming), V(active), V(deferred) and V(hold); all that there are for V(restored) and V(absent).
      - O(mode=queues) needs at least V(incoming), V(active) and V(deferred).
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold]
  service:
    description:
      - What stops and starts Postfix for O(mode=queues), where it runs. It is started by what it was stopped with, whatever fails;
        should the module be killed, a second process that stands by does it.
      - V(auto) is the unit of systemd that Postfix runs in, where it does, else the command C(postfix).
      - V(none) fails if Postfix runs.
      - Where Postfix runs in the foreground without a unit of systemd (C(postfix start-fg) in a container, or under supervisord, s6 or
        runit), or in another container, V(auto) and V(postfix) are refused, in check mode too. Stopping it would end the container, or
        its supervisor would start it while the queues are moved. Stop Postfix by what started it, use V(none), and start it again.
    type: str
    choices: [auto, systemd, postfix, none]
    default: auto
  restore_to:
    description:
      - Where V(restored) moves messages to.
      - V(original) is the queue that each was in; V(incoming) for those that were in V(active). A retry is due when it was due.
      - V(hold) is for a last look. V(maildrop) has Postfix process them again, under new queue IDs, as C(postsuper -r) does.
      - What was in V(maildrop) always goes there, because Postfix did not check it yet.
    type: str
    choices: [original, hold, maildrop]
    default: original
  older_than:
    description: With V(absent), do nothing unless the last message was quarantined at least that long ago, as V(14d).
    type: str
  plan:
    description:
      - The RV(plan) of an earlier run in check mode for the same state, host, instance and quarantine. Only its messages are
        touched, and of those only the ones that are still the same. For V(quarantined) a plan of
        M(mailops.postfix.postfix_queue_purge) will do.
      - Goes with neither O(match), O(exclude) nor O(match_all).
    type: dict
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._limit
  - mailops.postfix._acting
  - mailops.postfix._quarantine
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_quarantine_info
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - The module needs root.
  - A quarantine on another filesystem works with O(mode=messages). Messages are copied, synced and then removed, which is slower,
    and they get other queue IDs when they come back. If such a restore is interrupted, Postfix may have delivered a message before the
    journal could say so. It then stays in the quarantine, and a warning names it.
  - Messages cannot be quarantined or restored on a filesystem without free blocks or inodes, or on a read-only one; check mode says so,
    too. M(mailops.postfix.postfix_queue_purge) works on a full disk.
  - What is no regular file at the place of a message's log is left there, with a warning that names it. At most 20 are named.
  - Postfix returns a message to its sender if its first delivery after C(maximal_queue_lifetime) fails. Time in a quarantine counts.
"""

EXAMPLES = r"""
- name: Have Postfix go on with empty queues at once
  mailops.postfix.postfix_spool_quarantine:
    name: backscatter-2026-11-21
    mode: queues
    reason: ticket 4711
  become: true

- name: Put the good mail back
  mailops.postfix.postfix_spool_quarantine:
    name: backscatter-2026-11-21
    state: restored
    match_all: true
    exclude:
      - sender: <>
        recipient: office@example.com
  become: true

- name: Quarantine what a stolen account sent
  mailops.postfix.postfix_spool_quarantine:
    name: ticket-4712
    match:
      - sasl_username: stolen@example.com
    max_percent: 80
  become: true

- name: Forget it after two weeks
  mailops.postfix.postfix_spool_quarantine:
    name: ticket-4712
    state: absent
    match_all: true
    older_than: 14d
  become: true
"""

RETURN = r"""
name:
  description: The name of the quarantine.
  returned: success
  type: str
  sample: ticket-4712
path:
  description: Its directory, for O(mailops.postfix.postfix_queue_facts#module:spool).
  returned: success
  type: str
  sample: /var/spool/postfix.quarantine/ticket-4712
state:
  description: The state asked for.
  returned: success
  type: str
  sample: quarantined
matched:
  description:
    - The selection. C(partial) counts messages that a rule matches for some of their recipients only, and C(undecided) those that
      cannot be decided; they are not in it.
    - In check mode the same as in a real run.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
quarantined:
  description: What was moved into the quarantine. In check mode, what would be.
  returned: success and O(state=quarantined)
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
restored:
  description: What was moved back. In check mode, what would be.
  returned: success and O(state=restored)
  type: dict
  sample: {"messages": 990, "bytes": 902411, "recipients": 1020}
deleted:
  description: What was deleted from the quarantine. In check mode, what would be.
  returned: success and O(state=absent)
  type: dict
  sample: {"messages": 4009, "bytes": 8300000, "recipients": 48979}
outcomes:
  description:
    - How many messages had each outcome, found out by looking.
    - C(quarantined) are in the quarantine.
    - C(restored) are in the queue again.
    - C(deleted) are gone from the quarantine.
    - C(already) are messages of a O(plan) that an earlier run of this module has quarantined, restored or deleted, as the quarantine and
      its journal say.
    - C(vanished) were not found any more. Postfix may have delivered or returned them, or somebody else has moved or deleted them; nothing
      says which.
    - C(changed) are left alone, because another message stands under their queue ID now.
    - C(in_flight) are quarantined, but a delivery agent was sending them at that moment and may have finished. Where the quarantine
      is on another filesystem, they were left in the queue.
    - C(collision) are left where they were, because a file in the queue, or in the quarantine, has their queue ID.
    - C(failed) are still where they were, and RV(failures) says why. If there are any, the module fails.
    - C(undecided) are left alone, because it cannot be decided whether they match (see O(on_undecided)).
    - A run that breaks off returns the outcomes as well.
  returned: success
  type: dict
  sample:
    quarantined: 4999
    restored: 0
    deleted: 0
    already: 0
    vanished: 1
    changed: 0
    in_flight: 0
    collision: 0
    failed: 0
    undecided: 0
collisions:
  description: The queue IDs of messages with the outcome C(collision), at most 100. They can be restored when the IDs are free.
  returned: success
  type: list
  elements: str
  sample: [3F1C2A0D55]
renamed:
  description: Restored messages whose queue ID had to become another one, to fit their file's inode, at most 100.
  returned: success and O(state=restored), but not in check mode
  type: list
  elements: dict
  sample: [{"queue_id": "3F1C2B1207", "was": "3F1C2A0D55"}]
down:
  description: For how many seconds Postfix was stopped; 0 where it did not run or was not stopped.
  returned: success
  type: float
  sample: 1.482
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
  description: The selection in full, for O(plan), as M(mailops.postfix.postfix_queue_purge) returns it.
  returned: in check mode without O(plan) and O(mode=queues)
  type: dict
scan:
  description: How reading the queues went, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.spool_quarantine import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
