# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This plugin util is private to the collection: it can change at any time.

"""What locks would stop, and how much of that a lockout may stop. Pure."""

from __future__ import annotations

from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._selection.plan import DEFAULT_EXEMPT, DEFAULT_PERCENT
from ansible_collections.mailops.postfix.plugins.plugin_utils._locks import is_account
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.hosts import Row
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.limits import exceeds_percent
from ansible_collections.mailops.postfix.plugins.plugin_utils._report.refusals import RefusalCode, make_refusal


class LockoutLimits(NamedTuple):
    """The limits of a lockout, each None if there is none. max_percent: of the messages of the fleet, for one lock."""

    max_messages: int | None = None
    max_percent: float | None = None
    fleet_max_messages: int | None = None

    @classmethod
    def of_texts(
        cls, max_messages: Any = None, max_percent: Any = None, fleet_max_messages: Any = None
    ) -> LockoutLimits:
        """Return limits that may be text, as variables of a command line are."""
        return cls(
            None if max_messages is None else int(max_messages),
            None if max_percent is None else float(max_percent),
            None if fleet_max_messages is None else int(fleet_max_messages),
        )


def sum_effects(locks: Sequence[Mapping[str, Any]], rows: Iterable[Row]) -> list[dict[str, Any]]:
    """Return what each lock would stop on all hosts.

    queue: messages that are in the queues now. log: messages that the logs have of the time that was read. None: unknown.
    """
    known = list(rows)
    return [{"lock": dict(lock), **_effect_of(index, known)} for index, lock in enumerate(locks)]


def _effect_of(index: int, rows: Sequence[Row]) -> dict[str, int | None]:
    return {name: _sum_known(row[name][index] for row in rows if row[name]) for name in ("queue", "log")}


def _sum_known(counts: Iterable[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def refuse_locks(
    rows: Sequence[Row], effects: Sequence[Mapping[str, Any]], limits: LockoutLimits
) -> list[dict[str, Any]]:
    """Return why nothing must be locked."""
    totals = {name: _sum_known(row["%s_total" % name] for row in rows) for name in ("queue", "log")}
    return [
        *_refuse_messages(rows, limits),
        *(refusal for effect in effects for refusal in _refuse_share(effect, totals, limits)),
    ]


def _refuse_messages(rows: Sequence[Row], limits: LockoutLimits) -> Iterator[dict[str, Any]]:
    counted = {row["host"]: row["selected"] or 0 for row in rows}
    if limits.max_messages is not None:
        for host, messages in counted.items():
            if messages > limits.max_messages:
                yield make_refusal(RefusalCode.MAX_MESSAGES, host=host, messages=messages, allowed=limits.max_messages)
    total = sum(counted.values())
    if limits.fleet_max_messages is not None and total > limits.fleet_max_messages:
        hosts = sum(messages > 0 for messages in counted.values())
        yield make_refusal(
            RefusalCode.FLEET_MAX_MESSAGES, messages=total, hosts=hosts, allowed=limits.fleet_max_messages
        )


def _refuse_share(
    effect: Mapping[str, Any], totals: Mapping[str, int | None], limits: LockoutLimits
) -> Iterator[dict[str, Any]]:
    """Yield a refusal for a lock that would stop too large a part of the mail.

    The lock of an account stops nobody else, and a thief often sends nearly everything that is in a queue. So only an explicit limit
    applies to it.
    """
    if limits.max_percent is None and is_account(effect["lock"]):
        return
    percent = DEFAULT_PERCENT if limits.max_percent is None else limits.max_percent
    exempt = DEFAULT_EXEMPT if limits.max_percent is None else 0
    for name, code in (("queue", RefusalCode.LOCK_STOPS_QUEUE), ("log", RefusalCode.LOCK_STOPS_LOG)):
        messages, total = effect[name], totals[name]
        if messages and total and messages > exempt and exceeds_percent(messages, total, percent):
            yield make_refusal(code, lock=effect["lock"], messages=messages, total=total, allowed=percent)
