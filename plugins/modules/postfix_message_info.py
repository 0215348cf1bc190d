#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_message_info
short_description: Show messages in a Postfix queue, and try patterns on them
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Opens the oldest messages of a selection. It returns the envelope with the state of every recipient, the attributes, the decoded
    headers, the MIME structure, and the reason why delivery was deferred.
  - Tries candidates for a rule (O(patterns)) on the whole selection. Use this to test a pattern before you use it to delete messages.
  - This is an C(_info) module. It never changes a queue, and it returns no facts. It writes files only if O(eml_directory) is given.
  - It shows the headers of a message. It shows other text of a message only if O(excerpt) is given.
options:
  queues:
    description: The queues to select from. If O(spool) names a directory of queue files without queues, the whole directory is read.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
    default: [incoming, active, deferred, hold]
  limit:
    description:
      - How many messages the result shows, the oldest first. V(0) shows none. O(patterns) are always tried on the whole selection.
      - With the default, and with at most 20 patterns, the result stays below 64 KiB.
    type: int
    default: 5
  spool:
    description:
      - Read this directory instead of the queue directory of the instance. This needs no Postfix. It may be the queue directory of a
        stopped server, a copy, a quarantine, or any directory that holds queue files under their queue IDs.
      - If it holds queue files and no queues, the modes of the files are ignored, because copies often lose them.
    type: path
  excerpt:
    description:
      - How many bytes of the first text part of each opened message to show, decoded; at most 65536.
      - The default V(0) shows no text.
    type: int
    default: 0
  patterns:
    description:
      - Candidates for a rule, at most 50. A candidate is a rule as in O(match), operators included, or a text or V(/regex/), which is
        looked for in the message as it is stored, as C(content) does.
      - RV(coverage) says how much of the selection each candidate covers, and which combinations of them. To see what a rule takes beyond
        the spam that you know, give no O(match), and a rule for the known spam as another candidate.
      - RV(messages[].hits) counts occurrences of C(content) and C(body) in a message that the candidate selects. Those of rules within
        C(all), C(any) and C(at_least) are added, those within C(not) are not.
    type: list
    elements: raw
    default: []
  eml_directory:
    description:
      - Write the oldest messages of the selection as C(QUEUE_ID.eml) into this directory of the host, with headers and body as they
        were queued. A person or a scanner can read these files.
      - By default no files are written.
      - The directory is made with mode C(0700) if it does not exist. An existing one must belong to the user that the module runs as, and
        nobody else may have access to it. The files have mode C(0600).
      - An existing file is never overwritten. If it has the same content, it counts as C(present). If it has other content, nothing is
        written for that message, and the module fails after it has written the others.
    type: path
  eml_limit:
    description: How many messages to write to O(eml_directory), the oldest first.
    type: int
    default: 100
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._selection
  - mailops.postfix._reading
  - mailops.postfix._attributes
attributes:
  check_mode:
    details: In check mode nothing is written to O(eml_directory), and RV(eml) says what would be written.
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: none
    details: The files in O(eml_directory) are whole messages, and a diff must not show these.
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - Reading a queue needs root. For O(spool) it is enough that the user may read the directory.
"""

EXAMPLES = r"""
- name: Show one message
  mailops.postfix.postfix_message_info:
    match:
      - queue_id: 4A0F9AC
    excerpt: 500
  become: true

- name: Find out which pattern finds the spam, and what else it finds
  mailops.postfix.postfix_message_info:
    patterns:
      - sasl_username: stolen@example.com
      - claim.php
      - /claim\.php\?id=[0-9a-f]{8}/
      - body: /claim\.php\?id=[0-9a-f]{8}/
      - header:
          Subject: /^(cheap|free) /
    limit: 0
  become: true
  register: tried

- name: Show how many messages the third pattern would select that the stolen account did not send
  ansible.builtin.debug:
    msg: "{{ tried.coverage.combinations | selectattr('patterns', 'contains', 2) | rejectattr('patterns', 'contains', 0) }}"

- name: Delete the messages by the third pattern
  mailops.postfix.postfix_queue_purge:
    match:
      - "{{ tried.coverage.patterns[2].match }}"
  become: true

- name: Write twenty messages to files for a scanner
  mailops.postfix.postfix_message_info:
    match:
      - sender: <>
    limit: 0
    eml_directory: /root/suspects
    eml_limit: 20
  become: true

- name: Show the messages in a directory of saved queue files
  mailops.postfix.postfix_message_info:
    spool: /root/incoming.spamfull
  become: true
"""

RETURN = r"""
matched:
  description:
    - How many messages are selected. C(partial) counts messages for which a rule matches only some of the recipients. C(undecided) counts
      messages for which it cannot be decided whether a rule matches. Neither are part of the selection.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
