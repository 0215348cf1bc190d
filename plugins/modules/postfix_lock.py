#!/usr/bin/python
# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: postfix_lock
short_description: Stop mail of an account, client, sender, recipient or pattern for a time
version_added: 0.1.0
author: The mailops.postfix authors (@mailops)
description:
  - Stops new mail of SASL accounts, clients, senders and recipients, and mail with a pattern in a header or body. Postfix then rejects,
    holds or discards it.
  - Use it when an account was stolen, or when mail keeps coming in that you have selected and held in the queue.
  - The module writes tables to the directory C(mailops) below the instance's C(config_directory), and puts a reference to each table in
    front of C(smtpd_recipient_restrictions), C(header_checks) or C(body_checks). It does so in C(main.cf), and in every SMTP or cleanup
    service of C(master.cf) that sets the parameter itself. What the site has there keeps its order and meaning.
  - After the last lock is removed, C(main.cf) and C(master.cf) are byte for byte as they were before the first one, also if other
    lines were edited meanwhile. The directory is removed.
  - Each run removes expired locks, finishes what an interrupted run left, and restores a table or reference that somebody removed. It does
    so without O(locks) as well. Nothing removes a lock at its end by itself, so run the module from time to time.
  - When the module returns, Postfix has been reloaded and each new connection has the locks. Open sessions of locked accounts and
    clients are ended (see O(end_sessions)).
options:
  state:
    description:
      - Whether O(locks) should be there.
      - With V(absent), the locks with the same key and value as in O(locks), and those in O(ids), are removed.
    type: str
    choices: [present, absent]
    default: present
  locks:
    description:
      - What to lock or unlock. Each item is a mapping of exactly one key to one value. The values have the forms that the same criterion of a
        selection has, so that O(mailops.postfix.postfix_queue_hold#module:match) selects the same messages in the queue. By default nothing
        is locked, and the run only removes expired locks and repairs.
      - 'C(sasl_username): one SASL login, in any case. A C(/regex/) is refused, because it could lock more accounts than you mean.'
      - "C(client_address): an IPv4 or IPv6 address or a CIDR network."
      - 'C(sender), C(recipient): V(user@example.com), V(example.com) (that domain only), V(.example.com) (its subdomains), V(user@) (that
        local part anywhere) or a V(/regex/); for C(sender) also V(<>). Postfix compares the address after it has completed it with
        its own domain.'
      - "C(header): a mapping of one header name to text or a V(/regex/). Postfix compares a header as it is sent, so encoded words are not
        decoded. As C(header_checks) does, it also tries the headers of attachments and attached messages, except where
        C(mime_header_checks) or C(nested_header_checks) is set."
      - "C(body): text or a V(/regex/) in one line of the body as it is sent. Text in base64 or quoted-printable is not decoded."
      - A V(/regex/) is case-insensitive; append C(i) for case-sensitive. Text is found exactly as it is written. If the host has no C(pcre)
        tables, a regular expression that POSIX does not know is refused.
    type: list
    elements: raw
    default: []
  ids:
    description:
      - IDs of locks to remove. Only with O(state=absent). An ID that does not exist is ignored.
    type: list
    elements: str
    default: []
  action:
    description:
      - What Postfix does with the mail. V(reject) refuses it, V(hold) puts it on hold, and V(discard) accepts and deletes it.
      - If several locks of the same key fit, the strictest counts (V(reject), then V(discard), then V(hold)).
      - If a service has C(smtpd_proxy_filter), only V(reject) is possible, except for C(header) and C(body).
    type: str
    choices: [reject, discard, hold]
    default: reject
  text:
    description:
      - The text of the rejection, in one line of at most 200 characters. For V(hold) and V(discard) it is shown in the mail log.
      - By default Postfix says that access is denied.
    type: str
  expires:
    description:
      - When the lock ends. An age from now, such as V(30m), V(12h) or V(2d), a time such as V(2026-12-01T08:00:00Z), or seconds since the
        epoch. A time without a zone is local time of the host.
      - The same text again does not move the end of a lock. By default a lock has no end.
    type: str
  reason:
    description:
      - Why this is done, in one line of at most 200 characters. The lock and the mail log keep it.
      - By default no reason is given.
    type: str
  never:
    description:
      - What must never be locked. Each item is an account or address, a domain, or a network. C(*) in an account, address or domain stands
        for any text, and C(?) for one character; case does not count.
      - A lock that could stop something protected is refused, and nothing is changed. V(example.com) protects all accounts and
        addresses of that domain, V(boss@example.com) also forbids to lock the sender V(example.com), and V(192.0.2.7) also forbids to lock
        V(192.0.2.0/24). A V(/regex/) in O(locks) is tried on each item, with C(x) in place of each wildcard. Locks of C(header) and
        C(body) are not checked.
      - By default nothing is protected.
    type: list
    elements: str
    default: []
  end_sessions:
    description:
      - Whether to end the SMTP sessions of locked accounts and clients that are open now. A session that began before the lock has the old
        restrictions until its client leaves.
      - The module finds them by the mail log, and ends only SMTP server processes of this instance.
      - Postfix logs the account of a session at its first message, not at the login. Sessions without a message so far are counted in
        RV(unknown_sessions). Run the module again until that is 0.
      - A session that the mail log does not have is counted there as well, and the module returns a warning.
    type: bool
    default: true
  files:
    description:
      - The files of the mail log on the host, for O(end_sessions). Each is an absolute path or a pattern such as V(/var/log/mail.log*).
      - By default, they are found as in M(mailops.postfix.postfix_log_info).
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - mailops.postfix._instance
  - mailops.postfix._attributes
  - mailops.postfix._attributes.change
