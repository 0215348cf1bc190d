# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Floods from elsewhere to the users of a server."""

from __future__ import annotations

import base64
import random
from zlib import crc32

from tests.suggestions.blind_three.compose import (
    Client,
    Draft,
    File,
    address_of,
    named,
    network_of,
    numbers,
    other_bytes,
    page,
    signed,
    six_of,
    spin,
    token,
    when,
)
from tests.suggestions.blind_three.people import full_name, place_of
from tests.suggestions.blind_three.phrases import DUTCH, ENGLISH, GERMAN, local_part
from tests.suggestions.blind_three.places import SMALL_FREE, bot, outgoing
from tests.suggestions.letters import HOUR, Letter, World

# --- a botnet ----------------------------------------------------------------------------------------------------

_CASINO = (
    (
        "{{n3} free spins|€{n3} bonus|Welcome gift} {for you|waiting|inside}{|!|!!}",
        (
            "{Hi|Hello|Dear player},\n\n{claim|pick up} {your|a} {bonus of €{n3}|package with {n3} free spins} "
            "{today|until Sunday}. {No deposit|No wagering}, "
            "{instant payout|payout in {n2} minutes}.\n\n{Play|Join} {now|here}: {link}\n\n18+ {t6}"
        ),
    ),
    (
        "{Gratis|Jouw} {spins|bonus} {staat klaar|van €{n3}}",
        (
            "{Hoi|Beste speler},\n\n{er staat|we hebben} {een bonus van €{n3}|{n2} gratis spins} voor {je|u} klaar. "
            "{Zonder storting|Direct uitbetaald}.\n\n"
            "{Speel nu|Claim hier}: {link}\n\n{Stop|Afmelden}: {t8}"
        ),
    ),
    (
        "{{who} {sent you|left you} {a message|{n1} photos}|{New match|Profile view} {in your area|#{n4}}}",
        (
            "{Hey|Hi} {you|there},\n\n{I saw your profile|we talked before, remember}? {I moved to|I'm visiting} "
            "{your town|the city} {this week|for work} and "
            "{have nobody to talk to|would love a coffee}.\n\n{My pics|Chat with me}: {link}\n\n{xx|Kiss}, {who}"
        ),
    ),
)
_CASINO_LINKS = (
    *(
        "http://{goldspin|lucky{n2}|spin-ace|royalvolt}.{example|test}/{t6}",
        "https://{t6}{t4}.pages-now.test/?{t8}",
        "http://{t8}.test/{n3}",
    ),
    *("https://goto-url.example/{t8}", "http://www.{date|flirt|chat}{n3}.example/u/{t10}"),
)


def botnet(world: World, rng: random.Random) -> Letter:
    """Home computers everywhere send short advertisements with forged senders."""
    place = place_of(world)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    subject, text = rng.choice(_CASINO)
    first, last = rng.choice((ENGLISH, DUTCH)).name(rng)
    values = {**numbers(rng), "who": first}
    values["link"] = spin(rng.choice(_CASINO_LINKS), rng).lower()
    domain = spin("{{t8}.{test|example}|{sunpost.example|inboxly.test}|{home|web|mail}{n3}.test}", rng).lower()
    sender = "%s@%s" % (rng.choice((local_part(rng, first, last, free=True), spin("{x8}", rng))), domain)
    body = spin(text, rng, values)
    form = rng.random()
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subject, rng, values),
        text=body if form < 0.7 else "",
        html=page(*body.split("\n\n")) if form > 0.4 else "",
        age=HOUR * 14 * rng.random() + 60,
        author=named(first if rng.random() < 0.6 else "", sender),
        shown="<%s>" % user,
        client=bot(rng),
        reason=reason,
        ident=rng.choice(("", "uuid", "outlook", "hex")),
        coding=rng.choice(("", "qp", "base64")),
        server=place.mx,
        zone=rng.choice((-8, -3, 0, 1, 3, 7, 9)),
        spam=True,
    ).letter(rng)


# --- snowshoe: many small servers and domains --------------------------------------------------------------------

