# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Held out: days on which nothing is stolen, but some account does more than usual, or something else."""

from __future__ import annotations

from typing import Iterator, Sequence

from tests.suspects.held_out_background import BIG_PROVIDER, FIRM, HOSTING, UNIVERSITY, Person, hour, ordinary
from tests.suspects.held_out_sites import firm, freemail, hosting, strangers, university
from tests.suspects.plan import DAY, HOUR, MINUTE, Plan, Site, Submission


def parish_newsletter(site: Site) -> Plan:
    """The parish office sends its newsletter by hand, in parts, from a home line that gets another address meanwhile.

    Some addresses do not exist any more; the secretary corrects those and writes to them once more.
    """
    secretary = Person(site, HOSTING, 0)
    lines = ("83.24.118.60", "83.24.201.147")

    def letters() -> Iterator[Submission]:
        time = site.at(0, 19, 20)
        for turn in range(13):
            recipients = strangers(site, 38, 45, dead=0.03)
            yield Submission(time, secretary.account, lines[turn // 8], secretary.address, recipients)
            time += site.rng.uniform(2, 7) * MINUTE
        for _turn in range(9):
            yield Submission(time, secretary.account, lines[1], secretary.address, strangers(site, 1, 1, dead=0.1))
            time += site.rng.uniform(1, 4) * MINUTE

    return Plan([*ordinary(site, HOSTING), *letters()])


def shop_moves(site: Site) -> Plan:
    """A shop moves to another server: some wrong passwords, then all that waited during the move, then the usual orders."""
    shop = Person(site, HOSTING, 10)
    old, new = "203.0.113.61", "88.198.7.204"

    def orders(day: int, client_address: str, first: float, last: float, number: int) -> Iterator[Submission]:
        for _turn in range(number):
            time = day * DAY + site.rng.uniform(first, last) * HOUR
            sender = "%s@%s" % (site.rng.choice(("orders", "orders", "returns", "noreply")), shop.domain)
            recipients = strangers(site, 1, 1, dead=0.025)
            yield Submission(time, shop.account, client_address, sender, recipients)

    def move() -> Iterator[Submission]:
        yield from orders(0, old, 6, 24, 360)
        yield from orders(1, old, 0, 8, 40)
        for turn in range(6):
            yield shop.refused(site.at(1, 11.2 + turn * 0.05, 2), new)
        yield from orders(1, new, 11.7, 12, 130)
        yield from orders(1, new, 12, 24, 250)

    return Plan([*ordinary(site, HOSTING), *move()])


def outage(site: Site) -> Plan:
    """A core switch fails: monitoring reports each host and service to the engineers, their pagers and some customers, and again
    when they are back. The sender names the host that is meant."""
    monitor = site.account("monitor")
    servers = ("192.0.2.212", "192.0.2.213")
    engineers = [Person(site, FIRM, number).address for number in (0, 2, 6, 10)]
    pagers = ["4479%06d@sms.example" % site.rng.randrange(10**6) for _pager in range(3)]
    customers = strangers(site, 15, 15, dead=0)

    def report(time: float) -> Submission:
        sender = "nagios@host%02d.%s" % (site.rng.randrange(48), site.domain)
        recipients = [*engineers, *pagers] if site.rng.random() < 0.8 else [site.rng.choice(customers)]
        return Submission(time, monitor, site.rng.choice(servers), sender, recipients)

    def storm() -> Iterator[Submission]:
        for _turn in range(35):
            yield report(site.at(0, 0, 24 * 60))
        for start, minutes, number in ((14.2, 12, 290), (14.4, 65, 180), (15.5, 15, 260)):
            for _turn in range(number):
                yield report(site.at(0, start, minutes))

    return Plan([*ordinary(site, FIRM), *storm()])


def salesman(site: Site) -> Plan:
    """A salesman is in three countries within two days, and sends an offer to 150 customers from a hotel, one by one."""
    salesman = Person(site, FIRM, 7)
    morning = ("213.205.18.9", "82.132.19.77", "90.152.31.4")
    train_and_mobile = ("80.215.12.8", "37.169.20.31", "37.169.21.5", "195.68.44.10", "92.184.100.6", "92.184.108.90")
    evening = ("62.159.84.21", "80.187.96.14", "80.187.101.201", "80.187.112.55")

    def day_of(day: int, addresses: Sequence[str]) -> Iterator[Submission]:
        for _turn in range(site.rng.randint(14, 24)):
            yield salesman.letter(hour(site, day), site.rng.choice(addresses))

    def offer() -> Iterator[Submission]:
        time = site.at(1, 20.2, 15)
        for _customer in range(150):
            recipients = strangers(site, 1, 1, dead=0.04)
            yield Submission(time, salesman.account, evening[0], salesman.address, recipients)
            time += site.rng.uniform(5, 15)

    journey = [*day_of(0, morning + train_and_mobile), *day_of(1, train_and_mobile + evening)]
    return Plan([*ordinary(site, FIRM), *journey, *offer()])


def scanners_of_branches(site: Site) -> Plan:
    """The scanners of 38 branches use one account, each from its own line and with its own sender address."""
    lines = ["%s.%d.%d" % (site.rng.choice(FIRM.homes), 10 + branch, 200 - branch) for branch in range(38)]

    def scans() -> Iterator[Submission]:
        for branch, line in enumerate(lines):
            for _turn in range(site.rng.randint(2, 22)):
                # One line in ten gets another address during the day.
                time = hour(site, 0)
                client_address = line if branch % 10 or time < 13 * HOUR else "86.12.77.%d" % (100 + branch)
                inside = site.rng.random() < 0.8
                recipients = [site.address(site.rng.choice(site.people))] if inside else [freemail(site)]
                sender = site.address("mfp-%02d" % branch)
                yield Submission(time, site.account("scans"), client_address, sender, recipients)

    return Plan([*ordinary(site, FIRM), *scans()])


def mailing_lists(site: Site) -> Plan:
    """A list server sends each of three letters with a sender address for each subscriber (VERP)."""
    lists = (("alumni", 410, 9.1), ("seminar", 140, 11.6), ("alumni", 410, 16.3))
    subscribers = {"alumni": strangers(site, 410, 410, dead=0.035), "seminar": strangers(site, 140, 140, dead=0.01)}

    def letters() -> Iterator[Submission]:
        for name, number, start in lists:
            time = site.at(0, start, 20)
            for subscriber in subscribers[name][:number]:
                sender = "%s-bounces+%s@lists.%s" % (name, subscriber.replace("@", "="), site.domain)
                yield Submission(time, site.account("lists"), "192.0.2.80", sender, [subscriber])
                time += site.rng.uniform(0.2, 1.5)

    return Plan([*ordinary(site, UNIVERSITY), *letters()])


def smarthost(site: Site) -> Plan:
    """A customer's own mail server relays the mail of 26 domains through one account, with notices and forwarded mail; for an
    hour it does so from the line that it has in reserve."""
    domains = ["%s%s.example" % (site.word(), site.word()) for _domain in range(26)]
    people = ["%s@%s" % (site.word(), site.rng.choice(domains)) for _person in range(140)]

    def sender() -> str:
        chance = site.rng.random()
        if chance < 0.06:
            return ""
        if chance < 0.16:
            return site.outsider()
        return site.rng.choice(people)

    def relayed() -> Iterator[Submission]:
        for _turn in range(760):
            time = hour(site, 0)
            client_address = "46.29.3.200" if 10.4 * HOUR < time < 11.5 * HOUR else "62.80.14.66"
            recipients = strangers(site, 1, 2, dead=0.03)
            yield Submission(time, site.account("relay-07"), client_address, sender(), recipients)

    return Plan([*ordinary(site, HOSTING), *relayed()])


def forgotten_password(site: Site) -> Plan:
    """A user has a new password, and does not know it. Three devices try the old one all day; then the user calls, and
    all that was in the outbox is sent."""
    user = Person(site, UNIVERSITY, 1)

    def tries(first: float, pause: float, device: str) -> Iterator[Submission]:
        time = site.at(0, first, 15)
        while time < 17.3 * HOUR:
            where = {"computer": UNIVERSITY.offices[1], "tablet": user.home(), "phone": user.phone()}
            yield user.refused(time, where[device])
            time += site.rng.uniform(0.6, 1.4) * pause * MINUTE

    def evening() -> Iterator[Submission]:
        for start, number, client_address in ((17.4, 6, UNIVERSITY.offices[1]), (18.6, 4, user.home())):
            time = site.at(0, start, 5)
            for _turn in range(number):
                yield user.letter(time, client_address)
                time += site.rng.uniform(1, 5)
        for turn in range(3):
            yield user.letter(site.at(0, 19.5 + turn, 50), user.phone())

    trials = [*tries(8.2, 10, "computer"), *tries(0.1, 15, "tablet"), *tries(6.7, 9, "phone")]
    # The user sends nothing else on this day.
    others = [one for one in ordinary(site, UNIVERSITY) if one.account != user.account or not one.password_is_right]
    return Plan([*others, *trials, *evening()])


def letters_to_students(site: Site) -> Plan:
    """On the day before the exams, 13 lecturers write to the students of their courses, one by one, from wherever they are."""
    lecturers = [Person(site, UNIVERSITY, number) for number in range(3, 40, 3)]

    def letters() -> Iterator[Submission]:
        for lecturer in lecturers:
            client_address = site.rng.choice([lecturer.home(), lecturer.office(), lecturer.office()])
            time = site.at(0, site.rng.uniform(12, 21))
            for _student in range(site.rng.randint(19, 31)):
                recipients = strangers(site, 1, 2, dead=0.02)
                yield Submission(time, lecturer.account, client_address, lecturer.address, recipients)
                time += site.rng.uniform(2, 12)

    return Plan([*ordinary(site, UNIVERSITY), *letters()])


def conference(site: Site) -> Plan:
    """The chair of a conference answers the authors of all papers in two days, through a big provider with many addresses."""
    chair = Person(site, UNIVERSITY, 6)

    def answers() -> Iterator[Submission]:
        for _paper in range(190):
            time = hour(site, site.rng.randrange(2))
            client_address = site.within(site.rng.choice(BIG_PROVIDER))
            sender = chair.address if site.rng.random() < 0.7 else "chair@conference.example"
            yield Submission(time, chair.account, client_address, sender, strangers(site, 1, 5, dead=0.02))

    return Plan([*ordinary(site, UNIVERSITY), *answers()])


def ordinary_days_of_hosting(site: Site) -> Plan:
    """Nothing but the ordinary mail of a hosting provider."""
    return Plan(ordinary(site, HOSTING))


INNOCENT = (
    hosting("innocent: newsletter of a parish, by hand", parish_newsletter),
    hosting("innocent: shop on a new server", shop_moves, days=2),
    firm("innocent: monitoring in an outage", outage),
    firm("innocent: travelling salesman with an offer", salesman, days=2),
    firm("innocent: scanners of many branches", scanners_of_branches),
    university("innocent: mailing lists with VERP", mailing_lists),
    hosting("innocent: mail server of a customer", smarthost),
    university("innocent: new password forgotten", forgotten_password),
    university("innocent: lecturers write to students", letters_to_students),
    university("innocent: conference through a big provider", conference, days=2),
    hosting("innocent: ordinary days of hosting", ordinary_days_of_hosting, days=2),
)
