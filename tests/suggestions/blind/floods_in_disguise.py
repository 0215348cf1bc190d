# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""More floods that come in: those that look like ordinary mail, and mail that others were made to send."""

# The texts are not all English.
# ruff: noqa: RUF001

from __future__ import annotations

import random

from tests.suggestions.blind.daily import everyday, usual
from tests.suggestions.blind.floods_in import (
    advance_fee,
    backscatter,
    bank_phishing,
    bots_with_attachment,
    sextortion,
    snowshoe,
)
from tests.suggestions.blind.language import spin
from tests.suggestions.blind.languages import ENGLISH
from tests.suggestions.blind.places import (
    AZULEJOS,
    COMMUNE,
    COMPANY,
    FORWARDER,
    FREEMAIL,
    RECEIVER,
    TEKSTIL,
    UNIVERSITY,
    WEBHOST,
    from_domain,
    mail_service,
    often,
    person,
    plain,
)
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, File, as_html, code
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Letter, World

_LOWER = "abcdefghijklmnopqrstuvwxyz"

_CONFIRMATIONS = (
    (
        "{Please confirm|Confirm} your {subscription|e-mail address}",
        (
            "{Thanks for|Thank you for} {signing up|your interest}. {Click|Please click} to confirm: "
            "https://{domain}/{path}"
        ),
    ),
    (
        "Bitte bestätigen Sie {Ihre Anmeldung|den Newsletter}",
        (
            "Nur noch ein Klick: https://{domain}/{path}\nWenn Sie sich nicht angemeldet haben, ignorieren Sie diese "
            "Mail."
        ),
    ),
    ("Welcome to {brand}", "Hi {who}, your account is ready. Log in at https://{domain}/{path}"),
    ("Confirmez votre inscription", "Bonjour,\n\nmerci de confirmer : https://{domain}/{path}"),
    ("Confirma tu {correo|suscripción}", "Hola, confirma aquí: https://{domain}/{path}\n\nEl equipo de {brand}"),
    ("Подтвердите подписку", "Здравствуйте! Для подтверждения перейдите: https://{domain}/{path}"),
    ("请确认您的邮箱", "请点击链接完成注册：https://{domain}/{path}"),
    ("[{brand}] Your ticket {number} was created", "We got your request and answer soon. See https://{domain}/{path}"),
    (
        "confirm {path}",
        (
            "Mailing list subscription confirmation notice for mailing list {brand}\n\nTo confirm, reply to this "
            "message or visit https://{domain}/confirm/{path}"
        ),
    ),
    (
        "Account details for {who} at {brand}",
        "Your registration awaits approval.\n\nUsername: {who}\nhttps://{domain}/",
    ),
)


def confirmation(rng: random.Random, recipient: str, who: str) -> tuple[Draft, tuple[str, str, str]]:
    """Return what a web site sends to an address that was entered there, and its server."""
    number = rng.randint(1, 900)
    own = random.Random("web site %d" % number)
    brand = own.choice(
        ("Alpine", "Casa", "Retro", "Kids", "Pixel", "Vegan", "Moto", "Yarn", "Chess", "Radio")
    ) + own.choice((" Club", " Shop", " Forum", " Weekly", " Times", " Verein"))
    domain = "%s%d.%s" % (plain(brand), number, own.choice(("example", "test", "example.com", "example.org")))
    subject, text = own.choice(_CONFIRMATIONS)
    words = {
        "{domain}": domain,
        "{path}": code(rng, own.randint(8, 30)).lower(),
        "{brand}": brand,
        "{who}": who,
        "{number}": str(rng.randint(1000, 99999)),
    }
    for word, value in words.items():
        subject, text = subject.replace(word, value), text.replace(word, value)
    local = own.choice(
        ("noreply", "info", "newsletter", "wordpress", "lists-bounces", "bounce-%s" % code(rng, 8, _LOWER))
    )
    draft = Draft(
        "%s@%s" % (local, domain),
        [recipient],
        spin(rng, subject),
        spin(rng, text),
        author=brand if own.random() < 0.8 else "",
        html=as_html(spin(rng, text)) if own.random() < 0.5 else "",
        headers=own.choice((["Auto-Submitted: auto-generated"], [], ["X-Mailer: PHPMailer 5.2"], ["Precedence: list"])),
    )
    return draft, from_domain(rng, domain) if own.random() < 0.6 else mail_service(rng, brand)


