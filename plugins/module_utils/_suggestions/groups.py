# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""The groups that a queue consists of: messages that several independent fields bind together.

A value binds messages as far as it is more frequent among them than among the rest of this queue (contrast sets: Bay and Pazzani,
Detecting group differences, 2001). The bits that it saves are what its frequency in the group tells beyond its frequency in the rest
(minimum description length: Vreeken, van Leeuwen and Siebes, Krimp: mining itemsets that compress, 2011). A value that many unrelated
messages have in proportion saves nothing.

A group starts with the value whose messages save most bits in other families. Then each message is asked, with the weights of naive
Bayes, whether the values of all families speak for the group, and the group is formed again, a few times.
"""

from __future__ import annotations

from collections import defaultdict
from math import log2, sqrt
from typing import Any, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.fields import FIELDS, RANK
from ansible_collections.mailops.postfix.plugins.module_utils._suggestions.traits import Traits

MAX_GROUPS = 20
# The smallest share of the messages, and the smallest number of messages, of a group and of a value that is looked at.
MIN_SHARE = 0.02
MIN_MESSAGES = 5
_PER_FIELD = 40
# Values of one field whose messages are the same to this degree are one.
_ALIKE = 0.9
# A field binds a group if so many of its messages have one of these values, and the rest has them so much less often.
_BINDING_SHARE = 0.5
# To start a group, a value of another field may have a smaller share, because several values together can bind it.
_STARTING_SHARE = 0.25
_LIFT = 1.5
# A field binds it strongly if the rest has them so much less often. Only that is a contrast to the rest.
_STRONG_LIFT = 3.0
_LIFT_OF_VALUE = 4.0
_SHARE_OF_VALUE = 0.03
_MAX_VALUES = 12
_ROUNDS = 4
# A group saves so many bits for each message at least.
_MIN_BITS = 0.5
# Two groups that have so much of all their messages in common are one.
_OVERLAP = 0.9
_MAX_TRIED = 60
# So many families bind most of a group, the size not counted.
_FAMILIES = 2
_SURE_FAMILIES = 3
_MOST = 0.7
_NEARLY_ALL = 0.95
_CLOSED = 0.8
# A value that unrelated messages have says no more than so many bits for a group.
_COMMON_BITS = 0.5
_UNSPECIFIC = {"size"}

# A set of messages: bit N is message N.
Mask = int


def size_of(mask: Mask) -> int:
    """Return the number of messages of a set."""
    return bin(mask).count("1")


def members_of(mask: Mask) -> list[int]:
    """Return the numbers of the messages of a set, in order."""
    return [number for number, bit in enumerate(reversed(bin(mask)[2:])) if bit == "1"]


class Item(NamedTuple):
    """A value of a field, and the messages that have it."""

    field: str
    value: Any
    cover: Mask
    size: int


class Binding(NamedTuple):
    """A field that binds a group: the values that its messages have there."""

    field: str
    values: tuple[Any, ...]
    cover: Mask
    share: float
    """The share of the group's messages that have one of the values."""
    elsewhere: float
    """The share of the other messages that have one."""
    bits: float
    first_share: float
    """The share of the group's messages that have the most frequent of the values."""

    @property
    def is_common(self) -> bool:
        """Whether unrelated messages have these values, too."""
        return all(map(FIELDS[self.field].is_common, self.values))

    @property
    def is_strong(self) -> bool:
        """Whether this is a contrast to the rest of the queue."""
        return self.share >= _STRONG_LIFT * self.elsewhere


class Group(NamedTuple):
    """Messages that belong together, and what binds them, the strongest field of each family first."""

    core: Mask
    bindings: tuple[Binding, ...]

    @property
    def bits(self) -> float:
        """The bits that all bindings save together."""
        return sum(found.bits for found in self.bindings)


