#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_queue_facts
short_description: Gather facts about a Postfix queue
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Counts the messages in the queues of a Postfix instance. Shows who sent them, to whom, and why they wait.
  - By default it reads the queue files if the user may read them. This is several times faster than C(postqueue -j) and works while
    Postfix is stopped. Otherwise it runs C(postqueue).
  - Never changes anything. With the default options, the result stays below 64 KiB for any queue.
options:
  source:
    description:
      - V(spool) reads the queue files. V(postqueue) runs the command C(postqueue). V(auto), the default, reads the queue files if the
        user may read them, and otherwise runs C(postqueue).
      - C(postqueue) shows no content, no SASL login, no client and no origin. C(scan.unknown) in the result lists what is missing. A
        criterion that needs such data is refused.
      - C(postqueue) shows a question mark for each byte of an address that Postfix does not print, and C(MAILER-DAEMON)
        (C(empty_address_recipient)) for the null sender. If V(postqueue) has shown an address with such a byte, that address matches
        only with V(postqueue).
    type: str
    choices: [auto, spool, postqueue]
    default: auto
  spool:
    description:
      - Read this directory instead of the queue directory of the instance. This needs no Postfix. It may be the queue directory of a
        stopped server, a copy, a quarantine, or any directory that holds queue files under their queue IDs, such as a queue that was
        moved away.
      - If it holds queue files and no queues, it counts as one queue with the name of the directory, and O(queues) has no effect. The
        modes of the files are ignored, because copies often lose them.
    type: path
  queues:
    description: The queues that O(match) selects from. All queues are counted in any case.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
    default: [incoming, active, deferred, hold]
  top:
    description: How many rows C(shape) and each list in C(top) have.
    type: int
    default: 10
  gather:
    description:
      - What to gather. By default everything but V(suggestions).
      - V(reasons) reads the delay reason of every message. The run then takes about twice as long.
      - V(suggestions) shows what the queue consists of (C(groups)), and which of it looks like a flood (C(suggestions)). It opens up to 500
        messages, or up to 1,200 if that leaves a rule in doubt. The result may show text that several messages have in common, such as
        subjects and URLs.
    type: list
    elements: str
    choices: [counts, top, shape, reasons, messages, suggestions]
    default: [counts, top, shape, reasons, messages]
  set_facts:
    description:
      - Whether to set the facts of the host. If V(false), the result has RV(postfix_queue) instead, and C(ansible_facts.postfix_queue)
        stays as an earlier task set it. Use it to verify a change without replacing the facts.
    type: bool
    default: true
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._limit
  - mailops.postfix._reading
  - mailops.postfix._attributes
  - mailops.postfix._attributes.facts
seealso:
  - module: mailops.postfix.postfix_queue_purge
"""

EXAMPLES = r"""
- name: Sum up the queue
  mailops.postfix.postfix_queue_facts:
  become: true

- name: Show which logins sent most of it
  ansible.builtin.debug:
    var: ansible_facts.postfix_queue.top.sasl_usernames

- name: Show what a rule would select
  mailops.postfix.postfix_queue_facts:
    match:
      - sasl_username: stolen@example.com
        recipient_count: 5
    exclude:
      - recipient: example.com
    limit: 20
  become: true

- name: Find out what the queue consists of, and which of it looks like a flood
  mailops.postfix.postfix_queue_facts:
    gather: [counts, reasons, suggestions]
  become: true

- name: Show the rule for each group, and its share of the messages
  ansible.builtin.debug:
    msg: "{{ item.share }} {{ item.match }}"
  loop: "{{ ansible_facts.postfix_queue.groups }}"

- name: Show what the suggested rules that are likely would select
  mailops.postfix.postfix_queue_facts:
    match: "{{ likely | map(attribute='match') | flatten }}"
    limit: 20
    set_facts: false
  become: true
  vars:
    likely: "{{ ansible_facts.postfix_queue.suggestions | selectattr('confidence', 'equalto', 'likely') | list }}"
  when: likely | length > 0

- name: See what is left of that, and keep the facts as they are
  mailops.postfix.postfix_queue_facts:
    match:
      - sasl_username: stolen@example.com
        recipient_count: 5
    gather: []
    set_facts: false
  become: true
  register: left

- name: Sum up the queue of a server that is stopped
  mailops.postfix.postfix_queue_facts:
    spool: /mnt/rescue/var/spool/postfix
  become: true

- name: Count the messages as a user who may not read the spool
  mailops.postfix.postfix_queue_facts:
    gather: [counts]
