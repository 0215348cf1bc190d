# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each kind is what tests/suspects/README.md asks of it."""

from __future__ import annotations

import ipaddress

import pytest

from tests.suspects.kinds import GROUPS
from tests.suspects.plan import DAY, Kind, Plan

KINDS = [kind for kinds in GROUPS.values() for kind in kinds]
PLANS = {kind.name: kind.make() for kind in KINDS}


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> Kind:
    """Each kind in turn."""
    found: Kind = request.param
    return found


@pytest.fixture
def plan(kind: Kind) -> Plan:
    """The plan of each kind in turn."""
    return PLANS[kind.name]


def test_no_two_kinds_have_one_name() -> None:
    assert len(PLANS) == len(KINDS)


def test_the_same_kind_gives_the_same_plan(kind: Kind, plan: Plan) -> None:
    assert kind.make() == plan


def test_it_is_in_order_and_within_its_days(kind: Kind, plan: Plan) -> None:
    times = [submission.time for submission in plan.submissions]
    assert times == sorted(times)
    assert times[0] >= 0
    assert times[-1] < kind.days * DAY


def test_a_stolen_account_sends(plan: Plan) -> None:
    senders = {
        submission.account for submission in plan.submissions if submission.recipients and submission.password_is_right
    }
    assert plan.stolen <= senders


def test_its_clients_have_ipv4_addresses_outside_the_lab(plan: Plan) -> None:
    addresses = {submission.client_address for submission in plan.submissions}
    lab = [ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("127.0.0.0/8")]
    assert not [address for address in addresses if any(ipaddress.IPv4Address(address) in network for network in lab)]


def test_a_refused_login_sends_nothing(plan: Plan) -> None:
    assert not [
        submission for submission in plan.submissions if not submission.password_is_right and submission.recipients
    ]


def test_most_accounts_are_innocent(plan: Plan) -> None:
    """Whoever looks for the thief has to look through ordinary mail."""
    senders = {submission.account for submission in plan.submissions if submission.recipients}
    assert len(senders) >= 30
