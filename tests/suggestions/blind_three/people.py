# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ordinary mail that people write: to each other, to lists, to helpdesks, and from their calendars and scanners."""

from __future__ import annotations

import random
from zlib import crc32

from tests.suggestions.blind_three.compose import Draft, File, named, other_bytes, page, signed, spin, token, when
from tests.suggestions.blind_three.phrases import LANGUAGES, Language
from tests.suggestions.blind_three.places import SMALL_FREE, Place, outgoing, waiting
from tests.suggestions.letters import Letter, World

_PROGRAMS = (
    ("uuid", ("User-Agent: Mozilla Thunderbird", "Content-Language: en-US")),
    ("apple", ("X-Mailer: Apple Mail (2.3774.600.62)",)),
    ("apple", ("X-Mailer: iPhone Mail (21F90)",)),
    ("outlook", ("X-Mailer: Microsoft Outlook 16.0", "Thread-Index: AQH{t22}==", "Content-Language: de")),
    ("cloud", ("Thread-Topic: mail", "X-Originating-IP: [10.0.0.4]", "x-ms-exchange-messagesentrepresentingtype: 1")),
    ("work", ()),
    ("hex", ("User-Agent: Roundcube Webmail/1.6.7",)),
    ("hex", ("X-Mailer: K-9 Mail for Android",)),
)


def place_of(world: World) -> Place:
    """Return the world as the place that it is."""
    assert isinstance(world, Place)
    return world


def full_name(address: str) -> str:
    """Return the name that goes with an address."""
    return " ".join(part.capitalize() for part in address.partition("@")[0].replace("_", ".").split(".") if part)


def _program(address: str, rng: random.Random) -> tuple[str, list[str]]:
    """Return the style of message IDs and the headers of the program that somebody uses, always the same one."""
    style, headers = _PROGRAMS[crc32(b"mua" + address.encode()) % len(_PROGRAMS)]
    return style, [spin(header, rng) for header in headers]


def _signature(address: str, rng: random.Random) -> str:
    """Return what somebody has below letters."""
    domain = address.rpartition("@")[2]
    kind = crc32(b"sig" + address.encode()) % 5
    if domain in SMALL_FREE:
        kind = (0, 1, 3, 3, 0)[kind]
    phone = "0%d %d" % (crc32(address.encode()) % 9000 + 1000, crc32(domain.encode()) % 900000 + 100000)
    if kind == 0:
        return ""
    if kind == 1:
        return "\n\n-- \n%s\n%s" % (full_name(address), phone)
    if kind == 2:
        return "\n\n%s | Tel. %s | https://www.%s/" % (full_name(address), phone, domain)
    if kind == 3:
        where = rng.choice(("my phone", "my tablet"))
        return "\n\nSent from " + where
    return (
        "\n\n--\n%s\n%s\nhttps://www.%s/contact\n\nThis message may contain confidential information. If you are not "
        "the intended recipient,\nplease notify the sender and delete it." % (full_name(address), phone, domain)
    )


def _answering(subject: str, language: Language, rng: random.Random) -> tuple[str, str, list[str]]:
    """Return the subject, what is quoted and the headers of a letter, which may be an answer."""
    prefix = rng.choice(("", "", "", "Re: ", "Re: ", "AW: " if language is LANGUAGES["de"] else "RE: ", "Fwd: "))
    if not prefix:
        return subject, "", []
    first, last = language.name(rng)
    reference = "<%s@%s>" % (token(rng, 22), rng.choice(("mail.workmail.test", "sunpost.example", "mailcloud.example")))
    quoted = "\n\n" + language.quoted(rng, "%s %s" % (first, last))
    return prefix + subject, quoted, ["In-Reply-To: " + reference, "References: " + reference]


def _files(rng: random.Random) -> list[File]:
    """Return what is attached to a letter, mostly nothing."""
    if rng.random() < 0.8:
        return []
    name = spin("{scan|IMG|Angebot|draft|plan|offer}_{n4}{|_v{n1}|-final}", rng)
    kind, ending = rng.choice(
        (
            ("application/pdf", "pdf"),
            ("image/jpeg", "jpg"),
            ("application/vnd.ms-excel", "xls"),
            ("application/msword", "doc"),
        )
    )
    return [File("%s.%s" % (name, ending), kind, other_bytes(rng, rng.randint(300, 3000)))]


