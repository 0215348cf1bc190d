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
  - Counts what is in the queues of a Postfix instance, and sums up who sends it, to whom, and why it waits.
  - Reads the queue files themselves where the user may, which is several times faster than C(postqueue -j) and works while
    Postfix is stopped; otherwise asks C(postqueue).
  - Never changes anything. The result stays below 64 KiB with the default options, whatever the queue holds.
options:
  source:
    description:
      - V(spool) reads the queue files, V(postqueue) asks the C(postqueue) command, V(auto) reads the spool where it may.
      - C(postqueue) shows no content, no SASL login, no client and no origin. C(scan.unknown) in the result lists what is
        missing, and a criterion that needs it is refused.
      - C(postqueue) shows a question mark for each byte of an address that Postfix does not print, and C(MAILER-DAEMON)
        (C(empty_address_recipient)) for the null sender. An address with such a byte, shown with V(postqueue), matches only there.
    type: str
    choices: [auto, spool, postqueue]
    default: auto
  spool:
    description:
      - Read this directory instead, which needs no Postfix. It is the queue directory of a stopped server, a copy, a quarantine, or
        any directory that holds queue files under their queue IDs, such as a queue that was moved away.
      - If it holds queue files and no queues, it counts as one queue of its own name, O(queues) has no effect, and file modes do not
        count, because copies lose them.
    type: path
  queues:
    description: The queues that O(match) selects from. All queues are counted whatever this says.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
    default: [incoming, active, deferred, hold]
  top:
    description: How many rows each of the tops and the shape has.
    type: int
    default: 10
  gather:
    description:
      - What to gather. V(reasons) reads the delay reason of every message, which makes the run about twice as long.
      - V(suggestions) looks for rules that explain a flood. It opens up to 300 messages, and its rules may show what stands in
        subjects and URLs of several messages.
    type: list
    elements: str
    choices: [counts, top, shape, reasons, messages, suggestions]
    default: [counts, top, shape, reasons, messages]
  set_facts:
    description:
      - Whether to set the facts of the host. If V(false), the result has RV(postfix_queue) instead, and C(ansible_facts.postfix_queue)
        stays as an earlier task set it. A task that verifies a change needs that, where later tasks use the facts.
    type: bool
    default: true
extends_documentation_fragment:
  - mailops.postfix.instance
  - mailops.postfix.selection
  - mailops.postfix.limit
  - mailops.postfix.attributes
  - mailops.postfix.attributes.facts
seealso:
  - module: mailops.postfix.postfix_queue_purge
"""

EXAMPLES = r"""
- name: What is in the queue
  mailops.postfix.postfix_queue_facts:
  become: true

- name: Who floods it
  ansible.builtin.debug:
    var: ansible_facts.postfix_queue.top.sasl_usernames

- name: What would a rule select
  mailops.postfix.postfix_queue_facts:
    match:
      - sasl_username: stolen@example.com
        recipient_count: 5
    exclude:
      - recipient: example.com
    limit: 20
  become: true

- name: Which rules would explain the flood
  mailops.postfix.postfix_queue_facts:
    gather: [counts, reasons, suggestions]
  become: true

- name: What would the first of them select
  mailops.postfix.postfix_queue_facts:
    match: "{{ ansible_facts.postfix_queue.suggestions[0].match }}"
    limit: 20
  become: true
  when: ansible_facts.postfix_queue.suggestions | length > 0

- name: Is anything left of that, without a change to the facts
  mailops.postfix.postfix_queue_facts:
    match:
      - sasl_username: stolen@example.com
        recipient_count: 5
    gather: []
    set_facts: false
  become: true
  register: left

- name: The queue of a server that is stopped
  mailops.postfix.postfix_queue_facts:
    spool: /mnt/rescue/var/spool/postfix
  become: true

