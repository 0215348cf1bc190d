# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Groups and suggested rules as the page of an audit shows them: figures, charts and texts, without mark-up. Pure.

The texts hold untrusted text. The template escapes it.
"""

from __future__ import annotations

from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.charts import bar_length
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.rule_yaml import variable_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.suggestions import (
    count_text,
    evidence_texts,
    other_text,
    rules_text,
    share_text,
    trait_texts,
)
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.text import command_lines
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trial_command import trial_words
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.trouble import NOTICE, TROUBLE
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import LIKELY
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import clip, one_line

_BAR = 100.0
_RULE_WIDTH = 160


class Group(NamedTuple):
    """A group of messages: its share in words and as the length of a bar in percent, the rule for it, and what it has in common."""

    share: str
    length: float
    messages: str
    rule: str
    traits: Sequence[str]


class Suggested(NamedTuple):
    """A rule that is suggested: how sure it is, what it selects, why and why not, its YAML, and the command that tries it.

    level: the colour of the word that says how sure it is.
    """

    confidence: str
    level: str
    text: str
    reasons: Sequence[str]
    doubts: Sequence[str]
    lines: Sequence[str]
    command: Sequence[str]


def groups_shown(groups: Iterable[Mapping[str, Any]]) -> list[Group]:
    """Return the groups of a host or of the fleet as a page shows them."""
    return [_group(group) for group in groups]


def _group(group: Mapping[str, Any]) -> Group:
    share = group["share"] if isinstance(group["share"], (int, float)) else 0
    return Group(
        share=share_text(group["share"]),
        length=bar_length(round(1000 * share), 1000, _BAR),
        messages=count_text(group),
        rule=clip(one_line(rules_text(group["match"])), _RULE_WIDTH),
        traits=trait_texts(group),
    )


def suggested_rule(report: Report, host: str, rule: Mapping[str, Any]) -> Suggested:
    """Return a rule that a host suggests as a page shows it."""
    words = trial_words(report, host, rule["match"])
    return Suggested(
        confidence=rule["confidence"],
        level=TROUBLE if rule["confidence"] == LIKELY else NOTICE,
        text="%s (%s), %s" % (count_text(rule), share_text(rule["share"]), other_text(rule["other"])),
        reasons=evidence_texts(rule, "evidence_for"),
        doubts=evidence_texts(rule, "evidence_against"),
        lines=variable_lines("mailops_match", rule["match"]),
        command=[line[2:] for line in command_lines(words)] if words else [],
    )