def list_bombing(_world: World, rng: random.Random) -> Letter:
    """Return one of the many confirmations that a single user gets because somebody entered the address everywhere."""
    victim = COMPANY.users[77]
    draft, client = confirmation(rng, victim.address, code(rng, rng.randint(5, 9), _LOWER))
    return queue(COMPANY, rng, draft, client, hours=(0.3, 6), is_spam=True)


def ordinary_confirmation(_world: World, rng: random.Random) -> Letter:
    """Return a confirmation that a user asked for."""
    user = often(rng, COMPANY.users)
    draft, client = confirmation(rng, user.address, user.first_name)
    return queue(COMPANY, rng, draft, client)


def event(rng: random.Random, *, organizer: str, guest: str, summary: str, place: str, text: str) -> File:
    """Return an invitation to an event (RFC 5545)."""
    start = "202609%02dT%02d%s00Z" % (rng.randint(21, 30), rng.randint(7, 17), rng.choice(("00", "30")))
    lines = [
        "BEGIN:VCALENDAR",
        "PRODID:-//Mail Calendar//EN",
        "VERSION:2.0",
        "METHOD:REQUEST",
        "BEGIN:VEVENT",
        "UID:%s" % code(rng, 26).lower(),
        "DTSTART:" + start,
        "ORGANIZER:mailto:" + organizer,
        "ATTENDEE;RSVP=TRUE:mailto:" + guest,
        "SUMMARY:" + summary,
        "LOCATION:" + place,
        "DESCRIPTION:" + text.replace("\n", "\\n"),
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return File("invite.ics", "text/calendar; method=REQUEST", "\n".join(lines).encode())


def calendar_spam(_world: World, rng: random.Random) -> Letter:
    """Return an invitation to a made-up event, from an account at a free mail provider."""
    domain = rng.choice(FREEMAIL[:2])
    author = person(rng, ENGLISH, domain)
    guest = rng.choice(COMPANY.users)
    coin = rng.choice(("BTC", "ETH", "USDT"))
    summary = (
        spin(
            rng,
            "{Your|Pending} {%s withdrawal|mining payout|wallet transfer}: {%d.%d|0.%d} {is ready|confirm today|action needed}",
        )
        .replace("%s", coin)
        .replace("%d", str(rng.randint(2, 99)))
    )
    link = "https://%s/%s" % (
        rng.choice(("sites.freemail.example/view", "telegra.test", "forms.freemail.example/d")),
        code(rng, 16),
    )
    text = (
        spin(
            rng,
            (
                "{Your|The} {account|mining account} was {inactive for 364 days|closed}. {Collect|Withdraw} {the "
                "balance|%s} {before|until} it {expires|is deleted}: "
            ),
        ).replace("%s", coin)
        + link
    )
    file = event(
        rng,
        organizer=author.address,
        guest=guest.address,
        summary=summary,
        place=rng.choice(("", link, "Online")),
        text=text,
    )
    body = (
        "You have been invited to the following event.\n\n%s\n\n%s\n\nYes - No - Maybe\n\nInvitation from the calendar of %s"
        % (summary, text, author.address)
    )
    draft = Draft(
        author.address,
        [guest.address],
        "Invitation: %s @ %s" % (summary, rng.choice(("Mon", "Tue", "Wed"))),
        body,
        author=author.name,
        html=as_html(body),
        files=[file],
        transfer="quoted-printable",
    )
    return queue(COMPANY, rng, draft, from_domain(rng, domain), hours=(0.5, 28), is_spam=True)


def ordinary_event(_world: World, rng: random.Random) -> Letter:
    """Return an invitation of somebody who means it."""
    author, guest = often(rng, COMPANY.contacts), often(rng, COMPANY.users)
    summary = COMPANY.language.topic(rng)
    place = rng.choice(
        ("Room %d" % rng.randint(1, 40), "https://meetly.example/j/%d" % rng.randint(10**8, 10**9), "phone")
    )
    file = event(
        rng,
        organizer=author.address,
        guest=guest.address,
        summary=summary,
        place=place,
        text=COMPANY.language.sentence(rng),
    )
    body = (
        "You have been invited to the following event.\n\n%s\n\n%s\n\nYes - No - Maybe\n\nInvitation from the calendar of %s"
        % (summary, place, author.address)
    )
    draft = Draft(
        author.address,
        [guest.address],
        "Invitation: %s @ %s" % (summary, rng.choice(("Mon", "Tue", "Wed"))),
        body,
        author=author.name,
        html=as_html(body),
        files=[file],
        transfer="quoted-printable",
    )
    return queue(COMPANY, rng, draft, from_domain(rng, author.domain))


def ranking_offers(_world: World, rng: random.Random) -> Letter:
    """Return a polite offer to bring a site to the first page, from one of many accounts at free mail providers."""
    domain = rng.choice(FREEMAIL[:4])
    author = person(rng, ENGLISH, domain)
    owner = rng.choice(WEBHOST.users)
    text = spin(
        rng,
        "{Hi|Hello|Dear %s|Hi there|Hello team},\n\n{Hope you are well|I trust this finds you well|How are "
        "you doing}{.|?} {I was on|I came across|I just visited|I had a look at} {your website|your site|%d} "
        "{and {saw|noticed|found}|today and {saw|found}} {some|a few|several} {issues|errors|things} that "
        "{keep|stop} it {from ranking|off the first page|behind your competitors}.\n\n"
        "{We are|I work with} a {small |digital |}{agency|team|company} {in India|for SEO|with ten years of "
        "experience} and {can|could} {bring|move|lift} {it|your keywords} to {page one|the top ten|the first "
        "page} {in three months|soon|within 90 days}. {Can I send|May I share|Shall I mail} {you |}{a "
        "quote|our packages|an audit|the price list}{?|, no obligation?}\n\n"
        "{Thanks|Regards|Kind regards|Best wishes},\n%n\n{Business Development|SEO consultant|Online Marketing|}",
    )
    text = text.replace("%s", owner.first_name).replace("%d", owner.domain).replace("%n", author.name)
    subject = spin(
        rng, "{Re: |}{%d|Your website|Question|First page|Website errors|Quick call?|More visitors for %d|Proposal}"
    ).replace("%d", owner.domain)
    recipient = (
        "%s@%s" % (rng.choice(("info", "contact", "hello", "sales")), owner.domain)
        if rng.random() < 0.7
        else owner.address
    )
    draft = Draft(
        author.address,
        [recipient],
        subject,
        text,
        author=author.name,
        html=as_html(text),
        transfer=rng.choice(("8bit", "quoted-printable")),
    )
    return queue(WEBHOST, rng, draft, from_domain(rng, domain), hours=(1, 29), is_spam=True)


INCOMING = (
    Kind(
        "blind: snowshoe",
        "advertisements from many new domains in one network",
        RECEIVER,
        {snowshoe: 1},
        usual(RECEIVER),
        True,
    ),
    Kind(
        "blind: bots with attachment",
        "a botnet sends harmful attachments with hardly any text, in French",
        COMMUNE,
        {bots_with_attachment: 1},
        usual(COMMUNE),
        True,
    ),
    Kind(
        "blind: advance fee",
        "a rented server sends letters about fortunes in two languages",
        UNIVERSITY,
        {advance_fee: 1},
        usual(UNIVERSITY),
        True,
    ),
    Kind(
        "blind: backscatter",
        "notices of many servers about spam with forged senders",
        AZULEJOS,
        {backscatter: 1},
        usual(AZULEJOS),
        True,
    ),
    Kind(
        "blind: sextortion",
        "a botnet sends threats to the users of a forwarding host",
        FORWARDER,
        {sextortion: 1},
        usual(FORWARDER),
        True,
    ),
    Kind(
        "blind: bank phishing",
        "letters of a false Turkish bank with links to many hacked sites",
        TEKSTIL,
        {bank_phishing: 1},
        usual(TEKSTIL),
        True,
    ),
    Kind(
        "blind: list bombing",
        "one user gets confirmations of hundreds of web sites",
        COMPANY,
        {list_bombing: 1},
        {**usual(COMPANY), ordinary_confirmation: 4},
        True,
    ),
    Kind(
        "blind: calendar spam",
        "accounts at free mail providers send invitations to false events",
        COMPANY,
        {calendar_spam: 1},
        {**usual(COMPANY), ordinary_event: 6},
        True,
    ),
    Kind(
        "blind: ranking offers",
        "many accounts at free mail providers offer search ranking to the sites of a host",
        WEBHOST,
        {ranking_offers: 1},
        {**everyday(WEBHOST, received=30), **usual(WEBHOST)},
        True,
    ),
)
