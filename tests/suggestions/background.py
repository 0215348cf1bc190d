# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ordinary mail of the kinds of development: what people, their programs and the services that they use write in a day.

Unrelated senders have much in common in it, as in a real queue: signatures, disclaimers, logos, links to social networks and to unsubscribe.
"""

from __future__ import annotations

import random
from dataclasses import replace
from functools import wraps
from typing import Sequence, TypeVar
from zlib import crc32

from tests.fleet.mixture import NAMES, VOCABULARY
from tests.suggestions.letters import Letter, Maker, World, answering, bounce, cron, shop

# Providers that anybody can have an address at.
FREE_MAIL = ("freemail.example", "post.example", "webmail.example", "letterbox.example", "mymail.example")

_REASONS = (
    "450 4.2.0 Greylisted, please try again",
    "host mx.example.net[198.51.100.7] said: 451 4.7.1 Please try again later (in reply to RCPT TO command)",
    "connect to mx.example.org[198.51.100.8]:25: Connection timed out",
    "host mx.example.net[198.51.100.9] said: 452 4.2.2 Mailbox full (in reply to RCPT TO command)",
    "Host or domain name not found. Name service error for name=mx.example.org type=MX: Host not found, try again",
    "host mx.example.com[198.51.100.10] said: 421 4.3.2 Service currently unavailable (in reply to MAIL FROM command)",
)
_DISCLAIMERS = (
    "",
    "This message is confidential. If you are not the intended recipient, please inform the sender and delete it.",
    "Diese E-Mail kann vertrauliche Informationen enthalten. Wenn Sie nicht der richtige Adressat sind, informieren Sie bitte den Absender.",
    "Please consider the environment before printing this e-mail.",
)
_NETWORKS = ("facebook.example", "linkedin.example", "xing.example", "instagram.example", "youtube.example")
_GREETINGS = ("Hello,", "Dear all,", "Hi {name},", "Guten Tag,", "Dear {name},", "Hallo {name},", "")
_ENDINGS = ("Best regards", "Kind regards", "Viele Grüße", "Thanks", "Mit freundlichen Grüßen", "Cheers")
_T = TypeVar("_T")


def belonging(owner: str, values: Sequence[_T]) -> _T:
    """Return the value that belongs to a person or a domain: always the same one."""
    return values[crc32(owner.encode()) % len(values)]


def signature(address: str) -> str:
    """Return what the mail program of that person puts below, as its organisation wants it."""
    local, _at, domain = address.rpartition("@")
    style = crc32(domain.encode()) % 5
    lines = ["-- ", local.replace(".", " ").title()]
    if domain not in FREE_MAIL and style:
        lines += ["https://www.%s/" % domain]
    if style > 1:
        lines += ["https://www.%s/%s" % (network, domain.partition(".")[0]) for network in _NETWORKS[: style - 1]]
    if style > 2:
        lines += ["https://www.%s/images/logo.png" % domain, "https://www.%s/privacy" % domain]
    return "\n".join([*lines, belonging(domain, _DISCLAIMERS)])


def written(world: World, rng: random.Random, sender: str, recipient: str) -> str:
    """Return what somebody writes: greeting, text, the sender's signature."""
    name = recipient.partition("@")[0].partition(".")[0].title()
    greeting = rng.choice(_GREETINGS).format(name=name)
    return "\n\n".join([greeting, world.text(rng, 3), rng.choice(_ENDINGS), signature(sender)])


def reason_for(letter: Letter) -> str:
    """Return why the message waits. Its first destination says the same to most."""
    recipient = letter.recipients[0]
    owner = recipient if crc32(recipient.encode()) % 3 == 0 else recipient.rpartition("@")[2]
    return belonging(owner, _REASONS)


def delayed(maker: Maker) -> Maker:
    """Return the maker of the same messages, each delayed for the reason that its destination gives, unless it has its own."""

    @wraps(maker)
    def make(world: World, rng: random.Random) -> Letter:
        letter = maker(world, rng)
        return replace(letter, reason=reason_for(letter)) if letter.reason == Letter.reason else letter

    return make


