# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk mail that goes out: runs of firms, schools, shops, and services."""

from __future__ import annotations

import random

from tests.suggestions.blind.daily import usual
from tests.suggestions.blind.floods_out import honest_invitation
from tests.suggestions.blind.language import spin
from tests.suggestions.blind.places import (
    AZULEJOS,
    COMMUNE,
    COMPANY,
    FREEMAIL,
    HOSTER_DE,
    ISP,
    MITTELSTAND,
    SAAS,
    UNIVERSITY,
    WEBHOST,
    far,
    often,
    person,
    plain,
)
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, File, as_html, code, data, pdf
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Letter, World


def invoice(_world: World, rng: random.Random) -> Letter:
    """Return an invoice of the monthly run."""
    place, customer = MITTELSTAND, rng.choice(MITTELSTAND.contacts)
    number = "2026-%05d" % rng.randint(40000, 41999)
    text = (
        "Sehr geehrte Damen und Herren,\n\nanbei erhalten Sie unsere Rechnung %s über %d,%02d EUR.\nBitte "
        "überweisen Sie den Betrag bis zum %d.10.2026.\n\nMit freundlichen Grüßen\nZahnradwerk Kühn GmbH & "
        "Co. KG\nBuchhaltung\n\nAmtsgericht Hagen HRA 4711, IBAN DE02 1203 0000 0000 2020 51"
    ) % (number, rng.randint(40, 90000), rng.randint(0, 99), rng.randint(1, 28))
    address = rng.choice(
        (customer.address, "rechnung@" + customer.domain if customer.domain not in FREEMAIL else customer.address)
    )
    draft = Draft(
        "rechnung@zahnradwerk-kuehn.example",
        [address],
        "Rechnung " + number,
        text,
        author="Zahnradwerk Kühn Buchhaltung",
        files=[pdf(rng, "Rechnung_%s.pdf" % number)],
        headers=["X-Mailer: ERP Mail Connector 7.2"],
        transfer="quoted-printable",
    )
    return queue(place, rng, draft, ("10.33.0.9", "erp.zahnradwerk-kuehn.example", "erp"), hours=(1, 3))


def payslip(_world: World, rng: random.Random) -> Letter:
    """Return a payslip for the private address of an employee."""
    who = rng.choice(COMPANY.users)
    private = "%s%d@%s" % (
        plain(who.name.replace(" ", ".")),
        random.Random(who.address).randint(1, 99),
        random.Random(who.address).choice(FREEMAIL),
    )
    text = (
        "Dear %s,\n\nplease find your payslip for September 2026 attached.\nThe password of the file is your "
        "employee number and your year of birth.\n\nYour HR team"
    ) % who.name
    draft = Draft(
        "hr-noreply@northgate-pumps.example",
        [private],
        "Payslip September 2026",
        text,
        author="Northgate HR",
        files=[pdf(rng, "payslip_%d.pdf" % rng.randint(1000, 9999))],
        headers=["Auto-Submitted: auto-generated"],
    )
    return queue(
        COMPANY,
        rng,
        draft,
        ("10.20.0.31", "hr.northgate-pumps.example", "hr.northgate-pumps.example"),
        login="hr-system",
        hours=(5, 6),
    )


def letter_to_parents(_world: World, rng: random.Random) -> Letter:
    """Return a circular of a school, sent by the secretary to some parents at a time."""
    secretary = COMMUNE.users[5]
    own = random.Random("circular %d" % rng.randint(1, 3))
    topic = own.choice(("Sortie scolaire", "Réunion des parents", "Cantine : nouveaux horaires"))
    text = "Chers parents,\n\n%s\n\nMerci de retourner le coupon signé.\n\n%s\nSecrétariat de l'école Jean Moulin" % (
        COMMUNE.language.paragraphs(own, 4),
        secretary.name,
    )
    parents = [person(rng, COMMUNE.language, rng.choice(FREEMAIL)).address for _turn in range(rng.randint(1, 25))]
    draft = Draft(
        secretary.address,
        parents,
        topic,
        text,
        author=secretary.name,
        to="undisclosed-recipients:;",
        html=as_html(text),
        files=[File("circulaire.pdf", "application/pdf", b"%PDF-1.4\n" + data(own, 1500))],
        headers=["User-Agent: Mozilla Thunderbird"],
    )
    return queue(
        COMMUNE, rng, draft, ("10.60.4.18", "unknown", "[10.60.4.18]"), login=secretary.address, hours=(0.5, 5)
    )


