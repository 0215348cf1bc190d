# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import Account
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import (
    DEFAULTS,
    THRESHOLDS,
    find_suspects,
)

START = 20000 * 86400
ACCOUNT = b"a@example.com"


def sent(
    messages: int,
    *,
    name: bytes = ACCOUNT,
    networks: int = 1,
    recipients: int = 1,
    seconds: int = 20,
    start: int = START,
    account: Account | None = None,
    network: int = 0,
) -> Account:
    """Return an account that sent messages, one each so many seconds, from so many networks in turn."""
    account = account or Account(name)
    for number in range(messages):
        time = start + seconds * number
        address = b"203.0.%d.9" % (network + number % networks)
        account.add_login(time, address, b"PLAIN")
        account.add_message(time, b"4A", address, name, recipients)
    return account


def evidence(account: Account, limits: Mapping[str, float | None] = DEFAULTS) -> dict[str, Any]:
    """Return {threshold: value} of a suspect, nothing for an account that is none."""
    return {item.threshold: item.value for suspect in find_suspects([account], limits) for item in suspect.evidence}


def after_failures() -> Account:
    account = sent(61)
    account.failed_then_successful = 12
    return account


def bounced(recipients: int) -> Account:
    account = sent(61)
    account.bounced = recipients
    return account


STOLEN = {
    "from many networks": (
        sent(100, networks=90),
        {"networks_per_day": 80, "logins_per_hour": 100, "recipients_per_hour": 100},
    ),
    "slowly, from five networks": (
        sent(500, networks=5, seconds=170),
        {"networks_per_day": 5, "recipients_per_day": 500},
    ),
    "after guessing": (after_failures(), {"failed_then_successful": 12, "logins_per_hour": 61}),
    "to addresses that do not exist": (bounced(4), {"bounced_percent": 6, "logins_per_hour": 61}),
    "from a new network": (
        sent(60, network=99, account=sent(6, seconds=300), start=START + 7200),
        {"new_network_logins": 60, "logins_per_hour": 60},
    ),
}


@pytest.mark.parametrize(("account", "found"), [pytest.param(*case, id=name) for name, case in STOLEN.items()])
def test_what_speaks_against_an_account(account: Account, found: dict[str, Any]) -> None:
    assert evidence(account) == found


@pytest.mark.parametrize(
    ("name", "senders", "found"),
    [
        pytest.param(ACCOUNT, b"x%d@d%d.example.net", 60, id="senders of many domains, each once"),
        pytest.param(ACCOUNT, b"x%d@d%d.example.com", 0, id="subdomains of its own"),
        pytest.param(b"a@sub.example.com", b"x%d@example.com", 0, id="the domain above its own"),
        pytest.param(ACCOUNT, b"bounce-%d@lists.example.net", 0, id="a sender of one domain for each recipient"),
        pytest.param(b"a", b"x%d@d%d.example.net", 59, id="a login without a domain: the one it uses most is its own"),
        pytest.param(ACCOUNT, b"", 0, id="the null sender"),
    ],
)
def test_foreign_senders(name: bytes, senders: bytes, found: int) -> None:
    account = Account(name)
    for number in range(60):
        numbers = (number,) * senders.count(b"%d")
        account.add_login(START, b"192.0.2.1", b"PLAIN")
        account.add_message(START, b"4A", b"192.0.2.1", senders % numbers if numbers else senders, 1)
    assert THRESHOLDS["foreign_senders"].measure(account) == found


def test_senders_that_are_used_again_are_those_of_somebody_who_forwards() -> None:
    account = Account(ACCOUNT)
    for number in range(200):
        account.add_message(START, b"4A", b"192.0.2.1", b"x%d@d%d.example.net" % (number % 120, number % 120), 1)
    assert THRESHOLDS["foreign_senders"].measure(account) == 0


def test_an_account_without_messages_is_no_suspect() -> None:
    assert find_suspects([Account(b"a"), Account(ACCOUNT)]) == []


def test_much_mail_alone_is_no_sign() -> None:
    account = sent(1000, recipients=50, seconds=3)
    assert evidence(account) == {}


def test_a_sign_alone_is_not_enough() -> None:
    account = sent(30, networks=30, seconds=2000)
    assert evidence(account) == {}
    assert account.spread.most > 5


def test_the_operator_sets_thresholds() -> None:
    account = sent(30, networks=30, seconds=100)
    assert evidence(account, {"logins_per_hour": 30}) == {"networks_per_day": 27, "logins_per_hour": 30}
    assert evidence(account, {"logins_per_hour": 30, "networks_per_day": None}) == {}
    assert evidence(account, {"logins_per_hour": 31}) == {}


@pytest.mark.parametrize(
    ("before", "number"),
    [
        pytest.param(4, 0, id="hardly in use before"),
        pytest.param(5, 90, id="in use before"),
        pytest.param(30, 90, id="a third as often before"),
        pytest.param(31, 0, id="about as often before, as a server that moves"),
    ],
)
def test_many_logins_from_a_new_network(before: int, number: int) -> None:
    account = sent(90, network=99, account=sent(before), start=START + 7200)
    assert THRESHOLDS["new_network_logins"].measure(account) == number


def test_few_bounces_are_those_of_a_good_list() -> None:
    assert evidence(bounced(3)) == {}


def test_those_with_the_most_evidence_come_first() -> None:
    few = sent(100, name=b"few@example.com", networks=90)
    most = sent(100, name=b"most@example.com", networks=90)
    most.failed_then_successful = 50
    assert [suspect.account.sasl_username for suspect in find_suspects([few, most])] == [
        b"most@example.com",
        b"few@example.com",
    ]
