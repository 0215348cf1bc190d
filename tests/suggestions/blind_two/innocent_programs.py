# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk mail that programs send: invoices, payslips, alarms, codes, tickets, calendars, scans, orders."""

from __future__ import annotations

import random

from tests.suggestions.blind_two.compose import Body, File, Route, date_of, named, number_of, post, token
from tests.suggestions.blind_two.hosts import (
    CAMPUS,
    CLOUD,
    DAY,
    EN,
    ES,
    FR,
    FREEMAIL,
    ISP,
    PLANT,
    RELAY,
    TOWN,
    WEB,
    Host,
    correspondent,
)
from tests.suggestions.blind_two.languages import plain
from tests.suggestions.blind_two.ordinary import attachment, html_of, made_by, noise, ordinary
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import HOUR, Letter


def _invoice(host: Host, rng: random.Random) -> Letter:
    name, to = correspondent(rng, ES)
    number = rng.randint(260900000, 260999999)
    amount = "%d,%02d" % (rng.choice((19, 24, 29, 34, 45, 61)), rng.choice((90, 95, 99, 37, 12)))
    text = (
        "Estimado/a %s:\n\nYa está disponible su factura %d del mes de septiembre por importe de %s EUR. La "
        "encontrará adjunta en formato PDF y en su área de cliente:\n"
        "https://clientes.redsur.example/facturas/%d\n\nEl cargo se realizará el día 5 en la cuenta "
        "terminada en %04d.\n\nGracias por confiar en RedSur.\nAtención al cliente 900 %d"
    ) % (name, number, amount, number, rng.randint(0, 9999), 111222)
    file = File("factura_%d.pdf" % number, "application/pdf", b"%PDF-1.4\n%" + noise(rng, 600))
    return post(
        rng,
        sender="facturas@redsur.example",
        to=[to],
        subject="Su factura RedSur n.º %d" % number,
        body=Body(text, html=html_of(text, "invoice"), files=[file], encoding="quoted-printable"),
        age=rng.uniform(2 * HOUR, 9 * HOUR),
        route=Route(client=("10.77.0.14", "erp2.redsur.example", "erp2.redsur.example"), server=host.name),
        author=named("RedSur Facturación", "facturas@redsur.example"),
        shown_to=named(name, to),
        headers=["X-Mailer: JavaMail 1.6"],
    )


def _payslip(host: Host, rng: random.Random) -> Letter:
    name, to = correspondent(rng, EN)
    text = (
        "Dear %s,\n\nplease find attached your payslip for September 2026 (employee %d). The document is "
        "protected: the password is your date of birth, followed by the last four characters of your "
        "National Insurance number.\n\n"
        "Questions about your pay go to payroll@kiln-and-co.example, please do not answer this message.\n\nPayroll, Kiln & Co"
    ) % (name.split()[0], rng.randint(1000, 9999))
    file = File(
        "Payslip_%s_2026-09.pdf" % plain(name).replace(".", "_"),
        "application/pdf",
        b"%PDF-1.6\n%" + noise(rng, rng.randint(500, 800)),
    )
    return post(
        rng,
        sender="payroll@kiln-and-co.example",
        to=[to],
        subject="Your payslip for September 2026",
        body=Body(text, files=[file]),
        age=rng.uniform(HOUR, HOUR + 1500),
        route=Route(
            client=("203.0.113.61", "unknown", "PAYROLL-SRV"), login="payroll@kiln-and-co.example", server=host.name
        ),
        author=named("Kiln & Co Payroll", "payroll@kiln-and-co.example"),
        shown_to=to,
    )


_CHECKS = (
    "PING",
    "HTTP",
    "Disk /var",
    "CPU Load",
    "PLC line 2",
    "Temperature oven 3",
    "NTP",
    "MySQL replication",
    "UPS",
    "SMTP queue",
)


