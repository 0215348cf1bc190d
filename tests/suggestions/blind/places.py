# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers at which the kinds of bulk mail are measured, with their people and the world outside."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import NamedTuple, Sequence

from tests.suggestions.blind.language import Language
from tests.suggestions.blind.languages import ENGLISH, FRENCH, GERMAN, SPANISH, TURKISH
from tests.suggestions.letters import World

FREEMAIL = (
    "freemail.example",
    "postbox.example",
    "webmail.example",
    "gratismail.example",
    "inbox.test",
    "mailbox.test",
    "correo.example",
    "courriel.example",
    "posta.example",
)
_PLAIN = str.maketrans("áàâäãåçéèêëíìîïñóòôöõúùûüğışćčž", "aaaaaaceeeeiiiinooooouuuugisccz")


class Person(NamedTuple):
    """Somebody with an address."""

    name: str
    address: str

    @property
    def first_name(self) -> str:
        """The given name."""
        return self.name.partition(" ")[0]

    @property
    def domain(self) -> str:
        """The domain of the address."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True)
class Place(World):
    """A server with its users, and the people they write to."""

    host: str = ""
    language: Language = ENGLISH
    users: Sequence[Person] = ()
    contacts: Sequence[Person] = ()
    office: str = "10.20.%d.%d"
    """The addresses of the users' clients."""
    inbound: str = ""
    """Where mail waits for, if the server only receives."""
    title: str = ""
    """The name of the organisation."""
    forwards: bool = False
    """Whether mail to the users goes on to mailboxes elsewhere."""

    domains: frozenset[str] = frozenset()
    """The domains of the users."""


def plain(text: str) -> str:
    """Return a name as part of an address."""
    text = text.lower().replace("ß", "ss").replace("ø", "o")
    return re.sub("[^a-z0-9.]", "", text.translate(_PLAIN))


def person(rng: random.Random, language: Language, domain: str) -> Person:
    """Return a person of that domain."""
    given, family = rng.choice(language.given), rng.choice(language.family)
    style = rng.choice(("%s.%s", "%s.%s", "%.1s.%s", "%s%s", "%.1s%s", "%s_%s"))
    local = style.replace("_", ".") % (plain(given), plain(family))
    if domain in FREEMAIL and rng.random() < 0.6:
        local += str(rng.choice((rng.randint(1, 99), rng.randint(1955, 2009))))
    return Person("%s %s" % (given, family), "%s@%s" % (local, domain))


def far(rng: random.Random) -> str:
    """Return an address somewhere on the net."""
    network = rng.choice(
        (
            "198.18.%d.%d",
            "198.19.%d.%d",
            "100.%d.%%d.%%d" % rng.randint(64, 127),
            "10.%d.%%d.%%d" % rng.randint(64, 250),
        )
    )
    return network % (rng.randint(0, 255), rng.randint(1, 254))


def server(domain: str, turn: int = 0) -> tuple[str, str, str]:
    """Return a client of a domain, the same each time. turn: which of its servers."""
    rng = random.Random("server %d of %s" % (turn, domain))
    name = (
        rng.choice(
            (
                "mail.%s",
                "mx%d.%%s" % (turn + 1),
                "smtp-out-%02d.%%s" % turn,
                "out%d.mail.%%s" % turn,
                "mx.%s",
                "relay.%s",
            )
        )
        % domain
    )
    fate = rng.random()
    address = "2001:db8:%x::%x" % (rng.randint(1, 65535), rng.randint(1, 999)) if 0.7 < fate < 0.82 else far(rng)
    return address, "unknown" if fate < 0.06 else name, "[10.0.0.4]" if fate > 0.99 else name


def from_domain(rng: random.Random, domain: str) -> tuple[str, str, str]:
    """Return one of the servers of a domain; large providers have many."""
    return server(domain, rng.randint(0, 19 if domain in FREEMAIL else 0))


def mail_service(rng: random.Random, brand: str) -> tuple[str, str, str]:
    """Return one of the servers of the mail service of a brand."""
    service = random.Random("service of " + brand).choice(
        ("esp-delivery.example", "mailkit.example", "postmark-ish.example", "rundmail.example")
    )
    return server(service, rng.randint(0, 11))


def often(rng: random.Random, people: Sequence[Person]) -> Person:
    """Return one of them, the first ones more often."""
    return people[int(len(people) * rng.random() ** 2.2)]


def office(place: Place, rng: random.Random, who: Person) -> tuple[str, str, str]:
    """Return the client of a user: a desk, a telephone, or a hotel."""
    own = random.Random("desk of " + who.address)
    if rng.random() < 0.2:
        address = far(rng)
        return (
            address,
            rng.choice(("unknown", "dyn-%s.access.example" % address.replace(".", "-"))),
            "[%s]" % rng.choice(("192.168.1.%d", "10.0.0.%d")).replace("%d", str(rng.randint(2, 99))),
        )
    address = place.office % (own.randint(0, 15), own.randint(1, 254))
    return address, rng.choice(("unknown", "pc-%s.%s" % (address.rpartition(".")[2], place.own))), "[%s]" % address


