# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods through stolen logins, and through what runs on a web server or an application."""

from __future__ import annotations

import random

from tests.suggestions.blind_two.compose import Body, Route, named, post, token
from tests.suggestions.blind_two.hosts import (
    CAMPUS,
    CLOUD,
    EN,
    FREEMAIL,
    ISP,
    OTHERS,
    RELAY,
    WEB,
    Host,
    anywhere,
    correspondent,
)
from tests.suggestions.blind_two.languages import plain, spun
from tests.suggestions.blind_two.ordinary import html_of, made_by, ordinary, signed
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import HOUR, Letter

_LETTERS = "abcdefghijklmnopqrstuvwxyz"


def _remote(rng: random.Random, login: str, host: Host) -> Route:
    """Return a submission from somewhere in the world."""
    address = anywhere(rng)
    name = "unknown" if rng.random() < 0.6 else "%s.dyn.%s" % (address.replace(".", "-"), rng.choice(OTHERS))
    helo = rng.choice(
        ("[%s]" % address, "WIN-%s" % token(rng, 8, "ABCDEFGH0123456789"), "localhost.localdomain", "[127.0.0.1]")
    )
    return Route(client=(address, name, helo), login=login, server=host.name)


# --- a stolen login with forged senders -----------------------------------------------------------------------------

_PILL_SUBJECTS = (
    "[Save|Get|Enjoy] [up to|more than] [60|70|75|80]% [today|this week|now]",
    "[Doctor|Pharmacist] [approved|recommended]: [no prescription|easy order]",
    "[Your|The] [order|discount|refill] is [ready|waiting]",
    "[Feel|Be] [young|strong|confident] [again|tonight]",
    "Re: [pharmacy|medication|meds] [order|price list]",
)
_PILL = (
    "[Hi|Hello|Dear customer|Good day],\n\n[We offer|Our store has|You can find here] [the lowest prices|the best deals|great discounts] for "
    "[all popular|the most wanted|original] [medications|tablets|meds], [shipped|sent|delivered] [within|in] "
    "[2|3|4|5] days [worldwide|to your door|discreetly].\n"
    "[No prescription|No doctor visit|No questions] [needed|required|asked].\n\n[Order here|See the "
    "offers|Visit the shop]: %s\n\n[Thank you|Stay healthy|Regards], [Online|World|Canadian|Trusted] "
    "[Pharmacy|Drugstore|Health Shop]"
)


def _forging(host: Host, rng: random.Random) -> Letter:
    name, sender = correspondent(rng, EN)
    link = "http://%s/%s.html" % (rng.choice(OTHERS), token(rng, rng.randint(4, 9), _LETTERS))
    text = spun(rng, _PILL) % link
    return post(
        rng,
        sender=sender,
        to=["%s@%s" % (plain(EN.name(rng)), rng.choice(FREEMAIL)) for _turn in range(rng.randint(4, 14))],
        subject=spun(rng, rng.choice(_PILL_SUBJECTS)),
        body=Body(text, html=html_of(text, sender) if rng.random() < 0.7 else None),
        age=rng.uniform(0, 7 * HOUR),
        route=_remote(rng, "secretaria@colegio-alameda.test", host),
        author=named(name, sender),
        headers=["X-Mailer: Microsoft Outlook Express 6.00.%d" % rng.randint(2600, 3790)],
        is_spam=True,
    )


# --- a stolen mailbox answers the conversations that were in it -----------------------------------------------------

_LURES = (
    "[As discussed|As agreed|Following our call], [the documents|the papers|the file] [can be found|are|is available] [here|at the link below]:",
    (
        "[Please|Kindly] [see|review|look at] [the attached|the updated|the signed] "
        "[document|statement|schedule] [and let me know|and confirm|before the end of the day]:"
    ),
    "[Sorry for the delay|Apologies for the late answer]. [Everything you asked for|All you need|The bundle] [is here|can be downloaded here]:",
    "[This needs|We need] your [signature|attention|approval], [see|please open] [here|this]:",
)


