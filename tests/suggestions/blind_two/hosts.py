# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers on which the queues stand: their domains, users, languages and networks, and the hosts that send to them."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence

from tests.suggestions.blind_two import languages
from tests.suggestions.blind_two.compose import Route, number_of, pick
from tests.suggestions.blind_two.languages import Language, plain
from tests.suggestions.letters import HOUR, World

_NETWORKS = (
    "192.0.2",
    "198.51.100",
    "203.0.113",
    *("198.18.%d" % n for n in range(4, 250, 7)),
    *("198.19.%d" % n for n in range(3, 250, 11)),
)
FREEMAIL = (
    "freepost.example",
    "freepost.example",
    "freepost.example",
    "mailbird.example",
    "mailbird.example",
    "inboxly.example",
    "webpost.test",
    "quickmail.invalid",
    "postbox.example",
    "mymail.test",
)
_STEMS = (
    "arden",
    "bluefin",
    "corvid",
    "delmar",
    "estrella",
    "falken",
    "granit",
    "helios",
    "isar",
    "juniper",
    "kestrel",
    "lumen",
    "mistral",
    "noordzee",
    "olivia",
    "pallas",
    "quarzo",
    "riviera",
    "solana",
    "tundra",
    "umbria",
    "valdor",
    "weser",
    "xenia",
    "yarrow",
    "zephyr",
)
_TRADES = (
    "bau.example",
    "legal.example",
    "-foods.test",
    "tec.example",
    "print.example",
    "-travel.invalid",
    "med.example",
    "-shop.example",
    "consult.example",
    "sport.test",
    "logistics.example",
    "school.example",
)
OTHERS = tuple(stem + trade for number, stem in enumerate(_STEMS) for trade in _TRADES[number % 3 :: 2])
_AGENTS = (
    ("User-Agent: Mozilla Thunderbird",),
    ("X-Mailer: Microsoft Outlook 16.0", "Thread-Index: Adx"),
    ("X-Mailer: Apple Mail (2.3776.700.51)",),
    ("X-Mailer: iPhone Mail (21F90)",),
    (),
    ("User-Agent: Roundcube Webmail/1.6.6",),
    ("User-Agent: K-9 Mail for Android",),
    ("X-Mailer: Zimbra 9.0.0_GA_4583", "X-Originating-IP: [10.3.1.9]"),
    ("Content-Language: en-GB", "Accept-Language: en-GB, en-US"),
)


@dataclass(frozen=True)
class Host:
    """A server with Postfix."""

    name: str
    world: World
    tongues: Sequence[Language]
    domains: Sequence[str]
    """The domains of its users."""
    networks: Sequence[str]
    """Where its users sit; patterns of three numbers of an address."""
    disclaimers: Sequence[str] = ("",)

    def tongue(self, rng: random.Random) -> Language:
        """Return a language, mostly the first one."""
        return self.tongues[0] if rng.random() < 0.8 else rng.choice(self.tongues)

    def user(self, rng: random.Random) -> str:
        """Return the address of a user; some write much more than others."""
        return self.account(rng.choice(self.domains), int(90 * rng.random() ** 2))

    def account(self, domain: str, number: int) -> str:
        """Return the address of a user, by number."""
        tongue = self.tongues[0]
        first, last = plain(tongue.first[number % len(tongue.first)]), plain(tongue.last[number * 5 % len(tongue.last)])
        local = (first[:1] + last, first + "." + last, first, last)[number_of(domain) % 4]
        return "%s@%s" % (local, domain)

    def owner(self, number: int) -> str:
        """Return the name of a user, by number."""
        tongue = self.tongues[0]
        return "%s %s" % (tongue.first[number % len(tongue.first)], tongue.last[number * 5 % len(tongue.last)])

    def seat(self, address: str) -> tuple[str, str, str]:
        """Return the client from which a user writes."""
        number = number_of(address)
        network = self.networks[number % len(self.networks)]
        last = number // 7 % 250 + 2
        name = "host-%s-%d.%s" % (network.replace(".", "-"), last, self.world.own) if number % 3 else "unknown"
        return (
            "%s.%d" % (network, last),
            name,
            ("[192.168.%d.%d]" % (number % 3, number % 200), "localhost", "DESKTOP-%X" % (number % 999999))[number % 3],
        )

    def submission(self, login: str) -> Route:
        """Return how a user submits."""
        return Route(client=self.seat(login), login=login, server=self.name)

    def arrival(self, domain: str, number: int = 0) -> Route:
        """Return how mail from another domain comes in."""
        return Route(client=server(domain, number), server=self.name)

    def local(self, uid: int) -> Route:
        """Return how a program on the server submits."""
        return Route(server=self.name, uid=uid)


