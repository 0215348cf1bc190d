# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ordinary mail of a server: what its users write and get, and what programs send."""

from __future__ import annotations

import random
from typing import Callable, Mapping

from tests.suggestions.blind_two.compose import Body, File, Route, date_of, named, number_of, pick, post, token
from tests.suggestions.blind_two.hosts import DAY, FREEMAIL, OTHERS, Host, agent, correspondent
from tests.suggestions.blind_two.languages import Language, plain
from tests.suggestions.letters import Letter, Maker, World

Write = Callable[[Host, random.Random], Letter]


def made_by(write: Write, host: Host) -> Maker:
    """Return a maker of what this function writes on this host."""

    def make(_world: World, rng: random.Random) -> Letter:
        return write(host, rng)

    return make


def html_of(text: str, style: str = "") -> str:
    """Return text as HTML, as a mail program writes it."""
    rows = text.replace("&", "&amp;").replace("<", "&lt;").split("\n")
    kind = number_of(style) % 3
    if kind == 0:
        return "<html><head></head><body>\n%s\n</body></html>" % "\n".join(
            "<div>%s</div>" % (row or "<br>") for row in rows
        )
    if kind == 1:
        shown = "\n".join('<p class="MsoNormal">%s<o:p></o:p></p>' % (row or "&nbsp;") for row in rows)
        return (
            '<html xmlns:o="urn:schemas-microsoft-com:office:office"><body lang="EN">\n<div class="WordSection1">\n%s\n</div></body></html>'
            % shown
        )
    return '<!DOCTYPE html>\n<html><body style="font-family: sans-serif">%s</body></html>' % "<br>\n".join(rows)


def attachment(rng: random.Random, tongue: Language, kinds: str = "pdf pdf docx jpg xlsx") -> File:
    """Return a file that a person attaches."""
    kind = rng.choice(kinds.split())
    mime, magic = {
        "pdf": ("application/pdf", b"%PDF-1.7\n%"),
        "jpg": ("image/jpeg", b"\xff\xd8\xff\xe0\0\x10JFIF"),
        "docx": ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\3\4\x14\0\6\0"),
        "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", b"PK\3\4\x14\0\6\0"),
        "png": ("image/png", b"\x89PNG\r\n\x1a\n"),
    }[kind]
    name = rng.choice(
        (
            "IMG_%04d" % rng.randint(1, 9999),
            plain(rng.choice(tongue.things)),
            "%s_v%d" % (plain(rng.choice(tongue.last)), rng.randint(1, 9)),
            "scan%d" % rng.randint(1, 99),
        )
    )
    return File("%s.%s" % (name, kind), mime, magic + noise(rng, rng.randint(200, 900)))


def noise(rng: random.Random, length: int) -> bytes:
    """Return bytes as those of a compressed file."""
    return bytes(rng.getrandbits(8) for _turn in range(length))


def signed(host: Host, rng: random.Random, tongue: Language, address: str, name: str) -> str:
    """Return what somebody writes, with the signature that the address always has."""
    parts = [
        tongue.fill(rng, rng.choice(tongue.hello)),
        "",
        tongue.said(rng, 5),
        "",
        rng.choice(tongue.bye),
        name.split(" ", maxsplit=1)[0],
    ]
    number = number_of(address)
    if number % 3 == 0:
        parts += [
            "",
            "-- ",
            name,
            "T +%d %d %d" % (number % 60 + 30, number % 900 + 100, number % 88888 + 10000),
        ]
        parts += ["www.%s" % address.partition("@")[2]] if number % 2 else []
    disclaimer = pick(host.disclaimers, address.partition("@")[2])
    if disclaimer and address.partition("@")[2] in host.domains:
        parts += ["", disclaimer]
    if rng.random() < 0.35:
        quoted = tongue.said(rng, 4).split("\n")
        parts += ["", tongue.fill(rng, tongue.wrote), *("> " + line for line in quoted)]
    return "\n".join(parts)


