#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_spool_quarantine
short_description: Move mail from a Postfix queue into a quarantine and back
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Moves messages or whole queues into a named quarantine, which Postfix does not read. Restores the good messages later, and deletes the
    other messages when nobody needs them any more.
  - Use it if a queue is full of spam or backscatter and good mail waits behind it, or for messages that you are not sure about.
  - A message moves as a whole, with its logs, its arrival time and the state of each recipient. It is either in the queue or in the
    quarantine. If a run is interrupted, the next run finishes or undoes what was begun. The notes name an exception for a quarantine on
    another filesystem.
  - An existing file is never overwritten. If the queue ID of a message is taken, the message stays where it is and is reported.
  - A quarantine has the layout of a queue directory, and O(mailops.postfix.postfix_queue_facts#module:spool) reads it.
  - Only one run at a time works on a queue.
  - A quarantine is a directory with a journal of this module. Any other directory is refused, and so is a path that belongs to Postfix.
    The module deletes only files that the journal proves to be part of the quarantine.
options:
  name:
    description:
      - The name of the quarantine. It has at most 64 characters, which are letters, digits, and any of C(._-).
      - If the quarantine does not exist, it is made. An empty directory of that name is used. A directory that has files in it and is not a
        quarantine is refused.
      - More messages can be moved into an existing quarantine. Whole queues are moved into a quarantine only once, so that a second run
        changes nothing. To move them again, delete the quarantine or choose another name.
    type: str
    required: true
  state:
    description:
      - V(quarantined), the default, moves the selection or the whole queues into the quarantine.
      - V(restored) moves the selection back. It can be repeated with better rules.
      - V(absent) deletes the selection in the quarantine. With O(match_all) it also deletes the quarantine itself. If the quarantine has a
        file that the journal does not name, such as a file that somebody has put there, the module fails, names the file, and deletes
        nothing.
    type: str
    choices: [quarantined, restored, absent]
    default: quarantined
  mode:
    description:
      - What O(state=quarantined) moves.
      - V(messages), the default, moves the selection while Postfix runs. Messages are read again, put on hold, and moved if they are still
        the selected messages.
      - V(queues) is for an emergency. The module stops Postfix and renames the directories of O(queues) and all logs. It puts new
        directories with the same owner, permissions and security context in their place, and starts Postfix again. The time that this
        takes does not depend on the number of messages. V(queues) cannot be combined with O(match), O(exclude) or O(plan), and does not need
        O(match_all).
      - V(queues) refuses a queue that is a symbolic link or a filesystem of its own, because a rename cannot move it.
      - After V(queues) the moved directories belong to root. Until Postfix runs again, a process of the mail owner that is not part of
        Postfix, and that has such a directory open, can still delete files in it.
    type: str
    choices: [messages, queues]
    default: messages
  queues:
    description:
      - The queues to select from. With O(state=restored) and O(state=absent), these are the queues in the quarantine.
      - By default V(incoming), V(active), V(deferred) and V(hold). With O(state=restored) and O(state=absent), by default all queues.
      - O(mode=queues) needs at least V(incoming), V(active) and V(deferred).
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold]
  service:
    description:
      - How O(mode=queues) stops and starts Postfix. The module uses the same way to start it as to stop it, and starts it again even if
        another step fails. If the module is killed, a second process starts Postfix. If Postfix does not run, it is not started.
      - V(auto), the default, uses the systemd unit that Postfix runs in. If Postfix does not run in a unit, it uses the command
        C(postfix).
      - V(systemd) uses that unit, and fails if there is none. V(postfix) uses the command C(postfix).
      - V(none) does not stop or start Postfix. It fails if Postfix runs.
      - V(auto) and V(postfix) are refused, in check mode too, if Postfix runs in another container, or in the foreground without a systemd
        unit (C(postfix start-fg) in a container, or under supervisord, s6 or runit). To stop Postfix there would end the container, or its
        supervisor would start Postfix while the queues are moved. In this case, stop Postfix by the service that started it, use
        V(none), and then start Postfix again.
    type: str
    choices: [auto, systemd, postfix, none]
    default: auto
  restore_to:
    description:
      - Where O(state=restored) moves messages to.
      - V(original), the default, is the queue that each message was in. Messages from V(active) go to V(incoming). The time of the next
        attempt stays the same.
      - V(hold) puts the messages on hold, so that you can examine them once more.
      - V(maildrop) makes Postfix process the messages again with new queue IDs, as C(postsuper -r) does.
      - Messages from V(maildrop) always go to V(maildrop), because Postfix has not checked them yet.
    type: str
    choices: [original, hold, maildrop]
    default: original
  older_than:
    description:
      - With O(state=absent), delete only if the last message was quarantined at least that long ago, such as V(14d). Otherwise do nothing.
      - By default the age is not checked.
    type: str
  plan:
    description:
      - The RV(plan) of an earlier run in check mode for the same state, host, instance and quarantine. The module touches only the messages
        of the plan that are still the same.
      - With O(state=quarantined), a plan of M(mailops.postfix.postfix_queue_purge) can be used as well.
      - It cannot be combined with O(match), O(exclude) or O(match_all).
    type: dict
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._limit
  - mailops.postfix._care
  - mailops.postfix._acting
  - mailops.postfix._quarantine
  - mailops.postfix._reading
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
attributes:
  check_mode:
    details: In check mode RV(renamed) is not returned, and RV(down) is V(0).