def _alarm(host: Host, rng: random.Random) -> Letter:
    box = "%s%02d" % (rng.choice(("plc", "srv", "sw", "ap", "nas", "cnc")), rng.randint(1, 60))
    check = rng.choice(_CHECKS)
    kind, state = rng.choice(
        (("PROBLEM", "CRITICAL"), ("PROBLEM", "WARNING"), ("RECOVERY", "OK"), ("PROBLEM", "CRITICAL"))
    )
    age = rng.uniform(0, 7 * HOUR)
    text = (
        "***** Icinga *****\n\nNotification Type: %s\n\nService: %s\nHost: %s\nAddress: 10.40.%d.%d\nState: "
        "%s\n\nDate/Time: %s\n\nAdditional Info:\n\n%s %s - %d.%d%% packet loss %d ms"
    ) % (
        kind,
        check,
        box,
        rng.randint(2, 3),
        rng.randint(2, 250),
        state,
        date_of(age),
        check,
        state,
        rng.randint(0, 99),
        rng.randint(0, 9),
        rng.randint(1, 9000),
    )
    return post(
        rng,
        sender="icinga@ateliers-morel.example",
        to=[rng.choice(("astreinte@freepost.example", "astreinte@freepost.example", "noc@weserlegal.example"))],
        subject="** %s Service Alert: %s/%s is %s **" % (kind, box, check, state),
        body=Body(text),
        age=age,
        route=Route(
            client=("10.40.2.9", "icinga.ateliers-morel.example", "icinga.ateliers-morel.example"), server=host.name
        ),
        headers=["Auto-Submitted: auto-generated", "X-Mailer: mailx 12.5"],
    )


_CODES = (
    (
        "{c} is your Planora code",
        "Your sign-in code is {c}.\n\nIt is valid for 10 minutes. Never share it with anybody.\n\nSign-in from {b}, near {i}",
    ),
    (
        "{c} ist Ihr Planora-Code",
        "Ihr Anmeldecode lautet {c}.\n\nEr gilt 10 Minuten. Geben Sie ihn niemandem weiter.\n\nAnmeldung von {b}, Adresse {i}",
    ),
    (
        "{c} est votre code Planora",
        "Votre code de connexion : {c}.\n\nIl est valable 10 minutes.\n\nConnexion depuis {b}, adresse {i}",
    ),
    (
        "{c} es su código de Planora",
        "Su código de acceso es {c}.\n\nCaduca en 10 minutos.\n\nAcceso desde {b}, dirección {i}",
    ),
)


def _code(host: Host, rng: random.Random) -> Letter:
    number = rng.randint(0, 3)
    _name, to = correspondent(rng, host.tongues[number])
    slots = {
        "c": "%06d" % rng.randint(0, 999999),
        "b": rng.choice(("Firefox on Linux", "Chrome on Windows", "Safari on iPhone", "Edge on Windows")),
        "i": "100.%d.%d.%d" % (rng.randint(64, 127), rng.randint(0, 255), rng.randint(1, 254)),
    }
    text = _CODES[number][1].format(**slots)
    box = rng.randint(11, 14)
    return post(
        rng,
        sender="bounce+%s@planora.example" % token(rng, 10),
        to=[to],
        subject=_CODES[number][0].format(**slots),
        body=Body(text, html=html_of(text, "code"), encoding="quoted-printable"),
        age=rng.uniform(0, 5 * HOUR),
        route=Route(client=("10.1.0.%d" % box, "worker.planora.example", "worker%d" % box), server=host.name),
        author=named("Planora", "login@planora.example"),
        headers=["Auto-Submitted: auto-generated"],
    )


_STEPS = ("has been received", "was updated", "is waiting for your answer", "has been solved", "was assigned to {f}")


