# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The servers whose queues these are, who is there, and where their mail comes from and goes to."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence
from zlib import crc32

from tests.suggestions.blind_three.compose import Client, address_of, anywhere, hexes, network_of, six_of
from tests.suggestions.blind_three.phrases import LANGUAGES, Language, ascii_of, local_part
from tests.suggestions.letters import HOUR, World

# Recipients there are real domains; nobody sends from there.
BIG_FREE = (
    *("gmail.com", "gmail.com", "gmail.com", "outlook.com", "hotmail.com", "yahoo.com", "icloud.com", "gmx.de"),
    *("web.de", "t-online.de", "aol.com", "orange.fr", "live.com", "gmx.net"),
)
SMALL_FREE = ("sunpost.example", "wolkenbrief.example", "freiletter.test", "laposta-libre.example", "inboxly.test")


@dataclass(frozen=True)
class Place(World):
    """A server: what it does, and what people there speak."""

    languages: Sequence[str] = ("en",)
    inbound: str = "inner"
    """Where mail to its users goes: inner, forward or backup."""
    clients: str = "office"
    """Where its users send from: office, access or webmail."""
    served: Sequence[str] = ()
    """The domains whose users it serves, by default its own."""
    hosts: Sequence[str] = ()
    """The names of machines that report something."""
    rewrites: bool = False
    """Whether it rewrites the senders of what it forwards."""

    @property
    def mx(self) -> str:
        """Return the name of the server itself."""
        return "mx1." + self.own

    def language(self, rng: random.Random) -> Language:
        """Return one of the languages, the first one most often."""
        others = self.languages[1:]
        return LANGUAGES[rng.choice(others) if others and rng.random() < 0.3 else self.languages[0]]

    def domain(self, rng: random.Random) -> str:
        """Return one of the domains whose users it serves."""
        return rng.choice(self.served) if self.served else self.own

    def user(self, rng: random.Random) -> str:
        """Return the address of a user; some write more than others."""
        number = int(len(self.people) * rng.random() ** 1.7)
        return self.address(self.people[number])

    def address(self, part: str) -> str:
        """Return the address of the user with that local part."""
        return "%s@%s" % (part, self.served[crc32(part.encode()) % len(self.served)] if self.served else self.own)

    def home(self, user: str, rng: random.Random) -> Client:
        """Return where a user sends from."""
        if self.clients == "webmail" and crc32(user.encode()) % 3 != 0:
            return "10.20.0.%d" % rng.choice((11, 12)), "webmail." + self.own, "webmail." + self.own
        if self.clients == "office":
            number = crc32(user.encode())
            address = "10.%d.%d.%d" % (4 + number % 3, number >> 4 & 15, 10 + (number >> 9) % 200)
            return address, "unknown", "[%s]" % address
        return access(user, rng)

    def stranger(self, rng: random.Random) -> tuple[str, str, Language]:
        """Return somebody elsewhere: address, name and language."""
        language = self.language(rng)
        first, last = language.name(rng)
        if rng.random() < 0.3:
            return "%s@%s" % (local_part(rng, first, last, free=True), rng.choice(SMALL_FREE)), first, language
        return "%s@%s" % (local_part(rng, first, last), rng.choice(self.partners)), "%s %s" % (first, last), language

    def correspondent(self, rng: random.Random) -> tuple[str, str]:
        """Return somebody to write to: address and first name."""
        language = self.language(rng)
        first, last = language.name(rng)
        if rng.random() < 0.45:
            return "%s@%s" % (local_part(rng, first, last, free=True), rng.choice(BIG_FREE)), first
        return "%s@%s" % (local_part(rng, first, last), rng.choice(self.partners)), first

    def arriving(self, rng: random.Random, user: str = "") -> tuple[str, str]:
        """Return where mail to a user waits to go to, and why it waits."""
        user = user or self.user(rng)
        part, _at, domain = user.rpartition("@")
        if self.inbound == "forward":
            number = crc32(user.encode())
            goal = BIG_FREE[number % len(BIG_FREE)] if number % 5 else self.partners[number % len(self.partners)]
            return "%s@%s" % (_elsewhere(part, self.languages[0], number), goal), waiting(rng, goal)
        if self.inbound == "backup":
            return user, _no_primary(domain, rng)
        return user, _no_store(self.own, rng)

    def through(self, sender: str) -> str:
        """Return the envelope sender that a message from elsewhere has here."""
        if not self.rewrites or not sender:
            return sender
        part, _at, domain = sender.rpartition("@")
        mark = crc32(b"srs" + sender.encode())
        return "SRS0=%s=%s=%s=%s@%s" % (_four(mark), "XK" if mark % 3 else "XJ", domain, part, self.own)

    def waited(self, rng: random.Random) -> float:
        """Return how long a message has waited: most are young, some are as old as the queue keeps them."""
        if rng.random() < 0.2:
            return rng.uniform(0.5, 110.0) * HOUR
        return 60.0 + self.hours * HOUR * float(rng.random() ** 1.6)