seealso:
  - module: mailops.postfix.postfix_quarantine_info
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - The module needs root.
  - A quarantine on another filesystem works only with O(mode=messages). Messages are copied, synced and then removed, which is slower.
    They get new queue IDs when they are restored. If such a restore is interrupted, Postfix may have delivered a message before this
    could be written to the journal. That message then stays in the quarantine, and a warning names it.
  - Messages cannot be quarantined or restored on a filesystem that is read-only or has no free blocks or inodes. Check mode reports
    this, too. M(mailops.postfix.postfix_queue_purge) works on a full disk.
  - If something other than a regular file has the name of a message's log, it is left there, and a warning names it. At most 20 are
    named.
  - If the first delivery of a message after C(maximal_queue_lifetime) fails, Postfix returns the message to its sender. The time in a
    quarantine counts.
"""

EXAMPLES = r"""
- name: Give Postfix empty queues at once
  mailops.postfix.postfix_spool_quarantine:
    name: backscatter-2026-11-21
    mode: queues
    reason: ticket 4711
  become: true

- name: Restore the good mail
  mailops.postfix.postfix_spool_quarantine:
    name: backscatter-2026-11-21
    state: restored
    match_all: true
    exclude:
      - sender: <>
        recipient: office@example.com
  become: true

- name: Quarantine mail from a stolen account
  mailops.postfix.postfix_spool_quarantine:
    name: ticket-4712
    match:
      - sasl_username: stolen@example.com
    max_percent: 80
  become: true

- name: Delete the quarantine after two weeks
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
  description: The directory of the quarantine, as a value for O(mailops.postfix.postfix_queue_facts#module:spool).
  returned: success
  type: str
  sample: /var/spool/postfix.quarantine/ticket-4712
state:
  description: The requested state.
  returned: success
  type: str
  sample: quarantined
matched:
  description:
    - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided) counts
      messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
    - In check mode, the numbers that a real run would return.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
quarantined:
  description: How many messages were moved into the quarantine. In check mode, how many would be.
  returned: success and O(state=quarantined)
  type: dict
  sample: {"messages": 4999, "bytes": 9202411, "recipients": 49999}
restored:
  description: How many messages were moved back. In check mode, how many would be.
  returned: success and O(state=restored)
  type: dict
  sample: {"messages": 990, "bytes": 902411, "recipients": 1020}
deleted:
  description: How many messages were deleted from the quarantine. In check mode, how many would be.
  returned: success and O(state=absent)
  type: dict
  sample: {"messages": 4009, "bytes": 8300000, "recipients": 48979}
outcomes:
  description:
    - How many messages had each outcome. The module checks this in the queue and in the quarantine.
    - C(quarantined) are in the quarantine.
    - C(restored) are in the queue again.
    - C(deleted) are gone from the quarantine.
    - C(already) are messages of a O(plan) that an earlier run of this module has quarantined, restored or deleted. The module learns this
      from the quarantine and its journal.
    - C(vanished) were no longer there. Postfix has delivered or returned them, or somebody else has moved or deleted them. The module cannot
      know which.
    - C(changed) are left alone, because another message has their queue ID now.
    - C(in_flight) are quarantined, but a delivery agent was sending them at that moment and may have finished. If the quarantine is on
      another filesystem, they stay in the queue.
    - C(collision) are left where they were, because a file in the queue or in the quarantine has their queue ID.
    - C(failed) are messages that could not be handled, and RV(failures) says why. If there are any, the module fails after it has handled
      the others. They are still where they were.
    - C(undecided) are left alone, because it cannot be decided whether a rule matches (see O(on_undecided)).
    - If an error ends the run early, the outcomes are returned as well.
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
  description: The queue IDs of messages with the outcome C(collision), at most 100. They can be moved when these queue IDs are free.
  returned: success
  type: list
  elements: str
  sample: [3F1C2A0D55]
renamed:
  description: Restored messages that got a new queue ID to fit the inode of their file, at most 100.
  returned: success and O(state=restored), but not in check mode
  type: list
  elements: dict
  sample: [{"queue_id": "3F1C2B1207", "was": "3F1C2A0D55"}]
down:
  description: For how many seconds Postfix was stopped; 0 if it did not run or was not stopped.
  returned: success
  type: float
  sample: 1.482
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
  returned: with O(verify_rest=true), not in check mode, if messages were moved into the quarantine
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
  description: The whole selection, as a value for O(plan). M(mailops.postfix.postfix_queue_purge) describes its fields.
  returned: in check mode without O(plan) and O(mode=queues)
  type: dict
scan:
  description: How many files were read, and how many could not be read, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.spool_quarantine import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