"""

RETURN = r"""
postfix_queue:
  description: The same as RV(ansible_facts.postfix_queue).
  returned: success, with O(set_facts=false)
  type: dict
ansible_facts:
  description: The facts.
  returned: success, with O(set_facts=true)
  type: dict
  contains:
    postfix_queue:
      description: What is in the queues. Times are seconds since the epoch, sizes are bytes.
      returned: success
      type: dict
      contains:
        instance:
          description: The Postfix instance. With O(spool), only C(queue_directory) is known.
          returned: always
          type: dict
          sample:
            {
              "config_directory": "/etc/postfix",
              "long_queue_ids": false,
              "name": "-",
              "queue_directory": "/var/spool/postfix",
              "running": true,
              "version": "3.7.11",
            }
        queues:
          description:
            - For each queue the number of messages, their bytes, the number of files that are still being written, and the arrival time
              of the oldest message.
            - Postfix does not process V(saved) and V(corrupt). With C(postqueue) they are null.
          returned: when O(gather) has V(counts)
          type: dict
          sample: {"deferred": {"messages": 5210, "bytes": 10204411, "incomplete": 0, "oldest": 1795171149}}
        total:
          description:
            - The sum of maildrop, incoming, active, deferred and hold. C(recipients) counts the pending recipients.
          returned: when O(gather) has V(counts)
          type: dict
          sample: {"messages": 5310, "bytes": 10704411, "recipients": 51023, "oldest": 1795171149}
        matched:
          description:
            - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided)
              counts messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
          returned: always
          type: dict
          sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
        top:
          description:
            - The most frequent values in the selected messages. A message counts once for each distinct value.
            - In C(senders), C(sasl_usernames) and C(client_addresses), C(recipients) is the number of pending recipients of these messages.
            - With C(postqueue), C(sasl_usernames) and C(client_addresses) are null.
          returned: when O(gather) has V(top)
          type: dict
          sample:
            {
              "senders": [{"value": "<>", "messages": 4711, "recipients": 4711}],
              "sender_domains": [{"value": "example.net", "messages": 90}],
              "recipients": [{"value": "victim@example.com", "messages": 4702}],
              "recipient_domains": [{"value": "example.com", "messages": 4730}],
              "reasons": [{"value": "connect to mx.example.com[192.0.2.1]:25: Connection refused", "messages": 4650}],
              "sasl_usernames": [{"value": "stolen@example.com", "messages": 90, "recipients": 4500}],
              "client_addresses": [{"value": "192.0.2.7", "messages": 4712, "recipients": 4730}],
            }
        top_missed:
          description:
            - By how much the counts in a list of C(top) may be too small. Of more than 40000 distinct values, the rarest are dropped. Empty
              if all counts are exact.
            - Values of more than 256 bytes (reasons of more than 512) are counted by their first bytes only.
          returned: when O(gather) has V(top)
          type: dict
          sample: {"recipients": 2}
        shape:
          description:
            - The recipients of the selection by recipient domain and by age of the message in minutes, as C(qshape) prints them.
          returned: when O(gather) has V(shape)
          type: dict
          sample:
            {
              "minutes": ["5", "10", "20", "40", "80", "160", "320", "640", "1280", "1280+"],
              "total": [12, 0, 0, 1, 0, 0, 0, 0, 0, 0],
              "domains": [{"domain": "example.org", "recipients": 13, "buckets": [12, 0, 0, 1, 0, 0, 0, 0, 0, 0]}],
            }
        messages:
          description: The oldest selected messages, at most O(limit), with at most five recipients each.
          returned: when O(gather) has V(messages)
          type: list
          elements: dict
          sample:
            - queue_id: 4A0F9AC
              queue: deferred
              arrival_time: 1795171149
              size: 3310
              sender: a@example.com
              recipients: [b@example.org]
              recipient_count: 1
              reason: "connect to mx.example.org[192.0.2.1]:25: Connection refused"
              sasl_username: null
              client_address: 192.0.2.7
              client_name: unknown
              origin: smtp
              next_retry: 1795172149
              forced_expire: false
        truncated:
          description: Whether more messages were selected than C(messages) lists.
          returned: when O(gather) has V(messages)
          type: bool
        groups:
          description:
            - What the selection consists of, at most ten groups of messages with something in common, the largest first. A group can be spam
              or ordinary mail. Groups can overlap.
          returned: when O(gather) has V(suggestions)
          type: list
          elements: dict
          contains:
            match:
              description: The rule, as a value for O(match) of any module.
              returned: always
              type: list
              elements: dict
            messages:
              description: How many messages of the selection the rule selects.
              returned: always
              type: int
            exact:
              description: Whether C(messages) was counted. Otherwise it is an estimate from the messages that were looked at.
              returned: always
              type: bool
            share:
              description: C(messages) as a share of the selection, from 0 to 1.
              returned: always
              type: float
            concentration:
              description:
                - The shortest time in which C(share) of the messages arrived. It starts at C(since) and lasts C(seconds). C(since) is null
                  if no time of arrival is known.
              returned: always
              type: dict
            traits:
              description:
                - What the messages have in common, at most eight traits. C(share) is the share of the messages of the group that have
                  the trait, and C(elsewhere) is the share of all other messages that have it.
                - C(trait) is one of V(sasl_username), V(sender), V(sender_domain), V(client_address) (an address or a network),
                  V(client_name), V(helo_name), V(recipient), V(recipient_domain), V(null_sender), V(origin), V(subject), V(url_host),
                  V(url_path), V(text), V(header), V(reason), V(size), V(arrival).
              returned: always
              type: list
              elements: dict
            other:
              description:
                - How much other mail the rule selects, as a share of all that it selects. C(share) is the share among the messages that
                  were looked at. C(at_most) is the upper end of the 95% confidence interval.
                - If C(counted) is true, all messages were looked at, and C(at_most) is the same as C(share).
              returned: always
              type: dict
          sample:
            - match: [{"sasl_username": "stolen@example.com"}]
              messages: 4100
              exact: true
              share: 0.7721
              concentration: {"share": 0.8, "since": 1795171149, "seconds": 2906}
              traits:
                - {"trait": "sasl_username", "value": "stolen@example.com", "share": 1.0, "elsewhere": 0.0}
                - {"trait": "subject", "value": "You have won", "share": 0.93, "elsewhere": 0.0}
              other: {"share": 0.0, "at_most": 0.0, "counted": true}
        suggestions:
          description:
            - The groups that look like a flood, at most ten, the surest first. Each has everything that an item of C(groups) has, and the
              values below.
            - Empty if nothing looks like a flood.
            - Suggestions can be wrong, also those that are likely. Try each rule with M(mailops.postfix.postfix_message_info) before you
              act on it.
          returned: when O(gather) has V(suggestions)
          type: list
          elements: dict
          contains:
            confidence:
              description: How sure the suggestion is, V(likely) or V(possible).
              returned: always
              type: str
            evidence_for:
              description: What speaks for a flood.
              returned: always
              type: list
              elements: str
            evidence_against:
              description: What speaks against a flood.
              returned: always
              type: list
              elements: str
          sample:
            - match: [{"sasl_username": "stolen@example.com"}]
              messages: 4100
              exact: true
              share: 0.7721
              concentration: {"share": 0.8, "since": 1795171149, "seconds": 2906}
              traits: [{"trait": "sasl_username", "value": "stolen@example.com", "share": 1.0, "elsewhere": 0.0}]
              other: {"share": 0.0, "at_most": 0.0, "counted": true}
              confidence: likely
              evidence_for: ["one login sends under 1201 foreign domains"]
              evidence_against: []
        suggestions_note:
          description: What to do with the suggestions, or that nothing looks like a flood, and which data was not available.
          returned: when O(gather) has V(suggestions)
          type: str
          sample: "Nothing looks like a flood in 5310 messages, so no rule is suggested."
        undecided:
          description:
            - Messages for which it cannot be decided whether a rule matches, at most 20. C(problem) says what could not be read.
              C(matched.undecided) counts all of them.
          returned: always
          type: list
          elements: dict
          sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "size": 31337, "problem": "more than 1048576 bytes of headers"}]
        scan:
          description:
            - How many files were read, and how many could not be read.
            - C(unreadable) files could not be opened or read. They are in no selection.
            - C(unparsed) files are damaged. A rule, such as one on C(queue_id), selects them if it does not need the missing data.
            - C(damaged) names up to 20 of both, with what is wrong. An entry without a queue ID is a directory that could not be read.
            - C(vanished) files were delivered or moved while the queue was read. A message that moves at that time may be missed or
              counted twice.
            - The modules that act stop reading a message when its sender, arrival or size shows that it is not selected. They do not
              count it as C(unparsed) if it is damaged after that point.
          returned: always
          type: dict
          sample:
            {
              "source": "spool",
              "seconds": 0.8,
              "files": 5310,
              "vanished": 0,
              "unreadable": 0,
              "incomplete": 0,
              "unparsed": 0,
              "not_files": 0,
              "damaged": [],
              "unknown": [],
            }
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_facts import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
