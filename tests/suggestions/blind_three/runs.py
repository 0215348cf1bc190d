# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk that programs send on purpose: invoices, newsletters, orders, payslips and surveys."""

from __future__ import annotations

import random
from zlib import crc32

from tests.suggestions.blind_three.compose import (
    Draft,
    File,
    named,
    numbers,
    other_bytes,
    page,
    same_bytes,
    signed,
    spin,
    token,
)
from tests.suggestions.blind_three.people import full_name, place_of
from tests.suggestions.blind_three.phrases import ENGLISH, FRENCH, GERMAN, LANGUAGES, Language, local_part
from tests.suggestions.blind_three.places import BIG_FREE, waiting
from tests.suggestions.letters import HOUR, Letter, World


def customer(rng: random.Random, language: Language, partners: tuple[str, ...] = ()) -> tuple[str, str, str]:
    """Return a customer: address, first and last name."""
    first, last = language.name(rng)
    domain = rng.choice(partners) if partners and rng.random() < 0.2 else rng.choice(BIG_FREE)
    return "%s@%s" % (local_part(rng, first, last, free=True), domain), first, last


_INVOICE = (
    "Guten Tag {title} {last},\n\nIhre {kind} {number} vom 20.09.2026 finden Sie im Anhang als "
    "PDF.\n\nVertragskonto: {account}\n"
    "Verbrauchsstelle: {street} {house}, 38{zip} Brunnfeld\nZeitraum: 01.09.2025 - 31.08.2026\nBetrag: {amount} "
    "EUR\n\n{due}\n\n"
    "Ihre Zählerstände und Abschläge können Sie jederzeit einsehen: "
    "https://kunden.stadt-brunnfeld.example/konto/{account}\n\n"
    "Freundliche Grüße\nIhre Stadtwerke Brunnfeld\n\n--\nStadtwerke Brunnfeld, Am Markt 3, 38510 Brunnfeld\n"
    "Werkleiterin: Dr. Ute Thiele, Amtsgericht Brunnfeld HRB 2207\nDies ist eine automatische Nachricht."
)
_STREETS = ("Lindenweg", "Am Anger", "Mühlgasse", "Bahnhofstraße", "Schulstraße", "Birkenallee", "Zum Wehr")


