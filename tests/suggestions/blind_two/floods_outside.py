# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods from outside, to users of the server or through it."""

from __future__ import annotations

import random

from tests.suggestions.blind_two.compose import Body, File, Route, named, pick, post, token
from tests.suggestions.blind_two.hosts import (
    ALUMNI,
    CAMPUS,
    EN,
    FR,
    FREEMAIL,
    NL,
    OTHERS,
    PL,
    PLANT,
    TOWN,
    WEB,
    Host,
    anywhere,
    correspondent,
    server,
)
from tests.suggestions.blind_two.languages import plain, spun
from tests.suggestions.blind_two.ordinary import html_of, made_by, noise, ordinary
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import HOUR, Letter

_LETTERS = "abcdefghijklmnopqrstuvwxyz"

# --- a botnet with malware -------------------------------------------------------------------------------------------

_BILLS = (
    (
        "[Bonjour|Madame, Monsieur|Bjr],\n\n[Veuillez trouver|Vous trouverez|Merci de trouver] [ci-joint|en "
        "pièce jointe] [la facture|notre facture|votre relevé] [n° |no |]%d [du mois|de septembre|à "
        "régler].\n"
        "[Le mot de passe est|Mot de passe :|Code :] %d\n\n[Cordialement|Bien "
        "cordialement|Salutations],\n%s\n[Service comptabilité|Comptabilité clients|Facturation]"
    ),
    (
        "[Hello|Dear Sir|Good day],\n\n[please find attached|attached is|see attached] [the invoice|your "
        "invoice|the overdue invoice] [no. |#|]%d. [Password|The password is|Archive password]: "
        "%d\n\n[Regards|Thank you],\n%s\n[Accounts|Billing|Accounts receivable]"
    ),
)


def _malware(host: Host, rng: random.Random) -> Letter:
    tongue, text = rng.choice(((FR, _BILLS[0]), (FR, _BILLS[0]), (EN, _BILLS[1])))
    name = tongue.name(rng)
    bill = rng.randint(10000, 999999)
    sender = "%s@%s" % (
        plain(name),
        rng.choice(OTHERS)
        if rng.random() < 0.8
        else "%s-%s.example" % (token(rng, 5, _LETTERS), rng.choice(("sarl", "group", "services"))),
    )
    address = anywhere(rng)
    names = ("unknown", "unknown", "%s.pool.%s" % (address.replace(".", "-"), pick(OTHERS, address)))
    kind = rng.choice(("zip", "zip", "iso", "img"))
    file = File(
        "%s%d.%s" % (spun(rng, "[Facture|FACT|Facture_|Inv_|invoice-|Doc]"), bill, kind),
        "application/zip" if kind == "zip" else "application/octet-stream",
        (b"PK\3\4\x14\0\1\0" if kind == "zip" else b"\0\0\0\0CD001") + noise(rng, rng.randint(300, 700)),
    )
    return post(
        rng,
        sender=sender,
        to=[host.user(rng)],
        subject=spun(
            rng,
            rng.choice(("[Facture|Votre facture|Relevé|TR: facture] %d", "[Invoice|Fwd: invoice|Overdue invoice] %d")),
        )
        % bill,
        body=Body(spun(rng, text) % (bill, rng.randint(100, 9999), name), files=[file]),
        age=rng.uniform(0, 3 * HOUR),
        route=Route(
            client=(address, rng.choice(names), rng.choice((address, "[%s]" % address, sender.partition("@")[2]))),
            server=host.name,
        ),
        author=named(name, sender),
        headers=["X-Mailer: Microsoft Outlook 15.0"] if rng.random() < 0.5 else [],
        is_spam=True,
    )


# --- snowshoe --------------------------------------------------------------------------------------------------------

_GOODS = (
    (
        "[Houten|Massief houten] tuinhuis[je|]",
        "[Bouw|Maak] uw eigen [schuur|tuinhuis] met [16.000|duizenden] bouwtekeningen",
    ),
    (
        "[Traplift|Trapliften] [vergelijken|aanbieding]",
        "Vergelijk [gratis|vrijblijvend] [offertes|prijzen] in uw [regio|buurt]",
    ),
    (
        "[Gehoorapparaat|Hoortoestel] [nieuw|onzichtbaar]",
        "[Hoor|Versta] weer [alles|iedereen] met dit [kleine|onzichtbare] toestel",
    ),
    ("[Zonnepanelen|Warmtepomp] [subsidie|actie]", "[Bespaar|Verdien] tot [1.200|900|1.500] euro per jaar"),
    ("[Afvallen|Slank] [zonder dieet|in 3 weken]", "[Artsen|Deskundigen] [verbaasd|sprakeloos] over deze [thee|truc]"),
    (
        "[Autoverzekering|Zorgverzekering] [goedkoper|tip]",
        "[Oudere bestuurders|Gezinnen] [betalen|kiezen] [minder|slimmer]",
    ),
)


