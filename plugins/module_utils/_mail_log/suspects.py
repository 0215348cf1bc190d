# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.
"""Which accounts look stolen: those over thresholds that the operator sets.

Much mail alone is no sign of theft: newsletters, invoice runs and ticket systems send much, too. So a suspect needs a sign that somebody
else than the owner sends, and a second threshold that is exceeded, which may be the amount of mail.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Callable, Collection, Iterable, Mapping, NamedTuple

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import domains_of

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import Account

# Fewer messages or recipients say nothing about a share.
_FEW = 50
# Somebody who takes senders at random has them in at least so many domains; a list with a sender of its own for each recipient in one.
_FEW_DOMAINS = 5
# The share of the messages that must have such senders.
_MOST = 0.8
# Somebody who takes over an account logs in so many times as often as its owner did in the busiest hour.
_SUDDEN = 3


class Evidence(NamedTuple):
    """A threshold that an account exceeds. value: the account's."""

    threshold: str
    value: int
    limit: float


@dataclass(frozen=True)
class Suspect:
    """An account that looks stolen. evidence: the signs of somebody else first."""

    account: Account
    evidence: tuple[Evidence, ...]


class Threshold(NamedTuple):
    """A threshold: its default, what it is compared with, and whether to exceed it is a sign that somebody else sends."""

    default: float
    measure: Callable[[Account], int]
    is_sign: bool


def _count_foreign_senders(account: Account) -> int:
    """Return how many senders are not in the account's own domain, 0 if these are few or are used again and again."""
    own = _own_domain(account)
    foreign = [
        domain
        for sender, domain in zip(account.senders, domains_of(list(account.senders)))
        if domain and not _is_related(domain, own)
    ]
    enough = account.messages >= _FEW and len(foreign) >= _MOST * account.messages
    return len(foreign) if enough and len(set(foreign)) >= _FEW_DOMAINS else 0


def _own_domain(account: Account) -> bytes:
    """Return the domain of the login, or the one that most of its messages have."""
    (domain,) = domains_of([account.sasl_username])
    if domain:
        return domain
    counts: dict[bytes, int] = {}
    for sender_domain, messages in zip(domains_of(list(account.senders)), account.senders.values()):
        counts[sender_domain] = counts.get(sender_domain, 0) + messages
    return max(counts, key=lambda name: (counts[name], name), default=b"")


def _is_related(domain: bytes, own: bytes) -> bool:
    return domain == own or domain.endswith(b"." + own) or own.endswith(b"." + domain)


def _bounced_percent(account: Account) -> int:
    return 100 * account.bounced // account.recipients if account.recipients >= _FEW else 0


def _new_network_logins(account: Account) -> int:
    """Return the logins in the first hour from a network that is new to the account, 0 if it did not log in much less often before."""
    return max(
        (
            network.logins_at_first
            for network in account.networks.values()
            if network.is_new and network.logins_at_first >= _SUDDEN * network.busiest_before
        ),
        default=0,
    )


THRESHOLDS: Mapping[str, Threshold] = {
    "networks_per_day": Threshold(5, lambda account: account.spread.most, is_sign=True),
    "foreign_senders": Threshold(50, _count_foreign_senders, is_sign=True),
    "failed_then_successful": Threshold(10, lambda account: account.failed_then_successful, is_sign=True),
    "bounced_percent": Threshold(5, _bounced_percent, is_sign=True),
    "new_network_logins": Threshold(60, _new_network_logins, is_sign=True),
    "logins_per_hour": Threshold(60, lambda account: account.hour.most, is_sign=False),
    "recipients_per_hour": Threshold(100, lambda account: account.recipients_hour.most, is_sign=False),
    "recipients_per_day": Threshold(500, lambda account: account.recipients_day.most, is_sign=False),
}
DEFAULTS: Mapping[str, float] = {name: threshold.default for name, threshold in THRESHOLDS.items()}
_NEEDED = 2


def are_enough(names: Collection[str]) -> bool:
    """Return whether an account that exceeds these thresholds is a suspect: it needs two, and one must be a sign of somebody else."""
    return len(names) >= _NEEDED and any(THRESHOLDS[name].is_sign for name in names)


def find_suspects(accounts: Iterable[Account], limits: Mapping[str, float | None] = DEFAULTS) -> list[Suspect]:
    """Return the accounts that look stolen, those with the most evidence and then the most recipients first.

    limits: {name of a threshold: the value that is reached by a suspect}; None switches a threshold off, one that is missing has its default.
    """
    found = [Suspect(account, _weigh(account, {**DEFAULTS, **limits})) for account in accounts]
    suspects = [suspect for suspect in found if suspect.evidence]
    return sorted(
        suspects,
        key=lambda suspect: (-len(suspect.evidence), -suspect.account.recipients, suspect.account.sasl_username),
    )


def _weigh(account: Account, limits: Mapping[str, float | None]) -> tuple[Evidence, ...]:
    """Return what speaks against an account, nothing if that is not enough."""
    evidence = []
    for name, threshold in THRESHOLDS.items():
        limit = limits[name]
        value = 0 if limit is None else threshold.measure(account)
        if limit is not None and value and value >= limit:
            evidence.append(Evidence(name, value, limit))
    return tuple(evidence) if are_enough([item.threshold for item in evidence]) else ()
