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
      - A list of rules. A message is selected if one of the rules holds. Without rules, every message in O(queues) is selected.
      - A rule is a mapping of criteria and operators. All of them must hold. A criterion with a list of values holds if one of the values
        fits.
      - Text is found exactly as it is written. A value between slashes, such as V(/casino|pills/), is one of Python's regular expressions. It
        is case-insensitive; append C(i) for case-sensitive.
      - A value can be written as a result shows it. There, C(\xNN) is a byte that is not valid UTF-8 or a control character, C(\uNNNN) and
        C(\UNNNNNNNN) are characters that a terminal does not show, C(\x5c) is a backslash that would read as such an escape, and
        C(\x2f) is a slash that would start a V(/regex/). An escape always means the text itself and is never special. In YAML, write
        such a value without quotes or in single quotes.
      - A value that a result had to cut, which ends with C(…), fits everything that starts with the text before it. In C(reason),
        C(header) and C(body), it fits everything that contains it.
      - A value that can match nothing is refused, and the error says what to write. There are no wildcards outside regular expressions.
      - "C(queue_id): exact queue IDs, without the marks of C(mailq)."
      - 'C(sender), C(recipient): in any case, V(user@example.com); V(example.com) (that domain only, or an address without a domain
        that is the same text); V(.example.com) (its subdomains); V(user@) (that local part anywhere); V(<>) (the null sender); or a
        V(/regex/). A value with V(@) is an address, also V(.user@example.com). A local part in double quotes is taken as it is, as in
        V("*"@example.com). A domain matches in its Unicode form and in its ASCII form (V(xn--...)).'
      - "Refused for addresses are wildcards such as V(*@example.com), V(user@*) or V(%@example.com), V(@example.com), angle brackets, a
        display name, V(mailto:), several addresses in one text, a dot at the end, and V(MAILER-DAEMON), which is how C(mailq) shows
        the null sender."
      - 'C(sasl_username): the whole SASL login, in any case, or a V(/regex/). It is never a domain: for all logins of a domain write
        V(/@example\\.com$/).'
      - "C(client_address): an IPv4 or IPv6 address, with or without brackets and C(IPv6:), a CIDR network, or V(unknown) for a client
        without an address. An IPv6 address with a zone, such as V(fe80::1%eth0), matches in that zone only."
      - "C(client_name), C(helo_name): a name, V(.example.com) for all names below it, or a V(/regex/), in any case. C(helo_name) may be
        an address in brackets."
      - "C(reason): text in the delay reason, or a V(/regex/). A reason has one line. At most 16 MiB of delay reasons of a message are
        read."
      - "C(header): a mapping of header names to text or V(/regex/), with encoded words decoded and folded lines joined. A run of blanks
        and tabs counts as one blank. The first 1 MiB of headers is searched."
      - "C(message_id): the whole Message-ID of a message, case-sensitive, with or without the angle brackets, or a V(/regex/) that is
        applied without the angle brackets. The mail log shows it as C(message-id=<...>). A message without a Message-ID does not match.
        The first 1 MiB of headers is searched."
      - "C(content): text or V(/regex/) in the message as it is stored, envelope included, as C(grep) would find it. A
        V(/regex/) is applied to bytes, so V(\\\\xe9) in it is a byte; elsewhere it is a character. Up to 128 MiB are searched, in
        windows of 4 MiB. A match of more than 64 KiB may be missed at the border of two windows."
      - "C(body): text or V(/regex/) in the decoded text parts, HTML as written. Line ends are line feeds. The first 4 MiB of a message
        are decoded, with up to 10000 parts and 300 levels of parts. An unknown character set is read as ISO 8859-1."
      - "C(age): V(2d) is 2 days or older; V(-2d) is 2 days or newer, as in M(ansible.builtin.find). An age that no message can have is
        refused."
      - "C(size), C(recipient_count): V(10m) is 10 MiB or more, V(50) is 50 or more; V(-10m) is 10 MiB or less, V(-50) is 50 or less. At
        most 400000 recipients, or 40 MiB of them, are read."
      - "C(origin): V(smtp), V(local) or V(bounce) (a notice that Postfix itself made)."
      - "C(all): a list of rules, all of which must hold. V({all: [{content: casino}, {content: pills}]}) selects messages that contain both
        texts."
      - "C(any): a list of rules, one of which must hold. V({sender: example.com, any: [{content: casino}, {size: 1m}]}) selects messages of
        that sender that contain the text or are large."
      - "C(not): a rule that must not hold. V({sender: example.com, not: {content: unsubscribe}}) selects messages of that sender that do
        not contain the text."
      - "C(at_least): how many rules of a list must hold. V({at_least: {number: 2, of: [{content: casino}, {content: pills}, {body: /free
        money/}]}}) selects messages for which at least two of the three rules hold."
      - The rules of an operator can have operators too, in at most 8 levels. A selection can have at most 1000 rules and criteria within
        rules. An error in a rule names its place, such as C(match[0].all[1].content).
      - C(docs/rules.md) of the collection explains operators with examples, and what C(not) means for C(recipient) and C(reason).
      - If one of the bounds above is reached, or a queue file is damaged, a hit in what was read counts. Without a hit, the message is
        undecided. The result names it, and modules that act do not touch it.
      - If a pattern takes more than 5 seconds of CPU time on a message of more than 16 KiB, that message is undecided. On a smaller
        message the run fails.
    type: list
    elements: raw
    default: []
  exclude:
    description:
      - A list of rules as in O(match). A message for which one of them holds is not selected, even if O(match) selects it.
      - A rule with C(recipient) or C(reason) protects a message if it holds for at least one of the pending recipients.
    type: list
    elements: raw
    default: []
  recipient_scope:
    description:
      - Whether a rule of O(match) with C(recipient) or C(reason) must hold for V(all) pending recipients of a message or for V(any) of
        them.
      - With V(all), a message for which a rule holds for some recipients only is counted as C(partial) and is not selected.
    type: str
    choices: [all, any]
    default: all
"""
