#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue_flush
short_description: Have Postfix try to deliver queued messages now
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Has Postfix try everything, the mail for a site, or the messages that a selection or a plan names, without waiting until they
    are due.
  - Everything (O(match_all) without O(exclude)) is tried as by C(postqueue -f), O(site) as by C(postqueue -s), up to 50 selected
    messages as by C(postqueue -i). More of them become due at once, and the queue manager is told to forget which destinations
    were down and to scan the queue; so it gives up on a destination that still is down, and does not try each message in vain.
  - As restarting a service, this is done again whenever it is run. RV(ignore:changed) says that a message was given a try.
  - What is on hold is not tried. Release it first, with M(mailops.postfix.postfix_queue_hold).
  - A message that has outlived its queue lifetime is returned to its sender if the try fails, as at any try.
options:
  queues:
    description:
      - The queues to select from. What is in the active queue is being tried already, and is left alone.
      - If this is not the default, O(match_all) is a selection like others.
    type: list
    elements: str
    choices: [incoming, active, deferred]
    default: [incoming, active, deferred]
  site:
    description:
      - Try the deferred mail for that domain, or V([address]), from the list that Postfix keeps of it.
      - Postfix keeps one for the domains in C(fast_flush_domains), by default those in C(relay_domains), and the module fails for
        others. In check mode it cannot tell which are.
      - Goes with neither O(match), O(exclude), O(match_all), O(plan) nor O(requeue).
    type: str
  requeue:
    description:
      - Submit the selected messages anew (C(postsuper -r)), as after a change of address rewriting or routing. They get a new queue
        ID, a new lifetime and another C(Received) header. What C(FILTER) and C(REDIRECT) had set is dropped, and Milters do not see
        them again.
      - A message that is being delivered is left alone.
    type: bool
    default: false
  wait:
    description:
      - Wait until all messages that were tried, or were being tried, have left the queue or were deferred again, for so many seconds
        at the most, and return RV(after).
    type: int
    default: 0
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
  - The module needs root, and Postfix must be running.
"""

EXAMPLES = r"""
- name: Try everything
  mailops.postfix.postfix_queue_flush:
    match_all: true
  become: true

- name: Try what waits for a domain that is back, and see whether it leaves
  mailops.postfix.postfix_queue_flush:
    match:
      - recipient: example.org
    recipient_scope: any
    wait: 120
  become: true
  register: flushed

- name: Try the mail for a domain that we relay to
  mailops.postfix.postfix_queue_flush:
    site: customer.example.com
  become: true

- name: Submit mail anew that was routed the wrong way
  mailops.postfix.postfix_queue_flush:
    match:
      - reason: old-relay.example.com
    requeue: true
    reason: ticket 4711
  become: true
"""

RETURN = r"""
matched:
  description:
    - The selection. C(partial) counts messages that a rule matches for some of their recipients only, and C(undecided) those that
      cannot be decided; they are not in it.
    - In check mode the same as in a real run.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
tried:
  description: What was given a try or requeued. In check mode, what would be.
  returned: success
  type: dict
  sample: {"messages": 4990, "bytes": 9201411, "recipients": 49990}
outcomes:
  description:
    - How many messages had each outcome.
    - C(tried) are given a try. With O(site), and for up to 50 messages, the module has seen that they are on their way; in
      other cases the queue manager was told, and takes them as fast as it can.
    - C(requeued) are submitted again.
    - C(under_way) were being tried already.
    - C(unlisted) are for O(site), but not on Postfix's list, and are not tried.
    - C(vanished) were delivered, returned or deleted meanwhile.
    - C(changed) are left alone, because another message stands under their queue ID now.
    - C(failed) are as they were, and RV(failures) says why. If there are any, the module fails.
    - C(undecided) are left alone, because it cannot be decided whether they match (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"tried": 4990, "requeued": 0, "under_way": 10, "unlisted": 0, "vanished": 0, "changed": 0, "failed": 0, "undecided": 0}
after:
  description:
    - What became of the messages that were tried, requeued, or being tried already.
    - C(left) are gone from the queue, and no notice of non-delivery was sent for them. They were delivered; or deleted by somebody,
      or given up without a notice, as happens to mail with the null sender.
    - C(bounced) are gone, and the mail log says that their sender got a notice of non-delivery, for one of their recipients at least.
      It is null where no mail log can be read, as where everything goes to the journal; C(left) has them then.
    - C(deferred) were tried, and are in the queue still.
    - C(pending) were not tried yet, or still are being tried.
    - C(unknown) were requeued, and cannot be followed without a mail log, which alone has their new queue ID.
    - The log is the one that C(maillog_file) names, else C(/var/log/mail.log) or C(/var/log/maillog).
  returned: if O(wait) is given, not in check mode
  type: dict
  sample: {"left": 4800, "bounced": 12, "deferred": 188, "pending": 0, "unknown": 0}
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
  returned: in check mode without O(plan) and O(site)
  type: dict
scan:
  description: How reading the queues went, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_flush import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
