# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ordinary mail at the sites of the kinds that are held out: a university, an engineering firm, and a hosting provider.

Everybody has some correspondents to whom most letters go. A home line gets another address each night. A mobile network has a
few addresses that all its clients share. Webmail submits for its users from its own address, and so does a big mail provider
for those who have their mail there.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Callable, Iterator, Sequence

from tests.suspects.plan import DAY, DEFERRING_DOMAINS, HOUR, MINUTE, REFUSING_DOMAINS, Site, Submission

WEBMAIL = "203.0.113.14"
# A mail provider that sends through the server of the user's own domain, from whichever machine it likes.
BIG_PROVIDER = ("209.85.208", "209.85.214", "209.85.216", "209.85.218", "209.85.221", "74.125.82")
_VPN_EXITS = ("146.70.124", "185.159.157", "193.32.127", "89.187.180")
_ABROAD = ("131.111.5", "128.178.84", "158.109.30", "193.171.64", "147.32.110")
_SERVERS_OF_OTHERS = ("198.18.20", "198.18.77", "198.19.3", "198.19.140", "198.51.100")
_PUBLIC_NAMES = ("info", "office", "admin", "service", "test", "scan", "webmaster", "postmaster")


@dataclass(frozen=True)
class Place:
    """A kind of site."""

    habits: Sequence[Habit]
    """Dealt out to the people in turn."""
    offices: Sequence[str]
    """The addresses behind which its own network is."""
    homes: Sequence[str]
    """Networks of access providers."""
    mobile: Sequence[str]
    """Networks of mobile providers."""
    domains: Sequence[str] = ()
    """Of its customers, who are dealt out to them in turn; none: all people have addresses of the site's domain."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account, on one day."""

    site: Site
    place: Place
    number: int
    """Among the people of the site."""
    day: int = 0

    @property
    def name(self) -> str:
        return self.site.people[self.number]

    @property
    def domain(self) -> str:
        domains = self.place.domains or [self.site.domain]
        return domains[self.number % len(domains)]

    @property
    def address(self) -> str:
        return "%s@%s" % (self.name, self.domain)

    @property
    def account(self) -> str:
        """How the person logs in."""
        return self.address if self.site.logins_have_domain else self.name

    def office(self) -> str:
        return self.site.rng.choice(self.place.offices)

    def home(self) -> str:
        """Return the address of the person's home on this day."""
        line = number_of(self.name, "home", self.day)
        return "%s.%d.%d" % (_one_of(self.place.homes, self.name), line % 250 + 1, line // 250 % 250 + 1)

    def phone(self) -> str:
        """Return the address of the person's phone at this moment: one of its provider's."""
        network = _one_of(self.place.mobile, self.name + "phone")
        return "%s.%d.%d" % (network, self.site.rng.randrange(16, 22), self.site.rng.randrange(1, 31))

    def correspondent(self, number: int) -> str:
        """Return one of those to whom the person writes, always the same for the same number."""
        chosen = number_of(self.name, number)
        local = self.site.people[chosen % len(self.site.people)].replace(".", "")
        return "%s%d@%s" % (local, number, self.site.partners[chosen // 64 % len(self.site.partners)])

    def colleagues(self, least: int, most: int) -> list[str]:
        wanted = self.site.rng.randint(least, most)
        numbers = self.site.rng.sample(range(len(self.site.people)), wanted)
        return [Person(self.site, self.place, number).address for number in numbers]

    def correspondents(self, least: int, most: int) -> list[str]:
        """Return different correspondents, mostly those that the person often writes to."""
        wanted = self.site.rng.randint(least, most)
        numbers: dict[int, None] = {}
        while len(numbers) < wanted:
            numbers[int(self.site.rng.triangular(0, 30 + 2 * most, 0))] = None
        return [self.correspondent(number) for number in numbers]

    def letter(self, time: float, client_address: str, *, sender: str | None = None) -> Submission:
        """Return an ordinary letter. One in 60 has a mistyped address or one of a host that is down."""
        chance = self.site.rng.random()
        if chance < 0.27:
            recipients = self.colleagues(1, 2)
        elif chance < 0.93:
            recipients = self.correspondents(1, 2)
        elif chance < 0.98:
            recipients = self.correspondents(3, 12)
        else:
            recipients = [self.site.outsider()]
        if self.site.rng.random() < 1 / 60:
            recipients[-1] = "%s@%s" % (self.site.word(), self.site.rng.choice(REFUSING_DOMAINS + DEFERRING_DOMAINS))
        return Submission(time, self.account, client_address, self.address if sender is None else sender, recipients)

    def letters(self, least: int, most: int, where: Callable[[], str]) -> Iterator[Submission]:
        """Return letters at the hours at which people write, each from an address that where() returns."""
        for _turn in range(self.site.rng.randint(least, most)):
            yield self.letter(hour(self.site, self.day), where())

    def refused(self, time: float, client_address: str) -> Submission:
        """Return a login with a wrong password."""
        return Submission(time, self.account, client_address, password_is_right=False)


Habit = Callable[[Person], Iterator[Submission]]


def number_of(*parts: object) -> int:
    """Return a number that is always the same for the same parts."""
    return zlib.crc32("/".join(map(str, parts)).encode())


def _one_of(choices: Sequence[str], name: str) -> str:
    return choices[number_of(name) % len(choices)]


def hour(site: Site, day: int) -> float:
    """Return a moment at which people write: in the morning, in the afternoon, and some in the evening."""
    chance = site.rng.random()
    if chance < 0.48:
        hours = site.rng.triangular(7.2, 13, 9.4)
    elif chance < 0.88:
        hours = site.rng.triangular(12.8, 18.8, 15)
    else:
        hours = site.rng.uniform(18.5, 23.9)
    return day * DAY + hours * HOUR


def ordinary(site: Site, place: Place) -> list[Submission]:
    """Return the ordinary submissions of all days of a site."""
    found: list[Submission] = []
    for day in range(site.days):
        for number in range(len(site.people)):
            found += place.habits[number % len(place.habits)](Person(site, place, number, day))
        found += _devices(site, place, day)
        found += _incoming(site, place, day)
        found += _loud_guessing(site, place, day)
        found += _quiet_guessing(site, place, day)
    return found


def at_a_desk(person: Person) -> Iterator[Submission]:
    """Write from the office only."""
    yield from person.letters(2, 20, person.office)


def at_home(person: Person) -> Iterator[Submission]:
    """Work at home, on some days through the VPN of the office."""
    yield from person.letters(3, 14, person.home if person.site.rng.random() < 0.7 else person.office)


def with_a_phone(person: Person) -> Iterator[Submission]:
    """Write from a phone, which is at times in the wireless network at home, and which at times logs in and sends nothing."""

    def where() -> str:
        return person.home() if person.site.rng.random() < 0.35 else person.phone()

    yield from person.letters(4, 12, where)
    for _turn in range(person.site.rng.randint(2, 9)):
        yield Submission(hour(person.site, person.day), person.account, where())


def by_webmail(person: Person) -> Iterator[Submission]:
    """Write by webmail, from wherever."""
    yield from person.letters(1, 9, lambda: WEBMAIL)


def through_a_big_provider(person: Person) -> Iterator[Submission]:
    """Have the mail at a big provider, which sends through this server."""
    yield from person.letters(2, 10, lambda: person.site.within(person.site.rng.choice(BIG_PROVIDER)))


def for_somebody_else(person: Person) -> Iterator[Submission]:
    """Write for the director, too; on some days there is an invitation to many."""
    director = Person(person.site, person.place, person.number % 7).address
    for _turn in range(person.site.rng.randint(5, 18)):
        sender = director if person.site.rng.random() < 0.4 else person.address
        yield person.letter(hour(person.site, person.day), person.office(), sender=sender)
    if person.site.rng.random() < 0.4:
        time = hour(person.site, person.day)
        yield Submission(time, person.account, person.office(), director, person.correspondents(12, 40))


def for_a_group(person: Person) -> Iterator[Submission]:
    """Write some letters, and on some days one to all members of a group."""
    yield from person.letters(2, 6, person.home)
    if person.site.rng.random() < 0.3:
        time = hour(person.site, person.day)
        yield Submission(time, person.account, person.home(), person.address, person.correspondents(25, 48))


def abroad(person: Person) -> Iterator[Submission]:
    """Be at a meeting in another country: its wireless network, and one's own phone."""

    def where() -> str:
        if person.site.rng.random() < 0.4:
            return person.phone()
        return person.site.within(_one_of(_ABROAD, "%s%d" % (person.name, person.day)))

    yield from person.letters(3, 9, where)


def behind_a_vpn(person: Person) -> Iterator[Submission]:
    """Use a commercial VPN, whose exits are in some countries."""
    yield from person.letters(2, 7, lambda: person.site.within(person.site.rng.choice(_VPN_EXITS)))


def with_a_stale_device(person: Person) -> Iterator[Submission]:
    """Write at the office, while a tablet at home has a message in its outbox and the password of last year."""
    yield from person.letters(3, 10, person.office)
    time = person.site.at(person.day, 0, 60)
    while time < (person.day + 1) * DAY:
        yield person.refused(time, person.home())
        time += person.site.rng.uniform(40, 75) * MINUTE


def with_receipts(person: Person) -> Iterator[Submission]:
    """Write, and return receipts, which have no sender."""
    yield from person.letters(2, 11, lambda: person.site.rng.choice([person.office(), person.home()]))
    for _turn in range(person.site.rng.randint(0, 3)):
        time = hour(person.site, person.day)
        yield Submission(time, person.account, person.office(), "", person.correspondents(1, 1))


def seldom(person: Person) -> Iterator[Submission]:
    """Write hardly ever."""
    yield from person.letters(0, 2, lambda: person.site.rng.choice([person.home(), person.phone(), person.office()]))


def with_a_form(person: Person) -> Iterator[Submission]:
    """Have a web site with a form: what visitors write comes with their addresses as senders, from the web server."""
    yield from person.letters(1, 5, person.home)
    server = "203.0.113.%d" % (140 + person.number)
    for _turn in range(person.site.rng.randint(6, 30)):
        time = hour(person.site, person.day)
        yield Submission(time, person.account, server, person.site.outsider(), [person.address])


UNIVERSITY = Place(
    habits=(
        at_a_desk, with_a_phone, by_webmail, seldom, abroad, seldom, through_a_big_provider, at_home, for_a_group,
        by_webmail, with_a_stale_device, for_somebody_else, with_a_phone, at_a_desk, behind_a_vpn,
    ),
    offices=("192.0.2.65", "192.0.2.66", "192.0.2.67", "192.0.2.68"),
    homes=("151.44", "79.17", "93.40", "87.3"),
    mobile=("5.90", "37.160", "151.38"),
)  # fmt: skip
FIRM = Place(
    habits=(
        at_a_desk, at_home, at_a_desk, for_somebody_else, with_receipts, with_a_phone, at_a_desk, abroad,
        with_a_stale_device, at_home, at_a_desk, by_webmail,
    ),
    offices=("192.0.2.201", "192.0.2.202"),
    homes=("86.12", "82.34", "90.205", "81.151"),
    mobile=("82.132", "213.205", "148.252"),
)  # fmt: skip
HOSTING = Place(
    habits=(
        at_home, by_webmail, with_a_form, with_a_phone, for_a_group, through_a_big_provider, seldom, at_home,
        with_a_form, with_receipts, with_a_phone, behind_a_vpn, seldom,
    ),
    offices=("91.198.7.4", "91.198.7.5", "185.12.64.30", "62.113.9.18"),
    homes=("83.24", "89.72", "178.36", "188.146"),
    mobile=("31.60", "37.47", "94.254"),
    domains=(
        "bakery.example", "dentist.example", "roofs.example", "choir.example", "garage.example", "notary.example",
        "vineyard.example", "yoga.example", "printshop.example",
    ),
)  # fmt: skip


def _devices(site: Site, place: Place, day: int) -> Iterator[Submission]:
    """A store of backups reports, and a copier sends what it scans."""
    reader = Person(site, place, 2).address
    for turn in range(8):
        time = site.at(day, 1 + turn / 2, 5)
        yield Submission(
            time, site.account("backup"), place.offices[0], "root@nas%d.%s" % (turn % 3, site.domain), [reader]
        )
    for _turn in range(site.rng.randint(4, 25)):
        recipients = [Person(site, place, site.rng.randrange(len(site.people))).address]
        sender = site.address("copier")
        yield Submission(hour(site, day), site.account("copier"), place.offices[0], sender, recipients)


def _incoming(site: Site, place: Place, day: int) -> Iterator[Submission]:
    for _turn in range(site.rng.randint(110, 170)):
        recipients = [Person(site, place, site.rng.randrange(len(site.people))).address]
        client_address = site.within(site.rng.choice(_SERVERS_OF_OTHERS))
        yield Submission(hour(site, day), None, client_address, site.outsider(), recipients)


def _account_to_guess(site: Site, place: Place) -> str:
    """Return an account whose password strangers try; names that every site has come often."""
    if site.rng.random() < 0.35:
        return site.account(site.rng.choice(_PUBLIC_NAMES))
    return Person(site, place, site.rng.randrange(len(site.people))).account


def _loud_guessing(site: Site, place: Place, day: int) -> Iterator[Submission]:
    """Three servers try one password after the other for an hour."""
    for network in ("141.98.11", "80.94.95", "78.153.140"):
        client_address, start = site.within(network), site.at(day, site.rng.uniform(0, 22))
        for _turn in range(site.rng.randint(25, 45)):
            time = start + site.rng.uniform(0, HOUR)
            yield Submission(time, _account_to_guess(site, place), client_address, password_is_right=False)


def _quiet_guessing(site: Site, place: Place, day: int) -> Iterator[Submission]:
    """A botnet tries each account now and then, each time from somewhere else."""
    for _turn in range(site.rng.randint(80, 130)):
        client_address = site.within("%d.%d" % (site.rng.randint(101, 124), site.rng.randrange(1, 254)))
        yield Submission(
            site.at(day, 0, 24 * 60), _account_to_guess(site, place), client_address, password_is_right=False
        )
