# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queues that hold a great deal of mail of one kind, none of it spam, whose letters share URL paths as ordinary mail does."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.fleet.mixture import NAMES, VOCABULARY
from tests.suggestions.letters import HOUR, Letter, Scene, World, employee, everyday, incoming, stranded

_WORLD = World(
    own="example.com",
    partners=["dest%d.example.org" % number for number in range(250)],
    people=NAMES.split(),
    words=VOCABULARY.split(),
)
_FOOTER = "\n".join(
    "http://www.%(domain)s/" + path for path in ("unsubscribe", "index.html", "images/logo.png", "contact")
)


def with_footer(letter: Letter) -> Letter:
    """Return a letter with the links that mail programs put below: each organisation has the same paths under its own host."""
    domain = letter.sender.rpartition("@")[2] or "example.net"
    return replace(letter, text="%s\n%s" % (letter.text, _FOOTER % {"domain": domain}))


def correspondent(world: World, rng: random.Random) -> Letter:
    """Somebody writes to a user of the server, with a footer."""
    return with_footer(incoming(world, rng))


def alarm(world: World, rng: random.Random) -> Letter:
    """A host of many reports that a service is down: senders and hosts differ, the subject is one, and all come at once."""
    host = "%s%02d.%s" % (rng.choice(("web", "db", "mx", "app")), rng.randrange(40), world.own)
    service = rng.choice(("disk", "load", "swap", "http", "mysql", "ping", "raid", "ntp"))
    return Letter(
        sender="%s-%s@%s" % (rng.choice(world.people), service, host),
        recipients=["oncall@%s" % rng.choice(world.partners[:3])],
        subject="PROBLEM: %s is CRITICAL on %s" % (service, host),
        text="State: CRITICAL\nhttp://%s/monitoring/cgi-bin/status\n%s" % (host, world.sentence(rng)),
        age=HOUR + rng.uniform(0, 600),
        client=("10.%d.0.%d" % (rng.randrange(9), rng.randrange(200)), host, host),
    )


def alarm_of_one_network(world: World, rng: random.Random) -> Letter:
    """The same where all hosts are in one network and write under the company's domain."""
    letter = alarm(world, rng)
    local, _at, host = letter.sender.partition("@")
    client = ("10.9.0.%d" % rng.randrange(200), host, host)
    return replace(letter, sender="%s@%s" % (local, world.own), client=client)


def invoice(world: World, rng: random.Random) -> Letter:
    """A clerk of one of many customers sends an invoice that a common program made."""
    domain = rng.choice(world.partners)
    return Letter(
        sender="%s@%s" % (world.person(rng), domain),
        recipients=["%s@%s" % (world.person(rng), rng.choice(world.partners))],
        subject="Invoice %06d for your records" % rng.randrange(10**6),
        text="Please find your invoice enclosed.\nhttps://billing.%s/invoice/view\n%s" % (domain, world.text(rng, 1)),
        age=2 * HOUR + rng.uniform(0, 1800),
        client=world.server(domain),
    )


def newsletter_of_somebody(world: World, rng: random.Random) -> Letter:
    """One of many newsletters, each with links to leave it at its own host."""
    domain = rng.choice(world.partners)
    return with_footer(
        Letter(
            sender="%s@%s" % (world.person(rng), domain),
            recipients=["%s@%s" % (world.person(rng), world.own)],
            subject="%s news: %s" % (domain, world.topic(rng)),
            text=world.text(rng, 2),
            age=world.age(rng),
            client=world.server(domain),
            headers=["List-Unsubscribe: <http://www.%s/unsubscribe>" % domain],
        )
    )


def forwarded(world: World, rng: random.Random) -> Letter:
    """Mail to a former student is passed on to a large provider, under the forwarder's rewritten sender (SRS)."""
    letter = correspondent(world, rng)
    local, _at, domain = letter.sender.partition("@")
    return replace(
        letter,
        sender="SRS0=%04x=%s=%s=%s@alumni.example.edu" % (rng.getrandbits(16), rng.choice("ABCD"), domain, local),
        recipients=["%s@mail.example.net" % world.person(rng)],
        reason="421 4.7.28 Unusual rate of unsolicited mail from this address",
    )


INNOCENT = (
    Scene("monitoring storm", 1, _WORLD, {**everyday(300), alarm: 500}, is_flooded=False),
    Scene("monitoring storm of one network", 1, _WORLD, {**everyday(300), alarm_of_one_network: 500}, is_flooded=False),
    Scene("invoice run", 1, _WORLD, {**everyday(400), invoice: 300}, is_flooded=False),
    Scene(
        "partner down",
        1,
        _WORLD,
        {
            **everyday(200),
            stranded("down.example.net", kind=employee, reason="connect to mx.down.example.net: timed out"): 150,
            stranded("down.example.net", kind=correspondent, reason="connect to mx.down.example.net: timed out"): 350,
        },
        is_flooded=False,
    ),
    Scene("alumni forwarding", 1, _WORLD, {**everyday(200), forwarded: 500}, is_flooded=False),
    Scene("many newsletters", 1, _WORLD, {**everyday(300), newsletter_of_somebody: 400}, is_flooded=False),
)
