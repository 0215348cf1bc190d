# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The innocent bulk mail that the suggestions are developed with."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.suggestions.background import (
    CITY,
    FIRM,
    FREE_MAIL,
    HOSTING,
    ORDINARY,
    SCHOOL,
    colleague,
    correspondent,
    delayed,
    newsletter_of_somebody,
    reply,
)
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import (
    HOUR,
    Letter,
    Maker,
    World,
    answering,
    cron,
    invitation,
    mailing,
    network_address,
    newsletter,
    ordered,
    shop,
    stranded,
)

_REFUSED = "host mx.aula.example[198.51.100.9] said: 451 4.3.0 Temporary lookup failure (in reply to RCPT TO command)"
_DOWN = "connect to mx.down.example[192.0.2.1]:25: Connection timed out"


def _customer(world: World, rng: random.Random) -> str:
    """Return the address of a private person, mostly at a large provider."""
    domain = rng.choice(FREE_MAIL) if rng.random() < 0.8 else rng.choice(world.partners)
    return "%s%d@%s" % (world.person(rng), rng.randrange(100), domain)


# --- machines that report -------------------------------------------------------------------------------------------


def _alarm(world: World, rng: random.Random) -> Letter:
    """A host of many reports that a service is down: senders and hosts differ, the subject is one, and all come at once."""
    host = "%s%02d.%s" % (rng.choice(("web", "db", "mx", "app")), rng.randrange(40), world.own)
    service = rng.choice(("disk", "load", "swap", "http", "mysql", "ping", "raid", "ntp"))
    return Letter(
        sender="%s-%s@%s" % (rng.choice(world.people), service, host),
        recipients=["oncall@%s" % rng.choice(world.partners[:3])],
        subject="PROBLEM: %s is CRITICAL on %s" % (service, host),
        text="State: CRITICAL\nhttp://%s/monitoring/cgi-bin/status\n%s" % (host, world.sentence(rng)),
        age=HOUR + rng.uniform(0, 600),
        client=("10.%d.0.%d" % (rng.randrange(9), rng.randrange(200)), host, host),
    )


def _alarm_of_one_network(world: World, rng: random.Random) -> Letter:
    """The same where all hosts are in one network and write under the company's domain."""
    letter = _alarm(world, rng)
    local, _at, host = letter.sender.partition("@")
    client = ("10.9.0.%d" % rng.randrange(200), host, host)
    return replace(letter, sender="%s@%s" % (local, world.own), client=client)


def _cron_of_customers(world: World, rng: random.Random) -> Letter:
    """A customer's host reports to the address that the hosting company reads."""
    domain = rng.choice(world.partners)
    host = "%s.%s" % (rng.choice(("www", "shop", "vps1", "db")), domain)
    job = rng.choice(("backup.sh", "certbot renew", "run-parts /etc/cron.daily", "php cron.php"))
    return Letter(
        sender="root@%s" % host,
        recipients=["cron@%s" % world.partners[0]],
        subject="Cron <root@%s> %s" % (host, job),
        text="%s: %s" % (job, world.text(rng, 1)),
        age=world.age(rng),
        client=(world.server(host)[0], host, host),
        headers=["Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>"],
    )


def _ticket(world: World, rng: random.Random) -> Letter:
    """The ticket system informs a customer, with the thread below."""
    number = rng.randrange(10**5)
    link = "https://helpdesk.%s/Ticket/Display.html?id=%d" % (world.own, number)
    return Letter(
        sender="support@%s" % world.own,
        recipients=[_customer(world, rng)],
        subject="[%s #%d] %s" % (world.own, number, world.topic(rng)),
        text="%s\n\n<%s>\n> %s" % (world.text(rng, 2), link, world.sentence(rng)),
        age=world.age(rng),
        client=("10.2.0.20", "helpdesk.%s" % world.own, "helpdesk.%s" % world.own),
        headers=["X-RT-Ticket: %s #%d" % (world.own, number), "Precedence: bulk"],
    )


def _code(world: World, rng: random.Random) -> Letter:
    """A login page sends a code: one sender, one short text, thousands of private recipients."""
    code = "%06d" % rng.randrange(10**6)
    return Letter(
        sender="no-reply@login.%s" % world.own,
        recipients=[_customer(world, rng)],
        subject="%s is your sign-in code" % code,
        text="Your code is %s.\nIt is valid for 10 minutes. Do not share it with anybody." % code,
        age=world.age(rng),
        client=("10.2.0.%d" % rng.randrange(30, 34), "login.%s" % world.own, "login.%s" % world.own),
        headers=["Auto-Submitted: auto-generated"],
    )


# --- runs of one's own -----------------------------------------------------------------------------------------------