def _user(world: World, rng: random.Random) -> str:
    return "%s@%s" % (world.people[rng.randrange(min(40, len(world.people)))], world.own)


def _anybody(world: World, rng: random.Random) -> str:
    # Few partners write often.
    partner = world.partners[int(len(world.partners) * rng.random() ** 2)]
    domain = rng.choice(FREE_MAIL) if rng.random() < 0.25 else partner
    return "%s@%s" % (world.person(rng), domain)


def _desk(user: str, rng: random.Random) -> tuple[str, str, str]:
    """Return the client that a user writes from: mostly the same one in the office, sometimes one at home."""
    number = crc32(user.encode())
    if rng.random() < 0.2:
        return (
            "100.%d.%d.%d" % (64 + number % 60, number // 60 % 250, 1 + number // 15000 % 250),
            "unknown",
            "[192.168.1.20]",
        )
    address = "10.1.%d.%d" % (number % 8, 1 + number // 8 % 250)
    return address, "unknown", "[%s]" % address


def colleague(world: World, rng: random.Random) -> Letter:
    """A user of the server writes to somebody."""
    sender, recipient = _user(world, rng), _anybody(world, rng)
    return Letter(
        sender=sender,
        recipients=[recipient, *(_anybody(world, rng) for _turn in range(rng.choice((0, 0, 0, 1, 3))))],
        subject=world.topic(rng),
        text=written(world, rng, sender, recipient),
        age=world.age(rng),
        client=_desk(sender, rng),
        login=sender,
    )


def reply(world: World, rng: random.Random) -> Letter:
    """A user of the server answers, and quotes what he answers, with its signature."""
    letter = colleague(world, rng)
    first = letter.recipients[0]
    quoted = "\n".join("> " + line for line in written(world, rng, first, letter.sender).split("\n"))
    return replace(
        letter,
        subject=rng.choice(("Re: ", "Re: ", "AW: ", "Fwd: ")) + letter.subject,
        text="%s\n\n%s wrote:\n%s" % (letter.text, first, quoted),
        headers=["In-Reply-To: <%016x@%s>" % (rng.getrandbits(64), first.rpartition("@")[2])],
    )


def correspondent(world: World, rng: random.Random) -> Letter:
    """Somebody writes to a user of the server."""
    sender, recipient = _anybody(world, rng), _user(world, rng)
    letter = Letter(
        sender=sender,
        recipients=[recipient],
        subject=rng.choice(("", "", "Re: ", "AW: ")) + world.topic(rng),
        text=written(world, rng, sender, recipient),
        age=world.age(rng),
        client=world.server(sender.rpartition("@")[2]),
    )
    if rng.random() < 0.3:
        letter = replace(letter, text=_as_html(letter.text), headers=["Content-Type: text/html; charset=utf-8"])
    return letter


def _as_html(text: str) -> str:
    lines = text.split("\n")
    linked = ['<a href="%s">%s</a>' % (line, line) if line.startswith("https://") else line for line in lines]
    return "<html><body>\n%s\n</body></html>" % "<br>\n".join(linked)


_NOTICES = (
    ("parcel", "Your parcel %d is on its way", "track/%d"),
    ("forge", "[project] Pull request #%d was merged", "project/pull/%d"),
    ("bank", "Your statement %d is ready", "statements/%d"),
    ("social", "You have %d new messages", "messages/%d"),
    ("travel", "Booking %d confirmed", "bookings/%d"),
    ("cloud", "Backup %d finished", "jobs/%d"),
    ("meeting", "Recording of meeting %d", "rec/%d"),
    ("market", "Order %d: thank you", "orders/%d"),
)


def notification(world: World, rng: random.Random) -> Letter:
    """One of many services informs its user."""
    name, subject, path = rng.choice(_NOTICES)
    domain, number = "%s%d.example" % (name, rng.randrange(3)), rng.randrange(10**6)
    lines = ["https://%s/%s" % (domain, path % number), world.sentence(rng), "https://%s/help" % domain]
    leave = "https://%s/unsubscribe/%012x" % (domain, rng.getrandbits(48))
    return Letter(
        sender="no-reply@%s" % domain,
        recipients=[_user(world, rng)],
        subject=subject % number,
        text="\n".join([*lines, leave, "https://%s/images/logo.png" % domain]),
        age=world.age(rng),
        client=world.server(domain),
        headers=["List-Unsubscribe: <%s>" % leave] if rng.random() < 0.5 else [],
    )


def newsletter_of_somebody(world: World, rng: random.Random) -> Letter:
    """One of many newsletters, each with its own links to leave it and to the pages that all have."""
    domain = rng.choice(world.partners)
    paths = ("unsubscribe", "index.html", "images/logo.png", "contact", "privacy", "news/%d" % rng.randrange(400))
    return Letter(
        sender="news@%s" % domain,
        recipients=[_user(world, rng)],
        subject="%s news: %s" % (domain.partition(".")[0].title(), world.topic(rng)),
        text="\n".join(
            [
                world.text(rng, 3),
                *("https://www.%s/%s" % (domain, path) for path in paths),
                belonging(domain, _DISCLAIMERS),
            ]
        ),
        age=world.age(rng),
        client=world.server(domain),
        headers=["List-Unsubscribe: <https://www.%s/unsubscribe>" % domain],
    )


# The makers of ordinary mail, with the share of each in percent.
ORDINARY: dict[Maker, int] = {
    delayed(maker): share
    for maker, share in (
        (colleague, 24),
        (reply, 16),
        (correspondent, 30),
        (answering, 2),
        (notification, 10),
        (newsletter_of_somebody, 7),
        (shop, 4),
        (cron, 3),
        (bounce, 4),
    )
}

_WORDS_TEXT = """
abend anfrage angebot apfel bericht besuch brief dach fahrt farbe fenster feuer garten gast gebirge haus hilfe holz kalender karte
kirche kleid kohle kuchen laden lampe leiter licht markt maschine messer milch morgen nachbar ofen papier pferd platz quelle regen
reise salz schiff schule sommer spiegel stadt stein stern stunde tafel tasche teller tisch treppe wagen wald wasser wiese zimmer
"""
_NAMES_TEXT = """
agathe bruno clemens dorothea emil friederike gustav hedwig ignaz johanna konrad leonie moritz notburga otto philippa quirin
rosalie stefan theresa ulrich veronika wenzel xaver bauer fuchs gruber huber lehner maier pichler reiter schwarz steiner wolf
"""
_GERMAN, _GERMAN_NAMES = _WORDS_TEXT.split(), _NAMES_TEXT.split()


def _domains(words: Sequence[str], number: int) -> list[str]:
    """Return so many domains that have nothing in common but their top level."""
    pairs = [first + second for first in words for second in words if first != second]
    return ["%s.example" % pair for pair in random.Random(number).sample(pairs, number)]


FIRM = World(
    own="example.com",
    partners=_domains(VOCABULARY.split(), 250),
    people=NAMES.split(),
    words=VOCABULARY.split(),
)
CITY = World(
    own="stadtwerke.example",
    partners=_domains(_GERMAN, 120),
    people=_GERMAN_NAMES,
    words=_GERMAN,
    hours=30.0,
)
SCHOOL = World(
    own="gymnasium.example.edu",
    partners=_domains(_GERMAN[::-1], 60),
    people=_GERMAN_NAMES[::-1],
    words=_GERMAN[::-1],
    hours=5.0,
)
HOSTING = World(
    own="hosting.example.net",
    partners=_domains(VOCABULARY.split()[::-1], 90),
    people=NAMES.split()[::-1],
    words=VOCABULARY.split()[::-1],
    hours=20.0,
)
