# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods from web sites, and what a server itself sends in answer to forged mail and to other programs."""

from __future__ import annotations

import random
from zlib import crc32

from tests.suggestions.blind_three.accounts import victims
from tests.suggestions.blind_three.compose import Draft, address_of, named, numbers, page, queue_id, spin, token, when
from tests.suggestions.blind_three.machines import bounce_text, failure
from tests.suggestions.blind_three.people import place_of
from tests.suggestions.blind_three.phrases import ENGLISH, GERMAN, LANGUAGES, local_part
from tests.suggestions.blind_three.places import BIG_FREE, SMALL_FREE, Place, bot, outgoing, waiting
from tests.suggestions.letters import HOUR, Letter, World

# --- a script on a web site ---------------------------------------------------------------------------------------

_SCRIPTS = ("wp-zlb{x4}.php", "class-wp-{x4}.php", "alias{n2}.php(1) : eval()'d code", "utf{n2}.php", "press{n2}.php")
_SCRIPT_MAILS = (
    (
        "{Hot|Single|Lonely} {ladies|women|girls} {near you|in your town|want to chat}{|!| ({n1})}",
        (
            "{Hi|Hey|Hello} {dear|stranger|}!\n\n{My name is|I am} {who}, {2|3}{n1} y.o. {I found your "
            "address|Your mail "
            "was on a dating site}. {I am looking for a "
            "serious man|Let's chat tonight|I want to meet}.\n\n{My photos are here|See my page}: "
            "{link}\n\n{Kisses|Waiting for you}, {who}"
        ),
    ),
    (
        "{Swiss|Luxury|Replica} {watches|handbags} {{n2}% off|at outlet prices|- winter sale}",
        (
            "{The finest|Best quality} {watches|bags and watches} {from|for only} ${usd}.\n\n{Free "
            "shipping|Worldwide "
            "delivery} {this week|for orders over "
            "$99}. {24 months warranty|Money back if not satisfied}.\n\n{Shop now|Enter the store}: "
            "{link}\n\n{Customer ID|Code}: {t8}"
        ),
    ),
    (
        "{Cheap|Canadian|Online} {meds|pharmacy|tablets}: {no prescription|from ${usd}|order {n5}}",
        (
            "{Save up to {n2}%|Lowest prices} on {men's health|blue pills|sleeping tablets}!\n\n{Discreet "
            "packaging|Fast airmail}, {crypto and card "
            "accepted|{n1} bonus pills with each order}.\n\n{link}\n\n{If you received this by error, ignore it.|(c) "
            "RxDirect {n4}}"
        ),
    ),
)
_SCRIPT_LINKS = (
    *("meetmoon.test/?a={n5}&s={x8}", "flirtlake.example/p/{t8}", "luxtime-outlet.example/c/{n3}?ref={t6}"),
    *("rx-plain.test/buy/{t8}", "pillhouse.example/{n4}/?i={x6}", "t1ny.test/{t6}", "lnkto.example/{t8}"),
)


def script(world: World, rng: random.Random) -> Letter:
    """A customer's web site has scripts of a thief, which send as any name at the site."""
    place = place_of(world)
    site = "gites-du-moulin.example"
    web = "web06." + place.own
    subject, text = rng.choice(_SCRIPT_MAILS)
    values = {
        **numbers(rng),
        "who": rng.choice(ENGLISH.firsts),
        "link": "http://" + spin(rng.choice(_SCRIPT_LINKS), rng),
    }
    shown = "%s_%s@%s" % (values["who"].lower(), spin("{x4}", rng), site)
    to = victims(rng, rng.choice((ENGLISH, GERMAN)), 1, (*BIG_FREE, *place.partners[:8]))
    body = spin(text, rng, values)
    return Draft(
        sender=rng.choice(("w1307@" + web, "w1307@" + web, shown)),
        to=to,
        subject=spin(subject, rng, values),
        text="" if rng.random() < 0.6 else body,
        html=page(*body.split("\n\n")),
        age=HOUR * (2 + 11 * rng.random()),
        author=named(values["who"], shown),
        headers=[
            "X-PHP-Originating-Script: 1307:" + spin(rng.choice(_SCRIPTS), rng),
            "Reply-To: " + shown,
            *(["X-Mailer: PHP/7.4.33"] if rng.random() < 0.5 else []),
        ],
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident="postfix",
        look="mailer script",
        id_domain=web,
        server=web,
        spam=True,
    ).letter(rng)


