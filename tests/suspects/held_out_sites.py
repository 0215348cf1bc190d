# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sites of the kinds that are held out: their domains, their people, and whom they exchange mail with."""

from __future__ import annotations

from typing import Callable

from tests.suspects.plan import DEFERRING_DOMAINS, REFUSING_DOMAINS, Kind, Plan, Site

_STAFF = """
a.bianchi b.ferrari c.russo d.colombo e.ricci f.marino g.greco h.bruno i.gallo l.costa m.fontana n.esposito
o.serra p.vitale q.leone r.longo s.gentile t.martini u.santoro v.mancini z.lombardi aurora.villa bruno.monti
chiara.riva dario.sala elisa.bassi fabio.neri giada.pace ivan.testa laura.fiore marco.rota nina.valle omar.silva
paola.grassi rita.parisi sara.amato tito.conte ugo.palma vera.orsini walter.pini
"""
_ENGINEERS = """
ahmed.khan alice.morgan amy.webb ben.carter carys.evans chloe.hughes dan.fletcher dev.patel ella.shaw emma.reid
finlay.stewart fiona.grant george.holt grace.lowe harry.dunn isla.boyd jack.marsh james.frost joan.burke kate.ellis
leo.barnes liam.walsh lucy.nash mark.doyle megan.price mo.rahman nia.lloyd oliver.kerr owen.rees priya.nair
rob.sutton ruth.bell sam.wilde sian.parry tess.crane tom.archer una.quinn vic.stone will.hart yusuf.ali zoe.fry
"""
_CUSTOMERS = """
biuro kontakt anna.nowak jan.mazur ewa.krol piotr.duda zofia.lis adam.wilk maria.baran tomek sklep rezerwacje
ola.pawlak marek.kot iga.wrona lech.sroka basia kasia.bak pawel.sowa gosia recepcja hanna.zajac rafal.dudek
iza.kos kuba.czyz monika wojtek.gil beata.rak darek.szulc julia.cies klub zarzad leon.kubik marta.zuk nela.bury
radek.pych stefan.klos teresa.mroz wanda.gaj zenon.bielak
"""

# Most people have their mail at one of a few providers, so their domains come often.
_FREEMAIL = ("freemail.example.net", "postbox.example.net", "mailbox.example.net", "inbox.example.net")
_FIRMS = """
aldermoor birchgate caldwell dunmore eastlea fenwick glenholm harrowby inverleith kestrel langdale mossbank northolt
oakhanger penrith quarrydale ravensby stowell thornhill upcott varley westbrook yarrow zennor
"""
_BODIES = "archive bureau council district embassy foundation guild library"
_PARTNERS = (
    *(_FREEMAIL * 8),
    *("%s.example" % word for word in _FIRMS.split()),
    *("%s.example.org" % word for word in _BODIES.split()),
)


def university(name: str, plan: Callable[[Site], Plan], *, days: int = 1) -> Kind:
    """Return a kind at a university, where people log in without a domain."""
    people = _STAFF.split()
    return Kind(name, plan, "ateneo.example", days, logins_have_domain=False, people=people, partners=_PARTNERS)


def firm(name: str, plan: Callable[[Site], Plan], *, days: int = 1) -> Kind:
    """Return a kind at an engineering firm."""
    return Kind(name, plan, "bridgeworks.example", days, people=_ENGINEERS.split(), partners=_PARTNERS)


def hosting(name: str, plan: Callable[[Site], Plan], *, days: int = 1) -> Kind:
    """Return a kind at a hosting provider, whose customers have domains of their own."""
    return Kind(name, plan, "hostpark.example", days, people=_CUSTOMERS.split(), partners=_PARTNERS)


def freemail(site: Site) -> str:
    """Return an address at a provider of free mail."""
    return "%s%d@%s" % (site.word(), site.rng.randrange(1000), site.rng.choice(_FREEMAIL))


def strangers(site: Site, least: int, most: int, *, dead: float) -> list[str]:
    """Return addresses of a list. Of so large a share the addressee does not exist; one in 40 is at a host that is down."""
    found = []
    for _turn in range(site.rng.randint(least, most)):
        chance = site.rng.random()
        domain = site.rng.choice(site.partners)
        if chance < dead:
            domain = site.rng.choice(REFUSING_DOMAINS)
        elif chance < dead + 0.025:
            domain = site.rng.choice(DEFERRING_DOMAINS)
        found.append("%s.%s%d@%s" % (site.word(), site.word(), site.rng.randrange(100), domain))
    return found
