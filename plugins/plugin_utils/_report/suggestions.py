# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""The rules that hosts suggest, merged for the fleet. Pure."""

from __future__ import annotations

import json
from typing import Any, Iterable, Mapping, Sequence

# So many suggestions of the fleet are kept.
MOST = 10


def suggestions_of(facts: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Return the rules that a host suggests, each with the number of messages that it covers; None if none were asked for."""
    found = facts.get("suggestions")
    if found is None:
        return None
    return [{name: suggestion.get(name) for name in ("match", "messages", "exact")} for suggestion in found]


def merge_suggestions(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]] | None:
    """Return the rules that hosts suggest, those that cover most messages first; None if no host was asked for any.

    A rule that several hosts suggest is one rule, with the number of hosts. exact: whether every host counted the messages.
    """
    known: Sequence[Mapping[str, Any]] = [row for row in rows if row["suggestions"] is not None]
    merged: dict[str, dict[str, Any]] = {}
    for row in known:
        for suggestion in row["suggestions"]:
            key = json.dumps(suggestion["match"], sort_keys=True)
            rule = merged.setdefault(key, {"match": suggestion["match"], "messages": 0, "hosts": 0, "exact": True})
            rule["messages"] += suggestion["messages"] or 0
            rule["hosts"] += 1
            rule["exact"] = rule["exact"] and bool(suggestion["exact"])
    return sorted(merged.values(), key=lambda rule: (-rule["messages"], -rule["hosts"]))[:MOST] if known else None