def invoices(world: World, rng: random.Random) -> Letter:
    """The city's utility sends the yearly invoices for power and water."""
    place = place_of(world)
    to, _first, last = customer(rng, GERMAN, tuple(place.partners))
    sender = "rechnung@stadtwerke." + place.own
    credit = rng.random() < 0.3
    values = {
        "title": rng.choice(("Herr", "Frau")),
        "last": last,
        "kind": rng.choice(("Stromrechnung", "Stromrechnung", "Wasserrechnung", "Jahresabrechnung")),
        "number": "2026-%s" % spin("{n7}", rng),
        "account": spin("40{n8}", rng),
        "street": rng.choice(_STREETS),
        "house": str(rng.randint(1, 140)),
        "zip": "%03d" % rng.choice((510, 512, 514)),
        "amount": spin("{n3},{n2}", rng),
        "due": "Das Guthaben überweisen wir in den nächsten Tagen."
        if credit
        else "Den Betrag buchen wir am 05.10.2026 von Ihrem Konto DE** **** %s ab." % spin("{n4}", rng),
    }
    name = "Rechnung_%s.pdf" % values["number"]
    return Draft(
        sender=sender,
        to=[to],
        subject="Ihre %s Nr. %s" % (values["kind"], values["number"]),
        text=spin(_INVOICE, rng, values),
        age=HOUR * (5 - 2.5 * rng.random()),
        author=named("Stadtwerke Brunnfeld", sender),
        client=("10.5.2.31", "sap-print." + place.own, "sap-print"),
        headers=["X-Mailer: SAPconnect 7.50", "Auto-Submitted: auto-generated"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="hex",
        id_domain="sap-print." + place.own,
        coding="qp",
        files=[File(name, "application/pdf", b"%PDF-1.4\n" + other_bytes(rng, rng.randint(1500, 2500)))],
        server=place.mx,
    ).letter(rng)


_BOATS = (
    "{Hallo|Moin} {first},\n\nder Herbst steht vor der Tür, und mit ihm unsere Regatta am 17. Oktober. {Wir suchen "
    "noch Helfer für Grill und Zeitnahme.|}\n\n"
    "Was sonst geschah:\n\n* Der neue Vierer ist getauft und heißt „Wiesenfee\u201c.\n* Die Jugend fuhr zum "
    "Wanderrudern an die Ill; Fotos gibt es auf der Seite.\n"
    "* Das Bootshaus bekommt ein neues Dach. Wer spenden möchte, findet das Konto unten.\n\nAlle Termine: "
    "https://www.ruderclub-wiesau.example/termine\n\n"
    "Riemen- und Dollenbruch!\nEuer Vorstand\n\n--\nRuderclub Wiesau 1921 e.V., Uferweg 2\nAbmelden: "
    "https://liste.ruderclub-wiesau.example/u/{t16}"
)


def club_newsletter(world: World, rng: random.Random) -> Letter:
    """The club's newsletter, with the headers of a list and a sender for each reader."""
    place = place_of(world)
    to, first, _last = customer(rng, GERMAN, tuple(place.partners))
    host = "liste." + place.own
    leave = spin("{t16}", rng)
    return Draft(
        sender="rundbrief-bounces+%s@%s" % (to.replace("@", "="), host),
        to=[to],
        subject="[Rundbrief] Regatta am 17. Oktober, neues Dach, neuer Vierer",
        text=spin(_BOATS, rng, {"first": first, "t16": leave}),
        age=HOUR * (27 - 0.6 * rng.random()),
        author=named("Ruderclub Wiesau", "rundbrief@" + host),
        shown="<%s>" % to,
        headers=[
            *("List-Id: Rundbrief <rundbrief.%s>" % host, "Precedence: bulk", "X-Mailman-Version: 3.3.9"),
            *(
                "List-Unsubscribe: <https://%s/u/%s>" % (host, leave),
                "List-Archive: <https://%s/hyperkitty/rundbrief/>" % host,
            ),
        ],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="python",
        id_domain=host,
        coding="base64",
        files=[File("Ausschreibung_Regatta.pdf", "application/pdf", b"%PDF-1.7\n" + same_bytes("regatta", 3000))],
        server=place.mx,
    ).letter(rng)


_POTTERY = (
    "{Bonjour|Bonjour {first}},\n\nles nouvelles pièces sont sorties du four ! Bols, tasses et grands plats en "
    "grès bleu : la collection « Rivage » est en ligne "
    "depuis ce matin.\n\nPour vous remercier de votre fidélité, la livraison est offerte jusqu'à dimanche avec le "
    "code RIVAGE{n2}.\n\n"
    "Découvrir : https://petite-ceramique.test/boutique/rivage?mc={t10}\n\nÀ très vite à l'atelier,\nMireille\n\n"
    "Vous recevez ce message car vous avez commandé chez nous. Pour ne plus le recevoir : "
    "https://petite-ceramique.test/?na=u&nk={n4}-{x12}"
)


def shop_newsletter(world: World, rng: random.Random) -> Letter:
    """A small shop's newsletter, sent by a plug-in of the web site, without any header that says so."""
    place = place_of(world)
    to, first, _last = customer(rng, FRENCH if rng.random() < 0.8 else ENGLISH)
    text = spin(_POTTERY, rng, {**numbers(rng), "first": first})
    web = "web03." + place.own
    return Draft(
        sender=rng.choices(("w0412@" + web, "atelier@petite-ceramique.test"), (8, 2))[0],
        to=[to],
        subject=spin("{Rivage, la nouvelle collection|%s, la collection Rivage est là}" % first, rng),
        text=text,
        html=page(
            *text.split("\n\n"), button=("https://petite-ceramique.test/?na=v&nk=" + token(rng, 14), "Voir la boutique")
        ),
        age=HOUR * (8 - 7 * rng.random()),
        author=named("La Petite Céramique", "atelier@petite-ceramique.test"),
        headers=[
            "X-PHP-Originating-Script: 1412:PHPMailer.php",
            "X-Mailer: PHPMailer 6.8.0",
            "Reply-To: atelier@petite-ceramique.test",
        ],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        id_domain="petite-ceramique.test",
        coding="qp",
        server=web,
    ).letter(rng)


_FABRICS = (
    "Musselin {salbei|rosé|sand}",
    "Jersey {gestreift|anthrazit}",
    "Leinen natur",
    "Nähgarn {n3}",
    "Reißverschluss {n2} cm",
    "Cord {rost|petrol}",
)
_ORDER_TEXTS = {
    "de": (
        "{Deine Bestellung|Bestellbestätigung} {order}",
        (
            "Hallo {first},\n\nvielen Dank für deine Bestellung {order} vom "
            "{day}.09.2026!\n\n{items}\nZwischensumme: "
            "{eur} €\nVersand: 4,90 €\n\nLieferadresse:\n{first} {last}\n"
            "{street} {n2}\n{n5} {Kassel|Jena|Bremen|Ulm}\n\nStatus ansehen: "
            "https://www.fadenreich.example/konto/bestellung/{order}?t={t16}\n\n"
            "Viel Freude beim Nähen\nDein Fadenreich-Team"
        ),
    ),
    "fr": (
        "{Votre commande|Confirmation de commande} {order}",
        (
            "Bonjour {first},\n\nmerci pour votre commande {order} !\n\n{items}\nTotal : {eur} €\n\nAdresse de "
            "livraison :\n{first} {last}\n{n2}, rue {des Tilleuls|Haute|du Port}\n"
            "{n5} {Metz|Dijon|Nantes}\n\nSuivre la commande : "
            "https://www.fadenreich.example/fr/compte/commande/{order}?t={t16}\n\nL'équipe Fadenreich"
        ),
    ),
}
_SHIPPED = {
    "de": (
        "Deine Bestellung {order} ist unterwegs",
        (
            "Hallo {first},\n\nwir haben dein Paket heute übergeben. Sendungsnummer: {n12}\n\n{items}\n\nVerfolgen: "
            "{track}\n\nDein Fadenreich-Team"
        ),
    ),
    "fr": (
        "Votre commande {order} est expédiée",
        (
            "Bonjour {first},\n\nvotre colis est parti. Numéro de suivi : {n12}\n\n{items}\n\nSuivi : "
            "{track}\n\nL'équipe Fadenreich"
        ),
    ),
}


def orders(world: World, rng: random.Random) -> Letter:
    """The shop confirms and ships what people ordered in the autumn sale."""
    place = place_of(world)
    code = "fr" if rng.random() < 0.2 else "de"
    language = LANGUAGES[code]
    to, first, last = customer(rng, language)
    items = "".join(
        "%d x %s ... %s €\n" % (rng.randint(1, 5), spin(rng.choice(_FABRICS), rng), spin("{n1},{2|4|9}0", rng))
        for _turn in range(rng.randint(1, 6))
    )
    values = {
        **numbers(rng),
        "first": first,
        "last": last,
        "items": items,
        "order": "FR%s" % spin("{n6}", rng),
        "street": rng.choice(_STREETS),
    }
    values["track"] = "https://www.paketrunde.example/verfolgen?nr=" + values["n12"]
    subject, text = rng.choice((_ORDER_TEXTS, _ORDER_TEXTS, _SHIPPED))[code]
    body = spin(text, rng, values)
    sender = "bestellung@" + place.own
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subject, rng, values),
        text=body,
        html=page(
            *body.split("\n\n"),
            footer="Fadenreich GmbH, Weberstraße 8, Impressum: https://www.fadenreich.example/impressum",
        ),
        age=HOUR * 11 * rng.random() + 30,
        author=named("Fadenreich", sender),
        client=(
            "10.70.0.%d" % (10 + rng.randrange(2)),
            "shop-web%d.%s" % (rng.randint(1, 2), place.own),
            "shop-web." + place.own,
        ),
        headers=["Auto-Submitted: auto-generated"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        coding="qp",
        server=place.mx,
    ).letter(rng)