def _hijacking(host: Host, rng: random.Random) -> Letter:
    sender, owner = host.account("hartwell-law.example", 6), host.owner(6)
    name, recipient = correspondent(rng, EN)
    topic = EN.topic(rng)
    old = [line for line in signed(host, rng, EN, recipient, name).split("\n") if not line.startswith(">")]
    folder = "https://%s/%s" % (
        rng.choice(("files.dropcrate.example", "dropcrate.example", "share.dropcrate.example")),
        token(rng, 14, _LETTERS.upper() + "0123456789"),
    )
    parts = [
        "%s %s," % (rng.choice(("Hi", "Dear", "Hello")), name.split()[0]),
        "",
        spun(rng, rng.choice(_LURES)),
        folder,
    ]
    parts += ["", "Password: %d" % rng.randint(1000, 9999)] if rng.random() < 0.5 else []
    parts += [
        "",
        "Kind regards,",
        owner,
        "Hartwell Law",
        "",
        host.disclaimers[0],
        "",
        EN.fill(rng, EN.wrote),
        *("> " + line for line in old),
    ]
    text = "\n".join(parts)
    address = rng.choice(
        ("198.19.14.201", "100.119.3.44", "192.0.2.208", "10.88.61.7", "203.0.113.166", "198.18.90.13")
    )
    return post(
        rng,
        sender=sender,
        to=[recipient],
        subject="Re: " + topic[:1].upper() + topic[1:],
        body=Body(text, html=html_of(text, "hijacked")),
        age=rng.uniform(600, 11 * HOUR),
        route=Route(client=(address, "unknown", "[%s]" % address), login=sender, server=host.name),
        author=named(owner, sender),
        shown_to=named(name, recipient),
        headers=[
            "In-Reply-To: <%s@%s>" % (token(rng, 18), recipient.partition("@")[2]),
            "X-Mailer: Microsoft Outlook 16.0",
        ],
        is_spam=True,
    )


# --- several accounts phish for more accounts -----------------------------------------------------------------------

_TAKEN = tuple(CAMPUS.account(CAMPUS.domains[number % 3], number) for number in (9, 16, 31, 40, 53))
_FORMS = ("formcraft.example", "sitejam.test", "quickpage.invalid", "weebuild.example")
_QUOTA = (
    "[Dear|Attention] [user|account owner|staff and students|e-mail user],\n\n[Your mailbox|Your e-mail "
    "account] [has reached|is at|has used] [9[5|6|7|8|9]%%|its limit|99.8 MB of 100 MB] "
    "[of its storage|and may stop receiving mail|and will be suspended] [within 24 "
    "hours|today|shortly].\n[To keep|In order to keep|If you wish to keep] [your messages|access], "
    "[validate|re-confirm|update] [your account|your details|your login] [here|at the page "
    "below]:\n\n%s\n\n[IT Service Desk|Webmail Administrator|System Help Desk|E-mail Support "
    "Team]\nCopyright 2026"
)
_QUOTA_SUBJECTS = (
    "[Mailbox|E-mail] [storage|quota] [warning|exceeded|alert]",
    "[Action required|Important]: [validate|confirm] your [account|mailbox]",
    "[IT|Help] Desk [notice|notification] [#|no. ][1|2|3|4|5|6][0|3|7|9][2|4|8]",
)


