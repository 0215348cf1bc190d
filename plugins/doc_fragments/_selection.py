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
      - A value can be given as a result shows it. There, C(\xNN) is a byte that is not valid UTF-8 or a control character, C(\uNNNN) and
        C(\UNNNNNNNN) are characters that a terminal does not show, C(\x5c) is a backslash that would read as such an escape, and
        C(\x2f) is a slash that would start a V(/regex/). An escape always means the text itself and is never special. In YAML, write
        such a value without quotes or in single quotes.
      - A value that a result had to cut, which ends with C(…), stands for all that starts with the text before it. In C(reason),
        C(header) and C(body), it stands for all that contains it.
      - A value that can match nothing is refused, with the form that is meant. There are no wildcards outside regular expressions.
      - "C(queue_id): exact queue IDs, without the marks of C(mailq)."
      - 'C(sender), C(recipient): in any case, V(user@example.com); V(example.com) (that domain only, or an address without a domain
        that is the same text); V(.example.com) (its subdomains); V(user@) (that local part anywhere); V(<>) (the null sender); or a
        V(/regex/). What has an V(@) is an address, also V(.user@example.com). A local part in double quotes is taken as it is, as in
        V("*"@example.com). A domain matches in its Unicode form and in its ASCII form (V(xn--...)).'
      - "Refused for addresses are wildcards as in V(*@example.com), V(user@*) or V(%@example.com), V(@example.com), angle brackets, a
        display name, V(mailto:), several addresses in one text, a dot at the end, and V(MAILER-DAEMON), which is how C(mailq) shows
        the null sender."
      - 'C(sasl_username): the whole SASL login, in any case, or a V(/regex/). It is never a domain: for all logins of a domain write
        V(/@example\\.com$/).'
      - "C(client_address): an IPv4 or IPv6 address, with or without brackets and C(IPv6:), a CIDR network, or V(unknown) for a client
        without an address. An IPv6 address with a zone, as V(fe80::1%eth0), matches in that zone only."
      - "C(client_name), C(helo_name): a name, V(.example.com) for all names below it, or a V(/regex/), in any case. C(helo_name) may be
        an address in brackets."
      - "C(reason): text in the delay reason, or a V(/regex/). A reason has one line. At most 16 MiB of delay reasons of a message are
        read."
      - "C(header): a mapping of header names to text or V(/regex/), with encoded words decoded and folded lines joined. A run of blanks
        and tabs counts as one blank. The first 1 MiB of headers is searched."
      - "C(content): text or V(/regex/) in the message as it is stored, envelope included; what C(grep) in the spool finds. A
        V(/regex/) is applied to bytes, so V(\\\\xe9) in it is a byte; elsewhere it is a character. Up to 128 MiB are searched, in
        windows of 4 MiB. A match of more than 64 KiB may be missed where two windows meet."
      - "C(body): text or V(/regex/) in the decoded text parts, HTML as written. Line ends are line feeds. The first 4 MiB of a message
        are decoded, with up to 10000 parts and 300 levels of parts. An unknown character set is read as ISO 8859-1."
      - "C(age), C(size), C(recipient_count): V(2d), V(10m), V(50) is that much or more, V(-2d) that much or less, as in
        M(ansible.builtin.find). An age that no message can have is refused. At most 400000 recipients, or 40 MiB of them, are read."
      - "C(origin): V(smtp), V(local) or V(bounce) (a notice that Postfix itself made)."
      - Where one of these bounds is reached, or a queue file is damaged, a hit in what was read counts. Without a hit, the message is
        undecided; it is named in the result, and modules that act leave it alone.
      - A pattern that takes more than 5 seconds of CPU time on a message of more than 16 KiB leaves that message undecided. On a smaller
        one the run fails.
    type: list
    elements: raw
    default: []
  exclude:
    description:
      - Rules like those of O(match), for messages that are left alone even if O(match) selects them.
      - A criterion on recipients protects a message if one of its pending recipients fits.
    type: list
    elements: raw
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