def _ticket(host: Host, rng: random.Random) -> Letter:
    tongue = rng.choice(host.tongues)
    name, to = correspondent(rng, tongue)
    number = rng.randint(81000, 81999)
    step = EN.fill(rng, rng.choice(_STEPS))
    talk = "\n\n".join(
        "%s, %s\n%s"
        % (rng.choice((name, EN.name(rng) + " (Planora)")), date_of(rng.uniform(0, 3 * DAY))[5:22], tongue.said(rng, 3))
        for _turn in range(rng.randint(1, 4))
    )
    text = (
        "##- Please type your reply above this line -##\n\nYour request (%d) "
        "%s.\n\n%s\n\n--------------------------------\nThis email is a service from Planora Help."
    ) % (number, step, talk)
    return post(
        rng,
        sender="support@planora-help.example",
        to=[to],
        subject="[Planora Help] %s (#%d)" % (tongue.topic(rng), number),
        body=Body(text, html=html_of(text, "t3")),
        age=rng.uniform(0, 5.5 * HOUR),
        route=Route(
            client=("198.18.240.17", "desk.planora-help.example", "desk.planora-help.example"), server=host.name
        ),
        author=named("%s (Planora Help)" % EN.name(rng), "support@planora-help.example"),
        shown_to=named(name, to),
        headers=[
            "Reply-To: <support+id%d@planora-help.example>" % number,
            "Auto-Submitted: auto-generated",
            "X-Ticket: %d" % number,
        ],
    )


_COURSES = (
    "BIO 101 Cells",
    "HIS 214 Modern Europe",
    "CHM 330 Lab",
    "LIT 120 The Novel",
    "MTH 201 Analysis",
    "LAW 110 Contracts",
    "PHY 150 Waves",
    "ECO 240 Markets",
)


def _timetable(host: Host, rng: random.Random) -> Letter:
    course = rng.choice(_COURSES)
    student = "s%d@%s" % (rng.randint(2200000, 2699999), rng.choice(FREEMAIL[:6]))
    room, day, hour = "%s%d" % (rng.choice("ABCD"), rng.randint(101, 420)), rng.randint(1, 28), rng.randint(8, 17)
    what = rng.choice(("Updated", "Updated", "Cancelled", "New"))
    text = (
        "%s: %s\nWhen: %d October 2026, %d:00\nWhere: %s\n\nSent by the timetable of Lakeside University. Do not reply."
        % (what, course, day, hour, room)
    )
    calendar = (
        "BEGIN:VCALENDAR\nPRODID:-//Lakeside//Syllabus "
        "8//EN\nMETHOD:%s\nBEGIN:VEVENT\nUID:%d-%d@timetable.lakeside-uni.example\nSEQUENCE:%d\nDTSTART:202610"
        "%02dT%02d0000Z\nSUMMARY:%s\nLOCATION:%s\nEND:VEVENT\nEND:VCALENDAR"
    ) % (
        "CANCEL" if what == "Cancelled" else "REQUEST",
        number_of(course),
        day,
        rng.randint(1, 5),
        day,
        hour,
        course,
        room,
    )
    return post(
        rng,
        sender="timetable@lakeside-uni.example",
        to=[student],
        subject="%s: %s (%d Oct)" % (what, course, day),
        body=Body(text, parts=(("text/calendar; charset=UTF-8; method=REQUEST", calendar),)),
        age=rng.uniform(3 * HOUR, 5 * HOUR),
        route=Route(client=("10.12.4.40", "syllabus.lakeside-uni.example", "syllabus"), server=host.name),
        author=named("Timetable", "timetable@lakeside-uni.example"),
        shown_to=student,
    )


_MACHINES = (
    ("KM_C368", "10.200.1.60"),
    ("KM_C258", "10.200.1.61"),
    ("RNP5838794A", "10.200.2.44"),
    ("MFP-Balie", "10.201.5.9"),
    ("SHARP_MX3071", "10.200.2.45"),
)


