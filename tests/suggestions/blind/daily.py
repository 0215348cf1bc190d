# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ordinary mail of a server: what people write, and the little mail of machines."""

from __future__ import annotations

import random
from typing import NamedTuple, Sequence

from tests.suggestions.blind.failures import failure
from tests.suggestions.blind.language import Language, spin
from tests.suggestions.blind.languages import ENGLISH
from tests.suggestions.blind.places import FREEMAIL, Person, Place, far, from_domain, mail_service, office, often, plain
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, File, as_html, code, data
from tests.suggestions.letters import Letter, Maker, World

_PROGRAMS = (
    "X-Mailer: Microsoft Outlook 16.0",
    "User-Agent: Mozilla Thunderbird",
    "X-Mailer: Apple Mail (2.3774.600.62)",
    "X-Mailer: iPhone Mail (21F90)",
    "User-Agent: Roundcube Webmail/1.6.5",
    "X-Mailer: eM Client/9.2.2093.0",
    "",
)
_ROLES = ("Sales", "Purchasing", "Service", "Office", "Research", "Accounts", "Planning", "Quality", "IT", "Director")
_CLOSINGS = (
    (
        "This {message|e-mail} {is|may be} confidential and {meant only for|intended solely for} the "
        "{person|recipient} {it is addressed to|named above}. {If you got it in error, delete it.|}"
    ),
    "Please {think of|consider} the environment before you print this {mail|e-mail}.",
    "{Registered in|Company registered in} {England|Ireland|Wales} {no.|number} {4471|88231|120965}.",
    "Diese {E-Mail|Nachricht} enthält vertrauliche Informationen. {Wenn|Falls} Sie nicht der {richtige |}{Empfänger|Adressat} sind, löschen Sie sie bitte.",
    "Geschäftsführer: {K. Lang|E. Roth|P. Simon}, {Amtsgericht|Sitz} {Gera|Ulm|Hof}, {HRB|HRA} {1704|5512|980}",
    "Este {mensaje|correo} es confidencial y {puede contener|contiene} datos protegidos por la ley.",
    "Ce {message|courriel} est confidentiel et {ne concerne que|s'adresse uniquement à} son destinataire.",
)


def signature(who: Person, place: Place, *, is_own: bool) -> str:
    """Return what a person writes below each message, or nothing."""
    own = random.Random("signature of " + who.address)
    if who.domain in FREEMAIL:
        return own.choice(
            ("", "", "Sent from my phone", "Tel. 0%d %d" % (own.randint(100, 999), own.randint(10000, 999999)))
        )
    company = place.title if is_own and who.domain == place.own else who.domain.partition(".")[0].capitalize()
    lines = [
        "-- ",
        who.name,
        "%s, %s" % (own.choice(_ROLES), company),
        "Tel. +%d %d" % (own.randint(30, 99), own.randint(10**6, 10**9)),
    ]
    if own.random() < 0.6:
        lines.append(own.choice(("https://www.%s/", "www.%s", "http://%s")) % who.domain)
    house = random.Random("closing of " + who.domain)
    if house.random() < 0.5:
        lines += ["", spin(house, house.choice(_CLOSINGS))]
    return "\n".join(lines)


def _body(rng: random.Random, language: Language, author: Person, recipient: Person) -> str:
    """Return greeting, text and name."""
    greeting = rng.choice(language.hello)
    if "%s" in greeting:
        greeting = greeting % rng.choice((recipient.first_name, recipient.name.rpartition(" ")[2]))
    text = language.paragraphs(rng, rng.choice((1, 2, 4)))
    if rng.random() < 0.07:
        text += "\n\nhttps://%s/%s/%s" % (
            rng.choice(("maps.example", "cloud.example", "docs.example.com", "www." + author.domain)),
            code(rng, 1).lower(),
            code(rng, 9).lower(),
        )
    parts = [greeting, text, spin(rng, language.bye), author.first_name if rng.random() < 0.6 else author.name]
    return "\n\n".join(parts[1:] if rng.random() < 0.15 else parts)


def _attachment(rng: random.Random, author: Person) -> File:
    """Return what people attach."""
    kind, name = rng.choice(
        (
            ("application/pdf", "%s.pdf"),
            ("image/jpeg", "IMG_%s.jpg"),
            ("application/vnd.ms-excel", "%s.xls"),
            ("application/msword", "%s.doc"),
        )
    )
    stem = rng.choice(
        (
            str(rng.randint(1000, 9999)),
            plain(author.name.replace(" ", "-")) + str(rng.randint(1, 30)),
            rng.choice(("scan", "plan", "list", "draft_v")) + str(rng.randint(1, 99)),
        )
    )
    return File(name % stem, kind, data(rng, rng.randint(500, 5000)))