# --- a contact form that sends a copy to anybody ------------------------------------------------------------------

_FILLED = (
    (
        "{🔔|💰|⚠|} {You have a transfer of|Payout:|Your balance} {usd} {BTC|USDT}. {Withdraw|Get|Confirm} >> "
        "https://{graph-page.test|telega-pages.example}/"
        "{Get-your-{t6}|BTC-Payout|Binance-{n4}}-{month}-{n2}?hs={x32}& {🔔|💰|⚠|}"
    ),
    "{Claim|Your} {gift|prize} {#{n5}|is ready} - https://{forms-gle.test|sitebox.test}/{t12}?h={x32}&",
    (
        "{Ваш перевод|Вам перевод} {kilo} {рублей|RUB}. {Получить|Подтвердите} > "
        "https://telega-pages.example/{t8}-{n2}-{n2}?hs={x32}&"
    ),
)


def form_copies(world: World, rng: random.Random) -> Letter:
    """A web site's contact form confirms to whoever is entered as the visitor, and says what was entered."""
    place = place_of(world)
    filled = spin(rng.choice(_FILLED), rng, numbers(rng))
    to = victims(rng, rng.choice((ENGLISH, GERMAN, LANGUAGES["es"])), 1, (*BIG_FREE, *SMALL_FREE, *place.partners))[0]
    name = filled if rng.random() < 0.7 else spin("{t8}", rng)
    message = spin("{x6}{x4}", rng) if name == filled else filled
    age = HOUR * 30 * rng.random() + 90
    return _copy(place, rng, to, name, message, age, spam=True)


def form_copy(world: World, rng: random.Random) -> Letter:
    """The same form confirms to somebody who really wrote."""
    place = place_of(world)
    first, last = GERMAN.name(rng)
    to = "%s@%s" % (local_part(rng, first, last, free=True), rng.choice((*BIG_FREE, *place.partners)))
    return _copy(place, rng, to, "%s %s" % (first, last), GERMAN.paragraph(rng, 3), place.waited(rng), spam=False)


def _copy(place: Place, rng: random.Random, to: str, name: str, message: str, age: float, *, spam: bool) -> Letter:
    site = "yoga-am-deich.example"
    number = crc32(site.encode())
    web = "web%02d.%s" % (1 + number % 14, place.own)
    text = (
        "Hallo %s,\n\nvielen Dank für deine Nachricht! Wir melden uns so bald wie möglich.\n\nDeine Angaben:\n"
        "Name: %s\nE-Mail: %s\nTelefon: %s\nKurs: %s\nNachricht: %s\n\nNamasté\nDein Team von Yoga am Deich\n\n-- \n"
        "Diese E-Mail wurde über das Kontaktformular von https://%s/kontakt/ gesendet."
    ) % (name, name, to, spin("{n9}{n2}", rng), rng.choice(("Hatha", "Yin", "Vinyasa")), message, site)
    return Draft(
        sender="wordpress@" + site,
        to=[to],
        subject="Deine Nachricht an Yoga am Deich" if rng.random() < 0.8 else "Probestunde: " + name[:60].strip(),
        text=text,
        age=age,
        author=named("Yoga am Deich", "wordpress@" + site),
        client=("10.60.0.%d" % (1 + number % 14), web, web),
        headers=[
            "X-PHP-Originating-Script: %d:PHPMailer.php" % (1000 + number % 900),
            "X-Mailer: PHPMailer 6.9.1 (https://phpmailer.test/)",
            "Reply-To: <hallo@%s>" % site,
        ],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        id_domain=site,
        server=place.mx,
        spam=spam,
    ).letter(rng)


