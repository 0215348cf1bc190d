#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_message_info
short_description: Open messages in a Postfix queue, and try patterns on them
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Opens the oldest messages of a selection. Envelope with every recipient and what became of it, attributes, decoded headers,
    MIME structure, and why delivery was deferred.
  - Tries candidates for a rule on the whole selection, so that a pattern is known before it is used to delete anything.
  - This is an C(_info) module. It never changes a queue, and returns no facts. The one thing that it may write is what O(eml_directory)
    asks for.
  - No text of a message is shown but its headers, unless O(excerpt) asks for it.
options:
  queues:
    description: The queues to select from. A directory of queue files has none, and is read whole.
    type: list
    elements: str
    choices: [maildrop, incoming, active, deferred, hold, corrupt]
    default: [incoming, active, deferred, hold]
  limit:
    description:
      - How many messages the result opens, the oldest first; V(0) for none. It never limits what O(patterns) are tried on.
      - With the default, and as few as 20 patterns, the result stays below 64 KiB.
    type: int
    default: 5
  spool:
    description:
      - Read this directory instead, which needs no Postfix. It is the queue directory of a stopped server, a copy, a quarantine, or
        any directory that holds queue files under their queue IDs.
      - Where it holds queue files and no queues, their file modes do not count, for copies lose them.
    type: path
  excerpt:
    description:
      - Show so many bytes of the first text part of each opened message, decoded; at most 65536.
    type: int
    default: 0
  patterns:
    description:
      - Candidates for a rule, at most 50. A rule as in O(match), or a text or V(/regex/), which is looked for in the message as it is
        stored, as C(content) does.
      - RV(coverage) says how much of the selection each candidate covers, and which combinations of them. To see what a rule takes beyond
        the spam that you know, give no O(match), and a rule for the known spam as another candidate.
    type: list
    elements: raw
    default: []
  eml_directory:
    description:
      - Write the oldest messages of the selection as C(QUEUE_ID.eml) into this directory of the host, headers and body as they
        were queued, for a human or a scanner.
      - It is made with mode C(0700) where it is missing. One that is there must belong to the user the module runs as, and be open to
        nobody else. The files have mode C(0600).
      - A file that is there is never written over. If it has the same content, it counts as C(present). If it has another one, nothing is
        written for that message, and the module fails when it is done with the others.
    type: path
  eml_limit:
    description: How many messages O(eml_directory) gets, the oldest first.
    type: int
    default: 100
extends_documentation_fragment:
  - mailops.postfix.instance
  - mailops.postfix.selection
  - mailops.postfix.attributes
attributes:
  check_mode:
    details: In check mode O(eml_directory) is left alone, and RV(eml) says what would be written.
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: none
    details: What O(eml_directory) writes are whole messages, which no diff should show.
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_queue_purge
notes:
  - Reading a queue needs root. A directory that somebody else may read does not.
"""

EXAMPLES = r"""
- name: Look into one message
  mailops.postfix.postfix_message_info:
    match:
      - queue_id: 4A0F9AC
    excerpt: 500
  become: true

- name: Which of these greps finds the spam, and what else does it find
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

- name: Messages that the third pattern would take beyond those of the stolen account
  ansible.builtin.debug:
    msg: "{{ tried.coverage.combinations | selectattr('patterns', 'contains', 2) | rejectattr('patterns', 'contains', 0) }}"

- name: Delete by the one that was right
  mailops.postfix.postfix_queue_purge:
    match:
      - "{{ tried.coverage.patterns[2].match }}"
  become: true

- name: Give twenty messages to a scanner
  mailops.postfix.postfix_message_info:
    match:
      - sender: <>
    limit: 0
    eml_directory: /root/suspects
    eml_limit: 20
  become: true

- name: What is in a directory of saved queue files
  mailops.postfix.postfix_message_info:
    spool: /root/incoming.spamfull
  become: true
"""

RETURN = r"""
matched:
  description:
    - The selection. C(partial) counts messages that a rule matches for some of their recipients only, and C(undecided) those that
      cannot be decided; they are not in it.
  returned: success
  type: dict
  sample: {"messages": 5000, "bytes": 9204411, "recipients": 50000, "partial": 3, "undecided": 0}
messages:
  description:
    - The oldest selected messages, at most O(limit). A list that is too long is cut, and named in C(cut).
  returned: success
  type: list
  elements: dict
  contains:
    queue_id:
      description: The queue ID.
      type: str
      returned: always
    queue:
      description: The queue; the directory's name, where O(spool) names a directory of queue files.
      type: str
      returned: always
    arrival_time:
      description: When it arrived, in seconds since the epoch.
      type: int
      returned: always
    size:
      description: Bytes of content.
      type: int
      returned: always
    origin:
      description: V(smtp), V(local) or V(bounce).
      type: str
      returned: always
    next_retry:
      description: When a deferred message is tried again, in seconds since the epoch.
      type: int
      returned: always
    forced_expire:
      description: Whether it was expired by hand.
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
        - How many recipients are still to be served, are done (delivered or bounced), and were cancelled by a milter.
      type: dict
      returned: always
      sample: {"pending": 1, "done": 1, "cancelled": 0}
    recipients:
      description:
        - The recipients, those that are still to be served first. C(original) is the address before rewriting where it differs,
          C(dsn_original) and C(notify) are what the client asked for (RFC 3461).
        - C(status), C(reason), C(diagnostic) and C(mta) say how the last attempt ended for a recipient that is still to be served.
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
        - The MIME parts in order, each with its place (V(0) is the message itself), type and file name. C(size) is in bytes, once
          decoded.
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
      description: The beginning of the first text part, decoded; null where there is none.
      type: str
      returned: when O(excerpt) is not V(0)
    hits:
      description:
        - How often each of O(patterns) hits the message, in their order. Occurrences are counted for C(content) and C(body), any
          other rule that matches counts as 1. Null where what a candidate asks for cannot be read.
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
      description: What could not be read of the message, null where all could.
      type: str
      returned: always
truncated:
  description: Whether messages were selected that RV(messages) does not show.
  returned: success
  type: bool
coverage:
  description: What the candidates cover of the selection.
  returned: when there are O(patterns)
  type: dict
  contains:
    patterns:
      description:
        - A row for each candidate, in their order. C(match) is the rule, ready for the C(match) of any module.
        - C(alone) counts the messages that no other candidate covers, C(partial) those that it matches for some recipients only, and
          C(undecided) those that could not be read far enough. C(examples) are queue IDs.
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
        - The sets of candidates that cover messages together, and how many messages each set covers, most first. A message is in one
          set only. C(patterns) are places in the list, from 0.
      type: list
      elements: dict
      returned: always
      sample: [{"patterns": [0, 1], "messages": 4699}]
    combinations_left_out:
      description: How many more sets there are than the 20 listed.
      type: int
      returned: always
    covered:
      description: Messages that at least one candidate covers.
      type: int
      returned: always
    uncovered:
      description: Messages of the selection that none covers.
      type: int
      returned: always
eml:
  description:
    - What became of the messages that were to be written; in check mode, what would.
    - C(failed) ones could not be written, and the module fails when it is done with the others. C(unreadable) ones have content
      that cannot be read to its end, C(vanished) ones were gone when they were opened. C(files) and C(not_written) name the first 20.
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
    - Messages of which too much could not be read to decide whether a rule matches, at most 20, and what could not be read.
      RV(matched) counts all of them.
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

from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module._run import run
from ansible_collections.mailops.postfix.plugins.module_utils._module.message_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
