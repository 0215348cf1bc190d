# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk mail that people send, and mail that waits together for another cause."""

from __future__ import annotations

import random

from tests.suggestions.blind_two.compose import Body, Route, named, pick, post, token
from tests.suggestions.blind_two.hosts import (
    ALUMNI,
    CAMPUS,
    EN,
    ES,
    ISP,
    OTHERS,
    TOWN,
    WEB,
    Host,
    agent,
    correspondent,
    server,
)
from tests.suggestions.blind_two.ordinary import attachment, html_of, made_by, ordinary, signed
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import HOUR, Letter

# --- a small shop's newsletter, without the headers of a real one ----------------------------------------------------


def _sale(host: Host, rng: random.Random) -> Letter:
    name, to = correspondent(rng, host.tongues[0])
    first = name.split()[0]
    key = token(rng, 32)
    text = (
        "Hallo %s,\n\nder Herbst ist da - und mit ihm unser großer HERBST-SALE! Nur bis Sonntag: 30%% auf alle Kränze, Gestecke und Dahlien. "
        "Dein persönlicher Gutscheincode: HERBST-%s\n\n>> Jetzt sparen: https://blumen-kranz.example/sale?u=%s\n\n"
        "Neu im Laden: Workshops zum Kränzebinden, jeden Samstag um 14 Uhr in der Holtenauer Straße. Plätze "
        "sind begrenzt!\n\nBlumige Grüße\nEure Wiebke und das Team vom Blumen Kranz\n\n"
        "Du erhältst diese Mail, weil du dich auf blumen-kranz.example angemeldet hast. Abmelden: https://blumen-kranz.example/newsletter/abmelden?u=%s"
    ) % (first, token(rng, 6, "ABCDEFGHKLMNP"), key, key)
    return post(
        rng,
        sender="www-data@" + host.name,
        to=[to],
        subject=rng.choice(("%s, 30%% nur bis Sonntag!", "HERBST-SALE: %s, hol dir deine Dahlien")) % first,
        body=Body(text, html=html_of(text, "sale")),
        age=rng.uniform(20 * HOUR, 24 * HOUR),
        route=host.local(33),
        author=named("Blumen Kranz", "laden@blumen-kranz.example"),
        shown_to=named(name, to),
        headers=["X-PHP-Originating-Script: 1031:mailpoet-send.php", "Reply-To: laden@blumen-kranz.example"],
    )


# --- a mailing list of the campus ------------------------------------------------------------------------------------


def _list_post(host: Host, rng: random.Random) -> Letter:
    thread = random.Random("birders/%d" % int(12 * rng.random()))
    post_number = rng.randint(0, 2)
    writer = random.Random("%s/%d" % (thread.random(), post_number))
    topic = EN.topic(thread)
    name, author = correspondent(writer, EN)
    text = signed(host, writer, EN, author, name)
    _name, to = correspondent(rng, EN)
    return post(
        rng,
        sender="birders-bounces+%s@lists.lakeside-uni.example" % to.replace("@", "="),
        to=[to],
        subject="%s[birders] %s" % ("Re: " if post_number else "", topic),
        body=Body(
            text
            + (
                "\n_______________________________________________\nbirders mailing list -- "
                "birders@lists.lakeside-uni.example\nTo unsubscribe send an email to "
                "birders-leave@lists.lakeside-uni.example"
            )
        ),
        age=writer.uniform(HOUR, 12 * HOUR) + rng.uniform(0, 300),
        route=Route(client=("10.12.9.5", "lists.lakeside-uni.example", "lists.lakeside-uni.example"), server=host.name),
        author=named(name, author),
        shown_to="birders@lists.lakeside-uni.example",
        headers=[
            "List-Id: Bird watchers of the lake <birders.lists.lakeside-uni.example>",
            "List-Unsubscribe: <mailto:birders-leave@lists.lakeside-uni.example>",
            "Precedence: list",
            "X-Mailman-Version: 3.3.8",
            *agent(author),
        ],
    )


# --- a forwarding host whose largest destination is down -------------------------------------------------------------


def _stuck(host: Host, rng: random.Random) -> Letter:
    tongue = rng.choice(host.tongues)
    name, sender = correspondent(rng, tongue)
    user = host.user(rng)
    local, _at, domain = sender.partition("@")
    if rng.random() < 0.3:
        sender = "%s@%s" % (rng.choice(("news", "noreply", "info", "service")), rng.choice(OTHERS))
        name, local, domain = (
            sender.partition("@")[2].split(".")[0].title(),
            sender.partition("@")[0],
            sender.partition("@")[2],
        )
        text = "%s\n\nhttps://%s/%s\n\n%s" % (
            tongue.said(rng, 6),
            domain,
            token(rng, 12),
            pick(("Unsubscribe", "Wypisz się", "(c) " + name, name), domain),
        )
    else:
        text = signed(host, rng, tongue, sender, name)
    return post(
        rng,
        sender="SRS0=%s=%s=%s=%s@%s"
        % (token(rng, 4, "ABCDEFGHabcdef0123"), token(rng, 2, "ABCDEFGH"), domain, local, host.world.own),
        to=["%s.%d@mailbird.example" % (user.partition("@")[0], len(user))],
        subject=tongue.topic(rng),
        body=Body(
            text,
            html=html_of(text, sender) if rng.random() < 0.6 else None,
            files=[attachment(rng, tongue)] if rng.random() < 0.15 else [],
        ),
        age=rng.uniform(0, 19 * HOUR),
        route=host.arrival(domain, rng.randint(0, 13)),
        author=named(name, sender),
        shown_to=user,
        headers=["Delivered-To: " + user, *agent(sender)],
        reason="connect to mx.mailbird.example[198.18.202.99]:25: Connection timed out",
    )


