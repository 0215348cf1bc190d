# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The held-out kinds have other sites than those of the development, and are enough; test_kinds.py checks the rest."""

from __future__ import annotations

import random

import pytest

from tests.suspects.background import OFFICE
from tests.suspects.development import DEVELOPMENT
from tests.suspects.held_out import HELD_OUT
from tests.suspects.held_out_background import FIRM, HOSTING, UNIVERSITY, Person, Place, ordinary
from tests.suspects.held_out_sites import strangers
from tests.suspects.plan import DEFERRING_DOMAINS, REFUSING_DOMAINS, Kind, Site, Submission

PLACES = {"ateneo.example": UNIVERSITY, "bridgeworks.example": FIRM, "hostpark.example": HOSTING}
PLANS = {kind.name: kind.make() for kind in HELD_OUT}


def site_of(kind: Kind, *, days: int = 1) -> Site:
    """Return the site of a kind."""
    return Site(
        random.Random(1), kind.domain, kind.people, kind.partners, days, logins_have_domain=kind.logins_have_domain
    )


@pytest.fixture(params=HELD_OUT, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    found: Kind = request.param
    return found


@pytest.fixture(params=PLACES.items(), ids=lambda item: item[0])
def ordinary_days(request: pytest.FixtureRequest) -> tuple[Site, Place, list[Submission]]:
    """Three ordinary days of each place in turn."""
    domain, place = request.param
    site = site_of(next(kind for kind in HELD_OUT if kind.domain == domain), days=3)
    return site, place, ordinary(site, place)


def test_there_are_enough_of_each() -> None:
    stolen = [name for name, plan in PLANS.items() if plan.stolen]
    assert len(stolen) >= 4
    assert len(PLANS) - len(stolen) >= 4


def test_a_name_says_whether_something_is_stolen(kind: Kind) -> None:
    assert kind.name.startswith("stolen: " if PLANS[kind.name].stolen else "innocent: ")


def test_its_site_is_none_of_the_development(kind: Kind) -> None:
    assert not set(kind.people) & {name for other in DEVELOPMENT for name in other.people}
    assert not set(kind.partners) & {domain for other in DEVELOPMENT for domain in other.partners}
    assert kind.domain not in {other.domain for other in DEVELOPMENT}
    assert OFFICE not in {submission.client_address for submission in PLANS[kind.name].submissions}


def test_a_message_has_at_most_50_recipients(kind: Kind) -> None:
    assert max(len(submission.recipients) for submission in PLANS[kind.name].submissions) <= 50


def test_the_owners_of_stolen_accounts_use_them_too(kind: Kind) -> None:
    """Except for an account that everybody has forgotten."""
    place, site = PLACES[kind.domain], site_of(kind)
    people = {person.account: person for person in (Person(site, place, number) for number in range(len(site.people)))}
    usual = {submission.account for submission in ordinary(site_of(kind, days=3), place) if submission.recipients}
    for account in PLANS[kind.name].stolen - {"prova"}:
        assert account in people
        assert account in usual


def test_an_ordinary_day_has_all_its_parts(ordinary_days: tuple[Site, Place, list[Submission]]) -> None:
    site, place, found = ordinary_days
    writers = {submission.account for submission in found if submission.recipients and submission.account}
    people = {Person(site, place, number).account for number in range(len(site.people))}
    assert len(writers & people) >= 35
    assert writers - people == {site.account("backup"), site.account("copier")}
    assert sum(submission.account is None for submission in found) >= 300
    assert sum(not submission.password_is_right for submission in found) >= 400


def test_a_home_has_another_address_each_day(ordinary_days: tuple[Site, Place, list[Submission]]) -> None:
    site, place, _found = ordinary_days
    assert len({Person(site, place, 3, day).home() for day in range(3)}) == 3
    assert Person(site, place, 3).home() == Person(site, place, 3).home()


def test_so_many_strangers_do_not_exist() -> None:
    site = site_of(HELD_OUT[0])
    domains = [address.partition("@")[2] for address in strangers(site, 4000, 4000, dead=0.3)]
    assert sum(domain in REFUSING_DOMAINS for domain in domains) / len(domains) == pytest.approx(0.3, abs=0.03)
    assert sum(domain in DEFERRING_DOMAINS for domain in domains) / len(domains) == pytest.approx(0.025, abs=0.01)