def _personal(
    host: Host, rng: random.Random, *, sender: str, name: str, to: list[str], route: Route, tongue: Language
) -> Letter:
    text = signed(host, rng, tongue, sender, name)
    if rng.random() < 0.08:
        text += "\nhttps://%s/%s" % (
            rng.choice(("www.", "", "docs.", "maps.")) + rng.choice(OTHERS + FREEMAIL),
            token(rng, 6, "abcdefghiklmnoprstuvw"),
        )
    reply = rng.random() < 0.4
    topic = tongue.topic(rng)
    headers = [*agent(sender)]
    headers += ["In-Reply-To: <%s@%s>" % (token(rng, 16), to[0].partition("@")[2])] if reply else []
    files = [attachment(rng, tongue) for _turn in range(rng.choice((1, 1, 2)))] if rng.random() < 0.2 else []
    html = html_of(text, sender) if number_of(sender) % 5 < 3 else None
    return post(
        rng,
        sender=sender,
        to=to,
        subject=("Re: " if reply and ":" not in topic else "") + topic[:1].upper() + topic[1:],
        body=Body(text, html=html, files=files, encoding=pick(("auto", "auto", "quoted-printable", "base64"), sender)),
        age=host.world.age(rng),
        route=route,
        author=named(name, sender),
        headers=headers,
    )


def submitted(host: Host, rng: random.Random) -> Letter:
    """A user writes to somebody outside."""
    sender = host.user(rng)
    tongue = host.tongue(rng)
    to = [correspondent(rng, tongue)[1] for _turn in range(rng.choice((1, 1, 1, 1, 2, 3)))]
    return _personal(
        host,
        rng,
        sender=sender,
        name=sender.partition("@")[0].replace(".", " ").title(),
        to=to,
        route=host.submission(sender),
        tongue=tongue,
    )


def received(host: Host, rng: random.Random) -> Letter:
    """Somebody outside writes to a user."""
    tongue = host.tongue(rng)
    name, sender = correspondent(rng, tongue)
    route = host.arrival(sender.partition("@")[2], rng.randint(0, 13))
    return _personal(host, rng, sender=sender, name=name, to=[host.user(rng)], route=route, tongue=tongue)


def forwarded(host: Host, rng: random.Random) -> Letter:
    """The mail of a user goes on to an address at a large provider."""
    tongue = host.tongue(rng)
    name, sender = correspondent(rng, tongue)
    user = host.user(rng)
    route = host.arrival(sender.partition("@")[2], rng.randint(0, 13))
    text = signed(host, rng, tongue, sender, name)
    local, _at, domain = sender.partition("@")
    return post(
        rng,
        sender="SRS0=%s=%s=%s=%s@%s"
        % (token(rng, 4, "ABCDEFGHabcdef0123"), token(rng, 2, "ABCDEFGH"), domain, local, host.world.own),
        to=["%s@%s" % (user.partition("@")[0], pick(FREEMAIL, user))],
        subject=tongue.topic(rng),
        age=host.world.age(rng),
        route=route,
        body=Body(text, html=html_of(text, sender) if rng.random() < 0.5 else None),
        author=named(name, sender),
        shown_to=user,
        headers=["Delivered-To: " + user, *agent(sender)],
    )


def newsletter(host: Host, rng: random.Random) -> Letter:
    """An issue of one of the newsletters that users have asked for."""
    number = int(9 * rng.random() ** 1.5)
    domain = OTHERS[(number_of(host.name) + 17 * number) % len(OTHERS)]
    tongue = host.tongues[number % len(host.tongues)]
    issue = random.Random("%s/%d/%d" % (domain, number, rng.randint(1, 3)))
    stories = [(tongue.topic(issue), tongue.said(issue, 4)) for _turn in range(issue.randint(2, 6))]
    user = host.user(rng)
    key = token(rng, 22, "abcdefghijkmnpqrstuvwxyzABCDEFGH0123456789")
    links = ["https://click.%s/c/%s/%s" % (domain, token(issue, 5), key) for _story in stories]
    text = "\n\n".join("%s\n%s\n%s" % (title, story, link) for (title, story), link in zip(stories, links))
    rows = "\n".join(
        '<tr><td><h2>%s</h2><p>%s</p><a href="%s"><img src="https://img.%s/%s.png" width="560"></a></td></tr>'
        % (*story, link, domain, token(issue, 6))
        for story, link in zip(stories, links)
    )
    bounces = "bounce-%s@%s" % (user.replace("@", "="), domain) if number % 2 else "news@%s" % domain
    return post(
        rng,
        sender=bounces,
        to=[user],
        subject=stories[0][0],
        age=issue.uniform(1, 9) * 3600 + rng.uniform(0, 2500),
        route=host.arrival(domain),
        author=named(domain.split(".")[0].title(), "news@" + domain),
        body=Body(text, html="<html><body><table>%s</table></body></html>" % rows, encoding="quoted-printable"),
        headers=[
            "List-Unsubscribe: <https://%s/u/%s>" % (domain, key),
            "Precedence: bulk",
            "X-Mailer: %s" % pick(("MailEngine 4.2", "Sendletter", "phplist v3.6"), domain),
        ],
    )