# --- bounces to forged senders ------------------------------------------------------------------------------------

_SPAM_SUBJECTS = (
    *(
        "{Rechnung|Mahnung|Invoice} {n6}",
        "{Ihr|Dein} {Konto|Paket} {n5}",
        "{Casino|Bonus} {n3}€",
        "Re: {order|Bestellung} {n5}",
    ),
    *("{Kredit|Darlehen} {sofort|ohne Schufa}", "{t8}", "{Hi|Hello} {who}", "{Abnehmen|Keto} {jetzt|ohne Sport}"),
)
_FORGED = (
    *(
        "{first}.{last}@{sunpost.example|wolkenbrief.example|freiletter.test}",
        "{t8}@{t6}-{mail|shop}.test",
        "info@{t10}.example",
    ),
    *("{first}{n3}@{kabelkunde|dslweb|posteo-nord}.test", "return-{n6}@bulk{n2}.{mxblast|sendy-go|offer-wave}.example"),
)


def bounce_to_forged(world: World, rng: random.Random) -> Letter:
    """The server took spam for forwarding, the next one refused it, and the sender is forged."""
    place = place_of(world)
    first, last = ENGLISH.name(rng)
    values = {**numbers(rng), "first": first, "last": last.replace("'", ""), "who": first}
    to = spin(rng.choice(_FORGED), rng, values).lower()
    goal = place.arriving(rng)[0]
    why = (
        failure(rng, goal)
        if rng.random() < 0.4
        else (
            "host mx-in.%s said: 550-5.7.1 Our system has detected that this message is likely unsolicited mail. %s"
            % (goal.rpartition("@")[2], token(rng, 24))
        )
    )
    address, name, helo = bot(rng)
    age = HOUR * 70 * rng.random() ** 1.4 + 60
    text = (
        "%s\n\nReporting-MTA: dns; %s\nX-Postfix-Queue-ID: %s\nArrival-Date: %s\nFinal-Recipient: rfc822; "
        "%s\nStatus: 5.7.1\n\n%s"
        % (
            *(bounce_text(place, goal, why), place.mx, queue_id(rng), when(age + 4), goal),
            "Received: from %s (%s [%s])\nFrom: %s\nSubject: %s"
            % (helo, name, address, to, spin(rng.choice(_SPAM_SUBJECTS), rng, values)),
        )
    )
    return Draft(
        sender="",
        to=[to],
        subject="Undelivered Mail Returned to Sender",
        text=text,
        age=age,
        author="MAILER-DAEMON@%s (Mail Delivery System)" % place.mx,
        headers=["Auto-Submitted: auto-replied"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        id_domain=place.mx,
        server=place.mx,
        spam=True,
    ).letter(rng)


# --- two programs that answer each other --------------------------------------------------------------------------

_OTHER = "kundenservice@garnspedition-mohr.example"


def loop_out(world: World, rng: random.Random) -> Letter:
    """The shop's ticket system confirms each answer of a carrier's ticket system as a new request."""
    place = place_of(world)
    sender = "service@" + place.own
    number = rng.randint(580000, 584000)
    depth = rng.randint(0, 6)
    text = (
        "Guten Tag,\n\nvielen Dank für Ihre Anfrage! Wir haben sie unter der Nummer #%d erfasst und antworten in "
        "der Regel innerhalb von zwei "
        "Werktagen.\n\nHäufige Fragen beantworten wir auf https://%s/hilfe/versand\n\nIhr Fadenreich-Team\n\n%s"
    ) % (number, place.own, _nested(rng, depth))
    return Draft(
        sender=sender,
        to=[_OTHER],
        subject="[Fadenreich #%d] Eingangsbestätigung: %s"
        % (number, ("Re: " * depth) + "Ihre Sendungsanfrage VG-%s" % spin("{n6}", rng)),
        text=text,
        age=HOUR * 12 * rng.random() + 30,
        author=named("Fadenreich Kundendienst", sender),
        shown="<%s>" % _OTHER,
        client=("10.30.0.8", "desk." + place.own, "desk." + place.own),
        headers=["X-Ticket-System: 5.0"],
        reason="host mx1.garnspedition-mohr.example[%s] said: 450 4.7.1 Too many messages from this sender, slow down"
        % address_of("mohr"),
        ident="python",
        id_domain="desk." + place.own,
        coding="base64",
        server=place.mx,
        spam=True,
    ).letter(rng)


def _nested(rng: random.Random, depth: int) -> str:
    lines = ["Ihre Anfrage VG-%s wird bearbeitet." % spin("{n6}", rng)]
    for turn in range(depth):
        lines = (
            ["> " + line for line in lines]
            if turn % 2
            else ["Am %s schrieb Kundenservice:" % spin("{day}.09.2026 {clock}", rng), *lines]
        )
    return "\n".join(lines)


def loop_in(world: World, rng: random.Random) -> Letter:
    """The carrier's ticket system confirms each confirmation of the shop."""
    place = place_of(world)
    to = "service@" + place.own
    case = spin("{n6}", rng)
    text = (
        "Sehr geehrte Damen und Herren,\n\nwir bestätigen den Eingang Ihrer Nachricht. Ihr Vorgang VG-%s wird "
        "schnellstmöglich bearbeitet.\n"
        "Bitte antworten Sie nicht auf diese Nachricht.\n\nGarnspedition Mohr "
        "GmbH\nKundenservice\nhttps://www.garnspedition-mohr.example/service\n\n%s"
    ) % (case, _nested(rng, rng.randint(0, 5)))
    return Draft(
        sender=_OTHER,
        to=[to],
        subject="Ihre Sendungsanfrage VG-%s%s"
        % (case, " - [Fadenreich #%d]" % rng.randint(580000, 584000) if rng.random() < 0.6 else ""),
        text=text,
        age=HOUR * 12 * rng.random() + 30,
        author=named("Kundenservice Mohr", _OTHER),
        client=outgoing("garnspedition-mohr.example", rng),
        headers=["Precedence: junk"] if rng.random() < 0.5 else [],
        reason="connect to desk.%s[10.30.0.8]:25: Connection timed out" % place.own,
        ident="java",
        server=place.mx,
        spam=True,
    ).letter(rng)


def other_answer(world: World, rng: random.Random) -> Letter:
    """The shop's ticket system confirms the request of a customer, as it should."""
    place = place_of(world)
    language = place.language(rng)
    sender = "service@" + place.own
    number = rng.randint(560000, 584000)
    first, last = language.name(rng)
    to = "%s@%s" % (local_part(rng, first, last, free=True), rng.choice((*BIG_FREE, *place.partners)))
    text = (
        "Guten Tag %s,\n\nvielen Dank für Ihre Anfrage! Wir haben sie unter der Nummer #%d erfasst und antworten "
        "in der Regel innerhalb von zwei "
        "Werktagen.\n\nHäufige Fragen beantworten wir auf https://%s/hilfe\n\nIhr Fadenreich-Team\n\n> %s"
    ) % (first, number, place.own, language.paragraph(rng, 3))
    return Draft(
        sender=sender,
        to=[to],
        subject="[Fadenreich #%d] Eingangsbestätigung: %s" % (number, language.subject(rng)),
        text=text,
        age=place.waited(rng),
        author=named("Fadenreich Kundendienst", sender),
        client=("10.30.0.8", "desk." + place.own, "desk." + place.own),
        headers=["X-Ticket-System: 5.0"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="python",
        id_domain="desk." + place.own,
        coding="base64",
        server=place.mx,
    ).letter(rng)
