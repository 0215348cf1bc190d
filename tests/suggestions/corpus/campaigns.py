# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makers of floods of real spam and real bounces: a message repeated, and varied as spammers vary it."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Callable, Sequence

from tests.suggestions.corpus.deck import Deck
from tests.suggestions.corpus.envelope import Client, RealMessage
from tests.suggestions.corpus.ordinary import notice
from tests.suggestions.letters import HOUR, Letter, Maker, World

# The host of a URL. That of HTML's own definition is not the sender's.
HOST = re.compile(rb"(?<=://)(?!www\.w3\.org\b)[A-Za-z0-9][A-Za-z0-9.-]*")
# A word of the text: with spaces around it, so neither a piece of a link nor one of a tag.
_WORD = re.compile(rb"(?<= )[a-z]{4,12}(?= )")
_TRACE = ("Received", "From", "To", "Cc", "Bcc", "Reply-To", "Sender", "Errors-To", "Message-Id", "Subject")


@dataclass(frozen=True)
class Origin:
    """Where one message of a campaign comes from."""

    sender: str
    client: Client | None
    login: str | None = None


Origins = Callable[[World, random.Random], Origin]


@dataclass(frozen=True)
class Campaign:
    """A message that is sent again and again, and how the spammer varies it."""

    templates: Sequence[RealMessage]
    start: float
    """Hours ago."""
    hours: float
    words: int = 3
    """How many words of the text are others in each message."""
    hosts: bool = False
    """Whether each message has a URL host of its own."""
    tail: bool = False
    """Whether each subject ends with a word of its own."""

    def letter(self, world: World, rng: random.Random, *, origin: Origin) -> Letter:
        """Return a message of the campaign."""
        template = rng.choice(self.templates)
        recipient = "%s%d@%s" % (world.person(rng), rng.randrange(1000), rng.choice(world.partners))
        tail = " " + rng.choice(world.words) if self.tail else ""
        headers = (
            b"From: <%s>" % origin.sender.encode(),
            b"To: <%s>" % recipient.encode(),
            b"Subject: %s%s" % (template.header("Subject"), tail.encode()),
            b"Message-ID: <%016x@%s>" % (rng.getrandbits(64), origin.sender.rpartition("@")[2].encode()),
            *template.without(*_TRACE),
        )
        return Letter(
            sender=origin.sender,
            recipients=[recipient],
            subject="",
            text="",
            age=self.start * HOUR - rng.uniform(0, self.hours * HOUR),
            is_spam=True,
            client=origin.client,
            login=origin.login,
            stored=replace(template, headers=headers, body=self._body(template.body, world, rng)).stored,
        )

    def _body(self, body: bytes, world: World, rng: random.Random) -> bytes:
        """Return the text with other words, and with another URL host where the campaign has that."""
        places = [match.span() for match in _WORD.finditer(body)]
        for start, end in sorted(rng.sample(places, min(self.words, len(places))), reverse=True):
            body = body[:start] + rng.choice(world.words).encode() + body[end:]
        return HOST.sub(b"www." + throw_away(world, rng).encode(), body) if self.hosts else body


def throw_away(world: World, rng: random.Random) -> str:
    """Return a domain that is used once."""
    return "%s%s%d.test" % (rng.choice(world.words), rng.choice(world.words), rng.randrange(1000))


def campaign(spec: Campaign, origins: Origins) -> Maker:
    """Return the maker of a campaign's messages."""

    def make(world: World, rng: random.Random) -> Letter:
        return spec.letter(world, rng, origin=origins(world, rng))

    return make


def backscatter(bounces: Sequence[RealMessage], *, victims: Sequence[str]) -> Maker:
    """Return the maker of real bounces to addresses that somebody forged."""
    deck = Deck(bounces)

    def make(world: World, rng: random.Random) -> Letter:
        letter = notice(deck.draw(rng), recipient=rng.choice(victims), world=world, rng=rng)
        return replace(letter, is_spam=True)

    return make


# --- where campaigns come from ---------------------------------------------------------------------------------------


def botnet(world: World, rng: random.Random) -> Origin:
    """Clients all over the world, and forged senders at the domains of others."""
    address = "101.%d.%d.%d" % (rng.randrange(180), rng.randrange(250), rng.randrange(1, 250))
    name = "dyn-%s.access.example" % address.replace(".", "-") if rng.random() < 0.5 else "unknown"
    domain = rng.choice(world.partners) if rng.random() < 0.3 else throw_away(world, rng)
    helo = rng.choice(("localhost", "[192.168.1.%d]" % rng.randrange(250), domain, "user-%04x" % rng.getrandbits(16)))
    return Origin("%s%d@%s" % (world.person(rng), rng.randrange(100), domain), (address, name, helo))


def stolen(*, login: str) -> Origins:
    """Return the origins of what comes through a stolen account: clients all over the world, and the account's own address."""

    def origin(world: World, rng: random.Random) -> Origin:
        client = ("203.0.%d.%d" % (rng.randrange(60), rng.randrange(1, 250)), "unknown", "user-%d" % rng.randrange(99))
        return Origin("%s@%s" % (login, world.own), client, login)

    return origin


def snowshoe(world: World, rng: random.Random) -> Origin:
    """Throw-away domains, whose servers are all in one network."""
    domain = throw_away(world, rng)
    return Origin("offers@%s" % domain, ("101.77.4.%d" % rng.randrange(1, 250), "mx.%s" % domain, "mx.%s" % domain))


def one_host(world: World, rng: random.Random) -> Origin:
    """One host, and a forged sender in each message."""
    sender = "%s%d@%s" % (world.person(rng), rng.randrange(100), rng.choice(world.partners))
    return Origin(sender, ("101.140.9.33", "vps33.hosting.example", "vps33.hosting.example"))


def web_form(world: World, _rng: random.Random) -> Origin:
    """A form of a site on the server itself, that anybody can fill in."""
    return Origin("www-data@web.%s" % world.own, ("10.2.0.8", "web.%s" % world.own, "web.%s" % world.own))
