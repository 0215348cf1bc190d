# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The floods that the suggestions are developed with."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import wraps

from tests.suggestions.background import CITY, FIRM, FREE_MAIL, HOSTING, ORDINARY, SCHOOL, delayed
from tests.suggestions.kinds import Kind
from tests.suggestions.letters import (
    Flood,
    Letter,
    Maker,
    World,
    any_address,
    backscatter,
    botnet,
    employee,
    network_address,
    newsletter,
    one_host,
    stolen,
)

_FAILURES = [
    "Undelivered Mail Returned to Sender",
    "Delivery Status Notification (Failure)",
    "failure notice",
    "Mail delivery failed: returning message to sender",
    "Returned mail: see transcript for details",
    "Unzustellbar: {w} {v}",
]
_NOTICES = Flood(
    start=26, hours=24, subjects=_FAILURES, lines=["550 5.1.1 <{w}.{v}@{v}{n}.example>: unknown user", "{w} {v}"]
)


def _to_free_mail(maker: Maker) -> Maker:
    """Return the maker of the same messages to addresses at free mail providers."""

    @wraps(maker)
    def make(world: World, rng: random.Random) -> Letter:
        letter = maker(world, rng)
        people = [
            "%s%d@%s" % (world.person(rng), rng.randrange(100), rng.choice(FREE_MAIL)) for _one in letter.recipients
        ]
        return replace(letter, recipients=people)

    return delayed(make)


# --- backscatter ----------------------------------------------------------------------------------------------------


def _to_a_forged_address(world: World, rng: random.Random) -> Letter:
    """A notice to an address that does not exist, at the server's own domain."""
    victim = "%s%d@%s" % (rng.choice(world.words), rng.randrange(1000), world.own)
    return backscatter(_NOTICES, victim=victim)(world, rng)


# --- stolen accounts ------------------------------------------------------------------------------------------------

_ANNA = stolen(
    Flood(
        start=4,
        hours=3,
        subjects=["Rechnung {n} noch offen", "Mahnung {n}: {w}", "Zahlung {n} - {w} {v}"],
        lines=["Ihre Zahlung ist noch offen.", "https://zahlung-{h}.example/konto/pruefen", "{w} {v}"],
        recipients=(8, 20),
        filler=2,
    ),
    login="agathe@stadtwerke.example",
    senders="agathe@stadtwerke.example",
    networks=5,
)
_SECRETARIAT = stolen(
    Flood(
        start=4.5,
        hours=4.4,
        subjects=["Konto {n} gesperrt - {w}", "Ihr {w} wartet", "{w}: letzte Mahnung Nr. {n}"],
        lines=["Bitte melden Sie sich an:", "http://{w}-{v}.example/{h}/login"],
        filler=2,
        reason="host mx.example.org[198.51.100.2] said: 421 4.7.0 Try again later (in reply to MAIL FROM command)",
    ),
    login="sekretariat",
    senders="{w}-{v}{n}@{w}.{v}{n}.example",
    networks=40,
)
_THIEF = stolen(
    Flood(
        start=9,
        hours=8,
        subjects=["Your parcel {n} is waiting"],
        lines=["Your parcel {n} is waiting. {w} {v}"],
        recipients=(5, 12),
    ),
    login="carla@example.com",
    senders="{w}{n}@{v}{n}.example",
    networks=2,
)


def _owner(world: World, rng: random.Random) -> Letter:
    """The owner of the stolen account goes on working."""
    return replace(employee(world, rng), sender="carla@example.com", login="carla@example.com")


_DORA = stolen(
    Flood(start=9, hours=8, subjects=["{w} {v}", "{w}"], lines=["{w} {v}", "https://pills.example/{h}"]),
    login="dora@example.com",
    senders="dora@example.com",
    networks=60,
)

# --- floods from many places ----------------------------------------------------------------------------------------

