#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_log_info
short_description: Sum up the mail log of Postfix, find stolen accounts, and trace messages
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Reads the mail log once and sums it up by SASL account, client and envelope sender. It counts the reasons why mail was deferred or
    bounced, and what was rejected. It finds the accounts that look stolen.
  - Says which account submitted each message in the queue (C(queue) in O(gather)).
  - Returns all that the log says of one message (O(trace)).
  - Tries rules for locks on the log (O(match)), and says what they would have stopped.
  - This is an C(_info) module. It never changes anything, and it returns no facts.
options:
  files:
    description:
      - The files of the mail log on the host. Each is an absolute path or a pattern such as V(/var/log/mail.log*).
      - By default, the module reads the file that C(maillog_file) names. If that is empty, it reads the usual files of syslog, and if
        there are none, the systemd journal. Rotated files are read as well. A rotated file that is older than O(since) is not read.
      - If only files are read, and O(gather) does not have V(queue), the host needs no Postfix. It can be one that collects the logs of
        others.
      - Files that are compressed with gzip, bzip2 or xz are read. For zstd, the host needs Python 3.14 or the command C(zstd).
    type: list
    elements: path
    default: []
  journal:
    description:
      - Whether to read the systemd journal. With V(true) it is read instead of the usual files, and in addition to O(files). With V(false)
        it is never read.
      - By default it is read if no file is found.
    type: bool
  since:
    description:
      - Read only lines from this time on. It is an age such as V(2h) or V(1d), a time in ISO 8601 such as V(2026-11-26T13:00:00Z), or seconds
        since the epoch. A time without a zone is in the local time of the host.
      - By default all lines are read.
    type: str
  until:
    description:
      - Read only lines up to this time. It has the same forms as O(since).
      - By default there is no such limit.
    type: str
  gather:
    description:
      - What to gather. Give an empty list with O(match) to gather nothing else.
      - V(accounts), V(clients), V(senders), V(reasons), V(rejects) and V(suspects) sum up the log.
      - V(queue) reads the queue, too, and says which account submitted each message. This needs root. If the queue file does not name
        the account, the log does, so O(since) must not be later than the arrival of the messages.
      - V(trace) needs the option O(trace).
      - By default, everything but V(queue) and V(trace) is gathered. If O(trace) is given, only V(trace) is gathered.
    type: list
    elements: str
    choices: [accounts, clients, senders, reasons, rejects, suspects, queue, trace]
  top:
    description: How many rows the lists of accounts, clients, senders, reasons and rejects have.
    type: int
    default: 10
  sasl_username:
    description:
      - Count only these accounts, and list only their messages in the queue. The case of letters does not matter.
      - By default all accounts are counted. Clients, senders, reasons and rejects are always counted for all accounts.
    type: list
    elements: str
  thresholds:
    description:
      - The limits of a suspect. A threshold is exceeded if the value of the account is the limit or more. Set it to V(null) to switch it off.
        A threshold that is not given has its default, which is the number in parentheses below.
      - An account is a suspect if it exceeds at least two thresholds, and one of them is a sign that somebody else uses the account. Much
        mail alone is no such sign.
      - The signs are C(networks_per_day) (5), C(foreign_senders) (50), C(failed_then_successful) (10), C(bounced_percent) (5) and
        C(new_network_logins) (60).
      - C(networks_per_day) counts the networks from which 90% of the recipients of a day were sent to. C(foreign_senders) counts senders that
        are not in the domain of the account. C(failed_then_successful) counts failed logins in a row before a successful one.
        C(bounced_percent) is the percentage of recipients that bounced. C(new_network_logins) counts the logins in the first hour from a
        network that is new to the account.
      - The amounts are C(logins_per_hour) (60), C(recipients_per_hour) (100) and C(recipients_per_day) (500). The page C(docs/suspects.md) of
        the collection says what each threshold compares, and how well they find stolen accounts.
    type: dict
    default: {}
  trace:
    description:
      - The message to trace. Give one of C(queue_id), C(message_id), or C(sender) together with C(recipient). By default no message is
        traced.
      - C(sender) and C(recipient) are whole addresses, in any case. V(<>) is the null sender. C(recipient) is the address before or after
        aliases. Mail from C(sender) to C(recipient) that was rejected is shown, too.
      - The trace follows a message that was requeued, passed on by a content filter on the host, or returned to its sender in a notice. It
        also shows the lines of the SMTP session.
      - Postfix uses short queue IDs again. If C(queue_id) was used for several messages, all of them are shown, each with another number in
        RV(log.trace[].message).
    type: dict
  match:
    description:
      - Rules to try on the log. Each has exactly one of the keys C(sasl_username), C(client_address), C(sender) and C(recipient). The
        value is a text or a list, in the same forms as in O(mailops.postfix.postfix_queue_facts#module:match).
      - RV(log.matched) says how many messages and recipients each rule would have stopped. Only mail that came over SMTP counts, because
        locks act on that.
      - By default no rules are tried.
    type: list
    elements: raw
    default: []
  limit:
    description:
      - How many rows the lists RV(log.suspects), RV(log.queue), RV(log.queue_accounts) and RV(log.trace) have at most.
      - With the default, the result stays below 64 KiB. RV(log.truncated) names the lists that lack rows.
    type: int
    default: 100
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._reading
  - mailops.postfix._attributes
attributes:
  check_mode:
    details: The module never changes anything, so check mode is the same as a real run.
  diff_mode:
    description: Returns what was changed when run in diff mode.
    support: N/A
    details: The module never changes anything.
seealso:
  - module: mailops.postfix.postfix_queue_facts
  - module: mailops.postfix.postfix_message_info
notes:
  - The user must have permission to read the log, which often needs root. To read the queue needs root.
  - Texts in the log are untrusted, because clients and servers write parts of them. A value counts only where Postfix itself writes it. Each
    text is shown with an escape for everything that could control a terminal. In a rule, an escape stands for the character.
"""

EXAMPLES = r"""
- name: Find the accounts that look stolen
  mailops.postfix.postfix_log_info:
    since: 1d
  become: true
  register: result

- name: Show them
  ansible.builtin.debug:
    var: result.log.suspects

- name: Find them with other limits, and without one of the signs
  mailops.postfix.postfix_log_info:
    since: 1d
    gather: [suspects]
    thresholds:
      networks_per_day: 8
      bounced_percent: null
  become: true

- name: Show what the log says of one message
  mailops.postfix.postfix_log_info:
    trace:
      queue_id: 4A0F9AC
  become: true

- name: Find out what became of the mail from one person to another
  mailops.postfix.postfix_log_info:
    since: 7d
    trace:
      sender: alice@example.com
      recipient: bob@example.org
  become: true

- name: Find the messages in the queue that an account submitted, also those that a content filter passed on
  mailops.postfix.postfix_log_info:
    gather: [queue]
    sasl_username: [stolen@example.com]
    since: 5d
    limit: 10000
  become: true
  register: result

- name: Put them on hold
  mailops.postfix.postfix_queue_hold:
    state: held
    match:
      - queue_id: "{{ result.log.queue | map(attribute='queue_id') }}"
  become: true
  when: result.log.queue | length > 0

- name: Find out what locks would have stopped in the last day
  mailops.postfix.postfix_log_info:
    since: 1d
    gather: []
    match:
      - client_address: 203.0.113.0/24
      - sender: .example.net
  become: true

- name: Read saved files
  mailops.postfix.postfix_log_info:
    files: [/srv/saved/mail.log*]
    journal: false
"""

RETURN = r"""
log:
  description:
    - What the log says. A list is there if it was gathered. Each list has the largest rows first, unless it says otherwise.
  returned: success
  type: dict
  contains:
    sources:
      description:
        - What was read, the oldest lines first. C(from) and C(to) are the times of the first and last line that was read, in seconds since
          the epoch. C(truncated) says whether a part could not be read; a warning says why.
      type: list
      elements: dict
      returned: always
      sample: [{"path": "/var/log/mail.log", "lines": 40211, "from": 1700000000, "to": 1700003600, "truncated": false}]
    lines:
      description: How many lines were read.
      type: int
      returned: always
      sample: 40211
    since:
      description: The time of O(since) in seconds since the epoch; null without it.
      type: int
      returned: always
    until:
      description: The time of O(until) in seconds since the epoch; null without it.
      type: int
      returned: always
    truncated:
      description: The names of the lists that lack rows, because of O(limit) or because of the size of the result.
      type: list
      elements: str
      returned: always
      sample: [trace]
    approximate:
      description:
        - What is not exact, because the memory is bounded. Each number says how many values or messages were dropped, or by how much a
          count may be too low. C(cut_lines) are lines of more than 64 KiB, of which only the beginning was read. It is empty if everything
          is exact.
      type: dict
      returned: always
      sample: {"senders": 2}
    other_lines:
      description: How many lines are of programs that have nothing to do with mail.
      type: int
      returned: when the log is summed up
    unparsed:
      description: Lines that the module does not understand, by program, with a few samples.
      type: list
      elements: dict
      returned: when the log is summed up
      sample: [{"program": "smtpd", "lines": 1, "samples": ["Nov 26 13:14:54 mx01 postfix/smtpd[123]: something new"]}]
    accounts:
      description: The SASL accounts with the most recipients, at most O(top).
      type: list
      elements: dict
      returned: when it is gathered
      contains:
        sasl_username:
          description: The name of the account as Postfix logs it.
          type: str
          returned: always
        logins:
          description: How many messages clients submitted with this login. A session with several messages counts several times.
          type: int
          returned: always
        messages:
          description: How many of these messages entered the queue.
          type: int
          returned: always
        recipients:
          description: How many recipients these messages had.
          type: int
          returned: always
        senders:
          description: The envelope senders with the most messages, at most five.
          type: list
          elements: dict
          returned: always
          sample: [{"value": "alice@example.com", "messages": 12}]
        sender_count:
          description: How many different envelope senders there are.
          type: int
          returned: always
        addresses:
          description: The client addresses with the most logins, at most five.
          type: list
          elements: dict
          returned: always
          sample: [{"value": "203.0.113.5", "logins": 12}]
        address_count:
          description: How many different client addresses there are.
          type: int
          returned: always
        network_count:
          description: How many different networks they are in. A network has a prefix of 24 bits for IPv4, and of 64 bits for IPv6.
          type: int
          returned: always
        methods:
          description: The SASL methods, at most five.
          type: list
          elements: str
          returned: always
          sample: [PLAIN]
        first:
          description: The time of the first login, in seconds since the epoch.
          type: int
          returned: always
        last:
          description: The time of the last login, in seconds since the epoch.
          type: int
          returned: always
        busiest_minute:
          description: The minute with the most logins. C(start) is in seconds since the epoch.
          type: dict
          returned: always
          sample: {"start": 1700000040, "logins": 40}
        busiest_hour:
          description: The hour with the most logins.
          type: dict
          returned: always
          sample: {"start": 1699999200, "logins": 612}
        busiest_recipients_hour:
          description: The hour with the most recipients; null if no message entered the queue.
          type: dict
          returned: always
          sample: {"start": 1699999200, "recipients": 6120}
        failed_logins:
          description: How many logins with this name failed.
          type: int
          returned: always
        failed_then_successful:
          description: The most failed logins in a row, at most an hour apart, before a successful one.
          type: int
          returned: always
        bounced:
          description: How many recipients bounced.
          type: int
          returned: always
        queue_ids:
          description: The queue IDs of the last messages, at most ten.
          type: list
          elements: str
          returned: always
        truncated:
          description: Whether there are more senders, addresses or queue IDs.
          type: bool
          returned: always
    clients:
      description: The client addresses whose messages have the most recipients, at most O(top).
      type: list
      elements: dict
      returned: when it is gathered
      sample: [{"value": "203.0.113.5", "messages": 612, "recipients": 6120}]
    senders:
      description: The envelope senders whose messages have the most recipients, at most O(top).
      type: list
      elements: dict
      returned: when it is gathered
      sample: [{"value": "alice@example.com", "messages": 12, "recipients": 20}]
    reasons:
      description: The most frequent reasons why deliveries were deferred or bounced, at most O(top). Each attempt counts.
      type: list
      elements: dict
      returned: when it is gathered
      sample: [{"value": "connect to mx.example.org[192.0.2.1]:25: Connection timed out", "status": "deferred", "deliveries": 40}]
    rejects:
      description:
        - What restrictions and checks did, such as reject and hold, most frequent first, at most O(top). The texts are without addresses, so
          that equal kinds are counted together.
      type: list
      elements: dict
      returned: when it is gathered
      sample: [{"value": "reject RCPT: 554 5.7.1 Relay access denied", "times": 7}]
    suspects:
      description:
        - The accounts that look stolen, those with the most evidence first, at most O(limit). C(evidence) has the thresholds that are
          exceeded, the value of the account and the limit. C(lines) of the first one are up to three lines of the log, each with a
          login from another network.
      type: list
      elements: dict
      returned: when it is gathered
      sample:
        - sasl_username: stolen@example.com
          evidence:
            - threshold: networks_per_day
              value: 14
              limit: 5
              lines:
                - "Nov 26 13:14:54 mx01 postfix/submission/smtpd[123]: 4A0F9AC: client=unknown[192.0.2.5], sasl_method=PLAIN, sasl_username=stolen@example.com"
            - threshold: recipients_per_hour
              value: 6120
              limit: 100
              lines: []
    queue:
      description:
        - The messages in the queue with the accounts that submitted them, at most O(limit). Those whose queue files do not name the account
          are first, then the oldest.
        - C(attributed_by) says what names the account. It is V(queue_file), V(log) (by queue ID and time, also through a content filter) or
          V(received) (the header that this host wrote).
      type: list
      elements: dict
      returned: when it is gathered
      sample: [{"queue_id": "4A0F9AC", "queue": "deferred", "sasl_username": "stolen@example.com", "attributed_by": "log"}]
    queue_accounts:
      description: How many messages each account has in the queue, at most O(limit) accounts.
      type: list
      elements: dict
      returned: when C(queue) is gathered
      sample: [{"sasl_username": "stolen@example.com", "messages": 2711}]
    queue_counts:
      description: How many messages are in the queue, and how many of them are attributed to an account by what.
      type: dict
      returned: when C(queue) is gathered
      sample: {"messages": 3011, "queue_file": 2700, "log": 11, "received": 0}
    trace:
      description: The lines of the message in the order of time, the first O(limit).
      type: list
      elements: dict
      returned: when it is gathered
      contains:
        time:
          description: The time in seconds since the epoch.
          type: int
          returned: always
        host:
          description: The host that the line names.
          type: str
          returned: always
        program:
          description: The program as the line names it.
          type: str
          returned: always
          sample: postfix/smtpd
        queue_id:
          description: The queue ID that the line is about; null for the lines of the SMTP session and for rejected mail.
          type: str
          returned: always
        message:
          description:
            - The number of the message, from 1. A message that gets another queue ID, and the notice about it, have a number of their
              own. It is null for lines without a queue ID.
          type: int
          returned: always
        event:
          description:
            - What the line says. It is V(accepted), V(picked_up), V(message_id), V(activated), V(delivery), V(expired), V(notice),
              V(removed), V(moved), V(restriction), V(failed_login) or V(other).
          type: str
          returned: always
        line:
          description: The line.
          type: str
          returned: always
    matched:
      description: What each rule of O(match) would have stopped, in the same order.
      type: list
      elements: dict
      returned: when there are rules in O(match)
      sample: [{"rule": {"sender": ".example.net"}, "messages": 31, "recipients": 310}]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.log_info import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