def _place(
    own: str,
    title: str,
    *,
    language: Language,
    users: Sequence[str] = (),
    count: int = 150,
    host: str = "",
    inbound: str = "",
    abroad: Language = ENGLISH,
    net: str = "10.20.%d.%d",
    forwards: bool = False,
) -> Place:
    """Return a place. users: the domains of its users, if there are more than its own. abroad: what some of the contacts speak."""
    rng = random.Random("place " + own)
    partners = [
        "%s.%s"
        % (
            plain(
                rng.choice(language.family) + rng.choice(("", "-", "tec", "bau", "co", "lab", "shop", "foods", "med"))
            ),
            end,
        )
        for end in ("example", "test", "example.com", "example.org", "example.net")
        for _turn in range(36)
    ]
    partners = list(dict.fromkeys(partners))
    domains = users or (own,)
    people = [person(rng, language, domains[int(len(domains) * rng.random() ** 1.5)]) for _turn in range(count)]
    outside = [
        person(
            rng,
            language if rng.random() < 0.8 else abroad,
            rng.choice(FREEMAIL) if rng.random() < 0.35 else rng.choice(partners),
        )
        for _turn in range(900)
    ]
    words = [word for phrase in language.thing for word in re.findall(r"\w+", phrase)]
    return Place(
        own=own,
        partners=partners,
        people=[plain(who.name.replace(" ", ".")) for who in people],
        words=words,
        hours=rng.choice((6.0, 12.0, 30.0, 72.0)),
        host=host or "mail." + own,
        language=language,
        users=people,
        contacts=outside,
        inbound=inbound,
        title=title,
        office=net,
        forwards=forwards,
        domains=frozenset([own, *(who.domain for who in people)]),
    )


def _customers(stem: Sequence[str], end: Sequence[str], number: int) -> list[str]:
    """Return domains of customers."""
    rng = random.Random("customers " + stem[0])
    found = [
        "%s%s.%s" % (rng.choice(stem), rng.choice(end), rng.choice(("example", "test", "example.com", "example.net")))
        for _turn in range(number)
    ]
    return list(dict.fromkeys(found))


COMPANY = _place("northgate-pumps.example", "Northgate Pumps Ltd", language=ENGLISH, count=220, abroad=GERMAN)
UNIVERSITY = _place(
    "uni-lindental.example",
    "Universität Lindental",
    language=GERMAN,
    count=600,
    host="mailout.uni-lindental.example",
    net="10.130.%d.%d",
)
ISP = _place(
    "riverlink.example",
    "Riverlink Broadband",
    language=ENGLISH,
    count=700,
    host="smtp3.riverlink.example",
    net="100.70.%d.%d",
    users=[
        "riverlink.example",
        *_customers(
            ("oak", "mill", "hill", "ash", "king", "ferry", "dale"),
            ("garage", "farm", "dental", "pottery", "plumbing", "yoga", "band"),
            90,
        ),
    ],
)
WEBHOST = _place(
    "web07.stackpark.example",
    "Stackpark Hosting",
    language=ENGLISH,
    count=260,
    host="web07.stackpark.example",
    abroad=FRENCH,
    net="100.91.%d.%d",
    users=_customers(
        ("blue", "green", "lucky", "urban", "little", "north", "silver"),
        ("bakery", "cycles", "studio", "vets", "florist", "books", "school"),
        70,
    ),
)
RECEIVER = _place(
    "harrow-council.example",
    "Harrow Vale Council",
    language=ENGLISH,
    count=400,
    host="mx1.harrow-council.example",
    inbound="store.harrow-council.example[10.5.0.8]:25",
    abroad=FRENCH,
)
MITTELSTAND = _place(
    "zahnradwerk-kuehn.example",
    "Zahnradwerk Kühn GmbH & Co. KG",
    language=GERMAN,
    count=120,
    abroad=ENGLISH,
    net="10.33.%d.%d",
)
AZULEJOS = _place(
    "azulejosvega.example", "Azulejos Vega S.L.", language=SPANISH, count=80, abroad=FRENCH, net="10.44.%d.%d"
)
FORWARDER = _place(
    "alumni-stclare.example",
    "St Clare Alumni Office",
    language=ENGLISH,
    count=800,
    host="fwd.alumni-stclare.example",
    forwards=True,
    abroad=SPANISH,
)
COMMUNE = _place(
    "ville-aubrac.example", "Ville d'Aubrac", language=FRENCH, count=140, abroad=SPANISH, net="10.60.%d.%d"
)
TEKSTIL = _place(
    "bulut-tekstil.example", "Bulut Tekstil A.Ş.", language=TURKISH, count=110, abroad=ENGLISH, net="10.71.%d.%d"
)
SAAS = _place(
    "planboard.example",
    "Planboard",
    language=ENGLISH,
    count=60,
    host="out2.planboard.example",
    abroad=GERMAN,
    net="10.80.%d.%d",
)
HOSTER_DE = _place(
    "s12.nordhost.example",
    "Nordhost",
    language=GERMAN,
    count=300,
    host="s12.nordhost.example",
    net="100.101.%d.%d",
    users=_customers(
        ("haus", "rad", "garten", "foto", "küsten".replace("ü", "ue"), "alt", "berg"),
        ("laden", "werk", "verein", "praxis", "hof", "kanzlei", "chor"),
        80,
    ),
)