- name: Counts only, as a user who may not read the spool
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
          description: The Postfix instance. With O(spool) only its C(queue_directory) is known.
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
            - Messages, bytes, files that are still being written, and the second the oldest arrived, for each queue.
            - V(saved) and V(corrupt) are out of Postfix's sight; they are null when C(postqueue) was asked.
          returned: when O(gather) has V(counts)
          type: dict
          sample: {"deferred": {"messages": 5210, "bytes": 10204411, "incomplete": 0, "oldest": 1795171149}}
        total:
          description:
            - The same over maildrop, incoming, active, deferred and hold, and the recipients that are still to be served.
          returned: when O(gather) has V(counts)
          type: dict
          sample: {"messages": 5310, "bytes": 10704411, "recipients": 51023, "oldest": 1795171149}
        matched:
          description:
            - The selection. C(partial) counts messages that a rule matches for some of their recipients only, and C(undecided) those that
              cannot be decided; they are not in it.
          returned: always
          type: dict
          sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
        top:
          description:
            - The values that most selected messages have. A message counts once for each distinct value.
            - C(sasl_usernames) and C(client_addresses) are null when C(postqueue) was asked.
          returned: when O(gather) has V(top)
          type: dict
          sample:
            {
              "senders": [{"value": "<>", "messages": 4711}],
              "sender_domains": [{"value": "example.net", "messages": 90}],
              "recipients": [{"value": "victim@example.com", "messages": 4702}],
              "recipient_domains": [{"value": "example.com", "messages": 4730}],
              "reasons": [{"value": "connect to mx.example.com[192.0.2.1]:25: Connection refused", "messages": 4650}],
              "sasl_usernames": [{"value": "stolen@example.com", "messages": 90}],
              "client_addresses": [{"value": "192.0.2.7", "messages": 4712}],
            }
        top_missed:
          description:
            - By how much the counts of a top may be too small. Of more than 40000 distinct values the rarest are forgotten.
              Empty when all counts are exact.
            - Values of more than 256 bytes (reasons of more than 512) are counted under their beginning.
          returned: when O(gather) has V(top)
          type: dict
          sample: {"recipients": 2}
        shape:
          description:
            - Recipients of the selection by recipient domain and age of the message in minutes, as C(qshape) prints them.
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
          description: Whether messages were selected that C(messages) does not list.
          returned: when O(gather) has V(messages)
          type: bool
        suggestions:
          description:
            - Rules that explain a flood in the selection, at most ten, those first that explain most of it at least else.
            - Empty where nothing stands out. Much mail from one place is no flood; neither is mail that waits for its destination.
            - A rule on content is suggested only where a login, sender, domain, client network or the null sender's recipient binds
              the messages, too.
            - Suggestions can be wrong. Try each rule with M(mailops.postfix.postfix_message_info) before you act on it.
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
              description: How many messages of the selection the rule covers.
              returned: always
              type: int
            exact:
              description: Whether C(messages) was counted. Else it is estimated, from 2000 messages or from those opened.
              returned: always
              type: bool
            share:
              description: C(messages) as a share of the selection.
              returned: always
              type: float
            concentration:
              description:
                - The shortest time in which C(share) of the messages arrived, C(seconds) from the second C(since) on. It is taken
                  from the messages sampled.
              returned: always
              type: dict
            evidence:
              description: What these messages have that ordinary mail does not. Numbers are those of the messages sampled.
              returned: always
              type: list
              elements: str
          sample:
            - match: [{"sasl_username": "stolen@example.com"}]
              messages: 4100
              exact: true
              share: 0.7721
              concentration: {"share": 0.8, "since": 1795171149, "seconds": 2906}
              evidence: ["1201 senders of other domains than the login's", "1201 senders write the same subject"]
        suggestions_note:
          description: What to make of the suggestions, or that nothing stands out, and what could not be looked at.
          returned: when O(gather) has V(suggestions)
          type: str
          sample: "Nothing stands out in 5310 messages, so no rule is suggested."
        undecided:
          description:
            - Messages of which too much could not be read to decide whether a rule matches, at most 20, and what could not be read.
              C(matched.undecided) counts all of them.
          returned: always
          type: list
          elements: dict
          sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "size": 31337, "problem": "more than 1048576 bytes of headers"}]
        scan:
          description:
            - How reading went, in files. C(unreadable) ones could not be opened or read, and are in no selection. C(unparsed) ones are
              damaged; a rule selects them if it does not ask for what is missing, such as C(queue_id).
            - C(damaged) names up to 20 of both, with what is wrong. Without a queue ID it is a directory that could not be read.
            - Modules that act read no further than the sender, the arrival and the size of a message where these rule it out. What is
              damaged behind them is not C(unparsed) there.
            - C(vanished) ones were delivered or moved while the queue was read. A message that moves may be missed or counted
              twice.
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

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.queue_facts import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