def _phishing(host: Host, rng: random.Random) -> Letter:
    sender = rng.choice(_TAKEN)
    site = rng.choice(_FORMS)
    link = "https://%s.%s/%s" % (
        rng.choice(("webmail-", "owa-", "helpdesk", "it")) + token(rng, 4),
        site,
        rng.choice(("", "login", "form", "verify")),
    )
    text = spun(rng, _QUOTA) % link
    address = "198.19.201.%d" % rng.randint(10, 42)
    to = [correspondent(rng, EN)[1] for _turn in range(rng.randint(1, 5))]
    return post(
        rng,
        sender=sender,
        to=to,
        subject=spun(rng, rng.choice(_QUOTA_SUBJECTS)),
        body=Body(text, html=html_of(text, site), encoding=rng.choice(("auto", "base64", "quoted-printable"))),
        age=rng.uniform(0, 4 * HOUR),
        route=Route(
            client=(address, "vps-%s.cheaphost.test" % address.split(".")[3], "[%s]" % address),
            login=sender,
            server=host.name,
        ),
        author=named(rng.choice(("IT Service Desk", "Help Desk", "Webmail Admin", "")), sender),
        shown_to="Recipients <%s>" % sender,
        is_spam=True,
    )


# --- a script in a web site ------------------------------------------------------------------------------------------

_DATES = (
    "[Hi|Hey|Hallo|Hello] [dear|stranger|there|Schatz],\n[my name is|I am|ich bin] %s, "
    "[2[3|4|5|6|7|8]|3[1|2|4]] [years old|Jahre|y.o.]. [I saw your profile|I found your address|Ich habe "
    "dein Profil gesehen] "
    "[and I like you|and want to know you better|und finde dich nett].\n[My photos are here|Look at my "
    "pictures|Meine Bilder]: %s\n[Kisses|Write me soon|Bis bald|Waiting for you]"
)


def _script(host: Host, rng: random.Random) -> Letter:
    name = rng.choice(("Olga", "Natascha", "Kristina", "Julia", "Tanya", "Ksenia", "Vera", "Alina", "Dasha"))
    sender = "%s%s@modellbahn-welt.example" % (
        name.lower(),
        rng.choice(("", "_" + token(rng, 3, _LETTERS), str(rng.randint(80, 99)))),
    )
    link = "http://%s/%s/?%s=%s" % (rng.choice(OTHERS), token(rng, 5, _LETTERS), rng.choice("abkpz"), token(rng, 8))
    text = spun(rng, _DATES) % (name, link)
    return post(
        rng,
        sender=sender,
        to=["%s@%s" % (plain(rng.choice(host.tongues).name(rng)), rng.choice(FREEMAIL))],
        age=rng.uniform(0, 16 * HOUR),
        route=host.local(1012),
        subject=spun(rng, "[Re: |]%s [wants to meet you|sent you photos|schreibt dir|is online|waiting]" % name),
        body=Body(text, html=html_of(text, name) if rng.random() < 0.6 else None),
        author=named(name, sender),
        headers=[
            "X-PHP-Originating-Script: 1012:%s.php(%d) : eval()'d code"
            % (rng.choice(("dirs58", "cache", "ajax71")), rng.randint(1, 40)),
            "Reply-To: " + sender,
            "X-Priority: 3 (Normal)",
        ],
        is_spam=True,
    )


# --- the invitations of an application carry other people's advertising ----------------------------------------------

_BOARDS = (
    "Website relaunch",
    "Sales pipeline",
    "Umzug Büro",
    "Sprint 41",
    "Equipo de diseño",
    "Hiring",
    "Budget 2027",
    "Ideas",
    "Onboarding",
    "Produktion",
    "Roadmap",
    "Événement client",
)
_PITCH = (
    "[You have|U have|You've] [won|earned|received] [$|EUR ][5|7|9][00|50|000] [claim|get|withdraw] [now|today|fast] %s",
    "[CRYPTO|BTC|Bitcoin] [bonus|transfer|payout] [1.2|0.8|0.45|2.1] BTC [confirm|approve] %s",
    "[Hot|Lonely|Single] [girls|women] [nearby|in your city] [click|see|join] %s",
    "[Free|Instant] [iPhone|gift card|voucher] [waiting|reserved] [>>|->|:] %s",
)