def access(user: str, rng: random.Random) -> Client:
    """Return the address that an access provider gives a user."""
    number = crc32(b"access" + user.encode())
    provider = ("glasfaser-nord", "citycable", "mobilfon", "teleriver", "dslweb")[number % 5]
    address = "%s.%d" % (network_of("%s %d" % (provider, number % 23)), 2 + (number >> 8) % 250)
    if number % 7 == 0:
        address = six_of(provider, rng)
        return address, "unknown", "[IPv6:%s]" % address
    name = "p%s-dip.%s.example" % ("".join("%02x" % int(part) for part in address.split(".")), provider)
    return address, name, rng.choice(("[192.168.%d.%d]" % (number % 3, 20 + number % 99), "smtpclient.apple", name))


def outgoing(domain: str, rng: random.Random) -> Client:
    """Return the server that a domain's mail comes from: its own, or one of those that many domains share."""
    kind = crc32(domain.encode()) % 10
    if domain in SMALL_FREE:
        number = rng.randrange(20)
        name = "out%d.%s" % (number, domain)
        return "%s.%d" % (network_of(domain), 60 + number), name, name
    if kind < 4:
        region = ("am", "db", "fr", "zh")[crc32(domain.encode()) >> 5 & 3]
        number = rng.randrange(40)
        name = "mail-%s%02d.mailcloud.example" % (region, number)
        address = "%s.%d" % (network_of("mailcloud %s %d" % (region, number // 20)), 20 + number)
        return (six_of("mailcloud " + region, rng) if rng.random() < 0.2 else address), name, name
    if kind < 6:
        number = rng.randrange(48)
        name = "mail-ed1-f%d.workmail.test" % number
        return "%s.%d" % (network_of("workmail"), 41 + number), name, name
    name = "%s.%s" % (("mail", "mx", "smtp", "mout")[kind % 4], domain)
    return address_of(domain), name, name


def waiting(rng: random.Random, domain: str) -> str:
    """Return why mail to a domain waits; most often it is the same reason for all mail to it."""
    if domain in BIG_FREE:
        return _busy(rng, domain)
    host = "mx%d.%s" % (rng.randint(1, 2), domain)
    address = address_of("mx " + domain)
    kind = crc32(b"why" + domain.encode()) % 7 if rng.random() < 0.8 else rng.randrange(7)
    said = "host %s[%s] said: " % (host, address)
    return (
        said + "450 4.2.0 <recipient>: Recipient address rejected: Greylisted, see https://postgrey.%s/help" % domain,
        "connect to %s[%s]:25: Connection timed out" % (host, address),
        "connect to %s[%s]:25: Connection refused" % (host, address),
        "Host or domain name not found. Name service error for name=%s type=MX: Host not found, try again" % domain,
        said + "452 4.2.2 Mailbox full (in reply to RCPT TO command)",
        said + "451 4.3.0 Temporary lookup failure (in reply to RCPT TO command)",
        "lost connection with %s[%s] while receiving the initial server greeting" % (host, address),
    )[kind]


def _busy(rng: random.Random, domain: str) -> str:
    host = "host mx-in.%s[%s] said: " % (domain, address_of("mx%d %s" % (rng.randrange(4), domain)))
    if domain == "gmail.com":
        return host + rng.choice(
            (
                (
                    "421-4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP "
                    "address. "
                    "421 4.7.28 To protect our users, mail has been temporarily rate limited. (in reply to end of "
                    "DATA command)"
                ),
                "452-4.2.2 The recipient's inbox is out of storage space. (in reply to RCPT TO command)",
                (
                    "450-4.2.1 The user you are trying to contact is receiving email at a rate that prevents "
                    "additional "
                    "messages from being delivered. (in reply to RCPT TO command)"
                ),
            )
        )
    if domain in ("outlook.com", "hotmail.com", "live.com"):
        return (
            host
            + "451 4.7.650 The mail server has been temporarily rate limited due to IP reputation. (%s)" % hexes(rng, 8)
        )
    if domain in ("yahoo.com", "aol.com"):
        return host + "421 4.7.0 [TSS04] Messages temporarily deferred due to unexpected volume or user complaints"
    return host + rng.choice(
        ("421 4.3.2 Service temporarily limited", "452 4.2.2 Quota exceeded", "450 4.7.1 Try later")
    )


def _four(number: int) -> str:
    """Return four characters, as the mark of a rewritten sender has."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+"
    return "".join(letters[(number >> 6 * turn) % len(letters)] for turn in range(4))


def _elsewhere(part: str, language: str, number: int) -> str:
    """Return the local part of the address that mail to a user is forwarded to."""
    if "." in part:
        return part.replace(".", ("", ".", "_", ".")[number % 4]) + ("%d" % (number % 97) if number % 3 else "")
    spoken = LANGUAGES[language]
    first = ascii_of(spoken.firsts[number % len(spoken.firsts)])
    return "%s.%s%d" % (first, ascii_of(spoken.lasts[(number >> 7) % len(spoken.lasts)]), number % 90)


def _no_primary(domain: str, rng: random.Random) -> str:
    address = address_of("primary " + domain)
    if crc32(domain.encode()) % 4 == 0:
        return "host mx1.%s[%s] said: 451 4.7.1 Please try again later (in reply to RCPT TO command)" % (
            domain,
            address,
        )
    what = "timed out" if crc32(domain.encode()) % 4 < 3 or rng.random() < 0.1 else "refused"
    return "connect to mx1.%s[%s]:25: Connection %s" % (domain, address, what)


def _no_store(own: str, rng: random.Random) -> str:
    said = "host store%d.%s[10.20.1.5] said: " % (rng.randint(1, 3), own)
    return rng.choices(
        (
            said + "452 4.2.2 Quota exceeded (mailbox for user is full) (in reply to end of DATA command)",
            "connect to store2.%s[10.20.1.6]:24: Connection refused" % own,
            said + "451 4.3.0 Temporary internal error (in reply to end of DATA command)",
            "delivery temporarily suspended: lost connection with store2.%s[10.20.1.6] while sending end of data" % own,
        ),
        (40, 30, 15, 15),
    )[0]


def bot(rng: random.Random) -> Client:
    """Return a home computer or a router somewhere that a thief or a botnet sends from."""
    address = anywhere(rng)
    dashed = address.replace(".", "-")
    provider = rng.choice(
        ("velonet", "cabosur", "dhaka-fiber", "sagatel", "turkuaz", "mekongnet", "pampanet", "uralcom")
    )
    name = rng.choice(
        ("unknown", "unknown", "%s-dyn.%s.example" % (dashed, provider), "host-%s.%s.test" % (dashed, provider))
    )
    helo = rng.choice(("[%s]" % address, "[127.0.0.1]", "localhost", "WIN-%s" % hexes(rng, 6).upper(), name, "User"))
    return address, name, "DESKTOP-" + hexes(rng, 6).upper() if helo == "unknown" else helo


def _people(languages: Sequence[str], number: int, *, short: bool = False) -> tuple[str, ...]:
    """Return local parts of so many users."""
    found: dict[str, None] = {}
    turn = 0
    while len(found) < number:
        language = LANGUAGES[languages[turn % len(languages)]]
        mark = crc32(b"%d" % turn)
        first = ascii_of(language.firsts[mark % len(language.firsts)])
        last = ascii_of(language.lasts[(mark >> 9) % len(language.lasts)])
        found["%s%s" % (first[0], last) if short else "%s.%s" % (first, last)] = None
        turn += 1
    return tuple(found)


_FIRMS = (
    *("albers-metall.example", "brightwater-consulting.example", "cargoline.test", "druckhaus-merten.example"),
    *("elmtree-dental.example", "fensterbau-rieger.example", "greystone-law.example", "hofgut-auental.example"),
    *("infratec-planung.test", "jolies-maisons.example", "kanzlei-ostertor.example", "lumen-optics.example"),
    *("marin-architectes.example", "northgate-logistics.example", "oakhill-estates.example", "papeterie-lune.test"),
    *("quadrat-design.example", "rivertown-museum.example", "sanitaer-pohl.example", "talleres-soler.example"),
    *("unterberg-reisen.example", "vandenberg-bouw.example", "westbrook-pharma.example", "xenia-hotels.example"),
    *("yarrow-seeds.test", "zimmerei-hauk.example", "atelier-cobalt.example", "bakker-fietsen.example"),
    *("cliniques-du-parc.example", "deltaport-agency.test", "estudio-vega.example", "fjordline-tools.example"),
)
_PUBLIC = (
    *("landkreis-eschenau.example", "uni-marbeck.example", "st-anna-klinikum.example", "museum-hafenstadt.example"),
    *("college-of-wexmoor.example", "univ-valbrune.example", "wasserverband-ill.example", "bibliothek-nordstadt.test"),
    *("institute-of-soils.example", "gymnasium-am-see.example", "mairie-de-grandval.example", "tu-lindhafen.example"),
)

ISP = Place(
    own="nordfunk-net.example",
    partners=(*_FIRMS[:18], *_PUBLIC[:6]),
    people=_people(("de", "de", "en"), 260),
    words=("Anschluss", "Router", "Vertrag", "Rechnung", "Störung", "Tarif", "Kunde", "Leitung"),
    hours=30.0,
    languages=("de", "en"),
    clients="access",
    hosts=("olt-17", "bng2", "radius1", "ns3", "voip-gw4", "dhcp1", "backup2", "web-portal"),
)
UNIVERSITY = Place(
    own="uni-althaven.example",
    partners=(*_PUBLIC, *_FIRMS[4:10]),
    people=_people(("en", "de", "es", "fr"), 300, short=True),
    words=("seminar", "thesis", "faculty", "lecture", "grant", "exam", "library", "paper"),
    hours=24.0,
    languages=("en", "de", "es"),
    clients="webmail",
    hosts=("hpc-login2", "moodle", "ldap1", "lib-db", "print4", "physik-srv3"),
)
HOSTING = Place(
    own="stackbarn.example",
    partners=(*_FIRMS[8:30], "uni-marbeck.example"),
    people=(
        "info",
        "kontakt",
        "shop",
        "office",
        "hello",
        "anna",
        "markus",
        "contact",
        "sales",
        "team",
        "service",
        "mail",
        *_people(("en", "fr", "de"), 40),
    ),
    words=("website", "domain", "hosting", "backup", "certificate", "theme", "cart", "form"),
    hours=20.0,
    languages=("en", "fr", "de"),
    clients="access",
    served=(
        *("brotzeit-backhaus.example", "yoga-am-deich.example", "petite-ceramique.test", "harrow-cycles.example"),
        *("kinderarzt-lotus.example", "gites-du-moulin.example", "tischlerei-brand.example", "vinyl-cellar.test"),
        *("dogwalk-bristow.example", "salon-mireille.example", "imkerei-sommer.test", "lakeside-camping.example"),
        *("fahrschule-krone.example", "studio-nine-photo.example", "bluebell-nursery.example", "cafe-zwirn.test"),
    ),
    hosts=tuple("web%02d" % number for number in range(1, 15)),
)
COMPANY = Place(
    own="kessler-antriebe.example",
    partners=(*_FIRMS[:12], *_FIRMS[20:], "tu-lindhafen.example"),
    people=_people(("de", "de", "en", "nl"), 140),
    words=("Getriebe", "Motor", "Angebot", "Werkzeug", "Lieferung", "Prüfstand", "Auftrag", "Zeichnung"),
    hours=16.0,
    languages=("de", "en", "nl"),
    hosts=("erp01", "mes-halle2", "nas3", "hyperv4", "fw-south", "cad-lic", "zeiterfassung"),
)
MAILBOXES = Place(
    own="postnest.example",
    partners=(*_FIRMS[3:22], *_PUBLIC[3:9]),
    people=_people(("es", "en", "de", "fr"), 420),
    words=("mailbox", "alias", "calendar", "photos", "travel", "family", "house", "school"),
    hours=26.0,
    languages=("en", "es", "de", "fr"),
    clients="webmail",
    served=("postnest.example", "postnest.example", "nestmail.test", "mi-correo-nido.example"),
    hosts=("imap3", "store2", "spool1", "web5"),
)
CLUB = Place(
    own="ruderclub-wiesau.example",
    partners=(*_FIRMS[10:20], *_PUBLIC[:3], "tc-blauweiss.example", "segelfreunde-ill.test", "turnverein-eck.example"),
    people=("vorstand", "kasse", "jugend", "trainer", "bootswart", "presse", "info", "regatta", *_people(("de",), 40)),
    words=("Boot", "Training", "Beitrag", "Regatta", "Vorstand", "Bootshaus", "Sommerfest", "Jugend"),
    hours=60.0,
    languages=("de", "en"),
    inbound="forward",
    clients="access",
    hosts=("vserver1",),
)
FORWARDER = Place(
    own="wexmoor-alumni.example",
    partners=(*_FIRMS, *_PUBLIC[4:]),
    people=_people(("en", "en", "fr", "es"), 380),
    rewrites=True,
    words=("alumni", "reunion", "class", "career", "mentor", "dinner", "chapter", "donation"),
    hours=22.0,
    languages=("en", "fr"),
    inbound="forward",
    clients="access",
    hosts=("fwd1", "fwd2"),
)
BACKUP = Place(
    own="reserve-mx.test",
    partners=(*_FIRMS[5:28], "univ-valbrune.example"),
    people=(*_people(("nl", "en", "de"), 110), "info", "verkoop", "administratie", "sales", "receptie"),
    words=("offerte", "factuur", "levering", "order", "planning", "kantoor", "project", "contract"),
    hours=18.0,
    languages=("nl", "en"),
    inbound="backup",
    clients="access",
    served=(
        *(
            "bouwbedrijf-linde.example",
            "tandarts-zuidkade.example",
            "kwekerij-veldzicht.test",
            "molenaar-fiscaal.example",
        ),
        *("reinders-transport.example", "waterford-interiors.example", "notaris-ter-horst.example"),
    ),
    hosts=("bmx1", "bmx2"),
)
CITY = Place(
    own="stadt-brunnfeld.example",
    partners=(*_PUBLIC, *_FIRMS[:8], *_FIRMS[14:20]),
    people=_people(("de",), 120),
    words=("Antrag", "Bescheid", "Termin", "Bauamt", "Sitzung", "Gebühr", "Kindergarten", "Formular"),
    hours=40.0,
    languages=("de", "de", "en"),
    hosts=("dms2", "print-rathaus", "backup-kita", "fileserver1", "scan-bauamt", "vpn1"),
)
SHOP = Place(
    own="fadenreich.example",
    partners=(*_FIRMS[6:26], "museum-hafenstadt.example"),
    people=_people(("de", "en", "fr"), 24),
    words=("Stoff", "Garn", "Schnittmuster", "Bestellung", "Knopf", "Versand", "Retoure", "Lager"),
    hours=14.0,
    languages=("de", "fr", "en"),
    hosts=("shop-db", "shop-web1", "shop-web2", "lager-pc"),
)
