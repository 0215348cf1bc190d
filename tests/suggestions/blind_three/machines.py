# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ordinary mail that programs write: notices, newsletters of several organisations, orders, cron jobs and bounces."""

from __future__ import annotations

import random
from typing import Sequence
from zlib import crc32

from tests.suggestions.blind_three.compose import (
    Draft,
    address_of,
    hexes,
    named,
    numbers,
    page,
    queue_id,
    signed,
    spin,
    token,
)
from tests.suggestions.blind_three.people import full_name, place_of
from tests.suggestions.blind_three.phrases import LANGUAGES
from tests.suggestions.blind_three.places import Place, waiting
from tests.suggestions.blind_three.services import NEWS, NOTICES, SHOPS, Service
from tests.suggestions.letters import Letter, World


def _from_service(place: Place, rng: random.Random, service: Service, headers: Sequence[str]) -> Letter:
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    language = LANGUAGES[service.language]
    values = {**numbers(rng), "who": full_name(user).split()[0], "other": rng.choice(language.firsts)}
    text = spin(service.text, rng, values)
    label = {"de": "Ansehen", "fr": "Voir", "es": "Ver", "nl": "Bekijk"}.get(service.language, "View")
    link = "https://www.%s/v/%s" % (service.domain, token(rng, 12))
    return Draft(
        sender=place.through(service.envelope(rng, user)),
        to=[to],
        subject=spin(rng.choice(service.subjects), rng, values),
        text=text,
        html=page(*text.split("\n\n"), button=(link, label), footer="%s, %s" % (service.name, service.domain)),
        age=place.waited(rng),
        author=named(service.name, service.sender),
        shown="<%s>" % user,
        client=service.client(rng),
        headers=[signed(rng, service.domain), *headers],
        reason=reason,
        ident=("java", "python", "hex", "uuid")[crc32(service.name.encode()) % 4],
        id_domain=service.service or service.domain,
        coding=("qp", "base64")[crc32(service.name.encode()) % 2],
        server=place.mx,
    ).letter(rng)


def notice(world: World, rng: random.Random) -> Letter:
    """A bank, a parcel service, a network or an office writes to a user."""
    return _from_service(place_of(world), rng, rng.choice(NOTICES), ["Auto-Submitted: auto-generated"])


def news(world: World, rng: random.Random) -> Letter:
    """One of several organisations sends its newsletter to a user."""
    service = rng.choice(NEWS)
    host = service.service or service.domain
    headers = [
        "List-Id: <%s.%s>" % (hexes(rng, 8), host),
        "List-Unsubscribe: <https://%s/u/%s>, <mailto:unsubscribe@%s>" % (host, token(rng, 16), host),
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Precedence: bulk",
    ]
    return _from_service(place_of(world), rng, service, headers)


def order(world: World, rng: random.Random) -> Letter:
    """A shop confirms an order of a user."""
    return _from_service(place_of(world), rng, rng.choice(SHOPS), [])


_JOBS = (
    (
        "Cron <root@{host}> test -x /usr/sbin/anacron || run-parts /etc/cron.daily",
        "/etc/cron.daily/logrotate:\nerror: {x8} failed",
    ),
    (
        "Cron <backup@{host}> /usr/local/bin/dump-db",
        "dump: {n3} tables, {n4} MB, {n2} s\nwarning: table t_{x4} is locked",
    ),
    (
        "Logwatch for {host} (Linux)",
        "--- SSHD Begin ---\nFailed logins from:\n   {n2}.{n2}.{n2}.{n2}: {n2} times\n--- Disk ---\n{n2}% /",
    ),
    (
        "[{host}] {n2} package updates are available",
        "Security: libssl3 openssh-server tzdata\nRun: apt upgrade\nSeen: {clock}",
    ),
    (
        "SMART error (CurrentPendingSector) detected on {host}",
        "Device: /dev/sd{a|b|c}, {n1} pending sectors\nSerial {t10}",
    ),
    (
        "*** SECURITY information for {host} ***",
        "{host} : {clock} : user NOT in sudoers ; TTY=pts/{n1} ; COMMAND=/bin/ls",
    ),
)