def campaign(_world: World, rng: random.Random) -> Letter:
    """Return a copy of the firm's own newsletter, sent through a login from a rented tool."""
    who = person(rng, AZULEJOS.language, rng.choice(FREEMAIL) if rng.random() < 0.5 else rng.choice(AZULEJOS.partners))
    token = code(rng, 12).lower()
    text = (
        "Hola %s:\n\nlos azulejos de otoño ya están aquí. Hasta el 15 de octubre, 20 %% de descuento en toda "
        "la colección Albaicín.\n\nVer el catálogo: https://www.azulejosvega.example/otono?c=%s\n\nAzulejos "
        "Vega S.L., Camino Viejo 4, Castellón\nDarse de baja: https://www.azulejosvega.example/baja?c=%s"
    ) % (who.first_name, token, token)
    subject = rng.choice(("Otoño en Azulejos Vega", "%s, tu descuento del 20 %%" % who.first_name))
    draft = Draft(
        "boletin@azulejosvega.example",
        [who.address],
        subject,
        text,
        author="Azulejos Vega",
        html=as_html(text),
        headers=[
            "List-Unsubscribe: <https://www.azulejosvega.example/baja?c=%s>" % token,
            "Precedence: bulk",
            "X-Mailer: MailingTool 4",
        ],
        transfer="quoted-printable",
    )
    return queue(
        AZULEJOS,
        rng,
        draft,
        ("198.51.100.40", "send.mailingtool.example", "send.mailingtool.example"),
        login="boletin@azulejosvega.example",
        hours=(2, 7),
    )


def ticket_update(_world: World, rng: random.Random) -> Letter:
    """Return a notice of the help desk."""
    agent, student = (
        often(rng, UNIVERSITY.users[:25]),
        rng.choice(UNIVERSITY.users if rng.random() < 0.3 else UNIVERSITY.contacts),
    )
    number = rng.randint(300000, 309999)
    topic = spin(
        rng,
        "{WLAN|VPN|Drucker|Passwort|Moodle|Bibliothekskonto|Prüfungsanmeldung} {geht nicht|vergessen|: Frage|Fehler %d|}"
        % rng.randint(100, 999),
    )
    text = (
        "## Bitte oberhalb dieser Zeile antworten ##\n\n%s\n\n%s\nIT-Servicedesk\n\nhttps://helpdesk.uni-lindental.example/t/%d"
        % (UNIVERSITY.language.paragraphs(rng, 2), agent.name, number)
    )
    draft = Draft(
        "helpdesk@uni-lindental.example",
        [student.address],
        "[Ticket#%d] %s" % (number, topic),
        text,
        author="%s via Servicedesk" % agent.name,
        headers=["X-Mailer: Znuny", "Auto-Submitted: auto-generated"],
        transfer="base64",
    )
    return queue(
        UNIVERSITY, rng, draft, ("10.130.0.40", "helpdesk.uni-lindental.example", "helpdesk.uni-lindental.example")
    )


_THINGS = (
    "Road bike tyre",
    "Inner tube 28",
    "LED light set",
    "Pump",
    "Chain oil",
    "Helmet M",
    "Saddle bag",
    "Brake pads",
    "Gloves L",
    "Pedals",
)