# --- the old server hands over what it kept --------------------------------------------------------------------------


def _backlog(host: Host, rng: random.Random) -> Letter:
    tongue = host.tongue(rng)
    name, sender = correspondent(rng, tongue)
    if rng.random() < 0.2:
        name, sender = "", "noreply@" + rng.choice(OTHERS)
    user = host.user(rng)
    text = signed(host, rng, tongue, sender, name)
    domain = sender.partition("@")[2]
    address, first, helo = server(domain, rng.randint(0, 13))
    earlier = "Received: from %s (%s [%s])\n\tby oud.gemeente-waal.example (Postfix) with ESMTPS id %s" % (
        helo,
        first,
        address,
        token(rng, 10, "0123456789ABCDEF"),
    )
    return post(
        rng,
        sender=sender,
        to=[user],
        subject=tongue.topic(rng),
        body=Body(
            text,
            html=html_of(text, sender) if rng.random() < 0.5 else None,
            files=[attachment(rng, tongue)] if rng.random() < 0.2 else [],
        ),
        age=rng.uniform(2 * HOUR, 2.4 * HOUR),
        route=Route(client=("10.201.9.2", "oud.gemeente-waal.example", "oud.gemeente-waal.example"), server=host.name),
        author=named(name, sender),
        shown_to=user,
        headers=[earlier, *agent(sender)],
        reason="connect to 10.200.1.30[10.200.1.30]:24: Connection refused",
    )


# --- a school writes to all families through one mailbox -------------------------------------------------------------

_FAMILIES = (
    (
        "Fotos de la excursión",
        (
            "Queridas familias:\n\nya tenéis las fotos de la excursión a la sierra. Podéis descargarlas hasta fin de "
            "mes en https://nubecarpeta.example/s/Wm4kT9 (contraseña: sierra26).\n\nOs recordamos que el viernes no "
            "hay clase por la tarde."
        ),
    ),
    (
        "Reunión de inicio de curso",
        (
            "Queridas familias:\n\nla reunión de inicio de curso será el jueves a las 18:00 en el salón de actos. "
            "Por favor, rellenad antes el formulario de asistencia: "
            "https://formulario.example/f/alameda-inicio\n\n¡Os esperamos!"
        ),
    ),
    (
        "Comedor: cambio de menú",
        (
            "Buenas tardes:\n\nadjuntamos el enlace al nuevo menú de comedor, válido desde el lunes: "
            "https://colegio-alameda.test/menu-octubre.pdf\n\nSi vuestro hijo tiene alguna alergia, avisad en "
            "secretaría."
        ),
    ),
)


def _families(host: Host, rng: random.Random) -> Letter:
    number = rng.choice((0, 0, 0, 0, 1, 1, 2))
    subject, text = _FAMILIES[number]
    login = "direccion@colegio-alameda.test"
    to = [correspondent(rng, ES)[1] for _turn in range(rng.randint(15, 30))]
    address = ("100.99.13.77", "192.0.2.231", "100.97.40.12")[number]
    return post(
        rng,
        sender=login,
        to=to,
        subject=subject,
        body=Body(
            text + "\n\nUn saludo,\nPilar Serrano\nDirectora\nColegio La Alameda, C/ Olmo 4",
            html=html_of(text, "school"),
            encoding="quoted-printable",
        ),
        age=(3, 11, 16)[number] * HOUR + rng.uniform(0, 2400),
        route=Route(client=(address, "unknown", "[192.168.1.3%d]" % number), login=login, server=host.name),
        author=named("Dirección Colegio La Alameda", login),
        shown_to=named("Dirección Colegio La Alameda", login),
        headers=["User-Agent: Mozilla Thunderbird"],
    )


INNOCENT = (
    Kind(
        "autumn sale of a florist",
        "A shop's newsletter by a plug-in of its site, in loud words",
        WEB.world,
        {made_by(_sale, WEB): 1},
        ordinary(WEB, form=25, submitted=32, received=18, notice=8, newsletter=6, bounced=6, cron=5),
        is_flood=False,
    ),
    Kind(
        "bird watchers",
        "A mailing list of the campus discusses",
        CAMPUS.world,
        {made_by(_list_post, CAMPUS): 1},
        ordinary(
            CAMPUS, submitted=45, received=20, discussion=8, invitation=9, newsletter=7, bounced=6, notice=4, cron=1
        ),
        is_flood=False,
    ),
    Kind(
        "forwarded mail to a provider that is down",
        "All kinds of mail for the users of one large provider",
        ALUMNI.world,
        {made_by(_stuck, ALUMNI): 1},
        ordinary(ALUMNI, forwarded=62, received=16, newsletter=8, notice=7, bounced=5, discussion=2),
        is_flood=False,
    ),
    Kind(
        "backlog of an old server",
        "After a migration the old server hands over the mail of a week",
        TOWN.world,
        {made_by(_backlog, TOWN): 1},
        ordinary(
            TOWN, received=42, submitted=26, newsletter=8, notice=10, invitation=6, bounced=4, cron=2, discussion=2
        ),
        is_flood=False,
    ),
    Kind(
        "a school writes to all families",
        "A head teacher writes to thirty families at a time, with a link to photos",
        ISP.world,
        {made_by(_families, ISP): 1},
        ordinary(ISP, submitted=50, received=22, newsletter=8, notice=8, bounced=5, discussion=3, cron=2, invitation=2),
        is_flood=False,
    ),
)
