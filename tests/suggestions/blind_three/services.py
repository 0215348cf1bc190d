# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Organisations whose programs write to their customers, and what they write."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Sequence
from zlib import crc32

from tests.suggestions.blind_three.compose import Client, network_of, spin


@dataclass(frozen=True)
class Service:
    """An organisation whose programs write to its customers."""

    name: str
    sender: str
    service: str
    """The mail service that it sends through; empty: servers of its own."""
    subjects: Sequence[str]
    text: str
    language: str = "en"

    @property
    def domain(self) -> str:
        """Return its domain."""
        return self.sender.rpartition("@")[2]

    def client(self, rng: random.Random) -> Client:
        """Return one of the servers that its mail comes from."""
        number = rng.randrange(12 if self.service else 2)
        domain = self.service or self.domain
        name = "o%d.%s" % (number, domain) if self.service else "out%d.%s" % (number, domain)
        return "%s.%d" % (network_of(domain), 30 + number), name, name

    def envelope(self, rng: random.Random, to: str) -> str:
        """Return the sender of the envelope."""
        if not self.service:
            return self.sender
        if crc32(self.service.encode()) % 2:
            return "bounces+%s-%s=%s@em.%s" % (spin("{n8}-{x4}", rng), *to.rpartition("@")[::2], self.domain)
        return "%s@%s" % (spin("{x16}-{x8}-{x12}-000000", rng), "bounce." + self.service)