def shop_order(_world: World, rng: random.Random) -> Letter:
    """Return a confirmation of a shop on a day of sale, from a script of the web site."""
    customer = person(
        rng, WEBHOST.language, rng.choice(FREEMAIL) if rng.random() < 0.8 else rng.choice(WEBHOST.partners)
    )
    number = rng.randint(88000, 89999)
    lines = "\n".join(
        "%d x %s  %d.%02d" % (rng.randint(1, 4), rng.choice(_THINGS), rng.randint(3, 90), rng.choice((0, 50, 99)))
        for _turn in range(rng.randint(1, 6))
    )
    subject, head = rng.choice(
        (
            ("Your Urban Cycles order #%d", "we got your order"),
            ("Payment received for order #%d", "we got your payment"),
            ("Order #%d is on its way", "your parcel has left us"),
        )
    )
    text = (
        "Hi %s,\n\n%s. Thank you!\n\n%s\n\nhttps://urbancycles.example.net/my-account/view-order/%d/\n\nUrban Cycles, 3 Canal Street"
        % (customer.first_name, head, lines, number)
    )
    draft = Draft(
        "shop@urbancycles.example.net",
        [customer.address],
        subject % number,
        text,
        author="Urban Cycles",
        html=as_html(text),
        headers=[
            "X-PHP-Originating-Script: 10140:PHPMailer.php",
            "X-Mailer: PHPMailer 6.8.1 (https://phpmailer.example)",
        ],
    )
    return queue(WEBHOST, rng, draft, None, user_id=10140, hours=(0.1, 8))


def two_factor_code(_world: World, rng: random.Random) -> Letter:
    """Return a code to log in."""
    who = rng.choice(SAAS.contacts)
    number = "%06d" % rng.randint(0, 999999)
    subject = (
        rng.choice(("%s is your Planboard code", "Your Planboard code: %s", "%s ist dein Planboard-Code")) % number
    )
    text = (
        "%s\n\nIt is valid for 10 minutes. Never share it.\nIf this was not you, change your password at https://app.planboard.example/security\n\nFrom %s, %s"
        % (number, rng.choice(("Chrome on Windows", "Safari on iPhone", "Firefox on Linux")), far(rng))
    )
    draft = Draft(
        "no-reply@planboard.example",
        [who.address],
        subject,
        text,
        author="Planboard",
        html=as_html(text),
        headers=["Auto-Submitted: auto-generated", "X-Template: login-code"],
    )
    return queue(SAAS, rng, draft, None, user_id=998, hours=(0.02, 2))


def scan(_world: World, rng: random.Random) -> Letter:
    """Return what a copier or a fax gateway sends: an attachment and hardly any text."""
    number = rng.randint(1, 14)
    machine = "copieur%02d" % number
    is_fax = number > 11
    user = often(rng, COMMUNE.users if rng.random() < 0.3 else COMMUNE.contacts)
    stamp = "202609%02d%06d" % (rng.randint(18, 21), rng.randint(80000, 175959))
    subject = (
        "Fax de 0%d (%d pages)" % (rng.randint(10**8, 10**9 - 1), rng.randint(1, 9))
        if is_fax
        else rng.choice(("Scan de " + machine, "Message from " + machine.upper(), "Numérisation " + stamp))
    )
    file = (
        File("%s.tif" % stamp, "image/tiff", b"II*\x00" + data(rng, rng.randint(2000, 2600)))
        if is_fax
        else pdf(rng, "SKM_%s.pdf" % stamp, size=1100)
    )
    draft = Draft(
        "%s@ville-aubrac.example" % ("fax" if is_fax else machine),
        [user.address],
        subject,
        "" if rng.random() < 0.5 else "Ne pas répondre.",
        files=[file],
    )
    return queue(COMMUNE, rng, draft, ("10.60.30.%d" % number, "unknown", machine.upper()))


