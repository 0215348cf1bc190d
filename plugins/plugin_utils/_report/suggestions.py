# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What the queues of hosts consist of, and the rules that they suggest, merged for the fleet. Pure."""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Sequence, Tuple

# So many groups and suggestions of a host, and of the fleet, are kept.
MOST = 10
# So many traits of a group, and pieces of evidence of a suggestion, are kept.
_MOST_TRAITS = 8
_MOST_EVIDENCE = 10
# How sure a suggestion is.
LIKELY = "likely"
POSSIBLE = "possible"

# The name of a host, and what it found.
_Found = Tuple[str, Mapping[str, Any]]


def groups_of(facts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the groups that the messages of a host consist of, each with the rule for it; None if none were asked for."""
    found = facts.get("groups")
    return None if found is None else [{**_rule_of(group), "traits": _traits_of(group)} for group in found[:MOST]]


def suggestions_of(facts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rules that a host suggests, each with how sure it is and why; None if none were asked for."""
    found = facts.get("suggestions")
    return None if found is None else [{**_rule_of(rule), **_confidence_of(rule)} for rule in found[:MOST]]


def _rule_of(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "match": list(found.get("match") or ()),
        "messages": found.get("messages") or 0,
        "exact": bool(found.get("exact")),
        "share": found.get("share"),
        "other": _other_of(found.get("other")),
    }


def _other_of(other: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return how much other mail a rule selects, None if that is not known."""
    if not other or other.get("at_most") is None:
        return None
    share, at_most = other.get("share") or 0, other["at_most"]
    return {"share": share, "at_most": at_most, "counted": bool(other.get("counted"))}


def _traits_of(group: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = ("trait", "value", "share", "elsewhere")
    return [{name: trait.get(name) for name in names} for trait in (group.get("traits") or ())[:_MOST_TRAITS]]


def _confidence_of(rule: Mapping[str, Any]) -> dict[str, Any]:
    evidence = {
        name: [str(text) for text in (rule.get(name) or ())[:_MOST_EVIDENCE]]
        for name in ("evidence_for", "evidence_against")
    }
    return {"confidence": LIKELY if rule.get("confidence") == LIKELY else POSSIBLE, **evidence}


# --- the fleet ------------------------------------------------------------------------------------------------------


def merge_groups(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the groups of the fleet, the largest first; None if no host was asked for any.

    Groups with the same rule are one group, with the traits that it has on the host with most of it. share: of the selected messages of
    all hosts that were asked.
    """
    known = [row for row in rows if row["groups"] is not None]
    selected = sum((row["facts"].get("matched") or {}).get("messages") or 0 for row in known)
    merged = []
    for found in _by_rule(known, "groups"):
        group = _add_up(found)
        share = round(min(1, group["messages"] / selected), 4) if selected else None
        merged.append({**group, "share": share, "traits": _most_of(found)[1]["traits"]})
    return sorted(merged, key=lambda group: (-group["messages"], -group["hosts"]))[:MOST] if known else None


def merge_suggestions(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the rules that hosts suggest, the likely ones first, then those with most messages; None if no host was asked for any.

    A rule that several hosts suggest is one rule. It is likely if it is likely on any of them. Its evidence is that of the surest host,
    of several the one with most messages.
    """
    known = [row for row in rows if row["suggestions"] is not None]
    merged = []
    for found in _by_rule(known, "suggestions"):
        _host, surest = _most_of([pair for pair in found if pair[1]["confidence"] == LIKELY] or found)
        reasons = {name: surest[name] for name in ("confidence", "evidence_for", "evidence_against")}
        merged.append({**_add_up(found), **reasons})
    ordered = sorted(merged, key=lambda rule: (rule["confidence"] != LIKELY, -rule["messages"], -rule["hosts"]))
    return ordered[:MOST] if known else None


def _by_rule(rows: Iterable[Mapping[str, Any]], name: str) -> list[list[_Found]]:
    """Return what hosts found, one list for each rule."""
    found: dict[str, list[_Found]] = {}
    for row in rows:
        for rule in row[name]:
            found.setdefault(json.dumps(rule["match"], sort_keys=True), []).append((row["host"], rule))
    return list(found.values())


def _most_of(found: Sequence[_Found]) -> _Found:
    """Return the host with most messages, and what it found."""
    return max(found, key=lambda pair: int(pair[1]["messages"]))


def _add_up(found: Sequence[_Found]) -> dict[str, Any]:
    """Return what all hosts found of a rule.

    hosts: how many there are. host: that with most messages. exact: whether all counted the messages. other: the most other mail that
    the rule selects on any of them.
    """
    host, most = _most_of(found)
    return {
        "match": most["match"],
        "messages": sum(rule["messages"] for _host, rule in found),
        "exact": all(rule["exact"] for _host, rule in found),
        "hosts": len(found),
        "host": host,
        "other": _most_other([rule["other"] for _host, rule in found]),
    }


def _most_other(others: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    known = [other for other in others if other is not None]
    if len(known) < len(others):
        return None
    most = {name: max(other[name] for other in known) for name in ("share", "at_most")}
    return {**most, "counted": all(other["counted"] for other in known)}