def _rich(text: str, style: str) -> str:
    """Return the letter as HTML too, if the program writes that."""
    return page(*text.split("\n\n")) if style in ("cloud", "outlook", "work") else ""


def written_by(place: Place, rng: random.Random, user: str) -> Draft:
    """Return a letter that a user writes."""
    to, first = place.correspondent(rng)
    language = place.language(rng)
    subject, quoted, headers = _answering(language.subject(rng), language, rng)
    style, own_headers = _program(user, rng)
    text = language.letter(rng, first, full_name(user).split()[0]) + _signature(user, rng) + quoted
    others = [place.correspondent(rng)[0] for _turn in range(rng.choice((0, 0, 0, 0, 1, 1, 2, 4)))]
    return Draft(
        sender=user,
        to=[to, *others],
        subject=subject,
        text=text,
        html=_rich(text, style),
        age=place.waited(rng),
        author=named(full_name(user), user),
        client=place.home(user, rng),
        login=user if crc32(user.encode()) % 4 or place.clients != "webmail" else user.partition("@")[0],
        headers=[*headers, *own_headers],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident=style,
        coding="" if text.isascii() else rng.choice(("", "qp", "base64")),
        files=_files(rng),
        server=place.mx,
    )


def user_writes(world: World, rng: random.Random) -> Letter:
    """A user of the server writes to somebody elsewhere."""
    place = place_of(world)
    return written_by(place, rng, place.user(rng)).letter(rng)


def received_from(place: Place, rng: random.Random, age: float = 0.0) -> Draft:
    """Return a letter from somebody elsewhere to a user; by default it is as old as any other."""
    sender, name, language = place.stranger(rng)
    domain = sender.rpartition("@")[2]
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    subject, quoted, headers = _answering(language.subject(rng), language, rng)
    style, own_headers = _program(sender, rng)
    age = age or place.waited(rng)
    text = language.letter(rng, full_name(user).split()[0], name) + _signature(sender, rng) + quoted
    client = outgoing(domain, rng)
    hop = "Received: from %s ([10.%d.%d.9])\n\tby %s with ESMTPSA id %s; %s" % (
        *(rng.choice(("localhost", "laptop", "smtpclient.apple")), rng.randrange(256), rng.randrange(256)),
        *(client[1], token(rng, 14), when(age + 2)),
    )
    return Draft(
        sender=place.through(sender),
        to=[to],
        subject=subject,
        text=text,
        html=_rich(text, style),
        age=age,
        author=named(name, sender),
        id_domain=domain,
        shown="<%s>" % user,
        client=client,
        headers=[*([signed(rng, domain)] if rng.random() < 0.6 else []), *headers, *own_headers],
        reason=reason,
        ident=style,
        coding="" if text.isascii() else rng.choice(("", "qp", "base64")),
        files=_files(rng),
        hops=[hop],
        server=place.mx,
    )


def stranger_writes(world: World, rng: random.Random) -> Letter:
    """Somebody elsewhere writes to a user."""
    return received_from(place_of(world), rng).letter(rng)


_LISTS = (
    (
        "bio-talk",
        "lists.institute-of-soils.example",
        "en",
        ("field trip {2026|2027}", "soil cores", "call for papers", "R script"),
    ),
    (
        "eltern-4b",
        "verteiler.grundschule-aue.test",
        "de",
        ("Klassenfahrt", "Elternabend {am {day}.{month}.|}", "Fundsachen"),
    ),
    (
        "mta-users",
        "lists.open-transport.test",
        "en",
        ("TLS policy maps", "milter timeouts", "[PATCH] {fix|docs}", "queue {hash|io}"),
    ),
    (
        "quartier",
        "liste.quartier-lilas.example",
        "fr",
        ("vide-grenier", "compost", "panne d'ascenseur", "piste cyclable"),
    ),
    ("chorleitung", "listen.kantorei-eck.example", "de", ("Probenplan", "Noten für {Advent|Ostern}", "Stimmprobe")),
    ("gis-dev", "lists.geo-stack.test", "en", ("{release|roadmap} {n1}.{n1}", "segfault in reader", "projection {n4}")),
)


