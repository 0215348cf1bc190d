# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kinds of bulk mail, floods and innocent ones, and the queues that are made of each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Mapping

from tests.suggestions.letters import Maker, Scene, World

# The shares of a queue, in percent, at which each kind is measured.
SHARES = (5, 25, 80)
MESSAGES = 1000


@dataclass(frozen=True)
class Kind:
    """A kind of bulk mail, and the ordinary mail beside it."""

    name: str
    about: str
    """What it is, in a short sentence."""
    world: World
    bulk: Mapping[Maker, int]
    """The makers of the bulk, each with its weight."""
    background: Mapping[Maker, int]
    """The makers of the other mail, each with its weight."""
    is_flood: bool
    """Whether the bulk is what an operator wants removed. Then each of its letters is spam."""


def scene_of(kind: Kind, share: int, *, messages: int = MESSAGES) -> Scene:
    """Return a queue of so many messages, of which the bulk has that share in percent."""
    bulk = messages * share // 100
    makers = {**_numbers(kind.bulk, bulk), **_numbers(kind.background, messages - bulk)}
    return Scene("%s, %d%%" % (kind.name, share), 1, kind.world, makers, is_flooded=kind.is_flood)


def _numbers(weights: Mapping[Maker, int], messages: int) -> dict[Maker, int]:
    """Return how many messages each maker gives, by its weight; the first one takes what is left over."""
    whole = sum(weights.values())
    numbers = {maker: messages * weight // whole for maker, weight in weights.items()}
    first = next(iter(numbers))
    numbers[first] += messages - sum(numbers.values())
    return numbers