def cron(world: World, rng: random.Random) -> Letter:
    """A machine of one's own reports to somebody outside, who looks after it."""
    place = place_of(world)
    host = "%s.%s" % (rng.choice(place.hosts), place.own)
    subject, text = rng.choice(_JOBS)
    values = {**numbers(rng), "host": host}
    to = rng.choice(
        ("admin@it-partner-lahn.example", "alerts@it-partner-lahn.example", "ops.%s@gmail.com" % place.own[:6])
    )
    number = place.hosts.index(host.partition(".")[0])
    return Draft(
        sender="root@" + host,
        to=[to],
        subject=spin(subject, rng, values),
        text="%s\n" % spin(text, rng, values),
        age=place.waited(rng),
        author="root@%s (Cron Daemon)" % host,
        client=("10.50.0.%d" % (10 + number), host, host),
        headers=["Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        server=place.mx,
    ).letter(rng)


def bounce_text(place: Place, to: str, why: str) -> str:
    """Return what Postfix writes to whom it could not send mail for."""
    return (
        "This is the mail system at host %s.\n\nI'm sorry to have to inform you that your message could not\n"
        "be delivered to one or more recipients. It's attached below.\n\nFor further assistance, please send mail to "
        "postmaster.\n\nIf you do so, please include this problem report. You can\ndelete your own text from the "
        "attached "
        "returned message.\n\n                   The mail system\n\n<%s>: %s" % (place.mx, to, why)
    )


_FAILURES = (
    (
        "host mx1.{domain}[{address}] said: 550 5.1.1 <{to}>: Recipient address rejected: User unknown (in reply to "
        "RCPT TO command)"
    ),
    (
        "host mx1.{domain}[{address}] said: 554 5.7.1 Message rejected as spam by content scanner (in reply to "
        "end of "
        "DATA command)"
    ),
    "Host or domain name not found. Name service error for name={domain} type=A: Host not found",
    "connect to mx1.{domain}[{address}]:25: Connection timed out",
    "host mx1.{domain}[{address}] said: 552 5.2.2 Over quota (in reply to RCPT TO command)",
)


def failure(rng: random.Random, to: str) -> str:
    """Return why mail to an address failed for good."""
    domain = to.rpartition("@")[2]
    return spin(rng.choice(_FAILURES), rng, {"domain": domain, "to": to, "address": address_of("mx " + domain)})


def bounce(world: World, rng: random.Random) -> Letter:
    """The server tells somebody elsewhere that a user cannot be reached, or a user that somebody elsewhere cannot."""
    place = place_of(world)
    to, _name, language = place.stranger(rng)
    missing, _first = place.correspondent(rng)
    text = "%s\n\n--- returned message ---\nQueue ID: %s\nFrom: %s\nSubject: %s" % (
        *(bounce_text(place, missing, failure(rng, missing)), queue_id(rng), to, language.subject(rng)),
    )
    return Draft(
        sender="",
        to=[to],
        subject=rng.choice(("Undelivered Mail Returned to Sender", "Delayed Mail (still being retried)")),
        text=text,
        age=place.waited(rng),
        author="MAILER-DAEMON@%s (Mail Delivery System)" % place.mx,
        headers=["Auto-Submitted: auto-replied"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        id_domain=place.mx,
        server=place.mx,
    ).letter(rng)


_FORMS = (
    (
        "wordpress@{site}",
        "[{name}] {New comment|Bitte moderieren: Kommentar} #{n4}",
        "Comment:\n{text}\n\nhttps://{site}/wp-admin/{n5}",
    ),
    (
        "wordpress@{site}",
        "{name}: {Contact form|Kontaktformular|Formulaire}",
        "From: {who}\nPhone: 0{n9}\n\n{text}\n\n-- \nhttps://{site}/",
    ),
    (
        "noreply@{site}",
        "{Booking request|Neue Buchung|Réservation} {n5}",
        "{who}, {day}.{month}., {n1} guests\n\n{text}\n\nhttps://{site}/b/{n5}",
    ),
    (
        "shop@{site}",
        "[{name}] {New order|Neue Bestellung} #{n5}",
        "Order #{n5} of {who}: {usd}\n\n{text}\n\nhttps://{site}/wc/{n5}",
    ),
    (
        "wordpress@{site}",
        "[{name}] Some plugins were automatically updated",
        "Howdy!\n\nForms {n1}.{n1}.{n1}, SEO {n1}.{n2}\n\nhttps://{site}/wp-admin/",
    ),
)


def web_form(world: World, rng: random.Random) -> Letter:
    """A web site of a customer tells its owner, or a visitor, about an order, a comment or a request."""
    place = place_of(world)
    site = place.domain(rng)
    number = crc32(site.encode())
    sender, subject, text = rng.choice(_FORMS)
    language = place.language(rng)
    values = {**numbers(rng), "site": site, "name": site.partition(".")[0].replace("-", " ").title()}
    values["who"] = rng.choice(language.firsts)
    values["text"] = language.paragraph(rng, 3)
    owner = "%s%d@%s" % (site.partition("-")[0], number % 90, ("gmail.com", "gmx.net", "outlook.com")[number % 3])
    to = owner if rng.random() < 0.6 else place.correspondent(rng)[0]
    web = "web%02d.%s" % (1 + number % 14, place.own)
    sender = spin(sender, rng, values)
    return Draft(
        sender=rng.choice((sender, "w%05d@%s" % (number % 10**5, web))),
        to=[to],
        subject=spin(subject, rng, values),
        text=spin(text, rng, values),
        age=place.waited(rng),
        author=named(values["name"], sender),
        client=("10.60.0.%d" % (1 + number % 14), web, web),
        headers=[
            "X-PHP-Originating-Script: %d:class-phpmailer.php" % (1000 + number % 900),
            "X-Mailer: PHPMailer 6.9.1",
        ],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        id_domain=site,
        server=place.mx,
    ).letter(rng)