def _invite(host: Host, rng: random.Random, *, who: str, board: str, to: str, is_spam: bool) -> Letter:
    text = (
        'Hello,\n\n%s has invited you to the board "%s" on Planora.\n\nAccept the invitation:\nhttps://app.planora.example/invite/%s\n\n'
        "This invitation expires in 14 days. If you do not know the sender, ignore this message.\n\nThe Planora team\nPlanora Ltd, Dublin"
    ) % (who, board, token(rng, 32))
    return post(
        rng,
        sender="no-reply@planora.example",
        to=[to],
        subject="%s has invited you to %s" % (who, board),
        body=Body(text, html=html_of(text, "planora"), encoding="quoted-printable"),
        age=rng.uniform(0, 5.5 * HOUR),
        route=Route(
            client=("10.1.0.%d" % rng.randint(11, 14), "worker.planora.example", "worker.planora.example"),
            server=host.name,
        ),
        author=named("Planora", "no-reply@planora.example"),
        headers=["Auto-Submitted: auto-generated", "X-Planora-Kind: board-invitation"],
        is_spam=is_spam,
    )


def _abusing(host: Host, rng: random.Random) -> Letter:
    link = rng.choice(("%s/%s", "www.%s/%s", "https://%s/%s")) % (
        rng.choice(OTHERS),
        token(rng, 5, _LETTERS + "0123456789"),
    )
    pitch = spun(rng, rng.choice(_PITCH)) % link
    who, board = (
        (pitch, rng.choice(("Hello", "Board", "1", "test", "New board")))
        if rng.random() < 0.5
        else (rng.choice(("Admin", "Support", "Team", "Manager")), pitch)
    )
    return _invite(
        host,
        rng,
        who=who,
        board=board,
        to="%s%d@%s" % (plain(EN.name(rng)), rng.randint(1, 99), rng.choice(FREEMAIL)),
        is_spam=True,
    )


def _inviting(host: Host, rng: random.Random) -> Letter:
    tongue = rng.choice(host.tongues)
    return _invite(
        host, rng, who=tongue.name(rng), board=rng.choice(_BOARDS), to=correspondent(rng, tongue)[1], is_spam=False
    )


FLOODS = (
    Kind(
        "pills by a school's login",
        "A stolen login sends with forged senders from many networks",
        ISP.world,
        {made_by(_forging, ISP): 1},
        ordinary(ISP, submitted=50, received=22, newsletter=8, notice=8, bounced=5, discussion=3, cron=2, invitation=2),
        is_flood=True,
    ),
    Kind(
        "conversations of a law firm",
        "A stolen mailbox answers its old conversations with links to a file hoster",
        RELAY.world,
        {made_by(_hijacking, RELAY): 1},
        ordinary(RELAY, submitted=55, received=20, notice=6, newsletter=6, bounced=5, invitation=5, cron=3),
        is_flood=True,
    ),
    Kind(
        "quota phishing from campus",
        "Five stolen accounts phish from one hosting network",
        CAMPUS.world,
        {made_by(_phishing, CAMPUS): 1},
        ordinary(
            CAMPUS, submitted=45, received=15, discussion=12, invitation=9, newsletter=7, bounced=6, notice=4, cron=2
        ),
        is_flood=True,
    ),
    Kind(
        "dating from a web script",
        "A planted PHP script sends as made-up women of a customer's domain",
        WEB.world,
        {made_by(_script, WEB): 1},
        ordinary(WEB, form=30, submitted=30, received=15, notice=8, newsletter=6, bounced=6, cron=5),
        is_flood=True,
    ),
    Kind(
        "advertising in invitations",
        "Made-up accounts of an application put advertising in the names of invitations",
        CLOUD.world,
        {made_by(_abusing, CLOUD): 1},
        {
            **ordinary(CLOUD, submitted=12, received=15, notice=8, cron=4, bounced=8, newsletter=3),
            made_by(_inviting, CLOUD): 50,
        },
        is_flood=True,
    ),
)
