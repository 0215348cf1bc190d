# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Sequence

import pytest

from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import Account, Failures, network_of

DAY = 86400
# The first second of a day.
START = 20000 * DAY


@pytest.mark.parametrize(
    ("address", "network"),
    [
        pytest.param(b"192.0.2.77", b"192.0.2.0/24", id="IPv4"),
        pytest.param(b"2001:db8:1:2:3:4:5:6", b"2001:db8:1:2::/64", id="IPv6"),
        pytest.param(b"2001:db8::1", b"2001:db8::/64", id="short IPv6"),
        pytest.param(b"unknown", b"unknown", id="no address"),
        pytest.param(b"smtp:2525", b"smtp:2525", id="no IPv6 address"),
    ],
)
def test_the_network_of_an_address(address: bytes, network: bytes) -> None:
    assert network_of(address) == network


def used(times: Sequence[int], *, address: bytes = b"192.0.2.1", recipients: int = 1) -> Account:
    """Return an account with a message at each time."""
    account = Account(b"a@example.com")
    for time in times:
        account.add_login(time, address, b"PLAIN")
        account.add_message(time, b"4ABCDE", address, b"a@example.com", recipients)
    return account


def test_messages_are_counted() -> None:
    account = used([START + 5, START + 7], recipients=3)
    account.add_login(START + 9, b"192.0.2.9", b"LOGIN")
    assert (account.logins, account.messages, account.recipients) == (3, 2, 6)
    assert (account.first, account.last) == (START + 5, START + 9)
    assert account.addresses == {b"192.0.2.1": 2, b"192.0.2.9": 1}
    assert list(account.networks) == [b"192.0.2.0/24"]
    assert account.methods == {b"PLAIN": 2, b"LOGIN": 1}
    assert account.senders == {b"a@example.com": 2}
    assert list(account.queue_ids) == [b"4ABCDE", b"4ABCDE"]


def test_the_busiest_minute_and_hour_are_the_first_with_the_most() -> None:
    account = used(
        [START + second for second in (0, 59, 60, 3599, 3600, 7199, 7200, 7201, 7202, 7260, 7270, 7280)], recipients=2
    )
    assert account.minute.busiest == (START + 7200, 3)
    assert account.hour.busiest == (START + 7200, 6)
    assert account.recipients_hour.busiest == (START + 7200, 12)
    assert account.recipients_day.busiest == (START, 24)
    assert Account(b"idle").hour.busiest is None


def test_the_networks_count_that_had_most_of_the_recipients_of_a_day() -> None:
    account = Account(b"a@example.com")
    for number in range(4):
        account.add_message(START + number, b"4A", b"198.51.%d.1" % number, b"a@example.com", 10)
    assert account.spread.most == 4
    account.add_message(START + DAY, b"4B", b"192.0.2.1", b"a@example.com", 95)
    for number in range(5):
        account.add_message(START + DAY + number, b"4C", b"203.0.%d.1" % number, b"a@example.com", 1)
    assert account.spread.most == 4
    account.add_message(START + 2 * DAY, b"4D", b"192.0.2.1", b"a@example.com", 1)
    assert account.spread.most == 4


def test_a_network_is_new_if_the_account_was_in_use_from_elsewhere() -> None:
    account = Account(b"a@example.com")
    for number in range(5):
        account.add_login(START + 60 * number, b"192.0.2.1", b"PLAIN")
    for seconds in (5000, 5000, 8599, 8600):
        account.add_login(START + seconds, b"203.0.113.9", b"PLAIN")
    found = {
        name: (network.is_new, network.busiest_before, network.logins, network.logins_at_first)
        for name, network in account.networks.items()
    }
    assert found == {b"192.0.2.0/24": (False, 0, 5, 5), b"203.0.113.0/24": (True, 5, 4, 3)}


def test_an_account_that_shrinks_keeps_what_is_most_frequent() -> None:
    account = used([START] * 3)
    for number in range(5):
        address = b"203.0.%d.1" % number
        account.add_login(START, address, b"PLAIN")
        account.add_message(START, b"4D", address, b"s%d@example.net" % number, 1)
    assert account.size == 18
    account.shrink(2)
    assert account.senders == {b"a@example.com": 3, b"s0@example.net": 1}
    assert list(account.addresses) == [b"192.0.2.1", b"203.0.0.1"]
    assert list(account.networks) == [b"192.0.2.0/24", b"203.0.0.0/24"]
    assert account.dropped == 8
    # A message whose network was dropped still counts.
    account.add_message(START, b"4E", b"203.0.4.1", b"a@example.com", 1)
    assert account.messages == 9


def test_failed_logins_are_those_of_the_program_that_logged_the_most() -> None:
    failures = Failures()
    assert failures.count == 0
    failures.add("postfix", START)
    failures.add("dovecot", START, 2)
    assert failures.count == 2


@pytest.mark.parametrize(
    ("times", "success", "number"),
    [
        pytest.param([], 0, 0, id="none"),
        pytest.param([0, 10, 20], 30, 3, id="in a row"),
        pytest.param([0, 10, 3700], 3800, 1, id="a pause begins a new run"),
        pytest.param([0, 10], 3700, 0, id="long before"),
    ],
)
def test_failed_logins_in_a_row_before_a_successful_one(times: Sequence[int], success: int, number: int) -> None:
    failures = Failures()
    for time in times:
        failures.add("postfix", START + time)
    assert failures.end_run(START + success) == number
    assert failures.end_run(START + success) == 0
