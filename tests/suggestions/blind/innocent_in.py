# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Innocent bulk mail that comes in, passes through, or waits for one destination."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.suggestions.blind.daily import personal, usual
from tests.suggestions.blind.failures import failure
from tests.suggestions.blind.floods_in_disguise import event
from tests.suggestions.blind.floods_out import stranger
from tests.suggestions.blind.language import spin
from tests.suggestions.blind.places import (
    AZULEJOS,
    COMPANY,
    FORWARDER,
    HOSTER_DE,
    MITTELSTAND,
    RECEIVER,
    TEKSTIL,
    UNIVERSITY,
    Person,
    from_domain,
    office,
    often,
    plain,
    server,
)
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, as_html, code
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Letter, World

_LOWER = "abcdefghijklmnopqrstuvwxyz"


def brands(_world: World, rng: random.Random) -> Letter:
    """Return a newsletter of one of the many customers of a mail service."""
    number = rng.randint(1, 90)
    own = random.Random("brand %d" % number)
    brand = own.choice(("Oak", "Bluebird", "Pepper", "Harbour", "Juniper", "Willow", "Copper")) + own.choice(
        (" Kitchen", " Outdoor", " Theatre", " Kids", " Travel", " Records", " Charity")
    )
    domain = "%s%d.example" % (plain(brand), number)
    subject = spin(
        own,
        "{September|This week|New}{: | at %s: |, }{our favourites|last chance|free delivery|programme|your points|thank you}",
    ).replace("%s", brand)
    recipient = rng.choice(RECEIVER.users)
    track = "https://click%d.sendwell.example/%s" % (own.randint(1, 4), code(rng, 30))
    text = "%s\n\n%s\n\n%s\n\nUnsubscribe: %s" % (
        subject,
        RECEIVER.language.paragraphs(own, 5),
        track,
        track.replace("click", "unsub"),
    )
    node = rng.randint(1, 60)
    name = "o%d.ptr%d.sendwell.example" % (node, own.randint(100, 999))
    bounce = "bounces+%d-%s-%s@em%d.%s" % (
        number,
        code(rng, 4, _LOWER),
        recipient.address.replace("@", "="),
        own.randint(100, 999),
        domain,
    )
    headers = [
        "List-Unsubscribe: <%s>" % track,
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "X-SW-EID: " + code(rng, 40),
        "Feedback-ID: %d:%d:sendwell" % (number, own.randint(1, 9)),
    ]
    draft = Draft(
        bounce,
        [recipient.address],
        subject,
        text,
        author=brand,
        from_address="hello@" + domain,
        html=as_html(text),
        headers=headers,
        transfer="quoted-printable",
    )
    return queue(RECEIVER, rng, draft, ("192.0.2.%d" % node, name, name))


_CHECKS = ("HTTP", "SSH", "Disk /var", "Load", "Replication", "Certificate", "Ping", "MySQL", "Queue", "RAID")


def alert(_world: World, rng: random.Random) -> Letter:
    """Return an alert of the monitoring while a switch is down."""
    host = "%s%02d.%s" % (rng.choice(("web", "db", "ns", "cache", "vm")), rng.randint(1, 60), HOSTER_DE.own)
    check, state = rng.choice(_CHECKS), rng.choice(("CRITICAL", "CRITICAL", "WARNING", "OK", "UNKNOWN"))
    kind = "RECOVERY" if state == "OK" else "PROBLEM"
    text = (
        "***** Icinga *****\n\nNotification Type: %s\n\nService: %s\nHost: %s\nAddress: 10.101.%d.%d\nState: %s\n\nAdditional Info:\n%s after %d.%03d seconds"
        % (
            kind,
            check,
            host,
            rng.randint(0, 9),
            rng.randint(1, 254),
            state,
            rng.choice(("Socket timeout", "Connection refused", "No route to host", "OK")),
            rng.randint(1, 30),
            rng.randint(0, 999),
        )
    )
    recipient = rng.choice(
        ("oncall@pager.example", "noc@nordhost.example", "49170%d@sms.example" % rng.choice((5551, 5552, 5553)))
    )
    monitor = rng.choice(("mon1", "mon2")) + ".nordhost.example"
    draft = Draft(
        "icinga@" + monitor,
        [recipient],
        "%s - %s/%s is %s" % (kind, host.partition(".")[0], check, state),
        text,
        headers=["Auto-Submitted: auto-generated", "X-Priority: 1"],
    )
    return queue(
        HOSTER_DE, rng, draft, ("10.101.0.%d" % (5 if "mon1" in monitor else 6), monitor, monitor), hours=(0.1, 2)
    )