_OFFERS = (
    (
        "{Solar|Heat pump} {Grant|Savings}",
        (
            "{Homeowners|Residents} {can claim|may qualify for} {a new grant|up to ${kilo}} {in {month}/2026|this "
            "autumn}"
        ),
    ),
    (
        "{Walk-In|Safe} {Tubs|Showers}",
        "{Bathe safely|Update your bath} {in one day|with no money down}, {seniors save {n2}%|ask for the discount}",
    ),
    (
        "{Hearing|Clear Sound} {Lab|Aid}",
        (
            "{Tiny|Invisible} {hearing device|earpiece} {sells out|shocks audiologists} {at a fraction of the "
            "price|for $99}"
        ),
    ),
    (
        "{Auto|Car} {Warranty|Cover} {Desk|Team}",
        "{Your cover|The warranty} {ends soon|may have expired}: {renew|compare} {in minutes|and save {n2}%}",
    ),
    (
        "{Gutter|Roof} {Shield|Guard}",
        "{Never clean gutters again|Clogged gutters?} {See the new filter|Get {n2}% off} {before winter|this week}",
    ),
    (
        "{Life|Term} {Cover|Plan} {Finder|Guide}",
        "{Protect your family|${kilo} of cover} {from ${n2} a month|without a medical exam}",
    ),
    (
        "{Knee|Joint} {Relief|Brace}",
        (
            "{Orthopedist|Physiotherapist} {reveals|recommends} {this sleeve|a {n2}-second stretch} for {aching "
            "knees|stiff joints}"
        ),
    ),
)
_TOKENS = [
    "harbor",
    "quilt",
    "ember",
    "meadow",
    "pivot",
    "lantern",
    "willow",
    "anchor",
    "summit",
    "cobalt",
    "drift",
    "maple",
    "orbit",
    "canyon",
    "breeze",
]


_PITCH = (
    "{Thousands of|More than {kilo}} {people|households|readers} {have already|already} {used|taken up} this "
    "{offer|programme} "
    "{since {March|June}|this year}, {and places are limited|but few know about it}. {It takes two minutes|There "
    "is no obligation}"
    "{, and you can cancel at any time|}.\n\n{Answer three short questions|Enter your {ZIP|postal} code} and {a "
    "specialist|our partner} "
    "{will call you back|shows what you can save}. {Rated {n1}.{n1} of 10 by customers.|As seen on TV.|}"
)


def _snow_domain(number: int) -> str:
    first, second = _TOKENS[number % 15], _TOKENS[(number * 7 + 4) % 15]
    return "%s%s%s.%s" % (first, ("", "-", "ly", "hub")[number % 4], second, ("example", "test")[number % 3 == 0])


def _snow_client(number: int, rng: random.Random) -> Client:
    network = network_of("snow %d" % (number % 4))
    host = "%s.%s" % (("mta", "r", "mx", "send")[number % 4] + "%d" % (number % 9), _snow_domain(number))
    if number % 6 == 5:
        return six_of("snow six", rng), host, host
    return "%s.%d" % (network, 16 + 5 * (number % 40)), host, host


def snowshoe(world: World, rng: random.Random) -> Letter:
    """A sender with many domains on a few rented networks advertises one thing after another."""
    place = place_of(world)
    number = rng.randrange(44)
    domain = _snow_domain(number)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    name, subject = rng.choice(_OFFERS)
    values = {**numbers(rng), "who": full_name(user).split()[0]}
    subject = spin(subject, rng, values)
    path = "%s/%s" % (spin("{x8}{t10}", rng), spin("{t16}", rng))
    link = "https://%s/%s" % (domain, path)
    text = "%s\n\n%s" % (
        spin(
            "{Hi|Hello|Dear} {{who}|Neighbor|Friend},\n\n%s.\n\n%s\n\n{More details|See if you qualify|Learn "
            "more}: %s" % (subject, _PITCH, link),
            rng,
            values,
        ),
        spin(
            "{Unsubscribe|To stop|Opt out}: https://%s/u/%s\n{n4} {Oak|Main|Pine} {St|Ave}, {Suite|PMB} {n3}"
            % (domain, path[-16:]),
            rng,
        ),
    )
    hidden = '<div style="display:none;font-size:0">%s</div>' % ENGLISH.paragraph(rng, 4)
    html = page(*text.split("\n\n"), button=(link, rng.choice(("Check now", "See details", "Get started")))) + hidden
    return Draft(
        sender=place.through(spin("{bounce|return|b}-{n7}-{n5}@%s" % domain, rng)),
        to=[to],
        subject=subject,
        text=text if rng.random() < 0.7 else "",
        html=html,
        age=HOUR * 20 * rng.random() + 60,
        author=named(spin(name, rng), "%s@%s" % (rng.choice(("offers", "hello", "news", "team", "contact")), domain)),
        shown="<%s>" % user,
        client=_snow_client(number, rng),
        headers=[
            *(signed(rng, domain, "k%d" % (number % 3)), "List-Unsubscribe: <https://%s/u/%s>" % (domain, path[-16:])),
            "Feedback-ID: %s:%s" % (token(rng, 6), token(rng, 4)),
        ],
        reason=reason,
        ident=rng.choice(("hex", "php")),
        id_domain=domain,
        coding=rng.choice(("qp", "base64")),
        look="offers %d" % (number % 2),
        server=place.mx,
        zone=-5,
        spam=True,
    ).letter(rng)


