# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk that life brings: outages, letters to many, lists, forwarding, bounces and machines that report."""

from __future__ import annotations

import random
from dataclasses import replace
from zlib import crc32

from tests.suggestions.blind_three.compose import (
    Draft,
    File,
    address_of,
    named,
    numbers,
    other_bytes,
    page,
    queue_id,
    same_bytes,
    spin,
    token,
    when,
)
from tests.suggestions.blind_three.machines import bounce_text, failure
from tests.suggestions.blind_three.people import place_of, received_from, written_by
from tests.suggestions.blind_three.phrases import ENGLISH, LANGUAGES, local_part
from tests.suggestions.blind_three.places import BIG_FREE, waiting
from tests.suggestions.blind_three.runs import customer
from tests.suggestions.letters import HOUR, Letter, World

# --- monitoring --------------------------------------------------------------------------------------------------

_STATES = ("DOWN", "CRITICAL", "CRITICAL", "WARNING", "OK", "UNREACHABLE")
_CHECKS = (
    "ping4",
    "bgp-peer-{n2}",
    "ifTraffic ge-0/0/{n1}",
    "dns-resolve",
    "load",
    "disk /var",
    "radius-auth",
    "sip-register",
    "temp-sensor-{n1}",
)
_ON_CALL = (
    "oncall@pager-gate.example",
    "noc-nordfunk@gmail.com",
    "bereitschaft.netz@gmx.de",
    "alerts@it-partner-lahn.example",
    "4916{n8}@sms-relay.test",
)
_PHONES = ("49160555010{n1}@sms-relay.test",)