def backup_report(_world: World, rng: random.Random) -> Letter:
    """Return a report of the backup of a customer, through the relay of the provider."""
    number = rng.randint(1, 160)
    own = random.Random("customer %d" % number)
    user = own.choice(ISP.users)
    host = own.choice(("NAS", "DISKSTATION", "SRV-DC", "backup", "fileserver")) + str(own.randint(1, 9))
    state = rng.choice(("Success", "Success", "Success", "Warning", "Failed"))
    text = "\n".join(
        (
            "Backup job: %s" % own.choice(("Daily", "C: and D:", "Full weekly", "VMs")),
            "Host: " + host,
            "Result: " + state,
            "Size: %d.%d GB" % (rng.randint(1, 900), rng.randint(0, 9)),
            "Duration: 0%d:%02d" % (rng.randint(0, 5), rng.randint(0, 59)),
            *["%s\\%s: skipped" % (host, code(rng, 8)) for _turn in range(rng.choice((0, 0, 0, 4)))],
        )
    )
    recipient = own.choice((user.address, "reports@msp-partner.example", "alerts@msp-partner.example"))
    draft = Draft(
        user.address,
        [recipient],
        "[%s] %s: %s" % (state, host, own.choice(("backup job", "Daily backup", "Backup report"))),
        text,
        author=host if own.random() < 0.5 else "",
        headers=own.choice(([], ["X-Mailer: Backup Agent 11"])),
    )
    address = "100.70.%d.%d" % (own.randint(0, 15), own.randint(1, 254))
    return queue(
        ISP,
        rng,
        draft,
        (address, "%s.cust.riverlink.example" % address.replace(".", "-"), host.lower()),
        login=user.address,
        hours=(1, 8),
    )


def booking_reminder(_world: World, rng: random.Random) -> Letter:
    """Return a reminder of an appointment, from the calendar of one of some practices on a web host."""
    domains = sorted(domain for domain in HOSTER_DE.domains if "praxis" in domain)
    domain = rng.choice(domains)
    who = person(rng, HOSTER_DE.language, rng.choice(FREEMAIL))
    text = (
        "Guten Tag %s,\n\nwir erinnern an Ihren Termin am %d.9. um %d:%s Uhr.\n\nAbsagen oder verschieben: https://%s/termin/?t=%s\n\nIhr Praxisteam"
        % (
            who.name,
            rng.randint(22, 24),
            rng.randint(8, 17),
            rng.choice(("00", "15", "30", "45")),
            domain,
            code(rng, 20).lower(),
        )
    )
    user = 10000 + random.Random(domain).randint(1, 400)
    draft = Draft(
        "termin@" + domain,
        [who.address],
        "Erinnerung an Ihren Termin am %d.9." % rng.randint(22, 24),
        text,
        author="Praxis",
        headers=["X-PHP-Originating-Script: %d:amelia-cron.php" % user],
    )
    return queue(HOSTER_DE, rng, draft, None, user_id=user, hours=(0.1, 3))


OUTGOING = (
    Kind("blind: invoice run", "the invoices of a month", MITTELSTAND, {invoice: 1}, usual(MITTELSTAND), False),
    Kind("blind: payslips", "payslips to private addresses", COMPANY, {payslip: 1}, usual(COMPANY), False),
    Kind(
        "blind: school letter",
        "a secretary writes to all parents, some at a time",
        COMMUNE,
        {letter_to_parents: 1},
        usual(COMMUNE),
        False,
    ),
    Kind(
        "blind: own campaign",
        "a firm's newsletter, through a login from a rented tool",
        AZULEJOS,
        {campaign: 1},
        usual(AZULEJOS),
        False,
    ),
    Kind("blind: help desk", "notices of a ticket system", UNIVERSITY, {ticket_update: 1}, usual(UNIVERSITY), False),
    Kind(
        "blind: day of sale",
        "confirmations of a shop, from a script of a web site",
        WEBHOST,
        {shop_order: 1},
        usual(WEBHOST),
        False,
    ),
    Kind("blind: login codes", "codes to log in", SAAS, {two_factor_code: 1}, usual(SAAS), False),
    Kind(
        "blind: workspace invitations",
        "a service invites in the names of its customers",
        SAAS,
        {honest_invitation: 1},
        usual(SAAS),
        False,
    ),
    Kind(
        "blind: scans and faxes",
        "copiers and a fax gateway send attachments with hardly any text",
        COMMUNE,
        {scan: 1},
        usual(COMMUNE),
        False,
    ),
    Kind(
        "blind: backup reports",
        "reports from the backups of an ISP's customers",
        ISP,
        {backup_report: 1},
        usual(ISP),
        False,
    ),
    Kind(
        "blind: booking reminders",
        "reminders of appointments, from many sites of one host",
        HOSTER_DE,
        {booking_reminder: 1},
        usual(HOSTER_DE),
        False,
    ),
)