# --- phishing from rented servers --------------------------------------------------------------------------------

_PHISHING = (
    (
        (
            "{Action required|Important|Notice}: {your mailbox|{user}} {is almost full|will be suspended|needs "
            "verification}"
        ),
        (
            "{Dear|Attention} {user},\n\nyour mailbox has {reached {n2}% of its quota|exceeded the storage limit}. "
            "{Incoming mail will be rejected|You may not be "
            "able to send or receive} {after {day} September|within 24 hours}.\n\n{Please upgrade|Increase your "
            "storage} at no cost with the button below.\n\n"
            "{IT Service Desk|Mail Administrator|Uni Althaven Support}"
        ),
    ),
    (
        "{{n1}|{n2}} {incoming messages|mails} {pending|on hold|blocked} for {user}",
        (
            "{Hello|Hi} {name},\n\n{n1} messages {were not delivered|are in quarantine} because of {a server error|a "
            "policy update}:\n\nFrom: {hr|finance|dean}@"
            "{domain} - {Salary|Agreement|Updated policy}\nFrom: scanner@{domain} - "
            "Document_{n5}\n\n{Release|Review} "
            "them before they are deleted.\n\n{domain} mail system"
        ),
    ),
    (
        "{Password|Passwort} {expires|läuft ab} {today|heute|in 2 days|{day}.09.2026}: {user}",
        (
            "{Dear|Hello} {name},\n\n{the password of|your password for} {user} {expires today|is about to expire}. "
            "{You can keep your current password|Keep the same "
            "password} {using|by following} the link below.\n\n{Ignoring this leads to loss of access.|Thank you for "
            "your cooperation.}\n\n{domain} {Support|IT}"
        ),
    ),
)
_KITS = (
    *(
        "https://{webmail|login|auth}-{x6}.sitebox.test/{t6}/#",
        "https://{x16}.pages-now.test/?e=",
        "https://storage.bucket-east.test/{x12}/index.html#",
    ),
    *("https://redirect.adclicks.example/c?u={t12}&to=", "https://kreativ-tapeten.example/wp-admin/js/{t6}/?k="),
)


def mailbox_phishing(world: World, rng: random.Random) -> Letter:
    """Three rented servers warn each user of the user's own mailbox."""
    place = place_of(world)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    number = rng.randrange(3)
    host = ("srv-41.northcloud-vm.test", "vmi11873.kontabox.example", "static-17.budgetrack.test")[number]
    subject, text = rng.choice(_PHISHING)
    values = {**numbers(rng), "user": user, "name": full_name(user), "domain": place.own}
    mark = base64.b64encode(user.encode()).decode() if rng.random() < 0.6 else user
    link = spin(rng.choice(_KITS), rng) + mark
    sender = rng.choice(
        (
            *("it-support@" + place.own, "postmaster@" + place.own, user),
            spin("{noreply|admin|info}@{sakura-trading|bergland-hotel|novaprint}.{example|test}", rng),
            spin("{noreply|alert}-{n4}@%s" % host, rng),
        )
    )
    body = spin(text, rng, values)
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subject, rng, values),
        html=page(
            *body.split("\n\n"),
            button=(link, spin("{Upgrade now|Review messages|Keep password|Continue}", rng)),
            footer=token(rng, 12),
        ),
        age=HOUR * 7 * rng.random() + 60,
        author=named(spin("{%s|IT Service Desk|Mail Delivery System|Helpdesk}" % place.own, rng), sender),
        client=(address_of(host), host, host if number else "WIN-8H2K1L"),
        headers=["X-Priority: 1 (Highest)"] if rng.random() < 0.4 else [],
        reason=reason,
        ident=("python", "hex", "outlook")[number],
        coding="base64" if rng.random() < 0.7 else "qp",
        server=place.mx,
        zone=(0, -7, 3)[number],
        look="mailbox %d" % number,
        spam=True,
    ).letter(rng)


