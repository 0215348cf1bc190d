# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Held out: days on which accounts are stolen. In all of them the owner goes on as usual."""

from __future__ import annotations

from typing import Iterator

from tests.suspects.held_out_background import FIRM, HOSTING, UNIVERSITY, WEBMAIL, Person, Place, ordinary
from tests.suspects.held_out_sites import firm, freemail, hosting, strangers, university
from tests.suspects.plan import DAY, HOUR, MINUTE, Plan, Site, Submission


def _plan(site: Site, place: Place, abuse: Iterator[Submission], *stolen: str) -> Plan:
    """Return the ordinary mail of a site and what somebody else does with the stolen accounts."""
    return Plan([*ordinary(site, place), *abuse], frozenset(stolen))


def botnet_of_homes(site: Site) -> Plan:
    """340 infected homes in some 40 countries send a few messages each, from one afternoon to the next morning.

    An operator counted 342 addresses and 41 countries for one account, with few messages at a time.
    """
    owner = Person(site, FIRM, 10)
    countries = ["%d.%d" % (site.rng.randint(128, 222), site.rng.randrange(256)) for _country in range(41)]

    def spam() -> Iterator[Submission]:
        for _bot in range(340):
            client_address = site.within(site.rng.choice(countries))
            time = site.at(0, 15.5, 14 * 60)
            for _turn in range(site.rng.choice((1, 1, 2, 2, 3, 4, 6))):
                recipients = strangers(site, 1, 3, dead=0.2)
                yield Submission(time, owner.account, client_address, owner.address, recipients)
                time += site.rng.uniform(1, 40) * MINUTE

    return _plan(site, FIRM, spam(), owner.account)


def rented_server(site: Site) -> Plan:
    """Two messages as a trial at night; the day after, a bought list, with the owner's address. Many of the list do not exist."""
    owner = Person(site, HOSTING, 7)
    server = "194.87.151.23"

    def spam() -> Iterator[Submission]:
        for turn in range(2):
            time = site.at(0, 0.6 + turn * 0.1, 3)
            yield Submission(time, owner.account, server, owner.address, [freemail(site)])
        time = site.at(1, 10, 30)
        for _turn in range(620):
            yield Submission(time, owner.account, server, owner.address, strangers(site, 1, 6, dead=0.3))
            time += site.rng.uniform(8, 32)

    return _plan(site, HOSTING, spam(), owner.account)


def found_slowly(site: Site) -> Plan:
    """A password is tried every 25 minutes for two days, and found. In the morning the owner's correspondents get phishing."""
    owner = Person(site, FIRM, 4)
    networks = ("185.36.81", "46.148.40", "77.90.185", "5.188.206", "195.178.110", "93.123.109")
    exit_of_vpn = "154.47.22.131"

    def attack() -> Iterator[Submission]:
        time = site.at(0, 0, 20)
        while time < 2 * DAY + 2 * HOUR:
            yield owner.refused(time, site.within(site.rng.choice(networks)))
            time += site.rng.uniform(15, 35) * MINUTE
        yield Submission(time, owner.account, site.within(networks[0]))
        yield Submission(site.at(2, 4.5, 30), owner.account, exit_of_vpn)
        time = site.at(2, 8.6, 10)
        for number in range(230):
            yield Submission(time, owner.account, exit_of_vpn, owner.address, _address_book(owner, number))
            time += site.rng.uniform(6, 18)

    return _plan(site, FIRM, attack(), owner.account)


def _address_book(owner: Person, number: int) -> list[str]:
    """Return an entry of the owner's address book; some are out of date."""
    if owner.site.rng.random() < 0.05:
        return strangers(owner.site, 1, 1, dead=1)
    return [owner.correspondent(number)]


def phished_at_night(site: Site) -> Plan:
    """Somebody gave the password to a false web page. For three hours of the night, some hosts send in the name of others."""
    owner = Person(site, UNIVERSITY, 16)
    hosts = [site.within(network) for network in ("23.94.62", "107.172.31", "162.33.178", "45.8.146", "91.92.250")]

    def spam() -> Iterator[Submission]:
        yield Submission(site.at(0, 21.3, 10), owner.account, hosts[3])
        for _turn in range(460):
            sender = "%s@%s%s.example" % (site.rng.choice(("service", "noreply", "support")), site.word(), site.word())
            recipients = strangers(site, 1, 12, dead=0.15)
            yield Submission(site.at(1, 1.1, 190), owner.account, site.rng.choice(hosts), sender, recipients)

    return _plan(site, UNIVERSITY, spam(), owner.account)