_NOTICES = (
    (
        "orders",
        "Order {a} has shipped",
        "Hello {name},\n\nyour order {a} is on its way. Track it here:\nhttps://{d}/track/{k}\n\nTotal: {m} EUR",
    ),
    (
        "no-reply",
        "Your code: {c}",
        "{c} is your sign-in code for {d}. It expires in 10 minutes.\n\nIf you did not ask for it, ignore this message.",
    ),
    (
        "noreply",
        "Please confirm your address",
        "Welcome {name}!\n\nConfirm here: https://accounts.{d}/confirm?t={k}\n\nThe {d} team",
    ),
    (
        "info",
        "Votre facture {a}",
        "Bonjour {name},\n\nvotre facture {a} de {m} EUR est disponible : https://{d}/espace/{k}",
    ),
    (
        "service",
        "Ihre Sendung {a} kommt morgen",
        "Guten Tag {name},\n\nIhr Paket {a} wird morgen zugestellt.\nhttps://{d}/p/{a}",
    ),
    (
        "alerts",
        "Card payment of {m} EUR",
        "A payment of {m} EUR was made with your card ending in {c}.\n\nNot you? Call us.",
    ),
    ("notify", "{name} mentioned you", "{name} mentioned you in a comment on item {a}:\n\nhttps://app.{d}/i/{a}#{k}"),
    (
        "citas",
        "Recordatorio de su cita",
        "Estimado/a {name}: le recordamos su cita n. {a}. Puede anularla en https://{d}/c/{k}",
    ),
)