_BOTNET = botnet(
    Flood(
        start=29,
        hours=28,
        subjects=["{w}", "{w} {v}", "Re: {w}", "{w} {n}", "Fwd: {w} {v} {w}"],
        lines=["{w} {v} {w}", "https://{w}{v}.example/wp-content/plugins/{h}/track.html", "{v}"],
        filler=2,
    ),
    senders="{w}{v}@{v}{w}{n}.example",
    named=0.7,
)
_ONE_HOST_IN_LINKS = botnet(
    Flood(start=11, hours=10, subjects=["{w}", "{w} {v}"], lines=["https://pills.example/{h}", "{w}"]),
    senders="{w}{v}@{w}{n}.example",
    named=0.3,
)
_FORGED = botnet(
    Flood(
        start=11,
        hours=10,
        subjects=["Payment for {w} {n} failed", "Your mailbox {n} is full: {w}", "Voice message {n} from {w}"],
        lines=["{w} {v}", "http://{w}{v}.example/{h}"],
    ),
    senders="{w}@example.com",
    named=0.1,
)
_OWN_SERVER = one_host(
    Flood(start=11, hours=10, subjects=["Cheap {w} today", "{w} for {v}"], lines=["{w} {v}"], filler=3),
    senders="{w}.{v}@bargains.example",
    address="203.0.113.99",
    name="mail.bargains.example",
)
_PARCELS = botnet(
    Flood(
        start=3,
        hours=2.5,
        subjects=["Ihre Lieferung {n} liegt bereit", "Ihre Lieferung {n} kommt heute"],
        lines=["https://paket.example/{h}/{w}", "{w}"],
    ),
    senders="{v}{w}@{w}{n}.example",
    named=0.1,
)
_BULLETIN = newsletter(
    sender="rundbrief@verein.example",
    subject="Rundbrief Nr. 42: Sommerfest im Garten",
    hours=2,
    headers=("List-Unsubscribe: <mailto:weg@verein.example>",),
)

_OFFERS = Flood(
    start=10,
    hours=7,
    subjects=["{w} {v} offer", "Save on {w}", "{w}: only today", "New {w} {v}", "Your {w} is here"],
    lines=["{w} {v} {w}", "We have the {w} for your {v}.", "{v} {w}"],
    filler=2,
)


def _snowshoe(world: World, rng: random.Random) -> Letter:
    """A throw-away domain with a server in a rented network. The links of all domains have one form."""
    number = rng.randrange(120)
    made = random.Random(number)
    domain = "%s%s%d.example" % (made.choice(world.words), made.choice(world.words), number)
    address = "100.99.%d.%d" % (made.randrange(250), made.randrange(2, 250))
    name = "mx%d.%s" % (rng.randrange(1, 4), domain)
    letter = _OFFERS.letter(
        world, rng, sender="%s@%s" % (rng.choice(world.words), domain), client=(address, name, name)
    )
    links = ["https://news.%s/r/k7x2/%s/%s" % (domain, hex(rng.getrandbits(48))[2:], act) for act in ("go", "off")]
    return replace(letter, text="\n".join([letter.text, *links]))


def _web_form(world: World, rng: random.Random) -> Letter:
    """A form on a web page sends what anybody fills in to whomever he names."""
    flood = Flood(
        start=6,
        hours=5,
        subjects=[
            "{w}, you have a new {v}",
            "Confirm your {w} {n}",
            "{w} {v} is waiting",
            "Re: {v} {n}",
            "{n} for {w}",
        ],
        lines=["Thank you for your message, {w} {v}!", "You wrote:", "https://prize.example/{h}", "{w} {v}"],
        filler=2,
    )
    return flood.letter(world, rng, sender="www-data@web.%s" % world.own, client=None)


_STORY = (
    "I am the attorney of the late {w} {v}, who left a sum of {n} dollars without any next of kin.",
    "I am a manager of a bank where the late {w} {v} left {n} dollars in a dormant account.",
    "As his lawyer I have found that the late {w} {v} deposited {n} dollars with a security company.",
)


def _advance_fee(world: World, rng: random.Random) -> Letter:
    """Somebody offers a share of a fortune. There is no link, and the answer goes to one of two addresses."""
    flood = Flood(
        start=11,
        hours=9,
        subjects=[
            "Attention: beneficiary",
            "Urgent reply needed {n}",
            "Dear friend",
            "Business proposal {n}",
            "From {w} {v}",
        ],
        lines=[
            "Dear friend,",
            rng.choice(_STORY),
            "I seek your consent to present you as the next of kin of the deceased.",
        ],
        filler=1,
    )
    domain = rng.choice(FREE_MAIL)
    sender = "%s%d@%s" % (world.person(rng), rng.randrange(1000), domain)
    answer = "barrister.%s@lawchambers.example" % rng.choice(("james", "okoro"))
    return replace(
        flood.letter(world, rng, sender=sender, client=world.server(domain)), headers=["Reply-To: <%s>" % answer]
    )