def _snowshoe(host: Host, rng: random.Random) -> Letter:
    number = rng.randint(0, 59)
    domain = "%s%s.%s" % (
        ("best", "smart", "daily", "fresh", "prime")[number % 5],
        ("dealz", "choice", "garden", "offers", "living", "savers")[number // 5 % 6],
        ("test", "example")[number // 30],
    )
    address = "198.51.100.%d" % (130 + number) if number < 30 else "203.0.113.%d" % (20 + number)
    subject, line = (spun(rng, part) for part in rng.choice(_GOODS))
    key = token(rng, 18)
    brand = subject.split()[0].title()
    user = host.user(rng)
    html = (
        '<html><body bgcolor="#ffffff"><center><a href="http://%s/%s/c"><h1>%s</h1><img src="http://%s/%s.jpg" border="0"></a><p>%s.</p>'
        '<p style="font-size:9px">Postbus %d, 1000 AA Amsterdam<br><a '
        'href="http://%s/%s/x">afmelden</a></p><font color="#ffffff">%s</font></center></body></html>'
    ) % (
        domain,
        key,
        subject,
        domain,
        token(rng, 9),
        line,
        rng.choice((4471, 4417, 2208)),
        domain,
        key,
        NL.said(rng, 6),
    )
    return post(
        rng,
        sender="%s@%s" % (rng.choice(("info", brand.lower(), "news", "offer")), domain),
        to=[user],
        subject=spun(rng, "%s [- bekijk nu|vandaag|voor u|!|]" % subject),
        body=Body("", html=html, encoding="quoted-printable"),
        age=rng.uniform(0, 9 * HOUR),
        route=Route(client=(address, "m%d.%s" % (number, domain), "m%d.%s" % (number, domain)), server=host.name),
        author=named(brand, "info@" + domain),
        headers=["List-Unsubscribe: <http://%s/%s/x>" % (domain, key)],
        is_spam=True,
    )


# --- pictures from one rented server ---------------------------------------------------------------------------------


def _pictures(host: Host, rng: random.Random) -> Letter:
    tongue = rng.choice((EN, EN, FR, PL))
    name, sender = correspondent(rng, tongue)
    cid = "%s@%s" % (token(rng, 12), token(rng, 6, _LETTERS))
    kind = rng.choice(("gif", "png", "jpeg"))
    text = " ".join(tongue.said(rng, 3).split()[: rng.randint(6, 25)])
    picture = File("%s.%s" % (token(rng, 7, _LETTERS), kind), "image/" + kind, noise(rng, rng.randint(700, 1100)), cid)
    return post(
        rng,
        sender=sender,
        to=[host.user(rng)],
        subject=" ".join(rng.choice(tongue.lines).translate({123: None, 125: None}).split()[: rng.randint(1, 3)]),
        body=Body("", html='<html><body><img src="cid:%s"><br>\n%s</body></html>' % (cid, text), files=[picture]),
        age=rng.uniform(0, 13 * HOUR),
        route=Route(
            client=("192.0.2.119", "v119.bulkrack.test", "%s.%s" % (token(rng, 6, _LETTERS), sender.partition("@")[2])),
            server=host.name,
        ),
        author=named(name, sender),
        is_spam=True,
    )


# --- advance fee, from free mail accounts ----------------------------------------------------------------------------

_FORTUNE = (
    "[Dear Friend|Greetings|Dear Beloved|Attention please|Hello Dear],\n\n[I am|My name is|This is] "
    "[Mrs.|Barrister|Dr.|Engr.] %s, [the widow of|an auditor with|attorney to] [the late|a late] [oil "
    "merchant|gold dealer|minister|contractor] [in Lome|from Abidjan|in Accra|of Aleppo]. "
    "[I have decided to|I wish to|It is my desire to] [donate|transfer|release] [the sum of|a total of] "
    "[US$|EUR |GBP ]%d.%d [Million|million] [to you|into your account|for charity through you]. "
    "[I have|Doctors gave me] [only few|three|two] [months|weeks] [to live|left].\n[For more details|If you "
    "are interested|To proceed], [write to|contact me only at|reply to my private mail] %s [with your full "
    "name|immediately|and your phone number].\n\n[God bless you|Yours faithfully|Remain blessed],\n%s"
)
_BOXES = ("mrs.fund.release@inboxly.example", "chamber_trust@quickmail.invalid", "donation.desk77@webpost.test")


def _fortune(host: Host, rng: random.Random) -> Letter:
    name = (
        rng.choice(("Fatima", "Rose", "Linda", "Comfort", "Adama", "Peter", "Samuel"))
        + " "
        + rng.choice(("Kone", "Williams", "Diallo", "Traore", "Johnson", "Mensah"))
    )
    provider = rng.choice(FREEMAIL)
    box = rng.choice(_BOXES)
    sender = "%s%d@%s" % (
        rng.choice((plain(name), plain(name).replace(".", ""), token(rng, 7, _LETTERS))),
        rng.randint(1, 999),
        provider,
    )
    text = spun(rng, _FORTUNE) % (name, rng.randint(2, 28), rng.randint(1, 9), box, name)
    subject = spun(
        rng,
        rng.choice(
            (
                "[Donation|Charity|Donation fund] [for you|to you]",
                "[Dear friend|Hello dear|Greetings]",
                "[URGENT|Confidential] [reply|proposal|matter]",
                "[From|Mail from] [Mrs|Dr] " + name,
                "[Investment|Inheritance] [proposal|fund]",
            )
        ),
    )
    return post(
        rng,
        sender=sender,
        to=[host.user(rng)],
        subject=rng.choice((subject, subject, subject.upper())),
        body=Body(text),
        age=rng.uniform(0, 13 * HOUR),
        route=host.arrival(provider, rng.randint(0, 13)),
        author=named(name, sender),
        shown_to="undisclosed-recipients:;",
        headers=["Reply-To: " + box],
        is_spam=True,
    )


# --- hacked sites, forwarded -----------------------------------------------------------------------------------------

_PARCELS = (
    (
        "[Dzień dobry|Witamy|Szanowny Kliencie],\n\n[Twoja paczka|Przesyłka|Państwa paczka] nr %d [czeka "
        "na|oczekuje na] [dopłatę|potwierdzenie adresu|odbiór].\n[Prosimy o|Wymagana jest] [dopłata|opłata] "
        "%d,%02d zł [do jutra|w ciągu 24 h]:\n%s\n\n[Dział obsługi|Zespół dostaw|Kurier]"
    ),
    (
        "[Hello|Dear customer],\n\n[your parcel|the parcel|your delivery] %d [could not be delivered|is on "
        "hold]. [Pay|A fee of] %d.%02d PLN [is required|to release it]:\n%s\n\n[Customer care|Delivery team]"
    ),
)
_SITES = OTHERS[5:125:3]


def _hacked(host: Host, rng: random.Random) -> Letter:
    site = rng.choice(_SITES)
    user = host.user(rng)
    parcel = rng.randint(10**9, 10**10)
    link = "https://%s/%s/%s/%s" % (
        rng.choice(_SITES),
        rng.choice(("wp-content/plugins", "wp-includes/css", "wp-content/uploads/2021")),
        token(rng, 6, _LETTERS),
        rng.choice(("index.php", "pay.php", "track/")),
    )
    text = spun(rng, rng.choice((_PARCELS[0], _PARCELS[0], _PARCELS[1]))) % (
        parcel,
        rng.randint(1, 9),
        rng.randint(0, 99),
        link,
    )
    local = rng.choice(("wordpress", "info", "www-data", "admin", "apache"))
    return post(
        rng,
        sender="SRS0=%s=%s=%s=%s@%s"
        % (token(rng, 4, "ABCDEFGHabcdef0123"), token(rng, 2, "ABCDEFGH"), site, local, host.world.own),
        to=["%s@%s" % (user.partition("@")[0], pick(FREEMAIL, user))],
        subject=spun(rng, "[Paczka|Przesyłka|Twoja paczka|Parcel] %d [wstrzymana|czeka|oczekuje na dopłatę|on hold]")
        % parcel,
        body=Body(text, html=html_of(text, site)),
        age=rng.uniform(0, 30 * HOUR),
        route=Route(client=server(site), server=host.name),
        author=named(rng.choice(("Kurier24", "Poczta Kurier", "Dostawa", "Express Parcel")), "%s@%s" % (local, site)),
        shown_to=user,
        headers=["Delivered-To: " + user, "X-Mailer: PHPMailer %s" % rng.choice(("5.2.9", "6.0.1", "5.2.22"))],
        is_spam=True,
    )


FLOODS = (
    Kind(
        "malware by a botnet",
        "Hosts of many networks send invoices with archives that carry malware",
        PLANT.world,
        {made_by(_malware, PLANT): 1},
        ordinary(
            PLANT, received=45, submitted=22, notice=9, invitation=7, newsletter=7, bounced=4, discussion=3, cron=3
        ),
        is_flood=True,
    ),
    Kind(
        "snowshoe to a town hall",
        "Sixty domains in two address ranges advertise",
        TOWN.world,
        {made_by(_snowshoe, TOWN): 1},
        ordinary(
            TOWN, received=42, submitted=20, newsletter=14, notice=10, invitation=6, bounced=4, cron=2, discussion=2
        ),
        is_flood=True,
    ),
    Kind(
        "pictures from one rented server",
        "One client sends pictures with random text as other people",
        WEB.world,
        {made_by(_pictures, WEB): 1},
        ordinary(WEB, received=40, form=16, submitted=20, notice=8, newsletter=8, bounced=5, cron=3),
        is_flood=True,
    ),
    Kind(
        "fortunes from free mail accounts",
        "Free mail accounts promise fortunes and ask for answers elsewhere",
        CAMPUS.world,
        {made_by(_fortune, CAMPUS): 1},
        ordinary(
            CAMPUS, received=45, submitted=18, discussion=10, newsletter=8, invitation=8, notice=7, bounced=3, cron=1
        ),
        is_flood=True,
    ),
    Kind(
        "parcels from hacked sites, forwarded",
        "Hacked web sites send parcel phishing, which a forwarding host passes on",
        ALUMNI.world,
        {made_by(_hacked, ALUMNI): 1},
        ordinary(ALUMNI, forwarded=70, received=12, newsletter=6, notice=6, bounced=4, discussion=2),
        is_flood=True,
    ),
)