def personal(place: Place, rng: random.Random, author: Person, recipient: Person, *, is_own: bool) -> Draft:
    """Return what a person writes to another."""
    own = random.Random("habits of " + author.address)
    language = place.language if rng.random() < 0.85 else ENGLISH
    text = _body(rng, language, author, recipient)
    below = signature(author, place, is_own=is_own)
    subject = language.topic(rng)
    headers = [own.choice(_PROGRAMS)]
    if below:
        text += "\n\n" + below
    if subject.startswith(language.reply):
        date = "%d.%d.2026" % (rng.randint(1, 28), rng.randint(1, 12))
        earlier = _body(rng, language, author=recipient, recipient=author)
        text += "\n\n%s\n> %s" % (language.wrote % (date, recipient.name), earlier.replace("\n", "\n> "))
        headers.append("In-Reply-To: <%s@%s>" % (code(rng, 16).lower(), recipient.domain))
    html = as_html(text, style=own.choice(("font-family:Calibri", "", "font-size:12px"))) if own.random() < 0.6 else ""
    if html and own.random() < 0.3 and is_own:
        html = html.replace("</body>", '<img src="https://www.%s/logo.png"></body>' % author.domain)
    return Draft(
        author.address,
        [recipient.address],
        subject,
        text,
        author=author.name if own.random() < 0.9 else "",
        to='"%s" <%s>' % (plain(recipient.name.replace(" ", ".")), recipient.address) if rng.random() < 0.5 else "",
        html=html,
        files=[_attachment(rng, author) for _turn in range(rng.choice((0, 0, 0, 0, 1, 1, 2)))],
        headers=[line for line in headers if line],
        transfer=own.choice(("8bit", "quoted-printable", "base64", "8bit")),
    )


def written(place: Place) -> Maker:
    """Return the mail of the users, through submission."""

    def make(_world: World, rng: random.Random) -> Letter:
        author, recipient = often(rng, place.users), often(rng, place.contacts)
        draft = personal(place, rng, author, recipient, is_own=True)
        return queue(place, rng, draft, office(place, rng, author), login=author.address)

    return make


def received(place: Place) -> Maker:
    """Return mail to the users from outside."""

    def make(_world: World, rng: random.Random) -> Letter:
        author, recipient = often(rng, place.contacts), often(rng, place.users)
        draft = personal(place, rng, author, recipient, is_own=False)
        return queue(place, rng, draft, from_domain(rng, author.domain))

    return make


def cron(place: Place) -> Maker:
    """Return the output of cron jobs of some hosts."""
    jobs = (
        "/etc/cron.daily/logrotate",
        "run-parts /etc/cron.weekly",
        "/usr/local/bin/backup.sh",
        "apt-get -qq update",
        "/opt/sync/run",
        "certbot -q renew",
        "php /srv/app/cron.php",
    )

    def make(_world: World, rng: random.Random) -> Letter:
        host = "%s%d.%s" % (rng.choice(("db", "web", "app", "nas", "build")), rng.randint(1, 9), place.own)
        recipient = "%s@%s" % (rng.choice(("root", "admin", "it-alerts")), place.own)
        job = rng.choice(jobs)
        text = "\n".join(
            "%s: %s %d"
            % (
                job.rpartition("/")[2],
                rng.choice(("error on line", "warning: size", "skipped file", "done in")),
                rng.randint(1, 9999),
            )
            for _turn in range(rng.randint(1, 7))
        )
        draft = Draft(
            "root@" + host,
            [recipient],
            "Cron <root@%s> %s" % (host.partition(".")[0], job),
            text,
            author="(Cron Daemon)",
            headers=["Auto-Submitted: auto-generated", "X-Cron-Env: <LOGNAME=root>"],
        )
        client = ("10.9.0.%d" % rng.randint(2, 40), host, host) if rng.random() < 0.6 else None
        return queue(place, rng, draft, client)

    return make


