# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What happens on a made-up server: submissions with the time at which each is to happen, and whose account is stolen.

Pure: the same kind gives the same plan.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Callable, Sequence

from tests.fleet.mixture import NAMES

MINUTE = 60
HOUR = 3600
DAY = 24 * HOUR

# What the sink of the lab does with a domain that is not here: it accepts (see logs.py).
REFUSING_DOMAINS = ("reject.example.org", "gone.example.net")
DEFERRING_DOMAINS = ("busy.example.org", "full.example.net")
PEOPLE = tuple(NAMES.split()[:40])
PARTNERS = tuple("dest%d.example.org" % number for number in range(25))


@dataclass(frozen=True)
class Submission:
    """One connection of a client, and what it does: it logs in, and sends one message or none."""

    time: float
    """Seconds since the midnight at which the plan begins."""
    account: str | None
    """None: the client does not log in, as another mail server, and sends through port 25."""
    client_address: str
    """IPv4."""
    sender: str = ""
    recipients: Sequence[str] = ()
    """None of them: the client logs in and leaves."""
    password_is_right: bool = True
    """If it is wrong, the server refuses the login and the client leaves."""


@dataclass(frozen=True)
class Plan:
    """All that happens, and the accounts that somebody else uses; an innocent plan has none."""

    submissions: Sequence[Submission]
    stolen: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Site:
    """The server of a kind: its domain, the names of its accounts, and chance."""

    rng: random.Random
    domain: str
    people: Sequence[str]
    """Local parts of the accounts."""
    partners: Sequence[str]
    """Domains that exchange mail with it."""
    days: int = 1
    logins_have_domain: bool = True

    def account(self, name: str) -> str:
        """Return how somebody logs in."""
        return self.address(name) if self.logins_have_domain else name

    def address(self, name: str) -> str:
        """Return a mail address of the domain."""
        return "%s@%s" % (name, self.domain)

    def outsider(self) -> str:
        """Return the address of somebody elsewhere."""
        return "%s%d@%s" % (self.rng.choice(self.people), self.rng.randrange(100), self.rng.choice(self.partners))

    def outsiders(self, least: int, most: int) -> list[str]:
        """Return different addresses elsewhere."""
        wanted = self.rng.randint(least, most)
        found: dict[str, None] = {}
        while len(found) < wanted:
            found[self.outsider()] = None
        return list(found)

    def victims(self, number: int) -> list[str]:
        """Return so many addresses of a spammer's list: many do not exist any more."""
        domains = [*self.partners, *REFUSING_DOMAINS, *DEFERRING_DOMAINS]
        return [
            "%s%05d@%s" % (self.word(), self.rng.randrange(10**5), self.rng.choice(domains))
            for _number in range(number)
        ]

    def word(self) -> str:
        """Return a random word."""
        return "".join(
            self.rng.choice("bdfgklmnprstvz") + self.rng.choice("aeiou") for _number in range(self.rng.randint(2, 4))
        )

    def at(self, day: int, hour: float, minutes: float = 0.0) -> float:
        """Return a moment: hours of a day (from 0), and up to so many minutes later."""
        return day * DAY + hour * HOUR + self.rng.uniform(0, minutes * MINUTE)

    def working_hour(self, day: int) -> float:
        """Return a moment of the day at which people write mail: most of it between 8 and 18 o'clock."""
        hour = self.rng.triangular(7, 19, 10.5) if self.rng.random() < 0.85 else self.rng.uniform(6, 23.9)
        return day * DAY + hour * HOUR

    def within(self, network: str) -> str:
        """Return an address of a network that is written as its first octets: "198.51.100" or "100.64"."""
        octets = network.split(".")
        octets += [str(self.rng.randint(1, 254)) for _number in range(4 - len(octets))]
        return ".".join(octets)


@dataclass(frozen=True)
class Kind:
    """A row of a table of kinds: what makes the plan, and the site it happens at."""

    name: str
    plan: Callable[[Site], Plan]
    domain: str = "example.com"
    days: int = 1
    logins_have_domain: bool = True
    people: Sequence[str] = PEOPLE
    partners: Sequence[str] = PARTNERS

    def make(self) -> Plan:
        """Return the plan, its submissions in the order of time."""
        rng = random.Random("%s/%s" % (self.name, self.domain))
        site = Site(
            rng=rng,
            domain=self.domain,
            people=self.people,
            partners=self.partners,
            days=self.days,
            logins_have_domain=self.logins_have_domain,
        )
        plan = self.plan(site)
        return Plan(sorted(plan.submissions, key=lambda submission: submission.time), plan.stolen)