def payslips(world: World, rng: random.Random) -> Letter:
    """The payroll program sends everybody the slip of the month, at private addresses."""
    place = place_of(world)
    part = rng.choice(place.people)
    number = crc32(part.encode())
    to = "%s%d@%s" % (part.replace(".", ("", ".", "_")[number % 3]), number % 90, BIG_FREE[number % len(BIG_FREE)])
    sender = "entgelt@" + place.own
    who = full_name(part)
    kind = rng.choices(("Entgeltabrechnung", "Korrekturabrechnung"), (9, 1))[0]
    text = spin(
        "Guten Tag {who},\n\nIhre {kind} für September 2026 "
        "(Personalnummer {staff}) ist als geschützte "
        "PDF-Datei angehängt. Das Kennwort ist Ihr Geburtsdatum in der Form TTMMJJJJ.\n\nFragen beantwortet die "
        "Personalabteilung unter Durchwahl -{n3}.\n\n"
        "Mit freundlichen Grüßen\nKessler Antriebe GmbH, Personalabrechnung\n\nDiese E-Mail wurde maschinell "
        "erstellt.",
        rng,
        {"who": who, "staff": "%05d" % (number % 10**5), "kind": kind},
    )
    name = "Entgelt_2026-09_%05d.pdf" % (number % 10**5)
    return Draft(
        sender=sender,
        to=[to],
        subject="Ihre %s September 2026" % kind,
        text=text,
        age=HOUR * (3 - 0.8 * rng.random()),
        author=named("Personalabrechnung", sender),
        shown=named(who, to),
        client=("10.4.9.15", "hr-lohn." + place.own, "HR-LOHN"),
        headers=["X-Mailer: LohnPlus Versand 11.2"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="outlook",
        coding="base64",
        files=[File(name, "application/pdf", b"%PDF-1.6\n" + other_bytes(rng, rng.randint(1200, 1600)))],
        server=place.mx,
    ).letter(rng)


_SURVEY = {
    "en": (
        ("Invitation: {your studies|study conditions} survey 2026", "Reminder: your opinion about your studies"),
        (
            "Dear {first} {last},\n\nthe University of Althaven would like to know how you {experienced|see} your "
            "studies. The questionnaire takes about {15|20} minutes, and "
            "all answers are anonymous.\n\nYour personal link (please do not pass it "
            "on):\nhttps://survey.uni-althaven.example/index.php/7{n5}?token={t16}&lang=en\n\n"
            "Among all participants we draw ten book vouchers.\n\nKind regards\nDr. Nina Osborne, Quality "
            "Management\n\n"
            "If you do not want to take part: https://survey.uni-althaven.example/optout/tokens?token={t16}"
        ),
    ),
    "de": (
        ("Einladung: Befragung zu Ihrem Studium 2026", "Erinnerung: Ihre Meinung zum Studium"),
        (
            "Guten Tag {first} {last},\n\ndie Universität Althaven möchte wissen, wie Sie Ihr Studium erlebt haben. "
            "Der Fragebogen dauert etwa {15|20} Minuten, alle Antworten "
            "sind anonym.\n\nIhr persönlicher Link (bitte nicht "
            "weitergeben):\nhttps://survey.uni-althaven.example/index.php/7{n5}?token={t16}&lang=de\n\n"
            "Unter allen Teilnehmenden verlosen wir zehn Büchergutscheine.\n\nFreundliche Grüße\nDr. Nina Osborne, "
            "Qualitätsmanagement\n\n"
            "Keine Teilnahme: https://survey.uni-althaven.example/optout/tokens?token={t16}"
        ),
    ),
}


def survey(world: World, rng: random.Random) -> Letter:
    """The university asks those who left it about their studies, with a token for each."""
    place = place_of(world)
    code = rng.choice(("en", "en", "de"))
    to, first, last = customer(rng, LANGUAGES[rng.choice(("en", "de", "es"))], tuple(place.partners))
    values = {**numbers(rng), "first": first, "last": last, "n5": "41882"}
    subjects, text = _SURVEY[code]
    body = spin(text, rng, values)
    sender = "qm-survey@" + place.own
    wave = rng.random() < 0.7
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subjects[not wave], rng),
        text=body,
        html=page(*body.split("\n\n")),
        age=HOUR * ((4 if wave else 1.5) - rng.random()),
        author=named("Quality Management, University of Althaven", sender),
        client=("10.21.0.40", "survey." + place.own, "survey." + place.own),
        headers=[signed(rng, place.own, "survey"), "X-Surveymailer: 6.4.12", "Reply-To: " + sender],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        id_domain="survey." + place.own,
        coding="base64",
        server=place.mx,
    ).letter(rng)