_BRANDS = (
    "Garden Gate",
    "Fernweh Reisen",
    "La Bodega",
    "Tech Digest",
    "Velo Post",
    "Kino Palast",
    "Book Nook",
    "Mode Atelier",
    "Wine Club",
    "Build Daily",
    "Job Radar",
    "Toy Attic",
)
_OFFERS = (
    "{New|Our} {autumn|summer|weekly} {picks|offers}",
    "{Neu|Jetzt} im {Sortiment|Programm}",
    "This week at %s",
    "{20|15|30} percent off {shoes|seeds|maps}",
    "%s: {read|watch} now",
    "Einladung zum {Fest|Abend}",
)


def newsletters(place: Place) -> Maker:
    """Return some copies each of the newsletters of some brands."""

    def make(_world: World, rng: random.Random) -> Letter:
        brand = rng.choice(_BRANDS)
        issue = random.Random("issue of %s at %s" % (brand, place.own))
        domain = "news.%s.example" % plain(brand.replace(" ", "-"))
        recipient = rng.choice(place.users)
        subject = spin(issue, issue.choice(_OFFERS)).replace("%s", brand)
        text = "%s\n\n%s\n\nhttps://%s/c/%s\n\nUnsubscribe: https://%s/u/%s" % (
            subject,
            place.language.paragraphs(issue, 6),
            domain,
            code(rng, 14).lower(),
            domain,
            code(rng, 14).lower(),
        )
        bounce = "bounce-%s-%s@%s" % (code(rng, 8, "0123456789"), recipient.address.replace("@", "="), domain)
        headers = [
            "List-Unsubscribe: <https://%s/u/%s>" % (domain, code(rng, 14).lower()),
            "Precedence: bulk",
            "List-Id: <%s>" % domain,
        ]
        draft = Draft(
            bounce,
            [recipient.address],
            subject,
            text,
            author=brand,
            from_address="hello@" + domain,
            html=as_html(text),
            headers=headers,
            transfer="quoted-printable",
        )
        return queue(place, rng, draft, mail_service(rng, brand))

    return make


class Notice(NamedTuple):
    """The notifications of a service."""

    domain: str
    subject: str
    text: str


_NOTICES: Sequence[Notice] = (
    Notice(
        "parcel-point.example",
        "Your parcel %d arrives {today|tomorrow}",
        "Your parcel %d is on its way.\n\nTrack it: https://parcel-point.example/t/%d",
    ),
    Notice(
        "codeforge.example",
        "[{core|docs|infra}] {Fix|Add|Remove} {tests|parser|cache} (#%d)",
        "@{kim|lee|mo} {commented|approved|merged} this.\n\nhttps://codeforge.example/p/%d",
    ),
    Notice(
        "meetly.example",
        "Reminder: {standup|review|call} at {9|10|14}:{00|30}",
        "Join: https://meetly.example/j/%d\nPasscode %d",
    ),
    Notice("bank-north.example", "Your statement is ready", "Your statement %d can be read in online banking."),
    Notice(
        "friendsbook.example",
        "{Ann|Bo|Cy} {liked|shared} your {photo|post}",
        "See it at https://friendsbook.example/n/%d",
    ),
    Notice(
        "railways.example",
        "Your booking %d",
        "Train {IC|RE|ICE} %d, coach {4|7|21}, seat {12|55|81}. Have a good journey.",
    ),
    Notice("cloudbox.example", "{Eva|Max} shared a folder with you", "Open https://cloudbox.example/s/%d"),
    Notice(
        "clinic-booking.example",
        "Appointment on {Monday|Friday}",
        "Please come at {8|9|11}:{15|45}. Your number is %d.",
    ),
    Notice("shop-direct.example", "Order %d confirmed", "Thank you. Total {12|49|89}.{90|99}. Order %d."),
)


def notices(place: Place) -> Maker:
    """Return notifications of services, one here, one there."""

    def make(_world: World, rng: random.Random) -> Letter:
        notice = rng.choice(_NOTICES)
        recipient = rng.choice(place.users)
        number = rng.randint(10**5, 10**8)
        subject, text = (spin(rng, part).replace("%d", str(number)) for part in (notice.subject, notice.text))
        sender = "%s@%s" % (rng.choice(("no-reply", "bounces+%d" % number)), notice.domain)
        draft = Draft(
            sender,
            [recipient.address],
            subject,
            text,
            author=notice.domain.partition(".")[0].capitalize(),
            from_address="no-reply@" + notice.domain,
            html=as_html(text),
            headers=["Auto-Submitted: auto-generated"],
        )
        return queue(place, rng, draft, from_domain(rng, notice.domain))

    return make