def _scan(host: Host, rng: random.Random) -> Letter:
    machine, address = rng.choice(_MACHINES)
    stamp = "2609%02d%02d%02d" % (rng.randint(10, 22), rng.randint(7, 18), rng.randint(0, 59))
    subject, name, text = {
        "K": ("Message from %s" % machine, "S%s%s" % (machine.replace("_", ""), stamp), ""),
        "R": (
            "Scan van %s" % machine,
            "20%s%02d" % (stamp, rng.randint(0, 59)),
            'This E-mail was sent from "%s" (Aficio MP C3004).\n\nScan Date: %s (+0200)' % (machine, stamp),
        ),
        "M": ("Gescand document", "scan_%s" % stamp, "Zie bijlage."),
        "S": (
            "Scanned image from %s" % machine,
            "%s_%s" % (machine, stamp),
            (
                "Reply to: %s\nDevice Name: %s\nFile Format: PDF MMR(G4)\nResolution: 200dpi x 200dpi\n\nAttached "
                "file is scanned image in PDF format."
            )
            % (host.user(rng), machine),
        ),
    }[machine[0]]
    to = host.user(rng) if rng.random() < 0.6 else correspondent(rng, host.tongues[0])[1]
    return post(
        rng,
        sender="scanner@gemeente-waal.example",
        to=[to],
        subject=subject,
        body=Body(
            text, files=[File(name + ".pdf", "application/pdf", b"%PDF-1.4\n%" + noise(rng, rng.randint(400, 900)))]
        ),
        age=rng.uniform(0, 9 * HOUR),
        route=Route(client=(address, "unknown", machine), server=host.name),
        author=named(machine, "scanner@gemeente-waal.example"),
        received=True,
    )


_DESKS = ("appro", "qualite", "logistique", "edi", "achats.moteurs", "litiges")


def _partner(host: Host, rng: random.Random) -> Letter:
    desk = rng.choice(_DESKS)
    who = "%s@grandmoteur.example" % (desk if desk == "edi" or rng.random() < 0.4 else plain(FR.name(rng)))
    number = rng.randint(4500100000, 4500999999)
    box = rng.randint(1, 4)
    if desk == "edi":
        subject, body = (
            "DELFOR D.04A %d" % number,
            Body(
                "",
                files=[
                    File(
                        "DELFOR_%d.edi" % number,
                        "application/edifact",
                        b"UNB+UNOC:3+GRANDMOTEUR+MOREL+" + noise(rng, 300),
                    )
                ],
            ),
        )
        headers = ["X-Mailer: SAP NetWeaver"]
    else:
        topic = FR.topic(rng)
        text = "%s\n\n%s\n\n%s\n%s\n\nGrand Moteur SA - %s\nwww.grandmoteur.example\n\nC2 - Confidentiel" % (
            FR.fill(rng, rng.choice(FR.hello)),
            FR.said(rng, 5),
            rng.choice(FR.bye),
            who.partition("@")[0].title(),
            desk,
        )
        subject = rng.choice(("", "RE: ", "TR: ")) + rng.choice((topic, topic, "Commande %d" % number))
        body = Body(text, html=html_of(text, "1b"), files=[attachment(rng, FR)] if rng.random() < 0.3 else [])
        headers = ["X-Mailer: Microsoft Outlook 16.0", "X-Classification: C2"]
    return post(
        rng,
        sender=who,
        to=[host.user(rng)],
        subject=subject,
        body=body,
        age=host.world.age(rng),
        headers=headers,
        route=Route(
            client=("198.18.121.%d" % (20 + box), "mta%d.grandmoteur.example" % box, "mta%d.grandmoteur.example" % box),
            server=host.name,
        ),
    )


_GOODS = (
    "Lok BR 218 H0",
    "Gleisset C",
    "Bausatz Fachwerkhaus",
    "Signal 2-begriffig",
    "Bäume, 25 Stück",
    "Personenwagen 2. Kl.",
    "Trafo 36 VA",
    "Schotter 500 g",
    "Drehscheibe",
    "Figuren Bahnhof",
)


