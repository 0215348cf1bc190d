# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenes that the suggestions were written with."""

from __future__ import annotations

from dataclasses import replace

from tests.fleet.mixture import NAMES, VOCABULARY
from tests.suggestions.letters import (
    Flood,
    Scene,
    World,
    answering,
    backscatter,
    botnet,
    employee,
    everyday,
    incoming,
    invitation,
    mailing,
    newsletter,
    one_host,
    ordered,
    shop,
    stolen,
    stranded,
)

_WORDS, _PEOPLE = VOCABULARY.split(), NAMES.split()
_WORLD = World(
    own="example.com",
    partners=["dest%d.example.org" % number for number in range(30)],
    people=_PEOPLE,
    words=_WORDS,
)

_FAILURES = ["Undelivered Mail Returned to Sender", "Delivery Status Notification (Failure)", "failure notice"]

DEVELOPMENT = (
    Scene(
        "backscatter",
        1,
        _WORLD,
        {
            **everyday(600),
            backscatter(
                Flood(start=3, hours=2, subjects=_FAILURES, lines=["could not reach {w}{n}@example.net."]),
                victim="office@example.com",
            ): 500,
        },
    ),
    Scene(
        "stolen account",
        1,
        _WORLD,
        {
            **everyday(700),
            stolen(
                Flood(
                    start=2,
                    hours=1,
                    subjects=["Your invoice {n} is overdue"],
                    lines=["Dear customer, your {w} is overdue. Pay now."],
                    recipients=(5, 12),
                ),
                login="anna@example.com",
                senders="{w}{n}@{v}.example.net",
                networks=3,
            ): 400,
        },
    ),
    Scene(
        "botnet",
        1,
        _WORLD,
        {
            **everyday(800),
            botnet(
                Flood(
                    start=5,
                    hours=4,
                    subjects=["{w} {v} {n}%"],
                    lines=["{w} {v}", "http://{w}{n}.example.net/offer/7f3a/claim.php?id={h}"],
                ),
                senders="{w}.{v}{n}@{w}{n}.example.net",
                named=0.5,
            ): 300,
        },
    ),
    Scene(
        "newsletter beside spam",
        1,
        _WORLD,
        {
            **everyday(500),
            newsletter(sender="news@lists.example.edu", subject="The summer newsletter", hours=1): 500,
            stolen(
                Flood(
                    start=2, hours=1, subjects=["Cheap {w} today"], lines=["Buy {w}", "http://{w}.example.net/buy/now"]
                ),
                login="ben@example.com",
                senders="{w}{n}@{v}.example.net",
                networks=12,
            ): 200,
        },
    ),
    Scene(
        "destination outage",
        1,
        _WORLD,
        {
            **everyday(300),
            stranded(
                "dead.example.org",
                kind=employee,
                reason="connect to mx.dead.example.org[192.0.2.1]:25: Connection timed out",
            ): 400,
            stranded(
                "dead.example.org",
                kind=shop,
                reason="connect to mx.dead.example.org[192.0.2.1]:25: Connection timed out",
            ): 200,
        },
        is_flooded=False,
    ),
    Scene("mail service", 1, _WORLD, {**everyday(300), ordered: 200}, is_flooded=False),
    Scene("invitation", 1, _WORLD, {**everyday(400), invitation: 250}, is_flooded=False),
    Scene("quiet queue", 1, _WORLD, everyday(150), is_flooded=False),
    Scene("mailing list", 1, _WORLD, {**everyday(400), mailing: 300, answering: 100}, is_flooded=False),
    Scene(
        "owner beside thief",
        1,
        _WORLD,
        {
            **everyday(600),
            stolen(
                Flood(start=9, hours=8, subjects=["Your parcel {n} is waiting"], lines=["Your parcel {n} is waiting."]),
                login="carla@example.com",
                senders="{w}{n}@{v}.example.net",
                networks=2,
            ): 300,
            lambda world, rng: replace(employee(world, rng), sender="carla@example.com", login="carla@example.com"): 80,
        },
    ),
    Scene(
        "own sender, many networks",
        1,
        _WORLD,
        {
            **everyday(600),
            stolen(
                Flood(start=9, hours=8, subjects=["{w} {v}"], lines=["https://pills.example.net/{h}"]),
                login="dora@example.com",
                senders="dora@example.com",
                networks=60,
            ): 200,
        },
    ),
    Scene(
        "one host, random paths",
        1,
        _WORLD,
        {
            **everyday(700),
            botnet(
                Flood(start=11, hours=10, subjects=["{w}", "{w} {v}"], lines=["https://pills.example.net/{h}", "{w}"]),
                senders="{w}{v}@{w}{n}.example.net",
                named=0.3,
            ): 300,
        },
    ),
    Scene(
        "backscatter to a domain",
        1,
        _WORLD,
        {
            **everyday(600),
            lambda world, rng: replace(
                backscatter(
                    Flood(start=3, hours=2, subjects=_FAILURES, lines=["{w}{n}@example.net"]),
                    victim="%s%d@example.com" % (rng.choice(_WORDS), rng.randrange(1000)),
                )(world, rng)
            ): 300,
        },
    ),
    Scene(
        "forged own domain",
        1,
        _WORLD,
        {
            **everyday(900),
            botnet(
                Flood(start=11, hours=10, subjects=["Payment for {w} {n} failed"], lines=["{w} {v}"]),
                senders="{w}@example.com",
                named=0.0,
            ): 100,
        },
    ),
    Scene(
        "spammer's server",
        1,
        _WORLD,
        {
            **everyday(950),
            one_host(
                Flood(start=11, hours=10, subjects=["Cheap {w} today"], lines=["{w} {v}"], filler=3),
                senders="{w}.{v}@bargains.example.net",
                address="203.0.113.99",
                name="mail.bargains.example.net",
            ): 50,
        },
    ),
    Scene("relay", 1, _WORLD, {**everyday(100), incoming: 900}, is_flooded=False),
)