def bounces(place: Place) -> Maker:
    """Return notices about undeliverable mail of the users, of several servers."""

    def make(_world: World, rng: random.Random) -> Letter:
        lost, recipient = often(rng, place.contacts), often(rng, place.users)
        subject = place.language.topic(rng)
        message_id = "%s@%s" % (code(rng, 20).lower(), recipient.domain)
        draft, client = failure(rng, recipient.address, lost, subject=subject, message_id=message_id)
        return queue(place, rng, draft, client)

    return make


def forms(place: Place) -> Maker:
    """Return the mail of the web sites of a host: contact forms, orders, lost passwords."""

    def make(_world: World, rng: random.Random) -> Letter:
        owner = often(rng, place.users)
        visitor = often(rng, place.contacts)
        number = rng.randint(1000, 99999)
        question = place.language.paragraphs(rng, 2)
        kind = rng.choice(("form", "form", "order", "password", "comment"))
        subject, text, recipient = {
            "form": (
                "%s contact form" % owner.domain,
                "From: %s <%s>\n\n%s\n\n--\nSent from https://%s/contact/"
                % (visitor.name, visitor.address, question, owner.domain),
                owner.address,
            ),
            "order": (
                "Your order #%d at %s" % (number, owner.domain),
                "Thank you %s!\n\n%s x%d\n\nhttps://%s/account/%d"
                % (visitor.name, place.topic(rng), number % 7 + 1, owner.domain, number),
                visitor.address,
            ),
            "password": (
                "[%s] Password reset" % owner.domain,
                "Reset it here: https://%s/wp-login.php?action=rp&key=%s" % (owner.domain, code(rng, 20)),
                visitor.address,
            ),
            "comment": (
                "[%s] Please moderate: %s" % (owner.domain, place.topic(rng)),
                "Author: %s (IP: %s)\n\n%s\n\nhttps://%s/wp-admin/comment.php?c=%d"
                % (visitor.name, far(rng), question, owner.domain, number),
                owner.address,
            ),
        }[kind]
        user = 10000 + random.Random(owner.domain).randint(1, 400)
        draft = Draft(
            "wordpress@" + owner.domain,
            [recipient],
            subject,
            text,
            author=owner.domain.partition(".")[0].capitalize(),
            headers=[
                "X-PHP-Originating-Script: %d:PHPMailer.php" % user,
                "X-Mailer: PHPMailer 6.8.1 (https://phpmailer.example)",
            ],
        )
        return queue(place, rng, draft, None, user_id=user)

    return make


def absences(place: Place) -> Maker:
    """Return automatic replies of users."""

    def make(_world: World, rng: random.Random) -> Letter:
        author, recipient = often(rng, place.users), often(rng, place.contacts)
        own = random.Random("absence of " + author.address)
        phrases = (
            "I am out of the office until %s.",
            "Ich bin bis zum %s nicht im Haus.",
            "Je suis absent jusqu'au %s.",
            "Estaré fuera hasta el %s.",
        )
        text = own.choice(phrases) % ("%d/%d" % (own.randint(2, 28), own.randint(9, 10)))
        draft = Draft(
            "",
            [recipient.address],
            "Auto: " + place.language.topic(rng),
            text,
            author=author.name,
            from_address=author.address,
            headers=["Auto-Submitted: auto-replied", "Precedence: bulk"],
        )
        return queue(place, rng, draft, None)

    return make


def everyday(place: Place, **weights: int) -> dict[Maker, int]:
    """Return the makers of ordinary mail with these weights, by name."""
    known = {
        maker.__name__: maker for maker in (written, received, cron, newsletters, notices, bounces, forms, absences)
    }
    return {known[name](place): weight for name, weight in weights.items()}


def usual(place: Place) -> dict[Maker, int]:
    """Return the ordinary mail of a place."""
    if place.inbound or place.forwards:
        return everyday(place, received=58, newsletters=14, notices=20, bounces=4)
    if place.host == "smtp3.riverlink.example":
        return everyday(place, written=78, bounces=6, absences=5, forms=2, cron=1, received=4)
    if place.host == place.own:
        return everyday(place, forms=45, written=28, cron=9, absences=3, bounces=6, notices=3)
    return everyday(place, written=40, received=30, newsletters=8, notices=9, bounces=4, absences=4, cron=4)