messages:
  description:
    - The oldest selected messages, at most O(limit). A list in a message that is too long is cut, and C(cut) names it.
  returned: success
  type: list
  elements: dict
  contains:
    queue_id:
      description: The queue ID.
      type: str
      returned: always
    queue:
      description: The queue. If O(spool) names a directory of queue files without queues, the name of that directory.
      type: str
      returned: always
    arrival_time:
      description: When it arrived, in seconds since the epoch.
      type: int
      returned: always
    size:
      description: The size of the content in bytes.
      type: int
      returned: always
    origin:
      description: V(smtp), V(local) or V(bounce).
      type: str
      returned: always
    next_retry:
      description: When Postfix tries a deferred message again, in seconds since the epoch.
      type: int
      returned: always
    forced_expire:
      description: Whether somebody has expired the message by hand.
      type: bool
      returned: always
    sender:
      description: The envelope sender.
      type: str
      returned: always
    attributes:
      description: The attributes of the envelope, as C(postcat) prints them.
      type: list
      elements: dict
      returned: always
      sample: [{"name": "sasl_username", "value": "stolen@example.com"}]
    recipient_count:
      description:
        - How many recipients are pending, how many are done (delivered or bounced), and how many a milter has cancelled.
      type: dict
      returned: always
      sample: {"pending": 1, "done": 1, "cancelled": 0}
    recipients:
      description:
        - The recipients, pending ones first. C(original) is the address before rewriting if it differs. C(dsn_original) and C(notify) are
          what the client requested (RFC 3461).
        - C(status), C(reason), C(diagnostic) and C(mta) say how the last attempt ended for a pending recipient.
      type: list
      elements: dict
      returned: always
      sample:
        - address: b@example.org
          state: pending
          original: sales@example.net
          dsn_original: rfc822;sales@example.net
          notify: []
          status: 4.2.2
          reason: "host mx.example.org[192.0.2.1] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)"
          diagnostic: 452 4.2.2 Mailbox full
          mta: mx.example.org
    headers:
      description: The header fields in order, with encoded words decoded.
      type: list
      elements: dict
      returned: always
      sample: [{"name": "Subject", "value": "cheap pills"}]
    parts:
      description:
        - The MIME parts in order, each with its number (V(0) is the message itself), type and file name. C(size) is the size in bytes
          after decoding.
      type: list
      elements: dict
      returned: always
      sample:
        - number: "1"
          content_type: text/plain
          charset: utf-8
          encoding: base64
          disposition: null
          filename: null
          size: 512
    excerpt:
      description: The beginning of the first text part, decoded; null if there is no text part.
      type: str
      returned: when O(excerpt) is not V(0)
    hits:
      description:
        - How often each of O(patterns) matches the message, in the same order. For C(content) and C(body) all occurrences are counted. Any
          other rule that matches counts as 1. The value is null if the module cannot read the data that the pattern needs.
      type: list
      elements: int
      returned: when there are O(patterns)
      sample: [1, 3, 0]
    cut:
      description: The lists of this message that were too long to be shown in full.
      type: list
      elements: str
      returned: always
      sample: [recipients]
    problem:
      description: What could not be read of the message; null if everything could be read.
      type: str
      returned: always
truncated:
  description: Whether more messages were selected than RV(messages) shows.
  returned: success
  type: bool
coverage:
  description: Which part of the selection the patterns cover.
  returned: when there are O(patterns)
  type: dict
  contains:
    patterns:
      description:
        - A row for each of O(patterns), in the same order. C(match) is the rule, as a value for C(match) of any module.
        - C(alone) counts the messages that no other pattern covers. C(partial) counts those for which it matches only some of the
          recipients. C(undecided) counts those that could not be read far enough. C(examples) are queue IDs.
      type: list
      elements: dict
      returned: always
      sample:
        - match: {"content": "claim.php"}
          messages: 4711
          bytes: 8204411
          recipients: 47110
          percent: 94.2
          alone: 12
          partial: 0
          undecided: 0
          examples: [4A0F9AC]
    combinations:
      description:
        - The sets of patterns that cover messages together, and how many messages each set covers, the largest first. Each message
          counts for exactly one set. C(patterns) are the numbers of the patterns in the list, starting from 0.
      type: list
      elements: dict
      returned: always
      sample: [{"patterns": [0, 1], "messages": 4699}]
    combinations_left_out:
      description: How many sets are not listed. At most 20 are listed.
      type: int
      returned: always
    covered:
      description: How many messages at least one pattern covers.
      type: int
      returned: always
    uncovered:
      description: How many messages of the selection no pattern covers.
      type: int
      returned: always
eml:
  description:
    - How many messages were written to O(eml_directory), and how many were not. In check mode, what would happen.
    - C(written) counts new files. C(present) counts files that existed with the same content. C(collisions) counts files that existed
      with other content.
    - C(failed) counts messages that could not be written. C(unreadable) counts messages whose content cannot be read to its end.
      C(vanished) counts messages that were gone when they were opened.
    - If there are C(collisions) or C(failed) messages, the module fails after it has written the others.
    - C(files) and C(not_written) name the first 20.
  returned: when O(eml_directory) is given
  type: dict
  sample:
    {
      "directory": "/root/suspects",
      "written": 2,
      "present": 1,
      "collisions": 0,
      "failed": 0,
      "unreadable": 0,
      "vanished": 0,
      "files": ["4A0F9AC.eml", "4A0F9AD.eml", "4A0F9AE.eml"],
      "not_written": [],
    }
undecided:
  description:
    - Messages for which it cannot be decided whether a rule matches, at most 20. C(problem) says what could not be read. RV(matched)
      counts all of them.
  returned: success
  type: list
  elements: dict
  sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "size": 31337, "problem": "more than 1048576 bytes of headers"}]
scan:
  description: How reading went, as in M(mailops.postfix.postfix_queue_facts).
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.message_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