def _invoice(world: World, rng: random.Random) -> Letter:
    """A clerk of one of many customers sends an invoice that a common program made."""
    domain = rng.choice(world.partners)
    return Letter(
        sender="%s@%s" % (world.person(rng), domain),
        recipients=["%s@%s" % (world.person(rng), rng.choice(world.partners))],
        subject="Invoice %06d for your records" % rng.randrange(10**6),
        text="Please find your invoice enclosed.\nhttps://billing.%s/invoice/view\n%s" % (domain, world.text(rng, 1)),
        age=2 * HOUR + rng.uniform(0, 1800),
        client=world.server(domain),
    )


def _payslip(world: World, rng: random.Random) -> Letter:
    """The personnel office sends each employee a payslip, to the address at home."""
    month = rng.choice(("10/2026", "11/2026"))
    return Letter(
        sender="payroll@%s" % world.own,
        recipients=[_customer(world, rng)],
        subject="Your payslip %s" % month,
        text="Dear %s,\nyour payslip is attached.\nhttps://intranet.%s/payroll\n%s"
        % (world.person(rng).replace(".", " ").title(), world.own, "Personnel number %05d" % rng.randrange(10**5)),
        age=3 * HOUR + rng.uniform(0, 900),
        client=("10.2.0.40", "hr.%s" % world.own, "hr.%s" % world.own),
        login="payroll@%s" % world.own,
    )


def _school_letter(world: World, rng: random.Random) -> Letter:
    """A teacher asks parents to take part in a poll on a page of somebody else, in one text, within minutes."""
    sender = "sekretariat@%s" % world.own
    return Letter(
        sender=sender,
        recipients=[_customer(world, rng) for _turn in range(rng.randint(1, 25))],
        subject="Termin der Klassenfahrt - bitte abstimmen",
        text="Liebe Eltern,\nbitte tragen Sie sich ein:\nhttps://polls.example/p/Zk81xQ\n\nViele Grüße\nDas Sekretariat",
        age=HOUR + rng.uniform(0, 1200),
        client=("10.1.0.5", "unknown", "[10.1.0.5]"),
        login=sender,
    )


def _confirmation(world: World, rng: random.Random) -> Letter:
    """The shop's program on this host confirms an order to a private customer."""
    number = rng.randrange(10**6)
    link = "https://shop.%s/order/%d/%08x" % (world.own, number, rng.getrandbits(32))
    return Letter(
        sender="www-data@web.%s" % world.own,
        recipients=[_customer(world, rng)],
        subject=rng.choice(("Order %06d received", "Order %06d paid", "Order %06d shipped")) % number,
        text="Thank you for your order.\n%s\n%s\nhttps://shop.%s/terms" % (world.text(rng, 1), link, world.own),
        age=world.age(rng),
        headers=["From: Shop <shop@%s>" % world.own],
    )


def _bounce_of_newsletter(world: World, rng: random.Random) -> Letter:
    """A notice about a reader of one's own newsletter who is gone. The newsletter is quoted."""
    domain = rng.choice((*world.partners[:60], *FREE_MAIL))
    subjects = ("Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)", "Mail delivery failed")
    quoted = "Subject: News of the month\nhttps://www.%s/newsletter/2026-11\nhttps://www.%s/unsubscribe" % (
        (world.own,) * 2
    )
    return Letter(
        sender="",
        recipients=["newsletter@%s" % world.own],
        subject=rng.choice(subjects),
        text="<%s@%s>: user unknown\n\n%s" % (world.person(rng), domain, quoted),
        age=world.age(rng),
        client=world.server(domain),
        headers=["Content-Type: text/plain", "Auto-Submitted: auto-replied"],
    )


# --- services of others ----------------------------------------------------------------------------------------------


def _appointment(world: World, rng: random.Random) -> Letter:
    """A calendar service invites in the names of its users, who are in many organisations."""
    domain = rng.choice((*world.partners, *FREE_MAIL))
    name = "out%d.calendar.example" % rng.randrange(20)
    token = "%014x" % rng.getrandbits(56)
    return Letter(
        sender="%s@%s" % (world.person(rng), domain),
        recipients=["%s@%s" % (rng.choice(world.people), world.own)],
        subject="Invitation: %s @ Tue 1 Dec 2026 %02d:00" % (world.topic(rng), rng.randrange(8, 18)),
        text="%s\nhttps://calendar.example/event?action=VIEW&eid=%s\nhttps://calendar.example/settings"
        % (world.sentence(rng), token),
        age=world.age(rng),
        client=("198.19.7.%d" % rng.randrange(20), name, name),
        headers=["Sender: notifications@calendar.example", "Content-Class: urn:content-classes:calendarmessage"],
    )


