# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw real messages, each once while there are some left, the same ones for the same seed."""

from __future__ import annotations

import random
from typing import Generic, Iterator, Sequence, TypeVar
from weakref import WeakKeyDictionary

Card = TypeVar("Card")


class Deck(Generic[Card]):
    """Cards that are drawn without putting them back; when all are drawn, they are shuffled again.

    Each random generator has its own turn, so the same generator state gives the same cards, however often the deck is used.
    """

    def __init__(self, cards: Sequence[Card]) -> None:
        """Keep the cards. Raises ValueError where there are none."""
        if not cards:
            raise ValueError("a deck has no cards. Give it at least one.")
        self._cards = tuple(cards)
        self._turns: WeakKeyDictionary[random.Random, Iterator[Card]] = WeakKeyDictionary()

    def draw(self, rng: random.Random) -> Card:
        """Return the next card."""
        turn = self._turns.get(rng)
        if turn is None:
            # The turn may not hold the generator itself: then neither would ever be forgotten.
            turn = self._turns[rng] = _shuffled(self._cards, rng.getrandbits(64))
        return next(turn)


def _shuffled(cards: Sequence[Card], seed: int) -> Iterator[Card]:
    """Yield the cards without end, each once a round."""
    rng = random.Random(seed)
    while True:
        yield from rng.sample(cards, len(cards))