def server(domain: str, number: int = 0) -> tuple[str, str, str]:
    """Return a mail server of a domain; the large ones have several."""
    seed = number_of(domain)
    if domain in FREEMAIL:
        name = "out%d.%s" % (number % 14 + 1, domain)
        return "198.18.%d.%d" % (200 + FREEMAIL.index(domain), 10 + number % 14), name, name
    name = pick(("mail.%s", "mx1.%s", "smtp.%s", "out.%s", "srv01.%s"), domain) % domain
    if seed % 11 == 0:
        return "2001:db8:%x:%x::25" % (seed % 65000, seed // 9 % 65000), name, name
    if seed % 7 == 0:
        address = "100.%d.%d.%d" % (64 + seed % 64, seed // 5 % 250, seed // 77 % 250 + 1)
    else:
        address = "%s.%d" % (_NETWORKS[seed // 3 % len(_NETWORKS)], seed // 13 % 250 + 2)
    return address, name if seed % 5 else "unknown", name


def correspondent(rng: random.Random, tongue: Language) -> tuple[str, str]:
    """Return the name and the address of somebody outside."""
    name = tongue.name(rng)
    domain = rng.choice(FREEMAIL) if rng.random() < 0.55 else rng.choice(OTHERS)
    local = plain(name)
    if domain in FREEMAIL:
        local = rng.choice((local, local.replace(".", ""), local.replace(".", "_"), local.split(".")[0])) + rng.choice(
            ("", "", "", str(rng.randint(1, 99)))
        )
    return name, "%s@%s" % (local, domain)


def agent(address: str) -> Sequence[str]:
    """Return the headers of the mail program that somebody uses."""
    return _AGENTS[number_of(address) // 3 % len(_AGENTS)]


def anywhere(rng: random.Random) -> str:
    """Return an address of some network of the world, as the hosts of a botnet have."""
    chosen = rng.random()
    if chosen < 0.35:
        return "198.%d.%d.%d" % (rng.randint(18, 19), rng.randint(0, 255), rng.randint(1, 254))
    if chosen < 0.8:
        return "100.%d.%d.%d" % (rng.randint(64, 127), rng.randint(0, 255), rng.randint(1, 254))
    if chosen < 0.95:
        return "10.%d.%d.%d" % (rng.randint(20, 250), rng.randint(0, 255), rng.randint(1, 254))
    return "%s.%d" % (rng.choice(_NETWORKS[:3]), rng.randint(1, 254))


def _host(
    name: str,
    domains: Sequence[str],
    tongues: Sequence[Language],
    networks: Sequence[str],
    hours: float,
    disclaimers: Sequence[str] = ("",),
) -> Host:
    own = domains[0]
    start = number_of(own) % 60
    words = tuple(" ".join(tongues[0].lines).replace("{", "").replace("}", "").split())
    world = World(own, OTHERS[start : start + 9], tuple(map(plain, tongues[0].first)), words, hours)
    return Host("%s.%s" % (name, own), world, tongues, domains, networks, disclaimers)


EN, DE, FR, ES, NL, PL = (
    languages.ENGLISH,
    languages.GERMAN,
    languages.FRENCH,
    languages.SPANISH,
    languages.DUTCH,
    languages.POLISH,
)
WEB = _host(
    "web7",
    (
        "nordhost.example",
        "blumen-kranz.example",
        "tischlerei-oelke.example",
        "yogahafen.test",
        "fewo-kappeln.example",
        "kanzlei-drost.example",
        "modellbahn-welt.example",
        "sv-foerde.example",
        "dr-reimann.example",
    ),
    (DE, DE, EN),
    ("100.70.12", "100.71.44", "198.51.100", "100.70.9"),
    30,
    ("", "", "Diese E-Mail kann vertrauliche Informationen enthalten. Sitz: Kiel, HRB 4471."),
)
CAMPUS = _host(
    "smtp",
    ("lakeside-uni.example", "bio.test", "lakeside-library.example"),
    (EN, EN, ES, FR),
    ("10.12.4", "10.12.9", "10.14.30", "100.80.7", "203.0.113"),
    14,
    ("", "Lakeside University is a registered charity, number 204711."),
)
ISP = _host(
    "smtp-out3",
    ("redsur.example", "bodegasmolina.example", "dentalsur.example", "colegio-alameda.test"),
    (ES, ES, EN),
    ("100.96.1", "100.96.2", "100.97.40", "100.98.7", "100.99.13", "192.0.2"),
    20,
    ("", "", "AVISO LEGAL: este mensaje es confidencial y se dirige solo a su destinatario."),
)
PLANT = _host(
    "mx2",
    ("ateliers-morel.example", "morel-outillage.example"),
    (FR, FR, EN, DE),
    ("10.40.2", "10.40.3"),
    8,
    ("Pensez à l'environnement avant d'imprimer ce message.", "Ateliers Morel SAS - 44300 Nantes"),
)
RELAY = _host(
    "relay1",
    (
        "relaypoint.example",
        "hartwell-law.example",
        "stannes-clinic.example",
        "ridgeway-estates.test",
        "kiln-and-co.example",
        "orbit-freight.example",
    ),
    (EN,),
    ("198.51.100", "203.0.113", "100.110.3", "198.19.77", "198.18.31"),
    26,
    (
        "This email and any attachments are confidential and may be legally privileged.",
        "",
        "Registered in England and Wales, company 0811724.",
    ),
)
ALUMNI = _host(
    "fwd",
    ("absolwenci.example", "klub-absolwenta.test"),
    (PL, PL, EN),
    ("10.8.8", "100.66.2"),
    40,
    ("", "Stowarzyszenie Absolwentów, KRS 0000124"),
)
TOWN = _host(
    "mailgate",
    ("gemeente-waal.example", "bibliotheek-waal.example", "sportpark-waal.test"),
    (NL, NL, EN, DE),
    ("10.200.1", "10.200.2", "10.201.5"),
    10,
    ("Aan dit bericht kunnen geen rechten worden ontleend.",),
)
CLOUD = _host(
    "app-mail",
    ("planora.example", "planora-help.example"),
    (EN, DE, FR, ES),
    ("10.1.0", "10.1.1", "198.18.240"),
    6,
    ("", "Planora Ltd, Dublin"),
)
EVERY = (WEB, CAMPUS, ISP, PLANT, RELAY, ALUMNI, TOWN, CLOUD)
DAY = 24 * HOUR