def alarms(world: World, rng: random.Random) -> Letter:
    """A router failed, and the monitoring tells everybody about every host behind it."""
    place = place_of(world)
    age = HOUR * 2.5 * rng.random() + 20
    state = rng.choice(_STATES)
    kind = (
        "RECOVERY"
        if state == "OK"
        else rng.choice(("PROBLEM", "PROBLEM", "PROBLEM", "ACKNOWLEDGEMENT", "FLAPPINGSTART"))
    )
    host = spin("{olt|dslam|sw|cpe}-{eschenau|marbeck|hafen|ost}-{n2}", rng)
    check = spin(rng.choice(_CHECKS), rng)
    to = spin(rng.choice((*_ON_CALL[:4], *_PHONES)), rng)
    text = spin(
        "***** Monitoring *****\n\nNotification: {kind}\nHost: {host}\nAddress: 10.{n2}.{n2}.{n2}\nService: "
        "{check}\nState: {state}\nTime: {time}\n\n"
        "Info: {CRITICAL - Packet loss {n2}%, RTA {n3}.{n2} ms|connect timed out after {n2} s|Host Unreachable "
        "({host})|value {n3} over {n2}}\n\n"
        "https://monitor.nordfunk-net.example/icingaweb2/host?name={host}",
        rng,
        {"kind": kind, "host": host, "check": check, "state": state, "time": when(age)},
    )
    sender = "icinga@monitor." + place.own
    return Draft(
        sender=sender,
        to=[to],
        subject="[%s] %s on %s is %s!" % (kind, check, host, state),
        text=text[:140] if "sms-relay" in to else text,
        age=age,
        author=named("Icinga", sender),
        client=("10.50.0.5", "monitor." + place.own, "monitor." + place.own),
        headers=["Auto-Submitted: auto-generated", "X-Priority: 1"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        id_domain="monitor." + place.own,
        server=place.mx,
    ).letter(rng)


# --- a person writes to many -------------------------------------------------------------------------------------

_PARENTS = (
    "Dear parents of {class},\n\n{as announced at the parents' evening|as some of you have heard already}, our "
    "trip to the lakes takes place from 12 to 16 October. "
    "{We leave at 8:15 from the school yard.|The bus leaves at 8:15, please be there ten minutes "
    "earlier.}\n\nPlease bring: rain clothes, a torch, a packed lunch, the "
    "signed form (attached) and the health card. No phones, please - we mean it.\n\nThe balance of 85 euros is "
    "due by Friday; the account is on the form. If "
    "money is a problem, talk to me in confidence.\n\n{Best wishes|Kind regards}\nCarmen Ortega\n{class} teacher, "
    "Nidal Primary School\n"
    "https://www.escuela-nidal.example/{class_}/trip"
)


def to_parents(world: World, rng: random.Random) -> Letter:
    """A teacher writes to the parents of several classes, some in each message, and to some once more."""
    place = place_of(world)
    sender = "%s@nestmail.test" % "carmen.ortega"
    year = rng.choice(("4A", "4B", "5A", "5C"))
    batch = rng.random()
    codes = rng.choices(("es", "en", "de", "fr"), (5, 3, 1, 1), k=rng.randint(1, 6))
    to = [customer(rng, LANGUAGES[code], tuple(place.partners))[0] for code in codes]
    subject = "Trip to the lakes, class %s" % year
    text = spin(_PARENTS, rng, {"class": year, "class_": year.lower()})
    if batch < 0.15:
        subject, text = (
            "Re: " + subject,
            "Sorry, I forgot the form. Here it is.\n\nCarmen\n\n" + "\n".join("> " + line for line in text.split("\n")),
        )
    return Draft(
        sender=sender,
        to=to,
        subject=subject,
        text=text,
        age=HOUR * (3.2 - (0.5 if batch < 0.15 else 0) - 0.6 * rng.random()),
        author=named("Carmen Ortega", sender),
        shown=named("Carmen Ortega", sender),
        client=("10.20.0.11", "webmail." + place.own, "webmail." + place.own),
        login=sender,
        headers=["User-Agent: Roundcube Webmail/1.6.7"],
        reason=waiting(rng, to[0].rpartition("@")[2]),
        ident="hex",
        files=[File("form_trip.pdf", "application/pdf", b"%PDF-1.5\n" + same_bytes("trip", 2600))],
        server=place.mx,
    ).letter(rng)


# --- tickets after an outage ---------------------------------------------------------------------------------------

_INCIDENT = {
    "en": "Hello {first},\n\n{we are sorry that|thank you for telling us that} {site} {was not reachable|answered "
    "slowly} {this morning|between 6:10 and 9:40}. {A storage node failed|"
    "The cause was a failed storage node}, and {all sites on {web}|your site} {moved to another one|had to be "
    "restored from the replica}.\n\n{personal}\n\n{Everything "
    "should work again|All services are up}. {Please reply if anything is missing.|You can follow the report at "
    "https://status.stackbarn.example/i/0917}\n\n{agent}\nStackbarn Support",
    "de": "Hallo {first},\n\n{es tut uns leid, dass|danke für den Hinweis, dass} {site} {heute früh nicht "
    "erreichbar war|langsam war}. {Ein Speicherknoten ist ausgefallen|Ursache war ein "
    "defekter Speicherknoten}.\n\n{personal}\n\n{Inzwischen läuft alles wieder.|Bitte melden, falls noch etwas "
    "fehlt.} Bericht: https://status.stackbarn.example/i/0917\n\n{agent}\nStackbarn Support",
    "fr": "Bonjour {first},\n\n{nous sommes désolés|merci de votre message} : {site} {était "
    "inaccessible|répondait lentement} ce matin, {à la suite d'une panne de stockage|un nœud de stockage "
    "étant en panne}.\n\n{personal}\n\nTout est rétabli. Rapport : "
    "https://status.stackbarn.example/i/0917\n\n{agent}\nStackbarn Support",
}


def incident_tickets(world: World, rng: random.Random) -> Letter:
    """After an outage the support answers hundreds of tickets, with a stock text and a few words for each."""
    place = place_of(world)
    code = rng.choice(("en", "en", "fr", "de"))
    language = LANGUAGES[code]
    to, first, _last = customer(rng, language, tuple(place.partners))
    site = rng.choice((*place.served, spin("www.{t6}.example", rng).lower()))
    values = {
        "first": first,
        "site": site,
        "web": "web%02d" % rng.randint(1, 14),
        "agent": rng.choice(("Nina", "Marc", "Aylin")),
    }
    values["personal"] = language.sentence(rng) if rng.random() < 0.6 else spin("(Ref. {n6})", rng)
    state = rng.choice(("", "", "Re: "))
    topic = rng.choice((language.subject(rng), site + " down", "500", "Site", "Error 503 - " + site))
    sender = "support@" + place.own
    return Draft(
        sender=sender,
        to=[to],
        subject=spin("[Ticket ID: {n6}] ", rng) + state + topic,
        text=spin(_INCIDENT[code], rng, values)
        + "\n\n--\nhttps://my.stackbarn.example/ticket?tid=%s&c=%s" % (spin("{n6}", rng), token(rng, 8)),
        age=HOUR * 6 * rng.random() + 60,
        author=named("Stackbarn Support", sender),
        client=("10.30.0.8", "desk." + place.own, "desk." + place.own),
        headers=["Reply-To: <%s>" % sender, "X-Mailer: Stackbarn CRM"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="php",
        id_domain="my.stackbarn.example",
        coding="base64",
        server=place.mx,
    ).letter(rng)


# --- a busy list -------------------------------------------------------------------------------------------------

_THREADS = (
    *(
        "Proposal: move the annual meeting online",
        "Call for reviewers, volume {n2}",
        "Isotope data from the {north|south} sites",
        "New chair of the committee",
    ),
    *("R package for peat profiles", "Field station: keys and bookings"),
)


def list_thread(world: World, rng: random.Random) -> Letter:
    """The university's list server sends a lively discussion to its readers."""
    place = place_of(world)
    host = "lists." + place.own
    language = LANGUAGES[rng.choice(("en", "en", "en", "de"))]
    first, last = language.name(rng)
    topic = spin(_THREADS[int(len(_THREADS) * rng.random() ** 2)], rng, {"n2": "47"})
    text = language.letter(rng, rng.choice(("all", "colleagues")), first, 3)
    if rng.random() < 0.8:
        text += "\n\n" + language.quoted(rng, "%s %s" % ENGLISH.name(rng))
    footer = (
        "\n_______________________________________________\nsoil-science mailing list -- soil-science@%s\nTo "
        "unsubscribe send an email to soil-science-leave@%s" % (host, host)
    )
    readers = [customer(rng, ENGLISH, tuple(place.partners))[0] for _turn in range(rng.choice((1, 1, 2, 4, 9)))]
    return Draft(
        sender="soil-science-bounces@" + host,
        to=readers,
        subject="[soil-science] %s%s" % (rng.choice(("Re: ", "Re: ", "AW: ", "")), topic),
        text=text + "\n" + footer,
        age=HOUR * 28 * rng.random() + 60,
        author=named("%s %s" % (first, last), "%s@%s" % (local_part(rng, first, last), rng.choice(place.partners))),
        shown="soil-science@" + host,
        client=("10.21.0.25", host, host),
        headers=[
            *(
                "List-Id: <soil-science.%s>" % host,
                "Precedence: list",
                "X-Mailman-Version: 3.3.9",
                "Errors-To: soil-science-bounces@" + host,
            ),
            *("List-Unsubscribe: <mailto:soil-science-leave@%s>" % host, "List-Post: <mailto:soil-science@%s>" % host),
        ],
        reason=waiting(rng, readers[0].rpartition("@")[2]),
        ident=rng.choice(("uuid", "cloud", "work", "apple")),
        id_domain="mail." + rng.choice(place.partners),
        coding=rng.choice(("", "qp", "base64")),
        server=place.mx,
    ).letter(rng)


# --- a destination that is down ----------------------------------------------------------------------------------

_PARTNER = "vandenberg-bouw.example"
_DOWN = "connect to mx1.%s[%s]:25: Connection timed out" % (_PARTNER, address_of("mx " + _PARTNER))


def to_partner(world: World, rng: random.Random) -> Letter:
    """Employees write to a partner whose server is down."""
    place = place_of(world)
    draft = written_by(place, rng, place.user(rng))
    to = "%s@%s" % (
        rng.choice(("j.visser", "inkoop", "planning", "h.mulder", "sanne.smit", "administratie", "r.dekker", "info")),
        _PARTNER,
    )
    return replace(draft, to=[to], reason=_DOWN, age=HOUR * 50 * rng.random() + 60).letter(rng)


def forms_to_partner(world: World, rng: random.Random) -> Letter:
    """The company's order system sends forms to a partner whose server is down."""
    place = place_of(world)
    kind, label = rng.choice((("AB", "Auftragsbestätigung"), ("LS", "Lieferavis"), ("RE", "Rechnung")))
    values = {**numbers(rng), "kind": kind, "label": label}
    sender = "erp@" + place.own
    number = spin("{kind}-26-{n5}", rng, values)
    text = (
        "Sehr geehrte Damen und Herren,\n\nanbei %s %s zu Ihrer Bestellung %s.\n\n%s\n\nMit freundlichen "
        "Grüßen\nKessler Antriebe GmbH, Vertriebsinnendienst"
        % (
            *(
                label,
                number,
                spin("VB{n6}", rng),
                "\n".join(
                    spin("Pos. {n1}  Getriebe KA-{n3}  {n2} Stk.  {eur} EUR", rng) for _turn in range(rng.randint(1, 7))
                ),
            ),
        )
    )
    return Draft(
        sender=sender,
        to=["inkoop@" + _PARTNER] if rng.random() < 0.7 else ["administratie@" + _PARTNER],
        subject="%s %s" % (label, number),
        text=text,
        age=HOUR * 50 * rng.random() + 60,
        author=named("Kessler Antriebe", sender),
        client=("10.4.0.20", "erp01." + place.own, "erp01"),
        headers=["X-Mailer: ERP Formularversand"],
        reason=_DOWN,
        ident="java",
        id_domain="erp01." + place.own,
        files=[File(number + ".pdf", "application/pdf", b"%PDF-1.4\n" + other_bytes(rng, rng.randint(900, 1800)))],
        coding="qp",
        server=place.mx,
    ).letter(rng)


# --- forwarding --------------------------------------------------------------------------------------------------


def forwarded(world: World, rng: random.Random) -> Letter:
    """What people write to alumni, all of whom read their mail at one provider, which takes little of it now."""
    place = place_of(world)
    draft = received_from(place, rng, HOUR * 9 * rng.random() + 60)
    to = "%s@gmail.com" % draft.to[0].partition("@")[0]
    return replace(draft, to=[to], reason=waiting(rng, "gmail.com")).letter(rng)


# --- bounces of one's own ----------------------------------------------------------------------------------------


def own_bounces(world: World, rng: random.Random) -> Letter:
    """After days without DNS the server returns what users of other servers and its own, who forward, had sent."""
    place = place_of(world)
    language = place.language(rng)
    first, last = language.name(rng)
    delayed = rng.random() < 0.5
    missing = place.correspondent(rng)[0]
    to = "%s@%s" % (local_part(rng, first, last, free=True), rng.choice((*BIG_FREE, *place.partners)))
    why = failure(rng, missing)
    text = (
        bounce_text(place, missing, why)
        if not delayed
        else (
            "This is the mail system at host "
            "%s.\n\n####################################################################\n# THIS IS A WARNING ONLY.  "
            "YOU DO NOT NEED TO RESEND YOUR MESSAGE. "
            "#\n####################################################################\n\nYour message could not be "
            "delivered for more than 4 "
            "hour(s).\nIt will be retried until it is 5 day(s) old.\n\n                   The mail system\n\n<%s>: %s"
            % (place.mx, missing, why)
        )
    )
    returned = "X-Postfix-Queue-ID: %s\nX-Postfix-Sender: rfc822; %s\n\nFrom: %s %s <%s>\nSubject: %s\n\n%s" % (
        *(queue_id(rng), to, first, last, to, language.subject(rng), language.paragraph(rng)),
    )
    return Draft(
        sender="",
        to=[to],
        subject="Delayed Mail (still being retried)" if delayed else "Undelivered Mail Returned to Sender",
        text="%s\n\nReporting-MTA: dns; %s\n%s" % (text, place.mx, returned),
        age=HOUR * 20 * rng.random() ** 1.5 + 60,
        author="MAILER-DAEMON@%s (Mail Delivery System)" % place.mx,
        headers=["Auto-Submitted: auto-replied"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="postfix",
        id_domain=place.mx,
        server=place.mx,
    ).letter(rng)


# --- copiers and backups -----------------------------------------------------------------------------------------


def scans(world: World, rng: random.Random) -> Letter:
    """The copiers of all offices send what was scanned, mostly to a law firm and an archive elsewhere."""
    place = place_of(world)
    number = rng.randrange(14)
    office = ("bauamt", "kita", "meldeamt", "kasse", "ordnungsamt", "standesamt", "schulamt")[number % 7]
    to = rng.choice(
        (
            "eingang@digital-archiv-sued.example",
            "akten@kanzlei-ostertor.example",
            "eingang@digital-archiv-sued.example",
            "%s.brunnfeld@gmx.de" % office,
        )
    )
    name = spin("%s_2026092{n1}_{n6}" % office, rng)
    sender = "scan-%s@%s" % (office, place.own)
    return Draft(
        sender=sender,
        to=[to],
        subject=rng.choice(("Scan von MFP %s" % office, "Scan von MFP %s" % office, name, "Gescanntes Dokument")),
        text="Gerät: MFP-%s-%d\nSeiten: %d\nAuflösung: 300 x 300 DPI\n\nBitte antworten Sie nicht auf diese "
        "Nachricht." % (office, number, rng.randint(1, 40)),
        age=HOUR * 30 * rng.random() + 60,
        client=("10.40.%d.21" % number, "mfp-%s-%d.%s" % (office, number, place.own), "MFP%d" % number),
        headers=["X-Mailer: KONICA bizhub C360"],
        reason=waiting(rng, to.rpartition("@")[2]),
        ident="hex",
        files=[File(name + ".pdf", "application/pdf", b"%PDF-1.3\n" + other_bytes(rng, rng.randint(1000, 5000)))],
        coding="qp",
        server=place.mx,
    ).letter(rng)


def backups(world: World, rng: random.Random) -> Letter:
    """The backup program reports about each job to the firm that looks after it."""
    place = place_of(world)
    host = rng.choice(place.hosts)
    job = spin("{Daily|Weekly|Replica} {files|vm|sql} %s" % host, rng)
    state = rng.choices(("Success", "Warning", "Failed"), (6, 2, 2))[0]
    rows = [
        spin("{vm|share|db}-{n2}: {x4} {ok|ok|retry} {n3} GB in 0:{n2}:{n2}", rng) for _turn in range(rng.randint(1, 9))
    ]
    sender = "backup@" + place.own
    text = "Backup job: %s\n%s, %d of %d objects\n\n%s\n\nServer: backup-%s" % (
        job,
        state,
        len(rows),
        len(rows),
        "\n".join(rows),
        host,
    )
    return Draft(
        sender=sender,
        to=["backup-reports@it-partner-lahn.example"],
        subject="[%s] %s (%d objects)%s"
        % (state, job, len(rows), " %d issue" % rng.randint(1, 3) if state != "Success" else ""),
        text="",
        html=page(*text.split("\n\n")),
        age=HOUR * 60 * rng.random() + 60,
        author=named("Backup %s" % host, sender),
        client=("10.50.0.%d" % (60 + crc32(host.encode()) % 9), "backup.%s" % place.own, "BACKUP"),
        reason=waiting(rng, "it-partner-lahn.example"),
        ident="uuid",
        server=place.mx,
    ).letter(rng)