def _phishing(world: World, rng: random.Random) -> Letter:
    """A bank's page is copied to many hacked web hosts, which send the messages, too."""
    flood = Flood(
        start=8,
        hours=6,
        subjects=[
            "Your account was limited [{n}]",
            "Unusual sign-in, case {n}",
            "Action required: {w} {n}",
            "Security notice {h}",
        ],
        lines=["We noticed a sign-in that we do not know.", "{w} {v}"],
        filler=2,
    )
    number = rng.randrange(80)
    made = random.Random(1000 + number)
    host = "%s-%s.example" % (made.choice(world.words), made.choice(world.words))
    client = (network_address(made.getrandbits(32)), "www.%s" % host, "www.%s" % host)
    if rng.random() < 0.4:
        client = (any_address(rng), "unknown", "localhost.localdomain")
    letter = flood.letter(world, rng, sender="service%d@%s" % (rng.randrange(1000), host), client=client)
    return replace(
        letter, text="%s\nhttp://www.%s/wp-includes/css/secure-bank/signin.php?c=%x" % (letter.text, host, number)
    )


def _flood(name: str, about: str, world: World, *makers: Maker, beside: dict[Maker, int] | None = None) -> Kind:
    """Return a kind of flood. beside: the other mail, with weights; by default ordinary mail."""
    return Kind(
        name=name,
        about=about,
        world=world,
        bulk={delayed(maker): 1 for maker in makers},
        background=beside or ORDINARY,
        is_flood=True,
    )


FLOODS = (
    _flood(
        "backscatter",
        "Notices of many servers to one address that was forged",
        CITY,
        backscatter(_NOTICES, victim="rechnung+2026@stadtwerke.example"),
    ),
    _flood(
        "backscatter to two addresses at once",
        "Notices of many servers to two addresses that were forged",
        FIRM,
        backscatter(_NOTICES, victim="office@example.com"),
        backscatter(_NOTICES, victim="j.smith@example.com"),
    ),
    _flood(
        "backscatter to a domain",
        "Notices to addresses that do not exist, at one domain",
        FIRM,
        _to_a_forged_address,
    ),
    _flood("stolen account", "One login with random senders from many networks", SCHOOL, _SECRETARIAT),
    _flood(
        "stolen account that uses its own address",
        "One login from five foreign networks, with its own address and many recipients",
        CITY,
        _ANNA,
    ),
    _flood("own sender, many networks", "One login with its own address from sixty networks", FIRM, _DORA),
    _flood(
        "owner beside thief",
        "A stolen account whose owner goes on working",
        FIRM,
        _THIEF,
        beside={**ORDINARY, _owner: 8},
    ),
    _flood("botnet", "Unrelated clients and senders; one form of URL path on random hosts", CITY, _BOTNET),
    _flood("one host, random paths", "Unrelated clients and senders; one host in the links", FIRM, _ONE_HOST_IN_LINKS),
    _flood("forged own domain", "Unrelated clients with senders at the server's own domain", FIRM, _FORGED),
    _flood("spammer's server", "One client, one domain, varying texts", FIRM, _OWN_SERVER),
    _flood(
        "spam beside a newsletter",
        "A botnet's mail beside a large newsletter that is innocent",
        SCHOOL,
        _PARCELS,
        beside={**ORDINARY, _BULLETIN: 80},
    ),
    _flood("snowshoe", "Throw-away domains in one /16, no login, a fixed segment in the links", HOSTING, _snowshoe),
    Kind(
        name="hacked web form",
        about="One local sender, one host in the links, recipients at free mail providers",
        world=HOSTING,
        bulk={_to_free_mail(_web_form): 1},
        background=ORDINARY,
        is_flood=True,
    ),
    _flood("advance-fee fraud", "Free mail senders, no link, two addresses to answer to", FIRM, _advance_fee),
    _flood("phishing on hacked hosts", "The path of one page on many hacked hosts", CITY, _phishing),
)