NOTICES = (
    Service(
        "Bank of Northmere",
        "alerts@northmere-bank.example",
        "",
        ("Your {statement|e-statement} is ready", "You made a payment of £{usd}", "New sign-in to your account"),
        "Dear {who},\n\n{A new document is in your postbox|There was activity on your account ending {n4}}.\n\n"
        "Sign in at https://online.northmere-bank.example/ to see the details. We never ask for your password by "
        "email.",
    ),
    Service(
        "PaketRunde",
        "zustellung@paketrunde.example",
        "",
        ("Ihre Sendung {n12} kommt {heute|morgen}", "Paket zugestellt: {n12}", "Abholbereit in der Filiale"),
        "Guten Tag {who},\n\nIhre Sendung {n12} {wird voraussichtlich zwischen {clock} und 18:00 Uhr "
        "zugestellt|liegt "
        "zur Abholung bereit}.\n\nSendung verfolgen: https://www.paketrunde.example/verfolgen?nr={n12}&plz={n5}",
        "de",
    ),
    Service(
        "Circlebook",
        "notification@circlebook-mail.test",
        "",
        ("{other} {commented on your photo|mentioned you|sent you a message}", "You have {n1} new notifications"),
        "Hi {who},\n\n{other} {commented|reacted} {today|yesterday}.\n\nSee it: "
        "https://circlebook.test/n/?p={n12}&mid={x16}"
        "\n\nThis message was sent to you because you have an account. https://circlebook.test/o.php?k={t12}",
    ),
    Service(
        "Codeharbor",
        "noreply@codeharbor.test",
        "sendgrove.test",
        (
            "[{acme|tools|infra}/{api|site|cli}] {Fix|Add|Bump} {parser|cache|deps} (PR #{n4})",
            "Re: [{infra|api}] Issue #{n3}",
        ),
        "@{other} {approved this pull request|commented on this|pushed 1 commit}.\n\n{Looks good to me.|Could you "
        "add a test?|"
        "This needs a rebase.}\n\n-- \nReply to this email directly or view "
        "it:\nhttps://codeharbor.test/r/{n4}#c{n9}",
    ),
    Service(
        "Stadtwerke Illtal",
        "service@stadtwerke-illtal.example",
        "",
        ("Ihr Abschlag ändert sich", "Zählerstand {mitteilen|erfasst}", "Ihre Rechnung {n8}"),
        "Guten Tag {who},\n\n{bitte lesen Sie Ihren Zähler bis zum {day}. ab|Ihr neuer Abschlag beträgt {eur} "
        "Euro}.\n\n"
        "Kundenportal: https://portal.stadtwerke-illtal.example/vertrag/{n8}\n\nStadtwerke Illtal GmbH",
        "de",
    ),
    Service(
        "Rail Direct",
        "tickets@rail-direct.test",
        "letterlift.example",
        ("Your booking {t6}", "Your train at {clock} is delayed", "E-ticket {t8} attached"),
        "Hello {who},\n\n{Thank you for travelling with us.|We are sorry: your train leaves {n2} minutes late.} "
        "Booking {t6}, "
        "coach {n1}, seat {n2}.\n\nManage it: https://book.rail-direct.test/my/{x16}",
    ),
    Service(
        "Assurance Belmont",
        "ne-pas-repondre@belmont-assurance.example",
        "",
        ("Votre attestation est disponible", "Échéance du contrat {n8}", "Votre demande {n6} a été traitée"),
        "Bonjour {who},\n\n{Un nouveau document|Votre avis d'échéance} est disponible dans votre espace client.\n\n"
        "https://espace.belmont-assurance.example/documents/{n8}\n\nCeci est un message automatique.",
        "fr",
    ),
    Service(
        "Clínica Miralba",
        "citas@clinica-miralba.example",
        "sendgrove.test",
        ("Recordatorio de su cita del {day}", "Resultados disponibles", "Cita {confirmada|cancelada}"),
        "Hola {who}:\n\nLe recordamos su cita del día {day} a las {clock}.\n\nSi no puede venir: "
        "https://citas.clinica-miralba.example/c/{t12}",
        "es",
    ),
    Service(
        "Finanzamt Online",
        "noreply@steuerportal-ost.example",
        "",
        ("Neue Nachricht in Ihrem Postfach", "Ihr Bescheid zu {n10} liegt bereit"),
        "Guten Tag,\n\nin Ihrem Postfach ist {ein neuer Bescheid|eine neue Nachricht} zur Steuernummer {n10} "
        "eingegangen.\n\nBitte melden Sie "
        "sich wie gewohnt an. Aus Gründen der Sicherheit enthält diese Nachricht keinen Verweis.\n\nIhr Steuerportal",
        "de",
    ),
    Service(
        "Videora",
        "info@account.videora.test",
        "sendgrove.test",
        ("A new device is using your account", "Your {receipt|payment} of {day} September", "{who}, finish watching"),
        "Hi {who},\n\n{your account was used on a new device near {Leeds|Lyon|Köln} at {clock}|we charged {usd} "
        "to your card ending {n4}}.\n\n"
        "If this was you, there is nothing to do. Otherwise secure your account: "
        "https://www.videora.test/youraccount?lnktrk=EMP&g={x32}\n\n"
        "Questions? Visit the help centre. Videora International, Haven Street 1",
    ),
    Service(
        "Jobkompass",
        "jobagent@jobkompass.example",
        "mailorchard.example",
        (
            "{n1} neue Stellen: {Buchhalter|Pfleger|Elektriker} in {Kassel|Jena|Bremen}",
            "Ihr Jobagent: {Teilzeit|Homeoffice}",
        ),
        "Hallo {who},\n\ndiese Stellen passen zu Ihrer Suche:\n\n{Buchhalter|Sachbearbeiter} (m/w/d), {other} & "
        "Partner\n"
        "{Elektriker|Pfleger} (m/w/d), Stadtklinik\n\nAlle Treffer: "
        "https://www.jobkompass.example/treffer/{n9}?ja={x16}\n\nJobagent ändern oder beenden",
        "de",
    ),
    Service(
        "Huisarts de Linde",
        "afspraak@huisarts-delinde.example",
        "",
        ("Herinnering: afspraak {day} september {clock}", "Uw recept {n6} ligt klaar"),
        "Beste {who},\n\n{u heeft een afspraak op {day} september om {clock}|uw herhaalrecept ligt klaar bij de "
        "apotheek}.\n\nKunt u niet? "
        "Wijzig tot 24 uur van tevoren: https://mijn.huisarts-delinde.example/a/{t12}\n\nPraktijk de Linde",
        "nl",
    ),
    Service(
        "Meetly",
        "no-reply@meetly.test",
        "letterlift.example",
        (
            "{other} invited you to a meeting",
            'Recording of "{Planning|Retro|Sales}" is ready',
            "Confirmed: {other} and {who}",
        ),
        "Hi {who},\n\n{a new event has been scheduled|the cloud recording is now available}.\n\nWhen: {day} "
        "October, {clock}\nWhere: "
        "https://meetly.test/j/{n10}?pwd={t22}\n\n{Reschedule or cancel|Manage}: https://meetly.test/e/{x24}",
    ),
)
NEWS = (
    Service(
        "Kulturhaus Hafen",
        "news@kulturhaus-hafen.example",
        "letterlift.example",
        ("Programm im {Oktober|November}: Jazz, Tanz, Lesungen",),
        "Liebe Freundinnen und Freunde,\n\nim neuen Monat erwartet Sie wieder viel: Jazz am Kai, die Lesung mit "
        "Nora Wendt und "
        "ein Tanzabend für alle.\n\nKarten: https://www.kulturhaus-hafen.example/programm?utm_source=nl&utm_id={n6}",
        "de",
    ),
    Service(
        "Greenleaf Garden Club",
        "hello@greenleaf-garden.test",
        "mailorchard.example",
        ("Bulbs to plant {now|this week}", "What to do in your garden in October"),
        "Hi {who},\n\nnow is the time for tulips and daffodils. Our guide has everything from soil to watering.\n\n"
        "Read more: https://click.mailorchard.example/ls/click?upn={t32}\n\nHappy gardening!",
    ),
    Service(
        "Le Journal du Parc",
        "lettre@journal-du-parc.example",
        "mailorchard.example",
        ("La lettre de la semaine n° 3{7|8}",),
        "Bonjour,\n\nCette semaine : les travaux de la halle, le portrait d'une apicultrice et l'agenda.\n\n"
        "Lire : https://click.mailorchard.example/ls/click?upn={t32}",
        "fr",
    ),
    Service(
        "Sporthaus Kolb",
        "newsletter@sporthaus-kolb.example",
        "sendgrove.test",
        ("{Nur bis Sonntag|Jetzt}: 20% auf {Laufschuhe|Jacken}", "Neu eingetroffen: {Ski|Wandern}"),
        "Hallo {who},\n\ndie neue Saison ist da. Mit dem Code HERBST20 sparen Sie auf ausgewählte Artikel.\n\n"
        "Zum Angebot: https://www.sporthaus-kolb.example/aktion?c={x16}",
        "de",
    ),
    Service(
        "Data Weekly",
        "editor@dataweekly.test",
        "letterlift.example",
        ("Data Weekly #{411|412|412}: {indexes|vectors|queues}",),
        "Hello,\n\nthis week: why your index is not used, a tour of columnar files, and two job offers.\n\n"
        "https://dataweekly.test/issues/41{1|2}?e={x12}",
    ),
    Service(
        "Viajes Altamar",
        "ofertas@viajes-altamar.example",
        "",
        ("Escapadas desde {eur} €", "Otoño en {Lisboa|Oporto|Roma}"),
        "Hola {who}:\n\nSeleccionamos para ti tres escapadas de otoño con hotel y desayuno.\n\n"
        "Ver ofertas: https://www.viajes-altamar.example/o/{n6}?s={x8}",
        "es",
    ),
    Service(
        "Wijnhandel Dorst",
        "nieuws@wijnhandel-dorst.example",
        "mailorchard.example",
        ("Proeverij op {day} oktober", "Zes flessen, één prijs"),
        "Beste {who},\n\nonze najaarswijnen zijn binnen. Kom proeven of bestel online.\n\n"
        "https://click.mailorchard.example/ls/click?upn={t32}",
        "nl",
    ),
    Service(
        "Tierheim Sonnenhof",
        "rundbrief@tierheim-sonnenhof.example",
        "",
        ("Unsere Tiere im {September|Oktober}", "Danke für {kilo} Euro!"),
        "Liebe Tierfreundinnen und Tierfreunde,\n\nsechs Katzen und der alte Hund Bruno haben ein Zuhause "
        "gefunden. Dringend brauchen wir noch "
        "Decken und jemanden, der sonntags mit anpackt.\n\nAm 3. Oktober ist Tag der offenen Tür mit "
        "Flohmarkt.\n\nMehr und alle Bilder: "
        "https://www.tierheim-sonnenhof.example/rundbrief/2026-09\n\nIhr Team vom Sonnenhof. Wer keine Post mehr "
        "möchte, antwortet mit Abmelden.",
        "de",
    ),
    Service(
        "Northmoor Theatre",
        "boxoffice@northmoor-theatre.example",
        "mailorchard.example",
        ("On sale now: {The Tempest|Winter Season}", "Tonight: last {few|} seats for The Tempest"),
        "Dear {who},\n\nour winter season opens with The Tempest, directed by Priya Vance. Members book first, "
        "until Friday noon.\n\n"
        "Also this month: a backstage tour, the youth ensemble and Sunday jazz in the foyer.\n\nBook: "
        "https://click.mailorchard.example/ls/click?upn={t32}\n\nNorthmoor Theatre, Quay Street. Manage your "
        "preferences: "
        "https://northmoor-theatre.example/prefs/{x16}",
    ),
    Service(
        "Elektro Blitz",
        "angebote@elektro-blitz.test",
        "sendgrove.test",
        ("{Wochenend-Deal|Preissturz}: {Kopfhörer|Fernseher|Tablet}", "{who}, Ihr Warenkorb wartet"),
        "Hallo {who},\n\nnur dieses Wochenende: {Kopfhörer ab 39 Euro|Fernseher mit 55 Zoll für 399 Euro}, "
        "solange der Vorrat reicht.\n\n"
        "Versand kostenlos ab 50 Euro, Abholung im Markt in zwei Stunden.\n\nJetzt sparen: "
        "https://elektro-blitz.test/deal/{n6}?mc={x16}\n\n"
        "Elektro Blitz AG. Sie erhalten diese Nachricht als Kunde. Abmelden: https://elektro-blitz.test/nl/off/{x16}",
        "de",
    ),
    Service(
        "Fédération des Marcheurs",
        "bulletin@marcheurs-federes.example",
        "letterlift.example",
        ("Bulletin d'octobre : {sentiers|refuges|sorties}",),
        "Chers adhérents,\n\nles inscriptions aux sorties d'automne sont ouvertes : crêtes du Valbrune, tour des "
        "étangs et nuit en refuge.\n\n"
        "Pensez à renouveler votre licence avant la fin du mois. L'assemblée générale se tiendra le 14 novembre.\n\n"
        "Tout le programme : https://www.marcheurs-federes.example/sorties?src=nl&id={n6}",
        "fr",
    ),
    Service(
        "Hosting Insider",
        "weekly@hostinginsider.test",
        "",
        ("{BGP leaks|Spam traps|Cold data}: the week in hosting",),
        "Good morning,\n\nthree stories this week: a leak that took two carriers down, what the new mail rules of "
        "big providers mean for you, and "
        "a cheap way to keep cold data.\n\nFrom our sponsor: flash storage by the "
        "hour.\n\nhttps://hostinginsider.test/w/38?r={x12}\n\n"
        "You get this because you signed up. Unsubscribe: https://hostinginsider.test/out?r={x12}",
    ),
)
SHOPS = (
    Service(
        "Paperkite Books",
        "orders@paperkite-books.example",
        "sendgrove.test",
        ("Your order #{n7} {is confirmed|has shipped}", "Delivered: order #{n7}"),
        "Hi {who},\n\nthanks for your order #{n7}.\n\n1 x {The Salt Road|Night Ferry|A Field Guide to Moss} ... "
        "£{usd}\n\n"
        "Track: https://paperkite-books.example/account/orders/{n7}?key={t16}",
    ),
    Service(
        "Werkzeug Ritter",
        "shop@werkzeug-ritter.example",
        "",
        ("Auftragsbestätigung {n8}", "Versandbestätigung zu {n8}", "Rechnung {n8}"),
        "Guten Tag {who},\n\nvielen Dank für Ihre Bestellung {n8}.\n\n{n1} x {Bohrersatz|Schraubzwinge|Säge} ... "
        "{eur} EUR\n\n"
        "Status: https://www.werkzeug-ritter.example/konto/bestellung/{n8}",
        "de",
    ),
    Service(
        "Maison Tilleul",
        "commande@maison-tilleul.test",
        "letterlift.example",
        ("Commande {n6} {expédiée|confirmée}", "Votre avis sur la commande {n6}"),
        "Bonjour {who},\n\nVotre commande {n6} ({savon|bougie|linge}) est en route.\n\nSuivi : "
        "https://maison-tilleul.test/c/{x16}",
        "fr",
    ),
    Service(
        "Bikeparts Direct",
        "no-reply@bikeparts-direct.example",
        "",
        ("Order {n7}: {received|packed|dispatched}", "How was your order {n7}?", "Refund for order {n7}"),
        "Hello {who},\n\n{we have received|we are packing} your order {n7}:\n\n{n1} x {chain|brake pads|inner "
        "tube} ... {usd}\n1 x shipping ... 4.90\n\n"
        "Your account: https://www.bikeparts-direct.example/my/{n7}?h={x16}\n\nReturns are free within 30 days.",
    ),
    Service(
        "Farmacia del Puerto",
        "pedidos@farmacia-puerto.example",
        "letterlift.example",
        ("Pedido {n6} {confirmado|enviado}", "Su pedido {n6} está listo para recoger"),
        "Hola {who}:\n\nHemos {recibido|enviado} su pedido {n6}.\n\n{Crema solar|Vitaminas|Termómetro} ... {eur} "
        "€\n\nEstado: "
        "https://farmacia-puerto.example/cuenta/{n6}/{x12}\n\nGracias por su confianza.",
        "es",
    ),
    Service(
        "Bloemenhuis Iris",
        "bestelling@bloemenhuis-iris.test",
        "",
        ("Bestelling {n6} ontvangen", "Je boeket is bezorgd"),
        "Beste {who},\n\nbedankt voor je bestelling {n6}. {We bezorgen morgen tussen 9 en 17 uur.|Je boeket is "
        "onderweg.}\n\n"
        "Bekijk: https://www.bloemenhuis-iris.test/b/{n6}?k={t10}",
        "nl",
    ),
)