def list_post(world: World, rng: random.Random) -> Letter:
    """Somebody writes to one of several mailing lists that users read."""
    place = place_of(world)
    name, host, code, topics = rng.choice(_LISTS)
    language = LANGUAGES[code]
    first, last = language.name(rng)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    subject = "%s[%s] %s" % (rng.choice(("", "Re: ")), name, spin(rng.choice(topics), rng))
    footer = (
        "\n_______________________________________________\n%s mailing list -- %s@%s\nhttps://%s/postorius/lists/%s"
        % (*(name, name, host, host, name),)
    )
    text = "%s\n\n%s%s\n%s" % (
        *(language.letter(rng, "", first, 3), language.quoted(rng, first) if rng.random() < 0.6 else "", "", footer),
    )
    sender = "%s-bounces+%s@%s" % (name, user.replace("@", "="), host)
    return Draft(
        sender=place.through(rng.choice((sender, "%s-bounces@%s" % (name, host)))),
        to=[to],
        subject=subject.strip(),
        text=text,
        age=place.waited(rng),
        author=named("%s %s via %s" % (first, last, name), "%s@%s" % (name, host)),
        shown="<%s@%s>" % (name, host),
        client=outgoing(host, rng),
        headers=[
            *("List-Id: <%s.%s>" % (name, host), "Precedence: list", "X-Mailman-Version: 3.3.9"),
            *("List-Unsubscribe: <mailto:%s-leave@%s>" % (name, host), "List-Post: <mailto:%s@%s>" % (name, host)),
        ],
        reason=reason,
        ident=rng.choice(("uuid", "work", "cloud")),
        id_domain="mail." + rng.choice(place.partners),
        coding=rng.choice(("", "qp")),
        server=place.mx,
    ).letter(rng)


_MEETINGS = (
    *(
        "{Weekly|Monthly} {sync|status}",
        "{Budget|Project} review",
        "Jour fixe {Einkauf|Vertrieb|IT}",
        "Interview {who}",
    ),
    *(
        "{Zahnarzt|Werkstatt|Besichtigung}",
        "Point {hebdo|projet}",
        "{Kick-off|Workshop} {n4}",
        "{Lunch|1:1} with {who}",
    ),
)


def calendar(world: World, rng: random.Random) -> Letter:
    """A user invites somebody to a meeting, moves it or takes it back."""
    place = place_of(world)
    user = place.user(rng)
    to, _first = place.correspondent(rng)
    language = place.language(rng)
    topic = spin(rng.choice(_MEETINGS), rng, {"who": rng.choice(language.firsts)})
    prefix = rng.choice(("Invitation: ", "Updated invitation: ", "Canceled: ", "Einladung: ", "Accepted: ", ""))
    moment = spin("202610{n2}T{n2}0000", rng)
    event = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:%s\nDTSTART:%s\nSUMMARY:%s\nEND:VEVENT\nEND:VCALENDAR\n"
        % (*(token(rng, 26), moment, topic),)
    )
    text = "%s\n\n%s\n%s" % (topic, spin("{day}.{month}.2026 {clock}", rng), language.paragraph(rng, 2))
    return Draft(
        sender=user,
        to=[to, *(place.correspondent(rng)[0] for _turn in range(rng.randrange(3)))],
        subject=prefix + topic,
        text=text,
        age=place.waited(rng),
        author=named(full_name(user), user),
        client=place.home(user, rng),
        login=user,
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="java",
        server=place.mx,
        calendar=event,
    ).letter(rng)


