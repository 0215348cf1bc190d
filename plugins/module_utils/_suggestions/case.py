# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""A group of messages and the rest of the queue, and what they consist of: what the evidence asks."""

from __future__ import annotations

from collections import Counter
from math import exp, log
from typing import Any, Callable, Mapping, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.background import organisation
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import CONTENT_FAMILIES, FIELDS
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.groups import Binding
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import (
    Traits,
    is_common_path,
    organisations_of,
)

# A trait that so much of a group has is one of the group.
MOST = 0.7
# So many different names are many; a name that occurs less often than others counts as less than one.
MANY = 4.0
NEARLY_ALL = 0.9


class Crowd:
    """Some messages, and how their traits are spread."""

    def __init__(self, members: Sequence[Traits]) -> None:
        self.members = members

    def share(self, holds: Callable[[Traits], Any]) -> float:
        """Return the share of messages for which something holds."""
        return sum(bool(holds(traits)) for traits in self.members) / max(1, len(self.members))

    def counted(self, value_of: Callable[[Traits], Any]) -> Counter[Any]:
        """Return how many messages have each value."""
        values = (value_of(traits) for traits in self.members)
        return Counter(value for value in values if value is not None)

    def most(self, value_of: Callable[[Traits], Any]) -> tuple[Any, float]:
        """Return the most frequent value, and its share of all messages; None and 0 if there is none."""
        counted = self.counted(value_of)
        if not counted:
            return None, 0.0
        # Of equally frequent values the first in alphabetical order: the order of a queue directory must not matter.
        value, number = min(counted.items(), key=lambda item: (-item[1], str(item[0])))
        return value, number / len(self.members)

    def effective(self, value_of: Callable[[Traits], Any]) -> float:
        """Return how many values there are, weighted by how often each occurs (the exponential of the entropy: Hill, 1973)."""
        counts = self.counted(value_of).values()
        whole = sum(counts)
        return exp(-sum(count / whole * log(count / whole) for count in sorted(counts))) if whole else 0.0

    def distinct(self, value_of: Callable[[Traits], Any]) -> int:
        """Return how many different values there are."""
        return len(self.counted(value_of))

    def quantile(self, number_of: Callable[[Traits], int], part: float) -> int:
        """Return a quantile of a number. part: 0.5 for the median."""
        ordered = sorted(map(number_of, self.members)) or [0]
        return ordered[int(part * (len(ordered) - 1))]

    def window(self) -> tuple[int, int]:
        """Return the shortest time in which 80% of the messages arrived: its first second, and its length in seconds."""
        times = sorted(traits.arrival for traits in self.members if traits.arrival)
        if not times:
            return 0, 0
        number = max(1, (len(times) * 4 + 4) // 5)
        seconds, start = min((times[at + number - 1] - times[at], times[at]) for at in range(len(times) - number + 1))
        return start, seconds


def sender_of(traits: Traits) -> str | None:
    """Return the sender."""
    return traits.sender


def sender_organisation(traits: Traits) -> str | None:
    """Return the organisation of the sender."""
    return traits.sender_organisation


def login_of(traits: Traits) -> str | None:
    """Return the login."""
    return traits.login


def wide_network(traits: Traits) -> str | None:
    """Return the widest network of the client."""
    return traits.networks[-1] if traits.networks else None


class Case:
    """A group, the rest of the queue, and what binds the group."""

    def __init__(self, group: Crowd, rest: Crowd, bindings: Mapping[str, Binding]) -> None:
        self.group = group
        self.rest = rest
        self.bindings = bindings
        self.size = len(group.members)

    def has(self, family: str, share: float = MOST) -> bool:
        """Return whether a family binds so much of the group."""
        return family in self.bindings and self.bindings[family].share >= share

    @property
    def content(self) -> list[str]:
        """The families of content that bind most of the group, without what unrelated senders have in common."""
        return [family for family in CONTENT_FAMILIES if self.has(family) and not self._is_common(family)]

    @property
    def is_one_content(self) -> bool:
        """Whether the group has one content: one value that most messages have, or several variants in two families."""
        families = self.content
        if families == ["text"] and self.text_in_common < 0.5:
            return False
        return len(families) > 1 or any(self.bindings[family].first_share >= 0.5 for family in families)

    @property
    def is_written_alike(self) -> bool:
        """The same, or variants in one family of messages that one client or login sent."""
        one_place = any(self.has(family) and len(self.bindings[family].values) == 1 for family in ("client", "login"))
        return self.is_one_content or (bool(self.content) and self.content != ["text"] and one_place)

    def _is_common(self, family: str) -> bool:
        if family == "subject":
            return self.bindings[family].is_common
        if family == "link" and self.names_own_site >= 0.3:
            return self.bindings[family].field != "url_path" or all(map(is_common_path, self.bindings[family].values))
        # A signature or a disclaimer is a small part of each text.
        return family == "text" and self.text_in_common < 0.25

    @property
    def text_in_common(self) -> float:
        """The share of a text that a tenth of the group or more has, too: the median of all texts."""
        counted = Counter(piece for traits in self.group.members for piece in traits.text_pieces)
        shared = {piece for piece, number in counted.items() if number >= max(2.0, 0.1 * self.size)}
        shares = sorted(
            len(traits.text_pieces & shared) / len(traits.text_pieces)
            for traits in self.group.members
            if traits.text_pieces
        )
        return shares[len(shares) // 2] if shares else 0.0

    @property
    def login(self) -> str | None:
        """The one login of nearly all messages."""
        login, share = self.group.most(login_of)
        return login if share >= NEARLY_ALL else None

    @property
    def is_null(self) -> bool:
        """Whether nearly all messages are from the null sender."""
        return self.group.share(lambda traits: traits.is_null) >= NEARLY_ALL

    @property
    def has_many_names(self) -> bool:
        """Whether the senders belong to many unrelated organisations."""
        if self.is_null or self.group.share(lambda traits: traits.is_rewritten) > 0.5:
            return False
        return self._is_spread(sender_organisation)

    @property
    def has_many_writers(self) -> bool:
        """Whether the messages have many senders or logins, which may be at the same providers."""
        return not self.is_null and (self._is_spread(sender_of) or self._is_spread(login_of))

    def _is_spread(self, value_of: Callable[[Traits], Any]) -> bool:
        _name, share = self.group.most(value_of)
        return self.group.effective(value_of) >= MANY and share <= 0.5

    def is_shared(self, family: str, value_of: Callable[[Traits], Any]) -> bool:
        """Return whether each of the values of a family is of many names, so that these are not several senders with a text each."""
        found = self.bindings[family]
        values_of = FIELDS[found.field].values
        spread = 0
        for value in found.values:
            having = Crowd([traits for traits in self.group.members if value in values_of(traits)])
            _name, share = having.most(value_of)
            if len(having.members) > 1 and share <= 0.6:
                spread += len(having.members)
        return spread >= MOST * self.size

    @property
    def names_own_site(self) -> float:
        """The share of the messages with links whose links lead to the organisation of the sender, the login or the client."""
        linking = Crowd([traits for traits in self.group.members if traits.hosts])
        return linking.share(lambda traits: organisations_of(traits.hosts) & traits.own_organisations)

    @property
    def names_foreign_site(self) -> float:
        """The share of the messages with a link to somebody who is not the sender, and to whom next to no other mail has one."""
        counted = Counter(host for traits in self.rest.members for host in traits.hosts)
        usual = {host for host, number in counted.items() if number > 0.02 * len(self.rest.members)}
        return self.group.share(lambda traits: _foreign_hosts(traits) - usual)

    @property
    def has_one_name(self) -> bool:
        """Whether one sender, login or organisation writes most messages."""
        several = (sender_of, login_of, sender_organisation)
        return any(self.group.most(value_of)[1] >= MOST for value_of in several)

    @property
    def links(self) -> float:
        """The share of messages with a link."""
        return self.group.share(lambda traits: traits.hosts)


def _foreign_hosts(traits: Traits) -> set[str]:
    return {host for host in traits.hosts if organisation(host) not in traits.own_organisations}
