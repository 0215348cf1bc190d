# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kinds that the rules for suspects were written with."""

from __future__ import annotations

from typing import Iterator

from tests.suspects.background import OFFICE, background, home
from tests.suspects.plan import DAY, MINUTE, Kind, Plan, Site, Submission

# A botnet's clients are in networks of access providers all over the world.
_BOTNET = tuple(
    "%d.%d" % (first, second) for first in (14, 27, 41, 103, 113, 177, 181, 190) for second in range(3, 60, 9)
)
_RENTED_SERVER = "45.155.204.17"


def many_networks(site: Site) -> Plan:
    """A botnet sends through one account, with random senders, for two hours of a night."""
    thief = site.people[3]

    def spam() -> Iterator[Submission]:
        for _turn in range(500):
            sender = "%s%d@%s.example.net" % (site.word(), site.rng.randrange(1000), site.word())
            client_address = site.within("%s.%d" % (site.rng.choice(_BOTNET), site.rng.randrange(250)))
            time = site.at(1, 2, 120)
            yield Submission(time, site.account(thief), client_address, sender, site.victims(site.rng.randint(1, 8)))

    return Plan([*background(site), *spam()], frozenset([site.account(thief)]))


def own_sender(site: Site) -> Plan:
    """A rented server sends as fast as it can through one account, with the account's own address."""
    thief = site.people[0]

    def spam() -> Iterator[Submission]:
        for _turn in range(700):
            sender = site.address(thief)
            yield Submission(site.at(0, 13, 30), site.account(thief), _RENTED_SERVER, sender, site.victims(2))

    return Plan([*background(site), *spam()], frozenset([site.account(thief)]))


def slow_thief(site: Site) -> Plan:
    """A thief sends to 40 recipients an hour for a day, from a few countries, with the account's own address."""
    thief = site.people[2]
    places = ("102.89.33", "41.190.3", "154.120.95", "188.43.136", "5.62.60", "37.19.200")

    def spam() -> Iterator[Submission]:
        for hour in range(24):
            for _turn in range(10):
                client_address = site.within(places[(hour // 3 + site.rng.randrange(2)) % len(places)])
                time = site.at(0, 9 + hour, 60)
                yield Submission(time, site.account(thief), client_address, site.address(thief), site.victims(4))

    return Plan([*background(site), *spam()], frozenset([site.account(thief)]))


def guessed(site: Site) -> Plan:
    """A password is guessed after many attempts; then a few networks send with senders of the site's own domain."""
    thief = site.people[4]
    account = site.account(thief)
    networks = ("193.56.28", "45.129.14", "92.118.39")

    def attack() -> Iterator[Submission]:
        for _turn in range(90):
            yield Submission(
                site.at(0, 18, 180), account, site.within(site.rng.choice(networks)), password_is_right=False
            )
        for _turn in range(300):
            sender = site.address(site.rng.choice(site.people))
            client_address = site.within(site.rng.choice(networks))
            yield Submission(site.at(0, 21.2, 90), account, client_address, sender, site.victims(3))

    return Plan([*background(site), *attack()], frozenset([account]))


def two_stolen(site: Site) -> Plan:
    """Two accounts are stolen at once, and a newsletter is sent at the same time."""
    fast, slow = site.people[5], site.people[12]

    def spam() -> Iterator[Submission]:
        for _turn in range(250):
            sender = "%s@%s.example" % (site.word(), site.word())
            client_address = site.within("%s.%d" % (site.rng.choice(_BOTNET), site.rng.randrange(250)))
            yield Submission(site.at(0, 11, 45), site.account(fast), client_address, sender, site.victims(3))
        for _turn in range(120):
            client_address = site.within(site.rng.choice(("196.44.98", "105.112.40")))
            sender = site.address(slow)
            yield Submission(site.at(0, 8, 600), site.account(slow), client_address, sender, site.victims(10))

    return Plan(
        [*background(site), *letters_of_news(site), *spam()], frozenset([site.account(fast), site.account(slow)])
    )


def letters_of_news(site: Site) -> Iterator[Submission]:
    """A program on the web server sends the newsletter, one message for each reader, in half an hour."""
    for number in range(900):
        time = site.at(0, 10) + number * 2
        sender = site.address("newsletter")
        yield Submission(time, site.account("newsletter"), "203.0.113.80", sender, site.outsiders(1, 1))


def newsletter(site: Site) -> Plan:
    """An account sends the newsletter."""
    return Plan([*background(site), *letters_of_news(site)])


def invoices(site: Site) -> Plan:
    """Once a month the accounting program sends the invoices, with a sender address for each branch."""

    def run() -> Iterator[Submission]:
        for number in range(650):
            sender = site.address("billing-%03d" % (number % 60))
            time = site.at(0, 20) + 4 * number
            yield Submission(time, site.account("accounting"), OFFICE, sender, site.outsiders(1, 2))

    return Plan([*background(site), *run()])


def tickets(site: Site) -> Plan:
    """The ticket system and the shop submit all day and night; their senders do not exist as accounts."""

    def run() -> Iterator[Submission]:
        for _turn in range(450):
            sender = site.address("noreply")
            client_address = site.rng.choice(("203.0.113.21", "203.0.113.22"))
            yield Submission(
                site.working_hour(0), site.account("tickets"), client_address, sender, site.outsiders(1, 4)
            )
        for _turn in range(250):
            sender = "noreply@shop.%s" % site.domain
            yield Submission(
                site.at(0, 0, DAY / MINUTE), site.account("shop"), "203.0.113.99", sender, site.outsiders(1, 1)
            )

    return Plan([*background(site), *run()])


def mistyped(site: Site) -> Plan:
    """Somebody arrives at a hotel, mistypes the password, then gets it right and writes some letters."""
    guest = site.people[6]

    def evening() -> Iterator[Submission]:
        account, client_address, start = site.account(guest), "185.89.36.44", site.at(0, 19)
        for turn in range(7):
            yield Submission(start + 25 * turn, account, client_address, password_is_right=False)
        for turn in range(9):
            time = start + 5 * MINUTE + turn * 4 * MINUTE
            yield Submission(time, account, client_address, site.address(guest), site.outsiders(1, 4))

    return Plan([*background(site), *evening()])


def invitation(site: Site) -> Plan:
    """The chair of a club invites all members from a phone: eight messages to 40 recipients each."""
    chair = site.people[1]

    def letters() -> Iterator[Submission]:
        for turn in range(8):
            time = site.at(0, 20.5) + 40 * turn
            recipients = site.outsiders(40, 40)
            yield Submission(time, site.account(chair), home(chair), site.address(chair), recipients)

    return Plan([*background(site), *letters()])


def quiet(site: Site) -> Plan:
    """Nothing but the background, for two days."""
    return Plan(background(site))


DEVELOPMENT = (
    Kind("stolen: many networks, random senders", many_networks, days=2),
    Kind("stolen: one network, own sender, fast", own_sender, domain="example.org"),
    Kind("stolen: slow, some countries", slow_thief, days=2, logins_have_domain=False),
    Kind("stolen: password guessed", guessed, domain="firm.example"),
    Kind("stolen: two accounts during a newsletter", two_stolen),
    Kind("innocent: newsletter", newsletter, domain="club.example"),
    Kind("innocent: invoices, many senders", invoices),
    Kind("innocent: ticket system and shop", tickets, domain="shop.example", logins_have_domain=False),
    Kind("innocent: mistyped password in a hotel", mistyped),
    Kind("innocent: invitation of a club", invitation, domain="club.example"),
    Kind("innocent: quiet days", quiet, days=2),
)