# --- offers from free mail accounts -------------------------------------------------------------------------------

_SELLERS = (
    (
        "{Website|SEO|Re: website|Proposal}{| for {domain}| - {domain}| redesign}",
        (
            "{Hi|Hello|Hi Team},\n\n{I was on|I just visited|I came across} {your website|{domain}} and "
            "{noticed|found} {a few errors|some issues} {that keep it from|"
            "which stop it} {ranking on page one|getting visitors}.\n\n{We are|I work with} {a team of {n2}+ "
            "experts|a leading agency} for {SEO|web design and SEO|app "
            "development}. {May I send you|Can I share} {a quote|prices and past work|an audit report}{| "
            "today}?\n\n{Regards|Thanks|Warm regards},\n{who} {last}\n"
            "{Business Development|Online Marketing Manager|Web Consultant}"
        ),
    ),
    (
        "{Mobile app|App development|App idea}{| for your business|?| - {domain}}",
        (
            "{Hello|Hi there},\n\n{are you looking for|do you need} {a mobile app|an Android or iPhone app} {at an "
            "affordable price|within your budget}? {We have built|My "
            "company delivered} {n3} apps {for clients worldwide|since 2012}.\n\n{Share your requirement|Reply with "
            "your phone number} {and I send details|and we can "
            "talk}.\n\n{Best|Thanks and regards},\n{who} {last}"
        ),
    ),
    (
        "{Guest post|Link placement|Article} {on|for} {domain}",
        (
            "{Hey|Dear webmaster|Hi},\n\n{I'd like to|Can I} publish {a guest post|a sponsored article} on {domain}. "
            "{What is your price for|How much do you charge for} "
            "{a dofollow link|one article}, {casino and CBD included|paid in crypto}?\n\n{Waiting for your reply|Let "
            "me know},\n{who}"
        ),
    ),
    (
        "{Kredit|Darlehen|Finanzierung} {ab {n1}%|für Sie|ohne Bank}",
        (
            "{Guten Tag|Hallo},\n\n{brauchen Sie|suchen Sie} {ein Darlehen|Geld} {zwischen 5.000 und 900.000 "
            "Euro|für "
            "Ihr Vorhaben}? {Wir verleihen|Ich verleihe} {privat|schnell "
            "und seriös} zu {n1}% Zinsen.\n\n{Schreiben Sie mir|Antworten Sie} {mit Betrag und Laufzeit|noch "
            "heute}.\n\n{who} {last}"
        ),
    ),
)


def sellers(world: World, rng: random.Random) -> Letter:
    """Offers to every address of the web site, from ever new accounts of free mail providers."""
    place = place_of(world)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    number = rng.choices(range(4), (50, 20, 15, 15))[0]
    subject, text = _SELLERS[number]
    first, last = (GERMAN if number == 3 else ENGLISH).name(rng)
    values = {**numbers(rng), "who": first, "last": last, "domain": place.own}
    provider = rng.choice(SMALL_FREE[:2] * 3 + SMALL_FREE)
    sender = "%s%s@%s" % (local_part(rng, first, last), spin("{.seo|.web|{n2}|{n3}|.mkt{n1}|}", rng), provider)
    client = outgoing(provider, rng)
    body = spin(text, rng, values)
    age = HOUR * 36 * rng.random() + 60
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subject, rng, values),
        text=body,
        html=page(*body.split("\n\n")),
        age=age,
        author=named("%s %s" % (first, last), sender),
        shown="<%s>" % user,
        client=client,
        headers=[signed(rng, provider)],
        reason=reason,
        ident="work" if crc32(provider.encode()) % 2 else "java",
        id_domain=provider,
        coding=rng.choice(("", "qp")),
        hops=["Received: by %s with HTTP; %s" % ("web%d.%s" % (rng.randrange(7), provider), when(age + 3, 5))],
        server=place.mx,
        zone=5,
        spam=True,
    ).letter(rng)


