# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options that select messages, the same for every module."""

    DOCUMENTATION = r"""
options:
  match:
    description:
      - Rules. A message is selected if any rule matches. Without any, every message in O(queues) is.
      - A rule is a mapping of criteria, all of which must match. A criterion with a list of values matches if one of them does.
      - Text is found exactly as it is written. A value in slashes, as V(/casino|pills/), is one of Python's regular expressions,
        in which case does not count unless C(i) follows the last slash.
      - "C(queue_id): exact queue IDs."
      - "C(sender), C(recipient): V(user@example.com), V(example.com) (that domain only), V(.example.com) (its subdomains),
        V(user@) (that local part anywhere), V(<>) (the null sender) or a V(/regex/), in any case."
      - "C(sasl_username): the SASL login, in any case, or a V(/regex/)."
      - "C(client_address): an IPv4 or IPv6 address or a CIDR network."
      - "C(client_name), C(helo_name): a name, V(.example.com) or a V(/regex/), in any case."
      - "C(reason): text in the delay reason, or a V(/regex/)."
      - "C(header): a mapping of header names to text or V(/regex/), with encoded words decoded."
      - "C(content): text or V(/regex/) in the message as it is stored, envelope included; what C(grep) in the spool finds."
      - "C(body): text or V(/regex/) in the decoded text parts."
      - "C(age), C(size), C(recipient_count): V(2d), V(10m), V(50) is that much or more, V(-2d) that much or less, as in
        M(ansible.builtin.find)."
      - "C(origin): V(smtp), V(local) or V(bounce) (a notice that Postfix itself made)."
    type: list
    elements: dict
    default: []
  exclude:
    description:
      - Rules like those of O(match), for messages that are left alone even if O(match) selects them.
      - A criterion on recipients protects a message if one of its pending recipients fits.
    type: list
    elements: dict
    default: []
  recipient_scope:
    description:
      - Whether C(recipient) and C(reason) must hold for V(all) recipients of a message that are still to be served, or for
        V(any) of them.
      - With V(all), a message for which they hold in part is counted as C(partial) and left alone.
    type: str
    choices: [all, any]
    default: all
"""
