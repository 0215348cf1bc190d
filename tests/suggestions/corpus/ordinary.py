# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makers of real messages that are no flood: the mail of one's own users and to them, newsletters, lists, notices, forwarded mail."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Sequence

from tests.suggestions.corpus.deck import Deck
from tests.suggestions.corpus.envelope import RealMessage, made_up_client
from tests.suggestions.letters import HOUR, Letter, Maker, World


def delivered(messages: Sequence[RealMessage]) -> Maker:
    """Return the maker of mail to users of the server, with the envelope sender and the client that its headers give."""
    deck = Deck(messages)

    def make(world: World, rng: random.Random) -> Letter:
        message = deck.draw(rng)
        reader = "%s@%s" % (rng.choice(world.people), world.own)
        return _letter(message, recipient=reader, age=world.age(rng), sender=message.sender, client=message.client)

    return make


def submitted(messages: Sequence[RealMessage]) -> Maker:
    """Return the maker of mail that users of the server send: real messages under the users' own addresses."""
    deck = Deck(messages)

    def make(world: World, rng: random.Random) -> Letter:
        number = rng.randrange(min(25, len(world.people)))
        user = "%s@%s" % (world.people[number], world.own)
        recipient = "%s@%s" % (world.person(rng), rng.choice(world.partners))
        message = deck.draw(rng)
        headers = (
            b"From: <%s>" % user.encode(),
            b"To: <%s>" % recipient.encode(),
            *message.without(
                "Received", "From", "To", "Cc", "Sender", "Reply-To", "Errors-To", "X-Sender", "X-Originating-IP"
            ),
        )
        client = ("10.1.0.%d" % (number + 10), "unknown", "[10.1.0.%d]" % (number + 10))
        letter = _letter(
            replace(message, headers=headers), recipient=recipient, age=world.age(rng), sender=user, client=client
        )
        return replace(letter, login=user)

    return make


def newsletter(message: RealMessage, *, hours: float) -> Maker:
    """Return the maker of one real newsletter to many readers, each with an envelope sender of its own (VERP)."""
    domain = message.domain

    def make(world: World, rng: random.Random) -> Letter:
        reader = "%s%d@%s" % (world.person(rng), rng.randrange(100), world.own)
        address, name, helo = message.client
        network = address.rpartition(".")[0]
        return _letter(
            addressed(message, reader),
            recipient=reader,
            age=hours * HOUR + rng.uniform(0, 900),
            sender="bounce-%s@%s" % (reader.replace("@", "="), domain),
            client=("%s.%d" % (network, 10 + rng.randrange(4)), name, helo),
        )

    return make


def listed(messages: Sequence[RealMessage]) -> Maker:
    """Return the maker of the messages of mailing lists, from the lists' servers to the subscribers among the users."""
    deck = Deck(messages)

    def make(world: World, rng: random.Random) -> Letter:
        message = deck.draw(rng)
        reader = "%s.%s@%s" % (rng.choice(world.people), rng.choice(world.people), world.own)
        return _letter(message, recipient=reader, age=world.age(rng), sender=message.sender, client=message.client)

    return make


def forwarded(messages: Sequence[RealMessage]) -> Maker:
    """Return the maker of real mail that is passed on to a large provider, under the forwarder's rewritten sender (SRS)."""
    deck = Deck(messages)

    def make(world: World, rng: random.Random) -> Letter:
        message = deck.draw(rng)
        local, _at, domain = message.sender.rpartition("@")
        srs = "SRS0=%04x=%s=%s=%s@alumni.%s" % (rng.getrandbits(16), rng.choice("ABCD"), domain, local, world.own)
        letter = _letter(
            message,
            recipient="%s@mail.example.net" % world.person(rng),
            age=world.age(rng),
            sender=srs if message.sender else "",
            client=message.client,
        )
        return replace(letter, reason="421 4.7.28 Unusual rate of unsolicited mail from this address")

    return make


def notices(bounces: Sequence[RealMessage], *, local: str) -> Maker:
    """Return the maker of notices about mail that the server's users sent. local: a pattern for who gets each, with {person} and {n}."""
    deck = Deck(bounces)

    def make(world: World, rng: random.Random) -> Letter:
        recipient = "%s@%s" % (local.format(person=rng.choice(world.people), n=rng.randrange(10**5)), world.own)
        return notice(deck.draw(rng), recipient=recipient, world=world, rng=rng)

    return make


def notice(bounce: RealMessage, *, recipient: str, world: World, rng: random.Random) -> Letter:
    """Return a real bounce as a notice to somebody, from the server of one of the domains that the world knows."""
    client = made_up_client(rng.choice(world.partners))
    return _letter(addressed(bounce, recipient), recipient=recipient, age=world.age(rng), sender="", client=client)


def addressed(message: RealMessage, recipient: str) -> RealMessage:
    """Return a message with one recipient in its headers, as its sender wrote it: without the trace of its way."""
    return replace(message, headers=(*message.without("Received", "To", "Cc"), b"To: <%s>" % recipient.encode()))


def _letter(message: RealMessage, *, recipient: str, age: float, sender: str, client: tuple[str, str, str]) -> Letter:
    return Letter(
        sender=sender, recipients=[recipient], subject="", text="", age=age, client=client, stored=message.stored
    )