def notice(host: Host, rng: random.Random) -> Letter:
    """A program outside tells a user something: a shop, a bank, a parcel service."""
    number = rng.randint(0, 15)
    local, subject, text = _NOTICES[number % len(_NOTICES)]
    domain = OTHERS[(number_of(host.name) // 7 + 29 * number) % len(OTHERS)]
    slots = {
        "a": rng.randint(100000, 9999999),
        "name": host.tongues[0].name(rng),
        "d": domain,
        "k": token(rng, 24),
        "c": rng.randint(1000, 9999),
        "m": "%d.%02d" % (rng.randint(4, 400), rng.randint(0, 99)),
    }
    text = text.format(**slots)
    return post(
        rng,
        sender="%s@%s" % (local, domain),
        to=[host.user(rng)],
        subject=subject.format(**slots),
        body=Body(text, html=html_of(text, domain) if number % 2 else None),
        age=host.world.age(rng),
        route=host.arrival(domain, 1),
        author=named(domain.split(".")[0].title(), "%s@%s" % (local, domain)),
        headers=["Auto-Submitted: auto-generated"],
    )


_JOBS = (
    "/usr/local/bin/backup",
    "/usr/lib/cron/rotate",
    "/opt/sync/run.sh",
    "certbot -q renew",
    "test -x /usr/sbin/anacron",
)


def cron(host: Host, rng: random.Random) -> Letter:
    """A job on this server, or on one beside it, reports."""
    job = rng.choice(_JOBS)
    box = rng.choice(("db1", "files", "backup", host.name.split(".")[0]))
    lines = [
        "%s %s[%d]: %s %d"
        % (
            date_of(rng.uniform(0, DAY))[5:25],
            job.split("/")[-1],
            rng.randint(300, 30000),
            rng.choice(("done", "skipped", "rc=1", "bytes")),
            rng.randint(0, 99999),
        )
        for _turn in range(rng.randint(1, 9))
    ]
    sender = "root@%s.%s" % (box, host.world.own)
    return post(
        rng,
        sender=sender,
        to=["admin@" + rng.choice(OTHERS[:3])],
        subject="Cron <root@%s> %s" % (box, job),
        body=Body("\n".join(lines)),
        age=host.world.age(rng),
        route=host.local(0)
        if box in host.name
        else Route(
            client=("10.0.0.%d" % (number_of(box) % 200 + 5), box + "." + host.world.own, box), server=host.name
        ),
        author="root@%s (Cron Daemon)" % box,
        headers=["Auto-Submitted: auto-generated", "X-Cron-Env: <SHELL=/bin/sh>", "X-Cron-Env: <LOGNAME=root>"],
    )


def form(host: Host, rng: random.Random) -> Letter:
    """Somebody has filled the contact form of a site on this server."""
    domain = rng.choice(host.domains)
    tongue = host.tongue(rng)
    name, address = correspondent(rng, tongue)
    return post(
        rng,
        sender="www-data@%s" % host.name,
        to=["%s@%s" % (plain(domain.split(".")[0]), pick(FREEMAIL, domain))],
        subject="[%s] %s" % (domain, tongue.topic(rng)),
        body=Body(
            "Name: %s\nE-Mail: %s\nTel: 0%d\n\n%s\n\n--\nhttps://%s/kontakt"
            % (name, address, rng.randint(10**8, 10**9), tongue.said(rng, 4), domain)
        ),
        age=host.world.age(rng),
        route=host.local(33),
        author=named("WordPress", "wordpress@" + domain),
        headers=[
            "Reply-To: " + address,
            "X-PHP-Originating-Script: %d:class-phpmailer.php" % (number_of(domain) % 40 + 1000),
        ],
    )


def bounced(host: Host, rng: random.Random) -> Letter:
    """Something that a user sent comes back, or somebody is away."""
    tongue = host.tongue(rng)
    name, address = correspondent(rng, tongue)
    domain = address.partition("@")[2]
    user = host.user(rng)
    if rng.random() < 0.4:
        text = "%s\n\n%s %s" % (tongue.said(rng, 2), rng.choice(tongue.bye), name)
        return post(
            rng,
            sender="",
            to=[user],
            subject=rng.choice(("Out of office: ", "Abwesend: ", "Auto: ")) + tongue.topic(rng),
            body=Body(text),
            age=host.world.age(rng),
            route=host.arrival(domain),
            author=named(name, address),
            headers=["Auto-Submitted: auto-replied"],
        )
    return dsn(
        rng,
        to=user,
        failed=address,
        route=host.arrival(domain),
        age=host.world.age(rng),
        returned="Subject: %s\nFrom: <%s>" % (tongue.topic(rng), user),
    )


def dsn(
    rng: random.Random, *, to: str, failed: str, route: Route, age: float, returned: str, is_spam: bool = False
) -> Letter:
    """Return what a mail server writes if it cannot deliver; each server has its own way."""
    domain = failed.partition("@")[2]
    code = rng.choice(
        (
            "550 5.1.1 User unknown",
            "552 5.2.2 Mailbox full",
            "550 5.7.1 Rejected by policy",
            "554 5.4.14 Hop count exceeded",
            "550 No such user here",
        )
    )
    subject, text = (
        (
            "Undelivered Mail Returned to Sender",
            (
                "This is the mail system at host mx.%s.\n\nI'm sorry to have to inform you that your message could "
                "not\nbe delivered to one or more recipients.\n\n<%s>: %s"
            ),
        ),
        (
            "Delivery Status Notification (Failure)",
            "Delivery to the following recipient failed permanently on %s:\n\n     %s\n\nTechnical details: %s",
        ),
        ("Undeliverable: your message", "Your message couldn't be delivered. %s\n\n%s\n\nRemote server returned '%s'"),
        (
            "Mail delivery failed: returning message to sender",
            "This message was created automatically by mail delivery software at %s.\n\n  %s\n    %s",
        ),
        (
            "failure notice",
            "Hi. This is the qmail-send program at %s.\nI'm afraid I wasn't able to deliver your message.\n\n<%s>:\n%s",
        ),
        ("Unzustellbar: Ihre Nachricht", "Die Nachricht konnte nicht zugestellt werden (%s).\n\n%s\n%s"),
    )[number_of(domain) % 6]
    status = (
        "Reporting-MTA: dns; mx.%s\n\nFinal-Recipient: rfc822; %s\nAction: failed\nStatus: %s\nDiagnostic-Code: smtp; %s"
        % (domain, failed, code.split()[1] if "5." in code else "5.0.0", code)
    )
    body = Body(
        text % (domain, failed, code), parts=(("message/delivery-status", status), ("text/rfc822-headers", returned))
    )
    daemon = pick(("MAILER-DAEMON@%s", "postmaster@%s", "Mailer-Daemon@mx.%s"), domain) % domain
    return post(
        rng,
        sender="",
        to=[to],
        subject=subject,
        body=body,
        age=age,
        route=route,
        author=named("Mail Delivery System", daemon),
        headers=["Auto-Submitted: auto-replied"],
        is_spam=is_spam,
    )


def discussion(host: Host, rng: random.Random) -> Letter:
    """A post of a mailing list outside, to a member here."""
    number = rng.randint(0, 4)
    domain = OTHERS[(number_of(host.name) // 3 + 41 * number) % len(OTHERS)]
    thread = random.Random("%s/%d" % (domain, rng.randint(0, 7)))
    tongue = host.tongues[number % len(host.tongues)]
    topic = tongue.topic(thread)
    name, address = correspondent(rng, tongue)
    label = domain.split(".")[0][:6]
    return post(
        rng,
        sender="%s-bounces@lists.%s" % (label, domain),
        to=[host.user(rng)],
        subject="%s[%s] %s" % (rng.choice(("", "Re: ", "Re: ")), label, topic),
        age=host.world.age(rng),
        body=Body(
            signed(host, rng, tongue, address, name)
            + "\n_______________________________________________\n%s mailing list\nhttps://lists.%s/listinfo/%s"
            % (label, domain, label)
        ),
        route=host.arrival(domain),
        author=named(name, address),
        shown_to="%s@lists.%s" % (label, domain),
        headers=[
            "List-Id: <%s.lists.%s>" % (label, domain),
            "List-Post: <mailto:%s@lists.%s>" % (label, domain),
            "Precedence: list",
            *agent(address),
        ],
    )


def invitation(host: Host, rng: random.Random) -> Letter:
    """An invitation to a meeting, from a user or to one."""
    tongue = host.tongue(rng)
    name, outside = correspondent(rng, tongue)
    user = host.user(rng)
    out = rng.random() < 0.5
    sender, to = (user, outside) if out else (outside, user)
    topic = tongue.topic(rng)
    calendar = (
        "BEGIN:VCALENDAR\nMETHOD:REQUEST\nBEGIN:VEVENT\nUID:%s\nDTSTART:202610%02dT%02d0000Z\nSUMMARY:%s\nORG"
        "ANIZER:mailto:%s\nATTENDEE:mailto:%s\nEND:VEVENT\nEND:VCALENDAR"
    ) % (token(rng, 30), rng.randint(1, 28), rng.randint(7, 16), topic, sender, to)
    route = host.submission(user) if out else host.arrival(outside.partition("@")[2], rng.randint(0, 13))
    return post(
        rng,
        sender=sender,
        to=[to],
        subject=topic,
        body=Body(tongue.said(rng, 2), parts=(("text/calendar; charset=UTF-8; method=REQUEST", calendar),)),
        age=host.world.age(rng),
        route=route,
        author=named("" if out else name, sender),
        headers=agent(sender),
    )


_KINDS: Mapping[str, Write] = {
    "submitted": submitted,
    "received": received,
    "forwarded": forwarded,
    "newsletter": newsletter,
    "notice": notice,
    "cron": cron,
    "form": form,
    "bounced": bounced,
    "discussion": discussion,
    "invitation": invitation,
}


def ordinary(host: Host, **weights: int) -> dict[Maker, int]:
    """Return the makers of a host's ordinary mail, each with its weight."""
    return {made_by(_KINDS[kind], host): weight for kind, weight in weights.items()}
