# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts with words to choose from."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Sequence

_CHOICE = re.compile(r"\{([^{}]*)\}")


def spin(rng: random.Random, text: str) -> str:
    """Return the text with one of the words of each {one|two}, the inner braces first."""
    while True:
        found = _CHOICE.search(text)
        if not found:
            return text
        text = text[: found.start()] + rng.choice(found.group(1).split("|")) + text[found.end() :]


@dataclass(frozen=True)
class Language:
    """The words of a language."""

    given: Sequence[str]
    family: Sequence[str]
    hello: Sequence[str]
    """Greetings; %s is a name."""
    start: Sequence[str]
    verb: Sequence[str]
    thing: Sequence[str]
    end: Sequence[str]
    bye: str
    topics: Sequence[str]
    reply: str
    wrote: str
    private: Sequence[str]
    """Sentences of private mail."""

    def sentence(self, rng: random.Random) -> str:
        """Return one sentence."""
        if rng.random() < 0.2:
            return spin(rng, rng.choice(self.private))
        parts = [rng.choice(part) for part in (self.start, self.verb, self.thing, self.end)]
        return spin(rng, " ".join(part for part in parts if part)) + rng.choice("..?.!")

    def paragraphs(self, rng: random.Random, most: int = 4) -> str:
        """Return one to so many paragraphs."""
        found = [
            " ".join(self.sentence(rng) for _turn in range(rng.randint(1, 4))) for _turn in range(rng.randint(1, most))
        ]
        return "\n\n".join(found)

    def topic(self, rng: random.Random) -> str:
        """Return what a person would write as subject."""
        topic = spin(rng, rng.choice(self.topics)) if rng.random() < 0.5 else spin(rng, rng.choice(self.thing))
        number = rng.choice(("", "", "", " %d" % rng.randint(2, 99), " %d/26" % rng.randint(1, 12)))
        return (self.reply if rng.random() < 0.45 else "") + topic[:1].upper() + topic[1:] + number
