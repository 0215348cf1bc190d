# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""Deferral reasons of several servers and recipients that mean the same, as one. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Iterable, Mapping, NamedTuple

# What differs from server to server and from message to message (src/smtp/smtp_proto.c, smtp_connect.c and smtp_addr.c).
_VARIABLE = (
    (re.compile(r"^host \S+ said: "), ""),
    (re.compile(r"\S+\[[0-9A-Fa-f.:]+\](:\d+)?"), "[server]"),
    (re.compile(r"<[^<> ]*@[^<> ]*>"), "<address>"),
    (re.compile(r"(name=)\S+"), r"\1[name]"),
)
# A longer reason is compared by its beginning. The modules return no longer ones.
_LONGEST = 512


class ReasonGroup(NamedTuple):
    """Reasons that are the same but for names and addresses. hosts: on how many hosts. variants: how many different texts."""

    value: str
    messages: int
    hosts: int
    variants: int


def group_reasons(tops: Iterable[Iterable[Mapping[str, Any]]]) -> list[ReasonGroup]:
    """Return the reasons of hosts in groups, the most frequent first. tops: the most frequent reasons of each host."""
    messages: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    variants: dict[str, set[str]] = {}
    for top in tops:
        here = set()
        for value in top:
            key = common_text(str(value["value"]))
            messages[key] += int(value["messages"])
            variants.setdefault(key, set()).add(str(value["value"]))
            here.add(key)
        hosts.update(here)
    return [ReasonGroup(text, count, hosts[text], len(variants[text])) for text, count in messages.most_common()]


def common_text(reason: str) -> str:
    """Return a reason on one line, without what differs from server to server and from message to message."""
    text = " ".join(reason[:_LONGEST].split())
    for pattern, replacement in _VARIABLE:
        text = pattern.sub(replacement, text)
    return text