def _brand_mail(world: World, rng: random.Random) -> Letter:
    """A mail service sends the newsletters of many brands, each with a link host of its own at the service's machines."""
    domain = rng.choice(world.partners[:80])
    token = "%020x" % rng.getrandbits(80)
    links = "https://click.%s/f/a/%s/q3/open\nhttps://click.%s/f/u/%s" % (domain, token, domain, token[::-1])
    name = "o%d.mta.sendservice.example" % rng.randrange(40)
    return Letter(
        sender="bounces+%s@em%d.%s" % (token[:12], rng.randrange(1000), domain),
        recipients=["%s@%s" % (world.person(rng), world.own)],
        subject="%s: %s" % (domain.partition(".")[0].title(), world.topic(rng)),
        text="%s\n%s" % (world.text(rng, 3), links),
        age=world.age(rng),
        client=("198.19.%d.%d" % (rng.randrange(40, 44), rng.randrange(250)), name, name),
        headers=[
            "From: %s <news@%s>" % (domain.partition(".")[0].title(), domain),
            "List-Unsubscribe: <https://click.%s/f/u/%s>" % (domain, token[::-1]),
            "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        ],
    )


def _relayed(world: World, rng: random.Random) -> Letter:
    """A customer's server relays what its own people write, through one address."""
    domain = world.partners[7]
    letter = replace(
        colleague(world, rng), login=None, client=(network_address(7), "gate.%s" % domain, "gate.%s" % domain)
    )
    local = letter.sender.partition("@")[0]
    return replace(letter, sender="%s@%s" % (local, domain), text=letter.text.replace(world.own, domain))


def _forwarded(world: World, rng: random.Random) -> Letter:
    """Mail to a former student is passed on to a large provider, under the forwarder's rewritten sender (SRS)."""
    letter = correspondent(world, rng)
    local, _at, domain = letter.sender.partition("@")
    return replace(
        letter,
        sender="SRS0=%04x=%s=%s=%s@alumni.example" % (rng.getrandbits(16), rng.choice("ABCD"), domain, local),
        recipients=["%s@bigmail.example" % world.person(rng)],
        reason="421 4.7.28 Unusual rate of unsolicited mail from this address",
    )


_NEWS = newsletter(sender="news@lists.example", subject="The summer newsletter", hours=1)
_BULLETIN = newsletter(sender="info@verein.example", subject="Einladung", hours=1)


def _innocent(name: str, about: str, world: World, bulk: Maker | dict[Maker, int]) -> Kind:
    """Return a kind of innocent mail. bulk: a maker, or several with their weights."""
    makers = bulk if isinstance(bulk, dict) else {delayed(bulk): 1}
    return Kind(name=name, about=about, world=world, bulk=makers, background=ORDINARY, is_flood=False)


INNOCENT = (
    _innocent("monitoring storm", "Many hosts in many networks report at once", FIRM, _alarm),
    _innocent(
        "monitoring storm of one network", "Many hosts in one network report at once", FIRM, _alarm_of_one_network
    ),
    _innocent("cron of customers", "Hosts of many customers report to one address", HOSTING, _cron_of_customers),
    _innocent("ticket system", "One sender with threads", HOSTING, _ticket),
    _innocent("two-factor codes", "One sender, one text, no link", FIRM, _code),
    _innocent("invoice run", "One program in many companies sends invoices", FIRM, _invoice),
    _innocent("payslip run", "One login writes to all employees at home", CITY, _payslip),
    _innocent("invitation", "The office writes to everybody at once", FIRM, invitation),
    _innocent("school letter", "One login, one text, a link to a foreign poll", SCHOOL, _school_letter),
    _innocent("shop on this host", "Confirmations by a local script", HOSTING, _confirmation),
    _innocent(
        "bounces of a newsletter", "Notices of many servers to one's own newsletter", CITY, _bounce_of_newsletter
    ),
    _innocent("calendar invitations", "A service writes in its users' names", FIRM, _appointment),
    _innocent("brands of a mail service", "One service, many brands, white-label links", FIRM, _brand_mail),
    _innocent("mail service", "A service gives each message a sender of its own", FIRM, ordered),
    _innocent("newsletter", "One newsletter with the headers of a list", FIRM, _NEWS),
    _innocent("many newsletters", "Newsletters of many organisations", FIRM, newsletter_of_somebody),
    _innocent("mailing list", "A list's messages and automatic replies", FIRM, {mailing: 3, answering: 1}),
    _innocent("relay of a customer", "One client sends what many people write", FIRM, _relayed),
    _innocent(
        "partner down",
        "Ordinary mail to a destination that is down",
        FIRM,
        {stranded("down.example", kind=kind, reason=_DOWN): 1 for kind in (colleague, reply, correspondent)},
    ),
    _innocent(
        "destination outage",
        "All sorts of mail to a destination that is down",
        SCHOOL,
        {
            stranded("aula.example", kind=colleague, reason=_REFUSED): 10,
            stranded("aula.example", kind=shop, reason=_REFUSED): 6,
            stranded("aula.example", kind=cron, reason=_REFUSED): 3,
            stranded("aula.example", kind=correspondent, reason=_REFUSED): 5,
            stranded("aula.example", kind=_BULLETIN, reason=_REFUSED): 2,
        },
    ),
    _innocent("alumni forwarding", "Mail passed on to a large provider with rewritten senders", SCHOOL, _forwarded),
    _innocent(
        "ordinary mail",
        "Nothing but the mail of a day",
        CITY,
        {delayed(maker): weight for maker, weight in ORDINARY.items()},
    ),
)
