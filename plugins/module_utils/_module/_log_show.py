# Copyright (c) 2026, the mailops.postfix authors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This module util is private to the collection: it can change at any time.

"""How postfix_log_info shows what it found: bounded, with every untrusted text escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from ansible_collections.mailops.postfix.plugins.module_utils._format.address import (
    display,
    display_address,
    display_client,
    display_login,
    unquote,
)
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log import event_types
from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import most_frequent
from ansible_collections.mailops.postfix.plugins.module_utils._module._log_request import DEFAULT_LIMIT, DEFAULT_TOP
from ansible_collections.mailops.postfix.plugins.module_utils._summary.listing import fit
from ansible_collections.mailops.postfix.plugins.module_utils._summary.shown import clip

if TYPE_CHECKING:
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.account import Account, Busiest
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.sums import LogSums
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.suspects import Suspect
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trace import TracedLine
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.trial import Trial
    from ansible_collections.mailops.postfix.plugins.module_utils._mail_log.volumes import VolumeTally
    from ansible_collections.mailops.postfix.plugins.module_utils._module._log_queue import QueueJoin

    Rows = Sequence[Mapping[str, Any]]

# The lists of a result together have at most so many bytes of JSON with the default options. The rest has a few numbers.
_BUDGET = 58 << 10
# {list: its share of the budget}. What is not gathered leaves its share to the others.
_SHARES = {
    "sources": 3,
    "unparsed": 5,
    "accounts": 24,
    "clients": 4,
    "senders": 6,
    "reasons": 9,
    "rejects": 6,
    "suspects": 12,
    "queue": 16,
    "queue_accounts": 5,
    "trace": 24,
}
# The lists whose number of rows is limit; that of others is top.
_LIMITED = frozenset(("suspects", "queue", "queue_accounts", "trace"))
_MAX_VALUE = 240
_MAX_REASON = 400
_MAX_LINE = 800
_MAX_METHOD = 40
# Of an account.
_VALUES = 5
_QUEUE_IDS = 10
EVENTS: Mapping[type, str] = {
    event_types.Accepted: "accepted",
    event_types.PickedUp: "picked_up",
    event_types.Identified: "message_id",
    event_types.Activated: "activated",
    event_types.Delivery: "delivery",
    event_types.Expired: "expired",
    event_types.Noticed: "notice",
    event_types.Removed: "removed",
    event_types.Moved: "moved",
    event_types.Restricted: "restriction",
    event_types.FailedLogin: "failed_login",
    event_types.Known: "other",
}


class Section(NamedTuple):
    """A list of a result. truncated: whether there were more rows already."""

    rows: Rows
    truncated: bool = False


def show_sections(sections: Mapping[str, Section], *, top: int, limit: int) -> dict[str, Any]:
    """Return the lists with as many rows as fit in the size of a result, and C(truncated), the names of those that lack some."""
    total = sum(_SHARES[name] for name in sections)
    shown: dict[str, Any] = {}
    truncated = []
    for name, section in sections.items():
        more = limit / DEFAULT_LIMIT if name in _LIMITED else top / DEFAULT_TOP
        rows = fit(section.rows, int(_BUDGET * _SHARES[name] / total * max(1, more)))
        shown[name] = rows
        if section.truncated or len(rows) < len(section.rows):
            truncated.append(name)
    return {**shown, "truncated": truncated}


def _text(value: bytes, show: Callable[[bytes], str] = display, size: int = _MAX_VALUE) -> str:
    return clip(show(value), size)


def _address(value: bytes) -> str:
    """Return an address of the log, which is in external form."""
    return _text(unquote(value), display_address)


# --- sums -----------------------------------------------------------------------------------------------------------


def show_accounts(accounts: Iterable[Account]) -> Section:
    """Return the rows of accounts."""
    return Section([_show_account(account) for account in accounts])


def _show_account(account: Account) -> dict[str, Any]:
    senders, addresses = most_frequent(account.senders, _VALUES), most_frequent(account.addresses, _VALUES)
    return {
        "sasl_username": _text(account.sasl_username, display_login),
        "logins": account.logins,
        "messages": account.messages,
        "recipients": account.recipients,
        "senders": [{"value": _address(value), "messages": count} for value, count in senders],
        "sender_count": len(account.senders),
        "addresses": [{"value": _text(value, display_client), "logins": count} for value, count in addresses],
        "address_count": len(account.addresses),
        "network_count": len(account.networks),
        "methods": [_text(value, size=_MAX_METHOD) for value, _count in most_frequent(account.methods, _VALUES)],
        "first": account.first,
        "last": account.last,
        "busiest_minute": _show_busiest(account.minute.busiest, "logins"),
        "busiest_hour": _show_busiest(account.hour.busiest, "logins"),
        "busiest_recipients_hour": _show_busiest(account.recipients_hour.busiest, "recipients"),
        "failed_logins": account.failed_logins,
        "failed_then_successful": account.failed_then_successful,
        "bounced": account.bounced,
        "queue_ids": [_text(value) for value in list(account.queue_ids)[-_QUEUE_IDS:]],
        "truncated": bool(account.dropped)
        or len(senders) < len(account.senders)
        or len(addresses) < len(account.addresses)
        or len(account.queue_ids) > _QUEUE_IDS,
    }


def _show_busiest(busiest: Busiest | None, what: str) -> dict[str, int] | None:
    return None if busiest is None else {"start": busiest.start, what: busiest.number}


def show_volumes(tally: VolumeTally, number: int, show: Callable[[bytes], str]) -> Section:
    """Return the rows of values with messages and recipients."""
    return Section(
        [
            {"value": _text(volume.value, show), "messages": volume.messages, "recipients": volume.recipients}
            for volume in tally.top(number)
        ]
    )


def show_clients(sums: LogSums, number: int) -> Section:
    """Return the rows of client addresses."""
    return show_volumes(sums.clients, number, display_client)


def show_senders(sums: LogSums, number: int) -> Section:
    """Return the rows of envelope senders."""
    return show_volumes(sums.senders, number, lambda value: display_address(unquote(value)))


def show_reasons(sums: LogSums, number: int) -> Section:
    """Return the rows of reasons, those of all kinds of status together, most frequent first."""
    rows = [(-count, status, value) for status, tally in sums.reasons.items() for value, count in tally.top(number)]
    return Section(
        [
            {"value": _text(value, size=_MAX_REASON), "status": _text(status, size=_MAX_METHOD), "deliveries": -count}
            for count, status, value in sorted(rows)[:number]
        ]
    )


def show_rejects(sums: LogSums, number: int) -> Section:
    """Return the rows of rejects and other acts of restrictions, most frequent first."""
    return Section([{"value": _text(value), "times": count} for value, count in sums.rejects.top(number)])


def show_suspects(suspects: Sequence[Suspect], limit: int, lines: Mapping[bytes, Sequence[bytes]]) -> Section:
    """Return the rows of suspects. lines: {login: lines of the log that show it}."""
    return Section(
        [
            {
                "sasl_username": _text(suspect.account.sasl_username, display_login),
                "evidence": [
                    {**evidence._asdict(), "lines": _show_lines(lines.get(suspect.account.sasl_username, ()), number)}
                    for number, evidence in enumerate(suspect.evidence)
                ],
            }
            for suspect in suspects[:limit]
        ],
        len(suspects) > limit,
    )


def _show_lines(lines: Sequence[bytes], number: int) -> list[str]:
    """Return the lines for one piece of evidence: the first one has them for all."""
    return [] if number else [_text(line, size=_MAX_REASON) for line in lines]


def show_unparsed(sums: LogSums) -> Section:
    """Return the rows of lines that were not understood."""
    ranked = sorted(sums.unparsed.items(), key=lambda item: (-item[1].lines, item[0]))
    return Section(
        [
            {
                "program": _text(program, size=_MAX_METHOD),
                "lines": unparsed.lines,
                "samples": [_text(sample) for sample in unparsed.samples],
            }
            for program, unparsed in ranked
        ]
    )


# --- queue, trace, trial ---------------------------------------------------------------------------------------------


def show_queue(join: QueueJoin) -> Section:
    """Return the rows of messages in the queue with their logins."""
    return Section(
        [
            {
                "queue_id": row.message.queue_id,
                "queue": row.message.queue,
                "sasl_username": _text(row.sasl_username, display_login),
                "attributed_by": row.attributed_by,
            }
            for row in join.rows
        ],
        join.truncated,
    )


def show_queue_accounts(join: QueueJoin, limit: int) -> Section:
    """Return how many messages each account has in the queue, most first."""
    rows = join.logins.top(limit + 1)
    return Section(
        [{"sasl_username": _text(value, display_login), "messages": count} for value, count in rows[:limit]],
        len(rows) > limit,
    )


def show_queue_counts(join: QueueJoin) -> dict[str, int]:
    """Return how many messages are in the queue, and how many of them are attributed by what."""
    return {"messages": join.messages, **join.attributed}


def show_trace(lines: Sequence[TracedLine], limit: int, *, truncated: bool) -> Section:
    """Return the rows of a trace, the first ones."""
    return Section([_show_line(line) for line in lines[:limit]], truncated or len(lines) > limit)


def _show_line(line: TracedLine) -> dict[str, Any]:
    record = line.record
    return {
        "time": record.time,
        "host": _text(record.host),
        "program": _text(record.tag),
        "queue_id": None if record.queue_id is None else _text(record.queue_id),
        "message": line.message,
        "event": EVENTS.get(type(record.event), "other"),
        "line": _text(record.line, size=_MAX_LINE),
    }


def show_matched(trial: Trial) -> Rows:
    """Return what each rule would have stopped, a row for each rule in their order."""
    return [{"rule": dict(rule.spec), **count._asdict()} for rule, count in zip(trial.rules, trial.counts())]