def two_at_once(site: Site) -> Plan:
    """A gang phished two customers of a hosting provider. It uses the second account when the first has sent for two hours."""
    first, second = Person(site, HOSTING, 13), Person(site, HOSTING, 24)
    proxies = [
        site.within("%d.%d" % (site.rng.choice((31, 88, 176, 195)), site.rng.randrange(256))) for _turn in range(24)
    ]

    def spam() -> Iterator[Submission]:
        for _turn in range(110):
            recipients = strangers(site, 20, 45, dead=0.22)
            yield Submission(site.at(0, 10.5, 150), first.account, site.rng.choice(proxies), first.address, recipients)
        for _turn in range(260):
            sender = "%s@%s" % (site.rng.choice(("invoice", "billing", "accounts", second.name)), second.domain)
            recipients = strangers(site, 3, 12, dead=0.22)
            yield Submission(site.at(0, 12.6, 210), second.account, site.rng.choice(proxies), sender, recipients)

    return _plan(site, HOSTING, spam(), first.account, second.account)


def infected_computer(site: Site) -> Plan:
    """Malware on the owner's computer at the office sends with the password of the mail program, one message after the other."""
    owner = Person(site, FIRM, 24)

    def spam() -> Iterator[Submission]:
        time = site.at(0, 9.3, 10)
        for number in range(280):
            recipients = _address_book(owner, number) if site.rng.random() < 0.5 else strangers(site, 1, 1, dead=0.1)
            yield Submission(time, owner.account, FIRM.offices[0], owner.address, recipients)
            time += site.rng.uniform(20, 95)

    return _plan(site, FIRM, spam(), owner.account)


def by_hand_in_webmail(site: Site) -> Plan:
    """Somebody pastes a list into webmail, part by part, for an evening: the client is the webmail server, as for other users."""
    owner = Person(site, UNIVERSITY, 9)

    def spam() -> Iterator[Submission]:
        time = site.at(0, 17.4, 20)
        while time < 23.4 * HOUR:
            recipients = strangers(site, 15, 48, dead=0.25)
            yield Submission(time, owner.account, WEBMAIL, owner.address, recipients)
            time += site.rng.uniform(1, 4) * MINUTE

    return _plan(site, UNIVERSITY, spam(), owner.account)


def forgotten_account(site: Site) -> Plan:
    """An account for trials has its name as the password. It is found at the ninth attempt, and sends a little for 36 hours."""
    account, networks = site.account("prova"), ("102.90.43", "105.113.12", "197.211.58", "41.217.81")
    banks = ["%s@%s-bank.example" % (site.word(), site.word()) for _bank in range(4)]

    def spam() -> Iterator[Submission]:
        start = site.at(0, 6.5, 30)
        for turn in range(8):
            yield Submission(start + turn * 7, account, "102.90.43.77", password_is_right=False)
        for _turn in range(330):
            time = start + HOUR + site.rng.uniform(0, 36 * HOUR)
            network = networks[int(time // (5 * HOUR)) % len(networks)]
            recipients = strangers(site, 1, 4, dead=0.18)
            client_address = "%s.%d" % (network, site.rng.randint(10, 40))
            yield Submission(time, account, client_address, site.rng.choice(banks), recipients)

    return _plan(site, UNIVERSITY, spam(), account)


STOLEN = (
    firm("stolen: botnet of homes, few messages each", botnet_of_homes, days=2),
    hosting("stolen: rented server, bought list", rented_server, days=2),
    firm("stolen: password found slowly, phishing to correspondents", found_slowly, days=3),
    university("stolen: phished, some hosts at night", phished_at_night, days=2),
    hosting("stolen: two customers, one gang", two_at_once),
    firm("stolen: infected computer at the office", infected_computer),
    university("stolen: by hand in webmail", by_hand_in_webmail),
    university("stolen: forgotten account, a little at a time", forgotten_account, days=2),
)
