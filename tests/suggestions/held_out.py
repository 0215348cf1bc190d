# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scenes that the suggestions are measured on. They were written when the suggestions were finished: whoever changes those
to do better here makes these scenes of development, and has to write new ones.
"""

from __future__ import annotations

from tests.suggestions.letters import (
    Flood,
    Scene,
    World,
    answering,
    backscatter,
    botnet,
    cron,
    employee,
    everyday,
    incoming,
    mailing,
    newsletter,
    ordered,
    shop,
    stolen,
    stranded,
)

_VOCABULARY = """
abend anfrage angebot apfel bericht besuch brief dach fahrt farbe fenster feuer garten gast gebirge haus hilfe holz kalender karte
kirche kleid kohle kuchen laden lampe leiter licht markt maschine messer milch morgen nachbar ofen papier pferd platz quelle regen
reise salz schiff schule sommer spiegel stadt stein stern stunde tafel tasche teller tisch treppe wagen wald wasser wiese zimmer
"""
_NAMES = """
agathe bruno clemens dorothea emil friederike gustav hedwig ignaz johanna konrad leonie moritz notburga otto philippa quirin
rosalie stefan theresa ulrich veronika wenzel xaver bauer fuchs gruber huber lehner maier pichler reiter schwarz steiner wolf
"""
_WORDS, _PEOPLE = _VOCABULARY.split(), _NAMES.split()
_CITY = World(
    own="stadtwerke.example",
    partners=["%s%d.example.net" % (word, number) for number, word in enumerate(_WORDS[:18])],
    people=_PEOPLE,
    words=_WORDS,
    hours=30.0,
)
_SCHOOL = World(
    own="gymnasium.example.edu",
    partners=["%s.example.org" % word for word in _WORDS[20:60]],
    people=_PEOPLE[::-1],
    words=_WORDS[::-1],
    hours=5.0,
)
_REFUSED = (
    "host mx.aula.example.org[198.51.100.9] said: 451 4.3.0 Temporary lookup failure (in reply to RCPT TO command)"
)

HELD_OUT = (
    Scene(
        "backscatter to one forged address",
        71,
        _CITY,
        {
            **everyday(1500),
            answering: 60,
            backscatter(
                Flood(
                    start=26,
                    hours=24,
                    subjects=[
                        "Mail delivery failed: returning message to sender",
                        "Returned mail: see transcript for details",
                        "Unzustellbar: {w} {v}",
                    ],
                    lines=["550 5.1.1 <{w}.{v}@example.org>: unknown user", "{w} {v}"],
                    filler=3,
                ),
                victim="rechnung+2026@stadtwerke.example",
            ): 190,
        },
    ),
    Scene(
        "stolen account with random senders",
        72,
        _SCHOOL,
        {
            **everyday(260),
            mailing: 40,
            stolen(
                Flood(
                    start=4.5,
                    hours=4.4,
                    subjects=["Konto {n} gesperrt - {w}", "Ihr {w} wartet", "{w}: letzte Mahnung Nr. {n}"],
                    lines=["Bitte melden Sie sich an:", "http://{w}-{v}.example.com/{h}/login"],
                    filler=2,
                    reason="host mx.example.org[198.51.100.2] said: 421 4.7.0 Try again later (in reply to MAIL FROM command)",
                ),
                login="sekretariat",
                senders="{w}-{v}{n}@{w}.{v}.example.com",
                networks=40,
            ): 900,
            stranded("eltern.example.org", kind=shop, reason=_REFUSED): 20,
        },
    ),
    Scene(
        "botnet with one URL path",
        73,
        _CITY,
        {
            **everyday(2000),
            ordered: 150,
            botnet(
                Flood(
                    start=29,
                    hours=28,
                    subjects=["{w}", "{w} {v}", "Re: {w}", "{w} {n}", "Fwd: {w} {v} {w}"],
                    lines=["{w} {v} {w}", "https://{w}{v}.example.com/wp-content/plugins/{h}/track.html", "{v}"],
                    filler=2,
                ),
                senders="{w}{v}@{v}{w}{n}.example.com",
                named=0.7,
            ): 160,
        },
    ),
    Scene(
        "newsletter beside spam",
        74,
        _SCHOOL,
        {
            **everyday(400),
            newsletter(
                sender="rundbrief@verein.example.net",
                subject="Rundbrief Nr. 42: Sommerfest im Garten",
                hours=2,
                headers=("List-Unsubscribe: <mailto:weg@verein.example.net>",),
            ): 700,
            botnet(
                Flood(
                    start=3,
                    hours=2.5,
                    subjects=["Ihre Lieferung {n} liegt bereit", "Ihre Lieferung {n} kommt heute"],
                    lines=["https://paket.example.com/{h}/{w}", "{w}"],
                ),
                senders="{v}{w}@{w}.example.com",
                named=0.1,
            ): 120,
        },
    ),
    Scene(
        "destination outage",
        75,
        _SCHOOL,
        {
            **everyday(200),
            stranded("aula.example.org", kind=employee, reason=_REFUSED): 500,
            stranded("aula.example.org", kind=shop, reason=_REFUSED): 300,
            stranded("aula.example.org", kind=cron, reason=_REFUSED): 150,
            stranded("aula.example.org", kind=incoming, reason=_REFUSED): 250,
            stranded(
                "aula.example.org",
                kind=newsletter(sender="info@verein.example.net", subject="Einladung", hours=1),
                reason=_REFUSED,
            ): 100,
        },
        is_flooded=False,
    ),
)
