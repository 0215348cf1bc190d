# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Which hosts of an audit are in trouble, and why, in words. Pure.

The texts hold untrusted text. The renderer escapes it.
"""

from __future__ import annotations

import json
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Report, Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.render.words import outcome_word, state_word
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.states import State
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.suggestions import LIKELY, POSSIBLE
from ansible_collections.mailops.postfix.plugins.plugin_utils._text import age, clip, one_line

# The levels of trouble, the worst first.
NO_ANSWER = "no_answer"
TROUBLE = "trouble"
NOTICE = "notice"
QUIET = "quiet"
LEVELS = (NO_ANSWER, TROUBLE, NOTICE, QUIET)

# With fewer messages, a host or a value does not stand out.
_MANY_MESSAGES = 100
# A host stands out if it has so many times the messages of the median of the other hosts.
_MANY_TIMES = 3
# A value explains a queue if it has more than such a share of its messages.
_SHARE = 0.5
_VALUE_WIDTH = 80
_PROBLEM_WIDTH = 320
_SIGNS = 6
# The words for thresholds, with the place of the value. Those of the fleet have the same names with a prefix.
_FLEET_PREFIX = "fleet_"
_THRESHOLDS: Mapping[str, str] = {
    "messages": "%s messages are in the queues",
    "oldest_age": "The oldest message is %s old",
    "growth_messages": "The queues grew by %s messages since the last audit",
    "growth_percent": "The queues grew by %s since the last audit",
    "unanswered": "%s hosts gave no answer",
}
# The words for shares, with the places of who has it and of the value.
_SHARES: Mapping[str, str] = {
    "sender_share": "The sender %s has %s of the messages",
    "account_share": "The login %s has %s of the messages",
    "client_share": "The client %s has %s of the messages",
}
# The tops that explain a queue, in this order: where its messages come from, and where they go.
_SOURCES: Mapping[str, str] = {
    "sasl_usernames": "are from the login %s",
    "senders": "are from the sender %s",
    "client_addresses": "came from the client %s",
    "recipients": "are for the recipient %s",
}
_DESTINATIONS: Mapping[str, str] = {"recipient_domains": "are for the domain %s", "reasons": "wait because of: %s"}
_NULL_SENDER = "have the null sender, as bounces have"


class HostTrouble(NamedTuple):
    """What is wrong on a host: the level, the signs of it, and what explains its messages best."""

    row: Row
    level: str
    signs: Sequence[str]
    cause: str
    messages: int | None

    @property
    def host(self) -> str:
        """The name of the host."""
        return str(self.row["host"])


def find_trouble(report: Report) -> list[HostTrouble]:
    """Return what is wrong on each host of an audit, the worst first."""
    counts = {row["host"]: _messages_of(row) for row in report["hosts"]}
    known = sorted(count for count in counts.values() if count is not None)
    found = [_trouble_of(report, row, counts[row["host"]], known) for row in report["hosts"]]
    return sorted(found, key=lambda host: (LEVELS.index(host.level), -(host.messages or 0)))


def _messages_of(row: Row) -> int | None:
    messages: int | None = ((row["facts"] or {}).get("total") or {}).get("messages")
    return messages


def _trouble_of(report: Report, row: Row, messages: int | None, known: Sequence[int]) -> HostTrouble:
    if row["state"] != State.OK.value:
        text = _value_text(row["problem"] or "", _PROBLEM_WIDTH)
        return HostTrouble(row, NO_ANSWER, [text] if text else [], state_word(row["state"]), messages)
    cause = cause_text(row)
    likely, possible = (_suggestion_signs(row, confidence) for confidence in (LIKELY, POSSIBLE))
    grave = [
        *(threshold_text(over) for over in report.get("over") or () if over.get("host") == row["host"]),
        *("%s." % text for text in (*_suspect_causes(row), *_login_signs(row))),
        *likely,
        *_size_signs(messages, known),
    ]
    slight = [*possible, *_damage_signs(row)]
    level = TROUBLE if grave else NOTICE if slight else QUIET
    return HostTrouble(row, level, [*grave, *slight][:_SIGNS], cause, messages)


def _size_signs(messages: int | None, known: Sequence[int]) -> Iterator[str]:
    """Yield that the host has many more messages than the others. known: the messages of all hosts that answered, sorted."""
    if messages is None or messages < _MANY_MESSAGES or len(known) < 2:
        return
    others = list(known)
    others.remove(messages)
    middle = others[(len(others) - 1) // 2]
    if messages > _MANY_TIMES * middle:
        figures = (format(messages, ","), format(middle, ","))
        yield "It has %s messages. Half of the other hosts have %s or fewer." % figures


def _login_signs(row: Row) -> Iterator[str]:
    """Yield that one login has most of the messages, if the log does not say more about it."""
    facts = row["facts"] or {}
    for value in _top_of(facts, "sasl_usernames")[:1]:
        if value["messages"] >= _MANY_MESSAGES and value["value"] not in (row.get("suspects") or ()):
            yield from _top_causes(facts, {"sasl_usernames": _SOURCES["sasl_usernames"]})


def _suggestion_signs(row: Row, confidence: str) -> Iterator[str]:
    count = len(_suggestions_of(row, confidence))
    if count:
        words = "look" if confidence == LIKELY else "may look"
        rules = "1 %s rule is" % confidence if count == 1 else "%d %s rules are" % (count, confidence)
        yield "Some of the messages %s like a flood. %s suggested." % (words, rules)


def _suggestions_of(row: Row, confidence: str) -> list[Mapping[str, Any]]:
    return [rule for rule in row.get("suggestions") or () if rule["confidence"] == confidence]


def _damage_signs(row: Row) -> Iterator[str]:
    damaged = ((row["facts"] or {}).get("scan") or {}).get("damaged") or ()
    if damaged:
        yield "%d queue files are damaged." % len(damaged)


def cause_text(row: Row) -> str:
    """Return what explains the messages of a host best, an empty text if nothing does. The text begins as a sentence does."""
    facts = row["facts"] or {}
    causes = (
        _suspect_causes(row),
        _top_causes(facts, _SOURCES),
        _rule_causes(row, LIKELY),
        _top_causes(facts, _DESTINATIONS),
        _rule_causes(row, POSSIBLE),
    )
    return next((text for found in causes for text in found), "")


def _suspect_causes(row: Row) -> Iterator[str]:
    counts = {value["value"]: value["messages"] for value in _top_of(row["facts"] or {}, "sasl_usernames")}
    for name in row.get("suspects") or ():
        queued = " and has %s" % _part_text(counts[name], row["facts"]) if name in counts else ""
        yield "The login %s stands out in the mail log%s" % (_value_text(name), queued)


def _top_causes(facts: Mapping[str, Any], tops: Mapping[str, str]) -> Iterator[str]:
    for name, words in tops.items():
        for value in _top_of(facts, name)[:1]:
            if value["messages"] > _SHARE * _selected(facts):
                text = _NULL_SENDER if value["value"] == "<>" else words % _value_text(value["value"])
                yield "%s %s" % (_part_text(value["messages"], facts), text)


def _rule_causes(row: Row, confidence: str) -> Iterator[str]:
    for rule in _suggestions_of(row, confidence)[:1]:
        text = " or ".join(json.dumps(part, ensure_ascii=False) for part in rule["match"])
        figures = (_part_text(int(rule["messages"]), row["facts"] or {}), confidence, _value_text(text))
        yield "%s fit the %s rule %s" % figures


def _part_text(messages: int, facts: Mapping[str, Any]) -> str:
    return "%s of %s messages" % (format(messages, ","), format(_selected(facts), ","))


def _selected(facts: Mapping[str, Any]) -> int:
    """Return how many messages the tops were counted in."""
    return int((facts.get("matched") or facts.get("total") or {}).get("messages") or 0)


def _top_of(facts: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    values: Sequence[Mapping[str, Any]] = (facts.get("top") or {}).get(name) or ()
    return values


def _value_text(value: object, width: int = _VALUE_WIDTH) -> str:
    # Only the beginning of a long text is looked at.
    return clip(one_line(str(value)[: 4 * width]), width)


def threshold_text(over: Mapping[str, Any]) -> str:
    """Return a threshold that is exceeded in words: what it is about, the value and the limit."""
    given = str(over.get("threshold"))
    name = given[len(_FLEET_PREFIX) :] if given.startswith(_FLEET_PREFIX) else given
    value, limit = (_measure_text(name, over.get(key)) for key in ("value", "limit"))
    if name in _SHARES:
        fact = _SHARES[name] % (_value_text(over.get("name") or "with the most messages"), value)
    elif name in _THRESHOLDS:
        fact = _THRESHOLDS[name] % value
    else:
        fact = "%s is %s" % (_value_text(outcome_word(name)), value)
    return "%s; the limit is %s." % (fact, limit)


def _measure_text(name: str, value: Any) -> str:
    """Return a value or a limit: an age in seconds, a percentage, a share from 0 to 1, or a number."""
    if not isinstance(value, (int, float)):
        return "-"
    if name.endswith("_age"):
        return age(int(value))
    if name.endswith("_percent"):
        return "%g%%" % round(value, 1)
    if name.endswith("_share"):
        return "%g%%" % round(100 * value, 1)
    return format(int(value) if value == int(value) else round(value, 2), ",")


def headlines(report: Report, hosts: Sequence[HostTrouble]) -> list[tuple[str, str]]:
    """Return the most important of an audit in a few sentences, each with its level. hosts: from find_trouble()."""
    found = {level: [host for host in hosts if host.level == level] for level in LEVELS}
    lines = []
    if found[NO_ANSWER]:
        lines.append((NO_ANSWER, _no_answer_text(found[NO_ANSWER], len(hosts))))
    if found[TROUBLE]:
        lines.append((TROUBLE, _trouble_text(found[TROUBLE], len(hosts))))
    lines += [(TROUBLE, "Fleet: %s" % threshold_text(over)) for over in _over_fleet(report)]
    if found[NOTICE] and not found[TROUBLE]:
        lines.append((NOTICE, "Worth a look: %s." % _names(found[NOTICE])))
    elif not lines:
        lines.append((QUIET, "No host stands out." if hosts else "No host was audited."))
    return lines


def _over_fleet(report: Report) -> list[Mapping[str, Any]]:
    return [over for over in report.get("over") or () if over.get("host") is None][:2]


def _no_answer_text(hosts: Sequence[HostTrouble], count: int) -> str:
    if len(hosts) == 1:
        return "%s gave no answer: %s." % (_value_text(hosts[0].host), hosts[0].cause)
    return "%s gave no answer: %s." % (_of_hosts(hosts, count), _names(hosts))


def _trouble_text(hosts: Sequence[HostTrouble], count: int) -> str:
    worst = hosts[0]
    why = ". ".join(part for part in ("%s messages" % format(worst.messages or 0, ","), worst.cause) if part)
    if len(hosts) == 1:
        return "%s is in trouble: %s." % (_value_text(worst.host), why)
    return "%s are in trouble. The worst is %s: %s." % (_of_hosts(hosts, count), _value_text(worst.host), why)


def _of_hosts(hosts: Sequence[HostTrouble], count: int) -> str:
    return "%s of %s hosts" % (format(len(hosts), ","), format(count, ","))


def _names(hosts: Sequence[HostTrouble], named: int = 5) -> str:
    more = len(hosts) - named
    names = ", ".join(_value_text(host.host) for host in hosts[:named])
    return names + (" and %d more" % more if more > 0 else "")