# --- malware -----------------------------------------------------------------------------------------------------

_ORDERS = (
    (
        "{RFQ|Purchase Order|PO|Enquiry}{| No.|#} {n7}{| - urgent| {month}/2026| - {firm}}",
        (
            "{Dear Sir/Madam|Dear supplier|Good day},\n\n{please find attached|kindly see} {our new order|the "
            "RFQ|the "
            "list of items} and {send us|quote} {your best price|"
            "the delivery time} {CIF Rotterdam|FOB|as soon as possible}.\n\n{We await your proforma invoice|Awaiting "
            "your urgent reply}.\n\n{Thanks and best regards|"
            "Best regards},\n{who} {last}\n{Procurement|Purchasing Manager}\n{firm}\nTel. +{n2} {n3} {n7}"
        ),
    ),
    (
        "{Payment advice|Swift copy|Remittance|Overdue invoice}{| -|:} {n6}{| / {firm}|}",
        (
            "{Hello|Dear Accounts|Good morning},\n\n{attached is|please see} the {swift copy|payment slip} of {the "
            "balance|EUR {kilo}} {sent|paid} {today|by our bank}. "
            "{Check and confirm|Please confirm} {receipt|your bank details}.\n\n{Regards|Yours faithfully},\n{who} "
            "{last}\n{Finance Dept|Accounts payable}, {firm}"
        ),
    ),
    (
        "{DHX|Shipment|Arrival notice} {BL|AWB} {n9}{| documents|}",
        (
            "{Dear customer|Dear consignee},\n\n{the shipping documents|bill of lading and packing list} {for your "
            "cargo|of shipment {n9}} are attached. {Please check|"
            "Confirm} {the details|the draft} {before the vessel arrives|within today}.\n\n{who} {last}\n{Shipping "
            "desk|Customer service}"
        ),
    ),
)
_TRADERS = ("Al Noor Trading", "Hanse Maritime", "Sunrise Machinery", "Porto Valves", "Eastgate Steel")


def malware(world: World, rng: random.Random) -> Letter:
    """Hacked mail accounts at small firms everywhere send orders with an archive that holds malware."""
    place = place_of(world)
    user = place.user(rng)
    to, reason = place.arriving(rng, user)
    subject, text = rng.choice(_ORDERS)
    number = rng.randrange(26)
    domain = "%s-%s.%s" % (
        _TOKENS[number % 15],
        ("trading", "marine", "impex", "tools")[number % 4],
        ("example", "test")[number % 2],
    )
    sender = "%s@%s" % (("sales", "info", "purchase", "accounts", "export")[number % 5], domain)
    values = {
        **numbers(rng),
        "who": rng.choice(ENGLISH.firsts),
        "last": rng.choice(ENGLISH.lasts),
        "firm": rng.choice(_TRADERS),
    }
    name = spin("{PO|RFQ|SWIFT|Invoice|BL}{_|-| }{n7}{|_pdf|.pdf}.{rar|gz|zip|7z|xz|iso}", rng, values)
    body = spin(text, rng, values)
    host = "%s.%s" % (("mail", "server", "cpanel3", "vps")[number % 4], domain)
    return Draft(
        sender=sender,
        to=[to],
        subject=spin(subject, rng, values),
        text=body if rng.random() < 0.5 else "",
        html=page(*body.split("\n\n")),
        age=HOUR * 10 * rng.random() + 60,
        author=named(rng.choice(("%s %s" % (values["who"], values["last"]), values["firm"])), sender),
        shown=rng.choice(("<%s>" % user, "undisclosed-recipients:;", "<%s>" % sender)),
        client=(address_of(host), host, host),
        headers=[
            "User-Agent: Roundcube Webmail/1.4.%d" % (number % 12),
            *(["Reply-To: <%s>" % sender] if number % 3 else []),
        ],
        reason=reason,
        ident="hex",
        id_domain=domain,
        files=[File(name, "application/octet-stream", b"Rar!\x1a\7" + other_bytes(rng, rng.randint(1800, 4200)))],
        server=place.mx,
        zone=rng.choice((0, 4, 8)),
        spam=True,
    ).letter(rng)
