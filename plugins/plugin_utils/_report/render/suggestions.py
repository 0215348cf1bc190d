# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Groups and suggested rules, in words, as sections of a report and as a file of variables. Pure."""

from __future__ import annotations

import json
import math
from typing import Any, Iterator, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.document import Item, Section
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trial_command import trial_words
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import time_text
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import LIKELY
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import clip, one_line

# What the messages of a group have in common, in words.
TRAITS: Mapping[str, str] = {
    "sasl_username": "login",
    "sender": "sender",
    "sender_domain": "sender domain",
    "client_address": "client",
    "client_name": "client name",
    "helo_name": "HELO name",
    "recipient": "recipient",
    "recipient_domain": "recipient domain",
    "null_sender": "null sender",
    "origin": "origin",
    "subject": "subject",
    "url_host": "host in URLs",
    "url_path": "path in URLs",
    "text": "text",
    "header": "header",
    "reason": "reason",
    "size": "size",
    "arrival": "arrival",
}
# So many of them have a word.
_TRAITS_NAMED = 4
_TRAIT_WIDTH = 60
_RULE_WIDTH = 1000
_EVIDENCE_NAMED = 5
_EVIDENCE_WIDTH = 200


# --- words ----------------------------------------------------------------------------------------------------------


def count_text(found: Mapping[str, Any]) -> str:
    """Return how many messages a rule selects, and on how many hosts if it is one of the fleet."""
    messages = int(found["messages"])
    about = "" if found["exact"] else "about "
    text = "%s%s message%s" % (about, format(messages, ","), "" if messages == 1 else "s")
    hosts = found.get("hosts")
    return text if hosts is None else "%s on %d host%s" % (text, hosts, "" if hosts == 1 else "s")


def share_text(share: object) -> str:
    """Return a share from 0 to 1 in percent, C(-) for what is none."""
    return "%g%%" % round(100 * share, 1) if isinstance(share, (int, float)) else "-"


def other_text(other: Mapping[str, Any] | None) -> str:
    """Return how much other mail a rule selects. The bound is rounded up."""
    if other is None:
        return "how much other mail it selects is not known"
    if other["counted"]:
        return "selects %s other mail" % (share_text(other["at_most"]) if other["at_most"] else "no")
    # Without the rounding, 0.07 would be above 7%.
    return "selects at most %g%% other mail" % (math.ceil(round(1000 * other["at_most"], 6)) / 10)


def trait_text(trait: Mapping[str, Any]) -> str:
    """Return what messages of a group have in common: what it is, and its share among them and among all other messages."""
    name, value = (_short(trait.get(key), _TRAIT_WIDTH) for key in ("trait", "value"))
    shares = "%s, elsewhere %s" % (share_text(trait.get("share")), share_text(trait.get("elsewhere")))
    return "%s (%s)" % (" ".join((TRAITS.get(name, name), value)).rstrip(), shares)


def trait_texts(group: Mapping[str, Any]) -> list[str]:
    """Return the first traits of a group in words."""
    return [trait_text(trait) for trait in group["traits"][:_TRAITS_NAMED]]


def evidence_texts(suggestion: Mapping[str, Any], name: str) -> list[str]:
    """Return the first pieces of evidence, each on one line. name: C(evidence_for) or C(evidence_against)."""
    return [_short(text, _EVIDENCE_WIDTH) for text in suggestion[name][:_EVIDENCE_NAMED]]


def rules_text(rules: Sequence[Mapping[str, Any]]) -> str:
    """Return rules on one line, as JSON."""
    return clip(" or ".join(json.dumps(rule, ensure_ascii=False) for rule in rules), _RULE_WIDTH)


def _short(value: object, width: int) -> str:
    # Only the beginning of a long text is looked at.
    return clip(one_line(str("" if value is None else value)[: 4 * width]), width)


def _evidence_lines(suggestion: Mapping[str, Any]) -> list[str]:
    """Return what speaks for a suggestion, and what against it."""
    return [
        "%s: %s" % (label, "; ".join(evidence_texts(suggestion, name)) or "nothing")
        for label, name in (("for", "evidence_for"), ("against", "evidence_against"))
    ]


# --- sections -------------------------------------------------------------------------------------------------------


def group_section(report: Report) -> Section:
    """Return the groups that the mail of the fleet consists of, innocent or not, each with the rule for it."""
    items = []
    for group in report["fleet"].get("groups") or ():
        traits = trait_texts(group)
        more = [rules_text(group["match"]), *(["in common: %s" % "; ".join(traits)] if traits else [])]
        items.append(Item(share_text(group["share"]), count_text(group), more))
    return Section("What the queues consist of", items)


def suggestion_section(report: Report) -> Section:
    """Return the suggested rules of the fleet, each with how sure it is, why, and the command that tries it."""
    suggestions = report["fleet"].get("suggestions")
    items = []
    if suggestions is not None and not suggestions:
        items.append(Item("none", "nothing looks like a flood"))
    for suggestion in suggestions or ():
        more = [rules_text(suggestion["match"]), *_evidence_lines(suggestion)]
        command = trial_words(report, suggestion["host"], suggestion["match"])
        items.append(Item(suggestion["confidence"], _summary_of(suggestion), more, command))
    return Section("Suggested rules", items)


def _summary_of(suggestion: Mapping[str, Any]) -> str:
    return "%s, %s" % (count_text(suggestion), other_text(suggestion["other"]))


# --- the file of variables ------------------------------------------------------------------------------------------


def rules_file(report: Report) -> str:
    """Return a file of variables with the suggested rules, for an operator to try, shorten and approve; empty if there are none.

    Those that are only possible are comments. See variable_lines() for what the texts of strangers may hold.
    """
    suggestions = report["fleet"].get("suggestions")
    if not suggestions:
        return ""
    is_empty = not any(suggestion["confidence"] == LIKELY for suggestion in suggestions)
    lines = [
        "---",
        "# The rules that the audit of %s suggests. They can be wrong. Delete each rule that you do not want,"
        % time_text(report["created"]),
        "# and try the others: run the playbook mailops.postfix.audit with this file.",
        "# A rule that is only possible is a comment. To use it, delete the number sign and one blank in its lines%s."
        % (", and the [] below" if is_empty else ""),
        "mailops_match: []" if is_empty else "mailops_match:",
        *(line for suggestion in suggestions for line in _rule_lines(suggestion)),
        "mailops_exclude: []",
    ]
    return "\n".join(lines) + "\n"


def _rule_lines(suggestion: Mapping[str, Any]) -> Iterator[str]:
    yield "  # %s: %s" % (suggestion["confidence"], _summary_of(suggestion))
    yield from ("  # %s" % line for line in _evidence_lines(suggestion))
    _name, *lines = variable_lines("mailops_match", suggestion["match"])
    is_likely = suggestion["confidence"] == LIKELY
    yield from lines if is_likely else ("  # %s" % line[2:] for line in lines)