def failed_jobs(_world: World, rng: random.Random) -> Letter:
    """Return the output of the same failed job of one of very many hosts."""
    number = rng.randint(1, 240)
    host = "node%03d.cluster.uni-lindental.example" % number
    text = (
        "/etc/cron.hourly/sync-accounts:\nldap_bind: Can't contact LDAP server (-1)\nsync-accounts: %s at "
        "%d\nrun-parts: /etc/cron.hourly/sync-accounts exited with return code 1"
    ) % (rng.choice(("gave up", "retry failed", "no reply")), rng.randint(10**9, 2 * 10**9))
    draft = Draft(
        "root@" + host,
        ["hpc-admin@uni-lindental.example"],
        "Cron <root@node%03d> cd / && run-parts --report /etc/cron.hourly" % number,
        text,
        author="(Cron Daemon)",
        headers=["Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>"],
    )
    return queue(UNIVERSITY, rng, draft, ("10.140.%d.%d" % (number // 200, number % 200 + 1), host, host))


def to_one_firm(_world: World, rng: random.Random) -> Letter:
    """Return an ordinary letter to a partner whose server is down."""
    domain = MITTELSTAND.partners[4]
    staff = random.Random("staff of " + domain)
    people = [
        Person("%s %s" % (given, family), "%s.%s@%s" % (plain(given), plain(family), domain))
        for given, family in zip(
            staff.sample(list(MITTELSTAND.language.given), 14), staff.sample(list(MITTELSTAND.language.family), 14)
        )
    ]
    author, recipient = often(rng, MITTELSTAND.users), often(rng, people)
    draft = personal(MITTELSTAND, rng, author, recipient, is_own=True)
    address, name, _helo = server(domain)
    why = rng.choice(
        (
            "connect to %s[%s]:25: Connection timed out",
            "delivery temporarily suspended: connect to %s[%s]:25: Connection timed out",
        )
    ) % (name, address)
    return queue(
        MITTELSTAND, rng, draft, office(MITTELSTAND, rng, author), login=author.address, hours=(0.1, 60), why=why
    )


def forwarded(_world: World, rng: random.Random) -> Letter:
    """Return an ordinary letter to alumni whose provider slows the host down."""
    user = rng.choice(FORWARDER.users)
    author = often(rng, FORWARDER.contacts)
    draft = personal(FORWARDER, rng, author, user, is_own=False)
    box = "%s@freemail.example" % plain(user.name.replace(" ", "."))
    draft = replace(draft, recipients=[box], to=user.address)
    why = (
        "host mx%d.freemail.example[198.18.0.%d] said: 421 4.7.28 Our system has detected an unusual rate of "
        "unsolicited mail from your address. To protect our users, mail was temporarily rate limited (in "
        "reply to end of DATA command)"
    ) % (rng.randint(1, 4), rng.randint(10, 13))
    return queue(FORWARDER, rng, draft, from_domain(rng, author.domain), hours=(0.1, 40), why=why)


def list_post(_world: World, rng: random.Random) -> Letter:
    """Return a copy of one of the letters of a heated thread on a mailing list."""
    post = rng.randint(1, 28)
    own = random.Random("post %d" % post)
    author, subscriber = own.choice(UNIVERSITY.users), rng.choice(UNIVERSITY.contacts)
    text = (
        "%s\n\n%s\n\n_______________________________________________\nalle-mitarbeiter mailing "
        "list\nhttps://lists.uni-lindental.example/listinfo/alle-mitarbeiter"
    ) % (
        own.choice(
            (
                "Bitte nehmen Sie mich von dieser Liste!",
                "Bitte nicht immer allen antworten.",
                "Mich auch.",
                "Das gehört nicht hierher.",
                UNIVERSITY.language.paragraphs(own, 2),
            )
        ),
        author.name,
    )
    sender = "alle-mitarbeiter-bounces+%s@lists.uni-lindental.example" % subscriber.address.replace("@", "=")
    headers = [
        "List-Id: <alle-mitarbeiter.lists.uni-lindental.example>",
        "List-Post: <mailto:alle-mitarbeiter@lists.uni-lindental.example>",
        "Precedence: list",
        "Message-ID: <%s@uni-lindental.example>" % code(own, 20),
        "X-Mailman-Version: 2.1.39",
    ]
    draft = Draft(
        sender,
        [subscriber.address],
        own.choice(("Re: ", "AW: ", "Re: AW: ")) + "[alle-mitarbeiter] Parkplätze am Nordtor",
        text,
        author=author.name,
        from_address=author.address,
        to="alle-mitarbeiter@lists.uni-lindental.example",
        headers=headers,
    )
    return queue(
        UNIVERSITY,
        rng,
        draft,
        ("10.130.0.60", "lists.uni-lindental.example", "lists.uni-lindental.example"),
        hours=(0.1, 4),
    )


def own_bounces(_world: World, rng: random.Random) -> Letter:
    """Return a notice that a copy of the firm's own newsletter failed."""
    number = rng.randint(10**5, 10**6)
    address = rng.choice(("boletin@azulejosvega.example", "boletin+%d@azulejosvega.example" % number))
    draft, client = failure(
        rng,
        address,
        stranger(rng),
        subject="Otoño en Azulejos Vega",
        message_id="%d.boletin@azulejosvega.example" % number,
    )
    return queue(AZULEJOS, rng, draft, client, hours=(0.2, 30))


def meeting(_world: World, rng: random.Random) -> Letter:
    """Return an invitation that a calendar service sends in the name of a user of it."""
    host, guest = often(rng, COMPANY.contacts), rng.choice(COMPANY.users)
    summary = rng.choice(
        (
            COMPANY.language.topic(rng),
            "30 minute call",
            "Intro: %s and %s" % (host.first_name, guest.first_name),
            "Demo",
        )
    )
    link = "https://slotpick.example/e/%s" % code(rng, 20)
    text = "%s scheduled %s with you.\n\nChange or cancel: %s" % (host.name, summary, link)
    sender = "bounce+%s@mail.slotpick.example" % code(rng, 12).lower()
    file = event(rng, organizer=host.address, guest=guest.address, summary=summary, place=link, text=text)
    draft = Draft(
        sender,
        [guest.address],
        spin(rng, "{Confirmed|Invitation|Updated|Canceled}: ") + summary,
        text,
        author="%s via Slotpick" % host.name,
        from_address="notify@slotpick.example",
        html=as_html(text),
        files=[file],
        headers=["Reply-To: " + host.address],
    )
    return queue(COMPANY, rng, draft, server("slotpick.example", rng.randint(0, 5)), hours=(0.1, 20))


def social(_world: World, rng: random.Random) -> Letter:
    """Return a notification of a social network."""
    friend, user = rng.choice(RECEIVER.contacts), often(rng, RECEIVER.users)
    what = spin(
        rng,
        "{commented on your {photo|post}|sent you a {message|request}|mentioned you|likes your {page|story}|invited you to {an event|a group}}",
    )
    link = "https://www.facering.example/n/?%s" % code(rng, 24)
    text = "%s %s.\n\n%s\n\n%s\n\nThis message was sent to %s. Unsubscribe: https://www.facering.example/o.php?k=%s" % (
        friend.name,
        what,
        RECEIVER.language.sentence(rng) if rng.random() < 0.6 else "",
        link,
        user.address,
        code(rng, 9),
    )
    draft = Draft(
        "notification@facering.example",
        [user.address],
        "%s %s" % (friend.first_name, what),
        text,
        author="Facering",
        html=as_html(text),
        headers=[
            "List-Unsubscribe: <https://www.facering.example/o.php?k=%s>" % code(rng, 9),
            "X-Priority: 3",
            "Errors-To: notification@facering.example",
        ],
        transfer="quoted-printable",
    )
    return queue(RECEIVER, rng, draft, server("facering.example", rng.randint(0, 40)))


def moved_mailbox(_world: World, rng: random.Random) -> Letter:
    """Return an old letter that a user sends on to a new mailbox, with the old senders."""
    user = TEKSTIL.users[8]
    author = rng.choice(TEKSTIL.contacts)
    draft = personal(TEKSTIL, rng, author, user, is_own=False)
    target = "%s@%s" % (plain(user.name.replace(" ", ".")), "posta.example")
    headers = ["Resent-From: <%s>" % user.address, "Resent-To: <%s>" % target, *draft.headers]
    draft = replace(draft, recipients=[target], to=user.address, headers=headers)
    why = (
        "host mx.posta.example[198.18.7.9] said: 450 4.2.1 <%s> The user you are trying to contact is "
        "receiving mail at a rate that prevents additional messages from being delivered (in reply to RCPT "
        "TO command)"
    ) % target
    return queue(
        TEKSTIL, rng, draft, ("10.71.2.44", "unknown", "[10.71.2.44]"), login=user.address, hours=(0.5, 5), why=why
    )


def held_up_partner(_world: World, rng: random.Random) -> Letter:
    """Return mail of the people of one large partner, which came at once after its server was repaired."""
    domain = RECEIVER.partners[2]
    own = random.Random("person %d" % rng.randint(1, 70))
    given, family = own.choice(RECEIVER.language.given), own.choice(RECEIVER.language.family)
    author = Person("%s %s" % (given, family), "%s.%s@%s" % (plain(given), plain(family), domain))
    draft = personal(RECEIVER, rng, author, often(rng, RECEIVER.users), is_own=False)
    return queue(RECEIVER, rng, draft, server(domain), hours=(0.3, 0.9))


INCOMING = (
    Kind(
        "blind: brands of a mail service",
        "newsletters of many brands through one mail service",
        RECEIVER,
        {brands: 1},
        usual(RECEIVER),
        False,
    ),
    Kind(
        "blind: alerts",
        "the alerts of a monitoring while a switch is down",
        HOSTER_DE,
        {alert: 1},
        usual(HOSTER_DE),
        False,
    ),
    Kind(
        "blind: failed jobs",
        "the same failed job of very many hosts",
        UNIVERSITY,
        {failed_jobs: 1},
        usual(UNIVERSITY),
        False,
    ),
    Kind(
        "blind: one firm is down",
        "ordinary letters to a partner whose server is down",
        MITTELSTAND,
        {to_one_firm: 1},
        usual(MITTELSTAND),
        False,
    ),
    Kind(
        "blind: forwarded mail",
        "ordinary letters to alumni at a provider that slows the host down",
        FORWARDER,
        {forwarded: 1},
        usual(FORWARDER),
        False,
    ),
    Kind(
        "blind: heated thread",
        "everybody answers to a list of all employees",
        UNIVERSITY,
        {list_post: 1},
        usual(UNIVERSITY),
        False,
    ),
    Kind(
        "blind: own bounces",
        "notices about the firm's own newsletter",
        AZULEJOS,
        {own_bounces: 1},
        usual(AZULEJOS),
        False,
    ),
    Kind(
        "blind: meetings",
        "a calendar service invites in the names of its users",
        COMPANY,
        {meeting: 1},
        usual(COMPANY),
        False,
    ),
    Kind("blind: social network", "notifications of a social network", RECEIVER, {social: 1}, usual(RECEIVER), False),
    Kind(
        "blind: moved mailbox",
        "a user sends the contents of a mailbox to another provider",
        TEKSTIL,
        {moved_mailbox: 1},
        usual(TEKSTIL),
        False,
    ),
    Kind(
        "blind: partner is back",
        "mail of one large partner comes all at once",
        RECEIVER,
        {held_up_partner: 1},
        usual(RECEIVER),
        False,
    ),
)
