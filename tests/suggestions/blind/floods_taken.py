# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods that take over the mail of others: answers in stolen threads, many stolen accounts, and pictures."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.suggestions.blind.daily import personal, usual
from tests.suggestions.blind.floods_out import household, stranger
from tests.suggestions.blind.language import spin
from tests.suggestions.blind.languages import GERMAN
from tests.suggestions.blind.places import HOSTER_DE, ISP, MITTELSTAND, far, often, server
from tests.suggestions.blind.sending import queue
from tests.suggestions.blind.writing import Draft, File, code, data
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import Letter, World

_LOWER = "abcdefghijklmnopqrstuvwxyz"


def stolen_thread(_world: World, rng: random.Random) -> Letter:
    """Return an answer in a thread that was stolen from a contact's mailbox, sent with a login of another server."""
    contact, user = often(rng, MITTELSTAND.contacts), often(rng, MITTELSTAND.users)
    real = personal(MITTELSTAND, rng, contact, user, is_own=False)
    account = stranger(rng, GERMAN)
    password = code(rng, 3, "ABCDEFGHJKLMNP") + str(rng.randint(100, 999))
    line = (
        spin(
            rng,
            (
                "{Guten Tag|Hallo|Sehr geehrte Damen und Herren}{,|!}\n\n{anbei|im Anhang|beigefügt} {die "
                "Unterlagen|das Dokument|alle Angaben} {wie gewünscht|zur Prüfung|in dieser "
                "Sache}.\n\n{Passwort|Kennwort}{ zum Archiv|}: "
            ),
        )
        + password
    )
    text = "%s\n\n%s\n%s\n\n> %s" % (line, contact.name, contact.address, real.text.replace("\n", "\n> "))
    name = (
        rng.choice(("info", "Unterlagen", "Dokument", "Anfrage", "scan"))
        + rng.choice(("", "_%d" % rng.randint(10, 9999)))
        + ".zip"
    )
    subject = real.subject if real.subject.startswith(GERMAN.reply) else GERMAN.reply + real.subject
    file = File(name, "application/zip", b"PK\x03\x04\x14\x00\x01\x00" + data(rng, rng.randint(3200, 4100)))
    draft = Draft(
        account.address,
        [user.address],
        subject,
        text,
        author=contact.name,
        files=[file],
        headers=["X-Mailer: Microsoft Outlook 15.0"],
        transfer=rng.choice(("base64", "quoted-printable")),
    )
    source = server(
        "%s-hosting.example" % rng.choice(("alfa", "beta", "gama", "delta", "kappa", "omega", "sigma", "zeta")),
        rng.randint(0, 8),
    )
    return queue(MITTELSTAND, rng, draft, source, hours=(0.2, 20), is_spam=True)


def stolen_accounts(_world: World, rng: random.Random) -> Letter:
    """Return a message that somebody sends with one of many guessed passwords, to people whom the user knows."""
    owner = random.Random("guessed account %d" % rng.randint(1, 45)).choice(ISP.users)
    known = random.Random("address book of " + owner.address)
    friends = [known.choice(ISP.contacts) for _turn in range(40)]
    recipients = [friend.address for friend in rng.choice((friends[:1], friends[3:8], friends[10:19]))]
    link = "http://%s/%s/" % (
        rng.choice(("vidz", "share", "look", "foto", "memo"))
        + rng.choice(("-4u", "box", "me", "now"))
        + rng.choice((".test", ".example", ".example.net")),
        code(rng, rng.randint(5, 12), _LOWER),
    )
    text = (
        spin(
            rng,
            "{Hey|Hi|Hello}{!|,|}\n\n{Is this you|Did you see this|I could not believe it|You have to see this}{?|!|...} ",
        )
        + link
        + "\n\n"
        + owner.first_name
        + rng.choice(("\n\nSent from my iPhone", "", "\n\nSent from my phone"))
    )
    subject = rng.choice(("", owner.name, "Fwd: ", "hi", "from %s" % owner.first_name, "Re:", "photo"))
    address = far(rng)
    draft = Draft(
        owner.address,
        recipients,
        subject,
        text,
        author=owner.name,
        to=", ".join(recipients),
        headers=rng.choice(([], ["X-Mailer: iPhone Mail (14A456)"])),
    )
    return queue(
        ISP,
        rng,
        draft,
        (address, "unknown", "[%s]" % rng.choice((address, "192.168.0.%d" % rng.randint(2, 99)))),
        login=owner.address,
        hours=(0.1, 12),
        is_spam=True,
    )


def pictures(_world: World, rng: random.Random) -> Letter:
    """Return an advertisement of a casino that is one picture with a link and words from a book."""
    author = stranger(rng, GERMAN)
    link = "https://%s/%s" % (rng.choice(("kurz.example", "lnk.test", "t-go.example")), code(rng, 7))
    words = " ".join(rng.choice(HOSTER_DE.words) for _turn in range(rng.randint(20, 60)))
    html = (
        '<html><body><a href="%s"><img src="https://%s/%s.jpg" width="600"></a><div style="display:none">%s</div></body></html>'
        % (link, rng.choice(("bilder-cdn.test", "img7.example", "pics-host.example.net")), code(rng, 10).lower(), words)
    )
    subject = spin(
        rng,
        (
            "{{Ihr|Dein} {Bonus|Startguthaben|Gewinn} {wartet|von %d Euro|ist da}|{%d|200} "
            "{Freispiele|Drehungen} {geschenkt|nur heute|gratis}|{Glück|Jackpot} {gehabt|am Abend|für dich}?}"
        ),
    ).replace("%d", str(rng.choice((50, 100, 250, 500))))
    draft = Draft(
        author.address,
        [rng.choice(HOSTER_DE.users).address],
        subject,
        words,
        author=rng.choice((author.name, "Casino Royal", "Spielbank Bonus")),
        html=html,
        only_html=True,
        transfer=rng.choice(("base64", "quoted-printable")),
    )
    return queue(
        HOSTER_DE, rng, replace(draft, headers=["X-Priority: 3"]), household(rng), hours=(0.1, 40), is_spam=True
    )


TAKEN = (
    Kind(
        "blind: stolen threads",
        "answers in stolen threads with an encrypted archive, in German",
        MITTELSTAND,
        {stolen_thread: 1},
        usual(MITTELSTAND),
        True,
    ),
    Kind(
        "blind: many stolen accounts",
        "some dozens of guessed accounts of an ISP send links to the friends of their owners",
        ISP,
        {stolen_accounts: 1},
        usual(ISP),
        True,
    ),
    Kind(
        "blind: pictures",
        "a botnet advertises a casino with a picture and hidden words",
        HOSTER_DE,
        {pictures: 1},
        usual(HOSTER_DE),
        True,
    ),
)
