#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue_flush
short_description: Make Postfix try to deliver queued messages now
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Makes Postfix try to deliver messages at once, and not only when they are due. It tries all messages, the mail for a site, or the
    messages that a selection or a plan names.
  - This is not idempotent. Each run attempts delivery again. RV(ignore:changed) says whether delivery of at least one message was
    attempted.
  - All messages (O(match_all) without O(exclude)) are tried as by C(postqueue -f), the mail for O(site) as by C(postqueue -s), and up to
    50 selected messages as by C(postqueue -i).
  - If more than 50 messages are selected, the module makes all of them due at once. It then asks the queue manager to forget which
    destinations were down, and to scan the queue. If a destination is still down, the queue manager stops trying it after some
    attempts, and does not try each message.
  - Messages on hold are not tried. Release them first with M(mailops.postfix.postfix_queue_hold).
  - A message that is older than its queue lifetime is returned to its sender if this attempt fails, as with any other attempt.
options:
  queues:
    description:
      - The queues to select from. Messages in the active queue are being tried already, and are left alone.
      - If this is not the default, O(match_all) works like any other selection, and C(postqueue -f) is not used.
    type: list
    elements: str
    choices: [incoming, active, deferred]
    default: [incoming, active, deferred]
  site:
    description:
      - Try the deferred mail for this domain, or for this V([address]). Postfix keeps a list of that mail.
      - Postfix keeps such lists for the domains in C(fast_flush_domains), by default the domains in C(relay_domains). For any other
        domain the module fails. Check mode cannot know which domains these are.
      - It cannot be combined with O(match), O(exclude), O(match_all), O(plan) or O(requeue).
    type: str
  requeue:
    description:
      - Whether to submit the selected messages again (C(postsuper -r)). Use this after a change of address rewriting or routing.
      - By default it is V(false), and messages keep their queue ID.
      - A message that is submitted again gets a new queue ID, a new lifetime and one more C(Received) header. Settings from C(FILTER) and
        C(REDIRECT) are lost. Milters do not process it again.
      - A message that is being delivered is left alone.
    type: bool
    default: false
  wait:
    description:
      - How many seconds to wait, at most, until all messages that are being tried have left the queue or are deferred again. The module
        then returns RV(after).
      - With the default V(0) it does not wait and does not return RV(after).
    type: int
    default: 0
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._acting
  - mailops.postfix._limit
  - mailops.postfix._reading
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
attributes:
  check_mode:
    support: partial
    details:
      - With O(site), check mode cannot know whether Postfix keeps a list of the mail for that domain. If it does not, a real run fails.
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_hold
notes:
  - The module needs root, and Postfix must be running.
"""

EXAMPLES = r"""
- name: Try to deliver all messages
  mailops.postfix.postfix_queue_flush:
    match_all: true
  become: true

- name: Try the mail for a domain that is up again, and see whether it leaves the queue
  mailops.postfix.postfix_queue_flush:
    match:
      - recipient: example.org
    recipient_scope: any
    wait: 120
  become: true
  register: flushed

- name: Try the mail for a domain in relay_domains
  mailops.postfix.postfix_queue_flush:
    site: customer.example.com
  become: true

- name: Submit mail again that was routed to the wrong host
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
    - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided) counts
      messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
    - In check mode, the numbers that a real run would return.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
tried:
  description: How many messages were tried or requeued. In check mode, how many would be.
  returned: success
  type: dict
  sample: {"messages": 4990, "bytes": 9201411, "recipients": 49990}
outcomes:
  description:
    - How many messages had each outcome.
    - C(tried) are being tried. With O(site), and for up to 50 messages, the module has checked that they are no longer waiting. In the
      other cases it has asked the queue manager to try them, which does so as fast as it can.
    - C(requeued) are submitted again.
    - C(under_way) were being tried already.
    - C(unlisted) are for O(site), but are not on Postfix's list of that mail. They are not tried.
    - C(vanished) were no longer there. Postfix has delivered or returned them, or somebody else has moved or deleted them. The module cannot
      know which.
    - C(changed) are left alone, because another message has their queue ID now.
    - C(failed) are messages that could not be handled, and RV(failures) says why. If there are any, the module fails after it has handled
      the others.
    - C(undecided) are left alone, because it cannot be decided whether a rule matches (see O(on_undecided)).
  returned: success
  type: dict
  sample:
    {"tried": 4990, "requeued": 0, "under_way": 10, "unlisted": 0, "vanished": 0, "changed": 0, "failed": 0, "undecided": 0}
after:
  description:
    - What happened to the messages that were tried, requeued, or being tried already.
    - C(left) are gone from the queue, and their sender got no notice of non-delivery. They were delivered, somebody has deleted them, or
      Postfix gave up without a notice, as it does for mail from the null sender.
    - C(bounced) are gone, and the mail log says that their sender got a notice of non-delivery for at least one recipient. The value is
      null if the module cannot read a mail log, for example if all logs go to the journal. C(left) then counts these messages, too.
    - C(deferred) were tried, and are still in the queue.
    - C(pending) were not tried yet, or are still being tried.
    - C(unknown) were requeued, and the module cannot find them. Only the mail log has their new queue ID, and there is no mail log.
    - The mail log is the file that C(maillog_file) names. If that is not set, it is the first that exists of C(/var/log/mail.log),
      C(/var/log/maillog), C(/var/log/mail) and C(/var/log/zimbra.log). One that was not written for a day while another was comes last.
    - If the module cannot find out what happened, RV(after) is missing, and a warning says why.
  returned: if O(wait) is given, not in check mode
  type: dict
  sample: {"left": 4800, "bounced": 12, "deferred": 188, "pending": 0, "unknown": 0}
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
  returned: in check mode without O(plan) and O(site)
  type: dict
scan:
  description: How many files were read, and how many could not be read, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_flush import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