class Universe:
    """The messages that are looked at, and the values that enough of them have."""

    def __init__(self, messages: Sequence[Traits]) -> None:
        self.messages = messages
        self.everything: Mask = (1 << len(messages)) - 1
        self.needed = max(MIN_MESSAGES, int(MIN_SHARE * len(messages)))
        self.items = {name: self._items(name) for name in FIELDS}

    def _items(self, name: str) -> list[Item]:
        covers: dict[Any, list[int]] = defaultdict(list)
        for number, traits in enumerate(self.messages):
            for value in FIELDS[name].values(traits):
                covers[value].append(number)
        rows = sorted(
            (-len(numbers), -len(value) if isinstance(value, tuple) else 0, value, numbers)
            for value, numbers in covers.items()
            if len(numbers) >= self.needed
        )
        kept: list[Item] = []
        for negative, _length, value, numbers in rows:
            if len(kept) >= _PER_FIELD:
                break
            item = Item(name, value, sum(1 << number for number in numbers), -negative)
            if not any(_are_alike(item, other) for other in kept):
                kept.append(item)
        return kept

    def groups(self) -> list[Group]:
        """Return the groups, in the order in which they save bits."""
        found: list[Group] = []
        tried: list[Mask] = []
        for _bits, seed in self._seeds():
            if len(found) >= MAX_GROUPS or len(tried) >= _MAX_TRIED:
                break
            if seed.cover in tried:
                continue
            tried.append(seed.cover)
            group = self._grown(seed.cover)
            if group is None:
                continue
            same = [other for other in found if _is_same(group.core, other.core)]
            if all(group.bits > other.bits for other in same):
                found = [other for other in found if other not in same] + [group]
        return found

    def _seeds(self) -> list[tuple[float, Item]]:
        """Return the values that may start a group, those first whose messages save most bits in other families."""
        items = [item for several in self.items.values() for item in several]
        rows = []
        for item in items:
            best: dict[str, float] = {}
            for other in items:
                family = FIELDS[other.field].family
                if family != FIELDS[item.field].family:
                    saved = self._saved(item, other)
                    if saved > best.get(family, 0.0):
                        best[family] = saved
            bits = sum(best.values())
            if bits >= _MIN_BITS * item.size:
                rows.append((-bits, RANK[item.field], str(item.value), item))
        return [(-bits, item) for bits, _rank, _value, item in sorted(rows, key=lambda row: row[:3])]

    def _saved(self, item: Item, other: Item) -> float:
        return self._bits(item.size, size_of(item.cover & other.cover), other.size, _STARTING_SHARE)

    def _bits(self, size: int, both: int, other: int, least: float) -> float:
        """Return the bits that a value saves for a group of that size. both: its messages in the group; other: all of its messages."""
        share, elsewhere = self._shares(size, both, other)
        if share < least or share < _LIFT * elsewhere:
            return 0.0
        return size * (share * log2(share / elsewhere) + (1 - share) * log2((1 - share) / (1 - elsewhere)))

    def _shares(self, size: int, both: int, other: int) -> tuple[float, float]:
        """Return the share of a group that has a value, and of the rest. Neither is 0 or 1 (Laplace)."""
        rest = len(self.messages) - size
        return (both + 0.5) / (size + 1), (other - both + 0.5) / (rest + 1)

    def _grown(self, core: Mask) -> Group | None:
        """Return the group that starts with these messages; None if nothing holds it together."""
        bindings: tuple[Binding, ...] = ()
        for _round in range(_ROUNDS):
            bindings = self.bindings(core)
            grown = self._members(core, bindings)
            if size_of(grown) < self.needed:
                return None
            if grown == core:
                break
            core = grown
        core = self._closed(core, self.bindings(core))
        bindings = self.bindings(core)
        binding = [
            found for found in bindings if found.share >= _MOST and FIELDS[found.field].family not in _UNSPECIFIC
        ]
        # Several values in one family may be several groups.
        strong = [found for found in binding if found.is_strong and not _is_common_text(found)]
        is_one = len(strong) >= _SURE_FAMILIES or any(len(found.values) == 1 for found in strong)
        return Group(core, bindings) if is_one and len(binding) >= _FAMILIES else None

    def _closed(self, core: Mask, bindings: Sequence[Binding]) -> Mask:
        """Return a group with the other messages that have a value of its own, if they lack no more than one of the others."""
        voting = [found for found in bindings if found.share >= _MOST and not found.is_common]
        whole = core
        for found in voting:
            others = [other.cover for other in voting if other is not found]
            for item in self.items[found.field]:
                if item.value not in found.values or FIELDS[found.field].is_common(item.value):
                    continue
                if size_of(item.cover & core) >= _CLOSED * item.size:
                    whole |= sum(
                        1 << number
                        for number in members_of(item.cover & ~core)
                        if sum(not cover >> number & 1 for cover in others) <= 1
                    )
        return whole

    def bindings(self, core: Mask) -> tuple[Binding, ...]:
        """Return what binds some messages: the best field of each family, those that save most bits first."""
        best: dict[str, Binding] = {}
        for name in FIELDS:
            found = self.binding(name, core)
            family = FIELDS[name].family
            if found is not None and (family not in best or found.bits > best[family].bits + 1e-9):
                best[family] = found
        return tuple(sorted(best.values(), key=lambda found: (-round(found.bits, 6), RANK[found.field])))

    def binding(self, name: str, core: Mask) -> Binding | None:
        """Return how a field binds some messages, None if it does not."""
        size, union = size_of(core), 0
        values = []
        for item in sorted(self.items[name], key=lambda item: -size_of(item.cover & core)):
            both = size_of(item.cover & core)
            share, elsewhere = self._shares(size, both, item.size)
            gained = size_of(item.cover & core & ~union)
            needed = _LIFT if share >= _MOST else _LIFT_OF_VALUE
            if share >= needed * elsewhere and gained > max(1.0, _SHARE_OF_VALUE * size):
                values.append(item.value)
                union |= item.cover
                if len(values) >= _MAX_VALUES:
                    break
        both, other = size_of(union & core), size_of(union)
        bits = self._bits(size, both, other, _BINDING_SHARE)
        if bits <= 0:
            return None
        elsewhere = (other - both) / max(1, len(self.messages) - size)
        first = max(size_of(item.cover & core) for item in self.items[name] if item.value in values)
        return Binding(name, tuple(values), union, both / size, elsewhere, bits, first / size)

    def _members(self, core: Mask, bindings: Iterable[Binding]) -> Mask:
        """Return the messages for which the bindings of a group speak, with the weights of naive Bayes.

        The group is compared with the whole queue, too: the rest has nothing of what a group has swallowed.
        """
        size, whole = size_of(core), len(self.messages)
        score = [log2(size / whole) / 2] * whole
        for found in bindings:
            if found.share < _MOST or FIELDS[found.field].family in _UNSPECIFIC:
                continue
            share, elsewhere = self._shares(size, size_of(found.cover & core), size_of(found.cover))
            usual = size_of(found.cover) / whole
            there = log2(share / sqrt(usual * elsewhere))
            absent = log2((1 - min(share, _NEARLY_ALL)) / (1 - min(usual, _NEARLY_ALL)))
            if found.is_common:
                there = min(there, _COMMON_BITS)
            for number in range(whole):
                score[number] += there if found.cover >> number & 1 else absent
        return sum(1 << number for number, value in enumerate(score) if value > 0)


def _are_alike(item: Item, other: Item) -> bool:
    both = size_of(item.cover & other.cover)
    return both >= _ALIKE * max(item.size, other.size)


def _is_common_text(found: Binding) -> bool:
    return FIELDS[found.field].in_content and found.is_common


def _is_same(one: Mask, other: Mask) -> bool:
    return size_of(one & other) > _OVERLAP * size_of(one | other)


def by_family(group: Group) -> Mapping[str, Binding]:
    """Return what binds a group strongly, by family."""
    return {FIELDS[found.field].family: found for found in group.bindings if found.is_strong}