_AWAY = {
    "en": (
        "Automatic reply: %s",
        "I am out of the office until {day} {June|July} and will {answer|read your mail} then.",
    ),
    "de": (
        "Automatische Antwort: %s",
        "Ich bin bis zum {day}.{month}. nicht im {Büro|Haus}. Ihre Mail wird nicht weitergeleitet.",
    ),
    "fr": (
        "Réponse automatique : %s",
        "Je suis absent jusqu'au {day}/{month}. {En cas d'urgence, appelez l'accueil.|Merci.}",
    ),
    "es": ("Respuesta automática: %s", "Estaré fuera de la oficina hasta el {day}. {Contestaré a mi vuelta.|Gracias.}"),
    "nl": (
        "Automatisch antwoord: %s",
        "Ik ben afwezig tot {day}-{month}. {Ik lees mijn mail niet.|Bel anders kantoor.}",
    ),
}


def away(world: World, rng: random.Random) -> Letter:
    """A user is away, says a program."""
    place = place_of(world)
    user = place.user(rng)
    to, _first = place.correspondent(rng)
    code = rng.choice(place.languages)
    subject, text = _AWAY[code]
    language = LANGUAGES[code]
    return Draft(
        sender=rng.choice(("", user)),
        to=[to],
        subject=subject % language.subject(rng),
        text="%s\n\n%s" % (spin(text, rng), full_name(user)),
        age=place.waited(rng),
        author=named(full_name(user), user),
        headers=["Auto-Submitted: auto-replied (vacation)", "Precedence: bulk", "X-Auto-Response-Suppress: All"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        id_domain=place.mx,
        server=place.mx,
    ).letter(rng)


_DESKS = {
    "nordfunk-net.example": ("[Nordfunk #{n8}] ", "service"),
    "stackbarn.example": ("[Ticket ID: {n6}] ", "support"),
    "postnest.example": ("[PN-{n6}] ", "care"),
    "uni-althaven.example": ("[RT #{n6}] ", "it-desk"),
}


def ticket(world: World, rng: random.Random) -> Letter:
    """The helpdesk answers somebody."""
    place = place_of(world)
    prefix, desk = _DESKS.get(place.own, ("[#{n6}] ", "helpdesk"))
    language = place.language(rng)
    to, first = place.correspondent(rng)
    sender = "%s@%s" % (desk, place.own)
    agent = rng.choice(language.firsts)
    url = "https://%s.%s/t/%s" % (desk, place.own, token(rng, 10))
    text = "%s\n\n--\n%s\n%s@%s\n%s" % (language.letter(rng, first, agent, 2), agent, desk, place.own, url)
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(prefix, rng) + rng.choice(("", "Re: ")) + language.subject(rng),
        text=text,
        age=place.waited(rng),
        author=named("%s (%s)" % (agent, desk.capitalize()), sender),
        client=("10.30.0.8", "desk." + place.own, "desk." + place.own),
        headers=["X-Ticket-System: 5.0", "Reply-To: <%s>" % sender],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="python",
        id_domain="desk." + place.own,
        coding=rng.choice(("", "base64")),
        server=place.mx,
    ).letter(rng)


def scan(world: World, rng: random.Random) -> Letter:
    """A copier sends what somebody scanned to an address elsewhere."""
    place = place_of(world)
    number = rng.randint(1, 6)
    to, _first = place.correspondent(rng)
    sender = "mfp%d@%s" % (number, place.own)
    name = spin("{SKM_C250i|SCN|doc}{n8}{n6}", rng)
    return Draft(
        sender=sender,
        to=[to],
        subject=rng.choice(("Message from KM_C250i", "Scan", "Scanned document %s" % name, name)),
        text="",
        html=page("Device: mfp%d, pages: %d" % (number, rng.randint(1, 20))),
        age=place.waited(rng),
        client=("10.40.0.%d" % (20 + number), "mfp%d.%s" % (number, place.own), "mfp%d" % number),
        headers=["X-Mailer: KM_C250i"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="hex",
        id_domain="mfp%d.%s" % (number, place.own),
        files=[File(name + ".pdf", "application/pdf", other_bytes(rng, rng.randint(900, 4000)))],
        server=place.mx,
    ).letter(rng)