seealso:
  - module: mailops.postfix.postfix_lock_info
  - module: mailops.postfix.postfix_queue_hold
    description: Puts the messages on hold that are in the queue already.
notes:
  - The module needs root.
  - Mail that local users submit with C(sendmail) does not pass the SMTP server. Only locks of C(header) and C(body) stop it. The same is
    true of mail to C(postmaster) without a domain, which Postfix always accepts.
  - A lock stops the name that the client sends. C(saslauthd) without C(-r) asks PAM and the like for the name before the C(@) only, so the
    password of C(stolen) also works for C(stolen@x), and this is another name for Postfix. The module returns a warning then. Change the
    password or refuse the login as well.
  - The password of a locked account still works for other services, such as IMAP. RV(caches) names what may still know an old password
    after you have changed it.
  - Where a content filter gives mail back to an SMTP service of the same instance, locks are checked there again. Mail that was accepted
    before the lock is then rejected on its way back, and returned to its sender. Hold or delete such mail first.
  - A lock of a sender or recipient does not reach SMTP sessions that are open already, because it is not known whose mail they will send. It
    is complete when these sessions have ended. Locks of headers and bodies reach them.
  - If a line of a header or body fits a lock, the site's own C(header_checks) and C(body_checks) are not asked about that line.
"""

EXAMPLES = r"""
- name: Lock a stolen account for two days
  mailops.postfix.postfix_lock:
    locks:
      - sasl_username: stolen@example.com
    text: This account is locked. Call the help desk.
    expires: 2d
    reason: ticket 4711
  become: true

- name: Hold what comes from a network, and mail with a pattern in the subject, for an hour
  mailops.postfix.postfix_lock:
    locks:
      - client_address: 192.0.2.0/24
      - header: {Subject: /you have won/}
    action: hold
    expires: 1h
    never: [198.51.100.0/24, "*@example.com"]
  become: true

- name: Show what a lock of a sender would change
  mailops.postfix.postfix_lock:
    locks:
      - sender: example.net
  become: true
  check_mode: true
  diff: true

- name: Unlock the account
  mailops.postfix.postfix_lock:
    state: absent
    locks:
      - sasl_username: stolen@example.com
  become: true

- name: Remove locks that have expired
  mailops.postfix.postfix_lock:
  become: true
"""

RETURN = r"""
locks:
  description:
    - The locks in force after the run, in order of their IDs. If they take more than 10 KiB, the last ones are left out.
    - C(created) and C(expires) are in seconds since the epoch. C(expires) is null for a lock without an end.
    - A lock's ID is made from its key and value, so it is the same on every host and in every run.
  returned: success
  type: list
  elements: dict
  sample:
    - id: sasl_username-5a2e6f31
      key: sasl_username
      value: stolen@example.com
      action: reject
      text: This account is locked. Call the help desk.
      reason: ticket 4711
      created: 1795171149
      created_by: ops
      expires: 1795343949
left_out:
  description: How many locks RV(locks) leaves out. M(mailops.postfix.postfix_lock_info) lists more of them.
  returned: success
  type: int
  sample: 0
added:
  description: New locks, in the form of RV(locks), as far as they fit into 10 KiB.
  returned: success
  type: list
  elements: dict
  sample: []
updated:
  description: Locks that got another action, text or end, as they are now.
  returned: success
  type: list
  elements: dict
  sample: []
removed:
  description: Locks that were removed because of O(state=absent).
  returned: success
  type: list
  elements: dict
  sample: []
expired:
  description: Locks that were removed because they had expired.
  returned: success
  type: list
  elements: dict
  sample: []
sessions:
  description:
    - The sessions of locked accounts and clients that were open, at most 100. C(pid) is the process of the SMTP server. C(outcome) is
      C(ended), C(gone) (its client had left) or C(failed). In check mode it is C(ended) for each that would be ended.
  returned: success
  type: list
  elements: dict
  sample:
    - pid: 4711
      sasl_username: stolen@example.com
      client_address: 192.0.2.7
      outcome: ended
unknown_sessions:
  description:
    - How many sessions began before the locks and have sent no message so far, or are not in the mail log, so that their account is not
      known.
  returned: success
  type: int
  sample: 0
caches:
  description:
    - Caches of logins that the configuration of the SMTP services uses, with the accounts that this run has locked or unlocked, or whose lock
      has expired. A cache may still accept the old password, or refuse the new one.
    - For C(saslauthd), restart that service. For C(dovecot), run C(doveadm auth cache flush) with each account.
  returned: success
  type: list
  elements: dict
  sample:
    - cache: saslauthd
      sasl_usernames: [stolen@example.com]
reloaded:
  description: Whether Postfix was reloaded. If Postfix does not run, the locks are in force when it starts.
  returned: success
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailops.postfix.plugins.module_utils._module._entry import run
from ansible_collections.mailops.postfix.plugins.module_utils._module._options import INSTANCE_EXCLUSIVE
from ansible_collections.mailops.postfix.plugins.module_utils._module.lock import ARGUMENTS, run_module


def main() -> None:
    """Run the module."""
    run(
        AnsibleModule(argument_spec=ARGUMENTS, mutually_exclusive=[INSTANCE_EXCLUSIVE], supports_check_mode=True),
        run_module,
    )


if __name__ == "__main__":
    main()