def _order(host: Host, rng: random.Random) -> Letter:
    name, to = correspondent(rng, host.tongues[0])
    number = rng.randint(20400, 23900)
    rows = [
        "%d x %s   %d,%02d EUR" % (rng.randint(1, 4), good, rng.randint(3, 240), rng.choice((0, 50, 90, 99)))
        for good in rng.sample(_GOODS, rng.randint(1, 4))
    ]
    subject, opening = rng.choice(
        (
            (
                "Deine Modellbahn-Welt Bestellung ist eingegangen (#%d)",
                "vielen Dank für deine Bestellung. Wir bearbeiten sie jetzt.",
            ),
            (
                "Deine Bestellung #%d ist jetzt fertiggestellt",
                "deine Bestellung ist unterwegs. DPL-Sendungsnummer: %d" % rng.randint(10**9, 10**10),
            ),
            (
                "Rechnung zu Bestellung #%d",
                "hier ist die Rechnung zu deiner Bestellung. Bitte überweise den Betrag innerhalb von 7 Tagen.",
            ),
        )
    )
    text = (
        "Hallo %s,\n\n%s\n\n[Bestellung #%d]\n%s\n\nKonto ansehen: "
        "https://modellbahn-welt.example/mein-konto/view-order/%d/?key=wc_%s\n\nModellbahn-Welt, Dorfstraße 3, "
        "24376 Kappeln"
    ) % (name.split()[0], opening, number, "\n".join(rows), number, token(rng, 13))
    return post(
        rng,
        sender="shop@modellbahn-welt.example",
        to=[to],
        subject=subject % number,
        body=Body(text, html=html_of(text, "shop")),
        age=rng.uniform(0, 26 * HOUR),
        route=host.local(1012),
        author=named("Modellbahn-Welt", "shop@modellbahn-welt.example"),
        headers=[
            "X-PHP-Originating-Script: 1012:class-phpmailer.php",
            "X-Mailer: PHPMailer 6.9.1 (https://phpmailer.example)",
        ],
    )


INNOCENT = (
    Kind(
        "invoices of a provider",
        "A provider bills its customers, with a PDF",
        ISP.world,
        {made_by(_invoice, ISP): 1},
        ordinary(ISP, submitted=50, received=22, newsletter=8, notice=8, bounced=5, discussion=3, cron=2, invitation=2),
        is_flood=False,
    ),
    Kind(
        "payslips",
        "A payroll office sends each employee a protected payslip within half an hour",
        RELAY.world,
        {made_by(_payslip, RELAY): 1},
        ordinary(RELAY, submitted=52, received=22, notice=7, newsletter=6, bounced=5, invitation=5, cron=3),
        is_flood=False,
    ),
    Kind(
        "alarms of a factory",
        "Monitoring reports failures to the staff on call",
        PLANT.world,
        {made_by(_alarm, PLANT): 1},
        ordinary(PLANT, submitted=42, received=30, notice=8, invitation=8, newsletter=6, bounced=4, cron=2),
        is_flood=False,
    ),
    Kind(
        "sign-in codes",
        "An application sends codes in four languages",
        CLOUD.world,
        {made_by(_code, CLOUD): 1},
        ordinary(CLOUD, received=35, submitted=25, notice=14, cron=8, bounced=10, newsletter=5, invitation=3),
        is_flood=False,
    ),
    Kind(
        "tickets of a help desk",
        "A help desk informs its customers",
        CLOUD.world,
        {made_by(_ticket, CLOUD): 1},
        ordinary(CLOUD, received=38, submitted=24, notice=12, cron=8, bounced=10, newsletter=5, invitation=3),
        is_flood=False,
    ),
    Kind(
        "changes of a timetable",
        "The timetable of a university changes, and each student gets new calendar entries",
        CAMPUS.world,
        {made_by(_timetable, CAMPUS): 1},
        ordinary(
            CAMPUS, submitted=42, received=20, discussion=12, invitation=8, newsletter=7, bounced=6, notice=4, cron=1
        ),
        is_flood=False,
    ),
    Kind(
        "scans of a town hall",
        "Five machines mail their scans, as malware also looks",
        TOWN.world,
        {made_by(_scan, TOWN): 1},
        ordinary(
            TOWN, received=42, submitted=26, newsletter=8, notice=10, invitation=6, bounced=4, cron=2, discussion=2
        ),
        is_flood=False,
    ),
    Kind(
        "a large customer of a factory",
        "A partner sends orders and writes letters",
        PLANT.world,
        {made_by(_partner, PLANT): 1},
        ordinary(PLANT, received=40, submitted=28, notice=9, invitation=8, newsletter=7, bounced=4, cron=4),
        is_flood=False,
    ),
    Kind(
        "orders of a web shop",
        "A shop confirms orders through PHP and sendmail",
        WEB.world,
        {made_by(_order, WEB): 1},
        ordinary(WEB, form=25, submitted=32, received=18, notice=8, newsletter=6, bounced=6, cron=5),
        is_flood=False,
    ),
)
