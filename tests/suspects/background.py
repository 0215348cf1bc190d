# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ordinary accounts do all day; every kind has it, so that whoever looks for a thief has to look through it.

Addresses: the office is behind one address, homes have one each, and phones change theirs whenever they move.
"""

from __future__ import annotations

from typing import Iterator

from tests.suspects.plan import DAY, Site, Submission

OFFICE = "192.0.2.10"
# Each is a provider of mobile networks, whose clients get another address of it at each connection.
MOBILE = ("80.187", "46.114", "176.7", "92.40")
HOMES = ("84.140", "91.21", "79.235", "217.80", "95.90", "37.4")
HOTELS = ("185.89.36", "62.96.81", "213.61.9", "193.158.64")
SERVERS_OF_OTHERS = "198.18.4"


def background(site: Site) -> list[Submission]:
    """Return a site's ordinary submissions, of all its days."""
    found: list[Submission] = []
    for day in range(site.days):
        for number, name in enumerate(site.people):
            found += _PERSONS[number % len(_PERSONS)](site, name, day)
        found += scanner(site, day)
        found += incoming(site, day)
        found += guessing(site, day)
    return found


def home(name: str) -> str:
    """Return the address of somebody's home, always the same."""
    number = sum(name.encode())
    return "%s.%d.%d" % (HOMES[number % len(HOMES)], number % 250 + 1, number * 7 % 250 + 1)


def phone(site: Site, name: str) -> str:
    """Return the address of somebody's phone at this moment: a provider has some hundred networks."""
    number = sum(name.encode())
    return site.within("%s.%d" % (MOBILE[number % len(MOBILE)], site.rng.randrange(0, 240, 4)))


def _letter(site: Site, time: float, name: str, client_address: str, *, sender: str | None = None) -> Submission:
    colleague = site.address(site.rng.choice(site.people))
    recipients = [colleague] if site.rng.random() < 0.3 else site.outsiders(1, 3)
    if site.rng.random() < 0.03:
        recipients = site.outsiders(8, 25)
    return Submission(time, site.account(name), client_address, sender or site.address(name), recipients)


def office_worker(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write from the office, at times from home."""
    for _turn in range(site.rng.randint(3, 14)):
        client_address = OFFICE if site.rng.random() < 0.8 else home(name)
        yield _letter(site, site.working_hour(day), name, client_address)


def on_the_phone(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write from a phone, whose network changes all the time, and which connects often just to see."""
    for _turn in range(site.rng.randint(5, 16)):
        yield _letter(site, site.working_hour(day), name, phone(site, name))
    for _turn in range(site.rng.randint(5, 20)):
        yield Submission(site.working_hour(day), site.account(name), phone(site, name))


def with_aliases(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write as one's own address, as an address of the team, and as one of one's own domain."""
    senders = [
        site.address(name),
        site.address(name),
        site.address("info"),
        site.address("sales"),
        "me@%s-home.example" % name,
    ]
    for _turn in range(site.rng.randint(3, 12)):
        client_address = site.rng.choice([OFFICE, OFFICE, home(name), phone(site, name)])
        yield _letter(site, site.working_hour(day), name, client_address, sender=site.rng.choice(senders))


def with_extensions(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write with an extension in one's address (recipient_delimiter), another for each correspondent."""
    for _turn in range(site.rng.randint(3, 12)):
        sender = site.address("%s+%s" % (name, site.word()))
        yield _letter(site, site.working_hour(day), name, home(name), sender=sender)


def resending(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write, and at times pass on a message with the sender that it had."""
    yield from office_worker(site, name, day)
    for _turn in range(site.rng.randint(0, 2)):
        yield _letter(site, site.working_hour(day), name, OFFICE, sender=site.outsider())


def forgetful(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write from home; on some days a program still has the old password, and the user corrects it."""
    for _turn in range(site.rng.randint(2, 8)):
        yield _letter(site, site.working_hour(day), name, home(name))
    if site.rng.random() < 0.5:
        start = site.working_hour(day)
        for turn in range(site.rng.randint(1, 4)):
            yield Submission(start + 20 * turn, site.account(name), home(name), password_is_right=False)
        yield _letter(site, start + 120, name, home(name))


def travelling(site: Site, name: str, day: int) -> Iterator[Submission]:
    """Write from a hotel, a train and a phone."""
    for _turn in range(site.rng.randint(3, 9)):
        client_address = site.rng.choice([site.within(site.rng.choice(HOTELS)), phone(site, name), phone(site, name)])
        yield _letter(site, site.working_hour(day), name, client_address)


# Dealt out to the people in turn.
_PERSONS = (
    office_worker,
    on_the_phone,
    office_worker,
    with_aliases,
    on_the_phone,
    with_extensions,
    office_worker,
    forgetful,
    travelling,
    resending,
)


def scanner(site: Site, day: int) -> Iterator[Submission]:
    """The copier sends what it scans to colleagues."""
    for _turn in range(site.rng.randint(5, 20)):
        recipients = [site.address(site.rng.choice(site.people))]
        sender = site.address("scanner")
        yield Submission(site.working_hour(day), site.account("scanner"), OFFICE, sender, recipients)


def incoming(site: Site, day: int) -> Iterator[Submission]:
    """Other servers deliver mail; nobody logs in."""
    for _turn in range(site.rng.randint(80, 120)):
        recipients = [site.address(site.rng.choice(site.people))]
        yield Submission(site.working_hour(day), None, site.within(SERVERS_OF_OTHERS), site.outsider(), recipients)


def guessing(site: Site, day: int) -> Iterator[Submission]:
    """Strangers try passwords of all accounts, and of some that do not exist, slowly and from everywhere; all are wrong."""
    names = [*site.people, "admin", "test", "postmaster", "backup"]
    for _turn in range(site.rng.randint(80, 120)):
        client_address = site.within("%d.%d" % (site.rng.randint(11, 62), site.rng.randrange(250)))
        account = site.account(site.rng.choice(names))
        yield Submission(day * DAY + site.rng.uniform(0, DAY), account, client_address, password_is_right=False)
